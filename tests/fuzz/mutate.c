/* SPDX-License-Identifier: BSD-3-Clause */
/* A mutation campaign: mutate_<target> [-n COUNT] [-s SEED] [-f FIRST] [-t SECONDS] [-o FOLDER]
 * [-k] FILE… Case i takes one of the files and changes it one to four times, all by random numbers
 * made of SEED and i: a finding is run again by -s SEED -f i -n 1. A case that breaks a rule, or
 * that a sanitizer stops, is written to FOLDER; -k writes the last one in any case. Cases run in
 * one process, one after the other; a case that leaves memory behind each time it runs is a leak.
 * The last line is the summary. */

#include "fuzz/harness.h"
#include "fuzz/memory_watch.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define MAX_SEEDS   4096
#define MAX_CHANGES 4
#define MAX_CASE    ((size_t)48 << 20)

static struct {
    unsigned long long count, first, seed;
    double seconds; /* 0: no limit */
    const char *folder;
    int keeps;
    size_t n;
    fuzz_bytes files[MAX_SEEDS];
    double weights[MAX_SEEDS], weight;
    fuzz_bytes input;
    unsigned long long index, slowest;
} campaign = { .count = 1000, .seed = 1, .folder = "." };

/* ---- findings ---- */

static void keep_case(void)
{
    char path[512];
    FILE *file;

    snprintf(path, sizeof path, "%s/finding-%s-%llu-%llu", campaign.folder, fuzz_this_target.name,
             campaign.seed, campaign.index);
    file = fopen(path, "wb");
    if (!file) return;
    fwrite(campaign.input.data, 1, campaign.input.n, file);
    fclose(file);
    fprintf(stderr, "case %llu of seed %llu kept as %s\n", campaign.index, campaign.seed, path);
}

static void on_signal(int number)
{
    fprintf(stderr, "case %llu: signal %d%s\n", campaign.index, number,
            number == SIGPROF ? " (it hangs)" : "");
    keep_case();
    signal(SIGABRT, SIG_DFL);
    abort();
}

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif

#ifdef SANITIZED
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>

EFFNN_API const char *__asan_default_options(void);
EFFNN_API const char *__ubsan_default_options(void);

const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1:max_allocation_size_mb=2048:handle_abort=0";
}

const char *__ubsan_default_options(void)
{
    return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}
#endif

static void catch_findings(void)
{
#ifdef SANITIZED
    __sanitizer_set_death_callback(keep_case);
#endif
    signal(SIGABRT, on_signal);
    signal(SIGPROF, on_signal);
}

/* ---- cases ---- */

static int read_seed(const char *path)
{
    FILE *file = fopen(path, "rb");
    fuzz_bytes *bytes = &campaign.files[campaign.n];
    unsigned char block[4096];
    size_t n;

    if (!file || campaign.n + 1 == MAX_SEEDS) {
        perror(path);
        return 1;
    }
    while ((n = fread(block, 1, sizeof block, file)) > 0) fuzz_bytes_add(bytes, block, n);
    fclose(file);
    if (bytes->n == 0) return 0;
    /* Large files cost more time and hold no other structure: they come less often. */
    campaign.weights[campaign.n] = 1.0 / (1.0 + (double)bytes->n / 100000.0);
    campaign.weight += campaign.weights[campaign.n++];
    return 0;
}

static const fuzz_bytes *pick_seed(fuzz_random *random)
{
    double at = (double)(fuzz_next(random) >> 11) / 9007199254740992.0 * campaign.weight;
    size_t i = 0;

    while (i + 1 < campaign.n && at >= campaign.weights[i]) at -= campaign.weights[i++];
    return &campaign.files[i];
}

