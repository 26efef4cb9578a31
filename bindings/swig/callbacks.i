/* SPDX-License-Identifier: BSD-3-Clause */
/* Python callables as progress callbacks: they get (stage, done, total); a true result stops the
 * call, an exception ends it and is raised from it. */

%{
static int call_progress(void *user, const effnn_progress *progress)
{
    const PyGILState_STATE gil = PyGILState_Ensure();
    PyObject *answer =
        PyObject_CallFunction(user, "sKK", progress->stage, (unsigned long long)progress->done,
                              (unsigned long long)progress->total);
    const int stop = answer ? PyObject_IsTrue(answer) : -1;

    Py_XDECREF(answer);
    PyGILState_Release(gil);
    return stop;
}
%}

/* Options hold a borrowed reference: the caller keeps the callable alive while they are in use. */
%define %progress(TYPE)
%extend TYPE {
    void set_progress(PyObject *callable)
    {
        $self->progress = callable == Py_None ? NULL : call_progress;
        $self->progress_user = callable == Py_None ? NULL : callable;
    }
}
%ignore TYPE::progress;
%ignore TYPE::progress_user;
%enddef

%progress(effnn_run_options)
%progress(effnn_evaluate_options)
%progress(effnn_transform_options)
