/* SPDX-License-Identifier: BSD-3-Clause */
/* Parallel jobs: every piece once, same bits at any number of threads, errors carried over, forks,
 * runners, and the floating-point control word. */

#include "base/pool.h"

#include "base/alloc.h"
#include "base/context.h"
#include "support/suite.h"

#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

enum { N = 10000, GRAIN = 37 };

static effnn_context *make_context(uint32_t threads)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;

    options.threads = threads;
    ck_assert_ok(effnn_context_create(&context, &options));
    return context;
}

static effnn_status count(void *job, size_t piece, size_t begin, size_t end)
{
    unsigned char *seen = job;

    (void)piece;
    for (size_t i = begin; i < end; i++) seen[i]++;
    return EFFNN_OK;
}

static bool job_is_right(effnn_context *context)
{
    static unsigned char seen[N];
    bool right;

    memset(seen, 0, sizeof seen);
    right = effnn__parallel_for(context, N, GRAIN, count, seen) == EFFNN_OK;
    for (size_t i = 0; i < N; i++) right = right && seen[i] == 1;
    return right;
}

static void runs_once(effnn_context *context)
{
    ck_assert(job_is_right(context));
}

START_TEST(every_item_is_worked_on_once)
{
    for (uint32_t threads = 1; threads <= 8; threads *= 2) {
        effnn_context *context = make_context(threads);

        for (int i = 0; i < 50; i++) runs_once(context);
        effnn_context_destroy(context);
    }
}
END_TEST

/* Partial sums of numbers whose sum depends on the order. */
static effnn_status add(void *job, size_t piece, size_t begin, size_t end)
{
    float sum = 0.0f;

    for (size_t i = begin; i < end; i++) sum += 1.0f / (float)(i + 1);
    ((float *)job)[piece] = sum;
    return EFFNN_OK;
}

/* Slots that are in use, and how often each item has run. */
typedef struct slots {
    atomic_int in_use[8], runs[N];
    atomic_bool shared;
} slots;

static void use_slot(void *user, size_t slot, size_t item)
{
    slots *self = user;

    if (atomic_fetch_add(&self->in_use[slot], 1) != 0) atomic_store(&self->shared, true);
    atomic_fetch_add(&self->runs[item], 1);
    atomic_fetch_sub(&self->in_use[slot], 1);
}

START_TEST(no_two_items_have_one_slot_at_a_time)
{
    for (uint32_t threads = 1; threads <= 8; threads *= 2) {
        effnn_context *context = make_context(threads);
        static slots all;

        memset(&all, 0, sizeof all);
        ck_assert_uint_eq(effnn__slot_count(context, N), threads);
        ck_assert_uint_eq(effnn__slot_count(context, 1), 1);
        ck_assert_ok(effnn__parallel_items(context, N, use_slot, &all));
        ck_assert(!all.shared);
        for (size_t i = 0; i < N; i++) ck_assert_int_eq(all.runs[i], 1);
        ck_assert_ok(effnn__parallel_items(context, 0, use_slot, &all));
        effnn_context_destroy(context);
    }
}
END_TEST

START_TEST(one_two_and_eight_threads_give_the_same_bits)
{
    float sums[3] = { 0 };

    for (int k = 0; k < 3; k++) {
        static float parts[N / GRAIN + 1];
        effnn_context *context = make_context((uint32_t[]){ 1, 2, 8 }[k]);

        ck_assert_ok(effnn__parallel_for(context, N, GRAIN, add, parts));
        for (size_t i = 0; i < effnn__piece_count(N, GRAIN); i++) sums[k] += parts[i];
        effnn_context_destroy(context);
    }
    ck_assert(memcmp(&sums[0], &sums[1], sizeof sums[0]) == 0);
    ck_assert(memcmp(&sums[0], &sums[2], sizeof sums[0]) == 0);
}
END_TEST

static effnn_status fail_from_third(void *job, size_t piece, size_t begin, size_t end)
{
    (void)job;
    (void)begin;
    (void)end;
    return piece < 3 ? EFFNN_OK : effnn__fail(EFFNN_E_SHAPE, "piece %zu", piece);
}

START_TEST(the_failure_of_the_lowest_piece_is_returned_with_its_message)
{
    effnn_context *context = make_context(4);

    for (int i = 0; i < 100; i++)
        ck_assert_fails_saying(EFFNN_E_SHAPE, "piece 3",
                               effnn__parallel_for(context, N, GRAIN, fail_from_third, NULL));
    runs_once(context);
    effnn_context_destroy(context);
}
END_TEST

