/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn apply: a method on a model, its whole life. */

#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct apply_flags {
    const char *output, *data, *eval;
    cli_list set, report;
    uint32_t batch, opset;
    bool check, external;
} apply_flags;

static int set_options(cli *self, effnn_transform *method)
{
    const apply_flags *flags = self->flags;

    for (size_t i = 0; i < flags->set.n; i++) {
        const char *text = flags->set.items[i], *equals = strchr(text, '=');
        char *key;
        effnn_status status;

        if (!equals) return cli_usage(self->command, "--set takes key=value, not '%s'", text);
        key = strndup(text, (size_t)(equals - text));
        if (!key) return cli_no_memory();
        status = effnn_transform_set(method, key, equals + 1);
        free(key);
        if (status != EFFNN_OK) return cli_fail(status);
    }
    return CLI_DONE;
}

static void print_change(const effnn_report *report, const char *key, const char *label,
                         double factor, const char *unit)
{
    char path[64];
    double before, after;

    snprintf(path, sizeof path, "before.%s", key);
    if (effnn_report_get(&before, report, path) != EFFNN_OK) return;
    snprintf(path, sizeof path, "after.%s", key);
    if (effnn_report_get(&after, report, path) != EFFNN_OK) return;
    printf("%-16s %14.6g %14.6g %s", label, before * factor, after * factor, unit);
    if (before != 0.0) printf("  (%+.1f %%)", 100.0 * (after - before) / before);
    printf("\n");
}

static void print_number(const effnn_report *report, const char *path, const char *label,
                         double factor, const char *unit)
{
    double value;

    if (effnn_report_get(&value, report, path) == EFFNN_OK)
        printf("%-16s %14s %14.6g %s\n", label, "", value * factor, unit);
}

static void print_report(const effnn_report *report)
{
    printf("%-16s %14s %14s\n", "", "before", "after");
    print_change(report, "parameters", "parameters", 1.0, "");
    print_change(report, "parameter_bytes", "size", 1e-6, "MB");
    print_change(report, "macs", "MACs", 1e-6, "M");
    print_change(report, "top1", "top-1", 100.0, "%");
    print_change(report, "loss", "loss", 1.0, "nats");
    print_number(report, "after.agreement", "agreement", 100.0, "%");
    print_number(report, "after.kl", "KL to before", 1.0, "nats");
    print_number(report, "seconds", "took", 1.0, "s");
}

static int finish(cli *self, effnn_model *model, const effnn_report *report)
{
    const apply_flags *flags = self->flags;
    effnn_save_options options = EFFNN_SAVE_OPTIONS_INIT;
    effnn_status status;

    options.opset = flags->opset;
    options.external = flags->external;
    status = effnn_model_save(model, flags->output, &options);
    for (size_t i = 0; i < flags->report.n && status == EFFNN_OK; i++)
        status = effnn_report_save(report, flags->report.items[i]);
    if (status != EFFNN_OK) return cli_fail(status);
    if (self->common.json)
        puts(effnn_report_json(report));
    else
        print_report(report);
    return CLI_DONE;
}

static int say_checked(const cli *self, const effnn_transform *method, effnn_status status)
{
    if (!self->common.json) {
        if (status != EFFNN_OK) return cli_fail(status);
        printf("%s would work\n", effnn_transform_name(method));
        return CLI_DONE;
    }
    cJSON *document = cJSON_CreateObject();
    int code;

    cJSON_AddStringToObject(document, "transform", effnn_transform_name(method));
    cJSON_AddBoolToObject(document, "would_work", status == EFFNN_OK);
    if (status != EFFNN_OK) cJSON_AddStringToObject(document, "reason", effnn_last_error());
    code = cli_print_json(document);
    return code != CLI_DONE || status == EFFNN_OK ? code : CLI_FAILED;
}

static int apply(cli *self, effnn_transform *method, effnn_model *model, effnn_dataset *data,
                 effnn_dataset *eval)
{
    const apply_flags *flags = self->flags;
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_report *report = NULL;
    effnn_status status;
    int code;

    options.data = data;
    options.evaluate = eval;
    options.batch = cli_batch(self, model, flags->batch ? flags->batch : options.batch);
    options.progress = cli_progress;
    options.progress_user = self;
    if (flags->check)
        return say_checked(self, method, effnn_transform_check(method, model, &options));
    status = effnn_transform_run(method, model, &options, &report);
    cli_progress_done(self);
    code = status == EFFNN_OK ? finish(self, model, report) : cli_fail(status);
    effnn_report_destroy(report);
    return code;
}

static int run(cli *self)
{
    const apply_flags *flags = self->flags;
    effnn_transform *method = NULL;
    effnn_model *model = NULL;
    effnn_dataset *data = NULL, *eval = NULL;
    effnn_status status;
    int code;

    if (!flags->output && !flags->check)
        return cli_usage(self->command, "apply needs --output OUT (or --check)");
    status = effnn_transform_create(&method, self->context, self->args[0]);
    if (status != EFFNN_OK) return cli_fail(status);
    code = set_options(self, method);
    if (code == CLI_DONE) model = cli_load(self, self->args[1], &code);
    if (code == CLI_DONE && flags->data) data = cli_open(self, flags->data, model, &code);
    if (code == CLI_DONE && flags->eval) eval = cli_open(self, flags->eval, model, &code);
    if (code == CLI_DONE) code = apply(self, method, model, data, eval);
    effnn_dataset_destroy(eval);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
    effnn_transform_destroy(method);
    return code;
}

#define FIELD(f) offsetof(apply_flags, f)

static const cli_flag flags[] = {
    { "output", 'o', CLI_TEXT, FIELD(output), "OUT", "file to write; .onnx or .safetensors", false,
      false },
    { "set", 's', CLI_LIST, FIELD(set), "KEY=VALUE", "an option of the method", false, false },
    { "data", 'd', CLI_TEXT, FIELD(data), "URI", "samples to calibrate or train on", false, false },
    { "eval", 'e', CLI_TEXT, FIELD(eval), "URI", "samples to judge on, before and after", false,
      false },
    { "report", 'r', CLI_LIST, FIELD(report), "FILE.json|FILE.html", "write the report", false,
      false },
    { "batch", 'b', CLI_COUNT, FIELD(batch), "N", "samples run at once (default 32)", false,
      false },
    { "opset", 0, CLI_COUNT, FIELD(opset), "N", "ONNX opset to write (default: as read)", false,
      false },
    { "external-data", 0, CLI_SWITCH, FIELD(external), NULL,
      "parameters in a file OUT.data beside the ONNX file", false, false },
    { "check", 0, CLI_SWITCH, FIELD(check), NULL, "only say what would not work", false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_apply;
const cli_command cli_command_apply = {
    .name = "apply",
    .summary = "run a method on a model and write the result",
    .args = "NAME MODEL",
    .min_args = 2,
    .max_args = 2,
    .example = "effnn apply lowrank examples/data/digits_vit.onnx -o /tmp/small.onnx --set "
               "reduction=0.6 --data "
               "records:examples/data/digits.bin,shape=1/8/8,label=first,scale=16,count=1024",
    .flags = flags,
    .flags_size = sizeof(apply_flags),
    .run = run,
};
