/* SPDX-License-Identifier: BSD-3-Clause */
/* Graphs that a node holds, written as attributes. */

#include "io/onnx/onnx_model.h"
#include "support/branch_files.h"

#include <stdio.h>

START_TEST(branches_that_are_written_and_read_compute_the_same)
{
    const char *path = test_scratch_path("branches.onnx");

    for (uint32_t opset = 13; opset <= 21; opset += 4)
        for (int keep_written = 0; keep_written < 2; keep_written++) {
            effnn_model *model = test_load_golden("onnx/branches.onnx", keep_written), *again;

            ck_assert_ok(effnn__onnx_save(model, path, opset));
            again = test_load(path, keep_written);
            test_assert_branches(again);
            effnn_model_destroy(again);
            effnn_model_destroy(model);
        }
    remove(path);
}
END_TEST

SUITE("onnx_write_subgraph", NULL, NULL, branches_that_are_written_and_read_compute_the_same)
