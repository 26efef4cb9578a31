/* SPDX-License-Identifier: BSD-3-Clause */
/* Models through files: kinds by extension, round trips bit for bit, cut files, the write rule, and
 * the whole way from file to file with memory running out at every point. */

#include "base/alloc.h"
#include "model/model.h"
#include "support/alloc_fail.h"
#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <dirent.h>
#include <effnn/effnn.h>
#include <stdio.h>
#include <unistd.h>

static char folder[64], source[128], target[128];

static void setup(void)
{
    strcpy(folder, P_tmpdir "/effnn-load-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(source, sizeof source, "%s/source.onnx", folder);
    snprintf(target, sizeof target, "%s/target.onnx", folder);
}

static void teardown(void)
{
    char command[128];

    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static size_t entries(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n - 2; /* "." and ".." */
}

static unsigned char *read_bytes(const char *path, size_t *size)
{
    unsigned char *bytes = malloc(1 << 20);
    FILE *file = fopen(path, "rb");

    ck_assert_ptr_nonnull(file);
    *size = fread(bytes, 1, 1 << 20, file);
    ck_assert_uint_lt(*size, 1 << 20);
    fclose(file);
    return bytes;
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");

    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static void same_logits(const effnn_model *a, const effnn_model *b)
{
    effnn_dataset *data = test_model_data(a, 7, 1);
    effnn_tensor *x = test_model_logits(a, data), *y = test_model_logits(b, data);

    ck_assert_tensor_equal(x, y);
    effnn_tensor_release(x);
    effnn_tensor_release(y);
    effnn_dataset_destroy(data);
}

START_TEST(a_saved_model_gives_the_same_bits_at_every_opset)
{
    for (size_t k = 0; k < TEST_N_MODELS; k++) {
        effnn_model *model = test_models[k](NULL);

        for (uint32_t opset = 13; opset <= 21; opset++) {
            effnn_save_options options = EFFNN_SAVE_OPTIONS_INIT;
            effnn_model *loaded = NULL;

            options.opset = opset;
            ck_assert_ok(effnn_model_save(model, target, &options));
            ck_assert_ok(effnn_model_load(&loaded, NULL, target, NULL));
            ck_assert_uint_eq(effnn_model_opset(loaded), opset);
            same_logits(model, loaded);
            effnn_model_destroy(loaded);
        }
        effnn_model_destroy(model);
    }
}
END_TEST

START_TEST(saving_twice_gives_the_same_bytes)
{
    effnn_model *model = test_model_cnn(NULL), *loaded = NULL;
    unsigned char *a, *b;
    size_t n_a, n_b;

    ck_assert_ok(effnn_model_save(model, source, NULL));
    ck_assert_ok(effnn_model_load(&loaded, NULL, source, NULL));
    ck_assert_ok(effnn_model_save(loaded, target, NULL));
    a = read_bytes(source, &n_a);
    b = read_bytes(target, &n_b);
    ck_assert_uint_eq(n_a, n_b);
    ck_assert(memcmp(a, b, n_a) == 0);
    free(a);
    free(b);
    effnn_model_destroy(loaded);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(metadata_and_open_dimensions_survive)
{
    effnn_model *model = test_model_mlp(NULL), *loaded = NULL;
    effnn_value_spec spec = { .version = 1 };

    ck_assert_ok(effnn_model_set_metadata(model, "effnn.preprocess", "{\"scale\": 255}"));
    ck_assert_ok(effnn_model_save(model, target, NULL));
    ck_assert_ok(effnn_model_load(&loaded, NULL, target, NULL));
    ck_assert_str_eq(effnn_model_get_metadata(loaded, "effnn.preprocess"), "{\"scale\": 255}");
    ck_assert_ok(effnn_model_input_at(&spec, loaded, 0));
    ck_assert_int_eq(spec.dims[0], -1);
    ck_assert_str_eq(effnn_model_format(loaded), "onnx");
    effnn_model_destroy(loaded);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(parameters_go_through_safetensors_bit_for_bit)
{
    effnn_model *model = test_model_cnn(NULL), *other = NULL, *read = NULL;
    char path[128];

    snprintf(path, sizeof path, "%s/p.safetensors", folder);
    ck_assert_ok(effnn_model_save(model, path, NULL));
    ck_assert_ok(effnn_model_load(&read, NULL, path, NULL));
    ck_assert_uint_eq(effnn_model_parameter_count(read), effnn_model_parameter_count(model));
    ck_assert_ok(effnn_model_clone(&other, model));
    for (size_t i = 0; i < effnn_model_parameter_count(read); i++) {
        const char *name = effnn_model_parameter_name_at(read, i);
        effnn_tensor *tensor = NULL;

        ck_assert_ok(effnn_model_get_parameter(&tensor, read, name));
        ck_assert_ok(effnn_model_set_parameter(other, name, tensor));
        effnn_tensor_release(tensor);
    }
    effnn_model_destroy(read); /* the tensors keep the mapped file alive */
    ck_assert_models_equal(model, other);
    same_logits(model, other);
    effnn_model_destroy(other);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(every_cut_of_a_file_is_an_error_or_a_whole_model)
{
    effnn_model *model = test_model_mlp(NULL), *loaded = NULL;
    unsigned char *bytes;
    size_t size;

    ck_assert_ok(effnn_model_save(model, source, NULL));
    bytes = read_bytes(source, &size);
    for (size_t n = 0; n < size; n += 1 + n / 40) {
        write_bytes(target, bytes, n);
        effnn__clear_error();
        const effnn_status status = effnn_model_load(&loaded, NULL, target, NULL);

        ck_assert_msg(status == EFFNN_E_FORMAT || status == EFFNN_E_UNSUPPORTED,
                      "%zu of %zu bytes: %s", n, size, effnn_status_name(status));
        ck_assert_msg(strstr(effnn_last_error(), "target.onnx") != NULL, "'%s'",
                      effnn_last_error());
        ck_assert_ptr_null(loaded);
    }
    free(bytes);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(changed_bytes_never_crash)
{
    effnn_model *model = test_model_tokens(NULL), *loaded = NULL;
    unsigned char *bytes;
    uint32_t state = 1;
    size_t size;

    ck_assert_ok(effnn_model_save(model, source, NULL));
    bytes = read_bytes(source, &size);
    for (int i = 0; i < 2000; i++) {
        size_t at;
        unsigned char kept;

        state = state * 1664525u + 1013904223u;
        at = state % size;
        kept = bytes[at];
        bytes[at] ^= (unsigned char)(1u << (state >> 29));
        write_bytes(target, bytes, size);
        bytes[at] = kept;
        effnn__clear_error();
        if (effnn_model_load(&loaded, NULL, target, NULL) != EFFNN_OK)
            ck_assert_str_ne(effnn_last_error(), "no error");
        effnn_model_destroy(loaded);
        loaded = NULL;
    }
    free(bytes);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(other_names_and_opsets_are_refused)
{
    effnn_model *model = test_model_mlp(NULL), *loaded = NULL;
    effnn_save_options save = EFFNN_SAVE_OPTIONS_INIT;
    effnn_load_options load = EFFNN_LOAD_OPTIONS_INIT;

    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "model.tar",
                           effnn_model_save(model, "model.tar", NULL));
    ck_assert_fails(EFFNN_E_UNSUPPORTED, effnn_model_load(&loaded, NULL, ".onnx", NULL));
    ck_assert_fails_saying(EFFNN_E_IO, "none.onnx",
                           effnn_model_load(&loaded, NULL, "none.onnx", NULL));
    save.opset = 12;
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "opset 12", effnn_model_save(model, target, &save));
    save.version = 3;
    load.version = 2;
    ck_assert_fails(EFFNN_E_ARG, effnn_model_save(model, target, &save));
    ck_assert_fails(EFFNN_E_ARG, effnn_model_load(&loaded, NULL, target, &load));
    ck_assert_uint_eq(entries(), 0);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(callers_of_version_1_have_no_external_data_and_safetensors_never)
{
    effnn_model *model = test_model_mlp(NULL);
    effnn_save_options save = { .version = 1, .external = 1 };

    ck_assert_ok(effnn_model_save(model, target, &save));
    ck_assert_uint_eq(entries(), 1);
    save.version = 2;
    ck_assert_fails_saying(EFFNN_E_ARG, "external",
                           effnn_model_save(model, "none.safetensors", &save));
    effnn_model_destroy(model);
}
END_TEST

START_TEST(clones_and_sessions_never_see_each_other_s_changes)
{
    effnn_model *model = test_model_mlp(NULL), *a = NULL, *b = NULL;
    effnn_dataset *data = test_model_data(model, 4, 2);
    effnn_tensor *before = test_model_logits(model, data), *weight = NULL, *after, *input = NULL;
    effnn_tensor *logits = NULL;
    effnn_batch batch = { .version = 1, .inputs = &input };
    effnn_session *session = NULL;
    void *bytes;

    ck_assert_ok(effnn_model_clone(&a, model));
    ck_assert_ok(effnn_model_clone(&b, model));
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    /* Change the model by one clone's tensor, and a clone by its own. */
    for (int k = 0; k < 2; k++) {
        effnn_model *changed = k ? a : model;

        ck_assert_ok(effnn_model_get_parameter(&weight, a, effnn_model_parameter_name_at(a, 0)));
        ck_assert_ok(effnn_tensor_data_mut(&bytes, weight));
        ((float *)bytes)[0] += 100.0f;
        ck_assert_ok(
            effnn_model_set_parameter(changed, effnn_model_parameter_name_at(a, 0), weight));
        effnn_tensor_release(weight);
        weight = NULL;
    }
    after = test_model_logits(b, data);
    ck_assert_tensor_equal(before, after);
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 4));
    ck_assert_ok(effnn_session_run(session, &input, &logits, NULL));
    ck_assert_tensor_equal(before, logits);
    effnn_batch_clear(&batch);
    effnn_tensor_release(logits);
    effnn_tensor_release(after);
    after = test_model_logits(model, data);
    ck_assert(!effnn__tensor_equal(before, after));
    effnn_tensor_release(after);
    effnn_tensor_release(before);
    effnn_session_destroy(session);
    effnn_dataset_destroy(data);
    effnn_model_destroy(a);
    effnn_model_destroy(b);
    effnn_model_destroy(model);
}
END_TEST

/* From file to file: what a user does. */
static effnn_status compress(void)
{
    effnn_transform_options options = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_transform *method = NULL;
    effnn_model *model = NULL;
    effnn_report *report = NULL;
    effnn_status status = effnn_model_load(&model, NULL, source, NULL);

    if (status == EFFNN_OK) status = effnn_dataset_open(&options.data, NULL, "random:8", model);
    if (status == EFFNN_OK) status = effnn_transform_create(&method, NULL, "lowrank");
    if (status == EFFNN_OK) status = effnn_transform_set(method, "reduction", "0.3");
    if (status == EFFNN_OK) status = effnn_transform_run(method, model, &options, &report);
    if (status == EFFNN_OK) status = effnn_model_save(model, target, NULL);
    effnn_report_destroy(report);
    effnn_transform_destroy(method);
    effnn_dataset_destroy(options.data);
    effnn_model_destroy(model);
    return status;
}

START_TEST(no_memory_from_file_to_file_leaves_no_half_written_file)
{
    effnn_model *model = test_model_mlp(NULL);
    unsigned char *bytes;
    size_t size;

    ck_assert_ok(effnn_model_save(model, source, NULL));
    write_bytes(target, "old", 3);
    ALLOC_FAIL_LOOP(compress(), {
        bytes = read_bytes(target, &size);
        ck_assert_uint_eq(size, 3);
        free(bytes);
        ck_assert_uint_eq(entries(), 2);
    });
    effnn_model_destroy(model);
    model = NULL;
    ck_assert_ok(effnn_model_load(&model, NULL, target, NULL));
    effnn_model_destroy(model);
}
END_TEST

SUITE("load", setup, teardown, a_saved_model_gives_the_same_bits_at_every_opset,
      saving_twice_gives_the_same_bytes, metadata_and_open_dimensions_survive,
      parameters_go_through_safetensors_bit_for_bit,
      every_cut_of_a_file_is_an_error_or_a_whole_model, changed_bytes_never_crash,
      other_names_and_opsets_are_refused,
      callers_of_version_1_have_no_external_data_and_safetensors_never,
      clones_and_sessions_never_see_each_other_s_changes,
      no_memory_from_file_to_file_leaves_no_half_written_file)
