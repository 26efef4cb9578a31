/* SPDX-License-Identifier: BSD-3-Clause */
/* What every operator must keep, tried on every sample of every row of the table. */

#include "ops/op_run.h"

#include "base/option.h"
#include "support/alloc_fail.h"
#include "support/hand_run.h"
#include "support/onnx_eager.h"
#include "support/tensor_assert.h"
#include "tensor/dtype.h"
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>

static void assert_guards(const hand_run *run, int pattern)
{
    for (size_t i = 0; i < run->sample->n_outputs; i++) {
        const size_t bytes = effnn_tensor_bytes(run->outputs[i]);

        for (size_t k = 0; k < GUARD; k++)
            ck_assert_msg(run->memory[i][k] == pattern &&
                              run->memory[i][GUARD + bytes + k] == pattern,
                          "%s writes outside output %zu", run->sample->name, i);
    }
}

static void assert_same_bits(const char *name, const char *how, effnn_tensor *const *a,
                             effnn_tensor *const *b, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(effnn__tensor_equal(a[i], b[i]), "%s: output %zu differs %s", name, i, how);
}

/* ---- the rules ---- */

/* Operators that take whatever they are given. */
static bool takes_anything(const effnn_op_def *def)
{
    static const char *const names[] = { "cast", "cast_like", "identity", "shape", "size" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (strcmp(def->name, names[i]) == 0) return true;
    return false;
}

START_TEST(every_row_is_complete)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);
    size_t n_good = 0, n_refused = 0;

    ck_assert_ptr_eq(effnn__op_find(def->name), def);
    ck_assert_msg(def->summary && def->summary[0], "%s has no summary", def->name);
    ck_assert(def->infer != NULL && (def->forward || def->forward_alloc));
    ck_assert_msg(!def->forward_alloc == !(def->flags & EFFNN_OP_DYNAMIC_SHAPE), "%s: shapes",
                  def->name);
    ck_assert_ptr_nonnull(def->samples);
    ck_assert_int_ge(def->min_outputs, 1);
    ck_assert(def->max_inputs == EFFNN_ANY || def->max_inputs >= def->min_inputs);
    ck_assert(def->max_outputs == EFFNN_ANY || def->max_outputs >= def->min_outputs);
    ck_assert_msg((def->attrs == NULL) == (def->attrs_size == 0), "%s: attributes", def->name);
    ck_assert_msg((def->n_aux > 0) == (def->aux != NULL), "%s: aux", def->name);
    for (const effnn_option_def *d = def->attrs; d && d->name; d++)
        ck_assert_msg(d->help && d->help[0], "%s: '%s' has no help", def->name, d->name);
    if (def->subgraphs) return; /* samples are text, which holds no graphs */
    for (size_t i = 0; i < sample_count(def); i++) {
        n_good += !sample_is_refused(def, i);
        n_refused += sample_is_refused(def, i);
    }
    ck_assert_msg(n_good > 0, "%s has no sample that runs", def->name);
    ck_assert_msg(n_refused > 0 || takes_anything(def), "%s has no sample that is refused",
                  def->name);
}
END_TEST

START_TEST(every_onnx_row_is_found_from_its_opset_to_the_next)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);
    int64_t previous = INT64_MAX;

    ck_assert_msg(def->onnx && def->onnx->name, "%s has no ONNX row", def->name);
    for (const effnn_onnx_row *row = def->onnx; row->name; row++) {
        const effnn_onnx_row *found = NULL;

        ck_assert_msg(row->since < previous, "%s: rows are not newest first", def->name);
        if (!row->write_only) {
            ck_assert_ptr_eq(effnn__op_find_onnx(row->name, NULL, row->since, &found), def);
            ck_assert_ptr_eq(found, row);
            if (previous < INT64_MAX)
                ck_assert_ptr_eq(effnn__op_find_onnx(row->name, "", previous - 1, &found), def);
        }
        if (!row->read_only) ck_assert_ptr_eq(effnn__op_onnx_row_to_write(def, row->since), row);
        previous = row->since;
    }
    for (int64_t opset = 13; opset <= 21; opset++) /* previous: the oldest form there is */
        ck_assert_msg(opset < previous || effnn__op_onnx_row_to_write(def, opset),
                      "%s cannot be written at opset %lld", def->name, (long long)opset);
}
END_TEST

