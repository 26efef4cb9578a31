/* SPDX-License-Identifier: BSD-3-Clause */
/* The network against PyTorch (tests/golden/make/zoo_convolutional.py), and its count of
 * parameters. */

#include "support/zoo.h"

START_TEST(a_file_gives_pytorchs_logits)
{
    effnn_model *model =
        test_zoo("mobilenet_v2", "multiplier=0.05,image=40", "zoo/mobilenet_v2.safetensors");

    test_zoo_golden(model, "zoo/mobilenet_v2_images.npy", "zoo/mobilenet_v2_logits.npy", 1e-5);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(multipliers_have_their_numbers_of_parameters)
{
    /* As torchvision counts its models, and two statistics a channel. */
    static const struct {
        const char *options;
        uint64_t parameters;
    } cases[] = { { NULL, 3504872 + 2 * 17056 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn_model *model = test_zoo("mobilenet_v2", cases[i].options, NULL);
        effnn_cost cost = { .version = 1 };

        ck_assert_ok(effnn_model_cost(&cost, model));
        ck_assert_uint_eq(cost.parameters, cases[i].parameters);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(another_multiplier_than_the_files_is_refused)
{
    effnn_model *weights = NULL, *model = NULL;

    ck_assert_ok(
        effnn_model_load(&weights, NULL, test_golden_path("zoo/mobilenet_v2.safetensors"), NULL));
    ck_assert_fails_saying(EFFNN_E_SHAPE,
                           "'features.0.0.weight' is [8, 3, 3, 3], not [32, 3, 3, 3]",
                           effnn_zoo_create(&model, NULL, "mobilenet_v2", NULL, weights));
    ck_assert_ptr_null(model);
    effnn_model_destroy(weights);
}
END_TEST

SUITE("zoo_mobilenet_v2", NULL, NULL, a_file_gives_pytorchs_logits,
      multipliers_have_their_numbers_of_parameters, another_multiplier_than_the_files_is_refused)
