/* SPDX-License-Identifier: BSD-3-Clause */
/* A URI of the zoo taken apart: the network's name, the weights' file, and all other items, which
 * are options of the network and go on as they are. */

#include "api/load_zoo.h"

#include "base/alloc.h"
#include "base/str.h"

#include <effnn/zoo.h>
#include <string.h>

#define SCHEME  "zoo:"
#define WEIGHTS "weights="

bool effnn__is_zoo_uri(const char *path)
{
    return strncmp(path, SCHEME, strlen(SCHEME)) == 0;
}

/* Where the item at `text` ends: at a comma that is not escaped, or at the end. */
static const char *item_end(const char *text)
{
    for (; *text && *text != ','; text++)
        if (*text == '\\' && text[1]) text++;
    return text;
}

/* An item's value with its escapes taken away. */
static effnn_status unescape(effnn__str *out, const char *text, const char *end)
{
    for (; text < end; text++) {
        if (*text == '\\' && text + 1 < end && (text[1] == ',' || text[1] == '\\')) text++;
        EFFNN_TRY(effnn__str_add_bytes(out, text, 1));
    }
    return EFFNN_OK;
}

typedef struct parts {
    effnn__str name, options, weights;
} parts;

static effnn_status parse(parts *out, const char *uri)
{
    const char *text = uri + strlen(SCHEME), *end = item_end(text);

    EFFNN_TRY(effnn__str_add(&out->name, ""));
    EFFNN_TRY(effnn__str_add_bytes(&out->name, text, (size_t)(end - text)));
    while (*end) {
        text = end + 1;
        end = item_end(text);
        if (strncmp(text, WEIGHTS, strlen(WEIGHTS)) == 0) {
            if (out->weights.n)
                return effnn__fail(EFFNN_E_ARG, "'%s': the weights are given twice", uri);
            EFFNN_TRY(unescape(&out->weights, text + strlen(WEIGHTS), end));
            continue;
        }
        if (out->options.n) EFFNN_TRY(effnn__str_add(&out->options, ","));
        EFFNN_TRY(effnn__str_add_bytes(&out->options, text, (size_t)(end - text)));
    }
    return EFFNN_OK;
}

effnn_status effnn__load_zoo(effnn_model **out, effnn_context *context, const char *uri)
{
    parts p = { 0 };
    effnn_model *weights = NULL;
    effnn_status status = parse(&p, uri);

    if (status == EFFNN_OK && p.weights.n) {
        if (effnn__is_zoo_uri(p.weights.text))
            status = effnn__fail(EFFNN_E_ARG, "'%s': weights come from a file", uri);
        else
            status = effnn_model_load(&weights, context, p.weights.text, NULL);
    }
    if (status == EFFNN_OK)
        status = effnn_zoo_create(out, context, p.name.text, p.options.text, weights);
    effnn_model_destroy(weights);
    effnn__str_clear(&p.name);
    effnn__str_clear(&p.options);
    effnn__str_clear(&p.weights);
    return status;
}
