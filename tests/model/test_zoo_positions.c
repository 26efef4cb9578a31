/* SPDX-License-Identifier: BSD-3-Clause */
#include "model/zoo_build.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <math.h>

static const effnn__zoo_def def = { .name = "net" };
static effnn__zoo zoo;
static effnn__value *query;

/* Tokens at the positions 2, 3 and 4. */
static void setup(void)
{
    static const int64_t three = 3, positions[] = { 2, 3, 4 };

    zoo = (effnn__zoo){ .def = &def };
    ck_assert_ok(effnn_model_create(&zoo.model, NULL));
    query = effnn__zoo_ints(&zoo, "query", 1, &three, positions);
}

static void teardown(void)
{
    effnn_model_destroy(zoo.model);
}

START_TEST(angles_are_positions_times_falling_frequencies)
{
    effnn__value *turn[2];
    effnn_tensor *outputs[2] = { NULL };

    effnn__zoo_turn(turn, &zoo, query, 4, 100.0);
    effnn__zoo_output(&zoo, turn[0], "cosines");
    effnn__zoo_output(&zoo, turn[1], "sines");
    ck_assert_ok(zoo.status);
    test_model_run(outputs, zoo.model, NULL);
    for (int64_t s = 0; s < 3; s++)
        for (int64_t k = 0; k < 2; k++) {
            const double angle = (double)(s + 2) * pow(100.0, -(double)k / 2.0);
            double got[2] = { 0.0 };

            for (size_t i = 0; i < 2; i++)
                ck_assert_ok(effnn_tensor_get_f64(&got[i], outputs[i], (const int64_t[]){ s, k }));
            ck_assert_double_eq_tol(got[0], cos(angle), 1e-6);
            ck_assert_double_eq_tol(got[1], sin(angle), 1e-6);
        }
    effnn_tensor_release(outputs[0]);
    effnn_tensor_release(outputs[1]);
}
END_TEST

/* Which columns of each row are 0, as text; others must be far below. */
static void check_mask(const effnn_tensor *mask, size_t rows, const char *const *want)
{
    ck_assert_int_eq(effnn_tensor_dims(mask)[0], (int64_t)rows);
    ck_assert_int_eq(effnn_tensor_dims(mask)[1], (int64_t)strlen(want[0]));
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; want[r][c]; c++) {
            double value = 1.0;

            ck_assert_ok(
                effnn_tensor_get_f64(&value, mask, (const int64_t[]){ (int64_t)r, (int64_t)c }));
            ck_assert_msg(want[r][c] == '1' ? value == 0.0 : value < -1e20, "row %zu, %zu: %g", r,
                          c, value);
        }
}

START_TEST(a_query_sees_the_filled_past_and_no_later_token)
{
    static const char *const want[] = { "11000100", "11000110", "11000111",
                                        "11000100", "11000110", "11000111" };
    const int64_t dims[] = { 1, 1, -1, 2 }, two = 2;
    effnn__value *past = effnn__zoo_input(&zoo, "past", EFFNN_F32, 4, dims, NULL);
    effnn__value *position = effnn__zoo_input(&zoo, "position", EFFNN_I64, 0, NULL, NULL);
    effnn_tensor *inputs[] = { test_tensor_zeros(EFFNN_F32, 4, (const int64_t[]){ 1, 1, 5, 2 }),
                               test_tensor_i64(0, NULL, &two) };
    effnn_tensor *mask = NULL;

    effnn__zoo_output(&zoo, effnn__zoo_hide(&zoo, query, past, position, 2), "mask");
    ck_assert_ok(zoo.status);
    test_model_run(&mask, zoo.model, inputs);
    check_mask(mask, 6, want);
    effnn_tensor_release(mask);
    effnn_tensor_release(inputs[0]);
    effnn_tensor_release(inputs[1]);
}
END_TEST

START_TEST(without_a_past_the_mask_is_a_triangle)
{
    static const char *const want[] = { "100", "110", "111" };
    effnn_tensor *mask = NULL;

    effnn__zoo_output(&zoo, effnn__zoo_hide(&zoo, query, NULL, NULL, 1), "mask");
    ck_assert_ok(zoo.status);
    test_model_run(&mask, zoo.model, NULL);
    check_mask(mask, 3, want);
    effnn_tensor_release(mask);
}
END_TEST

SUITE("zoo_positions", setup, teardown, angles_are_positions_times_falling_frequencies,
      a_query_sees_the_filled_past_and_no_later_token, without_a_past_the_mask_is_a_triangle)
