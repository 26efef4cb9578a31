/* SPDX-License-Identifier: BSD-3-Clause */
/* Option tables at work. Every way of setting a value ends in store_*(), behind the range check;
 * every way of reading one begins at effnn__option_field(). Texts are the common form: what print
 * gives, set reads. */

#include "base/option.h"

#include "base/alloc.h"
#include "base/option_priv.h"
#include "base/str.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_EXACT 9007199254740992.0 /* 2^53 */
#define MAX_NAMES 64                 /* looked at for "did you mean" */

void *effnn__option_field(const effnn_option_def *def, const void *opts)
{
    return (char *)(uintptr_t)opts + def->offset;
}

size_t effnn__option_count(const effnn_option_def *defs)
{
    size_t n = 0;

    while (defs && defs[n].name) n++;
    return n;
}

const effnn_option_def *effnn__option_find(const effnn_option_def *defs, const char *key)
{
    for (const effnn_option_def *d = defs; d && d->name; d++)
        if (strcmp(d->name, key) == 0) return d;
    return NULL;
}

/* The row, or E_NOTFOUND with the nearest name. */
effnn_status effnn__option_need(const effnn_option_def **out, const effnn_option_def *defs,
                                const char *key)
{
    const char *names[MAX_NAMES], *near;
    size_t n = 0;

    *out = effnn__option_find(defs, key);
    if (*out) return EFFNN_OK;
    for (const effnn_option_def *d = defs; d && d->name && n < MAX_NAMES; d++) names[n++] = d->name;
    near = effnn__nearest_word(key, names, n);
    if (near) return effnn__fail(EFFNN_E_NOTFOUND, "no option '%s'; did you mean '%s'?", key, near);
    return effnn__fail(EFFNN_E_NOTFOUND, "no option '%s'", key);
}

static bool has_range(const effnn_option_def *def)
{
    return def->min != 0.0 || def->max != 0.0;
}

static effnn_status check_range(const effnn_option_def *def, double value)
{
    char v[32], lo[32], hi[32];

    if (!has_range(def)) return EFFNN_OK;
    if (value >= def->min && value <= def->max) return EFFNN_OK;
    effnn__format_f64(v, sizeof v, value);
    effnn__format_f64(lo, sizeof lo, def->min);
    effnn__format_f64(hi, sizeof hi, def->max);
    return effnn__fail(EFFNN_E_ARG, "option '%s': %s is outside [%s, %s]", def->name, v, lo, hi);
}

static effnn_status check_whole(const effnn_option_def *def, double value)
{
    char v[32];

    if (value == floor(value) && fabs(value) <= MAX_EXACT) return check_range(def, value);
    effnn__format_f64(v, sizeof v, value);
    return effnn__fail(EFFNN_E_ARG, "option '%s': %s is not a whole number within 2^53", def->name,
                       v);
}

/* The same for a number that a double may not hold. */
static effnn_status check_i64(const effnn_option_def *def, int64_t value)
{
    if (value <= (int64_t)MAX_EXACT && value >= -(int64_t)MAX_EXACT) return EFFNN_OK;
    return effnn__fail(EFFNN_E_ARG, "option '%s': %lld is not within 2^53", def->name,
                       (long long)value);
}

static size_t choice_count(const effnn_option_def *def)
{
    size_t n = 0;

    while (def->choices[n]) n++;
    return n;
}

/* Store a number into a BOOL, I64, F64 or ENUM field. */
effnn_status effnn__option_store_number(const effnn_option_def *def, void *opts, double value)
{
    void *field = effnn__option_field(def, opts);

    switch (def->type) {
    case EFFNN_OPT_BOOL:
        if (value != 0.0 && value != 1.0)
            return effnn__fail(EFFNN_E_ARG, "option '%s': neither true nor false", def->name);
        *(bool *)field = value != 0.0;
        return EFFNN_OK;
    case EFFNN_OPT_I64:
        EFFNN_TRY(check_whole(def, value));
        *(int64_t *)field = (int64_t)value;
        return EFFNN_OK;
    case EFFNN_OPT_F64:
        if (isnan(value)) return effnn__fail(EFFNN_E_ARG, "option '%s': NaN", def->name);
        EFFNN_TRY(check_range(def, value));
        *(double *)field = value;
        return EFFNN_OK;
    case EFFNN_OPT_ENUM:
        if (!(value >= 0.0 && value < (double)choice_count(def) && value == floor(value)))
            return effnn__fail(EFFNN_E_ARG, "option '%s': no such choice, there are %zu", def->name,
                               choice_count(def));
        *(int *)field = (int)value;
        return EFFNN_OK;
    case EFFNN_OPT_STRING:
    case EFFNN_OPT_LIST:
    case EFFNN_OPT_INTS: break;
    }
    return effnn__fail(EFFNN_E_ARG, "option '%s': takes text, not a number", def->name);
}

