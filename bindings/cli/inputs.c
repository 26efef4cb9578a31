/* SPDX-License-Identifier: BSD-3-Clause */
/* Random inputs of a model's own shapes. Unlike the random data set, whose samples lie along the
 * first dimension of every input, this takes any model: states and caches have their batch
 * elsewhere, positions have none. */

#include "inputs.h"

#include <stdlib.h>
#include <string.h>

/* The number of "NAME=N" if NAME is this symbol; 0: it is not, or is no number. */
static int64_t size_for(const char *text, const char *symbol)
{
    const size_t length = strcspn(text, "=");
    char *end;
    long long n;

    if (text[length] != '=' ||
        (symbol && (strlen(symbol) != length || strncmp(symbol, text, length) != 0)))
        return 0;
    n = strtoll(text + length + 1, &end, 10);
    return *end == '\0' && end != text + length + 1 && n > 0 ? (int64_t)n : 0;
}

static bool has_symbol(const effnn_model *model, const char *text)
{
    for (size_t i = 0; i < effnn_model_input_count(model); i++) {
        effnn_value_spec spec = { .version = 1 };

        effnn_model_input_at(&spec, model, i);
        for (size_t d = 0; d < spec.rank; d++)
            if (spec.symbols[d] && size_for(text, spec.symbols[d])) return true;
    }
    return false;
}

static int check_sizes(const cli *self, const effnn_model *model, const cli_list *sizes)
{
    for (size_t k = 0; k < sizes->n; k++) {
        if (!size_for(sizes->items[k], NULL))
            return cli_usage(self->command, "--size: '%s' is not NAME=N", sizes->items[k]);
        if (!has_symbol(model, sizes->items[k]))
            return cli_fail_text("no open dimension '%.*s'", (int)strcspn(sizes->items[k], "="),
                                 sizes->items[k]);
    }
    return CLI_DONE;
}

static void close_dims(effnn_value_spec *spec, uint32_t batch, const cli_list *sizes)
{
    for (size_t d = 0; d < spec->rank; d++) {
        if (spec->dims[d] >= 0) continue;
        spec->dims[d] = d == 0 ? (int64_t)batch : 1;
        for (size_t k = 0; spec->symbols[d] && k < sizes->n; k++) {
            const int64_t size = size_for(sizes->items[k], spec->symbols[d]);

            if (size) spec->dims[d] = size;
        }
    }
}

/* Uniform in ±√3, whose variance is 1 (splitmix64: Steele, Lea and Flood, 2014). */
static float random_float(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15u;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    z ^= z >> 31;
    return 1.7320508f * ((float)(z >> 40) * 0x1p-23f - 1.0f);
}

static bool is_float(effnn_dtype dtype)
{
    return dtype == EFFNN_F32 || dtype == EFFNN_F64 || dtype == EFFNN_F16 || dtype == EFFNN_BF16;
}

static effnn_status make_input(effnn_tensor **out, effnn_context *context,
                               const effnn_value_spec *spec, uint64_t *state)
{
    const bool random = is_float(spec->dtype);
    effnn_tensor *tensor = NULL;
    void *data = NULL;
    effnn_status status = effnn_tensor_create(&tensor, context, random ? EFFNN_F32 : spec->dtype,
                                              spec->rank, spec->dims);

    if (status == EFFNN_OK && random) status = effnn_tensor_data_mut(&data, tensor);
    for (size_t i = 0; status == EFFNN_OK && random && i < effnn_tensor_count(tensor); i++)
        ((float *)data)[i] = random_float(state);
    if (status == EFFNN_OK && random && spec->dtype != EFFNN_F32)
        status = effnn_tensor_cast(out, tensor, spec->dtype);
    else if (status == EFFNN_OK)
        *out = effnn_tensor_retain(tensor);
    effnn_tensor_release(tensor);
    return status;
}

int cli_random_inputs(const cli *self, const effnn_model *model, uint32_t batch,
                      const cli_list *sizes, effnn_tensor **inputs)
{
    const int code = check_sizes(self, model, sizes);
    uint64_t state = effnn_context_seed(self->context);
    effnn_status status = EFFNN_OK;

    if (code != CLI_DONE) return code;
    for (size_t i = 0; i < effnn_model_input_count(model) && status == EFFNN_OK; i++) {
        effnn_value_spec spec = { .version = 1 };

        status = effnn_model_input_at(&spec, model, i);
        if (status == EFFNN_OK) {
            close_dims(&spec, batch, sizes);
            status = make_input(&inputs[i], self->context, &spec, &state);
        }
    }
    return status == EFFNN_OK ? CLI_DONE : cli_fail(status);
}
