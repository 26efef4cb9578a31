/* SPDX-License-Identifier: BSD-3-Clause */
/* The handle: finding a method by name, its options by key. The list of methods is generated from
 * transform_names in meson.build; it is asked for through a context, so that a caller's own methods
 * can stand beside the library's. Stages of a life are in lifecycle.c. */

#include "transform/transform_priv.h"

#include "base/alloc.h"
#include "base/context.h"
#include "base/str.h"

#include <string.h>

#define X(name) extern const effnn_transform_def effnn__transform_##name;
#include "transform_list.inc"
#undef X

static const effnn_transform_def *const methods[] = {
#define X(name) &effnn__transform_##name,
#include "transform_list.inc"
#undef X
};

enum { N_METHODS = sizeof methods / sizeof methods[0] };

size_t effnn_transform_count(const effnn_context *context)
{
    (void)context;
    return N_METHODS;
}

const char *effnn_transform_name_at(const effnn_context *context, size_t i)
{
    (void)context;
    return i < N_METHODS ? methods[i]->name : NULL;
}

const effnn_transform_def *effnn__transform_find(const effnn_context *context, const char *name)
{
    (void)context;
    for (size_t i = 0; i < N_METHODS; i++)
        if (strcmp(methods[i]->name, name) == 0) return methods[i];
    return NULL;
}

static effnn_status fail_unknown(const char *name)
{
    const char *names[N_METHODS], *nearest;

    for (size_t i = 0; i < N_METHODS; i++) names[i] = methods[i]->name;
    nearest = effnn__nearest_word(name, names, N_METHODS);
    if (nearest)
        return effnn__fail(EFFNN_E_NOTFOUND, "no transform '%s'; did you mean '%s'?", name,
                           nearest);
    return effnn__fail(EFFNN_E_NOTFOUND, "no transform '%s'", name);
}

/* ---- life of the handle ---- */

static effnn_status make_options(effnn_transform *self)
{
    effnn_status status;

    self->options = effnn__zalloc(self->def->options_size);
    if (!self->options) return effnn__fail_nomem(self->def->name, self->def->options_size);
    status = effnn__options_init(self->def->options, self->options);
    if (status == EFFNN_OK) return EFFNN_OK;
    effnn__free(self->options); /* it holds nothing to clear */
    self->options = NULL;
    return status;
}

effnn_status effnn_transform_create(effnn_transform **out, effnn_context *context, const char *name)
{
    const effnn_transform_def *def;
    effnn_transform *self;
    effnn_status status = EFFNN_E_NOMEM;

    EFFNN_CHECK_ARG(out && name);
    def = effnn__transform_find(context, name);
    if (!def) return fail_unknown(name);
    self = effnn__zalloc(sizeof *self);
    if (!self) return effnn__fail_nomem(name, sizeof *self);
    self->def = def;
    self->context = effnn__context_retain(context);
    if (self->context) status = make_options(self);
    if (status != EFFNN_OK) {
        effnn_transform_destroy(self);
        return status;
    }
    *out = self;
    return EFFNN_OK;
}

void effnn_transform_destroy(effnn_transform *self)
{
    if (!self) return;
    if (self->options) effnn__options_clear(self->def->options, self->options);
    effnn__free(self->options);
    effnn__free(self->lent);
    effnn__context_release(self->context);
    effnn__free(self);
}

/* ---- what it says of itself ---- */

const char *effnn_transform_name(const effnn_transform *self)
{
    return self->def->name;
}

const char *effnn_transform_summary(const effnn_transform *self)
{
    return self->def->summary;
}

const char *effnn_transform_paper(const effnn_transform *self)
{
    return self->def->paper;
}

size_t effnn_transform_option_count(const effnn_transform *self)
{
    return effnn__option_count(self->def->options);
}

const effnn_option_def *effnn_transform_option_at(const effnn_transform *self, size_t i)
{
    return i < effnn_transform_option_count(self) ? &self->def->options[i] : NULL;
}

/* ---- options ---- */

effnn_status effnn_transform_set(effnn_transform *self, const char *key, const char *value)
{
    EFFNN_CHECK_ARG(self && key && value);
    EFFNN_TRY(effnn__transform_need_created(self, "set an option"));
    return effnn__options_set(self->def->options, self->options, key, value);
}

effnn_status effnn_transform_set_i64(effnn_transform *self, const char *key, int64_t value)
{
    EFFNN_CHECK_ARG(self && key);
    EFFNN_TRY(effnn__transform_need_created(self, "set an option"));
    return effnn__options_set_i64(self->def->options, self->options, key, value);
}

effnn_status effnn_transform_set_f64(effnn_transform *self, const char *key, double value)
{
    EFFNN_CHECK_ARG(self && key);
    EFFNN_TRY(effnn__transform_need_created(self, "set an option"));
    return effnn__options_set_f64(self->def->options, self->options, key, value);
}

effnn_status effnn_transform_get(const char **out, effnn_transform *self, const char *key)
{
    char *text = NULL;

    EFFNN_CHECK_ARG(out && self && key);
    EFFNN_TRY(effnn__options_get_text(self->def->options, self->options, key, &text));
    effnn__free(self->lent);
    self->lent = text;
    *out = text;
    return EFFNN_OK;
}

effnn_status effnn_transform_get_i64(int64_t *out, const effnn_transform *self, const char *key)
{
    EFFNN_CHECK_ARG(out && self && key);
    return effnn__options_get_i64(self->def->options, self->options, key, out);
}

effnn_status effnn_transform_get_f64(double *out, const effnn_transform *self, const char *key)
{
    EFFNN_CHECK_ARG(out && self && key);
    return effnn__options_get_f64(self->def->options, self->options, key, out);
}
