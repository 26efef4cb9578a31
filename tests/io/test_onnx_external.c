/* SPDX-License-Identifier: BSD-3-Clause */
/* External data: found by location, offset and length; never outside the model's directory. */

#include "io/onnx/onnx_model.h"
#include "support/model_files.h"
#include "support/tensor_assert.h"

START_TEST(elements_are_read_from_the_file_beside_the_model)
{
    effnn_model *model = test_load_golden("onnx/external.onnx", true);
    effnn_tensor *first = NULL, *second = NULL;

    ck_assert_ok(effnn_model_get_parameter(&first, model, "first"));
    ck_assert_ok(effnn_model_get_parameter(&second, model, "second"));
    for (int64_t i = 0; i < 3; i++) {
        ck_assert_tensor_at(first, (double)i, i);
        ck_assert_tensor_at(second, (double)i + 3, i);
    }
    effnn_tensor_release(first);
    effnn_tensor_release(second);
    effnn_model_destroy(model);
}
END_TEST

START_TEST(a_model_in_memory_has_no_directory_and_refuses_external_data)
{
    size_t size;
    unsigned char *data = test_read_file(&size, test_golden_path("onnx/external.onnx"));
    effnn_model *model = NULL;

    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "'first': external data",
                           effnn__onnx_load_memory(&model, NULL, data, size, "memory", NULL));
    ck_assert_ptr_null(model);
    free(data);
}
END_TEST

static const test_refusal refused[] = {
    { "absolute", EFFNN_E_FORMAT, "'w': external data at '/etc/hostname', outside" },
    { "climbing", EFFNN_E_FORMAT, "'../forms_x.npy', outside" },
    { "hidden_climb", EFFNN_E_FORMAT, "'a/../../forms_x.npy', outside" },
    { "missing", EFFNN_E_IO, "none.bin" },
    { "past_end", EFFNN_E_FORMAT, "12 bytes at 20 of 'external.bin', which has 28 bytes" },
    { "huge_offset", EFFNN_E_FORMAT, "12 bytes at 9223372036854775807" },
    { "negative", EFFNN_E_FORMAT, "offset of external data is '-4'" },
    { "text", EFFNN_E_FORMAT, "offset of external data is 'four'" },
    { "short", EFFNN_E_FORMAT, "8 bytes of external data, 12 needed" },
    { "nowhere", EFFNN_E_FORMAT, "without a location" },
};

START_TEST(places_outside_the_directory_or_the_file_are_refused)
{
    test_refuse_golden("onnx/bad/external_%s.onnx", refused, sizeof refused / sizeof refused[0]);
}
END_TEST

SUITE("onnx_external", NULL, NULL, elements_are_read_from_the_file_beside_the_model,
      a_model_in_memory_has_no_directory_and_refuses_external_data,
      places_outside_the_directory_or_the_file_are_refused)
