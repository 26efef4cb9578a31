/* SPDX-License-Identifier: BSD-3-Clause */
/* Option tables as text, and what is built on it: copies, comparison, several options at once.
 * Texts are the common form of all types: what printing gives, setting reads back to the same
 * value. */

#include "base/option_priv.h"

#include "base/alloc.h"
#include "base/str.h"

#include <string.h>

static effnn_status print_list(effnn__str *out, const effnn_string_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        if (i) EFFNN_TRY(effnn__str_add(out, ":"));
        EFFNN_TRY(effnn__str_add(out, list->items[i]));
    }
    return EFFNN_OK;
}

static effnn_status print_ints(effnn__str *out, const effnn_int_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        EFFNN_TRY(effnn__str_printf(out, "%s%lld", i ? ":" : "", (long long)list->items[i]));
    return EFFNN_OK;
}

static effnn_status print_value(effnn__str *out, const effnn_option_def *def, const void *opts)
{
    const void *field = effnn__option_field(def, opts);
    char buffer[32];

    switch (def->type) {
    case EFFNN_OPT_BOOL: return effnn__str_add(out, *(const bool *)field ? "true" : "false");
    case EFFNN_OPT_I64: return effnn__str_printf(out, "%lld", (long long)*(const int64_t *)field);
    case EFFNN_OPT_F64:
        effnn__format_f64(buffer, sizeof buffer, *(const double *)field);
        return effnn__str_add(out, buffer);
    case EFFNN_OPT_ENUM: return effnn__str_add(out, def->choices[*(const int *)field]);
    case EFFNN_OPT_STRING: return effnn__str_add(out, *(char *const *)field);
    case EFFNN_OPT_LIST: return print_list(out, field);
    case EFFNN_OPT_INTS: return print_ints(out, field);
    }
    return EFFNN_OK;
}

/* The value as text; never NULL on success. */
static effnn_status value_text(const effnn_option_def *def, const void *opts, char **out)
{
    effnn__str text = { 0 };
    effnn_status status = effnn__str_add(&text, "");

    if (status == EFFNN_OK) status = print_value(&text, def, opts);
    if (status == EFFNN_OK)
        *out = text.text;
    else
        effnn__str_clear(&text);
    return status;
}

effnn_status effnn__options_copy(const effnn_option_def *defs, void *out, const void *opts)
{
    for (const effnn_option_def *d = defs; d && d->name; d++) {
        effnn_status status;
        char *text = NULL;

        if (effnn__option_is_text(d)) {
            status = value_text(d, opts, &text);
            if (status == EFFNN_OK) status = effnn__option_store_text(d, out, text);
            effnn__free(text);
        } else {
            status = effnn__option_store_number(d, out, effnn__option_number(d, opts));
        }
        if (status != EFFNN_OK) {
            effnn__options_clear(defs, out);
            return status;
        }
    }
    return EFFNN_OK;
}

effnn_status effnn__options_get_text(const effnn_option_def *defs, const void *opts,
                                     const char *key, char **out)
{
    const effnn_option_def *def;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    return value_text(def, opts, out);
}

/* A struct that holds the defaults of one row alone, wherever its field lies. */
static effnn_status default_struct(const effnn_option_def *def, effnn_option_def rows[2],
                                   void **out)
{
    rows[0] = *def;
    rows[0].offset = 0;
    rows[1] = (effnn_option_def)EFFNN_OPTIONS_END;
    *out = effnn__zalloc(sizeof(effnn_string_list) + sizeof(double));
    if (!*out) return effnn__fail_nomem(def->name, sizeof(effnn_string_list));
    const effnn_status status = effnn__options_init(rows, *out);

    if (status != EFFNN_OK) effnn__free(*out);
    return status;
}

effnn_status effnn__option_default_text(const effnn_option_def *def, char **out)
{
    effnn_option_def rows[2];
    void *opts;
    effnn_status status;

    EFFNN_TRY(default_struct(def, rows, &opts));
    status = value_text(&rows[0], opts, out);
    effnn__options_clear(rows, opts);
    effnn__free(opts);
    return status;
}

/* Copy the next "key=value" of *text into item (as long as *text), without escapes. */
static void next_item(const char **text, char *item)
{
    const char *p = *text;

    for (; *p && *p != ','; p++) {
        if (p[0] == '\\' && (p[1] == ',' || p[1] == '\\')) p++;
        *item++ = *p;
    }
    *item = '\0';
    *text = *p ? p + 1 : p;
}

static effnn_status parse_into(const effnn_option_def *defs, void *opts, const char *text,
                               char *item)
{
    while (*text) {
        char *equals;

        next_item(&text, item);
        equals = strchr(item, '=');
        if (!equals) return effnn__fail(EFFNN_E_ARG, "options: '%s' is not key=value", item);
        *equals = '\0';
        EFFNN_TRY(effnn__options_set(defs, opts, item, equals + 1));
    }
    return EFFNN_OK;
}

