/* SPDX-License-Identifier: BSD-3-Clause */
/* .npy files: NumPy's own (golden/make/npy.py) read and written byte for byte, hostile ones refused
 * with their path. */

#include "base/file.h"
#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <unistd.h>

static char path[64];

static void setup(void)
{
    snprintf(path, sizeof path, "test_npy_%ld.npy", (long)getpid());
}

static void teardown(void)
{
    unlink(path);
}

static const char *golden_path(const char *name)
{
    static char text[512];

    snprintf(text, sizeof text, "%s/npy/%s.npy", EFFNN_GOLDEN_DIR, name);
    return text;
}

static effnn_tensor *golden(const char *name)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_read_npy(&tensor, NULL, golden_path(name)));
    return tensor;
}

static void write_bytes(const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, n, file), n);
    ck_assert_int_eq(fclose(file), 0);
}

/* A version 1.0 file of this header text and n zero bytes of elements. */
static void write_file(const char *header, size_t n)
{
    const size_t length = strlen(header);
    unsigned char bytes[1024] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0 };

    ck_assert_uint_le(10 + length + n, sizeof bytes);
    bytes[8] = (unsigned char)(length & 0xff);
    bytes[9] = (unsigned char)(length >> 8);
    memcpy(bytes + 10, header, length);
    write_bytes(bytes, 10 + length + n);
}

/* Reading it fails so, with the path in the message. */
static void refuse(effnn_status status, const char *text)
{
    effnn_tensor *tensor = NULL;

    ck_assert_fails_saying(status, path, effnn_tensor_read_npy(&tensor, NULL, path));
    ck_assert_msg(strstr(effnn_last_error(), text) != NULL, "'%s' is not in '%s'", text,
                  effnn_last_error());
    ck_assert_ptr_null(tensor);
}

/* Element i is 3 i - 7, the unsigned types' ones at least 0. */
static void check_ramp(const effnn_tensor *tensor, effnn_dtype dtype, bool clipped)
{
    ck_assert_int_eq(effnn_tensor_dtype(tensor), dtype);
    ck_assert(effnn_tensor_is_contiguous(tensor));
    for (size_t i = 0; i < effnn_tensor_count(tensor); i++) {
        const int64_t value = 3 * (int64_t)i - 7;

        ck_assert_int_eq(effnn__tensor_load_i64(tensor, i), clipped && value < 0 ? 0 : value);
    }
}

START_TEST(every_element_type_is_read_in_either_byte_order)
{
    static const struct {
        const char *name;
        effnn_dtype dtype;
        bool clipped;
    } cases[] = {
        { "little_f2", EFFNN_F16, false }, { "little_f4", EFFNN_F32, false },
        { "little_f8", EFFNN_F64, false }, { "little_i1", EFFNN_I8, false },
        { "little_i2", EFFNN_I16, false }, { "little_i4", EFFNN_I32, false },
        { "little_i8", EFFNN_I64, false }, { "little_u1", EFFNN_U8, true },
        { "little_u2", EFFNN_U16, true },  { "little_u4", EFFNN_U32, true },
        { "little_u8", EFFNN_U64, true },  { "big_f2", EFFNN_F16, false },
        { "big_f4", EFFNN_F32, false },    { "big_f8", EFFNN_F64, false },
        { "big_i1", EFFNN_I8, false },     { "big_i2", EFFNN_I16, false },
        { "big_i4", EFFNN_I32, false },    { "big_i8", EFFNN_I64, false },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn_tensor *tensor = golden(cases[i].name);

        ck_assert_tensor_dims(tensor, 2, 3);
        check_ramp(tensor, cases[i].dtype, cases[i].clipped);
        effnn_tensor_release(tensor);
    }
}
END_TEST