static effnn_status nest(void *job, size_t piece, size_t begin, size_t end)
{
    static unsigned char seen[8][N];

    (void)begin;
    (void)end;
    return effnn__parallel_for(job, N, GRAIN, count, seen[piece]);
}

START_TEST(a_nested_job_runs_on_its_own_thread)
{
    effnn_context *context = make_context(4);

    ck_assert_ok(effnn__parallel_for(context, 8, 1, nest, context));
    effnn_context_destroy(context);
}
END_TEST

static void *use_context(void *context)
{
    for (int i = 0; i < 200; i++) {
        unsigned char seen[1000] = { 0 };

        if (effnn__parallel_for(context, sizeof seen, 10, count, seen) != EFFNN_OK) return context;
        for (size_t k = 0; k < sizeof seen; k++)
            if (seen[k] != 1) return context;
    }
    return NULL;
}

typedef struct busy {
    effnn_context *context;
    atomic_bool stop;
} busy;

START_TEST(several_threads_may_use_one_context)
{
    effnn_context *context = make_context(3);
    pthread_t threads[4];

    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, use_context, context), 0);
    for (int i = 0; i < 4; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        ck_assert_ptr_null(failed);
    }
    effnn_context_destroy(context);
}
END_TEST

/* Sanitizers support no threads after a fork: their own locks stay as another thread held them. */
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define THREADS_AFTER_FORK 0
#elif defined(__has_feature)
#define THREADS_AFTER_FORK !(__has_feature(thread_sanitizer) || __has_feature(address_sanitizer))
#else
#define THREADS_AFTER_FORK 1
#endif

/* Fork, let the child do its part and end by itself; true if all went well. */
static bool in_child(effnn_context *context, bool (*part)(effnn_context *context))
{
    const pid_t child = fork();
    int status = -1;

    if (child == 0) {
        alarm(60); /* a hang is a failure */
        _exit(part(context) ? 0 : 1);
    }
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

static bool work_and_destroy(effnn_context *context)
{
    const bool right = job_is_right(context);

    effnn_context_destroy(context);
    return right;
}

static bool just_destroy(effnn_context *context)
{
    effnn_context_destroy(context);
    return true;
}

static bool work_and_fork_again(effnn_context *context)
{
    const bool right = job_is_right(context) && in_child(context, work_and_destroy);

    return work_and_destroy(context) && right;
}

static bool work_in_two_threads(effnn_context *context)
{
    pthread_t threads[2];
    bool right = true;

    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, use_context, context) != 0) return false;
    for (int i = 0; i < 2; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        right = right && !failed;
    }
    effnn_context_destroy(context);
    return right;
}

START_TEST(a_forked_child_has_a_pool_again)
{
    effnn_context *context = make_context(4);

    runs_once(context);
    if (THREADS_AFTER_FORK) {
        ck_assert(in_child(context, work_and_destroy));
        ck_assert(in_child(context, just_destroy));
        ck_assert(in_child(context, work_and_fork_again));
        ck_assert(in_child(context, work_in_two_threads));
    }
    runs_once(context);
    effnn_context_destroy(context);
}
END_TEST

static void *work_until(void *user)
{
    static unsigned char seen[N];
    const busy *self = user;

    while (!atomic_load(&self->stop)) effnn__parallel_for(self->context, N, GRAIN, count, seen);
    return NULL;
}

START_TEST(a_child_forked_while_jobs_run_elsewhere_has_a_pool)
{
    busy shared = { .context = make_context(3) };
    pthread_t thread;

    ck_assert_int_eq(pthread_create(&thread, NULL, work_until, &shared), 0);
    for (int i = 0; i < 20 && THREADS_AFTER_FORK; i++)
        ck_assert(in_child(shared.context, work_and_destroy));
    atomic_store(&shared.stop, true);
    pthread_join(thread, NULL);
    effnn_context_destroy(shared.context);
}
END_TEST

/* A worker's piece is slow; the caller's wait until a worker has one (or none comes). */
typedef struct slow {
    pthread_t caller;
    atomic_int n_begun, n_done;
} slow;

static effnn_status be_slow(void *user, size_t piece, size_t begin, size_t end)
{
    slow *self = user;

    (void)piece;
    (void)begin;
    (void)end;
    if (pthread_equal(pthread_self(), self->caller)) {
        for (int i = 0; i < 10000 && !atomic_load(&self->n_begun); i++) sched_yield();
        return EFFNN_OK;
    }
    atomic_fetch_add(&self->n_begun, 1);
    for (int i = 0; i < 300; i++) sched_yield(); /* the caller would be gone by then */
    atomic_fetch_add(&self->n_done, 1);
    return EFFNN_OK;
}

