/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_ONNX_SCAN_H
#define EFFNN_IO_ONNX_SCAN_H

/* A look at a ModelProto's wire format before protobuf-c unpacks it: unpacking recurses without
 * bound and turns a two-byte message into more than a hundred bytes of memory, so both are bounded
 * here first. */

#include "base/status.h"

/* E_FORMAT, naming `name` and the byte, for what is not a message, is nested too deep, or would
 * take far more memory than the file. */
effnn_status effnn__onnx_scan(const unsigned char *data, size_t size, const char *name);
#endif
