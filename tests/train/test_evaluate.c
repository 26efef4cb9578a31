/* SPDX-License-Identifier: BSD-3-Clause */
/* Metrics against numbers worked out by hand, and evaluation over batches of any size. */

#include "train/evaluate.h"

#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"

#include <effnn/effnn.h>
#include <math.h>
#include <stdbool.h>

START_TEST(argmax_is_the_lowest_index_of_the_largest)
{
    ck_assert_uint_eq(effnn__metric_argmax((float[]){ 1, 3, 2 }, 3), 1);
    ck_assert_uint_eq(effnn__metric_argmax((float[]){ 2, 2, 1 }, 3), 0);
    ck_assert_uint_eq(effnn__metric_argmax((float[]){ -5 }, 1), 0);
}
END_TEST

START_TEST(cross_entropy_and_kl_have_their_closed_forms)
{
    const float even[] = { 0, 0 }, three_to_one[] = { 1.0986123f, 0 }; /* log 3 */

    ck_assert_double_eq_tol(effnn__metric_cross_entropy(even, 2, 1), log(2), 1e-12);
    ck_assert_double_eq_tol(effnn__metric_cross_entropy(three_to_one, 2, 0), log(4.0 / 3), 1e-7);
    /* KL((1/2, 1/2) ‖ (3/4, 1/4)) = log(2 / √3); the other way: 3/4 log 3 - log 2. */
    ck_assert_double_eq_tol(effnn__metric_kl(even, three_to_one, 2), log(2 / sqrt(3)), 1e-7);
    ck_assert_double_eq_tol(effnn__metric_kl(three_to_one, even, 2), 0.75 * log(3) - log(2), 1e-7);
    ck_assert_double_eq(effnn__metric_kl(three_to_one, three_to_one, 2), 0);
}
END_TEST

START_TEST(large_logits_do_not_overflow)
{
    const float far[] = { 30000, -30000 };

    ck_assert_double_eq(effnn__metric_cross_entropy(far, 2, 0), 0);
    ck_assert_double_eq(effnn__metric_cross_entropy(far, 2, 1), 60000);
    ck_assert(isfinite(effnn__metric_kl((float[]){ 0, 0 }, far, 2)));
}
END_TEST

/* logits = x, [batch, 3] (batch -1: open). */
static effnn_model *pass_through(int64_t batch)
{
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_create(&model, NULL));
    test_add_input(model, "x", 2, (int64_t[]){ batch, 3 });
    test_add_node(model, "neg", NULL, "n", "x", NULL, NULL);
    test_add_node(model, "neg", NULL, "y", "n", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    return model;
}

/* Five samples, four of them right, and their targets. */
static effnn_dataset *five(void)
{
    const float x[] = { 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0 };
    const int64_t y[] = { 0, 1, 2, 0, 2 };
    effnn_tensor *input = test_tensor_f32(2, (int64_t[]){ 5, 3 }, x);
    effnn_tensor *targets = test_tensor_i64(1, (int64_t[]){ 5 }, y);
    effnn_dataset *data = NULL;

    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &input, 1, targets, NULL));
    effnn_tensor_release(input);
    effnn_tensor_release(targets);
    return data;
}

START_TEST(any_batch_gives_the_same_numbers)
{
    const double right = log(exp(1) + 2) - 1, wrong = log(exp(1) + 2);
    effnn_dataset *data = five();

    for (int k = 0; k < 6; k++) { /* open batches of 1, 2, 3, 7; fixed ones of 2 and 4 */
        effnn_evaluate_options options = EFFNN_EVALUATE_OPTIONS_INIT;
        effnn_evaluation result = { .version = 1 };
        effnn_model *model = pass_through(k < 4 ? -1 : k == 4 ? 2 : 4);
        effnn_tensor *logits = NULL;

        options.batch = (uint32_t[]){ 1, 2, 3, 7, 32, 32 }[k];
        options.predictions = &logits;
        options.reference = model;
        ck_assert_ok(effnn_model_evaluate(&result, model, data, &options));
        ck_assert_uint_eq(result.count, 5);
        ck_assert_uint_eq(result.correct, 4);
        ck_assert_double_eq(result.top1, 0.8);
        ck_assert_double_eq_tol(result.loss, (4 * right + wrong) / 5, 1e-12);
        ck_assert_double_eq(result.agreement, 1);
        ck_assert_double_eq(result.kl, 0);
        ck_assert_tensor_dims(logits, 5, 3);
        ck_assert_tensor_at(logits, 1.0, 4, 1);
        effnn_tensor_release(logits);
        effnn_model_destroy(model);
    }
    effnn_dataset_destroy(data);
}
END_TEST

