/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn convert: from one file format or opset to another. */

#include "cli.h"

#include <stdio.h>

typedef struct convert_flags {
    const char *output;
    uint32_t opset;
    bool external;
} convert_flags;

static int run(cli *self)
{
    const convert_flags *flags = self->flags;
    effnn_save_options options = EFFNN_SAVE_OPTIONS_INIT;
    effnn_status status;
    int code;
    effnn_model *model = cli_load(self, self->args[0], &code);

    if (!model) return code;
    options.opset = flags->opset;
    options.external = flags->external;
    status = effnn_model_save(model, flags->output, &options);
    if (status != EFFNN_OK) {
        code = cli_fail(status);
    } else if (self->common.json) {
        cJSON *document = cJSON_CreateObject();

        cJSON_AddStringToObject(document, "input", self->args[0]);
        cJSON_AddStringToObject(document, "output", flags->output);
        cli_json_count(document, "nodes", effnn_model_node_count(model));
        code = cli_print_json(document);
    } else {
        printf("%s: %zu nodes\n", flags->output, effnn_model_node_count(model));
    }
    effnn_model_destroy(model);
    return code;
}

static const cli_flag flags[] = {
    { "output", 'o', CLI_TEXT, offsetof(convert_flags, output), "OUT",
      "file to write; .onnx or .safetensors", true, false },
    { "opset", 0, CLI_COUNT, offsetof(convert_flags, opset), "N",
      "ONNX opset, 13 to 21 (default: as read)", false, false },
    { "external-data", 0, CLI_SWITCH, offsetof(convert_flags, external), NULL,
      "parameters in a file OUT.data beside the ONNX file", false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_convert;
const cli_command cli_command_convert = {
    .name = "convert",
    .summary = "write a model in another format or opset",
    .args = "MODEL",
    .min_args = 1,
    .max_args = 1,
    .example = "effnn convert examples/data/digits_vit.onnx -o /tmp/digits_13.onnx --opset 13",
    .flags = flags,
    .flags_size = sizeof(convert_flags),
    .run = run,
};
