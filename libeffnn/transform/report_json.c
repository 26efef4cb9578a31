/* SPDX-License-Identifier: BSD-3-Clause */
/* The report as JSON: dots in paths become objects, rows the array "sites". Numbers that are not
 * finite are null; whole numbers above 2^53, which a reader would round, are strings. */

#include "transform/report_priv.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_EXACT 9007199254740992.0

static cJSON *make_item(const report_entry *entry)
{
    char digits[400];

    if (entry->kind == REPORT_TEXT) return cJSON_CreateString(entry->text);
    if (entry->kind == REPORT_FLAG) return cJSON_CreateBool(entry->number != 0.0);
    if (!isfinite(entry->number)) return cJSON_CreateNull();
    if (entry->number != floor(entry->number)) {
        effnn__format_f64(digits, sizeof digits, entry->number);
        return cJSON_CreateRaw(digits); /* cJSON itself would write 15 digits */
    }
    snprintf(digits, sizeof digits, "%.0f", entry->number);
    if (fabs(entry->number) <= MAX_EXACT) return cJSON_CreateRaw(digits);
    return cJSON_CreateString(digits);
}

/* Put an item under a path, making the objects on the way; false when out of memory. */
static bool add_at(cJSON *object, const char *path, cJSON *item)
{
    char part[64];

    for (const char *dot = strchr(path, '.'); dot && object; dot = strchr(path, '.')) {
        cJSON *inner;

        snprintf(part, sizeof part, "%.*s", (int)(dot - path), path);
        inner = cJSON_GetObjectItemCaseSensitive(object, part);
        object = inner ? inner : cJSON_AddObjectToObject(object, part);
        path = dot + 1;
    }
    if (object && item && cJSON_AddItemToObject(object, path, item)) return true;
    cJSON_Delete(item);
    return false;
}

static bool add_entries(cJSON *object, const report_entries *entries)
{
    for (size_t i = 0; i < entries->n; i++)
        if (!add_at(object, entries->items[i].key, make_item(&entries->items[i]))) return false;
    return true;
}

static bool add_rows(cJSON *document, const effnn_report *self)
{
    cJSON *sites = cJSON_AddArrayToObject(document, "sites");

    for (size_t i = 0; sites && i < self->n_rows; i++) {
        cJSON *row = cJSON_CreateObject();

        if (!row || !cJSON_AddItemToArray(sites, row)) {
            cJSON_Delete(row);
            return false;
        }
        if (!cJSON_AddStringToObject(row, "name", self->rows[i].name)) return false;
        if (!add_entries(row, &self->rows[i].entries)) return false;
    }
    return sites != NULL;
}

effnn_status effnn__report_to_json(char **out, const effnn_report *self)
{
    cJSON *document = cJSON_CreateObject();
    char *text = NULL;

    if (document && add_entries(document, &self->entries) && add_rows(document, self))
        text = cJSON_Print(document);
    cJSON_Delete(document);
    if (!text) return effnn__fail_nomem("report", self->n_rows * sizeof *self->rows);
    *out = text;
    return EFFNN_OK;
}