START_TEST(forward_writes_every_element_and_nothing_else)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        hand_run a, b;

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        hand_open(&a, &sample, 0xA5);
        hand_open(&b, &sample, 0x5A);
        ck_assert_ok(def->forward(&a.call));
        ck_assert_ok(def->forward(&b.call));
        assert_guards(&a, 0xA5);
        assert_guards(&b, 0x5A);
        assert_same_bits(sample.name, "by what lay in its memory", a.outputs, b.outputs,
                         sample.n_outputs);
        hand_close(&a);
        hand_close(&b);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(f32_agrees_with_f64)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample, reference;
        effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL }, *expected[SAMPLE_OUTPUTS] = { NULL };
        const double tolerance = def->samples[i].tolerance;

        if (sample_is_refused(def, i)) continue;
        sample_open(&sample, def, i, false);
        sample_open(&reference, def, i, true);
        ck_assert_ok(sample_run(&sample, NULL, y));
        ck_assert_ok(sample_run(&reference, NULL, expected));
        for (size_t k = 0; k < sample.n_outputs; k++)
            ck_assert_tensor_near(y[k], expected[k], tolerance, tolerance);
        sample_release(y, sample.n_outputs);
        sample_release(expected, sample.n_outputs);
        sample_close(&sample);
        sample_close(&reference);
    }
}
END_TEST

/* A view with the same elements as `x` and other strides: x copied with its axes reversed, and
 * viewed with them reversed again. */
static effnn_tensor *strided_view(effnn_tensor *x)
{
    const size_t rank = effnn_tensor_rank(x);
    size_t axes[EFFNN_MAX_RANK];
    effnn_tensor *reversed = NULL, *copy = NULL, *view = NULL;

    for (size_t i = 0; i < rank; i++) axes[i] = rank - 1 - i;
    ck_assert_ok(effnn_tensor_view_permute(&reversed, x, axes));
    ck_assert_ok(effnn_tensor_copy(&copy, reversed));
    ck_assert_ok(effnn_tensor_view_permute(&view, copy, axes));
    effnn_tensor_release(reversed);
    effnn_tensor_release(copy);
    effnn_tensor_release(x);
    return view;
}

START_TEST(strided_inputs_give_the_same_bits)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL }, *again[SAMPLE_OUTPUTS] = { NULL };

        if (sample_is_refused(def, i)) continue;
        sample_open(&sample, def, i, false);
        ck_assert_ok(sample_run(&sample, NULL, y));
        for (size_t k = 0; k < sample.n_inputs; k++)
            if (sample.inputs[k] && effnn_dtype_bits(effnn_tensor_dtype(sample.inputs[k])) >= 8)
                sample.inputs[k] = strided_view(sample.inputs[k]);
        ck_assert_ok(sample_run(&sample, NULL, again));
        assert_same_bits(sample.name, "for strided inputs", y, again, sample.n_outputs);
        sample_release(y, sample.n_outputs);
        sample_release(again, sample.n_outputs);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(any_number_of_threads_gives_the_same_bits)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);
    effnn_context *contexts[3];

    for (size_t t = 0; t < 3; t++) {
        effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;

        options.threads = (const uint32_t[]){ 1, 2, 8 }[t];
        ck_assert_ok(effnn_context_create(&contexts[t], &options));
    }
    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        effnn_tensor *y[3][SAMPLE_OUTPUTS] = { { NULL } };

        if (sample_is_refused(def, i)) continue;
        sample_open(&sample, def, i, false);
        for (size_t t = 0; t < 3; t++) ck_assert_ok(sample_run(&sample, contexts[t], y[t]));
        assert_same_bits(sample.name, "on 2 threads", y[0], y[1], sample.n_outputs);
        assert_same_bits(sample.name, "on 8 threads", y[0], y[2], sample.n_outputs);
        for (size_t t = 0; t < 3; t++) sample_release(y[t], sample.n_outputs);
        sample_close(&sample);
    }
    for (size_t t = 0; t < 3; t++) effnn_context_destroy(contexts[t]);
}
END_TEST