static void clear_list(effnn_string_list *list)
{
    for (size_t i = 0; i < list->n; i++) effnn__free(list->items[i]);
    effnn__free(list->items);
    *list = (effnn_string_list){ 0 };
}

/* Number of items between colons; none in an empty text. */
static size_t item_count(const char *text)
{
    size_t n = *text != '\0';

    for (; *text; text++) n += *text == ':';
    return n;
}

static effnn_status parse_list(effnn_string_list *out, const effnn_option_def *def,
                               const char *text)
{
    const size_t n = item_count(text);
    effnn_string_list list = { 0 };

    if (n) list.items = effnn__alloc_array(n, sizeof *list.items);
    if (n && !list.items) return effnn__fail_nomem(def->name, n * sizeof *list.items);
    for (size_t i = 0; i < n; i++) {
        const size_t length = strcspn(text, ":");

        list.items[i] = effnn__alloc(length + 1);
        if (!list.items[i]) {
            clear_list(&list);
            return effnn__fail_nomem(def->name, length + 1);
        }
        memcpy(list.items[i], text, length);
        list.items[i][length] = '\0';
        list.n++;
        text += length + 1;
    }
    *out = list;
    return EFFNN_OK;
}

static effnn_status parse_ints(effnn_int_list *out, const effnn_option_def *def, const char *text)
{
    effnn_string_list words = { 0 };
    effnn_int_list list = { 0 };
    effnn_status status = parse_list(&words, def, text);

    if (status == EFFNN_OK && words.n) {
        list.items = effnn__alloc_array(words.n, sizeof *list.items);
        if (!list.items) status = effnn__fail_nomem(def->name, words.n * sizeof *list.items);
    }
    for (; status == EFFNN_OK && list.n < words.n; list.n++) {
        if (!effnn__parse_i64(words.items[list.n], &list.items[list.n]))
            status = effnn__fail(EFFNN_E_ARG, "option '%s': cannot read '%s' as a whole number",
                                 def->name, words.items[list.n]);
        else
            status = check_range(def, (double)list.items[list.n]);
    }
    clear_list(&words);
    if (status == EFFNN_OK)
        *out = list;
    else
        effnn__free(list.items);
    return status;
}

/* Store text into a STRING, LIST or INTS field, what it held before freed. */
effnn_status effnn__option_store_text(const effnn_option_def *def, void *opts, const char *text)
{
    void *field = effnn__option_field(def, opts);

    if (def->type == EFFNN_OPT_STRING) {
        char *copy = effnn__strdup(text);

        if (!copy) return effnn__fail_nomem(def->name, strlen(text) + 1);
        effnn__free(*(char **)field);
        *(char **)field = copy;
    } else if (def->type == EFFNN_OPT_LIST) {
        effnn_string_list list;

        EFFNN_TRY(parse_list(&list, def, text));
        clear_list(field);
        *(effnn_string_list *)field = list;
    } else {
        effnn_int_list list;

        EFFNN_TRY(parse_ints(&list, def, text));
        effnn__free(((effnn_int_list *)field)->items);
        *(effnn_int_list *)field = list;
    }
    return EFFNN_OK;
}

bool effnn__option_is_text(const effnn_option_def *def)
{
    return def->type == EFFNN_OPT_STRING || def->type == EFFNN_OPT_LIST ||
           def->type == EFFNN_OPT_INTS;
}

static effnn_status set_choice(const effnn_option_def *def, void *opts, const char *text)
{
    char names[256] = "";
    size_t n = 0;

    for (size_t i = 0; def->choices[i]; i++) {
        if (strcmp(def->choices[i], text) == 0)
            return effnn__option_store_number(def, opts, (double)i);
        if (n < sizeof names)
            n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", i ? ", " : "",
                                  def->choices[i]);
    }
    return effnn__fail(EFFNN_E_ARG, "option '%s': '%s' is none of %s", def->name, text, names);
}

static effnn_status set_from_text(const effnn_option_def *def, void *opts, const char *text)
{
    double value;
    int64_t whole;

    if (effnn__option_is_text(def)) return effnn__option_store_text(def, opts, text);
    if (def->type == EFFNN_OPT_ENUM) return set_choice(def, opts, text);
    if (def->type == EFFNN_OPT_BOOL && (!strcmp(text, "true") || !strcmp(text, "false")))
        return effnn__option_store_number(def, opts, text[0] == 't');
    if (def->type == EFFNN_OPT_I64 && effnn__parse_i64(text, &whole))
        EFFNN_TRY(check_i64(def, whole));
    if (!effnn__parse_f64(text, &value))
        return effnn__fail(EFFNN_E_ARG, "option '%s': cannot read '%s'", def->name, text);
    return effnn__option_store_number(def, opts, value);
}

