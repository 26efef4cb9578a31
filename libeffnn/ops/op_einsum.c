/* SPDX-License-Identifier: BSD-3-Clause */
/* Einstein sums: axes with one label run together, labels missing from the result are summed over.
 *
 * A product of two float operands goes the way of matrix products: every label is one of the batch
 * (in all three terms), of the rows (left and result), of the columns (right and result) or of the
 * sum (left and right); the operands are brought into that order, multiplied and brought back.
 * Everything else (one operand, three, integers, diagonals, labels of one operand that are summed)
 * is summed element by element. */

#include "ops/op_einsum.h"

#include "base/pool.h"
#include "ops/op_elementwise.h"
#include "ops/op_move.h"
#include "ops/op_product.h"
#include "ops/op_saves.h"

#define GRAIN 4096

typedef struct einsum_attrs {
    char *equation;
} einsum_attrs;

static const effnn_option_def attr_defs[] = {
    { "equation", "labels of the axes: \"bij,bjk->bik\"; must be given", EFFNN_OPT_STRING,
      offsetof(einsum_attrs, equation), .text = "" },
    EFFNN_OPTIONS_END,
};

/* ---- shapes ---- */

/* Sizes of all labels; a size 1 gives way to another. */
static effnn_status infer_sizes(const effnn_op_infer *call, const effnn__einsum *e,
                                effnn__sym *sizes)
{
    bool seen[EFFNN__EINSUM_LABELS] = { false };

    for (size_t i = 0; i < e->n_inputs; i++)
        for (size_t k = 0; k < e->inputs[i].n; k++) {
            const unsigned label = e->inputs[i].labels[k];
            const effnn__sym dim = call->inputs[i]->dims[k], one = effnn__sym_constant(1);

            if (!seen[label] || effnn__sym_equal(sizes[label], one))
                sizes[label] = dim;
            else if (!effnn__sym_equal(dim, one))
                EFFNN_TRY(effnn__infer_equal_dims(&sizes[label], call, "sizes of a label",
                                                  sizes[label], dim));
            seen[label] = true;
        }
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const einsum_attrs *attrs = call->attrs;
    effnn__sym sizes[EFFNN__EINSUM_LABELS], dims[EFFNN_MAX_RANK];
    size_t ranks[EFFNN__EINSUM_INPUTS];
    const char *why = NULL;
    effnn__einsum e;

    for (size_t i = 0; i < call->n_inputs; i++) {
        if (!call->inputs[i]) return effnn__infer_fail(call, EFFNN_E_ARG, "input %zu is absent", i);
        EFFNN_TRY(effnn__infer_dtype(call, i, EFFNN__NUMBERS));
    }
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, call->n_inputs));
    for (size_t i = 0; i < call->n_inputs; i++) {
        if (!call->inputs[i]->has_shape) return EFFNN_OK;
        ranks[i] = call->inputs[i]->rank;
    }
    const effnn_status status =
        effnn__einsum_parse(&e, attrs->equation, call->n_inputs, ranks, &why);
    if (status != EFFNN_OK)
        return effnn__infer_fail(call, status, "equation '%.100s': %s", attrs->equation, why);
    EFFNN_TRY(infer_sizes(call, &e, sizes));
    for (size_t i = 0; i < e.output.n; i++) dims[i] = sizes[e.output.labels[i]];
    effnn__info_set_shape(&call->outputs[0], e.output.n, dims);
    return EFFNN_OK;
}

/* ---- what a call comes to ---- */

/* The equation with concrete sizes. infer has checked all of it. */
typedef struct einsum_call {
    effnn__einsum e;
    int64_t sizes[EFFNN__EINSUM_LABELS]; /* 0 labels unused: 1 */
} einsum_call;