START_TEST(refused_samples_fail_with_their_message)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        const char *text = def->samples[i].refused;
        sample_call sample;
        effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL };

        if (!text) continue;
        sample_open(&sample, def, i, false);
        effnn__clear_error();
        const effnn_status status = sample_run(&sample, NULL, y);
        ck_assert_msg(status == EFFNN_E_SHAPE || status == EFFNN_E_ARG ||
                          status == EFFNN_E_UNSUPPORTED,
                      "%s: %s", sample.name, effnn_status_name(status));
        ck_assert_msg(strstr(effnn_last_error(), text) && strstr(effnn_last_error(), sample.name),
                      "%s: '%s' or the node's name is not in '%s'", sample.name, text,
                      effnn_last_error());
        for (size_t k = 0; k < sample.n_outputs; k++) ck_assert_ptr_null(y[k]);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(packed_constants_change_nothing_but_rounding)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def) && def->prepack; i++) {
        const double tolerance = def->samples[i].tolerance;
        sample_call sample;
        hand_run plain, run;
        effnn_op_packed packed = { 0 };

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        hand_open(&plain, &sample, 0xA5);
        hand_open(&run, &sample, 0x5A);
        ck_assert_ok(def->prepack(&run.call, &packed));
        run.call.packed = packed.data;
        ck_assert_ok(def->forward(&plain.call));
        ck_assert_ok(def->forward(&run.call));
        assert_guards(&run, 0x5A);
        for (size_t k = 0; k < sample.n_outputs; k++)
            ck_assert_tensor_near(run.outputs[k], plain.outputs[k], tolerance, tolerance);
        if (packed.data) packed.destroy(packed.data);
        hand_close(&plain);
        hand_close(&run);
        sample_close(&sample);
    }
}
END_TEST

/* Runs the sample with only output `which`, or without it, and expects the same of the others. */
static void try_absent(sample_call *sample, effnn_tensor *const *expected, size_t which, bool only)
{
    hand_run run;
    effnn_tensor *outputs[SAMPLE_OUTPUTS] = { NULL };

    hand_open(&run, sample, 0xA5);
    for (size_t i = 0; i < sample->n_outputs; i++)
        if ((i == which) == only) outputs[i] = run.outputs[i];
    run.call.outputs = outputs;
    ck_assert_ok(sample->def->forward(&run.call));
    for (size_t i = 0; i < sample->n_outputs; i++)
        ck_assert_msg(!outputs[i] || effnn__tensor_equal(outputs[i], expected[i]),
                      "%s: output %zu differs where others are absent", sample->name, i);
    assert_guards(&run, 0xA5);
    hand_close(&run);
}

