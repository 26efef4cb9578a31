/* SPDX-License-Identifier: BSD-3-Clause */
/* The report: entries by path, rows of entries, and saving. What it looks like as a document is in
 * report_json.c and report_html.c. Reports are small (some numbers a site), so entries are searched
 * one after another. */

#include "transform/report_priv.h"

#include "base/alloc.h"
#include "base/file.h"
#include "base/vec.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <string.h>

static void clear_entries(report_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++) {
        effnn__free(entries->items[i].key);
        effnn__free(entries->items[i].text);
    }
    effnn__free(entries->items);
}

void effnn_report_destroy(effnn_report *self)
{
    if (!self) return;
    clear_entries(&self->entries);
    for (size_t i = 0; i < self->n_rows; i++) {
        effnn__free(self->rows[i].name);
        clear_entries(&self->rows[i].entries);
    }
    effnn__free(self->rows);
    cJSON_free(self->json);
    effnn__free(self);
}

effnn_status effnn__report_create(effnn_report **out)
{
    effnn_report *self = effnn__zalloc(sizeof *self);

    if (!self) return effnn__fail_nomem("report", sizeof *self);
    *out = self;
    return EFFNN_OK;
}

const report_entry *effnn__report_find(const report_entries *entries, const char *key)
{
    for (size_t i = 0; i < entries->n; i++)
        if (strcmp(entries->items[i].key, key) == 0) return &entries->items[i];
    return NULL;
}

/* Put an entry in, with copies of its texts. */
static effnn_status put(report_entries *entries, const report_entry *entry)
{
    report_entry *place = (report_entry *)effnn__report_find(entries, entry->key);
    char *text = entry->text ? effnn__strdup(entry->text) : NULL;
    effnn_status status = EFFNN_OK;

    if (entry->text && !text) return effnn__fail_nomem(entry->key, strlen(entry->text));
    if (!place) {
        char *key = effnn__strdup(entry->key);

        status = key ? effnn__grow(&entries->items, &entries->capacity, entries->n + 1,
                                   sizeof *entries->items)
                     : effnn__fail_nomem("report", strlen(entry->key));
        if (status != EFFNN_OK) {
            effnn__free(key);
            effnn__free(text);
            return status;
        }
        place = &entries->items[entries->n++];
        *place = (report_entry){ .key = key };
    }
    effnn__free(place->text);
    place->kind = entry->kind;
    place->number = entry->number;
    place->text = text;
    return status;
}

static report_entry number_entry(const char *key, double value)
{
    return (report_entry){ .key = (char *)key, .kind = REPORT_NUMBER, .number = value };
}

static report_entry text_entry(const char *key, const char *value)
{
    return (report_entry){ .key = (char *)key, .kind = REPORT_TEXT, .text = (char *)value };
}

effnn_status effnn__report_set(effnn_report *self, const char *path, double value)
{
    const report_entry entry = number_entry(path, value);

    return put(&self->entries, &entry);
}

effnn_status effnn__report_set_flag(effnn_report *self, const char *path, bool value)
{
    const report_entry entry = { .key = (char *)path, .kind = REPORT_FLAG, .number = value };

    return put(&self->entries, &entry);
}

effnn_status effnn__report_set_text(effnn_report *self, const char *path, const char *value)
{
    const report_entry entry = text_entry(path, value);

    return put(&self->entries, &entry);
}

effnn_status effnn__report_add_row(effnn_report *self, size_t *row, const char *name)
{
    char *copy = effnn__strdup(name);

    if (!copy || effnn__grow(&self->rows, &self->rows_capacity, self->n_rows + 1,
                             sizeof *self->rows) != EFFNN_OK) {
        effnn__free(copy);
        return effnn__fail_nomem("row of a report", sizeof *self->rows);
    }
    self->rows[self->n_rows] = (report_row){ .name = copy };
    *row = self->n_rows++;
    return EFFNN_OK;
}

effnn_status effnn__report_row_set(effnn_report *self, size_t row, const char *key, double value)
{
    const report_entry entry = number_entry(key, value);

    return put(&self->rows[row].entries, &entry);
}

effnn_status effnn__report_row_set_text(effnn_report *self, size_t row, const char *key,
                                        const char *value)
{
    const report_entry entry = text_entry(key, value);

    return put(&self->rows[row].entries, &entry);
}

effnn_status effnn__report_finish(effnn_report *self)
{
    EFFNN_ASSERT(!self->json);
    return effnn__report_to_json(&self->json, self);
}

/* ---- public ---- */

const char *effnn_report_json(const effnn_report *self)
{
    return self->json;
}

static effnn_status take_number(double *out, const report_entries *entries, const char *key)
{
    const report_entry *entry = effnn__report_find(entries, key);

    if (!entry || entry->kind == REPORT_TEXT || !isfinite(entry->number))
        return effnn__fail(EFFNN_E_NOTFOUND, "the report has no number '%s'", key);
    *out = entry->number;
    return EFFNN_OK;
}

effnn_status effnn_report_get(double *out, const effnn_report *self, const char *path)
{
    EFFNN_CHECK_ARG(out && self && path);
    return take_number(out, &self->entries, path);
}

size_t effnn_report_row_count(const effnn_report *self)
{
    return self->n_rows;
}

const char *effnn_report_row_name_at(const effnn_report *self, size_t i)
{
    return i < self->n_rows ? self->rows[i].name : NULL;
}

effnn_status effnn_report_row_get(double *out, const effnn_report *self, size_t i, const char *key)
{
    EFFNN_CHECK_ARG(out && self && key);
    if (i >= self->n_rows)
        return effnn__fail(EFFNN_E_ARG, "row %zu: the report has %zu", i, self->n_rows);
    return take_number(out, &self->rows[i].entries, key);
}

static bool ends_with(const char *text, const char *end)
{
    const size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

static effnn_status write_file(const char *path, const char *text, size_t n)
{
    effnn__writer *writer = NULL;
    effnn_status status = effnn__writer_create(&writer, path);

    if (status != EFFNN_OK) return status;
    status = effnn__writer_add(writer, text, n);
    if (status == EFFNN_OK) return effnn__writer_commit(writer);
    effnn__writer_abandon(writer);
    return status;
}

effnn_status effnn_report_save(const effnn_report *self, const char *path)
{
    effnn__str text = { 0 };
    effnn_status status;

    EFFNN_CHECK_ARG(self && path);
    if (ends_with(path, ".json")) {
        status = effnn__str_add(&text, self->json);
        if (status == EFFNN_OK) status = effnn__str_add(&text, "\n");
    } else if (ends_with(path, ".html")) {
        status = effnn__report_to_html(&text, self);
    } else {
        status = effnn__fail(EFFNN_E_UNSUPPORTED, "report '%s': is neither .json nor .html", path);
    }
    if (status == EFFNN_OK) status = write_file(path, text.text, text.n);
    effnn__str_clear(&text);
    return status;
}
