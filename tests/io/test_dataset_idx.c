/* SPDX-License-Identifier: BSD-3-Clause */
/* Images and labels by URI, plain and gzip, against NumPy's arrays (tests/golden/make/idx.py). */

#include "support/alloc_fail.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <effnn/dataset.h>
#include <stdio.h>

static char uri[1024];
static effnn_dataset *data;
static effnn_tensor *input;
static effnn_batch batch;

static void setup(void)
{
    data = NULL;
    input = NULL;
    batch = (effnn_batch){ .version = 1, .inputs = &input };
}

static void teardown(void)
{
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
}

/* Open "idx:<golden images>+<golden labels><keys>". */
static effnn_status open_files(const char *images, const char *labels, const char *keys)
{
    char path[400];

    snprintf(path, sizeof path, "%s", test_golden_path(images));
    snprintf(uri, sizeof uri, "idx:%s%s%s%s", path, labels ? "+" : "",
             labels ? test_golden_path(labels) : "", keys);
    return effnn_dataset_open(&data, NULL, uri, NULL);
}

START_TEST(images_and_labels_are_numpys)
{
    static const char *const files[] = { "idx/images.idx", "idx/images.idx.gz", "idx/members.gz" };
    effnn_tensor *bytes = test_tensor_golden("idx/images.npy"), *want = NULL, *shaped = NULL;
    effnn_tensor *labels = test_tensor_golden("idx/labels_int16.npy");

    ck_assert_ok(effnn_tensor_cast(&want, bytes, EFFNN_F32));
    ck_assert_ok(effnn_tensor_view_reshape(&shaped, want, 4, (const int64_t[]){ 7, 1, 4, 5 }));
    for (size_t i = 0; i < 3; i++) {
        ck_assert_ok(open_files(files[i], "idx/labels_int16.idx", ",scale=1"));
        ck_assert_uint_eq(effnn_dataset_count(data), 7);
        ck_assert_ok(effnn_dataset_read(&batch, data, 0, 7));
        ck_assert_tensor_equal(input, shaped);
        ck_assert_tensor_equal(batch.targets, labels);
        teardown();
        setup();
    }
    effnn_tensor_release(bytes);
    effnn_tensor_release(want);
    effnn_tensor_release(shaped);
    effnn_tensor_release(labels);
}
END_TEST

START_TEST(bytes_are_scaled_and_shaped_as_asked_and_labels_may_be_left_out)
{
    ck_assert_ok(
        open_files("idx/images.idx", NULL, ",shape=20,mean=1,std=2,scale=3,first=3,count=2"));
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 2));
    ck_assert_tensor_dims(input, 2, 20);
    ck_assert_tensor_at(input, 1.0, 1, 19); /* 9 everywhere from image 3 on */
    ck_assert_ptr_null(batch.targets);
}
END_TEST

START_TEST(files_that_do_not_fit_are_refused)
{
    ck_assert_fails_saying(EFFNN_E_SHAPE, "labels in 3 dimensions",
                           open_files("idx/images.idx", "idx/images.idx.gz", ""));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "21 pixels for images of 20",
                           open_files("idx/images.idx", NULL, ",shape=21"));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "0x0B, not bytes",
                           open_files("idx/labels_int16.idx", NULL, ""));
    ck_assert_fails_saying(EFFNN_E_SHAPE, "no images",
                           open_files("idx/labels_uint8.idx", NULL, ""));
    ck_assert_fails(EFFNN_E_FORMAT, open_files("idx/images.npy", NULL, ""));
    ck_assert_fails_saying(EFFNN_E_ARG, "got 3 parts",
                           open_files("idx/images.idx", "idx/labels_int8.idx", "+c"));
    ck_assert_fails(EFFNN_E_IO, effnn_dataset_open(&data, NULL, "idx:there-is-none", NULL));
    ck_assert_ptr_null(data);
}
END_TEST

static effnn_status read_once(void)
{
    effnn_status status = open_files("idx/images.idx.gz", "idx/labels_int8.idx", "");

    if (status == EFFNN_OK) status = effnn_dataset_read(&batch, data, 1, 3);
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    data = NULL;
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    ck_assert_ok(read_once());
    ALLOC_FAIL_LOOP(read_once(), );
}
END_TEST

SUITE("dataset_idx", setup, teardown, images_and_labels_are_numpys,
      bytes_are_scaled_and_shaped_as_asked_and_labels_may_be_left_out,
      files_that_do_not_fit_are_refused, failing_allocations_are_errors)
