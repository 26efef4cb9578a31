/* SPDX-License-Identifier: BSD-3-Clause */
/* Inflating what Python's gzip has made (tests/golden/make/idx.py), and damaged files. */

#include "io/gzip.h"
#include "support/alloc_fail.h"
#include "support/model_files.h"

#include <zlib.h>

static unsigned char *packed, *plain;
static size_t n_packed, n_plain;

static void setup(void)
{
    packed = test_read_file(&n_packed, test_golden_path("idx/images.idx.gz"));
    plain = test_read_file(&n_plain, test_golden_path("idx/images.idx"));
}

static void teardown(void)
{
    free(packed);
    free(plain);
}

START_TEST(files_of_one_and_of_two_members_are_inflated)
{
    static const char *const names[] = { "idx/images.idx.gz", "idx/members.gz" };

    for (size_t i = 0; i < 2; i++) {
        size_t size, n = 0;
        unsigned char *data = test_read_file(&size, test_golden_path(names[i])), *out = NULL;

        ck_assert(effnn__is_gzip(data, size));
        ck_assert_ok(effnn__gzip_inflate(&out, &n, names[i], data, size));
        ck_assert_uint_eq(n, n_plain);
        ck_assert_mem_eq(out, plain, n);
        effnn__free(out);
        free(data);
    }
    ck_assert(!effnn__is_gzip(plain, n_plain));
    ck_assert(!effnn__is_gzip(packed, 1));
}
END_TEST

START_TEST(every_truncation_is_refused)
{
    for (size_t n = 0; n < n_packed; n++) {
        unsigned char *part = malloc(n + 1), *out = NULL;
        size_t n_out = 0;

        memcpy(part, packed, n);
        ck_assert_fails_saying(EFFNN_E_FORMAT, "'cut'",
                               effnn__gzip_inflate(&out, &n_out, "cut", part, n));
        ck_assert_ptr_null(out);
        free(part);
    }
}
END_TEST

START_TEST(a_changed_bit_is_seen_or_changes_nothing)
{
    size_t n_refused = 0;

    /* Behind the header's 10 bytes: deflated data, checksum, size. */
    for (size_t bit = 80; bit < 8 * n_packed; bit++) {
        unsigned char *out = NULL;
        size_t n = 0;

        packed[bit / 8] ^= (unsigned char)(1u << bit % 8);
        if (effnn__gzip_inflate(&out, &n, "bit", packed, n_packed) == EFFNN_OK) {
            /* Another distance within a run of equal bytes, or a bit behind the last block. */
            ck_assert_uint_eq(n, n_plain);
            ck_assert_mem_eq(out, plain, n);
        } else {
            n_refused++;
        }
        effnn__free(out);
        packed[bit / 8] ^= (unsigned char)(1u << bit % 8);
    }
    ck_assert_uint_gt(n_refused, 8 * n_packed - 80 - 20);
}
END_TEST

static effnn_status inflate_once(void)
{
    unsigned char *out = NULL;
    size_t n = 0;
    const effnn_status status = effnn__gzip_inflate(&out, &n, "x", packed, n_packed);

    effnn__free(out);
    return status;
}

/* 20 MB of zeros in 20 KB. */
START_TEST(what_grows_beyond_all_images_is_refused)
{
    const size_t n = 20u << 20;
    unsigned char *zeros = calloc(n, 1), *small = malloc(1u << 20), *out = NULL;
    z_stream stream = { .next_in = zeros, .avail_in = (unsigned)n };
    size_t n_out;

    stream.next_out = small;
    stream.avail_out = 1u << 20;
    ck_assert_int_eq(deflateInit2(&stream, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), Z_OK);
    ck_assert_int_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'zeros': more than",
                           effnn__gzip_inflate(&out, &n_out, "zeros", small, stream.total_out));
    ck_assert_ptr_null(out);
    deflateEnd(&stream);
    free(zeros);
    free(small);
}
END_TEST

START_TEST(failing_allocations_are_errors)
{
    ALLOC_FAIL_LOOP(inflate_once(), );
}
END_TEST

SUITE("gzip", setup, teardown, files_of_one_and_of_two_members_are_inflated,
      every_truncation_is_refused, a_changed_bit_is_seen_or_changes_nothing,
      failing_allocations_are_errors, what_grows_beyond_all_images_is_refused)
