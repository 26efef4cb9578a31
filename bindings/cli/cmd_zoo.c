/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn zoo: the networks that can be built by name, or the options of one. */

#include "cli.h"

#include <stdio.h>
#include <string.h>

static int describe(const cli *self, size_t i)
{
    cJSON *document, *options;

    if (!self->common.json) {
        printf("%s: %s\n\noptions (zoo:%s,name=value,…)\n", effnn_zoo_name_at(i),
               effnn_zoo_summary_at(i), effnn_zoo_name_at(i));
        for (size_t k = 0; effnn_zoo_option_at(i, k); k++)
            cli_print_option(effnn_zoo_option_at(i, k));
        return CLI_DONE;
    }
    document = cJSON_CreateObject();
    cJSON_AddStringToObject(document, "name", effnn_zoo_name_at(i));
    cJSON_AddStringToObject(document, "summary", effnn_zoo_summary_at(i));
    options = cJSON_AddArrayToObject(document, "options");
    for (size_t k = 0; effnn_zoo_option_at(i, k); k++)
        cJSON_AddItemToArray(options, cli_json_option(effnn_zoo_option_at(i, k)));
    return cli_print_json(document);
}

static int list(const cli *self)
{
    cJSON *document, *networks;

    for (size_t i = 0; !self->common.json && i < effnn_zoo_count(); i++)
        printf("%-12s %s\n", effnn_zoo_name_at(i), effnn_zoo_summary_at(i));
    if (!self->common.json) return CLI_DONE;
    document = cJSON_CreateObject();
    networks = cJSON_AddArrayToObject(document, "networks");
    for (size_t i = 0; i < effnn_zoo_count(); i++) {
        cJSON *network = cJSON_CreateObject();

        cJSON_AddStringToObject(network, "name", effnn_zoo_name_at(i));
        cJSON_AddStringToObject(network, "summary", effnn_zoo_summary_at(i));
        cJSON_AddItemToArray(networks, network);
    }
    return cli_print_json(document);
}

static int run(cli *self)
{
    effnn_model *model = NULL;
    effnn_status status;

    if (self->n_args == 0) return list(self);
    for (size_t i = 0; i < effnn_zoo_count(); i++)
        if (strcmp(effnn_zoo_name_at(i), self->args[0]) == 0) return describe(self, i);
    /* The library's own message, with the nearest name. */
    status = effnn_zoo_create(&model, self->context, self->args[0], NULL, NULL);
    effnn_model_destroy(model);
    return cli_fail(status);
}

extern const cli_command cli_command_zoo;
const cli_command cli_command_zoo = {
    .name = "zoo",
    .summary = "the networks that can be built by name, or the options of one",
    .args = "[NAME]",
    .min_args = 0,
    .max_args = 1,
    .example = "effnn zoo llama",
    .flags = NULL,
    .run = run,
};
