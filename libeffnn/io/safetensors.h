/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_IO_SAFETENSORS_H
#define EFFNN_IO_SAFETENSORS_H

/* safetensors files: a JSON header of names, dtypes, shapes and offsets, then the bytes. */

#include "model/model.h"

/* A model without nodes: each tensor a constant, __metadata__ as metadata. The file stays mapped as
 * long as a tensor over it lives. */
effnn_status effnn__safetensors_load(effnn_model **out, effnn_context *context, const char *path);

/* All parameters and constants of a model by name, and its metadata; atomically. */
effnn_status effnn__safetensors_save(const effnn_model *model, const char *path);
#endif
