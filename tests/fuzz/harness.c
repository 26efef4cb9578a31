/* SPDX-License-Identifier: BSD-3-Clause */
/* Time is the process's CPU time, so that a busy machine makes no finding. Memory is everything
 * that malloc gives, counted by AddressSanitizer's hooks, and the file once, for it is mapped. */

#include "fuzz/harness.h"

#include "base/clock.h"
#include "fuzz/memory_watch.h"
#include "graph/graph.h"
#include "model/model.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <effnn/dataset.h>
#include <effnn/session.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define MOST_SECONDS 10.0
#define LOAD_FACTOR  4.0
#define LOAD_BYTES   (64.0 * 1048576.0)
#define RUN_BYTES    ((size_t)96 << 20) /* tensors of one run */
#define RUN_MACS     1e8
#define RUN_SECONDS  2.0
#define OPEN_SIZE    2
#define MAX_VALUES   64

fuzz_stats fuzz_totals;

static struct {
    effnn_context *context;
    size_t used; /* by tensors of the context */
    char folder[256], input[300], output[300];
    size_t size;
    double began;
    bool counts_loading;
} now;

void fuzz_fail(const char *what, const char *detail)
{
    fprintf(stderr, "broken rule: %s: %s\n", what, detail ? detail : "");
    abort();
}

static double cpu_seconds(void)
{
    struct timespec t = { 0 };

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

double fuzz_seconds(void)
{
    return cpu_seconds() - now.began;
}

/* ---- the context ---- */

static void *take(void *user, size_t size, size_t alignment)
{
    void *memory = NULL;

    (void)user;
    if (size > RUN_BYTES - (now.used < RUN_BYTES ? now.used : RUN_BYTES) && !now.counts_loading)
        return NULL;
    if (posix_memalign(&memory, alignment, size) != 0) return NULL;
    now.used += malloc_usable_size(memory);
    return memory;
}

static void give_back(void *user, void *memory)
{
    (void)user;
    now.used -= malloc_usable_size(memory);
    free(memory);
}

effnn_context *fuzz_context(void)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;

    if (now.context) return now.context;
    options.threads = 1;
    options.alloc = take;
    options.free = give_back;
    if (effnn_context_create(&now.context, &options) != EFFNN_OK)
        fuzz_fail("no context", effnn_last_error());
    return now.context;
}

/* ---- files ---- */

static void remove_folder(void)
{
    if (*now.folder) rmdir(now.folder);
}

static void make_folder(void)
{
    const char *place = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : getenv("TMPDIR");

    snprintf(now.folder, sizeof now.folder, "%s/effnn-fuzz-XXXXXX", place ? place : "/tmp");
    if (!mkdtemp(now.folder)) fuzz_fail("no scratch folder", now.folder);
    atexit(remove_folder);
}

const char *fuzz_output(const char *ending)
{
    snprintf(now.output, sizeof now.output, "%s/out%s", now.folder, ending);
    return now.output;
}

const char *fuzz_begin(const uint8_t *data, size_t size, const char *ending)
{
    const struct itimerval limit = { .it_value = { .tv_sec = 3 * (time_t)MOST_SECONDS } };
    FILE *file;

    if (!*now.folder) make_folder();
    snprintf(now.input, sizeof now.input, "%s/in%s", now.folder, ending);
    *now.output = '\0';
    file = fopen(now.input, "wb");
    if (!file || fwrite(data, 1, size, file) != size || fclose(file) != 0)
        fuzz_fail("cannot write the input", now.input);
    fuzz_context();
    fuzz_totals.cases++;
    now.size = size;
    now.began = cpu_seconds();
    now.counts_loading = true;
    setitimer(ITIMER_PROF, &limit, NULL); /* a hang ends by SIGPROF */
    fuzz_memory_begin();
    effnn__clear_error();
    return now.input;
}

void fuzz_loaded(void)
{
    const double seconds = fuzz_seconds();
    const double above =
        (double)fuzz_memory_peak() + (double)now.size - LOAD_FACTOR * (double)now.size;
    char text[128];

    if (!now.counts_loading) return;
    now.counts_loading = false;
    if (seconds > fuzz_totals.slowest_load) fuzz_totals.slowest_load = seconds;
    if (!fuzz_memory_is_measured()) return;
    if (fuzz_totals.cases == 1 || above > fuzz_totals.worst_memory)
        fuzz_totals.worst_memory = above;
    snprintf(text, sizeof text, "%zu bytes for a file of %zu", fuzz_memory_peak(), now.size);
    if (above > LOAD_BYTES) fuzz_fail("too much memory at load", text);
}

void fuzz_end(void)
{
    const struct itimerval off = { 0 };
    const double seconds = fuzz_seconds();
    char text[64];

    fuzz_loaded();
    setitimer(ITIMER_PROF, &off, NULL);
    remove(now.input);
    if (*now.output) remove(now.output);
    if (seconds > fuzz_totals.slowest_case) fuzz_totals.slowest_case = seconds;
    snprintf(text, sizeof text, "%.1f s", seconds);
    if (seconds > MOST_SECONDS) fuzz_fail("too slow", text);
}

/* ---- rules ---- */

bool fuzz_succeeded(effnn_status status, const char *what)
{
    if (status == EFFNN_OK) return true;
    if (strcmp(effnn_last_error(), "no error") == 0 || !*effnn_last_error())
        fuzz_fail(what, "a failure without a message");
    if (strcmp(effnn_status_name(status), "unknown status") == 0 || status == EFFNN_E_CANCELLED)
        fuzz_fail(what, effnn_status_name(status));
    return false;
}

