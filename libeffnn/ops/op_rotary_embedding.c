/* SPDX-License-Identifier: BSD-3-Clause */
/* Rotary position embedding (Su et al., 2021): pairs of a head's elements, (i, i + r/2) or with
 * `interleaved` (2i, 2i + 1), are turned by an angle whose cosine and sine are given; elements from
 * r on stay. Inputs: x [batch, heads, length, size] or [batch, length, heads · size], cosines and
 * sines [places, r/2] with the places of tokens [batch, length], or [batch, length, r/2] without.
 * ONNX has it since opset 23; before, it is written as the products and sums themselves. */

#include "ops/op_infer.h"
#include "ops/op_saves.h"

#include "base/pool.h"
#include "tensor/dtype.h"

#include <string.h>

enum { INPUT_X, INPUT_COS, INPUT_SIN, INPUT_PLACES };

typedef struct rotary_attrs {
    bool interleaved;
    int64_t num_heads, rotary_embedding_dim;
} rotary_attrs;

#define FIELD(f) offsetof(rotary_attrs, f)
static const effnn_option_def attr_defs[] = {
    { "interleaved", "pairs are neighbours, not halves", EFFNN_OPT_BOOL, FIELD(interleaved),
      .value = 0 },
    { "num_heads", "heads of an input of rank 3", EFFNN_OPT_I64, FIELD(num_heads), .value = 0,
      .min = 0, .max = INT32_MAX },
    { "rotary_embedding_dim", "elements of a head that are turned; 0: all", EFFNN_OPT_I64,
      FIELD(rotary_embedding_dim), .value = 0, .min = 0, .max = INT32_MAX },
    EFFNN_OPTIONS_END,
};

/* Elements of a head; *known false if that is open. */
static effnn_status head_size(int64_t *out, bool *known, const effnn_op_infer *call)
{
    const rotary_attrs *attrs = call->attrs;
    const effnn__value_info *x = call->inputs[INPUT_X];
    const effnn__sym last = x->dims[x->rank - 1];
    const int64_t heads = x->rank == 3 ? attrs->num_heads : 1;

    if (heads < 1)
        return effnn__infer_fail(call, EFFNN_E_ARG,
                                 "input 0 has rank 3, but num_heads is not given");
    *known = last.symbol == 0;
    if (!*known) return EFFNN_OK;
    if (last.offset % heads != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "size %lld in %lld heads",
                                 (long long)last.offset, (long long)heads);
    *out = last.offset / heads;
    return EFFNN_OK;
}

static effnn_status check_turned(const effnn_op_infer *call, effnn__sym *half)
{
    const rotary_attrs *attrs = call->attrs;
    const effnn__value_info *cosines = call->inputs[INPUT_COS];
    int64_t size = 0, turned = attrs->rotary_embedding_dim;
    bool known = false;

    EFFNN_TRY(head_size(&size, &known, call));
    if (known && turned > size)
        return effnn__infer_fail(call, EFFNN_E_SHAPE,
                                 "rotary_embedding_dim %lld above the size %lld", (long long)turned,
                                 (long long)size);
    if (turned == 0) turned = size;
    if (turned % 2 != 0)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "%lld elements do not make pairs",
                                 (long long)turned);
    *half = cosines->dims[cosines->rank - 1];
    if (!known && attrs->rotary_embedding_dim == 0) return EFFNN_OK;
    return effnn__infer_equal_dims(half, call, "pairs and cosines", effnn__sym_constant(turned / 2),
                                   *half);
}

static effnn_status check_places(const effnn_op_infer *call, effnn__sym half)
{
    const effnn__value_info *x = call->inputs[INPUT_X], *sines = call->inputs[INPUT_SIN];
    const effnn__value_info *places = effnn__infer_input(call, INPUT_PLACES);
    const effnn__value_info *cosines = call->inputs[INPUT_COS];
    const effnn__sym token[] = { x->dims[0], x->dims[x->rank == 3 ? 1 : 2] };
    const effnn__value_info *table = places ? places : cosines;
    effnn__sym dim;

    for (size_t i = 0; sines->has_shape && i < sines->rank; i++)
        EFFNN_TRY(effnn__infer_equal_dims(&dim, call, "cosines and sines",
                                          i + 1 == sines->rank ? half : cosines->dims[i],
                                          sines->dims[i]));
    for (size_t i = 0; table->has_shape && i < 2; i++)
        EFFNN_TRY(
            effnn__infer_equal_dims(&dim, call, "tokens and places", token[i], table->dims[i]));
    return EFFNN_OK;
}

