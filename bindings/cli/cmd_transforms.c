/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn transforms: the methods, or the options of one. */

#include "cli.h"

#include <stdio.h>

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
            cJSON_AddItemToArray(options, cli_json_option(effnn_transform_option_at(method, i)));
        code = cli_print_json(document);
    } else {
        printf("%s: %s\n%s\n\noptions (--set name=value)\n", effnn_transform_name(method),
               effnn_transform_summary(method), effnn_transform_paper(method));
        for (size_t i = 0; i < effnn_transform_option_count(method); i++)
            cli_print_option(effnn_transform_option_at(method, i));
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
