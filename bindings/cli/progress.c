/* SPDX-License-Identifier: BSD-3-Clause */
/* Progress, the clock, Ctrl-C, and what commands do first: load a model, open data. */

#include "cli.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BAR_INTERVAL  0.1  /* seconds between updates of the bar */
#define LINE_INTERVAL 10.0 /* seconds between lines where there is no terminal */

static volatile sig_atomic_t interrupted;
static struct {
    double first, last; /* start of the stage, last output */
    char stage[64];
    bool shown;
} state;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

bool cli_interrupted(void)
{
    return interrupted != 0;
}

double cli_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void show_bar(const effnn_progress *p, double elapsed)
{
    const double share = p->total ? (double)p->done / (double)p->total : 0.0;
    const double rate = elapsed > 0.0 ? (double)p->done / elapsed : 0.0;
    char left[32] = "";

    if (rate > 0.0 && p->total)
        snprintf(left, sizeof left, ", %.0f s left", (double)(p->total - p->done) / rate);
    fprintf(stderr, "\r%-24.24s [%-20.*s] %3.0f %%, %.0f/s%s\033[K", p->stage, (int)(share * 20.0),
            "####################", share * 100.0, rate, left);
    fflush(stderr);
}

int cli_progress(void *user, const effnn_progress *p)
{
    const cli *self = user;
    const double now = cli_seconds();
    const bool terminal = isatty(STDERR_FILENO);

    if (interrupted) return 1;
    if (strncmp(state.stage, p->stage, sizeof state.stage - 1) != 0) {
        snprintf(state.stage, sizeof state.stage, "%s", p->stage);
        state.first = state.last = now;
    }
    if (self->common.quiet || now - state.last < (terminal ? BAR_INTERVAL : LINE_INTERVAL))
        return 0;
    state.last = now;
    if (terminal) {
        state.shown = true;
        show_bar(p, now - state.first);
    } else if (self->common.verbose) {
        fprintf(stderr, "effnn: %s: %llu of %llu\n", p->stage, (unsigned long long)p->done,
                (unsigned long long)p->total);
    }
    return 0;
}

void cli_progress_done(const cli *self)
{
    (void)self;
    if (state.shown) fputs("\r\033[K", stderr);
    state.shown = false;
}

/* Once a call that can be stopped is about to begin; a second Ctrl-C kills as usual. */
static void catch_interrupt(void)
{
    struct sigaction action;

    memset(&action, 0, sizeof action);
    action.sa_handler = on_interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigaction(SIGINT, &action, NULL);
}

effnn_model *cli_load(cli *self, const char *path, int *code)
{
    effnn_model *model = NULL;
    const effnn_status status = effnn_model_load(&model, self->context, path, NULL);

    catch_interrupt();
    *code = status == EFFNN_OK ? CLI_DONE : cli_fail(status);
    return model;
}

effnn_dataset *cli_open(cli *self, const char *uri, const effnn_model *model, int *code)
{
    effnn_dataset *data = NULL;
    const effnn_status status = effnn_dataset_open(&data, self->context, uri, model);

    *code = status == EFFNN_OK ? CLI_DONE : cli_fail(status);
    return data;
}

uint32_t cli_batch(const cli *self, const effnn_model *model, uint32_t wish)
{
    effnn_value_spec spec = { .version = 1 };

    if (effnn_model_input_count(model) == 0 || effnn_model_input_at(&spec, model, 0) != EFFNN_OK ||
        spec.rank == 0 || spec.dims[0] < 1 || spec.dims[0] == (int64_t)wish)
        return wish;
    cli_note(self, "the model's batch is fixed: running at %lld, not %u", (long long)spec.dims[0],
             wish);
    return (uint32_t)spec.dims[0];
}