/* Bytes of the options struct that the table reaches. */
static size_t struct_size(const effnn_option_def *defs)
{
    size_t size = 1;

    for (const effnn_option_def *d = defs; d && d->name; d++)
        if (d->offset + sizeof(effnn_string_list) > size)
            size = d->offset + sizeof(effnn_string_list);
    return size;
}

/* Exchange the fields of two option structs. */
static void swap_fields(const effnn_option_def *defs, void *a, void *b)
{
    static const size_t sizes[] = {
        [EFFNN_OPT_BOOL] = sizeof(bool),           [EFFNN_OPT_I64] = sizeof(int64_t),
        [EFFNN_OPT_F64] = sizeof(double),          [EFFNN_OPT_ENUM] = sizeof(int),
        [EFFNN_OPT_STRING] = sizeof(char *),       [EFFNN_OPT_LIST] = sizeof(effnn_string_list),
        [EFFNN_OPT_INTS] = sizeof(effnn_int_list),
    };

    for (const effnn_option_def *d = defs; d && d->name; d++) {
        unsigned char kept[sizeof(effnn_string_list)];
        const size_t size = sizes[d->type];

        memcpy(kept, effnn__option_field(d, a), size);
        memcpy(effnn__option_field(d, a), effnn__option_field(d, b), size);
        memcpy(effnn__option_field(d, b), kept, size);
    }
}

effnn_status effnn__options_parse(const effnn_option_def *defs, void *opts, const char *text)
{
    char *item = effnn__alloc(strlen(text) + 1);
    void *copy = effnn__zalloc(struct_size(defs));
    effnn_status status = item && copy ? effnn__options_copy(defs, copy, opts)
                                       : effnn__fail_nomem("options", strlen(text));

    if (status == EFFNN_OK) {
        status = parse_into(defs, copy, text, item);
        if (status == EFFNN_OK) swap_fields(defs, opts, copy);
        effnn__options_clear(defs, copy);
    }
    effnn__free(copy);
    effnn__free(item);
    return status;
}

static bool field_equal(const effnn_option_def *def, const void *a, const void *b)
{
    const void *x = effnn__option_field(def, a), *y = effnn__option_field(def, b);

    if (def->type == EFFNN_OPT_STRING) return strcmp(*(char *const *)x, *(char *const *)y) == 0;
    if (def->type == EFFNN_OPT_LIST) {
        const effnn_string_list *p = x, *q = y;
        bool same = p->n == q->n;

        for (size_t i = 0; same && i < p->n; i++) same = strcmp(p->items[i], q->items[i]) == 0;
        return same;
    }
    if (def->type == EFFNN_OPT_INTS) {
        const effnn_int_list *p = x, *q = y;

        return p->n == q->n && (!p->n || memcmp(p->items, q->items, p->n * sizeof *p->items) == 0);
    }
    return effnn__option_number(def, a) == effnn__option_number(def, b);
}

bool effnn__options_equal(const effnn_option_def *defs, const void *a, const void *b)
{
    for (const effnn_option_def *d = defs; d && d->name; d++)
        if (!field_equal(d, a, b)) return false;
    return true;
}

static effnn_status add_escaped(effnn__str *out, const char *text)
{
    for (; *text; text++) {
        if (*text == ',' || *text == '\\') EFFNN_TRY(effnn__str_add(out, "\\"));
        EFFNN_TRY(effnn__str_add_bytes(out, text, 1));
    }
    return EFFNN_OK;
}

static effnn_status print_all(effnn__str *out, const effnn_option_def *defs, const void *opts)
{
    EFFNN_TRY(effnn__str_add(out, ""));
    for (const effnn_option_def *d = defs; d && d->name; d++) {
        char *value = NULL, *otherwise = NULL;
        effnn_status status = value_text(d, opts, &value);

        if (status == EFFNN_OK) status = effnn__option_default_text(d, &otherwise);
        if (status == EFFNN_OK && strcmp(value, otherwise) != 0) {
            status = effnn__str_printf(out, "%s%s=", out->n ? "," : "", d->name);
            if (status == EFFNN_OK) status = add_escaped(out, value);
        }
        effnn__free(value);
        effnn__free(otherwise);
        if (status != EFFNN_OK) return status;
    }
    return EFFNN_OK;
}

effnn_status effnn__options_print(const effnn_option_def *defs, const void *opts, char **out)
{
    effnn__str text = { 0 };
    const effnn_status status = print_all(&text, defs, opts);

    if (status == EFFNN_OK)
        *out = text.text;
    else
        effnn__str_clear(&text);
    return status;
}
