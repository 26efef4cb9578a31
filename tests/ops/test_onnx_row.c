/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading and writing by rows: the one-to-one rule, and the forms that operators had before opset
 * 13, which are read and never written. */

#include "ops/onnx_row.h"

#include "base/option.h"
#include "support/onnx_eager.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <math.h>

static onnx_eager *onnx;

static void setup(void)
{
    onnx = onnx_eager_create();
}

static void teardown(void)
{
    onnx_eager_destroy(onnx);
}

/* Value "x": 0, 1, 2, … of this shape. */
static void set_iota(size_t rank, const int64_t *dims)
{
    effnn_tensor *x = test_tensor_iota_of(rank, dims);

    onnx_eager_set(onnx, "x", x, false);
    effnn_tensor_release(x);
}

#define SET_IOTA(...) set_iota(TEST_COUNT(__VA_ARGS__), (const int64_t[]){ __VA_ARGS__ })

#define INTS(attr_name, ...)                                                      \
    {                                                                             \
        .name = attr_name, .kind = EFFNN_ONNX_INTS, .n = TEST_COUNT(__VA_ARGS__), \
        .ints = (const int64_t[])                                                 \
        {                                                                         \
            __VA_ARGS__                                                           \
        }                                                                         \
    }
#define INT(attr_name, value)                                 \
    {                                                         \
        .name = attr_name, .kind = EFFNN_ONNX_INT, .i = value \
    }
#define FLOAT(attr_name, value)                                 \
    {                                                           \
        .name = attr_name, .kind = EFFNN_ONNX_FLOAT, .f = value \
    }

/* y = op(x) at an opset. */
#define ONE_TO_ONE(type, n, ...)                                                               \
    &(const onnx_eager_node)                                                                   \
    {                                                                                          \
        .op_type = type, .inputs = { "x" }, .outputs = { "y" }, .n_inputs = 1, .n_outputs = 1, \
        .n_attrs = n, .attrs = {                                                               \
            __VA_ARGS__                                                                        \
        }                                                                                      \
    }

static void assert_floats(const char *value, size_t n, const float *expected)
{
    const effnn_tensor *y = onnx_eager_get(onnx, value);

    ck_assert_ptr_nonnull(y);
    ck_assert_uint_eq(effnn_tensor_count(y), n);
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(fabs(effnn__tensor_load_f64(y, i) - (double)expected[i]) < 1e-6,
                      "%s[%zu] is %g, not %g", value, i, effnn__tensor_load_f64(y, i),
                      (double)expected[i]);
}

#define ASSERT_FLOATS(value, ...)                                                \
    assert_floats(value, sizeof((const float[]){ __VA_ARGS__ }) / sizeof(float), \
                  (const float[]){ __VA_ARGS__ })

START_TEST(clip_6_has_its_bounds_as_attributes)
{
    SET_IOTA(5);
    ck_assert_ok(
        onnx_eager_read(onnx, ONE_TO_ONE("Clip", 2, FLOAT("min", 1.5), FLOAT("max", 3.0)), 9));
    ASSERT_FLOATS("y", 1.5f, 1.5f, 2, 3, 3);
}
END_TEST

START_TEST(clip_6_with_one_bound_leaves_the_other_open)
{
    SET_IOTA(4);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Clip", 1, FLOAT("max", 1.0)), 10));
    ASSERT_FLOATS("y", 0, 1, 1, 1);
}
END_TEST

START_TEST(slice_1_has_its_bounds_as_attributes)
{
    SET_IOTA(2, 3);
    ck_assert_ok(onnx_eager_read(
        onnx, ONE_TO_ONE("Slice", 3, INTS("starts", 1), INTS("ends", -1), INTS("axes", 1)), 9));
    ASSERT_FLOATS("y", 1, 4);
    ck_assert_ok(onnx_eager_read(
        onnx,
        &(const onnx_eager_node){ .op_type = "Slice",
                                  .inputs = { "x" },
                                  .outputs = { "z" },
                                  .n_inputs = 1,
                                  .n_outputs = 1,
                                  .attrs = { INTS("starts", 1), INTS("ends", 1000) },
                                  .n_attrs = 2 },
        9));
    ASSERT_FLOATS("z", 3, 4, 5);
}
END_TEST

START_TEST(squeeze_and_unsqueeze_1_have_their_axes_as_attributes)
{
    SET_IOTA(1, 2, 1);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Squeeze", 1, INTS("axes", 2)), 11));
    ck_assert_tensor_dims(onnx_eager_get(onnx, "y"), 1, 2);
    ck_assert_ok(onnx_eager_read(onnx,
                                 &(const onnx_eager_node){ .op_type = "Unsqueeze",
                                                           .inputs = { "y" },
                                                           .outputs = { "z" },
                                                           .n_inputs = 1,
                                                           .n_outputs = 1,
                                                           .attrs = { INTS("axes", 0, 3) },
                                                           .n_attrs = 1 },
                                 11));
    ck_assert_tensor_dims(onnx_eager_get(onnx, "z"), 1, 1, 2, 1);
}
END_TEST

