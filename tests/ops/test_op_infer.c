/* SPDX-License-Identifier: BSD-3-Clause */
/* Inference with open sizes: the chains of shape arithmetic that exporters write come out with the
 * batch still a symbol; messages name the node and the sizes. */

#include "ops/op_infer.h"

#include "base/option.h"
#include "ops/op_run.h"
#include "support/suite.h"

#include <stdio.h>

static effnn__symbols *table;
static effnn__sym n, s;

static void setup(void)
{
    ck_assert_ok(effnn__symbols_create(&table));
    ck_assert_ok(effnn__symbols_named(&n, table, "N"));
    ck_assert_ok(effnn__symbols_named(&s, table, "S"));
}

static void teardown(void)
{
    effnn__symbols_destroy(table);
}

static effnn__sym c(int64_t value)
{
    return effnn__sym_constant(value);
}

/* f32 of these sizes. */
static effnn__value_info shaped(size_t rank, const effnn__sym *dims)
{
    effnn__value_info info = { .has_dtype = true, .dtype = EFFNN_F32 };

    effnn__info_set_shape(&info, rank, dims);
    return info;
}
#define SHAPED(...)                                                    \
    shaped(sizeof((effnn__sym[]){ __VA_ARGS__ }) / sizeof(effnn__sym), \
           (effnn__sym[]){ __VA_ARGS__ })

/* i64 of rank 1 with these contents. */
static effnn__value_info contents(size_t count, const effnn__sym *items)
{
    effnn__value_info info = { .has_dtype = true, .dtype = EFFNN_I64, .has_content = true };

    effnn__info_set_shape(&info, 1, &(effnn__sym){ .offset = (int64_t)count });
    info.n_content = count;
    for (size_t i = 0; i < count; i++) info.content[i] = items[i];
    return info;
}
#define INTS(...)                                                        \
    contents(sizeof((effnn__sym[]){ __VA_ARGS__ }) / sizeof(effnn__sym), \
             (effnn__sym[]){ __VA_ARGS__ })

/* The same of rank 0. */
static effnn__value_info scalar(effnn__sym item)
{
    effnn__value_info info = INTS(item);

    info.rank = 0;
    return info;
}

static effnn_status try_infer(effnn__value_info *out, const char *op, const char *attrs_text,
                              const effnn__value_info *inputs, size_t n_inputs)
{
    const effnn_op_def *def = effnn__op_find(op);
    const effnn__value_info *pointers[8];
    const effnn_tensor *const constants[8] = { NULL };

    ck_assert_msg(def, "no operator '%s'", op);
    void *attrs = calloc(1, def->attrs_size + 1);
    ck_assert_ok(effnn__options_init(def->attrs, attrs));
    if (attrs_text) ck_assert_ok(effnn__options_parse(def->attrs, attrs, attrs_text));
    for (size_t i = 0; i < n_inputs; i++) pointers[i] = &inputs[i];
    effnn_op_infer call = { .def = def,
                            .attrs = attrs,
                            .node = "node",
                            .symbols = table,
                            .inputs = pointers,
                            .constants = constants,
                            .n_inputs = n_inputs,
                            .outputs = out,
                            .n_outputs = 1 };
    const effnn_status status = effnn__op_infer(&call);
    effnn__options_clear(def->attrs, attrs);
    free(attrs);
    return status;
}

static effnn__value_info infer(const char *op, const char *attrs, const effnn__value_info *inputs,
                               size_t n_inputs)
{
    effnn__value_info out;

    ck_assert_ok(try_infer(&out, op, attrs, inputs, n_inputs));
    return out;
}
#define INFER(op, attrs, ...)                              \
    infer(op, attrs, (effnn__value_info[]){ __VA_ARGS__ }, \
          sizeof((effnn__value_info[]){ __VA_ARGS__ }) / sizeof(effnn__value_info))