static effnn_status infer(effnn_op_infer *call)
{
    const effnn__value_info *x = call->inputs[INPUT_X], *cosines = call->inputs[INPUT_COS];
    const size_t table_rank = effnn__infer_input(call, INPUT_PLACES) ? 2 : 3;
    char text[EFFNN__INFO_TEXT];
    effnn__sym half;

    EFFNN_TRY(effnn__infer_same_floats(call));
    EFFNN_TRY(effnn__infer_same_dtype(call, 0, 3));
    EFFNN_TRY(effnn__infer_dtype(call, INPUT_PLACES, EFFNN__INTEGERS));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_COS, table_rank));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_SIN, table_rank));
    EFFNN_TRY(effnn__infer_rank(call, INPUT_PLACES, 2));
    if (!x->has_shape || !cosines->has_shape) return EFFNN_OK;
    if (x->rank != 3 && x->rank != 4)
        return effnn__infer_fail(call, EFFNN_E_SHAPE, "input 0 is %s but must have rank 3 or 4",
                                 effnn__infer_print(text, call, x));
    EFFNN_TRY(check_turned(call, &half));
    return check_places(call, half);
}

typedef struct rotary_job {
    const effnn__dtype_row *row;
    const effnn_tensor *places;
    size_t heads, length, size, half;
    bool flat, interleaved;
    const void *x, *cosines, *sines;
    void *y;
} rotary_job;

static void turn_f32(const rotary_job *job, size_t at, size_t angle)
{
    const float *x = (const float *)job->x + at, *c = (const float *)job->cosines + angle;
    const float *s = (const float *)job->sines + angle;
    float *y = (float *)job->y + at;
    const size_t step = job->interleaved ? 2 : 1, apart = job->interleaved ? 1 : job->half;

    for (size_t i = 0; i < job->half; i++) {
        const float a = x[i * step], b = x[i * step + apart];

        y[i * step] = c[i] * a - s[i] * b;
        y[i * step + apart] = s[i] * a + c[i] * b;
    }
    if (x != y)
        memcpy(y + 2 * job->half, x + 2 * job->half, (job->size - 2 * job->half) * sizeof *y);
}

static void turn(const rotary_job *job, size_t at, size_t angle)
{
    const effnn__dtype_row *row = job->row;
    const size_t step = job->interleaved ? 2 : 1, apart = job->interleaved ? 1 : job->half;

    for (size_t i = 0; i < job->half; i++) {
        const size_t first = at + i * step, second = first + apart;
        const double a = row->load_f64(job->x, first), b = row->load_f64(job->x, second);
        const double c = row->load_f64(job->cosines, angle + i);
        const double s = row->load_f64(job->sines, angle + i);

        row->store_f64(job->y, first, c * a - s * b);
        row->store_f64(job->y, second, s * a + c * b);
    }
    for (size_t i = at + 2 * job->half; i < at + job->size; i++)
        row->store_f64(job->y, i, row->load_f64(job->x, i));
}

/* Items are the heads of all tokens, as they lie in x. */
static effnn_status rotary_piece(void *job_, size_t piece, size_t begin, size_t end)
{
    const rotary_job *job = job_;

    (void)piece;
    for (size_t i = begin; i < end; i++) {
        const size_t token = job->flat
                                 ? i / job->heads
                                 : i / (job->heads * job->length) * job->length + i % job->length;
        const size_t place =
            job->places ? (size_t)effnn__tensor_load_i64(job->places, token) : token;

        if (job->row->bits == 32)
            turn_f32(job, i * job->size, place * job->half);
        else
            turn(job, i * job->size, place * job->half);
    }
    return EFFNN_OK;
}