START_TEST(squeeze_1_without_axes_drops_all_ones)
{
    SET_IOTA(1, 2, 1);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Squeeze", 0, { 0 }), 11));
    ck_assert_tensor_dims(onnx_eager_get(onnx, "y"), 2);
}
END_TEST

START_TEST(pad_2_has_pads_and_value_as_attributes)
{
    SET_IOTA(2, 2);
    ck_assert_ok(onnx_eager_read(
        onnx, ONE_TO_ONE("Pad", 2, INTS("pads", 0, 1, 1, 0), FLOAT("value", 9.0)), 9));
    ASSERT_FLOATS("y", 9, 0, 1, 9, 2, 3, 9, 9, 9);
}
END_TEST

START_TEST(split_2_has_its_sizes_as_an_attribute)
{
    const onnx_eager_node split = { .op_type = "Split",
                                    .inputs = { "x" },
                                    .outputs = { "a", "b" },
                                    .n_inputs = 1,
                                    .n_outputs = 2,
                                    .attrs = { INTS("split", 1, 3), INT("axis", 0) },
                                    .n_attrs = 2 };

    SET_IOTA(4);
    ck_assert_ok(onnx_eager_read(onnx, &split, 11));
    ASSERT_FLOATS("a", 0);
    ASSERT_FLOATS("b", 1, 2, 3);
}
END_TEST

START_TEST(split_18_counts_its_outputs)
{
    const onnx_eager_node split = { .op_type = "Split",
                                    .inputs = { "x" },
                                    .outputs = { "a", "b" },
                                    .n_inputs = 1,
                                    .n_outputs = 2,
                                    .attrs = { INT("num_outputs", 3) },
                                    .n_attrs = 1 };

    SET_IOTA(4);
    ck_assert_fails_saying(EFFNN_E_FORMAT, "num_outputs", onnx_eager_read(onnx, &split, 18));
}
END_TEST

START_TEST(reductions_1_have_their_axes_as_an_attribute)
{
    SET_IOTA(2, 3);
    ck_assert_ok(onnx_eager_read(
        onnx, ONE_TO_ONE("ReduceMean", 2, INTS("axes", -1), INT("keepdims", 0)), 13));
    ASSERT_FLOATS("y", 1, 4);
}
END_TEST

START_TEST(reductions_1_without_axes_take_all)
{
    SET_IOTA(2, 3);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("ReduceMax", 0, { 0 }), 13));
    ck_assert_tensor_dims(onnx_eager_get(onnx, "y"), 1, 1);
    ASSERT_FLOATS("y", 5);
}
END_TEST

START_TEST(softmax_before_13_takes_all_axes_from_its_axis_on)
{
    SET_IOTA(2, 2, 2);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Softmax", 0, { 0 }), 9));
    ck_assert_tensor_dims(onnx_eager_get(onnx, "y"), 2, 2, 2);
    /* exp(0 … 3) / Σ, by hand */
    ASSERT_FLOATS("y", 0.0320586f, 0.0871443f, 0.2368828f, 0.6439143f, 0.0320586f, 0.0871443f,
                  0.2368828f, 0.6439143f);
}
END_TEST

START_TEST(softmax_before_13_on_the_last_axis_is_the_usual_one)
{
    SET_IOTA(2, 2);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Softmax", 0, { 0 }), 11));
    ASSERT_FLOATS("y", 0.2689414f, 0.7310586f, 0.2689414f, 0.7310586f);
}
END_TEST

START_TEST(dropout_7_has_its_ratio_as_an_attribute)
{
    SET_IOTA(3);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Dropout", 1, FLOAT("ratio", 0.3)), 10));
    ASSERT_FLOATS("y", 0, 1, 2);
}
END_TEST

START_TEST(cast_names_its_type_by_number)
{
    SET_IOTA(3);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Cast", 1, INT("to", 7)), 9));
    ck_assert_int_eq(effnn_tensor_dtype(onnx_eager_get(onnx, "y")), EFFNN_I64);
    ck_assert_fails_saying(
        EFFNN_E_UNSUPPORTED, "'to'",
        onnx_eager_read(onnx, ONE_TO_ONE("Cast", 1, INT("to", 8)), 9)); /* string */
}
END_TEST

