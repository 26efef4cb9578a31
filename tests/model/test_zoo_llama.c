/* SPDX-License-Identifier: BSD-3-Clause */
/* The decoder against PyTorch (tests/golden/make/zoo_llama.py). */

#include "support/zoo.h"

/* Logits [1, tokens, vocabulary] of all tokens in one run without a past. */
static effnn_tensor *logits_of(const effnn_model *model, effnn_tensor *tokens)
{
    const size_t n = effnn_model_input_count(model);
    effnn_tensor *inputs[16] = { tokens }, *outputs[16] = { NULL }, *logits;
    size_t at = effnn_model_output_count(model);

    ck_assert_uint_le(n, 16);
    for (size_t i = 1; i < n; i++) {
        effnn_value_spec spec = { .version = 1 };
        int64_t dims[EFFNN_MAX_RANK];

        ck_assert_ok(effnn_model_input_at(&spec, model, i));
        for (size_t d = 0; d < spec.rank; d++) dims[d] = spec.dims[d] < 0 ? d == 0 : spec.dims[d];
        inputs[i] = test_tensor_zeros(spec.dtype, spec.rank, dims);
    }
    test_model_run(outputs, model, inputs);
    for (size_t i = 0; i < effnn_model_output_count(model); i++) {
        effnn_value_spec spec = { .version = 1 };

        ck_assert_ok(effnn_model_output_at(&spec, model, i));
        if (strcmp(spec.name, "logits") == 0) at = i;
    }
    ck_assert_uint_lt(at, effnn_model_output_count(model));
    logits = outputs[at];
    for (size_t i = 0; i < effnn_model_output_count(model); i++)
        if (i != at) effnn_tensor_release(outputs[i]);
    for (size_t i = 1; i < n; i++) effnn_tensor_release(inputs[i]);
    return logits;
}

START_TEST(files_with_either_names_give_pytorchs_logits)
{
    static const struct {
        const char *weights, *options;
    } cases[] = { { "zoo/llama_meta.safetensors", NULL },
                  { "zoo/llama_hf.safetensors", "heads=4" } };
    effnn_tensor *tokens = test_tensor_golden("zoo/llama_tokens.npy");
    effnn_tensor *want = test_tensor_golden("zoo/llama_logits.npy");

    for (size_t i = 0; i < 2; i++) {
        effnn_model *model = test_zoo("llama", cases[i].options, cases[i].weights);
        effnn_tensor *logits = logits_of(model, tokens);

        ck_assert_tensor_near(logits, want, 1e-5, 1e-5);
        effnn_tensor_release(logits);
        effnn_model_destroy(model);
    }
    effnn_tensor_release(tokens);
    effnn_tensor_release(want);
}
END_TEST

START_TEST(without_a_cache_tokens_are_the_only_input)
{
    effnn_model *model = test_zoo("llama", "cache=0", "zoo/llama_meta.safetensors");

    ck_assert_uint_eq(effnn_model_input_count(model), 1);
    ck_assert_uint_eq(effnn_model_output_count(model), 1);
    test_zoo_golden(model, "zoo/llama_tokens.npy", "zoo/llama_logits.npy", 2e-6);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(sizes_come_from_the_weights)
{
    effnn_model *model = test_zoo("llama", NULL, "zoo/llama_meta.safetensors");
    effnn_value_spec spec = { .version = 1 };
    effnn_cost cost = { .version = 1 };

    ck_assert_uint_eq(effnn_model_input_count(model), 2 + 2 * 2);
    ck_assert_ok(effnn_model_input_at(&spec, model, 2));
    ck_assert_str_eq(spec.name, "past_key.0");
    ck_assert_int_eq(spec.dims[1], 2);
    ck_assert_int_eq(spec.dims[3], 4);
    ck_assert_str_eq(effnn_model_get_metadata(model, "effnn.context"), "64");
    ck_assert_ok(effnn_model_cost(&cost, model));
    /* Two embeddings, the norms, the blocks' matrices, and two rotary frequencies. */
    ck_assert_uint_eq(cost.parameters,
                      2 * 29 * 16 + 5 * 16 + 2 * (2 * 16 * 16 + 2 * 8 * 16 + 3 * 24 * 16) + 2);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused)
{
    effnn_model *weights = NULL, *model = NULL;

    ck_assert_ok(
        effnn_model_load(&weights, NULL, test_golden_path("zoo/llama_meta.safetensors"), NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "16 is not a positive multiple of 3",
                           effnn_zoo_create(&model, NULL, "llama", "heads=3", weights));
    ck_assert_fails_saying(EFFNN_E_ARG, "4 is not a positive multiple of 3",
                           effnn_zoo_create(&model, NULL, "llama", "kv_heads=3", weights));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "'tok_embeddings.weight' is [29, 16], not [30, 16]",
                           effnn_zoo_create(&model, NULL, "llama", "vocabulary=30", weights));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "'layers.2.attention_norm.weight'",
                           effnn_zoo_create(&model, NULL, "llama", "depth=3", weights));
    ck_assert_ptr_null(model);
    effnn_model_destroy(weights);
}
END_TEST

SUITE("zoo_llama", NULL, NULL, files_with_either_names_give_pytorchs_logits,
      without_a_cache_tokens_are_the_only_input, sizes_come_from_the_weights,
      sizes_that_do_not_fit_are_refused)
