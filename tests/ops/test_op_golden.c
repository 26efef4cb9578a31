/* SPDX-License-Identifier: BSD-3-Clause */
/* Operators against results of NumPy, PyTorch and the ONNX reference
 * (tests/golden/make/make_ops.py, make_nets.py, make_math.py). Numbers travel as doubles, which
 * hold every value of the types in the cases. */

#include "ops/op_run.h"

#include "base/option.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <math.h>

typedef struct golden_operand {
    effnn_dtype dtype;
    int rank; /* -1: absent */
    int64_t dims[EFFNN_MAX_RANK];
    const double *values;
} golden_operand;

typedef struct golden_case {
    const char *name, *op, *attrs;
    double tolerance;
    size_t n_inputs;
    golden_operand inputs[9];
    size_t n_outputs;
    golden_operand outputs[4];
} golden_case;

static const golden_case cases[] = {
#include "golden/ops/attention.inc"
#include "golden/ops/cases.inc"
#include "golden/ops/index.inc"
#include "golden/ops/norms.inc"
#include "golden/ops/quantized.inc"
#include "golden/ops/recurrent.inc"
#include "golden/ops/regions.inc"
#include "golden/ops/resize.inc"
#include "golden/ops/scalars.inc"
#include "golden/ops/signals.inc"
#include "golden/ops/windows.inc"
};
#define N_CASES (sizeof cases / sizeof cases[0])

static effnn_tensor *tensor_of(const golden_operand *operand)
{
    effnn_tensor *tensor = NULL;
    void *data;

    if (operand->rank < 0) return NULL;
    ck_assert_ok(
        effnn_tensor_create(&tensor, NULL, operand->dtype, (size_t)operand->rank, operand->dims));
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    for (size_t i = 0; i < effnn_tensor_count(tensor); i++)
        effnn__dtype_row_of(operand->dtype)->store_f64(data, i, operand->values[i]);
    return tensor;
}

START_TEST(an_operator_gives_the_expected_numbers)
{
    const golden_case *c = &cases[_i];
    const effnn_op_def *def = effnn__op_find(c->op);
    effnn_tensor *inputs[9] = { NULL }, *outputs[4] = { NULL };

    ck_assert_msg(def, "no operator '%s'", c->op);
    void *attrs = calloc(1, def->attrs_size + 1);
    ck_assert_ptr_nonnull(attrs);
    ck_assert_ok(effnn__options_init(def->attrs, attrs));
    if (c->attrs) ck_assert_ok(effnn__options_parse(def->attrs, attrs, c->attrs));
    for (size_t i = 0; i < c->n_inputs; i++) inputs[i] = tensor_of(&c->inputs[i]);
    ck_assert_ok(effnn__op_run(NULL, def, attrs, c->name, (const effnn_tensor *const *)inputs,
                               c->n_inputs, outputs, c->n_outputs));
    for (size_t i = 0; i < c->n_outputs; i++) {
        effnn_tensor *expected = tensor_of(&c->outputs[i]);

        ck_assert_tensor_near(outputs[i], expected, c->tolerance, c->tolerance);
        effnn_tensor_release(expected);
        effnn_tensor_release(outputs[i]);
    }
    for (size_t i = 0; i < c->n_inputs; i++) effnn_tensor_release(inputs[i]);
    effnn__options_clear(def->attrs, attrs);
    free(attrs);
}
END_TEST

LOOP_SUITE("op_golden", NULL, NULL, N_CASES, an_operator_gives_the_expected_numbers)