static void describe(einsum_call *out, const effnn_op_call *call)
{
    const einsum_attrs *attrs = call->attrs;
    size_t ranks[EFFNN__EINSUM_INPUTS];
    const char *why = NULL;

    for (size_t i = 0; i < call->n_inputs; i++) ranks[i] = effnn_tensor_rank(call->inputs[i]);
    const effnn_status status =
        effnn__einsum_parse(&out->e, attrs->equation, call->n_inputs, ranks, &why);
    EFFNN_ASSERT(status == EFFNN_OK);
    (void)status;
    for (size_t i = 0; i < EFFNN__EINSUM_LABELS; i++) out->sizes[i] = 1;
    for (size_t i = 0; i < call->n_inputs; i++)
        for (size_t k = 0; k < ranks[i]; k++) {
            const int64_t size = effnn_tensor_dims(call->inputs[i])[k];

            if (size != 1) out->sizes[out->e.inputs[i].labels[k]] = size;
        }
}

/* strides[label] of an operand, summed where a label stands twice, 0 where a size 1 is spread. */
static void label_strides(int64_t *strides, const effnn__einsum_term *term,
                          const effnn_tensor *tensor)
{
    int64_t own[EFFNN_MAX_RANK];

    effnn__shape_strides(own, term->n, effnn_tensor_dims(tensor));
    for (size_t i = 0; i < EFFNN__EINSUM_LABELS; i++) strides[i] = 0;
    for (size_t i = 0; i < term->n; i++)
        if (effnn_tensor_dims(tensor)[i] != 1) strides[term->labels[i]] += own[i];
}

/* Labels that are in all terms of `in` and in none of `out`, in the order of the first. */
static effnn__einsum_term select_labels(const effnn__einsum_term *const *in, size_t n_in,
                                        const effnn__einsum_term *out)
{
    effnn__einsum_term found = { 0 };

    for (size_t i = 0; i < in[0]->n; i++) {
        const unsigned label = in[0]->labels[i];
        bool fits = !out || !effnn__einsum_has(out, label);

        for (size_t k = 1; k < n_in; k++) fits = fits && effnn__einsum_has(in[k], label);
        if (fits) found.labels[found.n++] = (unsigned char)label;
    }
    return found;
}

/* A sum as a product of matrices. */
typedef struct einsum_product {
    effnn__einsum_term batch, rows, columns, sum;
    size_t n_batch, m, n, k;
} einsum_product;

static size_t count_of(const einsum_call *self, const effnn__einsum_term *term)
{
    size_t n = 1;

    for (size_t i = 0; i < term->n; i++) n *= (size_t)self->sizes[term->labels[i]];
    return n;
}

static bool has_twice(const effnn__einsum_term *term)
{
    for (size_t i = 0; i < term->n; i++)
        for (size_t k = 0; k < i; k++)
            if (term->labels[i] == term->labels[k]) return true;
    return false;
}

/* False if the sum is none. */
static bool as_product(einsum_product *out, const einsum_call *self, const effnn_op_call *call)
{
    const effnn__einsum_term *a = &self->e.inputs[0], *b = &self->e.inputs[1];
    const effnn__einsum_term *y = &self->e.output;

    if (self->e.n_inputs != 2 || !effnn__dtype_is_float(effnn_tensor_dtype(call->inputs[0])) ||
        has_twice(a) || has_twice(b))
        return false;
    out->batch = select_labels((const effnn__einsum_term *const[]){ y, a, b }, 3, NULL);
    out->rows = select_labels((const effnn__einsum_term *const[]){ y, a }, 2, b);
    out->columns = select_labels((const effnn__einsum_term *const[]){ y, b }, 2, a);
    out->sum = select_labels((const effnn__einsum_term *const[]){ a, b }, 2, y);
    if (a->n != out->batch.n + out->rows.n + out->sum.n ||
        b->n != out->batch.n + out->columns.n + out->sum.n)
        return false; /* a label of one operand alone is summed */
    out->n_batch = count_of(self, &out->batch);
    out->m = count_of(self, &out->rows);
    out->n = count_of(self, &out->columns);
    out->k = count_of(self, &out->sum);
    return true;
}

