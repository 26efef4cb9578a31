/* SPDX-License-Identifier: BSD-3-Clause */
/* Products with packed weights as a node runs them: few rows go another way through the weights and
 * to other threads, and have the bits that they have among many. */

#include "kernels/packed.h"
#include "ops/op_run.h"
#include "support/arrays.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

enum { K = 300, N = 710, ROWS = 20 };

static effnn_tensor *x, *w, *all;
static effnn_op_packed packed;

/* The first m rows of x times w, into a new tensor. */
static effnn_tensor *multiply(effnn_context *context, int64_t m)
{
    const effnn_op_def *matmul = effnn__op_find("matmul");
    effnn_tensor *rows = NULL, *y = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ m, N });
    const effnn_tensor *inputs[2];
    effnn_op_call call = { .def = matmul,
                           .node = "product",
                           .context = context,
                           .inputs = inputs,
                           .n_inputs = 2,
                           .outputs = &y,
                           .n_outputs = 1 };

    ck_assert_ok(effnn_tensor_view_slice(&rows, x, 0, 0, m, 1));
    inputs[0] = rows;
    inputs[1] = w;
    if (!packed.data) ck_assert_ok(matmul->prepack(&call, &packed));
    ck_assert_ptr_nonnull(packed.data);
    call.packed = packed.data;
    ck_assert_ok(matmul->forward(&call));
    effnn_tensor_release(rows);
    return y;
}

static void setup(void)
{
    x = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ ROWS, K }, 1);
    w = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ K, N }, 2);
    packed = (effnn_op_packed){ 0 };
    all = multiply(NULL, ROWS);
}

static void teardown(void)
{
    effnn_tensor_release(x);
    effnn_tensor_release(w);
    effnn_tensor_release(all);
    packed.destroy(packed.data);
}

START_TEST(few_rows_have_the_bits_of_many_at_any_number_of_threads)
{
    for (size_t t = 0; t < N_THREAD_COUNTS; t++) {
        effnn_context *context = context_of(thread_counts[t]);

        for (int64_t m = 1; m <= 6; m++) {
            effnn_tensor *y = multiply(context, m);

            ck_assert_mem_eq(effnn_tensor_data(y), effnn_tensor_data(all), effnn_tensor_bytes(y));
            effnn_tensor_release(y);
        }
        effnn_context_destroy(context);
    }
}
END_TEST

SUITE("op_product", setup, teardown, few_rows_have_the_bits_of_many_at_any_number_of_threads)
