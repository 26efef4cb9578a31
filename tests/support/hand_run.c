/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/hand_run.h"

#include "tensor/dtype.h"

static void inputs_as_infos(hand_run *run)
{
    for (size_t i = 0; i < run->sample->n_inputs; i++) {
        if (!run->sample->inputs[i]) continue;
        effnn__value_info_of(&run->input_infos[i], run->sample->inputs[i]);
        run->info_pointers[i] = &run->input_infos[i];
    }
}

void hand_open(hand_run *run, sample_call *sample, int pattern)
{
    effnn__symbols *symbols = NULL;

    *run = (hand_run){ .sample = sample };
    inputs_as_infos(run);
    ck_assert_ok(effnn__symbols_create(&symbols));
    ck_assert_ok(sample_infer(sample, symbols, run->info_pointers, true, run->infos));
    effnn__symbols_destroy(symbols);
    for (size_t i = 0; i < sample->n_outputs; i++) {
        effnn__shape shape;
        size_t count, bytes;

        ck_assert_ok(effnn__value_info_shape(&shape, &run->infos[i], sample->name));
        ck_assert_ok(effnn__shape_count(&count, shape.rank, shape.dims));
        ck_assert(effnn__dtype_bytes(run->infos[i].dtype, count, &bytes));
        run->memory[i] = aligned_alloc(64, (bytes + 2 * GUARD + 63) / 64 * 64);
        ck_assert_ptr_nonnull(run->memory[i]);
        memset(run->memory[i], pattern, bytes + 2 * GUARD);
        ck_assert_ok(effnn_tensor_wrap(&run->outputs[i], NULL, run->memory[i] + GUARD,
                                       run->infos[i].dtype, shape.rank, shape.dims, NULL, NULL));
    }
    run->call = (effnn_op_call){ .def = sample->def,
                                 .attrs = sample->attrs,
                                 .node = sample->name,
                                 .mode = EFFNN_OP_INFERENCE,
                                 .inputs = (const effnn_tensor *const *)sample->inputs,
                                 .n_inputs = sample->n_inputs,
                                 .outputs = run->outputs,
                                 .n_outputs = sample->n_outputs,
                                 .aux = run->aux };
    if (!sample->def->scratch) return;
    const size_t bytes = sample->def->scratch(&run->call, EFFNN_OP_FORWARD);
    run->scratch = aligned_alloc(64, (bytes / 64 + 1) * 64);
    ck_assert_ptr_nonnull(run->scratch);
    memset(run->scratch, pattern, bytes);
    run->call.scratch = run->scratch;
}

void hand_close(hand_run *run)
{
    for (size_t i = 0; i < run->sample->n_outputs; i++) {
        effnn_tensor_release(run->outputs[i]);
        free(run->memory[i]);
    }
    free(run->scratch);
}