effnn_status effnn__options_init(const effnn_option_def *defs, void *opts)
{
    for (const effnn_option_def *d = defs; d && d->name; d++) {
        const effnn_status status = effnn__option_is_text(d)
                                        ? effnn__option_store_text(d, opts, d->text ? d->text : "")
                                        : effnn__option_store_number(d, opts, d->value);

        if (status != EFFNN_OK) {
            effnn__options_clear(defs, opts);
            return status;
        }
    }
    return EFFNN_OK;
}

static void clear_field(const effnn_option_def *def, void *opts)
{
    void *field = effnn__option_field(def, opts);

    switch (def->type) {
    case EFFNN_OPT_STRING:
        effnn__free(*(char **)field);
        *(char **)field = NULL;
        break;
    case EFFNN_OPT_LIST: clear_list(field); break;
    case EFFNN_OPT_INTS:
        effnn__free(((effnn_int_list *)field)->items);
        *(effnn_int_list *)field = (effnn_int_list){ 0 };
        break;
    case EFFNN_OPT_BOOL: *(bool *)field = false; break;
    case EFFNN_OPT_I64: *(int64_t *)field = 0; break;
    case EFFNN_OPT_F64: *(double *)field = 0.0; break;
    case EFFNN_OPT_ENUM: *(int *)field = 0; break;
    }
}

void effnn__options_clear(const effnn_option_def *defs, void *opts)
{
    for (const effnn_option_def *d = defs; d && d->name; d++) clear_field(d, opts);
}

double effnn__option_number(const effnn_option_def *def, const void *opts)
{
    const void *field = effnn__option_field(def, opts);

    switch (def->type) {
    case EFFNN_OPT_BOOL: return *(const bool *)field;
    case EFFNN_OPT_I64: return (double)*(const int64_t *)field;
    case EFFNN_OPT_F64: return *(const double *)field;
    case EFFNN_OPT_ENUM: return *(const int *)field;
    case EFFNN_OPT_STRING:
    case EFFNN_OPT_LIST:
    case EFFNN_OPT_INTS: break;
    }
    return 0.0;
}

effnn_status effnn__options_set(const effnn_option_def *defs, void *opts, const char *key,
                                const char *text)
{
    const effnn_option_def *def;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    return set_from_text(def, opts, text);
}

effnn_status effnn__options_set_i64(const effnn_option_def *defs, void *opts, const char *key,
                                    int64_t value)
{
    const effnn_option_def *def;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    EFFNN_TRY(check_i64(def, value));
    return effnn__option_store_number(def, opts, (double)value);
}

effnn_status effnn__options_set_f64(const effnn_option_def *defs, void *opts, const char *key,
                                    double value)
{
    const effnn_option_def *def;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    return effnn__option_store_number(def, opts, value);
}

effnn_status effnn__options_set_ints(const effnn_option_def *defs, void *opts, const char *key,
                                     const int64_t *items, size_t n)
{
    const effnn_option_def *def;
    effnn_int_list list = { .n = n }, *field;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    if (def->type != EFFNN_OPT_INTS)
        return effnn__fail(EFFNN_E_ARG, "option '%s': takes no list of whole numbers", key);
    for (size_t i = 0; i < n; i++) EFFNN_TRY(check_range(def, (double)items[i]));
    if (n) {
        list.items = effnn__alloc_array(n, sizeof *items);
        if (!list.items) return effnn__fail_nomem(key, n * sizeof *items);
        memcpy(list.items, items, n * sizeof *items);
    }
    field = effnn__option_field(def, opts);
    effnn__free(field->items);
    *field = list;
    return EFFNN_OK;
}

effnn_status effnn__options_get_f64(const effnn_option_def *defs, const void *opts, const char *key,
                                    double *out)
{
    const effnn_option_def *def;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    if (effnn__option_is_text(def))
        return effnn__fail(EFFNN_E_ARG, "option '%s': is text, not a number", key);
    *out = effnn__option_number(def, opts);
    return EFFNN_OK;
}

effnn_status effnn__options_get_i64(const effnn_option_def *defs, const void *opts, const char *key,
                                    int64_t *out)
{
    const effnn_option_def *def;

    EFFNN_TRY(effnn__option_need(&def, defs, key));
    if (effnn__option_is_text(def) || def->type == EFFNN_OPT_F64)
        return effnn__fail(EFFNN_E_ARG, "option '%s': is not a whole number", key);
    *out = (int64_t)effnn__option_number(def, opts);
    return EFFNN_OK;
}
