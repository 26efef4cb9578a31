/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn_dataset_open: "KIND:PATH[,key=value]…" into a spec, the kind's own open, then slice and
 * shuffle. "\," is a comma inside a path; lists are separated by '/', several files by '+'. What
 * the URI leaves out of the preprocessing, the model's metadata "effnn.preprocess" supplies. */

#include "base/alloc.h"
#include "base/context.h"
#include "base/rng.h"
#include "base/str.h"
#include "io/dataset_files.h"
#include "model/model.h"

#include <cjson/cJSON.h>
#include <string.h>

#define MAX_PARTS     64
#define MAX_CHANNELS  64
#define DEFAULT_SCALE 255.0 /* of bytes */

/* A URI taken apart; `text` is the owned copy that all strings point into. */
typedef struct uri {
    char *text;
    const effnn__dataset_kind *kind;
    effnn__dataset_spec spec;
    const char *paths[MAX_PARTS];
    double mean[MAX_CHANNELS], std[MAX_CHANNELS];
    uint64_t first, count, shuffle;
    bool has_count, has_shuffle;
    void *options; /* the kind's own; NULL: none */
} uri;

/* End the part at `text` at the next unescaped `stop` and take its escapes away; returns what comes
 * behind it, or NULL at the end. */
static char *cut(char *text, char stop)
{
    char *to = text;

    for (char *from = text; *from; from++) {
        if (*from == '\\' && from[1] == stop) {
            *to++ = *++from;
        } else if (*from == stop) {
            *to = '\0';
            return from + 1;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return NULL;
}

static effnn_status read_count(uint64_t *out, const char *key, const char *text)
{
    int64_t value;

    if (!effnn__parse_i64(text, &value) || value < 0)
        return effnn__fail(EFFNN_E_ARG, "data: %s: '%s' is not a whole number from 0", key, text);
    *out = (uint64_t)value;
    return EFFNN_OK;
}

static effnn_status read_numbers(double *out, size_t *n, const char *key, char *text)
{
    for (*n = 0; text; (*n)++) {
        char *rest = cut(text, '/');

        if (*n == MAX_CHANNELS)
            return effnn__fail(EFFNN_E_ARG, "data: %s: more than %d numbers", key, MAX_CHANNELS);
        if (!effnn__parse_f64(text, &out[*n]))
            return effnn__fail(EFFNN_E_ARG, "data: %s: cannot read '%s'", key, text);
        text = rest;
    }
    return EFFNN_OK;
}

static effnn_status read_shape(uri *self, char *text)
{
    effnn__dataset_spec *spec = &self->spec;

    for (spec->rank = 0; text; spec->rank++) {
        char *rest = cut(text, '/');

        if (spec->rank == EFFNN_MAX_RANK - 1)
            return effnn__fail(EFFNN_E_ARG, "data: shape: more than %d dimensions",
                               EFFNN_MAX_RANK - 1);
        if (!effnn__parse_i64(text, &spec->shape[spec->rank]) || spec->shape[spec->rank] < 1)
            return effnn__fail(EFFNN_E_ARG, "data: shape: '%s' is not a size", text);
        text = rest;
    }
    return EFFNN_OK;
}

/* No such key; the message offers the nearest of all that there are. */
static effnn_status fail_key(const uri *self, const char *key)
{
    static const char *const common[] = { "first", "count", "shuffle", "split", "shape",
                                          "label", "mean",  "std",     "scale" };
    const char *keys[MAX_PARTS], *near;
    size_t n = sizeof common / sizeof common[0];

    memcpy(keys, common, sizeof common);
    for (const effnn_option_def *row = self->kind->options; row && row->name && n < MAX_PARTS;
         row++)
        keys[n++] = row->name;
    near = effnn__nearest_word(key, keys, n);
    return effnn__fail(EFFNN_E_NOTFOUND, "data: no key '%s'%s%s%s", key,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static effnn_status read_key(uri *self, const char *key, char *value)
{
    if (strcmp(key, "first") == 0) return read_count(&self->first, key, value);
    if (strcmp(key, "count") == 0) {
        self->has_count = true;
        return read_count(&self->count, key, value);
    }
    if (strcmp(key, "shuffle") == 0) {
        self->has_shuffle = true;
        return read_count(&self->shuffle, key, value);
    }
    if (strcmp(key, "split") == 0) {
        self->spec.split = value;
        return EFFNN_OK;
    }
    if (strcmp(key, "label") == 0) {
        self->spec.label = value;
        return EFFNN_OK;
    }
    if (strcmp(key, "shape") == 0) return read_shape(self, value);
    if (strcmp(key, "mean") == 0) return read_numbers(self->mean, &self->spec.n_mean, key, value);
    if (strcmp(key, "std") == 0) return read_numbers(self->std, &self->spec.n_std, key, value);
    if (strcmp(key, "scale") == 0) {
        if (!effnn__parse_f64(value, &self->spec.scale) || !(self->spec.scale > 0.0))
            return effnn__fail(EFFNN_E_ARG, "data: scale: '%s' is not a positive number", value);
        return EFFNN_OK;
    }
    if (self->kind->options && effnn__option_find(self->kind->options, key))
        return effnn__options_set(self->kind->options, self->options, key, value);
    return fail_key(self, key);
}

static effnn_status find_kind(uri *self, const char *name)
{
    const char *names[MAX_PARTS], *near;
    size_t n = 0;

    for (; effnn__dataset_kind_at(n) && n < MAX_PARTS; n++) {
        names[n] = effnn__dataset_kind_at(n)->name;
        if (strcmp(names[n], name) == 0) {
            self->kind = effnn__dataset_kind_at(n);
            return EFFNN_OK;
        }
    }
    near = effnn__nearest_word(name, names, n);
    return effnn__fail(EFFNN_E_NOTFOUND, "data: no kind '%s'%s%s%s", name,
                       near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
}

static effnn_status make_options(uri *self)
{
    const effnn__dataset_kind *kind = self->kind;
    void *options;
    effnn_status status;

    if (!kind->options) return EFFNN_OK;
    options = effnn__zalloc(kind->options_size);
    if (!options) return effnn__fail_nomem("data", kind->options_size);
    status = effnn__options_init(kind->options, options);
    if (status == EFFNN_OK)
        self->options = options;
    else
        effnn__free(options);
    return status;
}

static effnn_status read_paths(uri *self, char *text)
{
    if (strcmp(self->kind->name, "random") == 0)
        return read_count(&self->spec.count, "random", text);
    while (text) {
        char *rest = cut(text, '+');

        if (self->spec.n_paths == MAX_PARTS)
            return effnn__fail(EFFNN_E_ARG, "data: more than %d files", MAX_PARTS);
        if (!*text) return effnn__fail(EFFNN_E_ARG, "data: %s: a path is empty", self->kind->name);
        self->paths[self->spec.n_paths++] = text;
        text = rest;
    }
    return EFFNN_OK;
}

static effnn_status parse(uri *self, const char *text)
{
    char *path, *rest;

    self->text = effnn__strdup(text);
    if (!self->text) return effnn__fail_nomem("data", strlen(text));
    self->spec.paths = self->paths;
    self->spec.mean = self->mean;
    self->spec.std = self->std;
    path = strchr(self->text, ':');
    if (!path) return effnn__fail(EFFNN_E_ARG, "data: '%s' is not KIND:PATH[,key=value]…", text);
    *path++ = '\0';
    EFFNN_TRY(find_kind(self, self->text));
    EFFNN_TRY(make_options(self));
    rest = cut(path, ',');
    EFFNN_TRY(read_paths(self, path));
    while (rest) {
        char *item = rest, *value;

        rest = cut(item, ',');
        value = strchr(item, '=');
        if (!value) return effnn__fail(EFFNN_E_ARG, "data: '%s' is not key=value", item);
        *value++ = '\0';
        EFFNN_TRY(read_key(self, item, value));
    }
    return EFFNN_OK;
}

static void take_numbers(double *out, size_t *n, const cJSON *array)
{
    const cJSON *item;

    if (*n) return; /* the URI has the say */
    cJSON_ArrayForEach(item, array) if (cJSON_IsNumber(item) && *n < MAX_CHANNELS) out[(*n)++] =
        item->valuedouble;
}

/* {"mean": […], "std": […], "scale": 255} of a model, where the URI says nothing. */
static effnn_status take_preprocess(uri *self, const effnn_model *model)
{
    const char *text = model ? effnn_model_get_metadata(model, "effnn.preprocess") : NULL;
    cJSON *document;
    const cJSON *scale;

    if (!text || !self->kind->pixels) return EFFNN_OK;
    document = cJSON_Parse(text);
    if (!document)
        return effnn__fail(EFFNN_E_FORMAT, "the model's metadata effnn.preprocess is not JSON");
    take_numbers(self->mean, &self->spec.n_mean, cJSON_GetObjectItem(document, "mean"));
    take_numbers(self->std, &self->spec.n_std, cJSON_GetObjectItem(document, "std"));
    scale = cJSON_GetObjectItem(document, "scale");
    if (!(self->spec.scale > 0.0) && cJSON_IsNumber(scale)) self->spec.scale = scale->valuedouble;
    cJSON_Delete(document);
    return EFFNN_OK;
}

/* Samples first … first + count - 1 of `all`, shuffled if asked for; takes `all` over on success.
 */
static effnn_status slice(effnn_dataset **out, const uri *self, effnn_dataset *all)
{
    const uint64_t total = effnn_dataset_count(all);
    const uint64_t count = self->has_count ? self->count : total - self->first;
    const effnn__rng rng = { self->shuffle, effnn__rng_stream("data shuffle", 0) };
    uint64_t *order = NULL;
    size_t *places;
    effnn_status status;

    if (self->first > total || count > total - self->first)
        return effnn__fail(EFFNN_E_ARG, "data: samples %llu to %llu asked for, there are %llu",
                           (unsigned long long)self->first,
                           (unsigned long long)(self->first + count), (unsigned long long)total);
    if (!self->has_shuffle) return effnn__dataset_subset(out, all, self->first, count, NULL);
    places = effnn__alloc_array((size_t)count, sizeof *places);
    order = effnn__alloc_array((size_t)count, sizeof *order);
    status = places && order ? EFFNN_OK : effnn__fail_nomem("data shuffle", (size_t)count);
    if (status == EFFNN_OK) {
        effnn__rng_permutation(&rng, places, (size_t)count);
        for (size_t i = 0; i < count; i++) order[i] = self->first + places[i];
        status = effnn__dataset_subset(out, all, 0, count, order);
    }
    effnn__free(order);
    effnn__free(places);
    return status;
}

static effnn_status print_numbers(effnn__str *out, const char *key, const double *values, size_t n)
{
    char text[32];

    EFFNN_TRY(effnn__str_printf(out, "\"%s\": [", key));
    for (size_t i = 0; i < n; i++) {
        effnn__format_f64(text, sizeof text, values[i]);
        EFFNN_TRY(effnn__str_printf(out, "%s%s", i ? ", " : "", text));
    }
    return effnn__str_add(out, "], ");
}

/* Let the dataset say how its values were made, in the form that take_preprocess() reads. */
static effnn_status give_preprocess(effnn_dataset *data, const uri *self)
{
    const effnn__dataset_spec *spec = &self->spec;
    effnn__str text = { 0 };
    char scale[32];
    effnn_status status;

    if (!self->kind->pixels) return EFFNN_OK;
    effnn__format_f64(scale, sizeof scale, spec->scale > 0.0 ? spec->scale : DEFAULT_SCALE);
    status = effnn__str_add(&text, "{");
    if (status == EFFNN_OK) status = print_numbers(&text, "mean", spec->mean, spec->n_mean);
    if (status == EFFNN_OK) status = print_numbers(&text, "std", spec->std, spec->n_std);
    if (status == EFFNN_OK) status = effnn__str_printf(&text, "\"scale\": %s}", scale);
    if (status == EFFNN_OK) status = effnn__dataset_set_preprocess(data, text.text);
    effnn__str_clear(&text);
    return status;
}

effnn_status effnn_dataset_open(effnn_dataset **out, effnn_context *context, const char *text,
                                const effnn_model *model)
{
    uri *self;
    effnn_dataset *all = NULL;
    effnn_status status;

    EFFNN_CHECK_ARG(out && text);
    context = effnn__context_resolve(context);
    if (!context) return EFFNN_E_NOMEM;
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem("data", sizeof *self);
    status = parse(self, text);
    self->spec.model = model;
    self->spec.options = self->options;
    if (status == EFFNN_OK) status = take_preprocess(self, model);
    if (status == EFFNN_OK) status = self->kind->open(&all, context, &self->spec);
    if (status == EFFNN_OK) status = give_preprocess(all, self);
    if (status == EFFNN_OK) status = slice(out, self, all);
    if (status != EFFNN_OK) effnn_dataset_destroy(all);
    if (self->options) effnn__options_clear(self->kind->options, self->options);
    effnn__free(self->options);
    effnn__free(self->text);
    effnn__free(self);
    return status;
}
