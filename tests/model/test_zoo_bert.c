/* SPDX-License-Identifier: BSD-3-Clause */
/* The text encoder against PyTorch (tests/golden/make/zoo_encoders.py). */

#include "support/zoo.h"

enum { N_INPUTS = 3 };
static effnn_tensor *inputs[N_INPUTS];

static void setup(void)
{
    inputs[0] = test_tensor_golden("zoo/bert_tokens.npy");
    inputs[1] = test_tensor_golden("zoo/bert_mask.npy");
    inputs[2] = test_tensor_golden("zoo/bert_types.npy");
}

static void teardown(void)
{
    for (size_t i = 0; i < N_INPUTS; i++) effnn_tensor_release(inputs[i]);
}

static void check(effnn_tensor *got, const char *golden)
{
    effnn_tensor *want = test_tensor_golden(golden);

    ck_assert_tensor_near(got, want, 0.0, 1e-5);
    effnn_tensor_release(want);
    effnn_tensor_release(got);
}

START_TEST(vectors_are_pytorchs_and_padding_is_not_seen)
{
    effnn_model *model = test_zoo("bert", NULL, "zoo/bert.safetensors");
    effnn_tensor *outputs[2] = { NULL };
    effnn_value_spec spec = { .version = 1 };

    ck_assert_uint_eq(effnn_model_output_count(model), 2);
    ck_assert_ok(effnn_model_output_at(&spec, model, 0));
    ck_assert_str_eq(spec.name, "last_hidden_state");
    test_model_run(outputs, model, inputs);
    check(outputs[0], "zoo/bert_hidden.npy");
    check(outputs[1], "zoo/bert_pooled.npy");
    effnn_model_destroy(model);
}
END_TEST

START_TEST(a_classifiers_file_gives_its_logits)
{
    effnn_model *model = test_zoo("bert", NULL, "zoo/bert_classifier.safetensors");
    effnn_tensor *logits = NULL;

    ck_assert_uint_eq(effnn_model_output_count(model), 1);
    test_model_run(&logits, model, inputs);
    check(logits, "zoo/bert_logits.npy");
    effnn_model_destroy(model);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused)
{
    effnn_model *model = NULL;

    ck_assert_fails_saying(EFFNN_E_ARG, "32 is not a positive multiple of 12",
                           effnn_zoo_create(&model, NULL, "bert", "width=32,depth=1", NULL));
    ck_assert_ptr_null(model);
}
END_TEST

SUITE("zoo_bert", setup, teardown, vectors_are_pytorchs_and_padding_is_not_seen,
      a_classifiers_file_gives_its_logits, sizes_that_do_not_fit_are_refused)
