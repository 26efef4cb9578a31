/* SPDX-License-Identifier: BSD-3-Clause */
/* One sample's operands of a linear site as matrices: rows of the input times the weight must be
 * rows of the output, whatever the geometry. The product is formed here, in double; the outputs
 * come from the operators' own kernels. */

#include "model/capture.h"

#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>
#include <math.h>

enum { ROOM = 4096 };

static effnn_model *model;
static effnn_site_list *sites;
static effnn_dataset *data;
static size_t n_events;

static void setup(void)
{
    model = NULL;
    sites = NULL;
    data = NULL;
    n_events = 0;
    ck_assert_ok(effnn_model_create(&model, NULL));
}

static void teardown(void)
{
    effnn_site_list_destroy(sites);
    effnn_dataset_destroy(data);
    effnn_model_destroy(model);
}

/* Capture the first site for samples x (released), mask (released) or NULL, in batches of 2. */
static void capture(effnn_tensor *x, effnn_tensor *mask, effnn__capture_fn consume)
{
    const effnn__capture_options options = { .batch = 2, .stage = "test" };

    ck_assert_ok(effnn_model_add_output(model, "y"));
    ck_assert_ok(effnn__site_list(&sites, model));
    ck_assert_ok(effnn_dataset_create_from_tensors(&data, NULL, NULL, &x, 1, NULL, mask));
    effnn_tensor_release(x);
    effnn_tensor_release(mask);
    ck_assert_ok(effnn__capture_run(model, data, &sites->items[0].node, 1, &options, consume,
                                    &sites->items[0]));
}

static effnn_tensor *random_samples(size_t rank, const int64_t *dims)
{
    return test_tensor_random(NULL, EFFNN_F32, rank, dims, 99);
}

/* y = x w for one sample and group, with a float's rounding of sums of `in` terms. */
static void check_product(const float *x, const float *y, const double *w, size_t rows,
                          const effnn__site *site)
{
    for (size_t r = 0; r < rows; r++)
        for (int64_t o = 0; o < site->out; o++) {
            double sum = 0.0, size = 1.0; /* the bias that was taken away is below 1 */

            for (int64_t i = 0; i < site->in; i++) {
                const double term = (double)x[(int64_t)r * site->in + i] * w[i * site->out + o];

                sum += term;
                size += fabs(term);
            }
            ck_assert_double_eq_tol((double)y[(int64_t)r * site->out + o], sum,
                                    4 * (double)(site->in + 2) * 0x1p-24 * size);
        }
}

static effnn_status check_event(void *user, const effnn__capture_event *event)
{
    static float x[ROOM], y[ROOM];
    static double w[ROOM];
    const effnn__site *site = user;
    const size_t rows = effnn__capture_rows(site, event);

    ck_assert_uint_gt(rows, 0);
    ck_assert_uint_le(rows * (size_t)site->in, ROOM);
    ck_assert_uint_le(rows * (size_t)site->out, ROOM);
    ck_assert_uint_le((size_t)(site->in * site->out), ROOM);
    for (size_t s = 0; s < event->n; s++)
        for (int64_t g = 0; g < site->groups; g++) {
            size_t n_x = 0, n_y = 0;

            ck_assert_ok(effnn__capture_input(x, &n_x, site, g, event, s));
            ck_assert_ok(effnn__capture_output(y, &n_y, site, g, event, s));
            ck_assert_uint_eq(n_x, rows);
            ck_assert_uint_eq(n_y, rows);
            effnn__site_weight(w, site, g);
            check_product(x, y, w, rows, site);
        }
    n_events++;
    return EFFNN_OK;
}

/* A convolution "c" of x [N, 4, 7, 8] to 8 channels. */
static void add_conv(const char *attrs, int64_t groups, int64_t kernel_h, int64_t kernel_w)
{
    test_add_input(model, "x", 4, (const int64_t[]){ -1, 4, 7, 8 });
    test_add_weight(model, "c.weight", 1, 0.3, 8, 4 / groups, kernel_h, kernel_w);
    test_add_weight(model, "c.bias", 2, 0.2, 8);
    test_add_node(model, "conv", attrs, "y", "x", "c.weight", "c.bias");
}

