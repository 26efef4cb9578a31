/* SPDX-License-Identifier: BSD-3-Clause */
/* The vision transformer against PyTorch (tests/golden/make/zoo_encoders.py). */

#include "support/zoo.h"

START_TEST(files_with_either_names_give_pytorchs_logits)
{
    static const char *const weights[] = { "zoo/vit_timm.safetensors", "zoo/vit_hf.safetensors" };

    for (size_t i = 0; i < 2; i++) {
        effnn_model *model = test_zoo("vit", NULL, weights[i]);

        test_zoo_golden(model, "zoo/vit_images.npy", "zoo/vit_logits.npy", 2e-6);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(usual_sizes_have_their_numbers_of_parameters)
{
    /* DeiT-Ti and DeiT-S of Touvron et al. 2021: 5.7 and 22.1 million. */
    static const struct {
        const char *options;
        uint64_t parameters;
    } cases[] = { { NULL, 5717416 }, { "width=384", 22050664 } };

    for (size_t i = 0; i < 2; i++) {
        effnn_model *model = test_zoo("vit", cases[i].options, NULL);
        effnn_cost cost = { .version = 1 };

        ck_assert_ok(effnn_model_cost(&cost, model));
        ck_assert_uint_eq(cost.parameters, cases[i].parameters);
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(sizes_that_do_not_fit_are_refused)
{
    effnn_model *model = NULL;

    ck_assert_fails_saying(EFFNN_E_ARG, "224 is not a positive multiple of 15",
                           effnn_zoo_create(&model, NULL, "vit", "patch=15", NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "192 is not a positive multiple of 5",
                           effnn_zoo_create(&model, NULL, "vit", "heads=5", NULL));
    ck_assert_ptr_null(model);
}
END_TEST

SUITE("zoo_vit", NULL, NULL, files_with_either_names_give_pytorchs_logits,
      usual_sizes_have_their_numbers_of_parameters, sizes_that_do_not_fit_are_refused)
