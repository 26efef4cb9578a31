/* SPDX-License-Identifier: BSD-3-Clause */
#include "io/onnx/onnx_list.h"

#include "support/suite.h"

static const effnn__wire_field *message(const unsigned char *bytes, size_t n)
{
    static effnn__wire_field field;

    field = (effnn__wire_field){ .data = bytes, .size = n };
    return &field;
}

START_TEST(single_and_packed_entries_make_one_list)
{
    /* field 5: 1, then {2, 300}, an empty one, {3}; field 6 between */
    static const unsigned char bytes[] = { 0x28, 1, 0x2a, 3, 2,    0xac, 0x02,
                                           0x30, 9, 0x2a, 0, 0x2a, 1,    3 };
    static const uint64_t expected[] = { 1, 2, 300, 3 };
    effnn__onnx_list list =
        effnn__onnx_list_over(message(bytes, sizeof bytes), 5, PROTOBUF_C_WIRE_TYPE_VARINT);
    uint64_t entry;

    for (size_t i = 0; i < 4; i++) {
        ck_assert(effnn__onnx_list_next(&list, &entry));
        ck_assert_uint_eq(entry, expected[i]);
    }
    ck_assert(!effnn__onnx_list_next(&list, &entry));
    ck_assert(!list.bad);
}
END_TEST

START_TEST(entries_of_four_and_eight_bytes_keep_their_bits)
{
    static const unsigned char four[] = { 0x22, 4, 1, 2, 3, 0x80 };
    static const unsigned char eight[] = { 0x21, 1, 2, 3, 4, 5, 6, 7, 0x80 };
    uint64_t entry;
    effnn__onnx_list list =
        effnn__onnx_list_over(message(four, sizeof four), 4, PROTOBUF_C_WIRE_TYPE_32BIT);

    ck_assert(effnn__onnx_list_next(&list, &entry));
    ck_assert_uint_eq(entry, 0x80030201);
    list = effnn__onnx_list_over(message(eight, sizeof eight), 4, PROTOBUF_C_WIRE_TYPE_64BIT);
    ck_assert(effnn__onnx_list_next(&list, &entry));
    ck_assert_uint_eq(entry, 0x8007060504030201);
}
END_TEST

START_TEST(entries_that_lie_together_are_taken_at_once)
{
    /* field 4: {a, b}, an empty one, c by itself */
    static const unsigned char bytes[] = { 0x22, 8,    1, 2,    3, 4,  5,  6, 7,
                                           8,    0x22, 0, 0x25, 9, 10, 11, 12 };
    effnn__onnx_list list =
        effnn__onnx_list_over(message(bytes, sizeof bytes), 4, PROTOBUF_C_WIRE_TYPE_32BIT);
    const unsigned char *data;
    size_t n;

    ck_assert(effnn__onnx_list_run(&list, &data, &n));
    ck_assert_uint_eq(n, 2);
    ck_assert_ptr_eq(data, bytes + 2);
    ck_assert(effnn__onnx_list_run(&list, &data, &n));
    ck_assert_uint_eq(n, 1);
    ck_assert_ptr_eq(data, bytes + 13);
    ck_assert(!effnn__onnx_list_run(&list, &data, &n));
    ck_assert(!list.bad);
    list = effnn__onnx_list_over(message(bytes, sizeof bytes), 4, PROTOBUF_C_WIRE_TYPE_64BIT);
    ck_assert(effnn__onnx_list_run(&list, &data, &n));
    ck_assert(!effnn__onnx_list_run(&list, &data, &n));
    ck_assert(list.bad);
}
END_TEST

START_TEST(what_is_no_list_ends_the_walk_and_says_so)
{
    static const struct {
        size_t n;
        ProtobufCWireType type;
        unsigned char bytes[8];
    } cases[] = {
        { 5, PROTOBUF_C_WIRE_TYPE_32BIT, { 0x22, 3, 1, 2, 3 } }, /* three bytes */
        { 2, PROTOBUF_C_WIRE_TYPE_32BIT, { 0x20, 1 } },          /* a varint instead */
        { 3, PROTOBUF_C_WIRE_TYPE_VARINT, { 0x22, 1, 0x80 } },   /* a varint without an end */
    };
    uint64_t entry;

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn__onnx_list list =
            effnn__onnx_list_over(message(cases[i].bytes, cases[i].n), 4, cases[i].type);
        ck_assert_msg(!effnn__onnx_list_next(&list, &entry) && list.bad, "case %zu", i);
        ck_assert(!effnn__onnx_list_next(&list, &entry));
    }
}
END_TEST

SUITE("onnx_list", NULL, NULL, single_and_packed_entries_make_one_list,
      entries_of_four_and_eight_bytes_keep_their_bits, entries_that_lie_together_are_taken_at_once,
      what_is_no_list_ends_the_walk_and_says_so)
