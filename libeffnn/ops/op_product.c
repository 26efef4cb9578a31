/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrix products for the types that have no kernel: rows of C in parallel, one dot product after
 * the other. Meant for integers and halves in small graphs and in tests, not for speed. */

#include "ops/op_product.h"

#include "base/pool.h"
#include "kernels/packed.h"
#include "ops/op_elementwise.h"

typedef struct product_job {
    const effnn__gemm *gemm;
    const effnn__dtype_row *row;
} product_job;

/* Where row `i` of entry `batch` of a matrix begins. */
static int64_t row_begin(const size_t *offsets, size_t batch, size_t i, int64_t row_stride)
{
    return (int64_t)(offsets ? offsets[batch] : 0) + (int64_t)i * row_stride;
}

static double dot_f64(const product_job *job, int64_t a, int64_t b)
{
    const effnn__gemm *g = job->gemm;
    double sum = 0.0;

    for (size_t k = 0; k < g->k; k++)
        sum += job->row->load_f64(g->a, (size_t)(a + (int64_t)k * g->a_col)) *
               job->row->load_f64(g->b, (size_t)(b + (int64_t)k * g->b_row));
    return sum;
}

static int64_t dot_i64(const product_job *job, int64_t a, int64_t b)
{
    const effnn__gemm *g = job->gemm;
    uint64_t sum = 0;

    for (size_t k = 0; k < g->k; k++)
        sum += (uint64_t)job->row->load_i64(g->a, (size_t)(a + (int64_t)k * g->a_col)) *
               (uint64_t)job->row->load_i64(g->b, (size_t)(b + (int64_t)k * g->b_row));
    return (int64_t)sum;
}

/* Items are the rows of C of all batch entries. */
static effnn_status product_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const product_job *job = job_;
    const effnn__gemm *g = job->gemm;
    const bool is_float = job->row->kind == EFFNN__KIND_FLOAT;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t batch = i / g->m;
        const int64_t a = row_begin(g->a_offset, batch, i % g->m, g->a_row);
        const int64_t c = row_begin(g->c_offset, batch, i % g->m, g->c_row);

        for (size_t n = 0; n < g->n; n++) {
            const int64_t b = row_begin(g->b_offset, batch, n, g->b_col);
            const size_t at = (size_t)(c + (int64_t)n * g->c_col);

            if (!is_float) {
                effnn__store_wrapped(job->row, g->c, at, dot_i64(job, a, b));
                continue;
            }
            const double old = g->beta == 0.0 ? 0.0 : g->beta * job->row->load_f64(g->c, at);
            job->row->store_f64(g->c, at, g->alpha * dot_f64(job, a, b) + old);
        }
    }
    return EFFNN_OK;
}

static effnn_status run_packed(const effnn_op_call *call, const effnn__gemm *g)
{
    const effnn__packed_gemm gemm = { .m = g->m,
                                      .n = g->n,
                                      .k = g->k,
                                      .a = g->a,
                                      .b = call->packed,
                                      .c = g->c,
                                      .a_row = (size_t)g->a_row,
                                      .a_col = (size_t)g->a_col,
                                      .c_row = (size_t)g->c_row,
                                      .accumulate = g->beta == 1.0,
                                      .after = call->after };

    EFFNN_ASSERT(g->n_batch == 1 && g->alpha == 1.0 && (g->beta == 0.0 || g->beta == 1.0));
    return effnn__gemm_f32_packed(call->context, &gemm);
}

effnn_status effnn__product_pack(const effnn_op_call *call, effnn_op_packed *out,
                                 const effnn_tensor *b, bool is_turned)
{
    const int64_t *dims = effnn_tensor_dims(b), row = dims[1];
    const size_t k = (size_t)dims[is_turned], n = (size_t)dims[!is_turned];

    if (!effnn_tensor_data(b) || effnn_tensor_dtype(b) != EFFNN_F32) return EFFNN_OK;
    EFFNN_TRY(effnn__op_packed_alloc(out, effnn__pack_bytes(k, n), call->node));
    if (!out->data) return EFFNN_OK;
    effnn__pack_f32(out->data, effnn_tensor_data(b), is_turned ? 1 : row, is_turned ? row : 1, k,
                    n);
    out->inputs = 1u << 1;
    return EFFNN_OK;
}

effnn_status effnn__product_run(effnn_context *context, effnn_dtype dtype, const effnn__gemm *gemm)
{
    product_job job = { .gemm = gemm, .row = effnn__dtype_row_of(dtype) };

    if (gemm->m == 0 || gemm->n == 0 || gemm->n_batch == 0) return EFFNN_OK;
    if (dtype == EFFNN_F32) return effnn__kernels_get()->gemm_f32(context, gemm);
    if (dtype == EFFNN_F64) return effnn__kernels_get()->gemm_f64(context, gemm);
    return effnn__parallel_for(context, gemm->n_batch * gemm->m, 1, product_piece, &job);
}

effnn_status effnn__product_node(const effnn_op_call *call, const effnn__gemm *gemm)
{
    effnn_tensor *y = call->outputs[0];
    const size_t count = effnn_tensor_count(y), rank = effnn_tensor_rank(y);

    if (count == 0) return EFFNN_OK;
    if (call->packed) return run_packed(call, gemm);
    EFFNN_TRY(effnn__product_run(call->context, effnn_tensor_dtype(y), gemm));
    /* Columns of C, but where B is a vector, its rows. */
    const size_t columns = rank ? (size_t)effnn_tensor_dims(y)[rank - 1] : 1;

    return effnn__epilogue_f32(call->context, &call->after, count / columns, columns,
                               effnn__tensor_data(y));
}
