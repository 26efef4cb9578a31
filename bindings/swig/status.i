/* SPDX-License-Identifier: BSD-3-Clause */
/* Statuses as exceptions, and results beside each other. */

%{
/* Add an output to the call's result: alone if there is none yet, else in a tuple. Ours, because
 * SWIG's own changed its arguments and its treatment of None in 4.3. Steals both references. */
static PyObject *append_result(PyObject *result, PyObject *value)
{
    PyObject *joined;

    if (!result || !value || result == Py_None) {
        Py_XDECREF(result);
        return value;
    }
    if (!PyTuple_Check(result)) {
        joined = PyTuple_Pack(2, result, value);
    } else {
        PyObject *one = PyTuple_Pack(1, value);

        joined = one ? PySequence_Concat(result, one) : NULL;
        Py_XDECREF(one);
    }
    Py_DECREF(result);
    Py_DECREF(value);
    return joined;
}

static PyObject *exception_type(effnn_status status)
{
    switch (status) {
    case EFFNN_E_NOMEM: return PyExc_MemoryError;
    case EFFNN_E_NOTFOUND: return PyExc_KeyError;
    case EFFNN_E_UNSUPPORTED: return PyExc_NotImplementedError;
    case EFFNN_E_IO: return PyExc_OSError;
    case EFFNN_E_STATE:
    case EFFNN_E_USER: return PyExc_RuntimeError;
    case EFFNN_E_CANCELLED: return PyExc_KeyboardInterrupt;
    case EFFNN_E_NUMERIC: return PyExc_ArithmeticError;
    case EFFNN_OK:
    case EFFNN_E_ARG:
    case EFFNN_E_SHAPE:
    case EFFNN_E_FORMAT: break;
    }
    return PyExc_ValueError;
}

/* A callback's own exception, still pending, says more than the status that it led to. */
static void raise_status(effnn_status status)
{
    if (!PyErr_Occurred()) PyErr_SetString(exception_type(status), effnn_last_error());
}
%}

%typemap(out) effnn_status {
    if ($1 != EFFNN_OK) {
        raise_status($1);
        SWIG_fail;
    }
    $result = SWIG_Py_Void();
}

%define %scalar_out(TYPE, NAME, MAKE)
%typemap(in, numinputs=0) TYPE *NAME (TYPE temp) { $1 = &temp; }
%typemap(argout) TYPE *NAME { $result = append_result($result, MAKE(*$1)); }
%enddef

%scalar_out(double, out, PyFloat_FromDouble)
%scalar_out(double, largest, PyFloat_FromDouble)
%scalar_out(double, smallest, PyFloat_FromDouble)
%scalar_out(int64_t, out, PyLong_FromLongLong)
%scalar_out(uint32_t, out, PyLong_FromUnsignedLong)

%define %text_out(NAME)
%typemap(in, numinputs=0) const char **NAME (const char *temp) { $1 = ($1_ltype)&temp; }
%typemap(argout) const char **NAME { $result = append_result($result, PyUnicode_FromString(*$1)); }
%enddef

%text_out(out)
%text_out(key)
%text_out(value)
