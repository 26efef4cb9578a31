/* SPDX-License-Identifier: BSD-3-Clause */
/* Both shapes against PyTorch (tests/golden/make/zoo_convolutional.py), and counts of parameters.
 */

#include "support/zoo.h"

#include <stdio.h>

START_TEST(files_give_pytorchs_logits)
{
    static const struct {
        const char *name, *options;
    } cases[] = { { "resnet8", "image=16" },
                  { "resnet18", "image=40" },
                  { "resnet50", "image=40" } };

    for (size_t i = 0; i < 3; i++) {
        char weights[64], images[64], logits[64];
        effnn_model *model;

        snprintf(weights, sizeof weights, "zoo/%s.safetensors", cases[i].name);
        snprintf(images, sizeof images, "zoo/%s_images.npy", cases[i].name);
        snprintf(logits, sizeof logits, "zoo/%s_logits.npy", cases[i].name);
        model = test_zoo("resnet", cases[i].options, weights);
        test_zoo_golden(model, images, logits, 1e-4);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(usual_sizes_have_their_numbers_of_parameters)
{
    /* Weights as torchvision and the CIFAR net's authors count them, and two statistics a channel.
     */
    static const struct {
        const char *options;
        uint64_t weights, channels;
    } cases[] = { { "depth=20", 269722, 16 + 6 * 16 + 6 * 32 + 6 * 64 },
                  { "depth=32", 464154, 16 + 10 * 16 + 10 * 32 + 10 * 64 },
                  { "depth=18", 11689512, 4800 },
                  { "depth=50", 25557032, 26560 } };

    for (size_t i = 0; i < 4; i++) {
        effnn_model *model = test_zoo("resnet", cases[i].options, NULL);
        effnn_cost cost = { .version = 1 };

        ck_assert_ok(effnn_model_cost(&cost, model));
        ck_assert_uint_eq(cost.parameters, cases[i].weights + 2 * cases[i].channels);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(the_kind_can_be_given_and_depths_must_fit_it)
{
    effnn_model *model = test_zoo("resnet", "depth=50,kind=cifar", NULL);
    effnn_value_spec spec = { .version = 1 };

    ck_assert_ok(effnn_model_output_at(&spec, model, 0));
    ck_assert_int_eq(spec.dims[1], 10);
    effnn_model_destroy(model);
    model = NULL;
    ck_assert_fails_saying(EFFNN_E_ARG, "21 is not 6 n + 2",
                           effnn_zoo_create(&model, NULL, "resnet", "depth=21", NULL));
    ck_assert_fails_saying(
        EFFNN_E_ARG, "20 is none of 18",
        effnn_zoo_create(&model, NULL, "resnet", "depth=20,kind=imagenet", NULL));
    ck_assert_ptr_null(model);
}
END_TEST

SUITE("zoo_resnet", NULL, NULL, files_give_pytorchs_logits,
      usual_sizes_have_their_numbers_of_parameters, the_kind_can_be_given_and_depths_must_fit_it)