START_TEST(bool_elements_are_read_as_0_and_1)
{
    effnn_tensor *tensor = golden("bool");

    ck_assert_int_eq(effnn_tensor_dtype(tensor), EFFNN_BOOL);
    ck_assert_tensor_dims(tensor, 5);
    for (size_t i = 0; i < 5; i++) ck_assert_int_eq(effnn__tensor_load_i64(tensor, i), i % 2 == 0);
    effnn_tensor_release(tensor);
}
END_TEST

/* Kernels may count on it. */
START_TEST(a_true_of_another_byte_than_1_becomes_1)
{
    static const unsigned char head[] = { 0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 55, 0 };
    unsigned char bytes[66];
    effnn_tensor *tensor = NULL;

    memcpy(bytes, head, sizeof head);
    memcpy(bytes + 10, "{'descr': '|b1', 'fortran_order': False, 'shape': (), }", 55);
    bytes[65] = 0xff;
    write_bytes(bytes, sizeof bytes);
    ck_assert_ok(effnn_tensor_read_npy(&tensor, NULL, path));
    ck_assert_uint_eq(*(const unsigned char *)effnn_tensor_data(tensor), 1);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(fortran_order_becomes_row_major)
{
    effnn_tensor *tensor = golden("fortran"), *big = golden("fortran_big");

    ck_assert_tensor_dims(tensor, 2, 3, 4);
    check_ramp(tensor, EFFNN_F32, false);
    ck_assert_tensor_dims(big, 3, 2);
    check_ramp(big, EFFNN_I16, false);
    effnn_tensor_release(tensor);
    effnn_tensor_release(big);
}
END_TEST

START_TEST(format_versions_2_and_3_are_read)
{
    effnn_tensor *two = golden("version_2"), *three = golden("version_3");

    check_ramp(two, EFFNN_F32, false);
    check_ramp(three, EFFNN_F32, false);
    ck_assert_tensor_dims(three, 2, 3);
    effnn_tensor_release(two);
    effnn_tensor_release(three);
}
END_TEST

START_TEST(scalars_and_empty_arrays_are_read)
{
    effnn_tensor *scalar = golden("scalar"), *empty = golden("empty");

    ck_assert_uint_eq(effnn_tensor_rank(scalar), 0);
    ck_assert(effnn__tensor_load_f64(scalar, 0) == -7);
    ck_assert_tensor_dims(empty, 0, 3);
    effnn_tensor_release(scalar);
    effnn_tensor_release(empty);
}
END_TEST

START_TEST(types_that_no_dtype_stands_for_are_refused_by_name)
{
    effnn_tensor *tensor = NULL;

    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'<c8'",
                           effnn_tensor_read_npy(&tensor, NULL, golden_path("complex")));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "structured",
                           effnn_tensor_read_npy(&tensor, NULL, golden_path("records")));
    ck_assert_ptr_null(tensor);
}
END_TEST

START_TEST(what_is_written_equals_numpys_file_byte_for_byte)
{
    static const char *const names[] = { "little_f2", "little_f4", "little_f8", "little_i1",
                                         "little_i8", "little_u1", "little_u8", "bool",
                                         "scalar",    "empty" };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        effnn_tensor *tensor = golden(names[i]);
        effnn__file expected = { 0 }, have = { 0 };

        ck_assert_ok(effnn_tensor_write_npy(tensor, path));
        ck_assert_ok(effnn__file_open(&expected, golden_path(names[i])));
        ck_assert_ok(effnn__file_open(&have, path));
        ck_assert_uint_eq(have.size, expected.size);
        ck_assert_mem_eq(have.data, expected.data, have.size);
        effnn__file_close(&expected);
        effnn__file_close(&have);
        effnn_tensor_release(tensor);
    }
}
END_TEST

