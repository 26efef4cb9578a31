/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_BRANCH_FILES_H
#define EFFNN_TESTS_BRANCH_FILES_H

/* The model of golden/onnx/branches.onnx, as loaded or as saved again. */

#include "support/model_files.h"

/* Its results for all three ways through its branches are ONNX Runtime's. */
void test_assert_branches(const effnn_model *model);
#endif
