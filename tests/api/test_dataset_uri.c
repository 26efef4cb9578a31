/* SPDX-License-Identifier: BSD-3-Clause */
/* Data by URI: what each kind and key does, and how a bad one is refused. */

#include "support/models.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <effnn/effnn.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], uri[512];
static effnn_dataset *data;
static effnn_tensor *input;
static effnn_batch batch;

static void write_file(const char *name, const void *bytes, size_t size)
{
    char path[128];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "wb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_eq(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* Six records of a label k and four bytes 10k, 10k+1, …; then a file of two more. */
static void setup(void)
{
    unsigned char records[8][5];

    strcpy(folder, P_tmpdir "/effnn-uri-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    for (unsigned k = 0; k < 8; k++) {
        records[k][0] = (unsigned char)k;
        for (unsigned i = 0; i < 4; i++) records[k][1 + i] = (unsigned char)(10 * k + i);
    }
    write_file("a.bin", records, 30);
    write_file("b,c.bin", records + 6, 10);
    data = NULL;
    input = NULL;
    batch = (effnn_batch){ .version = 1, .inputs = &input };
}

static void teardown(void)
{
    char command[128];

    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
}

static effnn_status open_uri(const char *format, const effnn_model *model)
{
    snprintf(uri, sizeof uri, format, folder, folder);
    return effnn_dataset_open(&data, NULL, uri, model);
}

static void read_all(const char *format)
{
    ck_assert_ok(open_uri(format, NULL));
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, (size_t)effnn_dataset_count(data)));
}

START_TEST(records_are_scaled_and_labelled)
{
    read_all("records:%s/a.bin,shape=1/2/2,label=first,scale=10");
    ck_assert_uint_eq(effnn_dataset_count(data), 6);
    ck_assert_tensor_dims(input, 6, 1, 2, 2);
    ck_assert_tensor_at(input, (double)(52.0f / 10.0f), 5, 0, 1, 0);
    ck_assert_tensor_at(batch.targets, 5.0, 5);
}
END_TEST

START_TEST(mean_and_std_are_by_channel)
{
    read_all("records:%s/a.bin,shape=2/2/1,label=first,scale=1,mean=1/2,std=2/4");
    ck_assert_tensor_at(input, (double)((11.0f - 1.0f) / 2.0f), 1, 0, 1, 0);
    ck_assert_tensor_at(input, (double)((12.0f - 2.0f) / 4.0f), 1, 1, 0, 0);
}
END_TEST

START_TEST(a_slice_and_several_files_are_counted_through)
{
    read_all("records:%s/a.bin+%s/b\\,c.bin,shape=1/2/2,label=first,scale=1,first=5,count=2");
    ck_assert_uint_eq(effnn_dataset_count(data), 2);
    ck_assert_tensor_at(batch.targets, 5.0, 0);
    ck_assert_tensor_at(batch.targets, 6.0, 1);
    ck_assert_tensor_at(input, 63.0, 1, 0, 1, 1);
}
END_TEST

START_TEST(a_shuffle_is_a_permutation_of_whole_samples_by_its_seed)
{
    unsigned seen = 0, moved = 0;

    read_all("records:%s/a.bin,shape=1/2/2,label=first,scale=1,shuffle=3");
    for (int64_t i = 0; i < 6; i++) {
        double label, pixel;

        ck_assert_ok(effnn_tensor_get_f64(&label, batch.targets, &i));
        ck_assert_ok(effnn_tensor_get_f64(&pixel, input, (int64_t[]){ i, 0, 0, 0 }));
        ck_assert_double_eq(pixel, 10 * label);
        seen |= 1u << (unsigned)label;
        moved += label != (double)i;
    }
    ck_assert_uint_eq(seen, 63);
    ck_assert_uint_gt(moved, 0);
}
END_TEST

START_TEST(a_directory_is_cifar_s_batches_or_tests_in_order)
{
    static unsigned char record[3073];

    record[0] = 1;
    write_file("data_batch_1.bin", record, sizeof record);
    record[0] = 2;
    write_file("data_batch_2.bin", record, sizeof record);
    record[0] = 7;
    write_file("test_batch.bin", record, sizeof record);
    read_all("cifar10:%s");
    ck_assert_tensor_dims(input, 2, 3, 32, 32);
    ck_assert_tensor_at(batch.targets, 1.0, 0);
    ck_assert_tensor_at(batch.targets, 2.0, 1);
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    read_all("cifar10:%s,split=test");
    ck_assert_tensor_at(batch.targets, 7.0, 0);
}
END_TEST