static effnn_status check_range(const effnn_op_call *call)
{
    const effnn_tensor *places = effnn__call_input(call, INPUT_PLACES);
    const int64_t n = effnn_tensor_dims(call->inputs[INPUT_COS])[0];

    for (size_t i = 0; places && i < effnn_tensor_count(places); i++) {
        const int64_t place = effnn__tensor_load_i64(places, i);

        if (place < 0 || place >= n)
            return effnn__call_fail(call, EFFNN_E_ARG, "place %lld is outside [0, %lld)",
                                    (long long)place, (long long)n);
    }
    return EFFNN_OK;
}

static effnn_status forward(const effnn_op_call *call)
{
    const rotary_attrs *attrs = call->attrs;
    const effnn_tensor *x = call->inputs[INPUT_X], *cosines = call->inputs[INPUT_COS];
    const int64_t *dims = effnn_tensor_dims(x);
    const bool flat = effnn_tensor_rank(x) == 3;
    rotary_job job = { .row = effnn__dtype_row_of(effnn_tensor_dtype(x)),
                       .places = effnn__call_input(call, INPUT_PLACES),
                       .heads = (size_t)(flat ? attrs->num_heads : dims[1]),
                       .length = (size_t)(flat ? dims[1] : dims[2]),
                       .half = (size_t)effnn_tensor_dims(cosines)[effnn_tensor_rank(cosines) - 1],
                       .flat = flat,
                       .interleaved = attrs->interleaved,
                       .x = effnn_tensor_data(x),
                       .cosines = effnn_tensor_data(cosines),
                       .sines = effnn_tensor_data(call->inputs[INPUT_SIN]),
                       .y = effnn__tensor_data(call->outputs[0]) };

    EFFNN_TRY(check_range(call));
    if (effnn_tensor_count(x) == 0) return EFFNN_OK;
    job.size = (size_t)(flat ? dims[2] / attrs->num_heads : dims[3]);
    return effnn__parallel_for(call->context, effnn_tensor_count(x) / job.size,
                               16384 / job.size + 1, rotary_piece, &job);
}

static void saves(const effnn_op_call *call, effnn_op_saves *out)
{
    (void)call;
    if (out->wanted & 1) out->inputs |= 1 << INPUT_COS | 1 << INPUT_SIN | 1 << INPUT_PLACES;
    if (out->wanted & 6) out->inputs |= 1 << INPUT_X | 1 << INPUT_PLACES;
    if (call->n_inputs < 4) out->inputs &= ~(uint32_t)(1 << INPUT_PLACES);
}

static void cost(const effnn_op_call *call, effnn_op_cost *out)
{
    out->flops = 3.0 * (double)effnn_tensor_count(call->inputs[0]);
}

/* ---- written out ---- */

static effnn_status slice(effnn_onnx_writer *writer, const char **out, const char *in,
                          int64_t start, int64_t end, int64_t step)
{
    const char *inputs[5] = { in, NULL, NULL, NULL, NULL };

    EFFNN_TRY(effnn__onnx_constant_i64(writer, &inputs[1], "start", 1, &start));
    EFFNN_TRY(effnn__onnx_constant_i64(writer, &inputs[2], "end", 1, &end));
    EFFNN_TRY(effnn__onnx_constant_i64(writer, &inputs[3], "axis", 1, (const int64_t[]){ -1 }));
    EFFNN_TRY(effnn__onnx_constant_i64(writer, &inputs[4], "step", 1, &step));
    EFFNN_TRY(writer->fresh_name(writer, out, "part"));
    return writer->begin(writer, "Slice", NULL, inputs, 5, out, 1);
}

static effnn_status concat(effnn_onnx_writer *writer, const char **out, const char *const *parts,
                           size_t n)
{
    if (!*out) EFFNN_TRY(writer->fresh_name(writer, out, "joint"));
    EFFNN_TRY(writer->begin(writer, "Concat", NULL, parts, n, out, 1));
    return effnn__onnx_set_int(writer, "axis", -1);
}

