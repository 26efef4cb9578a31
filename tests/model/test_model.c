/* SPDX-License-Identifier: BSD-3-Clause */
/* The model handle: clones, exchange of contents, canonical form, metadata. */

#include "model/model.h"

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"

static effnn_model *model, *other;

static void setup(void)
{
    other = NULL;
    ck_assert_ok(effnn_model_create(&model, NULL));
}

static void teardown(void)
{
    effnn_model_destroy(model);
    effnn_model_destroy(other);
}

START_TEST(an_empty_model_says_that_it_was_built)
{
    ck_assert_str_eq(effnn_model_format(model), "built");
    ck_assert_str_eq(effnn_model_producer(model), "");
    ck_assert_uint_eq(effnn_model_opset(model), 0);
    ck_assert_uint_eq(effnn_model_node_count(model), 0);
    ck_assert_uint_eq(effnn_model_metadata_count(model), 0);
}
END_TEST

START_TEST(metadata_keeps_its_order_when_set_again_or_removed)
{
    const char *key = NULL, *value = NULL;

    ck_assert_ok(effnn_model_set_metadata(model, "a", "1"));
    ck_assert_ok(effnn_model_set_metadata(model, "b", "2"));
    ck_assert_ok(effnn_model_set_metadata(model, "c", ""));
    ck_assert_ok(effnn_model_set_metadata(model, "a", "4"));
    ck_assert_uint_eq(effnn_model_metadata_count(model), 3);
    ck_assert_ok(effnn_model_metadata_at(&key, &value, model, 0));
    ck_assert_str_eq(key, "a");
    ck_assert_str_eq(value, "4");
    ck_assert_ok(effnn_model_set_metadata(model, "b", NULL));
    ck_assert_ok(effnn_model_set_metadata(model, "none", NULL));
    ck_assert_uint_eq(effnn_model_metadata_count(model), 2);
    ck_assert_ok(effnn_model_metadata_at(&key, &value, model, 1));
    ck_assert_str_eq(key, "c");
    ck_assert_str_eq(effnn_model_get_metadata(model, "c"), "");
    ck_assert_ptr_null(effnn_model_get_metadata(model, "b"));
    ck_assert_fails_saying(EFFNN_E_ARG, "there are 2",
                           effnn_model_metadata_at(&key, &value, model, 2));
    ck_assert_fails(EFFNN_E_ARG, effnn_model_set_metadata(model, "", "x"));
}
END_TEST

START_TEST(a_clone_has_everything_and_goes_its_own_way)
{
    effnn_model *mlp = test_model_mlp(NULL);

    ck_assert_ok(effnn_model_set_metadata(mlp, "k", "v"));
    ck_assert_ok(effnn__model_set_producer(mlp, "somebody 1.0"));
    mlp->opset = 17;
    mlp->format = "onnx";
    ck_assert_ok(effnn_model_clone(&other, mlp));
    ck_assert_models_equal(other, mlp);
    ck_assert_str_eq(effnn_model_producer(other), "somebody 1.0");
    ck_assert_str_eq(effnn_model_format(other), "onnx");
    ck_assert_uint_eq(effnn_model_opset(other), 17);
    ck_assert_ok(effnn_model_set_metadata(other, "k", "w"));
    test_add_node(other, "relu", NULL, "more", "logits", NULL, NULL);
    ck_assert_str_eq(effnn_model_get_metadata(mlp, "k"), "v");
    ck_assert_uint_eq(effnn_model_node_count(other), effnn_model_node_count(mlp) + 1);
    effnn_model_destroy(mlp);
    ck_assert_ok(effnn__graph_check(other->graph)); /* nothing of it went with the original */
}
END_TEST

START_TEST(a_swap_exchanges_all_there_is)
{
    other = test_model_mlp(NULL);
    ck_assert_ok(effnn_model_set_metadata(model, "of", "the empty one"));
    effnn__model_swap(model, other);
    ck_assert_uint_eq(effnn_model_node_count(model), 5);
    ck_assert_uint_eq(effnn_model_node_count(other), 0);
    ck_assert_str_eq(effnn_model_get_metadata(other, "of"), "the empty one");
    ck_assert_ptr_null(effnn_model_get_metadata(model, "of"));
}
END_TEST

/* y = x + 3 · 4, the product without an input: it folds; the identity goes. */
static void build_foldable(void)
{
    test_add_input(model, "x", 2, (const int64_t[]){ -1, 1 });
    test_add_parameter(model, "three", test_tensor_f32(0, NULL, (const float[]){ 3 }));
    test_add_parameter(model, "four", test_tensor_f32(0, NULL, (const float[]){ 4 }));
    test_add_node(model, "mul", NULL, "product", "three", "four", NULL);
    test_add_node(model, "identity", NULL, "same", "x", NULL, NULL);
    test_add_node(model, "add", NULL, "y", "same", "product", NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
}

START_TEST(canonical_form_folds_constants_and_keeps_outputs)
{
    effnn_value_spec spec = { .version = 1 };

    build_foldable();
    ck_assert_ok(effnn_model_canonicalise(model));
    ck_assert_uint_eq(effnn_model_node_count(model), 1);
    ck_assert_ok(effnn_model_output_at(&spec, model, 0));
    ck_assert_str_eq(spec.name, "y");
    ck_assert_ok(effnn__graph_check(model->graph));
}
END_TEST

START_TEST(no_memory_leaves_a_model_as_it_was)
{
    build_foldable();
    ck_assert_ok(effnn_model_set_metadata(model, "k", "v"));
    ck_assert_ok(effnn_model_clone(&other, model));
    ALLOC_FAIL_LOOP(effnn_model_canonicalise(model), ck_assert_models_equal(model, other));
    ALLOC_FAIL_LOOP(effnn_model_set_metadata(other, "k", "w"),
                    ck_assert_str_eq(effnn_model_get_metadata(other, "k"), "v"));
    ALLOC_FAIL_LOOP(effnn_model_set_metadata(other, "l", "x"),
                    ck_assert_uint_eq(effnn_model_metadata_count(other), 1));
}
END_TEST

START_TEST(no_memory_makes_no_model)
{
    effnn_model *made = NULL, *copy = NULL;

    ALLOC_FAIL_LOOP(effnn_model_create(&made, NULL), ck_assert_ptr_null(made));
    effnn_model_destroy(made);
    other = test_model_tokens(NULL);
    ck_assert_ok(effnn_model_set_metadata(other, "k", "v"));
    ALLOC_FAIL_LOOP(effnn_model_clone(&copy, other), ck_assert_ptr_null(copy));
    ck_assert_models_equal(copy, other);
    effnn_model_destroy(copy);
}
END_TEST

SUITE("model", setup, teardown, an_empty_model_says_that_it_was_built,
      metadata_keeps_its_order_when_set_again_or_removed,
      a_clone_has_everything_and_goes_its_own_way, a_swap_exchanges_all_there_is,
      canonical_form_folds_constants_and_keeps_outputs, no_memory_leaves_a_model_as_it_was,
      no_memory_makes_no_model)