static void make_case(unsigned long long index)
{
    fuzz_random random = { .state = campaign.seed * 0x2545f4914f6cdd1du + index };
    const fuzz_bytes *seed = pick_seed(&random), *other = pick_seed(&random);
    size_t changes = fuzz_below(&random, 2) ? 1 : 1 + fuzz_below(&random, MAX_CHANGES);

    fuzz_next(&random);
    fuzz_bytes_set(&campaign.input, seed->data, seed->n);
    for (; changes && campaign.input.n < MAX_CASE; changes--)
        fuzz_this_target.mutate(&campaign.input, other, &random);
    campaign.index = index;
}

static size_t run_case(void)
{
    size_t before = fuzz_memory_live();

    LLVMFuzzerTestOneInput(campaign.input.data, campaign.input.n);
    return fuzz_memory_live() > before ? fuzz_memory_live() - before : 0;
}

/* Run a case; if memory is left behind, run it again and again: caches fill once, leaks go on. */
static void run_for_leaks(void)
{
    const fuzz_stats stats = fuzz_totals;
    const double slowest = stats.slowest_case;
    char text[64];
    size_t left = run_case();

    if (fuzz_totals.slowest_case > slowest) campaign.slowest = campaign.index;
    for (int i = 0; left && i < 4; i++) {
        const double load = fuzz_totals.slowest_load, whole = fuzz_totals.slowest_case;

        fuzz_totals = stats;
        fuzz_totals.slowest_load = load;
        fuzz_totals.slowest_case = whole;
        left = run_case();
    }
    snprintf(text, sizeof text, "%zu bytes in each run", left);
    if (left && fuzz_memory_is_measured()) fuzz_fail("memory is left behind", text);
}

/* ---- command line ---- */

static int usage(const char *name)
{
    fprintf(stderr, "%s [-n COUNT] [-s SEED] [-f FIRST] [-t SECONDS] [-o FOLDER] [-k] FILE...\n",
            name);
    return EXIT_FAILURE;
}

static int read_arguments(int argc, char **argv)
{
    int option;

    while ((option = getopt(argc, argv, "n:s:f:t:o:k")) != -1) {
        switch (option) {
        case 'n': campaign.count = strtoull(optarg, NULL, 10); break;
        case 's': campaign.seed = strtoull(optarg, NULL, 10); break;
        case 'f': campaign.first = strtoull(optarg, NULL, 10); break;
        case 't': campaign.seconds = strtod(optarg, NULL); break;
        case 'o': campaign.folder = optarg; break;
        case 'k': campaign.keeps = 1; break;
        default: return 1;
        }
    }
    for (int i = optind; i < argc; i++)
        if (read_seed(argv[i])) return 1;
    return campaign.n == 0;
}

static void summarise(double seconds)
{
    const fuzz_stats *t = &fuzz_totals;

    printf("%s: %llu mutants of %zu files, seed %llu: %llu loaded, %llu ran, %llu saved; slowest "
           "load %.2f s, case %.2f s (%llu)",
           fuzz_this_target.name, (unsigned long long)t->cases, campaign.n, campaign.seed,
           (unsigned long long)t->loaded, (unsigned long long)t->ran, (unsigned long long)t->saved,
           t->slowest_load, t->slowest_case, campaign.slowest);
    if (fuzz_memory_is_measured())
        printf("; most memory at load 4 x file %+.1f MB", t->worst_memory / 1048576.0);
    printf("; %.0f s; 0 findings\n", seconds);
}

int main(int argc, char **argv)
{
    const time_t began = time(NULL);

    if (read_arguments(argc, argv)) return usage(argv[0]);
    catch_findings();
    for (unsigned long long i = 0; i < campaign.count; i++) {
        make_case(campaign.first + i);
        run_for_leaks();
        if (campaign.seconds > 0 && difftime(time(NULL), began) >= campaign.seconds) break;
    }
    if (campaign.keeps) keep_case();
    summarise(difftime(time(NULL), began));
    for (size_t i = 0; i < campaign.n; i++) free(campaign.files[i].data);
    free(campaign.input.data);
    return EXIT_SUCCESS;
}
