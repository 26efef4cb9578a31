# SPDX-License-Identifier: BSD-3-Clause
"""The few calls of libeffnn that comparisons with other programs need, by ctypes."""
import collections
import ctypes
import os
import tempfile

import numpy as np

DTYPES = ["float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64",
          "uint8", "uint16", "uint32", "uint64", "bool", "int4", "uint4"]  # as effnn_dtype
MAX_RANK = 8

# An array as the library stores it: two 4-bit elements a byte, the first in the low half.
Packed = collections.namedtuple("Packed", "data dtype shape")


def pack_array(array):
    data = np.ascontiguousarray(array)
    if array.dtype.name in ("int4", "uint4"):
        nibbles = data.astype(np.int8).view(np.uint8).ravel() & 15
        nibbles = np.append(nibbles, np.zeros(nibbles.size % 2, np.uint8))
        data = nibbles[::2] | nibbles[1::2] << 4
    return Packed(data, array.dtype.name, array.shape)


def _unpack(data, dtype, shape):
    if dtype in ("int4", "uint4", "bfloat16"):
        import ml_dtypes
        kind = np.dtype(getattr(ml_dtypes, dtype))
        if dtype != "bfloat16":
            both = np.frombuffer(data, np.uint8)
            nibbles = np.stack([both & 15, both >> 4], 1).ravel()[:int(np.prod(shape))]
            signed = nibbles.astype(np.int8) - 16 * (nibbles > 7) if dtype == "int4" else nibbles
            return signed.astype(kind).reshape(shape)
    else:
        kind = np.dtype(dtype)
    return np.frombuffer(data, kind).reshape(shape).copy()


class _ValueSpec(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("name", ctypes.c_char_p), ("dtype", ctypes.c_int),
                ("rank", ctypes.c_size_t), ("dims", ctypes.c_int64 * MAX_RANK),
                ("symbols", ctypes.c_char_p * MAX_RANK), ("has_shape", ctypes.c_uint32)]


class _Options(ctypes.Structure):
    """Load and save options: a version and one number."""
    _fields_ = [("version", ctypes.c_uint32), ("value", ctypes.c_uint32)]


class _ContextOptions(ctypes.Structure):
    _fields_ = [("version", ctypes.c_uint32), ("threads", ctypes.c_uint32),
                ("seed", ctypes.c_uint64), ("log", ctypes.c_void_p),
                ("log_user", ctypes.c_void_p), ("log_level", ctypes.c_int),
                ("pointers", ctypes.c_void_p * 5)]


class Library:
    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.effnn_last_error.restype = ctypes.c_char_p
        self.lib.effnn_status_name.restype = ctypes.c_char_p
        for name in ("effnn_model_input_count", "effnn_model_output_count", "effnn_tensor_rank",
                     "effnn_tensor_bytes"):
            getattr(self.lib, name).restype = ctypes.c_size_t
        self.lib.effnn_tensor_dims.restype = ctypes.POINTER(ctypes.c_int64)
        self.lib.effnn_tensor_data.restype = ctypes.c_void_p

    def call(self, name, *args):
        status = getattr(self.lib, name)(*args)
        if status != 0:
            raise RuntimeError(f"{name}: {self.lib.effnn_status_name(status).decode()}: "
                               f"{self.lib.effnn_last_error().decode()}")

    def load_bytes(self, data, threads=0):
        with tempfile.NamedTemporaryFile(suffix=".onnx", delete=False) as file:
            file.write(data)
        try:
            return self.load(file.name, threads=threads)
        finally:
            os.unlink(file.name)

    def load(self, path, keep_written=False, threads=0):
        """threads: 0 stands for the default context, which uses all cores."""
        handle, context = ctypes.c_void_p(), ctypes.c_void_p()
        if threads:
            self.call("effnn_context_create", ctypes.byref(context),
                      ctypes.byref(_ContextOptions(1, threads)))
        try:
            self.call("effnn_model_load", ctypes.byref(handle), context, str(path).encode(),
                      ctypes.byref(_Options(1, keep_written)))
        finally:
            self.lib.effnn_context_destroy(context)  # the model has a share
        return Model(self, handle)


class Model:
    def __init__(self, library, handle):
        self.library, self.handle = library, handle
        self.session = ctypes.c_void_p()
        library.call("effnn_session_create", ctypes.byref(self.session), handle, None)
        self.n_outputs = library.lib.effnn_model_output_count(handle)
        self.inputs = [self._spec(i) for i in range(library.lib.effnn_model_input_count(handle))]

    def __del__(self):
        self.library.lib.effnn_session_destroy(self.session)
        self.drop_model()

    def drop_model(self):
        """Keep the session only: what is left to do is to run."""
        self.library.lib.effnn_model_destroy(self.handle)
        self.handle = None

    def _spec(self, i):
        spec = _ValueSpec(version=1)
        self.library.call("effnn_model_input_at", ctypes.byref(spec), self.handle,
                          ctypes.c_size_t(i))
        return spec.name.decode(), DTYPES[spec.dtype], list(spec.dims[:spec.rank])

    def save(self, path, opset):
        self.library.call("effnn_model_save", self.handle, str(path).encode(),
                          ctypes.byref(_Options(1, opset)))

    def _wrap(self, arrays):
        inputs = (ctypes.c_void_p * len(arrays))()
        for i, array in enumerate(arrays):
            tensor = ctypes.c_void_p()
            rank = len(array.shape)
            dims = (ctypes.c_int64 * max(rank, 1))(*array.shape)
            self.library.call("effnn_tensor_wrap", ctypes.byref(tensor), None,
                              ctypes.c_void_p(array.data.ctypes.data), DTYPES.index(array.dtype),
                              ctypes.c_size_t(rank), dims, None, None)
            inputs[i] = tensor.value
        return inputs

    def prepare(self, arrays):
        """A function that runs again on the same inputs into the same outputs, for timing."""
        arrays = [pack_array(a) for a in arrays]
        inputs, outputs = self._wrap(arrays), (ctypes.c_void_p * self.n_outputs)()

        def run(_keep=arrays):
            self.library.call("effnn_session_run", self.session, inputs, outputs, None)
        return run

    def run(self, arrays):
        """Outputs for inputs, both in the model's order; inputs are arrays or Packed."""
        lib = self.library.lib
        arrays = [a if isinstance(a, Packed) else pack_array(a) for a in arrays]
        inputs, outputs = self._wrap(arrays), (ctypes.c_void_p * self.n_outputs)()
        try:
            self.library.call("effnn_session_run", self.session, inputs, outputs, None)
            return [self._array(tensor) for tensor in outputs]
        finally:
            for tensor in [*inputs, *outputs]:
                lib.effnn_tensor_release(ctypes.c_void_p(tensor))

    def _array(self, tensor):
        lib, tensor = self.library.lib, ctypes.c_void_p(tensor)
        shape = lib.effnn_tensor_dims(tensor)[:lib.effnn_tensor_rank(tensor)]
        data = ctypes.string_at(lib.effnn_tensor_data(tensor), lib.effnn_tensor_bytes(tensor))
        return _unpack(data, DTYPES[lib.effnn_tensor_dtype(tensor)], shape)