/* The shape as text, "[N, 3]". */
static void assert_shape(effnn__value_info info, const char *expected)
{
    const effnn_op_infer call = { .symbols = table };
    char text[EFFNN__INFO_TEXT];

    ck_assert_str_eq(effnn__infer_print(text, &call, &info), expected);
}

/* The contents as text, in the same way. */
static void assert_content(effnn__value_info info, const char *expected)
{
    ck_assert_msg(info.has_content, "content is not known, expected %s", expected);
    effnn__value_info as_shape = { .has_shape = true, .rank = info.n_content };
    ck_assert_uint_le(info.n_content, EFFNN_MAX_RANK);
    for (size_t i = 0; i < info.n_content; i++) as_shape.dims[i] = info.content[i];
    assert_shape(as_shape, expected);
}

START_TEST(view_of_a_batch_keeps_the_batch)
{
    /* x.view(x.size(0), -1) as Shape → Gather → Unsqueeze → Concat → Reshape */
    const effnn__value_info x = SHAPED(n, c(16), c(7), c(7));
    const effnn__value_info batch = INFER("gather", NULL, INFER("shape", NULL, x), scalar(c(0)));
    const effnn__value_info row = INFER("unsqueeze", NULL, batch, INTS(c(0)));
    const effnn__value_info shape = INFER("concat", "axis=0", row, INTS(c(-1)));

    assert_content(shape, "[N, -1]");
    assert_shape(INFER("reshape", NULL, x, shape), "[N, 784]");
}
END_TEST

START_TEST(no_sizes_make_a_scalar_of_one_element_only)
{
    effnn__value_info none = { .has_dtype = true, .dtype = EFFNN_I64 }, out;

    effnn__info_set_shape(&none, 1, &(effnn__sym){ .offset = 0 });
    assert_shape(INFER("reshape", NULL, SHAPED(c(1), c(1)), none), "[]");
    assert_shape(INFER("reshape", NULL, SHAPED(n), none), "[]");
    const effnn__value_info inputs[] = { SHAPED(c(3), c(5)), none };
    ck_assert_fails_saying(EFFNN_E_SHAPE, "15 elements",
                           try_infer(&out, "reshape", NULL, inputs, 2));
}
END_TEST

START_TEST(a_condition_on_shapes_is_known_and_so_is_its_opposite)
{
    const effnn__value_info x = SHAPED(n, c(16));
    const effnn__value_info width = INFER("gather", NULL, INFER("shape", NULL, x), scalar(c(1)));
    const effnn__value_info batch = INFER("gather", NULL, INFER("shape", NULL, x), scalar(c(0)));

    assert_content(INFER("not", NULL, INFER("equal", NULL, width, scalar(c(16)))), "[0]");
    assert_content(INFER("not", NULL, INFER("equal", NULL, width, scalar(c(3)))), "[1]");
    ck_assert(!INFER("not", NULL, INFER("equal", NULL, batch, scalar(c(3)))).has_content);
}
END_TEST

START_TEST(heads_are_split_and_joined_with_batch_and_length_open)
{
    const effnn__value_info x = SHAPED(n, s, c(768));
    const effnn__value_info split = INFER("reshape", NULL, x, INTS(n, s, c(12), c(-1)));
    const effnn__value_info heads = INFER("transpose", "perm=0:2:1:3", split);
    const effnn__value_info keys = INFER("transpose", "perm=0:1:3:2", heads);
    const effnn__value_info scores = INFER("matmul", NULL, heads, keys);
    const effnn__value_info mixed = INFER("matmul", NULL, scores, heads);
    const effnn__value_info joined = INFER("transpose", "perm=0:2:1:3", mixed);

    assert_shape(heads, "[N, 12, S, 64]");
    assert_shape(scores, "[N, 12, S, S]");
    assert_shape(INFER("reshape", NULL, joined, INTS(c(0), c(0), c(-1))), "[N, S, 768]");
    assert_shape(INFER("reshape", NULL, joined, INTS(c(-1), c(768))), "[(N*S), 768]");
}
END_TEST

