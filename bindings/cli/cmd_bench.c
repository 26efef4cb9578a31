/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn bench: how long one inference takes, as a whole and by node; with a profile also how near
 * each node comes to what the machine can do. */

#include "inputs.h"
#include "machine.h"

#include <stdio.h>
#include <stdlib.h>

typedef struct bench_flags {
    uint32_t batch, repeat;
    cli_list size;
    bool profile;
} bench_flags;

enum { DEFAULT_REPEAT = 20, WARM_UP = 2 };

typedef struct timing {
    double median, least, largest;
} timing;

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Run WARM_UP times, then `repeat` times with the clock. */
static int measure(cli *self, effnn_session *session, effnn_tensor *const *inputs, uint32_t repeat,
                   timing *out)
{
    const size_t n_outputs = effnn_session_output_count(session);
    double *seconds = calloc(repeat, sizeof *seconds);
    effnn_tensor **outputs = calloc(n_outputs + 1, sizeof(effnn_tensor *));
    effnn_run_options options = EFFNN_RUN_OPTIONS_INIT;
    effnn_status status = EFFNN_OK;

    options.progress = cli_progress;
    options.progress_user = self;
    for (uint32_t i = 0; seconds && outputs && i < repeat + WARM_UP && status == EFFNN_OK; i++) {
        const double start = cli_seconds();

        status = effnn_session_run(session, inputs, outputs, &options);
        if (i >= WARM_UP) seconds[i - WARM_UP] = cli_seconds() - start;
    }
    cli_progress_done(self);
    if (seconds && status == EFFNN_OK) {
        qsort(seconds, repeat, sizeof *seconds, compare);
        *out = (timing){ 0.5 * (seconds[(repeat - 1) / 2] + seconds[repeat / 2]), seconds[0],
                         seconds[repeat - 1] };
    }
    for (size_t i = 0; outputs && i < n_outputs; i++) effnn_tensor_release(outputs[i]);
    const bool no_memory = !seconds || !outputs;
    free(outputs);
    free(seconds);
    if (no_memory) return cli_no_memory();
    return status == EFFNN_OK ? CLI_DONE : cli_fail(status);
}

static void print_profile(const effnn_session *session, const cli_machine *machine, double total)
{
    char time[32], macs[32], flops[32], bytes[32];

    printf("this machine: %s FLOP/s in a product of matrices, %s/s of memory\n",
           cli_text_scaled(flops, machine->flops), cli_text_bytes(bytes, machine->bandwidth));
    printf("\n%-28s %-20s %10s %7s %10s %9s %6s\n", "node", "operator", "time", "share", "MACs",
           "GMAC/s", "roof");
    for (size_t i = 0; i < effnn_session_node_count(session); i++) {
        effnn_node_profile p = { .version = 2 };
        double each;

        if (effnn_session_profile_at(&p, session, i) != EFFNN_OK || !p.runs) continue;
        each = p.seconds / (double)p.runs;
        printf("%-28.28s %-20s %10s %6.1f%% %10s %9.3g %5.0f%%\n", p.name, p.op,
               cli_text_seconds(time, each), 100.0 * each / total, cli_text_scaled(macs, p.macs),
               each > 0.0 ? 1e-9 * p.macs / each : 0.0, 100.0 * cli_machine_fraction(machine, &p));
    }
}

