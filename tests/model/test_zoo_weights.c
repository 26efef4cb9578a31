/* SPDX-License-Identifier: BSD-3-Clause */
/* Names, and finding, joining and drawing weights. */

#include "model/zoo_build.h"
#include "support/alloc_fail.h"
#include "support/tensor_assert.h"

static const effnn__zoo_name names[] = {
    { "stem", { "stem_file", "model.stem" } },
    { "layers.#", { "blocks.#" } },
    { "layers.#.qkv", { "blocks.#.attn.qkv", "layer.#.q+layer.#.k+layer.#.v" } },
    { NULL, { NULL } },
};
static const effnn__zoo_def def = { .name = "net", .key = "stem.weight", .names = names };

static effnn_model *weights;
static effnn__zoo zoo;

static void put(const char *name, size_t rank, const int64_t *dims)
{
    effnn_tensor *tensor = test_tensor_iota_of(rank, dims);

    ck_assert_ok(effnn_model_add_parameter(weights, name, tensor));
    effnn_tensor_release(tensor);
}

static void setup(void)
{
    ck_assert_ok(effnn_model_create(&weights, NULL));
    zoo = (effnn__zoo){ .weights = weights, .def = &def };
    ck_assert_ok(effnn_model_create(&zoo.model, NULL));
    put("model.stem.weight", 2, (const int64_t[]){ 4, 3 });
    put("layer.0.q.weight", 2, (const int64_t[]){ 2, 3 });
    put("layer.0.k.weight", 2, (const int64_t[]){ 1, 3 });
    put("layer.0.v.weight", 2, (const int64_t[]){ 2, 3 });
    put("plain", 3, (const int64_t[]){ 1, 1, 5 });
}

static void teardown(void)
{
    effnn_model_destroy(weights);
    effnn_model_destroy(zoo.model);
}

START_TEST(indices_stand_in_for_marks)
{
    char name[EFFNN__ZOO_NAME];

    effnn__zoo_spell(name, "layer#.#.conv", 3, 12);
    ck_assert_str_eq(name, "layer3.12.conv");
    effnn__zoo_spell(name, "a.#+b.#.#+c.#", 3, 12);
    ck_assert_str_eq(name, "a.3+b.3.12+c.3");
    effnn__zoo_spell(name, "stem", 3, 12);
    ck_assert_str_eq(name, "stem");
    effnn__zoo_print_f64(name, "epsilon", 1e-12);
    ck_assert_str_eq(name, "epsilon=1e-12");
}
END_TEST

START_TEST(the_style_is_the_one_whose_key_is_there)
{
    ck_assert_ok(effnn__zoo_find_style(&zoo));
    ck_assert_uint_eq(zoo.style, 1);
    ck_assert_int_eq(effnn__zoo_size(&zoo, "stem.weight", 0), 4);
    ck_assert_int_eq(effnn__zoo_size(&zoo, "stem.weight", 2), 0);
    ck_assert_int_eq(effnn__zoo_size(&zoo, "stem.bias", 0), 0);
    ck_assert_int_eq(effnn__zoo_layers(&zoo, "layers.#.qkv.weight"), 1);
    ck_assert(effnn__zoo_has(&zoo, "plain"));
    ck_assert(!effnn__zoo_has(&zoo, "layers.#.other"));
}
END_TEST

START_TEST(parts_are_joined_along_the_first_axis)
{
    static const float want[] = { 0, 1, 2, 3, 4, 5, 0, 1, 2, 0, 1, 2, 3, 4, 5 };
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn__zoo_find_style(&zoo));
    ck_assert_ok(effnn__zoo_weight(&tensor, &zoo, "layers.#.qkv.weight", EFFNN__ZOO_NORMAL, 2,
                                   (const int64_t[]){ 5, 3 }));
    ck_assert_mem_eq(effnn_tensor_data(tensor), want, sizeof want);
    effnn_tensor_release(tensor);
    tensor = NULL;
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'layer.0.v.weight' has 2 rows, 1 are left",
                           effnn__zoo_weight(&tensor, &zoo, "layers.#.qkv.weight",
                                             EFFNN__ZOO_NORMAL, 2, (const int64_t[]){ 4, 3 }));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "have 5 rows, not 6",
                           effnn__zoo_weight(&tensor, &zoo, "layers.#.qkv.weight",
                                             EFFNN__ZOO_NORMAL, 2, (const int64_t[]){ 6, 3 }));
    ck_assert_ptr_null(tensor);
}
END_TEST

