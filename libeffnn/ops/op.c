/* SPDX-License-Identifier: BSD-3-Clause */
/* The table itself: op_list.inc, written by meson from the one list of names, is expanded twice,
 * once into declarations and once into pointers. */

#include "ops/op.h"

#include "base/alloc.h"

#include <string.h>

#define X(op) extern const effnn_op_def effnn__op_##op;
#include "op_list.inc"
#undef X

static const effnn_op_def *const table[] = {
#define X(op) &effnn__op_##op,
#include "op_list.inc"
#undef X
    NULL,
};

effnn_status effnn__op_packed_alloc(effnn_op_packed *out, size_t bytes, const char *node)
{
    void *data;

    if (bytes == 0) return EFFNN_OK;
    data = effnn__alloc_aligned(bytes, 64);
    if (!data) return effnn__fail_nomem(node, bytes);
    memset(data, 0, bytes);
    *out = (effnn_op_packed){ .data = data, .destroy = effnn__free_aligned, .bytes = bytes };
    return EFFNN_OK;
}

const effnn_op_def *effnn__op_at(size_t index)
{
    return index < sizeof table / sizeof table[0] ? table[index] : NULL;
}

const effnn_op_def *effnn__op_find(const char *name)
{
    for (size_t i = 0; table[i]; i++)
        if (strcmp(table[i]->name, name) == 0) return table[i];
    return NULL;
}

static bool is_default_domain(const char *domain)
{
    return !domain || domain[0] == '\0' || strcmp(domain, "ai.onnx") == 0;
}

static bool same_domain(const char *a, const char *b)
{
    if (is_default_domain(a) || is_default_domain(b))
        return is_default_domain(a) && is_default_domain(b);
    return strcmp(a, b) == 0;
}

const effnn_op_def *effnn__op_find_onnx(const char *name, const char *domain, int64_t opset,
                                        const effnn_onnx_row **row)
{
    const effnn_op_def *found = NULL;
    const effnn_onnx_row *best = NULL;

    for (size_t i = 0; table[i]; i++) {
        for (const effnn_onnx_row *r = table[i]->onnx; r && r->name; r++) {
            if (r->write_only || r->since > opset || (best && best->since >= r->since) ||
                strcmp(r->name, name) != 0 || !same_domain(r->domain, domain))
                continue;
            best = r;
            found = table[i];
        }
    }
    if (found && row) *row = best;
    return found;
}

const effnn_onnx_row *effnn__op_onnx_row_to_write(const effnn_op_def *def, int64_t opset)
{
    const effnn_onnx_row *best = NULL;

    for (const effnn_onnx_row *r = def->onnx; r && r->name; r++)
        if (!r->read_only && r->since <= opset && (!best || r->since > best->since)) best = r;
    return best;
}
