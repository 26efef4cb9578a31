/* SPDX-License-Identifier: BSD-3-Clause */
/* What loading and sessions hold, counted by an allocator of the context: parameters are in memory
 * once, wherever they come from, and in a session that has packed them not beside the packed ones.
 */

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>
#include <stdio.h>
#include <unistd.h>

enum { LAYERS = 8, WIDTH = 96, WEIGHT = WIDTH * WIDTH * 4, BLOCK_HEAD = 64, SMALL = 8192 };

static char folder[64], path[128];
static effnn_context *context;
static effnn_model *model;
static effnn_session *session;
static effnn_tensor *input, *output;
static size_t live, peak, total; /* bytes from the context's allocator */

/* The size lies in front of each block, an alignment's worth of it. */
static void *count_alloc(void *user, size_t size, size_t alignment)
{
    char *block = aligned_alloc(alignment, BLOCK_HEAD + (size + 63) / 64 * 64);

    (void)user;
    ck_assert_uint_eq(alignment, BLOCK_HEAD);
    if (!block) return NULL;
    memcpy(block, &size, sizeof size);
    total += size;
    live += size;
    if (live > peak) peak = live;
    return block + BLOCK_HEAD;
}

static void count_free(void *user, void *memory)
{
    char *block = (char *)memory - BLOCK_HEAD;
    size_t size;

    (void)user;
    if (!memory) return;
    memcpy(&size, block, sizeof size);
    live -= size;
    free(block);
}

static void setup(void)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;

    options.alloc = count_alloc;
    options.free = count_free;
    options.threads = 1;
    ck_assert_ok(effnn_context_create(&context, &options));
    strcpy(folder, P_tmpdir "/effnn-memory-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    input = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ 3, WIDTH }, 5);
    model = NULL;
    session = NULL;
    output = NULL;
    live = peak = total = 0;
}

