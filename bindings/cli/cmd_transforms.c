/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn transforms: the methods, or the options of one. */

#include "cli.h"

#include <stdio.h>
#include <string.h>

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

static cJSON *option_json(const effnn_option_def *row)
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

static void print_option(const effnn_option_def *row)
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

static int describe(cli *self, const char *name)
{
    effnn_transform *method = NULL;
    const effnn_status status = effnn_transform_create(&method, self->context, name);
    int code = CLI_DONE;

    if (status != EFFNN_OK) return cli_fail(status);
    if (self->common.json) {
        cJSON *document = cJSON_CreateObject(), *options;

        cJSON_AddStringToObject(document, "name", effnn_transform_name(method));
        cJSON_AddStringToObject(document, "summary", effnn_transform_summary(method));
        cJSON_AddStringToObject(document, "paper", effnn_transform_paper(method));
        options = cJSON_AddArrayToObject(document, "options");
        for (size_t i = 0; i < effnn_transform_option_count(method); i++)
            cJSON_AddItemToArray(options, option_json(effnn_transform_option_at(method, i)));
        code = cli_print_json(document);
    } else {
        printf("%s: %s\n%s\n\noptions (--set name=value)\n", effnn_transform_name(method),
               effnn_transform_summary(method), effnn_transform_paper(method));
        for (size_t i = 0; i < effnn_transform_option_count(method); i++)
            print_option(effnn_transform_option_at(method, i));
    }
    effnn_transform_destroy(method);
    return code;
}

static int list(cli *self)
{
    cJSON *document = self->common.json ? cJSON_CreateObject() : NULL;
    cJSON *array = document ? cJSON_AddArrayToObject(document, "transforms") : NULL;

    for (size_t i = 0; i < effnn_transform_count(self->context); i++) {
        effnn_transform *method = NULL;
        const char *name = effnn_transform_name_at(self->context, i);
        const effnn_status status = effnn_transform_create(&method, self->context, name);

        if (status != EFFNN_OK) {
            cJSON_Delete(document);
            return cli_fail(status);
        }
        if (document) {
            cJSON *object = cJSON_CreateObject();

            cJSON_AddStringToObject(object, "name", name);
            cJSON_AddStringToObject(object, "summary", effnn_transform_summary(method));
            cJSON_AddStringToObject(object, "paper", effnn_transform_paper(method));
            cJSON_AddItemToArray(array, object);
        } else {
            printf("%-12s %s\n", name, effnn_transform_summary(method));
        }
        effnn_transform_destroy(method);
    }
    return document ? cli_print_json(document) : CLI_DONE;
}

static int run(cli *self)
{
    return self->n_args ? describe(self, self->args[0]) : list(self);
}

extern const cli_command cli_command_transforms;
const cli_command cli_command_transforms = {
    .name = "transforms",
    .summary = "the methods, or the options of one",
    .args = "[NAME]",
    .min_args = 0,
    .max_args = 1,
    .example = "effnn transforms lowrank",
    .flags = NULL,
    .run = run,
};