static cJSON *profile_json(const effnn_session *session, const cli_machine *machine)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < effnn_session_node_count(session); i++) {
        effnn_node_profile p = { .version = 2 };
        cJSON *object;

        if (effnn_session_profile_at(&p, session, i) != EFFNN_OK) continue;
        object = cJSON_CreateObject();
        cJSON_AddStringToObject(object, "name", p.name);
        cJSON_AddStringToObject(object, "op", p.op);
        cli_json_number(object, "seconds", p.runs ? p.seconds / (double)p.runs : 0.0);
        cli_json_number(object, "macs", p.macs);
        cli_json_number(object, "flops", p.flops);
        cli_json_number(object, "bytes", p.bytes);
        cli_json_number(object, "roof", cli_machine_fraction(machine, &p));
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static cJSON *machine_json(const cli_machine *machine)
{
    cJSON *object = cJSON_CreateObject();

    cli_json_number(object, "flops", machine->flops);
    cli_json_number(object, "bandwidth", machine->bandwidth);
    return object;
}

/* machine: NULL without a profile. */
static int print_result(const cli *self, const effnn_session *session, uint32_t batch,
                        const timing *t, const cli_machine *machine)
{
    char a[32], b[32], c[32];

    if (self->common.json) {
        cJSON *document = cJSON_CreateObject();

        cJSON_AddNumberToObject(document, "batch", batch);
        cJSON_AddNumberToObject(document, "threads", effnn_context_threads(self->context));
        cli_json_number(document, "median_seconds", t->median);
        cli_json_number(document, "min_seconds", t->least);
        cli_json_number(document, "max_seconds", t->largest);
        cJSON_AddItemToObject(document, "machine",
                              machine ? machine_json(machine) : cJSON_CreateNull());
        cJSON_AddItemToObject(document, "nodes",
                              machine ? profile_json(session, machine) : cJSON_CreateArray());
        return cli_print_json(document);
    }
    printf("batch %u, %u threads: median %s, least %s, most %s\n", batch,
           effnn_context_threads(self->context), cli_text_seconds(a, t->median),
           cli_text_seconds(b, t->least), cli_text_seconds(c, t->largest));
    if (machine) print_profile(session, machine, t->median);
    return CLI_DONE;
}

/* The model goes as soon as the session has what it needs: that can then let go of weights that it
 * has packed. */
static int bench(cli *self, effnn_model *model, uint32_t batch, effnn_tensor *const *inputs)
{
    const bench_flags *flags = self->flags;
    effnn_session_options options = EFFNN_SESSION_OPTIONS_INIT;
    effnn_session *session = NULL;
    timing t = { 0 };
    cli_machine machine = { 0 };
    effnn_status status;
    int code;

    options.profile = flags->profile;
    status = effnn_session_create(&session, model, &options);
    effnn_model_destroy(model);
    if (status != EFFNN_OK) return cli_fail(status);
    code = measure(self, session, inputs, flags->repeat ? flags->repeat : DEFAULT_REPEAT, &t);
    if (code == CLI_DONE && flags->profile) code = cli_measure_machine(self, &machine);
    if (code == CLI_DONE)
        code = print_result(self, session, batch, &t, flags->profile ? &machine : NULL);
    effnn_session_destroy(session);
    return code;
}

static int run(cli *self)
{
    const bench_flags *flags = self->flags;
    int code;
    effnn_model *model = cli_load(self, self->args[0], &code);
    const size_t n_inputs = model ? effnn_model_input_count(model) : 0;
    const uint32_t n = model ? cli_batch(self, model, flags->batch ? flags->batch : 1) : 0;
    effnn_tensor **inputs = calloc(n_inputs + 1, sizeof(effnn_tensor *));

    if (model && !inputs) code = cli_no_memory();
    if (model && inputs) {
        code = cli_random_inputs(self, model, n, &flags->size, inputs);
        if (code == CLI_DONE) {
            code = bench(self, model, n, inputs);
            model = NULL;
        }
    }
    for (size_t i = 0; inputs && i < n_inputs; i++) effnn_tensor_release(inputs[i]);
    free(inputs);
    effnn_model_destroy(model);
    return code;
}

static const cli_flag flags[] = {
    { "batch", 'b', CLI_COUNT, offsetof(bench_flags, batch), "N", "samples run at once (default 1)",
      false, false },
    { "repeat", 'n', CLI_COUNT, offsetof(bench_flags, repeat), "N", "runs that count (default 20)",
      false, false },
    { "size", 's', CLI_LIST, offsetof(bench_flags, size), "NAME=N",
      "size of an open dimension by its name (default 1)", false, false },
    { "profile", 'p', CLI_SWITCH, offsetof(bench_flags, profile), NULL, "time by node", false,
      false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_bench;
const cli_command cli_command_bench = {
    .name = "bench",
    .summary = "time of one inference, on random inputs",
    .args = "MODEL",
    .min_args = 1,
    .max_args = 1,
    .example = "effnn bench examples/data/digits_vit.onnx --batch 8 --profile",
    .flags = flags,
    .flags_size = sizeof(bench_flags),
    .run = run,
};
