/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/branch_files.h"

#include "support/tensor_assert.h"

#include <stdio.h>

static effnn_tensor *read_golden(const char *name)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_read_npy(&tensor, NULL, test_golden_path(name)));
    return tensor;
}

static effnn_tensor *flag(size_t rank, bool value)
{
    effnn_tensor *tensor = test_tensor_zeros(EFFNN_BOOL, rank, (const int64_t[]){ 1 });
    void *data = NULL;

    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    *(bool *)data = value;
    return tensor;
}

void test_assert_branches(const effnn_model *model)
{
    for (int i = 0; i < 3; i++) {
        effnn_tensor *inputs[3] = { read_golden("onnx/branches_x.npy"), flag(0, i < 2),
                                    flag(1, i == 0) };
        effnn_tensor *outputs[1] = { NULL }, *expected;
        char name[64];

        snprintf(name, sizeof name, "onnx/branches_%d.npy", i);
        expected = read_golden(name);
        test_model_run(outputs, model, inputs);
        ck_assert_tensor_near(outputs[0], expected, 1e-5, 1e-5);
        effnn_tensor_release(expected);
        effnn_tensor_release(outputs[0]);
        for (size_t k = 0; k < 3; k++) effnn_tensor_release(inputs[k]);
    }
}
