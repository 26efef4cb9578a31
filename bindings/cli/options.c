/* SPDX-License-Identifier: BSD-3-Clause */
/* Rows of option tables, as JSON and as text. */

#include "cli.h"

#include <stdio.h>

static const char *const type_names[] = { "bool", "i64", "f64", "enum", "string", "list", "ints" };

static bool has_range(const effnn_option_def *row)
{
    return (row->type == EFFNN_OPT_I64 || row->type == EFFNN_OPT_F64 ||
            row->type == EFFNN_OPT_INTS) &&
           (row->min != 0.0 || row->max != 0.0);
}

static cJSON *default_json(const effnn_option_def *row)
{
    switch (row->type) {
    case EFFNN_OPT_BOOL: return cJSON_CreateBool(row->value != 0.0);
    case EFFNN_OPT_I64:
    case EFFNN_OPT_F64: return cJSON_CreateNumber(row->value);
    case EFFNN_OPT_ENUM: return cJSON_CreateString(row->choices[(int)row->value]);
    case EFFNN_OPT_STRING:
    case EFFNN_OPT_LIST:
    case EFFNN_OPT_INTS: break;
    }
    return cJSON_CreateString(row->text ? row->text : "");
}

cJSON *cli_json_option(const effnn_option_def *row)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "name", row->name);
    cJSON_AddStringToObject(object, "type", type_names[row->type]);
    cJSON_AddItemToObject(object, "default", default_json(row));
    cJSON_AddItemToObject(object, "min",
                          has_range(row) ? cJSON_CreateNumber(row->min) : cJSON_CreateNull());
    cJSON_AddItemToObject(object, "max",
                          has_range(row) ? cJSON_CreateNumber(row->max) : cJSON_CreateNull());
    if (row->choices) {
        cJSON *choices = cJSON_AddArrayToObject(object, "choices");

        for (size_t i = 0; row->choices[i]; i++)
            cJSON_AddItemToArray(choices, cJSON_CreateString(row->choices[i]));
    } else {
        cJSON_AddNullToObject(object, "choices");
    }
    cJSON_AddStringToObject(object, "help", row->help);
    return object;
}

void cli_print_option(const effnn_option_def *row)
{
    cJSON *value = default_json(row);
    char *text = cJSON_PrintUnformatted(value);

    printf("  %-20s %s\n  %-20s %s, default %s", row->name, row->help, "", type_names[row->type],
           text ? text : "?");
    if (has_range(row)) printf(", from %g to %g", row->min, row->max);
    for (size_t i = 0; row->choices && row->choices[i]; i++)
        printf("%s%s", i ? " | " : "; ", row->choices[i]);
    printf("\n");
    cJSON_free(text);
    cJSON_Delete(value);
}
