"""Write a .safetensors file of float32 or float16 tensors; for the makers of golden weights."""
import json
import struct

import numpy as np


def write(path, tensors, metadata=None, dtype=np.float32):
    header, blobs, at = {"__metadata__": metadata} if metadata else {}, [], 0
    for name, tensor in tensors.items():
        array = np.ascontiguousarray(np.asarray(tensor.detach().numpy(), dtype))
        header[name] = {"dtype": "F32" if dtype == np.float32 else "F16", "shape": list(array.shape), "data_offsets": [at, at + array.nbytes]}
        blobs.append(array.tobytes())
        at += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))