START_TEST(a_strided_tensor_of_the_largest_rank_is_written_in_its_own_order)
{
    effnn_tensor *base =
        test_tensor_random(NULL, EFFNN_F64, 8, (const int64_t[]){ 2, 1, 3, 1, 2, 2, 1, 3 }, 5);
    effnn_tensor *view = NULL, *back = NULL;

    ck_assert_ok(
        effnn_tensor_view_permute(&view, base, (const size_t[]){ 7, 2, 1, 0, 3, 5, 4, 6 }));
    ck_assert_ok(effnn_tensor_write_npy(view, path));
    ck_assert_ok(effnn_tensor_read_npy(&back, NULL, path));
    ck_assert_tensor_equal(back, view);
    effnn_tensor_release(base);
    effnn_tensor_release(view);
    effnn_tensor_release(back);
}
END_TEST

START_TEST(types_that_numpy_lacks_are_not_written)
{
    static const effnn_dtype dtypes[] = { EFFNN_BF16, EFFNN_I4, EFFNN_U4 };

    for (size_t i = 0; i < 3; i++) {
        effnn_tensor *tensor = test_tensor_zeros(dtypes[i], 1, (const int64_t[]){ 2 });

        ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, effnn_dtype_name(dtypes[i]),
                               effnn_tensor_write_npy(tensor, path));
        ck_assert_int_ne(access(path, F_OK), 0);
        effnn_tensor_release(tensor);
    }
}
END_TEST

START_TEST(a_file_that_is_not_there_is_an_io_error)
{
    effnn_tensor *tensor = test_tensor_iota(2);

    refuse(EFFNN_E_IO, "");
    ck_assert_fails_saying(EFFNN_E_IO, "no_such_folder",
                           effnn_tensor_write_npy(tensor, "no_such_folder/x.npy"));
    effnn_tensor_release(tensor);
}
END_TEST

/* Every prefix of a good file is refused, with a message, and never read past. */
START_TEST(a_truncated_file_is_refused_wherever_it_ends)
{
    effnn__file file = { 0 };

    ck_assert_ok(effnn__file_open(&file, golden_path("version_2")));
    for (size_t n = 0; n < file.size; n++) {
        write_bytes(file.data, n);
        refuse(EFFNN_E_FORMAT, n < 10 ? "no NumPy array" : "truncated");
    }
    effnn__file_close(&file);
}
END_TEST

/* Each byte of a good header in turn becomes each of these. What is then read must be whole; what
 * is not must have a message. Sanitizers see the rest. */
START_TEST(a_header_with_any_byte_changed_is_read_or_refused)
{
    static const char replacements[] = "\0\xff'\"(){}[],:0123456789<>|=- \nLTF";
    effnn__file file = { 0 };
    unsigned char bytes[256];
    int n_read = 0, n_refused = 0;

    ck_assert_ok(effnn__file_open(&file, golden_path("little_f4")));
    ck_assert_uint_le(file.size, sizeof bytes);
    for (size_t i = 0; i < 80; i++)
        for (size_t j = 0; j < sizeof replacements - 1; j++) {
            effnn_tensor *tensor = NULL;

            memcpy(bytes, file.data, file.size);
            bytes[i] = (unsigned char)replacements[j];
            write_bytes(bytes, file.size);
            effnn__clear_error();
            if (effnn_tensor_read_npy(&tensor, NULL, path) == EFFNN_OK) {
                n_read++;
                effnn__tensor_is_finite(tensor); /* touches every element */
                effnn_tensor_release(tensor);
            } else {
                n_refused++;
                if (!strstr(effnn_last_error(), path) || tensor)
                    ck_abort_msg("byte %zu as %#x: '%s'", i, bytes[i], effnn_last_error());
            }
        }
    ck_assert_int_gt(n_read, 0);
    ck_assert_int_gt(n_refused, 1000);
    effnn__file_close(&file);
}
END_TEST

