/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn run: one inference on tensors from .npy files. */

#include "cli.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct run_flags {
    cli_list input, output;
} run_flags;

/* Split "NAME=FILE"; without '=' the name is empty. */
static const char *split(const char *text, size_t *name_length)
{
    const char *equals = strchr(text, '=');

    *name_length = equals ? (size_t)(equals - text) : 0;
    return equals ? equals + 1 : text;
}

static bool same_name(const char *text, size_t length, const char *name)
{
    return strlen(name) == length && strncmp(text, name, length) == 0;
}

static int read_inputs(cli *self, const effnn_model *model, effnn_tensor **inputs)
{
    const run_flags *flags = self->flags;
    const size_t n = effnn_model_input_count(model);

    for (size_t k = 0; k < flags->input.n; k++) {
        size_t length, i = 0;
        const char *text = flags->input.items[k];
        const char *file = split(text, &length);
        effnn_value_spec spec = { .version = 1 };
        effnn_status status;

        if (length == 0 && n != 1)
            return cli_usage(self->command, "the model has %zu inputs: --input NAME=FILE", n);
        for (; length && i < n; i++) {
            effnn_model_input_at(&spec, model, i);
            if (same_name(text, length, spec.name)) break;
        }
        if (i == n) return cli_fail_text("no input '%.*s'", (int)length, text);
        if (inputs[i]) return cli_usage(self->command, "input '%s' is given twice", text);
        status = effnn_tensor_read_npy(&inputs[i], self->context, file);
        if (status != EFFNN_OK) return cli_fail(status);
    }
    for (size_t i = 0; i < n; i++) {
        effnn_value_spec spec = { .version = 1 };

        if (inputs[i]) continue;
        effnn_model_input_at(&spec, model, i);
        return cli_usage(self->command, "input '%s' is missing: --input %s=FILE.npy", spec.name,
                         spec.name);
    }
    return CLI_DONE;
}

/* Least, largest and mean of a tensor's elements. */
static int summarise(const effnn_tensor *tensor, double *least, double *largest, double *mean)
{
    effnn_tensor *wide = NULL;
    const effnn_status status = effnn_tensor_cast(&wide, tensor, EFFNN_F64);
    const double *data;
    const size_t n = effnn_tensor_count(tensor);
    double sum = 0.0;

    if (status != EFFNN_OK) return cli_fail(status);
    data = effnn_tensor_data(wide);
    *least = *largest = n ? data[0] : NAN;
    for (size_t i = 0; i < n; i++) {
        *least = data[i] < *least ? data[i] : *least;
        *largest = data[i] > *largest ? data[i] : *largest;
        sum += data[i];
    }
    *mean = n ? sum / (double)n : NAN;
    effnn_tensor_release(wide);
    return CLI_DONE;
}

/* The file that an output is to be written to, or NULL. */
static const char *output_file(const run_flags *flags, const char *name, size_t n_outputs)
{
    for (size_t k = 0; k < flags->output.n; k++) {
        size_t length;
        const char *file = split(flags->output.items[k], &length);

        if ((length == 0 && n_outputs == 1) || same_name(flags->output.items[k], length, name))
            return file;
    }
    return NULL;
}

static int report_output(cli *self, const effnn_value_spec *spec, const effnn_tensor *tensor,
                         const char *file, cJSON *array)
{
    double least = 0.0, largest = 0.0, mean = 0.0;
    char shape[256];
    int code = summarise(tensor, &least, &largest, &mean);

    if (code != CLI_DONE) return code;
    if (file) {
        const effnn_status status = effnn_tensor_write_npy(tensor, file);

        if (status != EFFNN_OK) return cli_fail(status);
    }
    if (self->common.json) {
        cJSON *object = cJSON_CreateObject();

        cJSON_AddStringToObject(object, "name", spec->name);
        cJSON_AddStringToObject(object, "dtype", effnn_dtype_name(effnn_tensor_dtype(tensor)));
        cJSON_AddItemToObject(object, "shape",
                              cli_json_dims(effnn_tensor_rank(tensor), effnn_tensor_dims(tensor)));
        if (file)
            cJSON_AddStringToObject(object, "file", file);
        else
            cJSON_AddNullToObject(object, "file");
        cli_json_number(object, "min", least);
        cli_json_number(object, "max", largest);
        cli_json_number(object, "mean", mean);
        cJSON_AddItemToArray(array, object);
    } else {
        printf("%s: %s %s, least %g, largest %g, mean %g%s%s\n", spec->name,
               effnn_dtype_name(effnn_tensor_dtype(tensor)),
               cli_text_dims(shape, effnn_tensor_rank(tensor), effnn_tensor_dims(tensor)), least,
               largest, mean, file ? ", written to " : "", file ? file : "");
    }
    return CLI_DONE;
}

