/* SPDX-License-Identifier: BSD-3-Clause */
/* What is gathered from calibration data, against the definition in plain loops. */

#include "transform/lowrank/lowrank_stats.h"

#include "support/models.h"
#include "tensor/tensor.h"
#include "transform/lowrank/lowrank_options.h"

#include <math.h>

enum { N_SAMPLES = 7, ROWS = 6, WIDE = 48, NARROW = 16 };

/* The tokens model with everything in front of fc1 taken away: x [N, 6, 16] goes straight into a
 * matmul "up" (16 × 48) with bias, and relu of it into "down" (48 × 16). */
static effnn_model *model;
static effnn_dataset *data;
static effnn_site_list *list;
static const float *x, *up;

static void setup(void)
{
    effnn_tensor *inputs[1], *weight;

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 3, (const int64_t[]){ -1, ROWS, NARROW });
    test_add_weight(model, "up.weight", 1, 0.2, NARROW, WIDE);
    test_add_weight(model, "up.bias", 2, 0.5, WIDE);
    test_add_weight(model, "down.weight", 3, 0.2, WIDE, NARROW);
    test_add_node(model, "matmul", NULL, "a", "x", "up.weight", NULL);
    test_add_node(model, "add", NULL, "b", "a", "up.bias", NULL);
    test_add_node(model, "relu", NULL, "c", "b", NULL, NULL);
    test_add_node(model, "matmul", NULL, "d", "c", "down.weight", NULL);
    ck_assert_ok(effnn_model_add_output(model, "d"));
    inputs[0] =
        test_tensor_random(NULL, EFFNN_F32, 3, (const int64_t[]){ N_SAMPLES, ROWS, NARROW }, 5);
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, inputs, 1, NULL, NULL));
    x = effnn_tensor_data(inputs[0]); /* the dataset shares the storage */
    effnn_tensor_release(inputs[0]);
    ck_assert_ok(effnn_model_get_parameter(&weight, model, "up.weight"));
    up = effnn_tensor_data(weight);
    effnn_tensor_release(weight);
    ck_assert_ok(effnn__site_list(&list, model));
}

static void teardown(void)
{
    effnn_site_list_destroy(list);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}

static const effnn__site *site(const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].name, name) == 0) return &list->items[i];
    ck_abort_msg("no site '%s'", name);
    return NULL;
}

static effnn_status gather(effnn__lowrank_stat *stats, size_t n, effnn_dataset *from, int metric,
                           uint64_t samples, uint32_t batch)
{
    const effnn_transform_call call = {
        .context = model->context, .model = model, .data = from, .batch = batch
    };

    return effnn__lowrank_gather(stats, n, &call, metric, samples);
}

/* Row r of sample s times column o of the first weight. */
static double z(size_t s, size_t r, size_t o)
{
    double sum = 0.0;

    for (size_t i = 0; i < NARROW; i++)
        sum += (double)x[(s * ROWS + r) * NARROW + i] * (double)up[i * WIDE + o];
    return sum;
}

static double squared_norm(size_t s, const unsigned char *counts)
{
    double sum = 0.0;

    for (size_t r = 0; r < ROWS; r++)
        for (size_t o = 0; o < WIDE && (!counts || counts[s * ROWS + r]); o++)
            sum += z(s, r, o) * z(s, r, o);
    return sum;
}

/* Hold the lower triangle of the Gram of "up"'s inputs against Σ xᵀx / ‖xW‖² of n samples. counts:
 * [samples, rows], NULL: all. */
static void assert_gram_of_up(const effnn__lowrank_stat *stat, size_t n,
                              const unsigned char *counts)
{
    for (size_t i = 0; i < NARROW; i++)
        for (size_t j = 0; j <= i; j++) {
            double expected = 0.0;

            for (size_t s = 0; s < n; s++)
                for (size_t r = 0; r < ROWS; r++)
                    if (!counts || counts[s * ROWS + r])
                        expected += (double)x[(s * ROWS + r) * NARROW + i] *
                                    (double)x[(s * ROWS + r) * NARROW + j] /
                                    squared_norm(s, counts);
            /* The norms are of the outputs as computed, in float. */
            ck_assert_double_eq_tol(stat->gram[i * NARROW + j], expected, 1e-6);
        }
}

START_TEST(a_wide_output_gathers_its_inputs_normalised_by_sample)
{
    effnn__lowrank_stat stat = { .site = site("up") };

    ck_assert_ok(gather(&stat, 1, data, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 3));
    ck_assert(stat.of_input);
    ck_assert_uint_eq(stat.d, NARROW);
    ck_assert_uint_eq(stat.count, N_SAMPLES);
    assert_gram_of_up(&stat, N_SAMPLES, NULL);
    effnn__lowrank_stat_clear(&stat);
}
END_TEST

START_TEST(a_narrow_output_gathers_itself_and_every_sample_weighs_the_same)
{
    effnn__lowrank_stat stats[2] = { { .site = site("up") }, { .site = site("down") } };
    double trace = 0.0;

    ck_assert_ok(gather(stats, 2, data, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 3));
    ck_assert(!stats[1].of_input);
    ck_assert_uint_eq(stats[1].d, NARROW);
    for (size_t i = 0; i < NARROW; i++) trace += stats[1].gram[i * NARROW + i];
    ck_assert_double_eq_tol(trace, N_SAMPLES, 1e-12);
    for (int i = 0; i < 2; i++) effnn__lowrank_stat_clear(&stats[i]);
}
END_TEST

START_TEST(only_the_first_samples_are_taken_where_fewer_are_asked_for)
{
    effnn__lowrank_stat stat = { .site = site("up") };

    ck_assert_ok(gather(&stat, 1, data, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 4, 3));
    ck_assert_uint_eq(stat.count, 4);
    assert_gram_of_up(&stat, 4, NULL);
    effnn__lowrank_stat_clear(&stat);
}
END_TEST