static void teardown(void)
{
    char command[128];

    effnn_tensor_release(input);
    effnn_tensor_release(output);
    effnn_session_destroy(session);
    effnn_model_destroy(model);
    effnn_context_destroy(context);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

/* Products one behind the other, each with a weight of its own, read through a transpose or not. */
static void save_chain(bool is_turned, bool is_external)
{
    effnn_save_options options = EFFNN_SAVE_OPTIONS_INIT;
    effnn_model *chain = NULL;
    char value[16] = "x", next[16], weight[16], turned[16];

    options.external = is_external;
    ck_assert_ok(effnn_model_create(&chain, NULL));
    test_add_input(chain, "x", 2, (const int64_t[]){ -1, WIDTH });
    for (int i = 0; i < LAYERS; i++) {
        snprintf(next, sizeof next, "y%d", i);
        snprintf(weight, sizeof weight, "w%.*s", i + 1, "aaaaaaaa"); /* of any alignment */
        snprintf(turned, sizeof turned, "t%d", i);
        test_add_weight(chain, weight, (uint64_t)i, 0.1, WIDTH, WIDTH);
        if (is_turned) test_add_node(chain, "transpose", "perm=1:0", turned, weight, NULL, NULL);
        test_add_node(chain, "matmul", NULL, next, value, is_turned ? turned : weight, NULL);
        strcpy(value, next);
    }
    ck_assert_ok(effnn_model_add_output(chain, value));
    ck_assert_ok(effnn_model_save(chain, path, &options));
    effnn_model_destroy(chain);
}

static void load(void)
{
    ck_assert_ok(effnn_model_load(&model, context, path, NULL));
}

/* What a session of the model, without its own passes and packing, gives for the input. */
static effnn_tensor *expect(void)
{
    effnn_session_options options = EFFNN_SESSION_OPTIONS_INIT;
    effnn_tensor *expected = NULL;
    effnn_session *plain = NULL;

    options.keep_written = 1;
    ck_assert_ok(effnn_session_create(&plain, model, &options));
    ck_assert_ok(effnn_session_run(plain, &input, &expected, NULL));
    effnn_session_destroy(plain);
    return expected;
}

static void run_and_check(const effnn_tensor *expected)
{
    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_tensor_near(output, expected, 1e-4, 1e-5);
    effnn_tensor_release(output);
    output = NULL;
}

static void destroy_model(void)
{
    effnn_model_destroy(model);
    model = NULL;
}

START_TEST(parameters_in_the_file_are_copied_once)
{
    save_chain(false, false);
    load();
    ck_assert_uint_ge(total, LAYERS * WEIGHT);
    ck_assert_uint_le(total, LAYERS * WEIGHT + SMALL);
}
END_TEST

START_TEST(parameters_beside_the_file_are_not_copied)
{
    save_chain(false, true);
    load();
    ck_assert_uint_le(total, SMALL);
}
END_TEST

START_TEST(parameters_that_are_folded_go_one_by_one)
{
    save_chain(true, false);
    load();
    ck_assert_uint_ge(total, 2 * LAYERS * WEIGHT);
    ck_assert_uint_le(peak, (LAYERS + 1) * WEIGHT + SMALL);
    ck_assert_uint_le(live, LAYERS * WEIGHT + SMALL);
}
END_TEST

START_TEST(raw_data_at_any_address_is_read)
{
    bool seen[4] = { false };
    size_t size = 0;
    char *bytes;
    FILE *file;

    save_chain(false, false);
    load();
    file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    bytes = malloc((LAYERS + 1) * WEIGHT);
    size = fread(bytes, 1, (LAYERS + 1) * WEIGHT, file);
    fclose(file);
    for (size_t i = 0; i < effnn_model_parameter_count(model); i++) {
        effnn_tensor *weight = NULL;
        size_t at = 0;

        ck_assert_ok(
            effnn_model_get_parameter(&weight, model, effnn_model_parameter_name_at(model, i)));
        while (at + WEIGHT <= size && memcmp(bytes + at, effnn_tensor_data(weight), WEIGHT) != 0)
            at++;
        ck_assert_uint_le(at + WEIGHT, size);
        ck_assert_uint_eq((uintptr_t)effnn_tensor_data(weight) % 64, 0);
        seen[at % 4] = true;
        effnn_tensor_release(weight);
    }
    ck_assert(seen[0] && seen[1] && seen[2] && seen[3]);
    free(bytes);
}
END_TEST

START_TEST(a_model_with_its_parameters_in_the_file_needs_the_file_no_more)
{
    effnn_tensor *expected;

    save_chain(false, false);
    load();
    expected = expect();
    ck_assert_int_eq(truncate(path, 0), 0);
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    run_and_check(expected);
    effnn_tensor_release(expected);
}
END_TEST

/* Twice, so that pages which the first session has let go of are read again. */
START_TEST(a_model_over_a_mapped_file_outlives_its_removal_and_replacement)
{
    effnn_tensor *expected;
    char command[160];

    save_chain(false, true);
    load();
    expected = expect();
    save_chain(true, true);
    snprintf(command, sizeof command, "rm %s/*", folder);
    ck_assert_int_eq(system(command), 0);
    for (int i = 0; i < 2; i++) {
        effnn_session_destroy(session);
        ck_assert_ok(effnn_session_create(&session, model, NULL));
        run_and_check(expected);
    }
    effnn_tensor_release(expected);
}
END_TEST

START_TEST(a_session_whose_model_is_gone_holds_weights_in_packed_form_only)
{
    effnn_session_memory memory = { .version = 1 };
    effnn_tensor *expected;

    save_chain(false, false);
    load();
    expected = expect();
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    destroy_model();
    run_and_check(expected);
    ck_assert_ok(effnn_session_get_memory(&memory, session));
    ck_assert_uint_ge(memory.packed, LAYERS * WEIGHT);
    ck_assert_uint_le(memory.constants, SMALL);
    ck_assert_uint_le(live, SMALL);
    effnn_tensor_release(expected);
}
END_TEST

START_TEST(plans_for_further_shapes_run_on_what_is_packed)
{
    effnn_tensor *expected, *row = NULL, *copy = NULL, *first = NULL;

    save_chain(false, false);
    load();
    expected = expect();
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    destroy_model();
    run_and_check(expected);
    ck_assert_ok(effnn_tensor_view_slice(&row, input, 0, 0, 1, 1));
    ck_assert_ok(effnn_session_run(session, &row, &output, NULL));
    ck_assert_ok(effnn_tensor_view_slice(&first, expected, 0, 0, 1, 1));
    ck_assert_ok(effnn_tensor_copy(&copy, first));
    ck_assert_tensor_near(output, copy, 1e-4, 1e-5);
    effnn_tensor_release(output);
    output = NULL;
    run_and_check(expected);
    effnn_tensor_release(first);
    effnn_tensor_release(copy);
    effnn_tensor_release(row);
    effnn_tensor_release(expected);
}
END_TEST

START_TEST(a_model_that_lives_keeps_its_parameters_for_further_sessions)
{
    effnn_session *second = NULL;
    effnn_model *again = NULL;
    effnn_tensor *expected;

    save_chain(false, false);
    load();
    expected = expect();
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    run_and_check(expected);
    ck_assert_uint_ge(live, LAYERS * WEIGHT);
    ck_assert_ok(effnn_session_create(&second, model, NULL));
    ck_assert_ok(effnn_session_run(second, &input, &output, NULL));
    ck_assert_tensor_near(output, expected, 1e-4, 1e-5);
    ck_assert_ok(effnn_model_load(&again, context, path, NULL));
    ck_assert_models_equal(model, again);
    effnn_model_destroy(again);
    effnn_session_destroy(second);
    effnn_tensor_release(expected);
}
END_TEST

START_TEST(a_run_without_memory_can_be_made_again)
{
    effnn_tensor *expected;

    save_chain(false, false);
    load();
    expected = expect();
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    destroy_model();
    ALLOC_FAIL_LOOP(effnn_session_run(session, &input, &output, NULL), ck_assert_ptr_null(output));
    ck_assert_tensor_near(output, expected, 1e-4, 1e-5);
    effnn_tensor_release(expected);
}
END_TEST

SUITE("load_memory", setup, teardown, parameters_in_the_file_are_copied_once,
      parameters_beside_the_file_are_not_copied, parameters_that_are_folded_go_one_by_one,
      raw_data_at_any_address_is_read,
      a_model_with_its_parameters_in_the_file_needs_the_file_no_more,
      a_model_over_a_mapped_file_outlives_its_removal_and_replacement,
      a_session_whose_model_is_gone_holds_weights_in_packed_form_only,
      plans_for_further_shapes_run_on_what_is_packed,
      a_model_that_lives_keeps_its_parameters_for_further_sessions,
      a_run_without_memory_can_be_made_again)