START_TEST(a_job_ends_when_the_slowest_piece_has)
{
    effnn_context *context = make_context(4);
    int n_begun = 0;

    for (int i = 0; i < 100; i++) {
        slow job = { .caller = pthread_self() };

        ck_assert_ok(effnn__parallel_for(context, 4, 1, be_slow, &job));
        const int done = atomic_load(&job.n_done), begun = atomic_load(&job.n_begun);

        ck_assert_int_eq(done, begun);
        n_begun += begun;
    }
    ck_assert_int_gt(n_begun, 0); /* the pool's threads did help */
    effnn_context_destroy(context);
}
END_TEST

static void *come_and_go(void *unused)
{
    for (uint32_t i = 0; i < 30; i++) {
        effnn_context *context = make_context(1 + i % 5);

        if (i % 3) use_context(context);
        effnn_context_destroy(context);
    }
    return unused;
}

START_TEST(contexts_come_and_go)
{
    pthread_t threads[3];

    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, come_and_go, NULL), 0);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
}
END_TEST

START_TEST(a_steady_state_job_allocates_nothing)
{
    static unsigned char seen[N];
    effnn_context *context = make_context(4);
    uint64_t before;

    runs_once(context);
    before = effnn__alloc_count();
    ck_assert_ok(effnn__parallel_for(context, N, GRAIN, count, seen));
    ck_assert_uint_eq(effnn__alloc_count(), before);
    effnn_context_destroy(context);
}
END_TEST

START_TEST(no_items_and_no_memory_are_no_failure)
{
    effnn_context *context = make_context(4);

    ck_assert_ok(effnn__parallel_for(context, 0, 1, fail_from_third, NULL));
    effnn__alloc_fail_after(0, 1);
    runs_once(context);
    effnn__alloc_fail_after(-1, 0);
    runs_once(context);
    effnn_context_destroy(context);
}
END_TEST

/* A caller's runner that goes backwards, and says so. */
static int backwards(void *user, effnn_task_fn task, void *job, size_t n)
{
    int *calls = user;

    ++*calls;
    for (size_t i = n; i-- > 0;) task(job, i);
    return *calls == 3;
}

START_TEST(the_caller_s_runner_is_used_and_its_failure_told)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;
    static unsigned char seen[N];
    int calls = 0;

    options.runner = backwards;
    options.runner_user = &calls;
    ck_assert_ok(effnn_context_create(&context, &options));
    runs_once(context);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "piece 3",
                           effnn__parallel_for(context, N, GRAIN, fail_from_third, NULL));
    ck_assert_fails(EFFNN_E_USER, effnn__parallel_for(context, N, GRAIN, count, seen));
    ck_assert_int_eq(calls, 3);
    effnn_context_destroy(context);
}
END_TEST

/* A runner that forgets the last piece, or does one twice, or one that is not there. */
static int forgetful(void *user, effnn_task_fn task, void *job, size_t n)
{
    const char *how = user;

    for (size_t i = 0; i < n - 1; i++) task(job, i);
    if (*how == 'o') task(job, n); /* outside */
    if (*how == 't') {             /* twice */
        task(job, n - 1);
        task(job, n - 1);
    }
    return 0;
}

START_TEST(a_runner_that_does_not_keep_its_promise_is_told_of)
{
    static const char *const hows[] = { "forgets", "outside", "twice" };

    for (size_t i = 0; i < 3; i++) {
        effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
        effnn_context *context = NULL;
        static unsigned char seen[N];

        options.runner = forgetful;
        options.runner_user = (void *)(uintptr_t)hows[i];
        ck_assert_ok(effnn_context_create(&context, &options));
        ck_assert_fails_saying(EFFNN_E_USER, "of 271 pieces",
                               effnn__parallel_for(context, N, GRAIN, count, seen));
        effnn_context_destroy(context);
    }
}
END_TEST

/* A runner with two threads of its own. */
typedef struct half {
    effnn_task_fn task;
    void *job;
    size_t begin, end;
} half;

static void *run_half(void *user)
{
    const half *self = user;

    for (size_t i = self->begin; i < self->end; i++) self->task(self->job, i);
    return NULL;
}

static int two_threads(void *unused, effnn_task_fn task, void *job, size_t n)
{
    half halves[] = { { task, job, 0, n / 2 }, { task, job, n / 2, n } };
    pthread_t thread;

    (void)unused;
    if (pthread_create(&thread, NULL, run_half, &halves[0]) != 0) return 1;
    run_half(&halves[1]);
    return pthread_join(thread, NULL);
}