START_TEST(the_batch_changes_nothing)
{
    effnn__lowrank_stat one = { .site = site("down") }, all = { .site = site("down") };

    ck_assert_ok(gather(&one, 1, data, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 1));
    ck_assert_ok(gather(&all, 1, data, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 100));
    for (size_t i = 0; i < NARROW; i++)
        for (size_t j = 0; j <= i; j++)
            ck_assert_double_eq_tol(one.gram[i * NARROW + j], all.gram[i * NARROW + j], 1e-6);
    effnn__lowrank_stat_clear(&one);
    effnn__lowrank_stat_clear(&all);
}
END_TEST

START_TEST(padding_is_left_away)
{
    static const unsigned char counts[N_SAMPLES * ROWS] = {
        1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1, 1, 0, 1, 1, 1, 0, 0,
        0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 1, 0, 1, 0, 1, 1, 1, 1, 1, 1,
    };
    effnn__lowrank_stat stat = { .site = site("up") };
    effnn_tensor *mask = test_tensor_zeros(EFFNN_U8, 2, (const int64_t[]){ N_SAMPLES, ROWS });
    effnn_tensor *inputs[1];
    effnn_dataset *masked = NULL;

    memcpy(effnn__tensor_data(mask), counts, sizeof counts);
    inputs[0] = test_tensor_f32(3, (const int64_t[]){ N_SAMPLES, ROWS, NARROW }, x);
    ck_assert_ok(effnn_dataset_create_from_tensors(&masked, NULL, NULL, inputs, 1, NULL, mask));
    ck_assert_ok(gather(&stat, 1, masked, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 3));
    assert_gram_of_up(&stat, N_SAMPLES, counts);
    effnn__lowrank_stat_clear(&stat);
    /* Samples of different lengths have no mean. */
    stat = (effnn__lowrank_stat){ .site = site("up") };
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'up'",
                           gather(&stat, 1, masked, EFFNN__LOWRANK_MEAN_INPUT, 0, 3));
    effnn__lowrank_stat_clear(&stat);
    effnn_dataset_destroy(masked);
    effnn_tensor_release(inputs[0]);
    effnn_tensor_release(mask);
}
END_TEST

START_TEST(the_mean_input_is_the_mean_over_samples_token_by_token)
{
    effnn__lowrank_stat stat = { .site = site("up") };

    ck_assert_ok(gather(&stat, 1, data, EFFNN__LOWRANK_MEAN_INPUT, 0, 3));
    for (size_t i = 0; i < NARROW; i++)
        for (size_t j = 0; j <= i; j++) {
            double expected = 0.0;

            for (size_t r = 0; r < ROWS; r++) {
                double a = 0.0, b = 0.0;

                for (size_t s = 0; s < N_SAMPLES; s++) {
                    a += (double)x[(s * ROWS + r) * NARROW + i] / N_SAMPLES;
                    b += (double)x[(s * ROWS + r) * NARROW + j] / N_SAMPLES;
                }
                expected += a * b;
            }
            ck_assert_double_eq_tol(stat.gram[i * NARROW + j], expected, 1e-12);
        }
    effnn__lowrank_stat_clear(&stat);
}
END_TEST

START_TEST(samples_without_any_output_do_not_count)
{
    effnn__lowrank_stat stat = { .site = site("up") };
    effnn_tensor *inputs[1] = { test_tensor_f32(3, (const int64_t[]){ N_SAMPLES, ROWS, NARROW },
                                                x) };
    effnn_dataset *other = NULL;

    memset(effnn__tensor_data(inputs[0]), 0, ROWS * NARROW * sizeof(float));
    ck_assert_ok(effnn_dataset_create_from_tensors(&other, NULL, NULL, inputs, 1, NULL, NULL));
    ck_assert_ok(gather(&stat, 1, other, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 3));
    ck_assert_uint_eq(stat.count, N_SAMPLES - 1);
    for (size_t i = 0; i < NARROW * NARROW; i++) ck_assert(isfinite(stat.gram[i]));
    effnn__lowrank_stat_clear(&stat);
    effnn_dataset_destroy(other);
    effnn_tensor_release(inputs[0]);
}
END_TEST

START_TEST(what_is_not_finite_is_refused_by_the_site_s_name)
{
    effnn__lowrank_stat stats[2] = { { .site = site("up") }, { .site = site("down") } };
    effnn_tensor *inputs[1] = { test_tensor_f32(3, (const int64_t[]){ N_SAMPLES, ROWS, NARROW },
                                                x) };
    effnn_dataset *other = NULL;

    ((float *)effnn__tensor_data(inputs[0]))[4 * ROWS * NARROW] = NAN;
    ck_assert_ok(effnn_dataset_create_from_tensors(&other, NULL, NULL, inputs, 1, NULL, NULL));
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "site 'up'",
                           gather(stats, 2, other, EFFNN__LOWRANK_NORMALIZED_OUTPUT, 0, 3));
    for (int i = 0; i < 2; i++) effnn__lowrank_stat_clear(&stats[i]);
    effnn_dataset_destroy(other);
    effnn_tensor_release(inputs[0]);
}
END_TEST

SUITE("lowrank_stats", setup, teardown, a_wide_output_gathers_its_inputs_normalised_by_sample,
      a_narrow_output_gathers_itself_and_every_sample_weighs_the_same,
      only_the_first_samples_are_taken_where_fewer_are_asked_for, the_batch_changes_nothing,
      padding_is_left_away, the_mean_input_is_the_mean_over_samples_token_by_token,
      samples_without_any_output_do_not_count, what_is_not_finite_is_refused_by_the_site_s_name)