/* ---- by matrix products ---- */

static size_t align(size_t bytes)
{
    return (bytes + 63) / 64 * 64;
}

static size_t scratch(const effnn_op_call *call, effnn_op_phase phase)
{
    const size_t size = effnn__element_size(call->inputs[0]);
    einsum_product p;
    einsum_call self;

    (void)phase;
    describe(&self, call);
    if (!as_product(&p, &self, call)) return 0;
    return align(p.n_batch * p.m * p.k * size) + align(p.n_batch * p.k * p.n * size) +
           align(p.n_batch * p.m * p.n * size) + 3 * p.n_batch * sizeof(size_t);
}

/* An operand brought into the order of three groups of labels. */
static effnn_status gather_operand(const effnn_op_call *call, const einsum_call *self, size_t i,
                                   const effnn__einsum_term *const *groups, void *out)
{
    int64_t strides[EFFNN__EINSUM_LABELS], dims[EFFNN_MAX_RANK], own[EFFNN_MAX_RANK];
    const effnn_tensor *x = call->inputs[i];
    effnn__walk walk;
    size_t n = 0;

    label_strides(strides, &self->e.inputs[i], x);
    for (size_t g = 0; g < 3; g++)
        for (size_t k = 0; k < groups[g]->n; k++) {
            dims[n] = self->sizes[groups[g]->labels[k]];
            own[n++] = strides[groups[g]->labels[k]];
        }
    effnn__walk_init(&walk, n, dims);
    effnn__walk_add(&walk, 0, own);
    return effnn__walk_copy(&walk, call->context, out, effnn_tensor_data(x),
                            effnn__element_size(x));
}

/* The result from the order batch, rows, columns into its own. */
static effnn_status spread_result(const effnn_op_call *call, const einsum_call *self,
                                  const einsum_product *p, const void *product)
{
    const effnn__einsum_term *const groups[] = { &p->batch, &p->rows, &p->columns };
    int64_t strides[EFFNN__EINSUM_LABELS] = { 0 }, own[EFFNN_MAX_RANK], stride = 1;
    effnn_tensor *y = call->outputs[0];
    effnn__walk walk;

    for (size_t g = 3; g-- > 0;)
        for (size_t k = groups[g]->n; k-- > 0;) {
            strides[groups[g]->labels[k]] = stride;
            stride *= self->sizes[groups[g]->labels[k]];
        }
    for (size_t i = 0; i < self->e.output.n; i++) own[i] = strides[self->e.output.labels[i]];
    effnn__walk_init(&walk, self->e.output.n, effnn_tensor_dims(y));
    effnn__walk_add(&walk, 0, own);
    return effnn__walk_copy(&walk, call->context, effnn__tensor_data(y), product,
                            effnn__element_size(y));
}

static effnn_status run_product(const effnn_op_call *call, const einsum_call *self,
                                const einsum_product *p)
{
    const size_t size = effnn__element_size(call->inputs[0]);
    char *a = call->scratch;
    char *b = a + align(p->n_batch * p->m * p->k * size);
    char *c = b + align(p->n_batch * p->k * p->n * size);
    size_t *offsets = (size_t *)(c + align(p->n_batch * p->m * p->n * size));
    effnn__gemm g = { .m = p->m,
                      .n = p->n,
                      .k = p->k,
                      .a = a,
                      .b = b,
                      .c = c,
                      .alpha = 1.0,
                      .n_batch = p->n_batch,
                      .a_offset = offsets,
                      .b_offset = offsets + p->n_batch,
                      .c_offset = offsets + 2 * p->n_batch };

    g.a_row = (int64_t)p->k;
    g.b_row = g.c_row = (int64_t)p->n;
    g.a_col = g.b_col = g.c_col = 1;
    for (size_t i = 0; i < p->n_batch; i++) {
        offsets[i] = i * p->m * p->k;
        offsets[p->n_batch + i] = i * p->k * p->n;
        offsets[2 * p->n_batch + i] = i * p->m * p->n;
    }
    EFFNN_TRY(gather_operand(
        call, self, 0, (const effnn__einsum_term *const[]){ &p->batch, &p->rows, &p->sum }, a));
    EFFNN_TRY(gather_operand(
        call, self, 1, (const effnn__einsum_term *const[]){ &p->batch, &p->sum, &p->columns }, b));
    EFFNN_TRY(effnn__product_run(call->context, effnn_tensor_dtype(call->inputs[0]), &g));
    return spread_result(call, self, p, c);
}

