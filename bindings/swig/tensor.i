/* SPDX-License-Identifier: BSD-3-Clause */
/* Tensors and Python buffers (no NumPy C API), shapes and lists of tensors as sequences. */

/* (rank, dims) from a sequence of whole numbers. */
%typemap(in) (size_t rank, const int64_t *dims) (int64_t temp[EFFNN_MAX_RANK]) {
    const Py_ssize_t n = PySequence_Size($input);

    if (n < 0 || n > EFFNN_MAX_RANK) {
        PyErr_SetString(PyExc_ValueError, "a shape is a sequence of at most 8 sizes");
        SWIG_fail;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem($input, i);

        temp[i] = item ? PyLong_AsLongLong(item) : -1;
        Py_XDECREF(item);
        if (PyErr_Occurred()) SWIG_fail;
    }
    $1 = (size_t)n;
    $2 = temp;
}

/* A tensor's shape as a tuple. */
%typemap(out) const int64_t *effnn_tensor_dims {
    const size_t n = effnn_tensor_rank(arg1);

    $result = PyTuple_New((Py_ssize_t)n);
    for (size_t i = 0; $result && i < n; i++)
        PyTuple_SetItem($result, (Py_ssize_t)i, PyLong_FromLongLong($1[i]));
}

/* The inputs of a run: a list of as many tensors as the session has inputs. */
%typemap(in) effnn_tensor *const *inputs {
    const Py_ssize_t n = PySequence_Size($input);

    $1 = n < 0 ? NULL : calloc((size_t)n + 1, sizeof *$1);
    if (!$1) {
        if (!PyErr_Occurred()) PyErr_NoMemory();
        SWIG_fail;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        PyObject *item = PySequence_GetItem($input, i);
        void *tensor = NULL;
        const int code = SWIG_ConvertPtr(item, &tensor, $descriptor(effnn_tensor *), 0);

        Py_XDECREF(item);
        if (!SWIG_IsOK(code)) {
            PyErr_SetString(PyExc_TypeError, "inputs are a sequence of tensors");
            SWIG_fail;
        }
        ((effnn_tensor **)$1)[i] = tensor;
    }
}
%typemap(freearg) effnn_tensor *const *inputs { free((void *)$1); }

/* The outputs of a run: a list of new tensors. */
%typemap(in, numinputs=0) effnn_tensor **outputs { $1 = NULL; }
%typemap(check) effnn_tensor **outputs {
    $1 = calloc(effnn_session_output_count(arg1) + 1, sizeof *$1);
    if (!$1) {
        PyErr_NoMemory();
        SWIG_fail;
    }
}
%typemap(argout) effnn_tensor **outputs {
    const size_t n = effnn_session_output_count(arg1);
    PyObject *list = PyList_New((Py_ssize_t)n);

    for (size_t i = 0; list && i < n; i++)
        PyList_SetItem(list, (Py_ssize_t)i,
                       SWIG_NewPointerObj($1[i], $descriptor(effnn_tensor *), SWIG_POINTER_OWN));
    $result = append_result($result, list);
}
%typemap(freearg) effnn_tensor **outputs { free($1); }

%inline %{
/* A tensor with a copy of the bytes of any contiguous buffer. */
static effnn_status tensor_from_buffer(effnn_tensor **out, effnn_context *context, PyObject *buffer,
                                       effnn_dtype dtype, size_t rank, const int64_t *dims)
{
    effnn_tensor *tensor = NULL;
    Py_buffer view;
    void *data;
    effnn_status status = effnn_tensor_create(&tensor, context, dtype, rank, dims);

    if (status != EFFNN_OK) return status;
    if (PyObject_GetBuffer(buffer, &view, PyBUF_C_CONTIGUOUS) != 0) {
        effnn_tensor_release(tensor);
        return EFFNN_E_USER; /* the buffer's own exception is pending */
    }
    if ((size_t)view.len != effnn_tensor_bytes(tensor)) {
        PyErr_Format(PyExc_ValueError, "the buffer has %zd bytes, the tensor %zu", view.len,
                     effnn_tensor_bytes(tensor));
        status = EFFNN_E_ARG;
    } else {
        status = effnn_tensor_data_mut(&data, tensor);
        if (status == EFFNN_OK && view.len) memcpy(data, view.buf, (size_t)view.len);
    }
    PyBuffer_Release(&view);
    if (status == EFFNN_OK)
        *out = tensor;
    else
        effnn_tensor_release(tensor);
    return status;
}

/* The bytes of a contiguous tensor. */
static PyObject *tensor_to_bytes(const effnn_tensor *tensor)
{
    return PyBytes_FromStringAndSize(effnn_tensor_data(tensor),
                                     (Py_ssize_t)effnn_tensor_bytes(tensor));
}
%}
