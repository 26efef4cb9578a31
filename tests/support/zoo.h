/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_ZOO_H
#define EFFNN_TESTS_ZOO_H

/* Networks of the zoo for tests. Every failure fails the test. */

#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <effnn/zoo.h>

/* A network with the weights of tests/golden/<weights> (NULL: random); the test destroys it. */
static inline effnn_model *test_zoo(const char *name, const char *options, const char *weights)
{
    effnn_model *model = NULL, *loaded = NULL;

    if (weights) ck_assert_ok(effnn_model_load(&loaded, NULL, test_golden_path(weights), NULL));
    ck_assert_ok(effnn_zoo_create(&model, NULL, name, options, loaded));
    effnn_model_destroy(loaded);
    return model;
}

/* Run on one golden input; output 0 is near another golden file, as far as its largest value times
 * `tolerance`. */
static inline void test_zoo_golden(const effnn_model *model, const char *input, const char *output,
                                   double tolerance)
{
    effnn_tensor *x = test_tensor_golden(input), *want = test_tensor_golden(output), *y = NULL;
    double largest = 0.0;

    for (size_t i = 0; i < effnn_tensor_count(want); i++) {
        const double value = ((const double *)effnn_tensor_data(want))[i];

        largest = value > largest ? value : -value > largest ? -value : largest;
    }
    test_model_run(&y, model, &x);
    ck_assert_tensor_near(y, want, 0.0, tolerance * largest);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_tensor_release(want);
}
#endif