START_TEST(constant_of_shape_has_its_value_as_an_attribute)
{
    effnn_tensor *shape = test_tensor_i64(1, (const int64_t[]){ 1 }, (const int64_t[]){ 2 });
    effnn_tensor *value = test_tensor_f32(1, (const int64_t[]){ 1 }, (const float[]){ 1.5f });

    onnx_eager_set(onnx, "x", shape, true);
    ck_assert_ok(
        onnx_eager_read(onnx,
                        ONE_TO_ONE("ConstantOfShape", 1,
                                   { .name = "value", .kind = EFFNN_ONNX_TENSOR, .tensor = value }),
                        9));
    ASSERT_FLOATS("y", 1.5f, 1.5f);
    effnn_tensor_release(shape);
    effnn_tensor_release(value);
}
END_TEST

START_TEST(a_normalisation_in_training_mode_is_refused)
{
    SET_IOTA(1, 2);
    ck_assert_fails_saying(
        EFFNN_E_UNSUPPORTED, "training_mode",
        onnx_eager_read(onnx, ONE_TO_ONE("BatchNormalization", 1, INT("training_mode", 1)), 15));
}
END_TEST

START_TEST(swish_is_silu_with_its_alpha)
{
    SET_IOTA(2);
    ck_assert_ok(onnx_eager_read(onnx, ONE_TO_ONE("Swish", 1, FLOAT("alpha", 2.0)), 24));
    ASSERT_FLOATS("y", 0, 0.8807970f);
}
END_TEST

START_TEST(an_unknown_attribute_is_refused_by_name)
{
    SET_IOTA(2);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "attribute 'wavelength' is not supported",
                           onnx_eager_read(onnx, ONE_TO_ONE("Relu", 1, INT("wavelength", 1)), 13));
}
END_TEST

START_TEST(a_value_outside_the_option_range_is_refused)
{
    SET_IOTA(1, 1, 3);
    ck_assert_fails(
        EFFNN_E_ARG,
        onnx_eager_read(onnx, ONE_TO_ONE("MaxPool", 2, INTS("kernel_shape", 2), INTS("strides", 0)),
                        13));
}
END_TEST

START_TEST(defaults_are_not_written_and_others_are)
{
    const effnn_op_def *def = effnn__op_find("leaky_relu");
    double attrs[1];

    SET_IOTA(2);
    memset(attrs, 0, sizeof attrs);
    ck_assert_uint_eq(def->attrs_size, sizeof attrs);
    ck_assert_ok(effnn__options_init(def->attrs, attrs));
    ck_assert_ok(onnx_eager_write(onnx, def, attrs, (const char *const[]){ "x" }, 1,
                                  (const char *const[]){ "y" }, 1, 13));
    ck_assert_ok(effnn__options_set(def->attrs, attrs, "alpha", "0.25"));
    ck_assert_ok(onnx_eager_write(onnx, def, attrs, (const char *const[]){ "x" }, 1,
                                  (const char *const[]){ "z" }, 1, 13));
    ck_assert_uint_eq(onnx_eager_count(onnx), 2);
    ck_assert_uint_eq(onnx_eager_at(onnx, 0)->n_attrs, 0);
    ck_assert_uint_eq(onnx_eager_at(onnx, 1)->n_attrs, 1);
    ck_assert_str_eq(onnx_eager_at(onnx, 1)->attrs[0].name, "alpha");
    ck_assert_double_eq(onnx_eager_at(onnx, 1)->attrs[0].f, 0.25);
}
END_TEST

/* Names of the ONNX operators that a node with these attributes becomes, "A B C". */
static void assert_written(const char *op, const char *attrs_text, size_t n_inputs, int64_t opset,
                           const char *expected)
{
    const effnn_op_def *def = effnn__op_find(op);
    const char *const inputs[] = { "x", "p", "q" };
    void *attrs = calloc(1, def->attrs_size + 1);
    char text[256] = "";

    ck_assert_ok(effnn__options_init(def->attrs, attrs));
    if (attrs_text) ck_assert_ok(effnn__options_parse(def->attrs, attrs, attrs_text));
    ck_assert_ok(onnx_eager_write(onnx, def, attrs, inputs, n_inputs, (const char *const[]){ "y" },
                                  1, opset));
    for (size_t i = 0; i < onnx_eager_count(onnx); i++) {
        strncat(text, i ? " " : "", sizeof text - strlen(text) - 1);
        strncat(text, onnx_eager_at(onnx, i)->op_type, sizeof text - strlen(text) - 1);
    }
    ck_assert_str_eq(text, expected);
    effnn__options_clear(def->attrs, attrs);
    free(attrs);
}

START_TEST(layer_normalization_before_17_is_written_out)
{
    SET_IOTA(2, 3);
    assert_written("layer_normalization", NULL, 3, 16,
                   "ReduceMean Sub Pow ReduceMean Add Sqrt Div Mul Add");
    ck_assert_str_eq(onnx_eager_at(onnx, 0)->attrs[0].name, "axes");
}
END_TEST

