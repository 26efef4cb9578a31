/* SPDX-License-Identifier: BSD-3-Clause */
/* Cumulative sums whose axis is known only when they run. */

#include "ops/op_cumulative.h"

#include "ops/op_run.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

/* forward itself, as a session calls it after an infer that did not know the axis. */
static effnn_status run(size_t n_axes, const int64_t *axes, effnn_tensor *y)
{
    const effnn__cumulative_attrs attrs = { .reverse = true };
    effnn_tensor *x = test_tensor_iota(2, 3);
    effnn_tensor *axis = test_tensor_i64(1, (const int64_t[]){ (int64_t)n_axes }, axes);
    const effnn_op_def *def = effnn__op_find("cumsum");
    const effnn_op_call call = { .def = def,
                                 .attrs = &attrs,
                                 .node = "n",
                                 .inputs = (const effnn_tensor *const[]){ x, axis },
                                 .n_inputs = 2,
                                 .outputs = (effnn_tensor *const[]){ y },
                                 .n_outputs = 1 };
    const effnn_status status = def->forward(&call);

    effnn_tensor_release(x);
    effnn_tensor_release(axis);
    return status;
}

START_TEST(an_axis_that_x_lacks_is_refused_when_run)
{
    effnn_tensor *y = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 2, 3 });

    ck_assert_fails_saying(EFFNN_E_ARG, "axis 2 is outside [-2, 1]",
                           run(1, (const int64_t[]){ 2 }, y));
    ck_assert_fails_saying(EFFNN_E_ARG, "axis -3 is outside", run(1, (const int64_t[]){ -3 }, y));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "one number", run(2, (const int64_t[]){ 0, 1 }, y));
    ck_assert_ok(run(1, (const int64_t[]){ -1 }, y));
    ck_assert_tensor_at(y, 3.0, 0, 0);
    ck_assert_tensor_at(y, 12.0, 1, 0);
    effnn_tensor_release(y);
}
END_TEST

SUITE("op_cumulative", NULL, NULL, an_axis_that_x_lacks_is_refused_when_run)