static int stop_late(void *user, const effnn_progress *progress)
{
    (void)progress;
    return fuzz_seconds() - *(const double *)user > RUN_SECONDS;
}

/* Small numbers of both signs; integers, which may be indexes, are all 0 in a third of the cases
 * and none below 0 in another. */
static void fill(effnn_tensor *tensor)
{
    const effnn__dtype_row *row = effnn__dtype_row_of(effnn_tensor_dtype(tensor));
    void *data = effnn__tensor_data(tensor);

    for (size_t i = 0; i < effnn_tensor_count(tensor); i++) {
        if (effnn_tensor_dtype(tensor) == EFFNN_F32)
            ((float *)data)[i] = (float)(i % 13) / 8.0f - 0.7f;
        else if (effnn_tensor_dtype(tensor) == EFFNN_BOOL)
            row->store_i64(data, i, i % 3 == 0);
        else if (now.size % 3)
            row->store_i64(data, i, (int64_t)(i * 5 % 7) - (now.size % 3 == 1 ? 0 : 3));
    }
}

static effnn_status make_inputs(effnn_tensor **inputs, const effnn_model *model)
{
    const effnn__vec *values = &model->graph->inputs;
    effnn__shape shapes[MAX_VALUES];

    EFFNN_TRY(effnn__model_input_shapes(shapes, model, OPEN_SIZE));
    for (size_t i = 0; i < values->n; i++) {
        const effnn__value *value = values->items[i];
        EFFNN_TRY(effnn_tensor_create(&inputs[i], fuzz_context(), value->info.dtype, shapes[i].rank,
                                      shapes[i].dims));
        fill(inputs[i]);
    }
    return EFFNN_OK;
}

static void run_model(const effnn_model *model)
{
    effnn_run_options options = EFFNN_RUN_OPTIONS_INIT;
    effnn_tensor *inputs[MAX_VALUES] = { 0 }, *outputs[MAX_VALUES] = { 0 };
    effnn_session *session = NULL;
    effnn_status status;
    double began = fuzz_seconds();

    if (model->graph->inputs.n > MAX_VALUES || model->graph->outputs.n > MAX_VALUES) return;
    options.progress = stop_late;
    options.progress_user = &began;
    status = effnn_session_create(&session, model, NULL);
    if (fuzz_succeeded(status, "session")) {
        status = make_inputs(inputs, model);
        if (status == EFFNN_OK) status = effnn_session_run(session, inputs, outputs, &options);
        if (status == EFFNN_OK) fuzz_totals.ran++;
        if (status != EFFNN_E_CANCELLED) fuzz_succeeded(status, "run");
    }
    for (size_t i = 0; i < MAX_VALUES; i++) {
        effnn_tensor_release(inputs[i]);
        effnn_tensor_release(outputs[i]);
    }
    effnn_session_destroy(session);
}

/* What was saved must load. */
static void save_model(const effnn_model *model, const char *ending,
                       const effnn_load_options *options)
{
    const char *path = fuzz_output(ending);
    effnn_model *again = NULL;

    if (!fuzz_succeeded(effnn_model_save(model, path, NULL), "save")) {
        if (access(path, F_OK) == 0) fuzz_fail("save", "it failed and left a file");
        return;
    }
    fuzz_totals.saved++;
    if (effnn_model_load(&again, fuzz_context(), path, options) != EFFNN_OK)
        fuzz_fail("what was saved does not load", effnn_last_error());
    effnn_model_destroy(again);
}

void fuzz_use_model(effnn_model *model, const char *ending, const effnn_load_options *options)
{
    effnn_cost cost = { .version = 1 };

    fuzz_totals.loaded++;
    if (effnn__graph_check(model->graph) != EFFNN_OK)
        fuzz_fail("the graph is not sound", effnn_last_error());
    if (fuzz_succeeded(effnn_model_cost(&cost, model), "cost") && model->graph->outputs.n &&
        !(cost.macs > RUN_MACS))
        run_model(model);
    save_model(model, ending, options);
}

static void read_samples(effnn_dataset *dataset, uint64_t first, size_t n)
{
    effnn_tensor *inputs[MAX_VALUES] = { NULL };
    effnn_batch batch = { .version = 1,
                          .n_inputs = effnn_dataset_input_count(dataset),
                          .inputs = inputs };

    if (batch.n_inputs > MAX_VALUES) return;
    if (fuzz_succeeded(effnn_dataset_read(&batch, dataset, first, n), "read")) fuzz_totals.ran++;
    effnn_batch_clear(&batch);
}

void fuzz_use_dataset(const char *uri, const char *path)
{
    char text[1024];
    size_t n = 0;
    effnn_dataset *dataset = NULL;

    for (; *uri && n + strlen(path) + 1 < sizeof text; uri++)
        n += (size_t)snprintf(text + n, sizeof text - n, *uri == '@' ? "%s" : "%.1s",
                              *uri == '@' ? path : uri);
    if (!fuzz_succeeded(effnn_dataset_open(&dataset, fuzz_context(), text, NULL), "open")) return;
    fuzz_totals.loaded++;
    const uint64_t count = effnn_dataset_count(dataset);
    if (count == 0) fuzz_fail("dataset", "it opened without samples");
    read_samples(dataset, 0, 1);
    read_samples(dataset, count > 3 ? count - 3 : 0, count > 3 ? 3 : (size_t)count);
    effnn_dataset_destroy(dataset);
}