/* ---- element by element ---- */

typedef struct sum_job {
    const effnn_op_call *call;
    const einsum_call *self;
    const effnn__dtype_row *row;
    effnn__einsum_term summed;
    size_t n_summed; /* elements that are summed for one of the result */
    int64_t strides[EFFNN__EINSUM_INPUTS][EFFNN__EINSUM_LABELS];
} sum_job;

/* Move the offsets to element `at` of the labels' index space. */
static void move_to(const sum_job *job, const effnn__einsum_term *labels, size_t at,
                    int64_t *offsets)
{
    for (size_t i = labels->n; i-- > 0;) {
        const unsigned label = labels->labels[i];
        const size_t size = (size_t)job->self->sizes[label];

        for (size_t k = 0; k < job->self->e.n_inputs; k++)
            offsets[k] += (int64_t)(at % size) * job->strides[k][label];
        at /= size;
    }
}

/* Items are elements of the result. */
static effnn_status sum_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const sum_job *job = job_;
    const size_t n_inputs = job->self->e.n_inputs;
    const bool is_float = job->row->kind == EFFNN__KIND_FLOAT;
    void *y = effnn__tensor_data(job->call->outputs[0]);

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        int64_t first[EFFNN__EINSUM_INPUTS] = { 0 };
        double real = 0.0;
        uint64_t whole = 0;

        move_to(job, &job->self->e.output, i, first);
        for (size_t s = 0; s < job->n_summed; s++) {
            int64_t at[EFFNN__EINSUM_INPUTS];
            double real_product = 1.0;
            uint64_t product = 1;

            for (size_t k = 0; k < n_inputs; k++) at[k] = first[k];
            move_to(job, &job->summed, s, at);
            for (size_t k = 0; k < n_inputs; k++) {
                const void *x = effnn_tensor_data(job->call->inputs[k]);

                if (is_float)
                    real_product *= job->row->load_f64(x, (size_t)at[k]);
                else
                    product *= (uint64_t)job->row->load_i64(x, (size_t)at[k]);
            }
            real += real_product;
            whole += product;
        }
        if (is_float)
            job->row->store_f64(y, i, real);
        else
            effnn__store_wrapped(job->row, y, i, (int64_t)whole);
    }
    return EFFNN_OK;
}

/* Labels of the operands that the result lacks; more than a term holds of them do not occur in
 * practice and are refused. */
static bool find_summed(const einsum_call *self, effnn__einsum_term *out)
{
    *out = (effnn__einsum_term){ 0 };
    for (size_t i = 0; i < self->e.n_inputs; i++)
        for (size_t k = 0; k < self->e.inputs[i].n; k++) {
            const unsigned label = self->e.inputs[i].labels[k];

            if (effnn__einsum_has(&self->e.output, label) || effnn__einsum_has(out, label))
                continue;
            if (out->n == EFFNN_MAX_RANK) return false;
            out->labels[out->n++] = (unsigned char)label;
        }
    return true;
}

