/* SPDX-License-Identifier: BSD-3-Clause */
/* The wire format in hostile hands: every truncation, random changes, deep nesting, floods of empty
 * messages. Whatever the bytes are, the answer is a status with a message. */

#include "io/onnx/onnx_scan.h"

#include "base/rng.h"
#include "graph/canon.h"
#include "io/onnx/onnx_model.h"
#include "onnx.pb-c.h"
#include "support/model_files.h"

#define N_CHANGES 10000 /* random changes tried */

static unsigned char *data;
static size_t size;

static void setup(void)
{
    data = test_read_file(&size, test_golden_path("onnx/forms_13.onnx"));
}

static void teardown(void)
{
    free(data);
}

static effnn_status check(const unsigned char *bytes, size_t n)
{
    return effnn__wire_check(&onnx__model_proto__descriptor, 2, bytes, n, "bytes");
}

/* ---- walking ---- */

START_TEST(fields_of_every_type_are_walked_with_their_contents)
{
    static const unsigned char bytes[] = { 0x08, 0xac, 0x02,         /* 1: varint 300 */
                                           0x12, 0x02, 'h',  'i',    /* 2: 2 bytes */
                                           0x1d, 1,    2,    3,   4, /* 3: 32 bits */
                                           0x21, 1,    2,    3,   4, 5, 6, 7, 8 }; /* 4: 64 bits */
    effnn__wire wire = effnn__wire_over(bytes, sizeof bytes);
    effnn__wire_field field;

    ck_assert(effnn__wire_next(&wire, &field));
    ck_assert_uint_eq(field.number, 1);
    ck_assert_uint_eq(field.value, 300);
    ck_assert(effnn__wire_next(&wire, &field));
    ck_assert_uint_eq(field.number, 2);
    ck_assert_uint_eq(field.size, 2);
    ck_assert_int_eq(field.data[1], 'i');
    ck_assert_ptr_eq(field.begin, bytes + 3);
    ck_assert(effnn__wire_next(&wire, &field));
    ck_assert_uint_eq(field.size, 4);
    ck_assert(effnn__wire_next(&wire, &field));
    ck_assert_uint_eq(field.number, 4);
    ck_assert_uint_eq(field.size, 8);
    ck_assert(!effnn__wire_next(&wire, &field));
    ck_assert(!wire.bad);
}
END_TEST

START_TEST(find_passes_over_other_numbers_and_types)
{
    static const unsigned char bytes[] = { 0x12, 0x01, 'a', 0x18, 5, 0x1a, 0x01, 'b' };
    effnn__wire wire = effnn__wire_over(bytes, sizeof bytes);
    effnn__wire_field field;

    ck_assert(effnn__wire_find(&wire, 3, &field));
    ck_assert_int_eq(field.data[0], 'b');
    ck_assert(!effnn__wire_find(&wire, 3, &field));
}
END_TEST

START_TEST(malformed_fields_end_the_walk)
{
    static const struct {
        size_t n;
        unsigned char bytes[12];
    } cases[] = {
        { 1, { 0x80 } },                      /* a tag that goes on */
        { 1, { 0x08 } },                      /* a varint that is not there */
        { 2, { 0x08, 0x80 } },                /* one that goes on */
        { 2, { 0x12, 0x01 } },                /* contents longer than the rest */
        { 4, { 0x1d, 1, 2, 3 } },             /* 3 of 32 bits */
        { 8, { 0x21, 1, 2, 3, 4, 5, 6, 7 } }, /* 7 of 8 bytes */
        { 1, { 0x0b } },                      /* a group */
        { 1, { 0x0e } },                      /* no wire type */
        { 2, { 0x00, 0x00 } },                /* field 0 */
        { 11, { 0x08, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } }, /* over 64 bits */
        { 11, { 0x12, 255, 255, 255, 255, 255, 255, 255, 255, 255, 1 } },   /* 2^64 - 1 bytes */
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn__wire wire = effnn__wire_over(cases[i].bytes, cases[i].n);
        effnn__wire_field field;
        ck_assert_msg(!effnn__wire_next(&wire, &field) && wire.bad, "case %zu", i);
        ck_assert_fails_saying(EFFNN_E_FORMAT, "'bytes'", check(cases[i].bytes, cases[i].n));
    }
}
END_TEST

/* ---- whole files ---- */

/* Load and canonicalise; the model goes at once. */
static effnn_status try_load(const unsigned char *bytes, size_t n)
{
    effnn_model *model = NULL;
    effnn_status status = effnn__onnx_load_memory(&model, NULL, bytes, n, "bytes", NULL);

    if (status == EFFNN_OK) status = effnn__canonicalise(model->graph);
    effnn_model_destroy(model);
    return status;
}

START_TEST(every_truncation_is_a_malformed_file)
{
    for (size_t n = 0; n < size; n++) {
        unsigned char *part = malloc(n + 1); /* of this size, so that reads behind it show */
        memcpy(part, data, n);
        part = realloc(part, n ? n : 1);
        ck_assert_fails(EFFNN_E_FORMAT, try_load(part, n));
        free(part);
    }
    ck_assert_ok(try_load(data, size));
}
END_TEST