START_TEST(optional_outputs_may_be_absent)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    if (!(def->flags & EFFNN_OP_OPTIONAL_OUTPUTS)) return;
    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL };

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        ck_assert_ok(sample_run(&sample, NULL, y));
        for (size_t k = 0; k < sample.n_outputs; k++) {
            try_absent(&sample, y, k, true);
            try_absent(&sample, y, k, false);
        }
        sample_release(y, sample.n_outputs);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(in_place_operators_may_write_over_input_0)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def) && (def->flags & EFFNN_OP_IN_PLACE); i++) {
        sample_call sample;
        hand_run apart, over;
        effnn_tensor *in_place = NULL;

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        hand_open(&apart, &sample, 0xA5);
        hand_open(&over, &sample, 0x5A);
        effnn_tensor *x = sample.inputs[0], *y = over.outputs[0];
        if (effnn_tensor_bytes(x) == effnn_tensor_bytes(y) &&
            effnn_tensor_dtype(x) == effnn_tensor_dtype(y)) {
            const effnn_tensor *inputs[SAMPLE_INPUTS];

            memcpy(over.memory[0] + GUARD, effnn_tensor_data(x), effnn_tensor_bytes(x));
            ck_assert_ok(effnn_tensor_wrap(&in_place, NULL, over.memory[0] + GUARD,
                                           effnn_tensor_dtype(x), effnn_tensor_rank(x),
                                           effnn_tensor_dims(x), NULL, NULL));
            for (size_t k = 0; k < sample.n_inputs; k++) inputs[k] = sample.inputs[k];
            inputs[0] = in_place;
            over.call.inputs = inputs;
            ck_assert_ok(def->forward(&apart.call));
            ck_assert_ok(def->forward(&over.call));
            assert_guards(&over, 0x5A);
            assert_same_bits(sample.name, "in place", apart.outputs, over.outputs,
                             sample.n_outputs);
        }
        effnn_tensor_release(in_place);
        hand_close(&apart);
        hand_close(&over);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(a_failing_allocation_is_reported_and_leaks_nothing)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_context *context = NULL;
    sample_call sample;
    effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL };

    if (sample_count(def) == 0) return;
    options.threads = 1;
    ck_assert_ok(effnn_context_create(&context, &options));
    sample_open(&sample, def, 0, false);
    ck_assert_ok(sample_run(&sample, context, y)); /* whatever is made once is made */
    sample_release(y, sample.n_outputs);
    for (size_t k = 0; k < SAMPLE_OUTPUTS; k++) y[k] = NULL;
    ALLOC_FAIL_LOOP(sample_run(&sample, context, y), ck_assert_ptr_null(y[0]));
    sample_release(y, sample.n_outputs);
    sample_close(&sample);
    effnn_context_destroy(context);
}
END_TEST

START_TEST(some_sample_has_an_empty_tensor)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);
    bool found = false;

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL };

        if (sample_is_refused(def, i)) continue;
        sample_open(&sample, def, i, false);
        ck_assert_ok(sample_run(&sample, NULL, y));
        for (size_t k = 0; k < sample.n_inputs; k++)
            found = found || (sample.inputs[k] && effnn_tensor_count(sample.inputs[k]) == 0);
        for (size_t k = 0; k < sample.n_outputs; k++)
            found = found || effnn_tensor_count(y[k]) == 0;
        sample_release(y, sample.n_outputs);
        sample_close(&sample);
    }
    ck_assert_msg(found || def->subgraphs, "%s has no sample with an empty tensor", def->name);
}
END_TEST

START_TEST(saves_aux_and_cost_are_sensible)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        hand_run run;
        effnn_op_cost cost;
        effnn_op_saves all = { .wanted = ~0u }, none = { .wanted = 0 };

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        hand_open(&run, &sample, 0);
        effnn__op_cost(&run.call, &cost);
        ck_assert(cost.macs >= 0 && cost.flops >= 0 && isfinite(cost.macs + cost.flops));
        if (def->saves) {
            def->saves(&run.call, &none);
            ck_assert_msg(!none.inputs && !none.outputs && !none.aux,
                          "%s saves although nothing is wanted", def->name);
            def->saves(&run.call, &all);
            ck_assert_uint_eq(all.outputs >> sample.n_outputs, 0);
            ck_assert_uint_eq(all.aux >> def->n_aux, 0);
        }
        hand_close(&run);
        sample_close(&sample);
    }
}
END_TEST

START_TEST(auxiliary_results_fit_and_do_not_change_the_output)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def) && def->n_aux > 0; i++) {
        sample_call sample;
        hand_run without, with;

        if (!sample_runs_by_hand(def, i)) continue;
        sample_open(&sample, def, i, false);
        hand_open(&without, &sample, 0xA5);
        hand_open(&with, &sample, 0x5A);
        for (size_t k = 0; k < def->n_aux; k++) {
            with.aux[k] = malloc(def->aux(&with.call, k) + 1); /* the sanitizer guards it */
            ck_assert_ptr_nonnull(with.aux[k]);
        }
        ck_assert_ok(def->forward(&without.call));
        ck_assert_ok(def->forward(&with.call));
        assert_same_bits(sample.name, "with auxiliary results", without.outputs, with.outputs,
                         sample.n_outputs);
        for (size_t k = 0; k < def->n_aux; k++) free(with.aux[k]);
        hand_close(&without);
        hand_close(&with);
        sample_close(&sample);
    }
}
END_TEST