static effnn_status run_sum(const effnn_op_call *call, const einsum_call *self)
{
    sum_job job = { .call = call,
                    .self = self,
                    .row = effnn__dtype_row_of(effnn_tensor_dtype(call->outputs[0])) };

    if (!find_summed(self, &job.summed))
        return effnn__call_fail(call, EFFNN_E_UNSUPPORTED, "more than %d labels are summed",
                                EFFNN_MAX_RANK);
    job.n_summed = count_of(self, &job.summed);
    for (size_t i = 0; i < self->e.n_inputs; i++)
        label_strides(job.strides[i], &self->e.inputs[i], call->inputs[i]);
    return effnn__parallel_for(call->context, effnn_tensor_count(call->outputs[0]),
                               GRAIN / (job.n_summed + 1) + 1, sum_piece, &job);
}

static effnn_status forward(const effnn_op_call *call)
{
    einsum_product p;
    einsum_call self;

    if (effnn_tensor_count(call->outputs[0]) == 0) return EFFNN_OK;
    describe(&self, call);
    if (as_product(&p, &self, call)) return run_product(call, &self, &p);
    return run_sum(call, &self);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    effnn__einsum_term summed;
    einsum_call self;

    describe(&self, call);
    if (!find_summed(&self, &summed)) return;
    out->macs = (double)effnn_tensor_count(call->outputs[0]) * (double)count_of(&self, &summed);
}

static const effnn_onnx_row onnx[] = {
    { .name = "Einsum", .since = 12 },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4]", "f32[2,4,5]" },
      .attrs = "equation=bij\\,bjk->bik",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,3,4,5]", "f32[2,3,6,5]" },
      .attrs = "equation=bhid\\,bhjd->bhij",
      .tolerance = 1e-5 },
    { .inputs = { "f32[4,2,3]", "f32[5,3,4]" },
      .attrs = "equation=abc\\, dca -> dba",
      .tolerance = 1e-5 },
    { .inputs = { "f32[2,1,3,4]", "f32[5,4,2]" },
      .attrs = "equation=...ij\\,...jk",
      .tolerance = 1e-5 },
    { .inputs = { "f32[3,4]" }, .attrs = "equation=ij->ji" },
    { .inputs = { "f64[2,3,3]" }, .attrs = "equation=...ii->...i" },
    { .inputs = { "f32[3]", "f32[4]" }, .attrs = "equation=i\\,j", .tolerance = 1e-6 },
    { .inputs = { "i32[3,4]", "i32[4]" }, .attrs = "equation=ij\\,j->i" },
    { .inputs = { "f32[3,4]", "f32[4,5]", "f32[5]" },
      .attrs = "equation=ij\\,jk\\,k->i",
      .tolerance = 1e-5 },
    { .inputs = { "f16[3,4]", "f16[5]" }, .attrs = "equation=ij\\,k->ik", .tolerance = 1e-3 },
    { .inputs = { "f32[3,0]", "f32[0,2]" }, .attrs = "equation=ij\\,jk->ik" },
    { .inputs = { "f32[2,3]", "f32[4]" }, .attrs = "equation=ij\\,j", .refused = "3 is not 4" },
    { .inputs = { "f32[2,3]" }, .attrs = "equation=i->i", .refused = "the rank of its operand" },
    { .inputs = { "f32[2,3]" }, .attrs = "equation=ij\\,k", .refused = "more terms" },
    { .inputs = { "f32[2]", "f32[2]" }, .attrs = "equation=i", .refused = "fewer terms" },
    { .inputs = { "f32[2]" }, .attrs = "equation=i->k", .refused = "in no operand" },
    { .inputs = { "f32[2]" }, .attrs = "equation=i->ii", .refused = "twice" },
    { .inputs = { "f32[2]" }, .attrs = "equation=1", .refused = "neither a letter" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_einsum = {
    .name = "einsum",
    .summary = "sums of products by labels of axes",
    .attrs = attr_defs,
    .attrs_size = sizeof(einsum_attrs),
    .min_inputs = 1,
    .max_inputs = EFFNN__EINSUM_INPUTS,
    .min_outputs = 1,
    .max_outputs = 1,
    .infer = infer,
    .forward = forward,
    .saves = effnn__saves_inputs,
    .scratch = scratch,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
