/* SPDX-License-Identifier: BSD-3-Clause */
/* Samples from .npy files: "npy:X.npy", "npy:X.npy+Y.npy" (targets behind the plus), or named
 * inputs "npy:a=A.npy/b=B.npy+Y.npy"; a name "mask" is the mask. A slash separates inputs only
 * where a "name=" follows it, so paths may hold slashes. */

#include "base/alloc.h"
#include "io/dataset_files.h"

#include <string.h>

#define MAX_INPUTS 32

typedef struct npy_inputs {
    effnn_context *context;
    size_t n;
    char *names[MAX_INPUTS]; /* NULL: by position */
    effnn_tensor *tensors[MAX_INPUTS];
    effnn_tensor *mask, *targets;
} npy_inputs;

static void clear(npy_inputs *self)
{
    for (size_t i = 0; i < self->n; i++) {
        effnn__free(self->names[i]);
        effnn_tensor_release(self->tensors[i]);
    }
    effnn_tensor_release(self->mask);
    effnn_tensor_release(self->targets);
}

/* Where the item at `text` ends: at a slash in front of "name=", or at the end. */
static const char *item_end(const char *text)
{
    for (const char *slash = strchr(text, '/'); slash; slash = strchr(slash + 1, '/'))
        if (slash[1 + strcspn(slash + 1, "/=")] == '=') return slash;
    return text + strlen(text);
}

/* Read one "[name=]file" of `length` characters. */
static effnn_status add_item(npy_inputs *self, const char *item, size_t length)
{
    char *text = effnn__alloc(length + 1);
    char *file = text, *name = NULL;
    effnn_tensor *tensor = NULL;
    effnn_status status;

    if (!text) return effnn__fail_nomem("dataset", length + 1);
    memcpy(text, item, length);
    text[length] = '\0';
    if (strchr(text, '=')) {
        name = text;
        file = strchr(text, '=') + 1;
        file[-1] = '\0';
    }
    status = effnn_tensor_read_npy(&tensor, self->context, file);
    if (status == EFFNN_OK && name && strcmp(name, "mask") == 0 && !self->mask) {
        self->mask = tensor;
    } else if (status == EFFNN_OK && self->n == MAX_INPUTS) {
        effnn_tensor_release(tensor);
        status = effnn__fail(EFFNN_E_ARG, "npy: more than %d inputs", MAX_INPUTS);
    } else if (status == EFFNN_OK) {
        self->tensors[self->n] = tensor;
        self->names[self->n] = name ? effnn__strdup(name) : NULL;
        self->n++;
        if (name && !self->names[self->n - 1]) status = effnn__fail_nomem("dataset", length);
    }
    effnn__free(text);
    return status;
}

static effnn_status check_names(const npy_inputs *self)
{
    for (size_t i = 0; self->n > 1 && i < self->n; i++)
        if (!self->names[i])
            return effnn__fail(EFFNN_E_ARG, "npy: several inputs need names (NAME=FILE)");
    return EFFNN_OK;
}

static effnn_status open_npy(effnn_dataset **out, effnn_context *context,
                             const effnn__dataset_spec *spec)
{
    npy_inputs self = { .context = context };
    effnn_status status = EFFNN_OK;

    if (spec->n_paths == 0 || spec->n_paths > 2)
        return effnn__fail(EFFNN_E_ARG, "npy: need FILE or FILE+TARGETS, got %zu parts",
                           spec->n_paths);
    if (spec->n_mean || spec->n_std || spec->scale > 0.0)
        return effnn__fail(EFFNN_E_ARG, "npy: values are taken as they are: no mean, std, scale");
    for (const char *text = spec->paths[0]; status == EFFNN_OK && *text;) {
        const char *end = item_end(text);

        status = add_item(&self, text, (size_t)(end - text));
        text = *end ? end + 1 : end;
    }
    if (status == EFFNN_OK) status = check_names(&self);
    if (status == EFFNN_OK && spec->n_paths == 2)
        status = effnn_tensor_read_npy(&self.targets, context, spec->paths[1]);
    if (status == EFFNN_OK)
        status = effnn_dataset_create_from_tensors(
            out, context, self.names[0] ? (const char *const *)self.names : NULL, self.tensors,
            self.n, self.targets, self.mask);
    clear(&self);
    return status;
}

extern const effnn__dataset_kind effnn__dataset_kind_npy;
const effnn__dataset_kind effnn__dataset_kind_npy = {
    .name = "npy",
    .summary = "NumPy files: npy:FILE[+TARGETS] or npy:NAME=FILE/NAME=FILE[+TARGETS]",
    .open = open_npy,
};