START_TEST(sizes_of_1_do_not_count_and_others_must_fit)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn__zoo_find_style(&zoo));
    ck_assert_ok(
        effnn__zoo_weight(&tensor, &zoo, "plain", EFFNN__ZOO_ZEROS, 1, (const int64_t[]){ 5 }));
    ck_assert_tensor_dims(tensor, 5);
    effnn_tensor_release(tensor);
    tensor = NULL;
    ck_assert_fails_saying(
        EFFNN_E_SHAPE, "'plain' is [1, 1, 5], not [4]",
        effnn__zoo_weight(&tensor, &zoo, "plain", EFFNN__ZOO_ZEROS, 1, (const int64_t[]){ 4 }));
    ck_assert_fails_saying(
        EFFNN_E_NOTFOUND, "no 'model.stem.bias'",
        effnn__zoo_weight(&tensor, &zoo, "stem.bias", EFFNN__ZOO_ZEROS, 1, (const int64_t[]){ 4 }));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no 'layers.#.other'",
                           effnn__zoo_weight(&tensor, &zoo, "layers.#.other", EFFNN__ZOO_ZEROS, 1,
                                             (const int64_t[]){ 4 }));
    ck_assert_ptr_null(tensor);
}
END_TEST

START_TEST(half_precision_is_widened_and_integers_are_refused)
{
    effnn_tensor *half = NULL, *f32 = test_tensor_iota(3), *out = NULL;
    effnn_tensor *integers = test_tensor_i64(1, (const int64_t[]){ 1 }, (const int64_t[]){ 4 });

    ck_assert_ok(effnn_tensor_cast(&half, f32, EFFNN_BF16));
    ck_assert_ok(effnn_model_add_parameter(weights, "half", half));
    ck_assert_ok(effnn_model_add_parameter(weights, "whole", integers));
    ck_assert_ok(
        effnn__zoo_weight(&out, &zoo, "half", EFFNN__ZOO_ZEROS, 1, (const int64_t[]){ 3 }));
    ck_assert_tensor_equal(out, f32);
    effnn_tensor_release(out);
    out = NULL;
    ck_assert_fails_saying(
        EFFNN_E_UNSUPPORTED, "'whole' is i64",
        effnn__zoo_weight(&out, &zoo, "whole", EFFNN__ZOO_ZEROS, 1, (const int64_t[]){ 1 }));
    effnn_tensor_release(half);
    effnn_tensor_release(f32);
    effnn_tensor_release(integers);
}
END_TEST

START_TEST(a_size_is_the_option_or_what_was_found_or_noted_or_usual)
{
    ck_assert_int_eq(effnn__zoo_choose(&zoo, 3, 4, "n", 6), 3);
    ck_assert_int_eq(effnn__zoo_choose(&zoo, 0, 4, "n", 6), 4);
    ck_assert_int_eq(effnn__zoo_choose(&zoo, 0, 0, "n", 6), 6);
    ck_assert_ok(effnn_model_set_metadata(weights, "n", "5"));
    ck_assert_int_eq(effnn__zoo_choose(&zoo, 0, 0, "n", 6), 5);
    ck_assert_ok(effnn_model_set_metadata(weights, "n", "five"));
    ck_assert_int_eq(effnn__zoo_choose(&zoo, 0, 0, "n", 6), 6);
}
END_TEST

static effnn_status join_once(void)
{
    effnn_tensor *tensor = NULL;
    const effnn_status status = effnn__zoo_weight(&tensor, &zoo, "layers.#.qkv.weight",
                                                  EFFNN__ZOO_NORMAL, 2, (const int64_t[]){ 5, 3 });

    effnn_tensor_release(tensor);
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ck_assert_ok(effnn__zoo_find_style(&zoo));
    ALLOC_FAIL_LOOP(join_once(), );
}
END_TEST

SUITE("zoo_weights", setup, teardown, indices_stand_in_for_marks,
      the_style_is_the_one_whose_key_is_there, parts_are_joined_along_the_first_axis,
      sizes_of_1_do_not_count_and_others_must_fit,
      half_precision_is_widened_and_integers_are_refused,
      a_size_is_the_option_or_what_was_found_or_noted_or_usual, failing_allocations_are_errors)