START_TEST(a_class_token_expands_to_the_batch)
{
    /* token.expand(N, -1, -1): Where(Equal(shape, -1), ones, shape), then Expand and Concat */
    const effnn__value_info wanted = INTS(n, c(-1), c(-1));
    const effnn__value_info ones = INFER("constant_of_shape", NULL, INTS(c(3)), INTS(c(1)));
    const effnn__value_info minus = INFER("mul", NULL, ones, scalar(c(-1)));
    const effnn__value_info open = INFER("equal", NULL, wanted, minus);
    const effnn__value_info shape = INFER("where", NULL, open, ones, wanted);
    const effnn__value_info token = INFER("expand", NULL, SHAPED(c(1), c(1), c(96)), shape);

    assert_content(minus, "[-1, -1, -1]");
    assert_content(open, "[0, 1, 1]");
    assert_content(shape, "[N, 1, 1]");
    assert_shape(token, "[N, 1, 96]");
    assert_shape(INFER("concat", "axis=1", token, SHAPED(n, s, c(96))), "[N, S+1, 96]");
}
END_TEST

START_TEST(arithmetic_follows_contents)
{
    assert_content(INFER("add", NULL, INTS(n, s), scalar(c(1))), "[N+1, S+1]");
    assert_content(INFER("mul", NULL, INTS(n, s), INTS(s, n)), "[(N*S), (N*S)]");
    assert_content(INFER("div", NULL, INTS(c(-7), n), INTS(c(2), c(1))), "[-3, N]");
    assert_content(INFER("sub", NULL, INTS(n), INTS(n)), "[0]");
    assert_content(INFER("cast", "to=i32", INTS(n, c(5))), "[N, 5]");
    assert_content(INFER("slice", NULL, INTS(n, c(3), s), INTS(c(1)), INTS(c(100))), "[3, S]");
    assert_content(
        INFER("slice", NULL, INTS(n, c(3), s), INTS(c(-1)), INTS(c(-100)), INTS(c(0)), INTS(c(-1))),
        "[S, 3, N]");
    assert_content(INFER("squeeze", NULL, INTS(n), INTS(c(0))), "[N]");
    assert_content(INFER("range", NULL, scalar(c(2)), scalar(c(8)), scalar(c(3))), "[2, 5]");
    assert_content(INFER("shape", "start=1,end=3", SHAPED(n, s, c(4), c(5))), "[S, 4]");
}
END_TEST

START_TEST(what_cannot_be_known_has_no_content)
{
    ck_assert(!INFER("equal", NULL, INTS(n), INTS(s)).has_content);
    ck_assert(!INFER("div", NULL, INTS(n), INTS(c(0))).has_content);
    ck_assert(!INFER("cast", "to=bool", INTS(n)).has_content);
    ck_assert(!INFER("cast", "to=f32", INTS(n)).has_content);
    ck_assert(!INFER("add", NULL, INTS(c(INT64_MAX)), INTS(c(1))).has_content);
    ck_assert(!INFER("cast", "to=i32", INTS(c((int64_t)1 << 40))).has_content);
}
END_TEST

START_TEST(slices_of_open_sizes_are_exact_or_fresh)
{
    const effnn__value_info x = SHAPED(n, s);
    const effnn__value_info end = INTS(c(INT64_MAX)), axis = INTS(c(1));

    assert_shape(INFER("slice", NULL, x, INTS(c(0)), end, axis), "[N, S]");
    assert_shape(INFER("slice", NULL, x, INTS(c(1)), end, axis), "[N, S-1]");
    assert_shape(INFER("slice", NULL, x, INTS(c(-1)), end, axis), "[N, 1]");
    assert_shape(INFER("slice", NULL, x, INTS(c(0)), INTS(c(1)), axis), "[N, 1]");
    assert_shape(INFER("slice", NULL, x, INTS(c(0)), INTS(s), axis), "[N, S]");
    assert_shape(INFER("slice", NULL, x, end, INTS(c(INT64_MIN)), axis, INTS(c(-1))), "[N, S]");
    /* S may be below 5 */
    ck_assert(!effnn__sym_equal(INFER("slice", NULL, x, INTS(c(0)), INTS(c(5)), axis).dims[1], s));
    assert_shape(INFER("slice", NULL, x, INTS(c(0)), INTS(c(5)), axis), "[N, ?1]");
}
END_TEST

