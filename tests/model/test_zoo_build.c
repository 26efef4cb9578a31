/* SPDX-License-Identifier: BSD-3-Clause */
/* Layers one by one; whole networks are held to PyTorch in test_zoo_<network>.c. */

#include "model/zoo_build.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

static const effnn__zoo_def def = { .name = "net" };
static effnn_model *weights;
static effnn__zoo zoo;

static void put(const char *name, size_t rank, const int64_t *dims, const float *values)
{
    effnn_tensor *tensor = test_tensor_f32(rank, dims, values);

    ck_assert_ok(effnn_model_add_parameter(weights, name, tensor));
    effnn_tensor_release(tensor);
}

static void setup(void)
{
    ck_assert_ok(effnn_model_create(&weights, NULL));
    zoo = (effnn__zoo){ .weights = weights, .def = &def, .i = 4 };
    ck_assert_ok(effnn_model_create(&zoo.model, NULL));
}

static void teardown(void)
{
    effnn_model_destroy(weights);
    effnn_model_destroy(zoo.model);
}

START_TEST(a_linear_layer_takes_its_weight_as_the_file_has_it)
{
    static const float weight[] = { 1, 2, 3, 4, 5, 6 }, bias[] = { 10, 20 }, x[] = { 1, 10, 100 };
    const int64_t dims[] = { -1, 3 };
    effnn_tensor *input = test_tensor_f32(2, (const int64_t[]){ 1, 3 }, x), *y = NULL;

    put("layers.4.fc.weight", 2, (const int64_t[]){ 2, 3 }, weight);
    put("layers.4.fc.bias", 1, (const int64_t[]){ 2 }, bias);
    effnn__zoo_output(&zoo,
                      effnn__zoo_linear(&zoo, effnn__zoo_input(&zoo, "x", EFFNN_F32, 2, dims, NULL),
                                        "layers.#.fc", 3, 2, true),
                      "y");
    ck_assert_ok(zoo.status);
    test_model_run(&y, zoo.model, &input);
    ck_assert_tensor_dims(y, 1, 2);
    ck_assert_tensor_at(y, 331.0, 0, 0);
    ck_assert_tensor_at(y, 674.0, 0, 1);
    effnn_tensor_release(input);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(a_split_gives_equal_parts_of_the_last_axis)
{
    const int64_t dims[] = { 1, 6 };
    effnn_tensor *x = test_tensor_iota(1, 6), *y[3] = { NULL };
    effnn__value *parts[3];

    effnn__zoo_split(parts, &zoo, effnn__zoo_input(&zoo, "x", EFFNN_F32, 2, dims, NULL), 3);
    zoo.i = 0;
    for (size_t k = 0; k < 3; k++, zoo.i++) effnn__zoo_output(&zoo, parts[k], "part.#");
    ck_assert_ok(zoo.status);
    test_model_run(y, zoo.model, &x);
    for (size_t k = 0; k < 3; k++) {
        ck_assert_tensor_dims(y[k], 1, 2);
        ck_assert_tensor_at(y[k], (double)(2 * k + 1), 0, 1);
        effnn_tensor_release(y[k]);
    }
    effnn_tensor_release(x);
}
END_TEST

START_TEST(sizes_and_counts_follow_the_input)
{
    const int64_t dims[] = { 2, -1 };
    effnn_tensor *x = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 2, 4 }), *y = NULL;
    effnn__value *input = effnn__zoo_input(&zoo, "x", EFFNN_F32, 2, dims, NULL);

    effnn__zoo_output(&zoo, effnn__zoo_count_up(&zoo, effnn__zoo_size_of(&zoo, input, 1)), "y");
    ck_assert_ok(zoo.status);
    test_model_run(&y, zoo.model, &x);
    ck_assert_tensor_dims(y, 4);
    for (int64_t k = 0; k < 4; k++) ck_assert_tensor_at(y, (double)k, k);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(the_first_failure_stays_and_later_calls_do_nothing)
{
    const int64_t dims[] = { -1, 3 };
    effnn__value *x = effnn__zoo_input(&zoo, "x", EFFNN_F32, 2, dims, NULL);
    const size_t n_values = zoo.model->graph->values.n;
    effnn__value *parts[2] = { x, x };

    effnn__clear_error();
    ck_assert_ptr_null(effnn__zoo_linear(&zoo, x, "fc", 3, 2, true));
    ck_assert_int_eq(zoo.status, EFFNN_E_NOTFOUND);
    ck_assert_str_eq(effnn_last_error(), "net: the weights have no 'fc.weight'");
    ck_assert_ptr_null(effnn__zoo_layer_norm(&zoo, NULL, "norm", 3, 1e-5));
    ck_assert_ptr_null(effnn__zoo_int(&zoo, "one", 1));
    ck_assert_ptr_null(effnn__zoo_attention(&zoo, NULL, NULL, NULL, 4, 2, NULL, "a"));
    effnn__zoo_split(parts, &zoo, NULL, 2);
    ck_assert_ptr_null(parts[0]);
    effnn__zoo_output(&zoo, NULL, "y");
    effnn__zoo_check_multiple(&zoo, "sizes", 3, 2);
    ck_assert_int_eq(zoo.status, EFFNN_E_NOTFOUND);
    ck_assert_str_eq(effnn_last_error(), "net: the weights have no 'fc.weight'");
    ck_assert_uint_eq(zoo.model->graph->values.n, n_values);
}
END_TEST

SUITE("zoo_build", setup, teardown, a_linear_layer_takes_its_weight_as_the_file_has_it,
      a_split_gives_equal_parts_of_the_last_axis, sizes_and_counts_follow_the_input,
      the_first_failure_stays_and_later_calls_do_nothing)
