/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn eval: accuracy and loss on data, agreement with a reference model. */

#include "cli.h"

#include <math.h>
#include <stdio.h>

typedef struct eval_flags {
    const char *data, *reference, *predictions;
    uint32_t batch;
} eval_flags;

static int print_result(const cli *self, const effnn_evaluation *e)
{
    const double rate = e->seconds > 0.0 ? (double)e->count / e->seconds : NAN;
    const bool has_targets = isfinite(e->top1), has_reference = isfinite(e->kl);
    char text[32];

    if (self->common.json) {
        cJSON *document = cJSON_CreateObject();

        cli_json_count(document, "count", e->count);
        if (has_targets)
            cli_json_count(document, "correct", e->correct);
        else
            cJSON_AddNullToObject(document, "correct");
        cli_json_number(document, "top1", e->top1);
        cli_json_number(document, "loss", e->loss);
        cli_json_number(document, "seconds", e->seconds);
        cli_json_number(document, "images_per_second", rate);
        if (has_reference) {
            cli_json_number(document, "agreement", e->agreement);
            cli_json_number(document, "kl", e->kl);
        }
        return cli_print_json(document);
    }
    printf("%-12s %s\n", "samples", cli_text_count(text, e->count));
    if (has_targets) {
        printf("%-12s %.2f %% (%s right)\n", "top-1", 100.0 * e->top1,
               cli_text_count(text, e->correct));
        printf("%-12s %.5f nats\n", "loss", e->loss);
    }
    if (has_reference) {
        printf("%-12s %.2f %%\n", "agreement", 100.0 * e->agreement);
        printf("%-12s %.6f nats from the reference\n", "KL", e->kl);
    }
    printf("%-12s %s, %.0f samples a second\n", "time", cli_text_seconds(text, e->seconds), rate);
    return CLI_DONE;
}

static int evaluate(cli *self, effnn_model *model, effnn_model *reference, effnn_dataset *data)
{
    const eval_flags *flags = self->flags;
    effnn_evaluate_options options = EFFNN_EVALUATE_OPTIONS_INIT;
    effnn_evaluation result = { .version = 1 };
    effnn_tensor *logits = NULL;
    effnn_status status;
    int code;

    options.batch = cli_batch(self, model, flags->batch ? flags->batch : options.batch);
    options.reference = reference;
    options.predictions = flags->predictions ? &logits : NULL;
    options.progress = cli_progress;
    options.progress_user = self;
    status = effnn_model_evaluate(&result, model, data, &options);
    cli_progress_done(self);
    if (status == EFFNN_OK && logits) status = effnn_tensor_write_npy(logits, flags->predictions);
    code = status == EFFNN_OK ? print_result(self, &result) : cli_fail(status);
    effnn_tensor_release(logits);
    return code;
}

static int run(cli *self)
{
    const eval_flags *flags = self->flags;
    int code;
    effnn_model *reference = NULL, *model = cli_load(self, self->args[0], &code);
    effnn_dataset *data = NULL;

    if (model && flags->reference) reference = cli_load(self, flags->reference, &code);
    if (code == CLI_DONE) data = cli_open(self, flags->data, model, &code);
    if (code == CLI_DONE) code = evaluate(self, model, reference, data);
    effnn_dataset_destroy(data);
    effnn_model_destroy(reference);
    effnn_model_destroy(model);
    return code;
}

static const cli_flag flags[] = {
    { "data", 'd', CLI_TEXT, offsetof(eval_flags, data), "URI", "samples (docs/data-uris.md)", true,
      false },
    { "batch", 'b', CLI_COUNT, offsetof(eval_flags, batch), "N", "samples run at once (default 32)",
      false, false },
    { "reference", 'r', CLI_TEXT, offsetof(eval_flags, reference), "MODEL2",
      "compare with this model", false, false },
    { "predictions", 0, CLI_TEXT, offsetof(eval_flags, predictions), "FILE.npy", "write the logits",
      false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_eval;
const cli_command cli_command_eval = {
    .name = "eval",
    .summary = "accuracy and loss on data, agreement with a reference",
    .args = "MODEL",
    .min_args = 1,
    .max_args = 1,
    .example = "effnn eval examples/data/digits_vit.onnx --data "
               "records:examples/data/digits.bin,shape=1/8/8,label=first,scale=16,first=1297",
    .flags = flags,
    .flags_size = sizeof(eval_flags),
    .run = run,
};
