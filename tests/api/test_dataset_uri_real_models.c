/* SPDX-License-Identifier: BSD-3-Clause */
/* Third-party data by URI; counts, labels and pixels as Python counts them. */

#include "support/data.h"
#include "support/suite.h"

#include <effnn/effnn.h>
#include <math.h>

static const struct {
    const char *kind, *files[2], *keys;
    uint64_t count;
    double labels, mean; /* sum of the labels, mean of input 0's elements; below 0: not checked */
} cases[] = {
    { "idx",
      { "mnist/t10k-images-idx3-ubyte.gz", "mnist/t10k-labels-idx1-ubyte.gz" },
      "",
      10000,
      44434.0,
      0.13251460584233693 },
    { "text", { "text/sst2/dev.tsv" }, ",text=sentence,label=label", 872, 444.0, -1.0 },
    { "text", { "text/cola/in_domain_dev.tsv" }, ",text=4,label=2", 527, 365.0, -1.0 },
    { "text", { "text/e2e/valid.txt" }, ",prompt=||", 4672, -1.0, -1.0 },
    { "text", { "text/shakespeare/input.txt" }, ",form=stream,length=256", 3907, -1.0, -1.0 },
};
enum { N_CASES = sizeof cases / sizeof cases[0], BATCH = 250 };

/* Sum of a tensor's elements. */
static double sum_of(const effnn_tensor *tensor)
{
    effnn_tensor *wide = NULL;
    const double *data;
    double sum = 0.0;

    ck_assert_ok(effnn_tensor_cast(&wide, tensor, EFFNN_F64));
    data = effnn_tensor_data(wide);
    for (size_t i = 0; i < effnn_tensor_count(wide); i++) sum += data[i];
    effnn_tensor_release(wide);
    return sum;
}

START_TEST(a_data_set_holds_what_its_files_do)
{
    char path[2][1024], uri[2200];
    effnn_dataset *data = NULL;
    effnn_tensor *input = NULL;
    double labels = 0.0, sum = 0.0, n_elements = 0.0;

    for (size_t i = 0; i < 2 && cases[_i].files[i]; i++)
        if (!test_data_path(path[i], sizeof path[i], cases[_i].files[i])) return;
    snprintf(uri, sizeof uri, "%s:%s%s%s%s", cases[_i].kind, path[0], cases[_i].files[1] ? "+" : "",
             cases[_i].files[1] ? path[1] : "", cases[_i].keys);
    ck_assert_ok(effnn_dataset_open(&data, NULL, uri, NULL));
    ck_assert_uint_eq(effnn_dataset_count(data), cases[_i].count);
    for (uint64_t first = 0; first < cases[_i].count; first += BATCH) {
        const uint64_t left = cases[_i].count - first;
        effnn_batch batch = { .version = 1, .inputs = &input };

        ck_assert_ok(effnn_dataset_read(&batch, data, first, left < BATCH ? (size_t)left : BATCH));
        if (cases[_i].labels >= 0.0) labels += sum_of(batch.targets);
        sum += sum_of(input);
        n_elements += (double)effnn_tensor_count(input);
        effnn_batch_clear(&batch);
    }
    if (cases[_i].labels >= 0.0) ck_assert_double_eq(labels, cases[_i].labels);
    if (cases[_i].mean >= 0.0) ck_assert(fabs(sum / n_elements - cases[_i].mean) < 1e-7);
    effnn_dataset_destroy(data);
}
END_TEST

int main(void)
{
    const TTest *tests[] = { a_data_set_holds_what_its_files_do };
    char path[1024];

    if (!test_data_path(path, sizeof path, cases[0].files[0])) return 77; /* meson: skipped */
    return run_suite("dataset_uri_real_models", NULL, NULL, tests, 1, N_CASES);
}