START_TEST(a_runner_may_have_threads_of_its_own)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;

    options.runner = two_threads;
    ck_assert_ok(effnn_context_create(&context, &options));
    for (int i = 0; i < 20; i++) {
        runs_once(context);
        ck_assert_fails_saying(EFFNN_E_SHAPE, "piece 3",
                               effnn__parallel_for(context, N, GRAIN, fail_from_third, NULL));
    }
    ck_assert_ok(effnn__parallel_for(context, 8, 1, nest, context));
    effnn_context_destroy(context);
}
END_TEST

/* A third: 1/3 rounded up or down as the thread rounds. */
static effnn_status third(void *job, size_t piece, size_t begin, size_t end)
{
    volatile double one = 1.0, three = 3.0;

    (void)begin;
    (void)end;
    ((double *)job)[piece] = one / three;
    return EFFNN_OK;
}

START_TEST(the_host_s_rounding_does_not_reach_the_pieces)
{
    /* 1 piece, serial, pool, runner. */
    static const size_t n[] = { 1, 64, 64, 64 };
    static const uint32_t threads[] = { 4, 1, 4, 1 };

    for (size_t k = 0; k < 4; k++) {
        effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
        effnn_context *context = NULL;
        double thirds[64] = { 0 };

        options.threads = threads[k];
        if (k == 3) options.runner = two_threads;
        ck_assert_ok(effnn_context_create(&context, &options));
        ck_assert_int_eq(fesetround(FE_UPWARD), 0);
        feclearexcept(FE_ALL_EXCEPT);
        feraiseexcept(FE_INVALID);
        const effnn_status status = effnn__parallel_for(context, n[k], 1, third, thirds);
        const int rounding = fegetround(), raised = fetestexcept(FE_INVALID | FE_INEXACT);

        fesetround(FE_TONEAREST);
        feclearexcept(FE_ALL_EXCEPT);
        ck_assert_ok(status);
        ck_assert_int_eq(rounding, FE_UPWARD);
        ck_assert_int_eq(raised, FE_INVALID); /* the host's flags, not the pieces' */
        for (size_t i = 0; i < n[k]; i++) ck_assert(thirds[i] == 0x1.5555555555555p-2);
        effnn_context_destroy(context);
    }
}
END_TEST

#if defined(__SSE2__)
static effnn_status half_of_smallest(void *job, size_t piece, size_t begin, size_t end)
{
    volatile float smallest = 1.17549435e-38f;

    (void)begin;
    (void)end;
    ((float *)job)[piece] = smallest * 0.5f; /* denormal: 0 where they are flushed */
    return EFFNN_OK;
}

START_TEST(the_host_s_control_word_does_not_reach_the_pieces)
{
    effnn_context *context = make_context(4);
    const unsigned flushing = 0x9FC0; /* flush to zero, denormals are zero */
    const unsigned before = _mm_getcsr();
    float halves[64] = { 0 };

    _mm_setcsr(flushing);
    const effnn_status status = effnn__parallel_for(context, 64, 1, half_of_smallest, halves);
    const unsigned after = _mm_getcsr();

    _mm_setcsr(before);
    ck_assert_ok(status);
    ck_assert_uint_eq(after & 0xFFC0, flushing);
    for (int i = 0; i < 64; i++) ck_assert(halves[i] > 0.0f);
    effnn_context_destroy(context);
}
END_TEST
#else
START_TEST(the_host_s_control_word_does_not_reach_the_pieces)
{
    /* Other processors: the test above is all that can be asked for portably. */
}
END_TEST
#endif

SUITE("pool", NULL, NULL, every_item_is_worked_on_once, no_two_items_have_one_slot_at_a_time,
      one_two_and_eight_threads_give_the_same_bits,
      the_failure_of_the_lowest_piece_is_returned_with_its_message,
      a_nested_job_runs_on_its_own_thread, several_threads_may_use_one_context,
      a_forked_child_has_a_pool_again, a_child_forked_while_jobs_run_elsewhere_has_a_pool,
      a_job_ends_when_the_slowest_piece_has, contexts_come_and_go,
      a_steady_state_job_allocates_nothing, no_items_and_no_memory_are_no_failure,
      the_caller_s_runner_is_used_and_its_failure_told,
      a_runner_that_does_not_keep_its_promise_is_told_of, a_runner_may_have_threads_of_its_own,
      the_host_s_rounding_does_not_reach_the_pieces,
      the_host_s_control_word_does_not_reach_the_pieces)