START_TEST(patches_times_weight_are_outputs_of_any_convolution)
{
    static const struct {
        const char *attrs;
        int64_t groups, kernel_h, kernel_w;
    } cases[] = {
        { NULL, 1, 1, 1 },
        { "pads=1:1:1:1", 1, 3, 3 },
        { "pads=0:2:1:3,strides=2:1", 1, 2, 3 },
        { "pads=2:1:0:3,dilations=2:3,strides=1:2", 1, 3, 2 },
        { "group=2,pads=1:0:2:1,strides=2:3", 2, 3, 3 },
        { "group=4,pads=1:1:1:1", 4, 3, 3 },
        { "auto_pad=SAME_UPPER,strides=2:2", 1, 3, 2 },
        { "auto_pad=SAME_LOWER", 1, 2, 2 }, /* an odd pad, in front */
        { "auto_pad=SAME_UPPER", 1, 2, 2 }, /* and behind */
        { "auto_pad=SAME_LOWER,strides=2:3,dilations=2:1,group=2", 2, 2, 4 },
        { "auto_pad=VALID,strides=3:2", 1, 2, 3 },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        add_conv(cases[i].attrs, cases[i].groups, cases[i].kernel_h, cases[i].kernel_w);
        capture(random_samples(4, (const int64_t[]){ 3, 4, 7, 8 }), NULL, check_event);
        ck_assert_uint_eq(n_events, 2); /* a batch of two, and the last sample */
        teardown();
        setup();
    }
}
END_TEST

START_TEST(a_convolution_over_one_axis_is_one_of_height_one)
{
    test_add_input(model, "x", 3, (const int64_t[]){ -1, 4, 9 });
    test_add_weight(model, "c.weight", 1, 0.3, 6, 2, 3);
    test_add_node(model, "conv", "group=2,pads=1:2,strides=2,dilations=2", "y", "x", "c.weight",
                  NULL);
    capture(random_samples(3, (const int64_t[]){ 3, 4, 9 }), NULL, check_event);
    ck_assert_uint_eq(n_events, 2);
}
END_TEST

START_TEST(gemms_take_the_bias_away_and_matmuls_have_not_added_it)
{
    for (int matmul = 0; matmul < 2; matmul++) {
        test_add_input(model, "x", 2, (const int64_t[]){ -1, 6 });
        test_add_weight(model, "f.weight", 1, 0.5, 5, 6);
        test_add_weight(model, "g.weight", 2, 0.5, 6, 5);
        test_add_weight(model, "f.bias", 3, 0.2, 5);
        if (matmul) {
            test_add_node(model, "matmul", NULL, "h", "x", "g.weight", NULL);
            test_add_node(model, "add", NULL, "y", "h", "f.bias", NULL);
        } else {
            test_add_node(model, "gemm", "transB=1", "y", "x", "f.weight", "f.bias");
        }
        capture(random_samples(2, (const int64_t[]){ 3, 6 }), NULL, check_event);
        ck_assert_ptr_nonnull(sites->items[0].bias);
        ck_assert_uint_eq(n_events, 2);
        teardown();
        setup();
    }
}
END_TEST

START_TEST(a_bias_may_have_any_strides)
{
    effnn_tensor *twice = test_tensor_iota(10), *bias = NULL;

    ck_assert_ok(effnn_tensor_view_slice(&bias, twice, 0, 0, 5, 2)); /* 0, 2, 4, 6, 8 */
    test_add_input(model, "x", 2, (const int64_t[]){ -1, 6 });
    test_add_parameter(model, "w", test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 6, 5 }));
    test_add_parameter(model, "b", bias);
    effnn_tensor_release(twice);
    test_add_node(model, "gemm", NULL, "y", "x", "w", "b");
    capture(random_samples(2, (const int64_t[]){ 2, 6 }), NULL, check_event);
    ck_assert_uint_eq(n_events, 1);
}
END_TEST

/* The patches of a 2 × 2 kernel on [1, 2, 3] = 0 … 5, one row of padding above. */
static effnn_status check_patches(void *user, const effnn__capture_event *event)
{
    static const float expected[] = { 0, 0, 0, 1, 0, 0, 1, 2, 0, 1, 3, 4, 1, 2, 4, 5 };
    float x[16];
    size_t rows = 0;

    ck_assert_uint_eq(effnn__capture_rows(user, event), 4);
    ck_assert_ok(effnn__capture_input(x, &rows, user, 0, event, 0));
    ck_assert_uint_eq(rows, 4);
    ck_assert_mem_eq(x, expected, sizeof expected);
    n_events++;
    return EFFNN_OK;
}

START_TEST(a_patch_lists_its_window_row_by_row_with_zeros_outside)
{
    test_add_input(model, "x", 4, (const int64_t[]){ -1, 1, 2, 3 });
    test_add_weight(model, "c.weight", 1, 1.0, 1, 1, 2, 2);
    test_add_node(model, "conv", "pads=1:0:0:0", "y", "x", "c.weight", NULL);
    capture(test_tensor_iota(1, 1, 2, 3), NULL, check_patches);
    ck_assert_uint_eq(n_events, 1);
}
END_TEST

