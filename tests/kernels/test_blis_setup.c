/* SPDX-License-Identifier: BSD-3-Clause */
/* The choice of BLIS's kernels for CPUs that it does not know, and what it leaves behind. */

#include "kernels/blis_setup.h"
#include "kernels/kernels.h"
#include "support/suite.h"

#include <pthread.h>

void bli_init(void); /* of BLIS, whose header would bring the whole of BLAS */

/* The numbers are arch_t of blis.h 0.9.0 and 1.1: skx 0, haswell 3, zen3 6. */
START_TEST(unknown_cpus_get_the_kernels_of_their_features)
{
    const effnn__cpu zen5 = { EFFNN_CPU_AMD, 0x1a, true, true, true };
    const effnn__cpu zen5_without_avx512 = { EFFNN_CPU_AMD, 0x1a, true, false, false };
    const effnn__cpu hygon = { EFFNN_CPU_OTHER, 0x18, true, false, false };
    const effnn__cpu old = { EFFNN_CPU_OTHER, 6, false, false, false };

    ck_assert_int_eq(effnn__blis_arch_for(&zen5), 0);
    ck_assert_int_eq(effnn__blis_arch_for(&zen5_without_avx512), 6);
    ck_assert_int_eq(effnn__blis_arch_for(&hygon), 3);
    ck_assert_int_eq(effnn__blis_arch_for(&old), -1);
}
END_TEST

START_TEST(known_cpus_are_left_to_blis)
{
    const effnn__cpu zen3 = { EFFNN_CPU_AMD, 0x19, true, false, false };
    const effnn__cpu excavator = { EFFNN_CPU_AMD, 0x15, true, false, false };
    const effnn__cpu xeon = { EFFNN_CPU_INTEL, 6, true, true, true };

    ck_assert_int_eq(effnn__blis_arch_for(&zen3), -1);
    ck_assert_int_eq(effnn__blis_arch_for(&excavator), -1);
    ck_assert_int_eq(effnn__blis_arch_for(&xeon), -1);
}
END_TEST

START_TEST(a_cpu_with_vectors_does_not_run_generic_kernels)
{
    const effnn__cpu cpu = effnn__cpu_query();

    if (getenv("BLIS_ARCH_TYPE") == NULL && cpu.avx2_fma)
        ck_assert_str_ne(effnn__blis_get()->arch, "generic");
}
END_TEST

/* BLIS chooses generic kernels for this vendor, and so would for a CPU that runs this test on
 * haswell kernels as well as on its own. Each test is a process, in which BLIS is not initialised
 * yet. */
static const effnn__cpu unknown_avx2 = { EFFNN_CPU_OTHER, 0x18, true, false, false };

START_TEST(choice_is_set_and_leaves_no_trace)
{
    if (getenv("BLIS_ARCH_TYPE") || !effnn__cpu_query().avx2_fma) return;
    ck_assert_str_eq(effnn__blis_get_for(&unknown_avx2)->arch, "haswell");
    ck_assert_ptr_nonnull(strstr(effnn__blis_get()->note, "set here"));
    ck_assert_ptr_null(getenv("BLIS_ARCH_TYPE"));
}
END_TEST

START_TEST(blis_in_use_before_keeps_its_kernels_and_that_is_said)
{
    const effnn__cpu cpu = effnn__cpu_query();

    if (getenv("BLIS_ARCH_TYPE") || effnn__blis_arch_for(&cpu) >= 0) return;
    bli_init();
    if (strcmp(effnn__blis_get_for(&unknown_avx2)->arch, "haswell") == 0) return;
    ck_assert_ptr_nonnull(strstr(effnn__blis_get()->note, "in use before"));
    ck_assert_ptr_null(getenv("BLIS_ARCH_TYPE"));
}
END_TEST

START_TEST(users_choice_is_respected)
{
    ck_assert_int_eq(setenv("BLIS_ARCH_TYPE", "3", 1), 0);
    if (!effnn__cpu_query().avx2_fma) return;
    ck_assert_str_eq(effnn__blis_get()->arch, "haswell");
    ck_assert_ptr_nonnull(strstr(effnn__blis_get()->note, "BLIS_ARCH_TYPE"));
    ck_assert_str_eq(getenv("BLIS_ARCH_TYPE"), "3");
}
END_TEST

static void *get_blis(void *unused)
{
    (void)unused;
    return (void *)effnn__blis_get();
}

START_TEST(first_calls_may_come_from_several_threads)
{
    pthread_t threads[4];

    for (size_t i = 0; i < 4; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, get_blis, NULL), 0);
    for (size_t i = 0; i < 4; i++) {
        void *blis = NULL;

        pthread_join(threads[i], &blis);
        ck_assert_ptr_eq(blis, effnn__blis_get());
        ck_assert_uint_ge(effnn__blis_get()->unit_f32, 16);
    }
}
END_TEST

START_TEST(environment_is_as_before)
{
    const char *const before = getenv("BLIS_ARCH_TYPE");

    ck_assert_ptr_nonnull(effnn__kernels_get());
    ck_assert_ptr_eq(getenv("BLIS_ARCH_TYPE"), before);
}
END_TEST

START_TEST(description_names_the_libraries_in_use)
{
    const char *const text = effnn__kernels_describe();

    ck_assert_ptr_nonnull(strstr(text, effnn__blis_get()->version));
    ck_assert_ptr_nonnull(strstr(text, effnn__blis_get()->arch));
    ck_assert_ptr_nonnull(strstr(text, "lapack"));
    ck_assert_ptr_eq(text, effnn__kernels_describe());
}
END_TEST

SUITE("blis_setup", NULL, NULL, unknown_cpus_get_the_kernels_of_their_features,
      known_cpus_are_left_to_blis, a_cpu_with_vectors_does_not_run_generic_kernels,
      choice_is_set_and_leaves_no_trace, blis_in_use_before_keeps_its_kernels_and_that_is_said,
      users_choice_is_respected, first_calls_may_come_from_several_threads,
      environment_is_as_before, description_names_the_libraries_in_use)