START_TEST(what_cannot_be_judged_is_not_a_number)
{
    effnn_model *model = pass_through(-1);
    effnn_tensor *input = test_tensor_iota(2, 3);
    effnn_evaluation result = { .version = 1 };
    effnn_dataset *data = NULL;

    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &input, 1, NULL, NULL));
    ck_assert_ok(effnn_model_evaluate(&result, model, data, NULL));
    ck_assert_uint_eq(result.count, 2);
    ck_assert(isnan(result.top1) && isnan(result.loss) && isnan(result.kl));
    effnn_dataset_destroy(data);
    effnn_tensor_release(input);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(bad_targets_and_logits_are_named)
{
    const float x[] = { 0, NAN, 0 }, ok[] = { 0, 1, 0 };
    const int64_t three = 3;
    effnn_model *model = pass_through(-1);
    effnn_tensor *nan = test_tensor_f32(2, (int64_t[]){ 1, 3 }, x);
    effnn_tensor *good = test_tensor_f32(2, (int64_t[]){ 1, 3 }, ok);
    effnn_tensor *target = test_tensor_i64(1, (int64_t[]){ 1 }, &three);
    effnn_evaluation result = { .version = 1 };
    effnn_dataset *a = NULL, *b = NULL;

    ck_assert_ok(effnn_dataset_create_from_tensors(&a, NULL, NULL, &nan, 1, NULL, NULL));
    ck_assert_ok(effnn_dataset_create_from_tensors(&b, NULL, NULL, &good, 1, target, NULL));
    ck_assert_fails_saying(EFFNN_E_NUMERIC, "logit 1 of sample 0",
                           effnn_model_evaluate(&result, model, a, NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "target of sample 0 is 3",
                           effnn_model_evaluate(&result, model, b, NULL));
    effnn_dataset_destroy(a);
    effnn_dataset_destroy(b);
    effnn_tensor_release(nan);
    effnn_tensor_release(good);
    effnn_tensor_release(target);
    effnn_model_destroy(model);
}
END_TEST

/* Eight samples; from the fifth on they have 300 classes instead of 3 (user 0), or targets, which
 * those before have not (user 1). */
static int change(void *user, uint64_t first, size_t n, effnn_batch *out)
{
    const bool widens = *(const int *)user == 0;

    out->inputs[0] = test_tensor_iota((int64_t)n, widens && first >= 4 ? 300 : 3);
    if (!widens && first >= 4)
        out->targets = test_tensor_zeros(EFFNN_I64, 1, (int64_t[]){ (int64_t)n });
    return 0;
}

START_TEST(classes_and_targets_are_the_same_for_all_samples)
{
    const char *const symbols[] = { "N", "C" };
    effnn_evaluate_options options = EFFNN_EVALUATE_OPTIONS_INIT;
    effnn_evaluation result = { .version = 1 };
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_ok(effnn_model_add_input(model, "x", EFFNN_F32, 2, (int64_t[]){ -1, -1 }, symbols));
    test_add_node(model, "neg", NULL, "y", "x", NULL, NULL);
    ck_assert_ok(effnn_model_add_output(model, "y"));
    options.batch = 4;
    for (int which = 0; which < 2; which++) {
        const effnn_dataset_source source = {
            .version = 1, .user = &which, .count = 8, .n_inputs = 1, .read = change
        };
        effnn_dataset *data = NULL;

        ck_assert_ok(effnn_dataset_create(&data, NULL, &source));
        ck_assert_fails_saying(EFFNN_E_SHAPE,
                               which == 0 ? "sample 4 has 300 classes, others 3"
                                          : "sample 4 has a target, unlike those before",
                               effnn_model_evaluate(&result, model, data, &options));
        effnn_dataset_destroy(data);
    }
    effnn_model_destroy(model);
}
END_TEST

static effnn_status evaluate(const effnn_model *model, effnn_dataset *data)
{
    effnn_evaluate_options options = EFFNN_EVALUATE_OPTIONS_INIT;
    effnn_evaluation result = { .version = 1 };

    options.reference = model;
    return effnn_model_evaluate(&result, model, data, &options);
}

START_TEST(no_memory_at_any_point_is_an_error_without_a_leak)
{
    effnn_model *model = pass_through(4);
    effnn_dataset *data = five();

    ALLOC_FAIL_LOOP(evaluate(model, data), );
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}
END_TEST

SUITE("evaluate", NULL, NULL, argmax_is_the_lowest_index_of_the_largest,
      cross_entropy_and_kl_have_their_closed_forms, large_logits_do_not_overflow,
      any_batch_gives_the_same_numbers, what_cannot_be_judged_is_not_a_number,
      bad_targets_and_logits_are_named, classes_and_targets_are_the_same_for_all_samples,
      no_memory_at_any_point_is_an_error_without_a_leak)