/* Samples [3, 2] = 0 … 5, 6 … 11, 12 … 17; of which tokens 0 and 2 of sample 0, none of sample 1
 * and token 1 of sample 2 count. */
static effnn_status check_masked(void *user, const effnn__capture_event *event)
{
    static const size_t counts[] = { 2, 0, 1 };
    static const float expected[3][4] = { { 0, 1, 4, 5 }, { 0 }, { 14, 15 } };

    for (size_t s = 0; s < event->n; s++) {
        const size_t sample = (size_t)event->first + s;
        float x[6], y[3];
        size_t n_x = 9, n_y = 9;

        ck_assert_uint_eq(effnn__capture_rows(user, event), 3); /* room for all */
        ck_assert_ok(effnn__capture_input(x, &n_x, user, 0, event, s));
        ck_assert_ok(effnn__capture_output(y, &n_y, user, 0, event, s));
        ck_assert_uint_eq(n_x, counts[sample]);
        ck_assert_uint_eq(n_y, counts[sample]);
        ck_assert_mem_eq(x, expected[sample], n_x * 2 * sizeof *x);
        for (size_t r = 0; r < n_y; r++)
            ck_assert_double_eq((double)y[r], (double)(x[2 * r] + 10 * x[2 * r + 1]));
    }
    n_events++;
    return EFFNN_OK;
}

START_TEST(rows_of_tokens_that_are_padding_are_left_away)
{
    const float weight[] = { 1, 10 }, mask[] = { 1, 0, 1, 0, 0, 0, 0, 1, 0 };

    test_add_input(model, "x", 3, (const int64_t[]){ -1, 3, 2 });
    test_add_parameter(model, "w", test_tensor_f32(2, (const int64_t[]){ 2, 1 }, weight));
    test_add_node(model, "matmul", NULL, "y", "x", "w", NULL);
    capture(test_tensor_iota(3, 3, 2), test_tensor_f32(2, (const int64_t[]){ 3, 3 }, mask),
            check_masked);
    ck_assert_uint_eq(n_events, 2);
}
END_TEST

START_TEST(windows_folded_into_the_batch_belong_to_their_sample)
{
    test_add_input(model, "x", 3, (const int64_t[]){ -1, 6, 4 });
    test_add_parameter(model, "shape",
                       test_tensor_i64(1, (const int64_t[]){ 3 }, (const int64_t[]){ -1, 3, 4 }));
    test_add_weight(model, "w", 1, 0.5, 4, 5);
    test_add_node(model, "reshape", NULL, "h", "x", "shape", NULL); /* two windows a sample */
    test_add_node(model, "matmul", NULL, "y", "h", "w", NULL);
    capture(random_samples(3, (const int64_t[]){ 3, 6, 4 }), NULL, check_event);
    ck_assert_uint_eq(n_events, 2);
}
END_TEST

static effnn_status check_no_rows(void *user, const effnn__capture_event *event)
{
    ck_assert_uint_eq(effnn__capture_rows(user, event), event->batch == 1 ? 3 : 0);
    n_events++;
    return EFFNN_OK;
}

START_TEST(rows_that_no_sample_owns_are_none)
{
    test_add_input(model, "x", 2, (const int64_t[]){ -1, 4 });
    test_add_parameter(model, "axes",
                       test_tensor_i64(1, (const int64_t[]){ 1 }, (const int64_t[]){ 0 }));
    test_add_weight(model, "three", 1, 1.0, 3, 4);
    test_add_weight(model, "w", 2, 1.0, 4, 5);
    test_add_node(model, "reduce_mean", "keepdims=1", "m", "x", "axes", NULL); /* over samples */
    test_add_node(model, "add", NULL, "h", "m", "three", NULL);
    test_add_node(model, "matmul", NULL, "y", "h", "w", NULL);
    capture(random_samples(2, (const int64_t[]){ 3, 4 }), NULL, check_no_rows);
    ck_assert_uint_eq(n_events, 2);
}
END_TEST

SUITE("capture_rows", setup, teardown, patches_times_weight_are_outputs_of_any_convolution,
      a_convolution_over_one_axis_is_one_of_height_one,
      gemms_take_the_bias_away_and_matmuls_have_not_added_it, a_bias_may_have_any_strides,
      a_patch_lists_its_window_row_by_row_with_zeros_outside,
      rows_of_tokens_that_are_padding_are_left_away,
      windows_folded_into_the_batch_belong_to_their_sample, rows_that_no_sample_owns_are_none)
