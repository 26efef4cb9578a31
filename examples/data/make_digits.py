#!/usr/bin/env python3
"""Write digits.bin, and digit.npy of its first record, from Debian's python3-sklearn: 1,797 records of a label byte and 64 pixel bytes.

Source: E. Alpaydin, C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning
Repository, 1998, https://doi.org/10.24432/C50P49, licensed CC BY 4.0. The pixels are 0 to 16.
Run it with /usr/bin/python3 in this folder.
"""
import pathlib

import numpy as np
from sklearn.datasets import load_digits

digits = load_digits()
records = np.concatenate([digits.target[:, None], digits.data], axis=1).astype(np.uint8)
target = pathlib.Path(__file__).with_name("digits.bin")
target.write_bytes(records.tobytes())
np.save(target.with_name("digit.npy"), (digits.data[0] / 16).reshape(1, 1, 8, 8).astype(np.float32))
print(f"{target.name}: {len(records)} records of {records.shape[1]} bytes")
