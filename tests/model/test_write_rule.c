/* SPDX-License-Identifier: BSD-3-Clause */
/* Storage with several owners is immutable: two clones and a session of one model share their
 * parameters, and changing one of them, by whichever call, never shows in another. */

#include "model/model.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>

static effnn_model *model, *clone, *second;
static effnn_session *session;
static effnn_tensor *input, *before;

/* What a model computes for the input. */
static effnn_tensor *logits_of(const effnn_model *of)
{
    effnn_session *once = NULL;
    effnn_tensor *logits = NULL;

    ck_assert_ok(effnn_session_create(&once, of, NULL));
    ck_assert_ok(effnn_session_run(once, &input, &logits, NULL));
    effnn_session_destroy(once);
    return logits;
}

static void setup(void)
{
    model = test_model_mlp(NULL);
    clone = second = NULL;
    session = NULL;
    ck_assert_ok(effnn_model_clone(&clone, model));
    ck_assert_ok(effnn_model_clone(&second, clone));
    ck_assert_ok(effnn_session_create(&session, clone, NULL));
    input = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ 3, 24 }, 1);
    before = logits_of(model);
}

static void teardown(void)
{
    effnn_session_destroy(session);
    effnn_model_destroy(model);
    effnn_model_destroy(clone);
    effnn_model_destroy(second);
    effnn_tensor_release(input);
    effnn_tensor_release(before);
}

static void check_model(const effnn_model *of)
{
    effnn_tensor *logits = logits_of(of);

    ck_assert_tensor_equal(logits, before);
    effnn_tensor_release(logits);
}

static void check_session(void)
{
    effnn_tensor *logits = NULL;

    ck_assert_ok(effnn_session_run(session, &input, &logits, NULL));
    ck_assert_tensor_equal(logits, before);
    effnn_tensor_release(logits);
}

static const effnn_tensor *weight_of(const effnn_model *of)
{
    return effnn__graph_find_value(of->graph, "fc1.weight")->constant;
}

START_TEST(clones_and_sessions_share_storage)
{
    ck_assert(effnn__tensor_shares_storage(weight_of(model), weight_of(clone)));
    ck_assert(effnn__tensor_shares_storage(weight_of(model), weight_of(second)));
}
END_TEST

START_TEST(a_parameter_set_in_one_model_is_set_in_no_other)
{
    effnn_tensor *zeros = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 20, 24 }), *changed;

    ck_assert_ok(effnn_model_set_parameter(clone, "fc1.weight", zeros));
    effnn_tensor_release(zeros);
    check_model(model);
    check_model(second);
    check_session();
    changed = logits_of(clone);
    ck_assert(!effnn__tensor_equal(changed, before));
    effnn_tensor_release(changed);
}
END_TEST

START_TEST(writing_to_a_parameter_that_was_got_changes_no_model)
{
    effnn_tensor *mine = NULL;

    ck_assert_ok(effnn_model_get_parameter(&mine, clone, "fc1.weight"));
    ck_assert(effnn__tensor_shares_storage(mine, weight_of(clone)));
    ck_assert_ok(effnn_tensor_set_f64(mine, (const int64_t[]){ 0, 0 }, 1000.0));
    ck_assert_tensor_at(mine, 1000.0, 0, 0);
    check_model(model);
    check_model(clone);
    check_model(second);
    check_session();
    effnn_tensor_release(mine);
}
END_TEST

START_TEST(writing_to_a_tensor_that_was_given_does_not_reach_the_model)
{
    effnn_tensor *mine = test_tensor_zeros(EFFNN_F32, 1, (const int64_t[]){ 20 });
    effnn_tensor *with_zeros, *after;

    ck_assert_ok(effnn_model_set_parameter(clone, "fc1.bias", mine));
    with_zeros = logits_of(clone);
    ck_assert_ok(effnn_tensor_set_f64(mine, (const int64_t[]){ 0 }, 1000.0));
    after = logits_of(clone);
    ck_assert_tensor_equal(after, with_zeros);
    effnn_tensor_release(mine);
    effnn_tensor_release(with_zeros);
    effnn_tensor_release(after);
}
END_TEST

START_TEST(an_output_written_again_leaves_shares_of_it_alone)
{
    effnn_tensor *output = NULL, *kept = NULL, *other;

    ck_assert_ok(effnn_session_run(session, &input, &output, NULL));
    ck_assert_ok(effnn__tensor_share(&kept, output));
    other = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ 3, 24 }, 2);
    ck_assert_ok(effnn_session_run(session, &other, &output, NULL));
    ck_assert_tensor_equal(kept, before);
    ck_assert(!effnn__tensor_equal(output, before));
    effnn_tensor_release(kept);
    effnn_tensor_release(output);
    effnn_tensor_release(other);
}
END_TEST

START_TEST(a_transformed_clone_leaves_the_others_as_they_were)
{
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_transform *transform = NULL;
    effnn_dataset *data = test_model_data(model, 8, 3);
    effnn_model *copy = NULL;

    options.data = data;
    ck_assert_ok(effnn_model_clone(&copy, model));
    ck_assert_ok(effnn_transform_create(&transform, NULL, "lowrank"));
    ck_assert_ok(effnn_transform_set(transform, "skip_first", "false"));
    ck_assert_ok(effnn_transform_set(transform, "rank_step", "1"));
    ck_assert_ok(effnn_transform_set(transform, "reduction", "0.3"));
    ck_assert_ok(effnn_transform_run(transform, clone, &options, NULL));
    ck_assert_models_equal(model, copy);
    ck_assert_models_equal(second, copy);
    check_model(model);
    check_session();
    effnn_transform_destroy(transform);
    effnn_model_destroy(copy);
    effnn_dataset_destroy(data);
}
END_TEST

START_TEST(models_may_go_in_any_order)
{
    effnn_model_destroy(model);
    model = NULL;
    check_model(clone);
    effnn_model_destroy(clone);
    clone = NULL;
    check_model(second);
    check_session();
}
END_TEST

static effnn_status set_zeros(effnn_tensor *zeros)
{
    effnn_model *copy = NULL;
    effnn_status status = effnn_model_clone(&copy, model);

    if (status == EFFNN_OK) status = effnn_model_set_parameter(copy, "fc1.weight", zeros);
    effnn_model_destroy(copy);
    return status;
}

START_TEST(no_memory_at_any_point_changes_no_model)
{
    effnn_tensor *zeros = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 20, 24 });

    ALLOC_FAIL_LOOP(set_zeros(zeros), );
    check_model(model);
    check_model(clone);
    effnn_tensor_release(zeros);
}
END_TEST

SUITE("write_rule", setup, teardown, clones_and_sessions_share_storage,
      a_parameter_set_in_one_model_is_set_in_no_other,
      writing_to_a_parameter_that_was_got_changes_no_model,
      writing_to_a_tensor_that_was_given_does_not_reach_the_model,
      an_output_written_again_leaves_shares_of_it_alone,
      a_transformed_clone_leaves_the_others_as_they_were, models_may_go_in_any_order,
      no_memory_at_any_point_changes_no_model)
