/* SPDX-License-Identifier: BSD-3-Clause */
/* Texts as tokens, most of them bytes so that the numbers can be read off the text. */

#include "support/alloc_fail.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

#include <effnn/dataset.h>
#include <effnn/tokenizer.h>
#include <stdio.h>

enum { MAX_INPUTS = 3 };
static char uri[1024], path[400];
static effnn_dataset *data;
static effnn_tensor *inputs[MAX_INPUTS];
static effnn_batch batch;

static void setup(void)
{
    data = NULL;
    memset(inputs, 0, sizeof inputs);
    batch = (effnn_batch){ .version = 1, .inputs = inputs };
    snprintf(path, sizeof path, "%s", test_scratch_path("texts.txt"));
}

static void teardown(void)
{
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    remove(path);
}

/* Open a file of these contents with these keys. */
static effnn_status open_text(const char *text, const char *keys, const effnn_model *model)
{
    test_write_file(path, text, strlen(text));
    snprintf(uri, sizeof uri, "text:%s%s", path, keys);
    return effnn_dataset_open(&data, NULL, uri, model);
}

static void read_all(const char *text, const char *keys, const effnn_model *model)
{
    ck_assert_ok(open_text(text, keys, model));
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, (size_t)effnn_dataset_count(data)));
}

/* Row i of an i64 or bool matrix is these numbers. */
#define check_row(tensor, i, ...)                                                       \
    check_row_of(tensor, i, sizeof((const int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), \
                 (const int64_t[]){ __VA_ARGS__ })
static void check_row_of(const effnn_tensor *tensor, int64_t i, size_t n, const int64_t *want)
{
    ck_assert_int_eq(effnn_tensor_dims(tensor)[1], (int64_t)n);
    for (size_t k = 0; k < n; k++) {
        double value = -1.0;

        ck_assert_ok(effnn_tensor_get_f64(&value, tensor, (const int64_t[]){ i, (int64_t)k }));
        ck_assert_msg(value == (double)want[k], "row %d, %zu: %g, not %lld", (int)i, k, value,
                      (long long)want[k]);
    }
}

START_TEST(the_target_of_a_token_is_the_next_one)
{
    read_all("abc\nz\nde\n", ",bucket=4", NULL);
    ck_assert_uint_eq(effnn_dataset_count(data), 3);
    ck_assert_ptr_null(effnn_dataset_input_name_at(data, 0));
    check_row(inputs[0], 0, 'a', 'b', 0, 0);
    check_row(batch.targets, 0, 'b', 'c', 0, 0);
    check_row(batch.mask, 0, 1, 1, 0, 0);
    check_row(inputs[0], 1, 'z', 0, 0, 0);
    check_row(batch.mask, 1, 0, 0, 0, 0);
    check_row(inputs[0], 2, 'd', 0, 0, 0);
    check_row(batch.mask, 2, 1, 0, 0, 0);
}
END_TEST

START_TEST(a_prompt_is_read_and_not_predicted)
{
    read_all("ab|cd\nxyz\n", ",bucket=1,prompt=|", NULL);
    check_row(inputs[0], 0, 'a', 'b', '|', 'c');
    check_row(batch.targets, 0, 'b', '|', 'c', 'd');
    check_row(batch.mask, 0, 0, 0, 1, 1);
    check_row(batch.mask, 1, 1, 1, 0, 0); /* no mark: all is predicted */
}
END_TEST

START_TEST(a_stream_is_cut_into_windows)
{
    read_all("abcdefgh\n", ",form=stream,length=4,bucket=1", NULL);
    ck_assert_uint_eq(effnn_dataset_count(data), 2);
    check_row(inputs[0], 0, 'a', 'b', 'c', 'd');
    check_row(batch.targets, 0, 'b', 'c', 'd', 'e');
    check_row(inputs[0], 1, 'e', 'f', 'g', 'h');
    check_row(batch.targets, 1, 'f', 'g', 'h', '\n');
    check_row(batch.mask, 1, 1, 1, 1, 1);
}
END_TEST

START_TEST(labels_are_targets_and_long_texts_are_cut)
{
    read_all("text\tclass\nabcdefgh\t3\nxy\t0\n", ",text=text,label=class,length=6,bucket=4", NULL);
    check_row(inputs[0], 0, 'a', 'b', 'c', 'd', 'e', 'f');
    check_row(inputs[0], 1, 'x', 'y', 0, 0, 0, 0);
    check_row(batch.mask, 1, 1, 1, 0, 0, 0, 0);
    ck_assert_tensor_at(batch.targets, 3.0, 0);
    ck_assert_tensor_at(batch.targets, 0.0, 1);
}
END_TEST

START_TEST(a_batch_is_as_long_as_its_longest_texts_bucket)
{
    ck_assert_ok(open_text("abcdefghij\nab\nabc\nabcdefghi\n", ",bucket=4,sort=1,task=none", NULL));
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 2));
    ck_assert_tensor_dims(inputs[0], 2, 4); /* the two short ones, in their order */
    check_row(inputs[0], 0, 'a', 'b', 0, 0);
    check_row(inputs[0], 1, 'a', 'b', 'c', 0);
    ck_assert_ptr_null(batch.targets);
    effnn_batch_clear(&batch);
    ck_assert_ok(effnn_dataset_read(&batch, data, 2, 2));
    ck_assert_tensor_dims(inputs[0], 2, 12);
    ck_assert_tensor_at(inputs[0], (double)'j', 0, 9);
}
END_TEST

