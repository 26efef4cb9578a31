/* SPDX-License-Identifier: BSD-3-Clause */
/* idx files that NumPy has written (tests/golden/make/idx.py), and malformed ones. */

#include "io/idx.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <stdio.h>

START_TEST(numbers_of_every_type_are_read)
{
    static const char *const types[] = { "uint8", "int8", "int16", "int32" };

    for (size_t t = 0; t < 4; t++) {
        char name[64];
        size_t size;
        unsigned char *data;
        effnn_tensor *want;
        effnn__idx idx;

        snprintf(name, sizeof name, "idx/labels_%s.npy", types[t]);
        want = test_tensor_golden(name);
        snprintf(name, sizeof name, "idx/labels_%s.idx", types[t]);
        data = test_read_file(&size, test_golden_path(name));
        ck_assert_ok(effnn__idx_read(&idx, name, data, size));
        ck_assert_uint_eq(idx.rank, 1);
        ck_assert_int_eq(idx.dims[0], 7);
        for (size_t i = 0; i < 7; i++)
            ck_assert_int_eq(effnn__idx_at(&idx, i), ((const int64_t *)effnn_tensor_data(want))[i]);
        effnn_tensor_release(want);
        free(data);
    }
}
END_TEST

START_TEST(sizes_are_read)
{
    size_t size;
    unsigned char *data = test_read_file(&size, test_golden_path("idx/images.idx"));
    effnn__idx idx;

    ck_assert_ok(effnn__idx_read(&idx, "images", data, size));
    ck_assert_uint_eq(idx.rank, 3);
    ck_assert_int_eq(idx.dims[0], 7);
    ck_assert_int_eq(idx.dims[1], 4);
    ck_assert_int_eq(idx.dims[2], 5);
    ck_assert_int_eq(idx.type, EFFNN__IDX_U8);
    free(data);
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    size_t size;
    unsigned char *data = test_read_file(&size, test_golden_path("idx/images.idx"));

    for (size_t n = 0; n < size; n++) {
        unsigned char *part = malloc(n + 1);
        effnn__idx idx;

        memcpy(part, data, n);
        ck_assert_fails(EFFNN_E_FORMAT, effnn__idx_read(&idx, "cut", part, n));
        free(part);
    }
    free(data);
}
END_TEST

START_TEST(malformed_headers_are_refused)
{
    static const unsigned char floats[] = { 0, 0, 0x0D, 1, 0, 0, 0, 0 };
    static const unsigned char deep[] = { 0, 0, 8, 8, 0, 0, 0, 0 };
    static const unsigned char flat[] = { 0, 0, 8, 0 };
    static const unsigned char huge[] = { 0,   0,   8,   3,   255, 255, 255, 255,
                                          255, 255, 255, 255, 255, 255, 255, 255 };
    effnn__idx idx;

    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "0x0D",
                           effnn__idx_read(&idx, "x", floats, sizeof floats));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "8 dimensions",
                           effnn__idx_read(&idx, "x", deep, sizeof deep));
    ck_assert_fails(EFFNN_E_FORMAT, effnn__idx_read(&idx, "x", flat, sizeof flat));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "too much",
                           effnn__idx_read(&idx, "x", huge, sizeof huge));
}
END_TEST

SUITE("idx", NULL, NULL, numbers_of_every_type_are_read, sizes_are_read,
      every_truncation_is_refused, malformed_headers_are_refused)
