/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_API_LOAD_ZOO_H
#define EFFNN_API_LOAD_ZOO_H

/* Models by "zoo:NAME[,key=value]…[,weights=FILE]" where a path is wanted. */

#include "base/status.h"

#include <effnn/model.h>
#include <stdbool.h>

bool effnn__is_zoo_uri(const char *path);

/* Build it, with the weights that effnn_model_load() reads from FILE. */
effnn_status effnn__load_zoo(effnn_model **out, effnn_context *context, const char *uri);
#endif