START_TEST(wordpiece_texts_have_the_inputs_of_an_encoder)
{
    char keys[600];
    effnn_tokenizer *tokenizer = NULL;
    int64_t the, people;

    ck_assert_ok(effnn_tokenizer_load(&tokenizer, test_golden_path("tokenizers/vocab.txt"), NULL));
    the = effnn_tokenizer_find(tokenizer, "the");
    people = effnn_tokenizer_find(tokenizer, "people");
    effnn_tokenizer_destroy(tokenizer);
    snprintf(keys, sizeof keys, ",tokenizer=%s,text=1,label=2,length=5,bucket=1",
             test_golden_path("tokenizers/vocab.txt"));
    read_all("The people\t1\nthe people the people\t0\n", keys, NULL);
    ck_assert_uint_eq(effnn_dataset_input_count(data), 3);
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 0), "input_ids");
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 1), "attention_mask");
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 2), "token_type_ids");
    check_row(inputs[0], 0, 2, the, people, 3, 0);
    check_row(inputs[1], 0, 1, 1, 1, 1, 0);
    check_row(inputs[2], 0, 0, 0, 0, 0, 0);
    check_row(inputs[0], 1, 2, the, people, the, 3); /* cut in front of [SEP] */
    check_row(inputs[1], 1, 1, 1, 1, 1, 1);
}
END_TEST

START_TEST(bpe_texts_begin_and_end_with_special_tokens)
{
    char keys[600];
    effnn_tokenizer *tokenizer = NULL;
    int64_t the[8];
    size_t n;

    ck_assert_ok(effnn_tokenizer_load(&tokenizer, test_golden_path("tokenizers/bpe.bin"), NULL));
    ck_assert_ok(effnn_tokenizer_encode(the, &n, tokenizer, 8, "the", NULL));
    ck_assert_uint_eq(n, 3); /* the begin token and two more */
    effnn_tokenizer_destroy(tokenizer);
    snprintf(keys, sizeof keys, ",tokenizer=%s,bucket=1", test_golden_path("tokenizers/bpe.bin"));
    read_all("the\n", keys, NULL);
    check_row(inputs[0], 0, 1, the[1], the[2]);
    check_row(batch.targets, 0, the[1], the[2], 2);
    check_row(batch.mask, 0, 1, 1, 1);
}
END_TEST

/* A model with these inputs, each [N, length]. */
static effnn_model *model_with(const char *a, const char *b, int64_t length)
{
    static const char *const symbols[] = { "N", "S" };
    const int64_t dims[] = { -1, length };
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_create(&model, NULL));
    ck_assert_ok(effnn_model_add_input(model, a, EFFNN_I64, 2, dims, symbols));
    if (b) ck_assert_ok(effnn_model_add_input(model, b, EFFNN_I64, 2, dims, symbols));
    return model;
}

START_TEST(a_model_says_which_inputs_there_are_and_how_long)
{
    effnn_model *model = model_with("attention_mask", "input_ids", 7);

    read_all("abc\n", ",task=none", model);
    ck_assert_uint_eq(effnn_dataset_input_count(data), 2);
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 0), "attention_mask");
    check_row(inputs[0], 0, 1, 1, 1, 0, 0, 0, 0);
    check_row(inputs[1], 0, 'a', 'b', 'c', 0, 0, 0, 0);
    effnn_model_destroy(model);
    teardown();
    setup();
    model = model_with("tokens", NULL, -1);
    read_all("abc\n", ",task=none,bucket=1", model);
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 0), "tokens");
    effnn_model_destroy(model);
    teardown();
    setup();
    model = model_with("words", "more", -1);
    ck_assert_fails_saying(EFFNN_E_SHAPE, "none of the model's 2 inputs",
                           open_text("abc\n", "", model));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(what_makes_no_sense_is_refused)
{
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "no key 'tokeniser'; did you mean 'tokenizer'?",
                           open_text("a\n", ",tokeniser=x", NULL));
    ck_assert_fails(EFFNN_E_ARG, open_text("a\n", ",length=0", NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "no mean", open_text("a\n", ",mean=1", NULL));
    ck_assert_fails_saying(EFFNN_E_ARG, "no label", open_text("a\n", ",form=stream,label=1", NULL));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "holds no text", open_text("\n\n", "", NULL));
    ck_assert_fails_saying(EFFNN_E_FORMAT, "line 1 has no column 2",
                           open_text("a\n", ",text=1,label=2", NULL));
    ck_assert_fails(EFFNN_E_IO, open_text("a\n", ",tokenizer=there-is-none.txt", NULL));
    ck_assert_ptr_null(data);
}
END_TEST

static effnn_status read_once(const char *keys)
{
    effnn_status status;

    snprintf(uri, sizeof uri, "text:%s%s", path, keys);
    status = effnn_dataset_open(&data, NULL, uri, NULL);
    if (status == EFFNN_OK) status = effnn_dataset_read(&batch, data, 0, 2);
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    data = NULL;
    return status;
}

START_TEST(failing_allocations_are_errors)
{
    char keys[600];

    snprintf(keys, sizeof keys, ",tokenizer=%s,sort=1", test_golden_path("tokenizers/bpe.bin"));
    test_write_file(path, "the people|said\nwho\n", 20);
    ck_assert_ok(read_once(keys));
    ALLOC_FAIL_LOOP(read_once(keys), );
}
END_TEST

SUITE("dataset_text", setup, teardown, the_target_of_a_token_is_the_next_one,
      a_prompt_is_read_and_not_predicted, a_stream_is_cut_into_windows,
      labels_are_targets_and_long_texts_are_cut, a_batch_is_as_long_as_its_longest_texts_bucket,
      wordpiece_texts_have_the_inputs_of_an_encoder, bpe_texts_begin_and_end_with_special_tokens,
      a_model_says_which_inputs_there_are_and_how_long, what_makes_no_sense_is_refused,
      failing_allocations_are_errors)