START_TEST(random_changes_give_a_status_and_a_message)
{
    const effnn__rng rng = { .seed = 1, .stream = effnn__rng_stream("changes", 0) };
    uint64_t drawn = 0;
    unsigned char *copy = malloc(size);
    size_t n_loaded = 0;

    for (int i = 0; i < N_CHANGES; i++) {
        const uint64_t n_flips = 1 + effnn__rng_below(&rng, drawn++, 4);
        memcpy(copy, data, size);
        for (uint64_t k = 0; k < n_flips; k++) {
            const uint64_t at = effnn__rng_below(&rng, drawn++, size);
            copy[at] ^= (unsigned char)(1u << effnn__rng_below(&rng, drawn++, 8));
        }
        effnn__clear_error();
        if (try_load(copy, size) == EFFNN_OK)
            n_loaded++;
        else
            ck_assert_str_ne(effnn_last_error(), "no error");
    }
    ck_assert_uint_gt(n_loaded, 0);
    ck_assert_uint_lt(n_loaded, N_CHANGES);
    free(copy);
}
END_TEST

/* `depth` messages inside each other, by field numbers that repeat: graph, node, attribute, graph,
 * … Returns the first byte; *n: how many there are. */
static unsigned char *nest(unsigned char *end, size_t depth, size_t *n)
{
    static const unsigned char tags[] = { 0x0a, 0x2a, 0x32 }; /* node 1, attribute 5, graph 6 */
    unsigned char *at = end;
    size_t inside = 0;

    for (size_t i = depth; i-- > 0;) {
        unsigned char length[10];
        size_t k = 0;
        for (size_t left = inside; left || k == 0; left >>= 7)
            length[k++] = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
        at -= k;
        memcpy(at, length, k);
        *--at = i == 0 ? 0x3a : tags[(i - 1) % 3]; /* graph 7 of the model */
        inside = (size_t)(end - at);
    }
    *n = inside;
    return at;
}

START_TEST(messages_that_nest_without_end_are_refused)
{
    const size_t room = 1u << 20;
    unsigned char *bytes = malloc(room);
    size_t n;
    unsigned char *start = nest(bytes + room, 60, &n);

    ck_assert_ok(check(start, n));
    start = nest(bytes + room, 100000, &n);
    ck_assert_fails_saying(EFFNN_E_FORMAT, "nest too deep", check(start, n));
    free(bytes);
}
END_TEST

/* A model whose graph is `n` times the same field of two or more bytes. */
static unsigned char *flood(size_t n, const void *field, size_t width, size_t *total)
{
    unsigned char *bytes = malloc(16 + n * width), *at = bytes;

    *at++ = 0x3a;
    for (size_t left = n * width; left; left >>= 7)
        *at++ = (unsigned char)((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
    for (size_t i = 0; i < n; i++, at += width) memcpy(at, field, width);
    *total = (size_t)(at - bytes);
    return bytes;
}

START_TEST(floods_of_empty_messages_are_refused)
{
    size_t n;
    unsigned char *bytes = flood(2u << 20, "\x0a\x00", 2, &n); /* empty nodes */

    ck_assert_fails_saying(EFFNN_E_FORMAT, "too many parts", check(bytes, n));
    free(bytes);
}
END_TEST

START_TEST(a_node_of_empty_attributes_is_refused_for_the_memory_it_would_take)
{
    enum { N = 100000, SIZE = 2 * N };
    unsigned char *node = malloc(8 + SIZE), *bytes;
    size_t n;

    memcpy(node, "\x0a\xc0\x9a\x0c", 4); /* node of 200000 bytes */
    for (size_t i = 0; i < N; i++) memcpy(node + 4 + 2 * i, "\x2a\x00", 2);
    bytes = flood(1, node, 4 + SIZE, &n);
    ck_assert_fails_saying(EFFNN_E_FORMAT, "too many empty parts", check(bytes, n));
    free(node);
    free(bytes);
}
END_TEST

START_TEST(a_part_that_can_be_there_once_is_refused_when_it_comes_again)
{
    /* An input whose type is given twice: protobuf would merge them. */
    static const unsigned char bytes[] = { 0x3a, 0x06, 0x5a, 0x04, 0x12, 0x00, 0x12, 0x00 };
    static const unsigned char once[] = { 0x3a, 0x04, 0x5a, 0x02, 0x12, 0x00 };

    ck_assert_ok(check(once, sizeof once));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "is there again at byte 6", check(bytes, sizeof bytes));
}
END_TEST

SUITE("onnx_scan", setup, teardown, fields_of_every_type_are_walked_with_their_contents,
      find_passes_over_other_numbers_and_types, malformed_fields_end_the_walk,
      every_truncation_is_a_malformed_file, random_changes_give_a_status_and_a_message,
      messages_that_nest_without_end_are_refused, floods_of_empty_messages_are_refused,
      a_node_of_empty_attributes_is_refused_for_the_memory_it_would_take,
      a_part_that_can_be_there_once_is_refused_when_it_comes_again)