START_TEST(windows_over_open_sizes_are_quotients)
{
    const effnn__value_info x = SHAPED(n, c(3), s, s), w = SHAPED(c(8), c(3), c(3), c(3));

    assert_shape(INFER("conv", "pads=1:1:1:1", x, w), "[N, 8, S, S]");
    assert_shape(INFER("conv", "pads=1:1:1:1,strides=2:2", x, w),
                 "[N, 8, ((S-1)/2)+1, ((S-1)/2)+1]");
    assert_shape(INFER("conv", "auto_pad=SAME_UPPER,strides=2:2", x, w),
                 "[N, 8, ((S+1)/2), ((S+1)/2)]");
    assert_shape(INFER("max_pool", "kernel_shape=2:2,strides=2:2", x),
                 "[N, 3, ((S-2)/2)+1, ((S-2)/2)+1]");
    assert_shape(INFER("flatten", NULL, x), "[N, 3*(S*S)]");
    assert_shape(INFER("global_average_pool", NULL, x), "[N, 3, 1, 1]");
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_named)
{
    effnn__value_info out;

    ck_assert_fails_saying(
        EFFNN_E_SHAPE, "add 'node': [N, 3] does not broadcast with [4]",
        try_infer(&out, "add", NULL, (effnn__value_info[]){ SHAPED(n, c(3)), SHAPED(c(4)) }, 2));
    ck_assert_fails_saying(
        EFFNN_E_ARG, "softmax 'node': axis 2 is outside [-2, 1]",
        try_infer(&out, "softmax", "axis=2", (effnn__value_info[]){ SHAPED(n, c(3)) }, 1));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "matmul 'node': inner sizes: 3 is not 4",
                           try_infer(&out, "matmul", NULL,
                                     (effnn__value_info[]){ SHAPED(n, c(3)), SHAPED(c(4), s) }, 2));
}
END_TEST

START_TEST(a_symbol_beside_a_constant_takes_the_constant)
{
    assert_shape(INFER("add", NULL, SHAPED(n, c(3)), SHAPED(c(4), c(1))), "[4, 3]");
    assert_shape(INFER("add", NULL, SHAPED(n, s), SHAPED(c(1), s)), "[N, S]");
    assert_shape(INFER("concat", "axis=1", SHAPED(n, c(3)), SHAPED(c(4), c(1))), "[4, 4]");
}
END_TEST

START_TEST(names_of_dtypes_are_in_the_order_of_the_enumeration)
{
    for (int dtype = EFFNN_F32; dtype <= EFFNN_U4; dtype++)
        ck_assert_str_eq(effnn__dtype_choices[dtype], effnn_dtype_name((effnn_dtype)dtype));
    ck_assert_ptr_null(effnn__dtype_choices[EFFNN_U4 + 1]);
}
END_TEST

SUITE("op_infer", setup, teardown, view_of_a_batch_keeps_the_batch,
      no_sizes_make_a_scalar_of_one_element_only,
      a_condition_on_shapes_is_known_and_so_is_its_opposite,
      heads_are_split_and_joined_with_batch_and_length_open, a_class_token_expands_to_the_batch,
      arithmetic_follows_contents, what_cannot_be_known_has_no_content,
      slices_of_open_sizes_are_exact_or_fresh, windows_over_open_sizes_are_quotients,
      sizes_that_do_not_fit_are_named, a_symbol_beside_a_constant_takes_the_constant,
      names_of_dtypes_are_in_the_order_of_the_enumeration)