/* Cosines or sines of each token, with an axis for the heads. */
static effnn_status table(effnn_onnx_writer *writer, const char **out, size_t input, bool flat)
{
    const char *values = writer->inputs[input];
    const char *places = writer->n_inputs > INPUT_PLACES ? writer->inputs[INPUT_PLACES] : NULL;

    if (places) {
        values = NULL;
        EFFNN_TRY(effnn__onnx_add(writer, &values, "Gather", writer->inputs[input], places));
    }
    return effnn__onnx_add_ints(writer, out, "Unsqueeze", values, 1,
                                (const int64_t[]){ flat ? 2 : 1 });
}

/* The two elements of each pair. */
static effnn_status halves(effnn_onnx_writer *writer, const char *out[2], const char *x)
{
    const rotary_attrs *attrs = writer->op_attrs;

    if (attrs->interleaved) {
        EFFNN_TRY(slice(writer, &out[0], x, 0, INT64_MAX, 2));
        return slice(writer, &out[1], x, 1, INT64_MAX, 2);
    }
    for (size_t i = 0; i < 2; i++) EFFNN_TRY(writer->fresh_name(writer, &out[i], "half"));
    EFFNN_TRY(writer->begin(writer, "Split", NULL, &x, 1, out, 2));
    EFFNN_TRY(effnn__onnx_set_int(writer, "axis", -1));
    return writer->opset < 18 ? EFFNN_OK : effnn__onnx_set_int(writer, "num_outputs", 2);
}

/* a·p op b·q */
static effnn_status combine(effnn_onnx_writer *writer, const char **out, const char *op,
                            const char *const factors[4])
{
    const char *left = NULL, *right = NULL;

    EFFNN_TRY(effnn__onnx_add(writer, &left, "Mul", factors[0], factors[1]));
    EFFNN_TRY(effnn__onnx_add(writer, &right, "Mul", factors[2], factors[3]));
    return effnn__onnx_add(writer, out, op, left, right);
}

/* The turned pairs as they were in x. */
static effnn_status weave(effnn_onnx_writer *writer, const char **out, const char *turned[2])
{
    const rotary_attrs *attrs = writer->op_attrs;
    const char *raised[2] = { NULL, NULL }, *woven = NULL;

    if (!attrs->interleaved) return concat(writer, out, turned, 2);
    for (size_t i = 0; i < 2; i++)
        EFFNN_TRY(effnn__onnx_add_ints(writer, &raised[i], "Unsqueeze", turned[i], 1,
                                       (const int64_t[]){ -1 }));
    EFFNN_TRY(concat(writer, &woven, raised, 2));
    return effnn__onnx_add_ints(writer, out, "Reshape", woven, 4, (const int64_t[]){ 0, 0, 0, -1 });
}

static effnn_status write_expanded(effnn_onnx_writer *writer)
{
    const rotary_attrs *attrs = writer->op_attrs;
    const int rank = writer->input_rank(writer, 0);
    const char *x = writer->inputs[0], *y = writer->outputs[0], *cosines = NULL, *sines = NULL;
    const char *pair[2] = { NULL, NULL }, *turned[2] = { NULL, NULL }, *parts[2] = { NULL, NULL };
    const char *joint = rank == 4 ? y : NULL, *part;

    if (rank < 0)
        return effnn__onnx_write_fail(writer, EFFNN_E_UNSUPPORTED,
                                      "an input of unknown rank needs opset 23");
    EFFNN_TRY(table(writer, &cosines, INPUT_COS, rank == 3));
    EFFNN_TRY(table(writer, &sines, INPUT_SIN, rank == 3));
    if (rank == 3) {
        x = NULL;
        EFFNN_TRY(effnn__onnx_add_ints(writer, &x, "Reshape", writer->inputs[0], 4,
                                       (const int64_t[]){ 0, 0, attrs->num_heads, -1 }));
    }
    part = x;
    if (attrs->rotary_embedding_dim > 0) {
        EFFNN_TRY(slice(writer, &part, x, 0, attrs->rotary_embedding_dim, 1));
        EFFNN_TRY(slice(writer, &parts[1], x, attrs->rotary_embedding_dim, INT64_MAX, 1));
    }
    EFFNN_TRY(halves(writer, pair, part));
    EFFNN_TRY(combine(writer, &turned[0], "Sub",
                      (const char *const[]){ cosines, pair[0], sines, pair[1] }));
    EFFNN_TRY(combine(writer, &turned[1], "Add",
                      (const char *const[]){ sines, pair[0], cosines, pair[1] }));
    if (!parts[1]) {
        EFFNN_TRY(weave(writer, &joint, turned));
    } else {
        EFFNN_TRY(weave(writer, &parts[0], turned));
        EFFNN_TRY(concat(writer, &joint, parts, 2));
    }
    if (rank == 4) return EFFNN_OK;
    return effnn__onnx_add_ints(writer, &y, "Reshape", joint, 3, (const int64_t[]){ 0, 0, -1 });
}