START_TEST(npy_files_are_inputs_and_targets)
{
    effnn_tensor *x = test_tensor_iota(3, 2), *y = test_tensor_iota(3);
    char path[128];

    snprintf(path, sizeof path, "%s/x.npy", folder);
    ck_assert_ok(effnn_tensor_write_npy(x, path));
    snprintf(path, sizeof path, "%s/y.npy", folder);
    ck_assert_ok(effnn_tensor_write_npy(y, path));
    read_all("npy:%s/x.npy+%s/y.npy");
    ck_assert_tensor_equal(input, x);
    ck_assert_tensor_equal(batch.targets, y);
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    read_all("npy:a=%s/x.npy");
    ck_assert_str_eq(effnn_dataset_input_name_at(data, 0), "a");
    effnn_tensor_release(x);
    effnn_tensor_release(y);
}
END_TEST

START_TEST(random_inputs_have_the_model_s_shapes)
{
    effnn_model *model = test_model_cnn(NULL);

    ck_assert_ok(open_uri("random:9", model));
    ck_assert_ok(effnn_dataset_read(&batch, data, 0, 9));
    ck_assert_tensor_dims(input, 9, 3, 8, 8);
    ck_assert_ptr_null(batch.targets);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(a_model_s_preprocessing_stands_in_where_the_uri_is_silent)
{
    effnn_model *model = test_model_cnn(NULL);

    ck_assert_ok(effnn_model_set_metadata(model, "effnn.preprocess",
                                          "{\"mean\": [1], \"std\": [2], \"scale\": 10}"));
    ck_assert_ok(open_uri("records:%s/a.bin,shape=1/2/2,label=first", model));
    ck_assert_ok(effnn_dataset_read(&batch, data, 1, 1));
    ck_assert_tensor_at(input, (double)((10.0f / 10.0f - 1.0f) / 2.0f), 0, 0, 0, 0);
    effnn_batch_clear(&batch);
    effnn_dataset_destroy(data);
    ck_assert_ok(open_uri("records:%s/a.bin,shape=1/2/2,label=first,scale=1,mean=0,std=1", model));
    ck_assert_ok(effnn_dataset_read(&batch, data, 1, 1));
    ck_assert_tensor_at(input, 10.0, 0, 0, 0, 0);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(what_is_wrong_with_a_uri_is_said)
{
    static const struct {
        const char *uri, *says;
        effnn_status status;
    } cases[] = {
        { "cifar", "KIND:PATH", EFFNN_E_ARG },
        { "record:%s/a.bin", "did you mean 'records'?", EFFNN_E_NOTFOUND },
        { "records:%s/a.bin,shap=1", "did you mean 'shape'?", EFFNN_E_NOTFOUND },
        { "records:%s/a.bin", "needs shape", EFFNN_E_ARG },
        { "records:%s/a.bin,shape=1/0", "not a size", EFFNN_E_ARG },
        { "records:%s/a.bin,shape=1/7,label=first", "whole records of 8", EFFNN_E_FORMAT },
        { "records:%s/a.bin,shape=4,label=middle", "'middle'", EFFNN_E_ARG },
        { "records:%s/a.bin,shape=2/2,label=first,mean=1/2/3", "3 means", EFFNN_E_ARG },
        { "records:%s/a.bin,shape=4,label=first,std=0", "std 0", EFFNN_E_ARG },
        { "records:%s/a.bin,shape=4,label=first,count=9", "there are 6", EFFNN_E_ARG },
        { "records:%s/a.bin,shape=4,label=first,first=-1", "'-1'", EFFNN_E_ARG },
        { "records:%s/none.bin,shape=4", "none.bin", EFFNN_E_IO },
        { "records:%s/a.bin,shape", "not key=value", EFFNN_E_ARG },
        { "cifar10:%s", "data_batch_*.bin", EFFNN_E_NOTFOUND },
        { "cifar10:%s,split=all", "'all'", EFFNN_E_ARG },
        { "npy:%s/none.npy", "none.npy", EFFNN_E_IO },
        { "random:x", "'x'", EFFNN_E_ARG },
        { "random:3", "needs a model", EFFNN_E_ARG },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_fails_saying(cases[i].status, cases[i].says, open_uri(cases[i].uri, NULL));
        ck_assert_ptr_null(data);
    }
}
END_TEST

SUITE("dataset_uri", setup, teardown, records_are_scaled_and_labelled, mean_and_std_are_by_channel,
      a_slice_and_several_files_are_counted_through,
      a_shuffle_is_a_permutation_of_whole_samples_by_its_seed,
      a_directory_is_cifar_s_batches_or_tests_in_order, npy_files_are_inputs_and_targets,
      random_inputs_have_the_model_s_shapes,
      a_model_s_preprocessing_stands_in_where_the_uri_is_silent, what_is_wrong_with_a_uri_is_said)