START_TEST(hostile_headers_are_refused_as_malformed)
{
    static const char *const headers[] = {
        "",
        "x",
        "{",
        "{}",
        "{'descr': '<f4'",
        "{'descr': '<f4', }",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2,",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': ((2,),)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': 2}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2.0,)}",
        "{'descr': '<f4', 'fortran_order': Fals, 'shape': (2,)}",
        "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
        "{'descr': '<f4",
        "{'descr': <f4, 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4', 'order': False, 'shape': (2,)}",
        "{descr: '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr' '<f4', 'fortran_order': False, 'shape': (2,)}",
        "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
        "{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{{",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (18446744073709551618,)}", /* 2 */
        "{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 4294967296, 4294967296)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (1152921504606846976,)}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (3,)}",
    };

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        write_file(headers[i], 8);
        refuse(EFFNN_E_FORMAT, "");
    }
}
END_TEST

START_TEST(what_this_library_does_not_read_is_unsupported_not_malformed)
{
    write_file("{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}", 8);
    refuse(EFFNN_E_UNSUPPORTED, "8 dimensions");
    write_file("{'descr': '<f16', 'fortran_order': False, 'shape': (1,)}", 16);
    refuse(EFFNN_E_UNSUPPORTED, "'<f16'");
    write_file("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}", 16);
    refuse(EFFNN_E_UNSUPPORTED, "'|O'");
    write_bytes("\x93NUMPY\x04\x00\x00\x00\x00\x00\x00", 13);
    refuse(EFFNN_E_UNSUPPORTED, "version 4.0");
}
END_TEST

START_TEST(other_writers_spellings_are_read)
{
    static const char *const headers[] = {
        "{\"shape\": (2L,), \"descr\": \"<f4\", \"fortran_order\": True}",
        "  {'fortran_order':False,'descr':'=f4','shape':(2)}   \n",
        "{'descr' : '<f4' ,\n 'fortran_order' : False , 'shape' : ( 2 , ) , }",
    };

    for (size_t i = 0; i < sizeof headers / sizeof headers[0]; i++) {
        effnn_tensor *tensor = NULL;

        write_file(headers[i], 8);
        ck_assert_ok(effnn_tensor_read_npy(&tensor, NULL, path));
        ck_assert_tensor_dims(tensor, 2);
        effnn_tensor_release(tensor);
    }
}
END_TEST

START_TEST(missing_arguments_are_refused)
{
    effnn_tensor *tensor = test_tensor_iota(1);

    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_read_npy(NULL, NULL, path));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_read_npy(&tensor, NULL, NULL));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_write_npy(NULL, path));
    ck_assert_fails(EFFNN_E_ARG, effnn_tensor_write_npy(tensor, NULL));
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(every_failing_allocation_is_reported_and_leaves_no_file)
{
    effnn_tensor *tensor = NULL, *view = NULL;

    ALLOC_FAIL_LOOP(effnn_tensor_read_npy(&tensor, NULL, golden_path("fortran")),
                    ck_assert_ptr_null(tensor));
    ck_assert_ok(effnn_tensor_view_permute(&view, tensor, (const size_t[]){ 2, 1, 0 }));
    ALLOC_FAIL_LOOP(effnn_tensor_write_npy(view, path), ck_assert_int_ne(access(path, F_OK), 0));
    ck_assert_int_eq(access(path, F_OK), 0);
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
}
END_TEST

SUITE("npy", setup, teardown, every_element_type_is_read_in_either_byte_order,
      bool_elements_are_read_as_0_and_1, a_true_of_another_byte_than_1_becomes_1,
      fortran_order_becomes_row_major, format_versions_2_and_3_are_read,
      scalars_and_empty_arrays_are_read, types_that_no_dtype_stands_for_are_refused_by_name,
      what_is_written_equals_numpys_file_byte_for_byte,
      a_strided_tensor_of_the_largest_rank_is_written_in_its_own_order,
      types_that_numpy_lacks_are_not_written, a_file_that_is_not_there_is_an_io_error,
      a_truncated_file_is_refused_wherever_it_ends,
      a_header_with_any_byte_changed_is_read_or_refused, hostile_headers_are_refused_as_malformed,
      what_this_library_does_not_read_is_unsupported_not_malformed,
      other_writers_spellings_are_read, missing_arguments_are_refused,
      every_failing_allocation_is_reported_and_leaves_no_file)