static const effnn_onnx_row onnx[] = {
    { .name = "RotaryEmbedding", .since = 23 },
    { .name = "RotaryEmbedding", .since = 9, .write = write_expanded, .write_only = true },
    EFFNN_ONNX_END,
};

static const effnn_op_sample samples[] = {
    { .inputs = { "f32[2,3,4,6]", "f32[2,4,3]", "f32[2,4,3]" }, .tolerance = 1e-6 },
    { .inputs = { "f32[2,3,4,6]", "f32[2,4,3]", "f32[2,4,3]" },
      .attrs = "interleaved=1",
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,4,16]", "f32[2,4,2]", "f32[2,4,2]" },
      .attrs = "num_heads=2,rotary_embedding_dim=4",
      .tolerance = 1e-6 },
    { .inputs = { "f32[2,4,16]", "f32[2,4,3]", "f32[2,4,3]" },
      .attrs = "num_heads=2,rotary_embedding_dim=6,interleaved=1",
      .tolerance = 1e-6 },
    { .inputs = { "f64[2,2,3,4]", "f64[2,3,1]", "f64[2,3,1]" }, .attrs = "rotary_embedding_dim=2" },
    { .inputs = { "f16[2,2,3,4]", "f16[2,3,2]", "f16[2,3,2]" }, .tolerance = 4e-3 },
    { .inputs = { "f32[0,3,4,6]", "f32[0,4,3]", "f32[0,4,3]" } },
    { .inputs = { "f32[2,4,16]", "f32[2,4,2]", "f32[2,4,2]" }, .refused = "num_heads" },
    { .inputs = { "f32[2,2,3,5]", "f32[2,3,2]", "f32[2,3,2]" }, .refused = "5 elements" },
    { .inputs = { "f32[2,2,3,4]", "f32[2,3,3]", "f32[2,3,3]" }, .refused = "2 is not 3" },
    { .inputs = { "f32[2,2,3,4]", "f32[2,4,2]", "f32[2,4,2]" }, .refused = "3 is not 4" },
    { .inputs = { "f32[2,2,3,4]", "f32[5,2]", "f32[5,2]", "i64[2,3]" },
      .refused = "outside [0, 5)" },
    { .inputs = { "i32[2,2,3,4]", "i32[2,3,2]", "i32[2,3,2]" }, .refused = "i32" },
    EFFNN_SAMPLES_END,
};

const effnn_op_def effnn__op_rotary_embedding = {
    .name = "rotary_embedding",
    .summary = "pairs of elements turned by an angle for each place",
    .attrs = attr_defs,
    .attrs_size = sizeof(rotary_attrs),
    .min_inputs = 3,
    .max_inputs = 4,
    .min_outputs = 1,
    .max_outputs = 1,
    .flags = EFFNN_OP_IN_PLACE,
    .infer = infer,
    .forward = forward,
    .saves = saves,
    .cost = cost,
    .onnx = onnx,
    .samples = samples,
};