/* ---- ONNX ---- */

/* Write a sample at this opset, read what was written and run it: the same numbers. */
static void try_opset(const sample_call *sample, effnn_tensor *const *expected, int64_t opset)
{
    static const char *const in_names[] = { "i0", "i1", "i2", "i3", "i4",
                                            "i5", "i6", "i7", "i8", "i9" };
    static const char *const out_names[] = { "o0", "o1", "o2", "o3", "o4", "o5", "o6", "o7" };
    const char *inputs[SAMPLE_INPUTS] = { NULL };
    onnx_eager *onnx = onnx_eager_create();

    for (size_t i = 0; i < sample->n_inputs; i++) {
        if (!sample->inputs[i]) continue;
        inputs[i] = in_names[i];
        onnx_eager_set(onnx, in_names[i], sample->inputs[i], i > 0);
    }
    effnn_status status = onnx_eager_write(onnx, sample->def, sample->attrs, inputs,
                                           sample->n_inputs, out_names, sample->n_outputs, opset);
    /* A form that came later, and it says so. */
    if (status == EFFNN_E_UNSUPPORTED && (opset < 19 || opset < sample->def->onnx[0].since)) {
        ck_assert_msg(strstr(effnn_last_error(), "opset"), "%s: %s", sample->name,
                      effnn_last_error());
        onnx_eager_destroy(onnx);
        return;
    }
    ck_assert_ok(status);
    ck_assert_ok(onnx_eager_run(onnx, opset));
    for (size_t i = 0; i < sample->n_outputs; i++) {
        const double tolerance =
            fmax(sample->sample->tolerance, 1e-5 * (onnx_eager_count(onnx) > 1));
        effnn_tensor *y = onnx_eager_get(onnx, out_names[i]);

        ck_assert_msg(y, "%s: output %zu is not written", sample->name, i);
        ck_assert_uint_eq(effnn_tensor_dtype(y), effnn_tensor_dtype(expected[i]));
        ck_assert_tensor_near(y, expected[i], tolerance, tolerance);
    }
    onnx_eager_destroy(onnx);
}

START_TEST(written_to_onnx_and_read_again_it_computes_the_same)
{
    const effnn_op_def *def = effnn__op_at((size_t)_i);

    for (size_t i = 0; i < sample_count(def); i++) {
        sample_call sample;
        effnn_tensor *y[SAMPLE_OUTPUTS] = { NULL };

        if (sample_is_refused(def, i)) continue;
        sample_open(&sample, def, i, false);
        ck_assert_ok(sample_run(&sample, NULL, y));
        for (int64_t opset = 13; opset <= 28; opset++) try_opset(&sample, y, opset);
        sample_release(y, sample.n_outputs);
        sample_close(&sample);
    }
}
END_TEST

LOOP_SUITE("all_ops", NULL, NULL, sample_op_count(), every_row_is_complete,
           every_onnx_row_is_found_from_its_opset_to_the_next,
           forward_writes_every_element_and_nothing_else, f32_agrees_with_f64,
           strided_inputs_give_the_same_bits, any_number_of_threads_gives_the_same_bits,
           refused_samples_fail_with_their_message, optional_outputs_may_be_absent,
           in_place_operators_may_write_over_input_0, packed_constants_change_nothing_but_rounding,
           a_failing_allocation_is_reported_and_leaks_nothing, some_sample_has_an_empty_tensor,
           saves_aux_and_cost_are_sensible, auxiliary_results_fit_and_do_not_change_the_output,
           written_to_onnx_and_read_again_it_computes_the_same)