static int check_outputs(cli *self, const effnn_model *model)
{
    const run_flags *flags = self->flags;
    const size_t n = effnn_model_output_count(model);

    for (size_t k = 0; k < flags->output.n; k++) {
        size_t length, i = 0;
        effnn_value_spec spec = { .version = 1 };

        split(flags->output.items[k], &length);
        if (length == 0 && n != 1)
            return cli_usage(self->command, "the model has %zu outputs: --output NAME=FILE", n);
        for (; length && i < n; i++) {
            effnn_model_output_at(&spec, model, i);
            if (same_name(flags->output.items[k], length, spec.name)) break;
        }
        if (i == n) return cli_fail_text("no output '%.*s'", (int)length, flags->output.items[k]);
    }
    return CLI_DONE;
}

static int run_once(cli *self, const effnn_model *model, effnn_tensor **inputs,
                    effnn_tensor **outputs, double *seconds)
{
    effnn_session *session = NULL;
    effnn_run_options options = EFFNN_RUN_OPTIONS_INIT;
    effnn_status status = effnn_session_create(&session, model, NULL);
    const double start = cli_seconds();

    options.progress = cli_progress;
    options.progress_user = self;
    if (status == EFFNN_OK) status = effnn_session_run(session, inputs, outputs, &options);
    *seconds = cli_seconds() - start;
    cli_progress_done(self);
    effnn_session_destroy(session);
    return status == EFFNN_OK ? CLI_DONE : cli_fail(status);
}

static int report(cli *self, const effnn_model *model, effnn_tensor **outputs, double seconds)
{
    const size_t n = effnn_model_output_count(model);
    cJSON *document = cJSON_CreateObject();
    cJSON *array = cJSON_AddArrayToObject(document, "outputs");
    char text[32];
    int code = CLI_DONE;

    for (size_t i = 0; i < n && code == CLI_DONE; i++) {
        effnn_value_spec spec = { .version = 1 };

        effnn_model_output_at(&spec, model, i);
        code =
            report_output(self, &spec, outputs[i], output_file(self->flags, spec.name, n), array);
    }
    cli_json_number(document, "seconds", seconds);
    if (code == CLI_DONE && self->common.json) return cli_print_json(document);
    cJSON_Delete(document);
    if (code == CLI_DONE) printf("%s\n", cli_text_seconds(text, seconds));
    return code;
}

static int run(cli *self)
{
    int code;
    double seconds = 0.0;
    effnn_model *model = cli_load(self, self->args[0], &code);
    const size_t n_in = model ? effnn_model_input_count(model) : 0;
    const size_t n_out = model ? effnn_model_output_count(model) : 0;
    effnn_tensor **tensors = calloc(n_in + n_out + 1, sizeof(effnn_tensor *));

    if (model && !tensors) code = cli_no_memory();
    if (model && tensors) {
        code = read_inputs(self, model, tensors);
        if (code == CLI_DONE) code = check_outputs(self, model);
        if (code == CLI_DONE) code = run_once(self, model, tensors, tensors + n_in, &seconds);
        if (code == CLI_DONE) code = report(self, model, tensors + n_in, seconds);
    }
    for (size_t i = 0; tensors && i < n_in + n_out; i++) effnn_tensor_release(tensors[i]);
    free(tensors);
    effnn_model_destroy(model);
    return code;
}

static const cli_flag flags[] = {
    { "input", 'i', CLI_LIST, offsetof(run_flags, input), "[NAME=]FILE.npy", "an input", false,
      false },
    { "output", 'o', CLI_LIST, offsetof(run_flags, output), "[NAME=]FILE.npy",
      "write an output; without it, a summary", false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_run;
const cli_command cli_command_run = {
    .name = "run",
    .summary = "one inference on tensors from .npy files",
    .args = "MODEL",
    .min_args = 1,
    .max_args = 1,
    .example = "effnn run examples/data/digits_vit.onnx --input examples/data/digit.npy",
    .flags = flags,
    .flags_size = sizeof(run_flags),
    .run = run,
};