START_TEST(layer_normalization_from_17_on_is_one_node)
{
    SET_IOTA(2, 3);
    assert_written("layer_normalization", NULL, 3, 17, "LayerNormalization");
}
END_TEST

START_TEST(rms_normalization_at_18_gives_its_axes_as_an_input)
{
    SET_IOTA(2, 3);
    assert_written("rms_normalization", NULL, 2, 18, "Pow ReduceMean Add Sqrt Div Mul");
    ck_assert_uint_eq(onnx_eager_at(onnx, 1)->n_inputs, 2);
}
END_TEST

START_TEST(gelu_before_20_is_written_out)
{
    SET_IOTA(2, 3);
    assert_written("gelu", NULL, 1, 19, "Div Erf Add Mul Mul");
}
END_TEST

START_TEST(gelu_by_tanh_before_20_is_written_out)
{
    SET_IOTA(2, 3);
    assert_written("gelu", "approximate=tanh", 1, 13, "Pow Mul Add Mul Tanh Add Mul Mul");
}
END_TEST

START_TEST(a_form_that_an_opset_lacks_is_refused_with_the_opset_that_has_it)
{
    const effnn_op_def *def = effnn__op_find("pad");
    int attrs = 3; /* wrap */

    SET_IOTA(2);
    ck_assert_uint_eq(def->attrs_size, sizeof attrs);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "opset 19",
                           onnx_eager_write(onnx, def, &attrs, (const char *const[]){ "x", "p" }, 2,
                                            (const char *const[]){ "y" }, 1, 18));
}
END_TEST

START_TEST(onnx_types_and_dtypes_are_one_to_one)
{
    for (int dtype = EFFNN_F32; dtype <= EFFNN_U4; dtype++)
        ck_assert_int_eq(effnn__dtype_from_onnx(effnn__dtype_to_onnx((effnn_dtype)dtype)), dtype);
    ck_assert_int_eq(effnn__dtype_from_onnx(1), EFFNN_F32);
    ck_assert_int_eq(effnn__dtype_from_onnx(7), EFFNN_I64);
    ck_assert_int_eq(effnn__dtype_from_onnx(16), EFFNN_BF16);
    ck_assert_int_eq(effnn__dtype_from_onnx(8), -1);
    ck_assert_int_eq(effnn__dtype_from_onnx(0), -1);
}
END_TEST

START_TEST(the_newest_row_not_above_the_opset_reads)
{
    const effnn_onnx_row *row = NULL;

    ck_assert_str_eq(effnn__op_find_onnx("Clip", NULL, 10, &row)->name, "clip");
    ck_assert_int_eq(row->since, 6);
    ck_assert_ptr_nonnull(effnn__op_find_onnx("Clip", "ai.onnx", 28, &row));
    ck_assert_int_eq(row->since, 11);
    ck_assert_ptr_null(effnn__op_find_onnx("Gelu", NULL, 19, &row)); /* an expansion never reads */
    ck_assert_ptr_null(effnn__op_find_onnx("Relu", "com.example", 13, &row));
    ck_assert_ptr_null(effnn__op_find_onnx("NoSuchOperator", NULL, 13, &row));
}
END_TEST

SUITE("onnx_row", setup, teardown, clip_6_has_its_bounds_as_attributes,
      clip_6_with_one_bound_leaves_the_other_open, slice_1_has_its_bounds_as_attributes,
      squeeze_and_unsqueeze_1_have_their_axes_as_attributes, squeeze_1_without_axes_drops_all_ones,
      pad_2_has_pads_and_value_as_attributes, split_2_has_its_sizes_as_an_attribute,
      split_18_counts_its_outputs, reductions_1_have_their_axes_as_an_attribute,
      reductions_1_without_axes_take_all, softmax_before_13_takes_all_axes_from_its_axis_on,
      softmax_before_13_on_the_last_axis_is_the_usual_one, dropout_7_has_its_ratio_as_an_attribute,
      cast_names_its_type_by_number, constant_of_shape_has_its_value_as_an_attribute,
      a_normalisation_in_training_mode_is_refused, swish_is_silu_with_its_alpha,
      an_unknown_attribute_is_refused_by_name, a_value_outside_the_option_range_is_refused,
      defaults_are_not_written_and_others_are, layer_normalization_before_17_is_written_out,
      layer_normalization_from_17_on_is_one_node,
      rms_normalization_at_18_gives_its_axes_as_an_input, gelu_before_20_is_written_out,
      gelu_by_tanh_before_20_is_written_out,
      a_form_that_an_opset_lacks_is_refused_with_the_opset_that_has_it,
      onnx_types_and_dtypes_are_one_to_one, the_newest_row_not_above_the_opset_reads)
