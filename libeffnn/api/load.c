/* SPDX-License-Identifier: BSD-3-Clause */
/* Loading and saving models by the kind of file. A file format is one row. */

#include "api/load_zoo.h"
#include "graph/canon.h"
#include "io/onnx/onnx_model.h"
#include "io/safetensors.h"
#include "model/model.h"

#include <string.h>

#define DEFAULT_OPSET 17 /* of models that were not read from ONNX */

typedef struct file_format {
    const char *extension;
    effnn_status (*load)(effnn_model **out, effnn_context *context, const char *path);
    effnn_status (*save)(const effnn_model *model, const char *path,
                         const effnn_save_options *options);
} file_format;

static effnn_status save_onnx(const effnn_model *model, const char *path,
                              const effnn_save_options *options)
{
    uint32_t opset = options->opset;

    if (!opset) opset = model->opset ? model->opset : DEFAULT_OPSET;
    if (!options->opset && opset < 13) opset = 13;
    if (!options->opset && opset > 21) opset = 21;
    return options->external ? effnn__onnx_save_external(model, path, opset)
                             : effnn__onnx_save(model, path, opset);
}

static effnn_status save_safetensors(const effnn_model *model, const char *path,
                                     const effnn_save_options *options)
{
    if (options->opset)
        return effnn__fail(EFFNN_E_ARG, "'%s': safetensors files have no opset", path);
    if (options->external)
        return effnn__fail(EFFNN_E_ARG, "'%s': safetensors files have no external data", path);
    return effnn__safetensors_save(model, path);
}

static const file_format formats[] = {
    { ".onnx", effnn__onnx_load, save_onnx },
    { ".safetensors", effnn__safetensors_load, save_safetensors },
};

static effnn_status find_format(const file_format **out, const char *path)
{
    const size_t length = strlen(path);

    for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
        const size_t n = strlen(formats[i].extension);

        if (length <= n || strcmp(path + length - n, formats[i].extension) != 0) continue;
        *out = &formats[i];
        return EFFNN_OK;
    }
    return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': not a .onnx or .safetensors file by its name",
                       path);
}

effnn_status effnn_model_load(effnn_model **out, effnn_context *context, const char *path,
                              const effnn_load_options *options)
{
    const effnn_load_options defaults = EFFNN_LOAD_OPTIONS_INIT;
    const file_format *format = NULL;
    effnn_model *model = NULL;
    effnn_status status;

    EFFNN_CHECK_ARG(out && path);
    if (!options) options = &defaults;
    if (options->version != 1)
        return effnn__fail(EFFNN_E_ARG, "load options: version %u, this library knows 1",
                           options->version);
    if (effnn__is_zoo_uri(path)) return effnn__load_zoo(out, context, path);
    EFFNN_TRY(find_format(&format, path));
    context = effnn__context_resolve(context);
    if (!context) return EFFNN_E_NOMEM;
    status = format->load(&model, context, path);
    if (status == EFFNN_OK && !options->keep_written && model->graph->outputs.n)
        status = effnn__canonicalise(model->graph);
    if (status != EFFNN_OK) {
        effnn_model_destroy(model);
        return status;
    }
    *out = model;
    return EFFNN_OK;
}

effnn_status effnn_model_save(const effnn_model *self, const char *path,
                              const effnn_save_options *options)
{
    effnn_save_options given = EFFNN_SAVE_OPTIONS_INIT;
    const file_format *format = NULL;

    EFFNN_CHECK_ARG(self && path);
    if (options && (options->version < 1 || options->version > 2))
        return effnn__fail(EFFNN_E_ARG, "save options: version %u, this library knows 1 and 2",
                           options->version);
    if (options) given.opset = options->opset;
    if (options && options->version > 1) given.external = options->external;
    EFFNN_TRY(find_format(&format, path));
    return format->save(self, path, &given);
}
