/* SPDX-License-Identifier: BSD-3-Clause */
/* Building models by hand: what is refused is named, and the model is then as before. */

#include "model/model.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

static effnn_model *model, *before;

/* x [N, 4], w [4, 3]. */
static void setup(void)
{
    before = NULL;
    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (const int64_t[]){ -1, 4 });
    test_add_weight(model, "w", 1, 1.0, 4, 3);
    ck_assert_ok(effnn_model_clone(&before, model));
}

static void teardown(void)
{
    effnn_model_destroy(model);
    effnn_model_destroy(before);
}

/* A matmul of the two, called "n", with result "y". */
static effnn_node product(const char *const *inputs, const char *const *outputs)
{
    return (effnn_node){ .version = 1,
                         .op = "matmul",
                         .name = "n",
                         .inputs = inputs,
                         .n_inputs = 2,
                         .outputs = outputs,
                         .n_outputs = 1 };
}

static const char *const x_and_w[] = { "x", "w" }, *const to_y[] = { "y" };

START_TEST(a_node_s_result_has_its_shape_at_once)
{
    const effnn_node node = product(x_and_w, to_y);
    effnn_value_spec spec = { .version = 1 };

    ck_assert_ok(effnn_model_add_node(model, &node));
    ck_assert_ok(effnn_model_add_output(model, "y"));
    ck_assert_ok(effnn_model_output_at(&spec, model, 0));
    ck_assert_uint_eq(spec.rank, 2);
    ck_assert_int_eq(spec.dims[0], -1);
    ck_assert_str_eq(spec.symbols[0], "N");
    ck_assert_int_eq(spec.dims[1], 3);
    ck_assert_ok(effnn__graph_check(model->graph));
}
END_TEST

START_TEST(nodes_that_cannot_be_are_refused_and_named)
{
    static const char *const x_and_z[] = { "x", "z" }, *const w_and_w[] = { "w", "w" };
    static const char *const to_x[] = { "x" };
    effnn_node node = product(x_and_w, to_y);

    node.op = "matmull";
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no operator 'matmull'",
                           effnn_model_add_node(model, &node));
    node = product(x_and_z, to_y);
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "node 'n': no value 'z'",
                           effnn_model_add_node(model, &node));
    node = product(w_and_w, to_y);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'n'", effnn_model_add_node(model, &node));
    node = product(x_and_w, to_x);
    ck_assert_fails_saying(EFFNN_E_ARG, "the name 'x' is taken",
                           effnn_model_add_node(model, &node));
    node = product(x_and_w, to_y);
    node.attrs = "colour=1";
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "colour", effnn_model_add_node(model, &node));
    node.op = "softmax";
    node.n_inputs = 1;
    node.attrs = "axis=one";
    ck_assert_fails_saying(EFFNN_E_ARG, "axis", effnn_model_add_node(model, &node));
    node.attrs = "axis=7";
    ck_assert_fails_saying(EFFNN_E_ARG, "'n': axis 7", effnn_model_add_node(model, &node));
    node = product(x_and_w, to_y);
    node.n_inputs = 1;
    ck_assert_fails(EFFNN_E_ARG, effnn_model_add_node(model, &node));
    ck_assert_models_equal(model, before);
    ck_assert_ok(effnn__graph_check(model->graph));
}
END_TEST

START_TEST(names_of_nodes_are_given_once_or_made)
{
    static const char *const to_z[] = { "z" };
    effnn_node node = product(x_and_w, to_y);

    ck_assert_ok(effnn_model_add_node(model, &node));
    node = product(x_and_w, to_z);
    ck_assert_fails_saying(EFFNN_E_ARG, "a node 'n' is there already",
                           effnn_model_add_node(model, &node));
    node.name = NULL;
    ck_assert_ok(effnn_model_add_node(model, &node));
    ck_assert_uint_eq(effnn_model_node_count(model), 2);
}
END_TEST

START_TEST(inputs_that_cannot_be_are_refused_and_named)
{
    const int64_t dims[] = { 1, -2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

    ck_assert_fails_saying(EFFNN_E_ARG, "input 'z': size -2",
                           effnn_model_add_input(model, "z", EFFNN_F32, 2, dims, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "input 'z': rank 17",
                           effnn_model_add_input(model, "z", EFFNN_F32, 17, dims, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "input 'z': no element type 99",
                           effnn_model_add_input(model, "z", (effnn_dtype)99, 1, dims, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "the name 'w' is taken",
                           effnn_model_add_input(model, "w", EFFNN_F32, 1, dims, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_model_add_input(model, "", EFFNN_F32, 1, dims, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_model_add_input(model, "z", EFFNN_F32, 1, NULL, NULL));
    ck_assert_models_equal(model, before);
}
END_TEST

START_TEST(open_sizes_of_one_name_are_one_size_and_nameless_ones_are_not)
{
    const int64_t open[] = { -1 };
    const char *const named[] = { "S" };
    effnn_value_spec a = { .version = 1 }, b = { .version = 1 };

    ck_assert_ok(effnn_model_add_input(model, "a", EFFNN_F32, 1, open, named));
    ck_assert_ok(effnn_model_add_input(model, "b", EFFNN_F32, 1, open, named));
    ck_assert_ok(effnn_model_add_input(model, "c", EFFNN_F32, 1, open, NULL));
    ck_assert_ok(effnn_model_add_input(model, "d", EFFNN_F32, 1, open, NULL));
    ck_assert_ok(effnn_model_input_at(&a, model, 1));
    ck_assert_ok(effnn_model_input_at(&b, model, 2));
    ck_assert_str_eq(a.symbols[0], "S");
    ck_assert_str_eq(b.symbols[0], "S");
    ck_assert_ok(effnn_model_input_at(&a, model, 3));
    ck_assert_ok(effnn_model_input_at(&b, model, 4));
    ck_assert_str_ne(a.symbols[0], b.symbols[0]);
}
END_TEST

START_TEST(outputs_must_be_there)
{
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no value 'y'", effnn_model_add_output(model, "y"));
    ck_assert_models_equal(model, before);
}
END_TEST

static effnn_status add_node(const effnn_node *node)
{
    return effnn_model_add_node(model, node);
}

START_TEST(no_memory_at_any_point_leaves_the_model_as_it_was)
{
    const int64_t dims[] = { -1, 2 };
    const char *const named[] = { "S", NULL };
    effnn_tensor *tensor = test_tensor_iota(3);
    effnn_node node = product(x_and_w, to_y);

    ALLOC_FAIL_LOOP(add_node(&node), ck_assert_models_equal(model, before));
    effnn_model_destroy(before);
    ck_assert_ok(effnn_model_clone(&before, model));
    ALLOC_FAIL_LOOP(effnn_model_add_input(model, "z", EFFNN_F32, 2, dims, named),
                    ck_assert_models_equal(model, before));
    effnn_model_destroy(before);
    ck_assert_ok(effnn_model_clone(&before, model));
    ALLOC_FAIL_LOOP(effnn_model_add_parameter(model, "p", tensor),
                    ck_assert_models_equal(model, before));
    ck_assert_ok(effnn__graph_check(model->graph));
    effnn_tensor_release(tensor);
}
END_TEST

SUITE("model_build", setup, teardown, a_node_s_result_has_its_shape_at_once,
      nodes_that_cannot_be_are_refused_and_named, names_of_nodes_are_given_once_or_made,
      inputs_that_cannot_be_are_refused_and_named,
      open_sizes_of_one_name_are_one_size_and_nameless_ones_are_not, outputs_must_be_there,
      no_memory_at_any_point_leaves_the_model_as_it_was)
