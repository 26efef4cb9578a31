/* SPDX-License-Identifier: BSD-3-Clause */
/* DLPack in and out by hand-made structs of its published layout; the Python tests exchange with
 * NumPy itself. */

#include "support/alloc_fail.h"
#include "support/suite.h"
#include "support/tensor_assert.h"
#include "tensor/dlpack_priv.h"
#include "tensor/tensor.h"

static int n_deleted;
static float memory[24];
static int64_t dims[3], strides[3];
static struct DLManagedTensor legacy;
static struct DLManagedTensorVersioned versioned;

static void delete_legacy(struct DLManagedTensor *self)
{
    ck_assert_ptr_eq(self, &legacy);
    n_deleted++;
}

static void delete_versioned(struct DLManagedTensorVersioned *self)
{
    ck_assert_ptr_eq(self, &versioned);
    n_deleted++;
}

/* f32 [2, 3] over memory 0 … 23, row-major without strides. */
static void setup(void)
{
    n_deleted = 0;
    for (int i = 0; i < 24; i++) memory[i] = (float)i;
    dims[0] = 2;
    dims[1] = 3;
    dims[2] = 1;
    legacy = (struct DLManagedTensor){
        .tensor = { .data = memory,
                    .device_type = DLPACK_CPU,
                    .rank = 2,
                    .dtype = { DLPACK_FLOAT, 32, 1 },
                    .dims = dims },
        .deleter = delete_legacy,
    };
    versioned = (struct DLManagedTensorVersioned){
        .major = 1, .minor = 0, .deleter = delete_versioned, .tensor = legacy.tensor
    };
}

static effnn_tensor *import_legacy(void)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_from_dlpack(&tensor, NULL, &legacy));
    return tensor;
}

static effnn_tensor *import_versioned(void)
{
    effnn_tensor *tensor = NULL;

    ck_assert_ok(effnn_tensor_from_dlpack_versioned(&tensor, NULL, &versioned));
    return tensor;
}

/* The layout of dlpack.h on a 64-bit machine, byte by byte. */
START_TEST(the_structs_have_dlpacks_layout)
{
    ck_assert_uint_eq(sizeof(dlpack_tensor), 48);
    ck_assert_uint_eq(offsetof(dlpack_tensor, device_type), 8);
    ck_assert_uint_eq(offsetof(dlpack_tensor, device_id), 12);
    ck_assert_uint_eq(offsetof(dlpack_tensor, rank), 16);
    ck_assert_uint_eq(offsetof(dlpack_tensor, dtype), 20);
    ck_assert_uint_eq(offsetof(dlpack_tensor, dims), 24);
    ck_assert_uint_eq(offsetof(dlpack_tensor, strides), 32);
    ck_assert_uint_eq(offsetof(dlpack_tensor, byte_offset), 40);
    ck_assert_uint_eq(offsetof(struct DLManagedTensor, owner), 48);
    ck_assert_uint_eq(offsetof(struct DLManagedTensor, deleter), 56);
    ck_assert_uint_eq(offsetof(struct DLManagedTensorVersioned, owner), 8);
    ck_assert_uint_eq(offsetof(struct DLManagedTensorVersioned, deleter), 16);
    ck_assert_uint_eq(offsetof(struct DLManagedTensorVersioned, flags), 24);
    ck_assert_uint_eq(offsetof(struct DLManagedTensorVersioned, tensor), 32);
}
END_TEST

START_TEST(an_import_shares_the_memory_and_deletes_once_with_the_last_view)
{
    effnn_tensor *tensor = import_legacy(), *view = NULL;

    ck_assert_ptr_eq(effnn_tensor_data(tensor), memory);
    ck_assert_tensor_dims(tensor, 2, 3);
    ck_assert_int_eq(effnn_tensor_dtype(tensor), EFFNN_F32);
    ck_assert_tensor_at(tensor, 5, 1, 2);
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 0, 1, 1, 1));
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_deleted, 0);
    ck_assert_tensor_at(view, 3, 0, 0);
    effnn_tensor_release(view);
    ck_assert_int_eq(n_deleted, 1);
}
END_TEST

START_TEST(strides_and_byte_offset_are_followed)
{
    effnn_tensor *tensor;

    strides[0] = 1;
    strides[1] = -4;
    versioned.tensor.strides = strides;
    versioned.tensor.byte_offset = 10 * sizeof(float);
    tensor = import_versioned();
    ck_assert_tensor_at(tensor, 10, 0, 0);
    ck_assert_tensor_at(tensor, 11, 1, 0);
    ck_assert_tensor_at(tensor, 3, 1, 2);
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_deleted, 1);
}
END_TEST

START_TEST(strides_that_mean_nothing_are_ignored)
{
    effnn_tensor *tensor, *view = NULL;

    dims[0] = 1;
    strides[0] = INT64_MAX;
    strides[1] = 1;
    versioned.tensor.strides = strides;
    tensor = import_versioned();
    ck_assert(effnn_tensor_is_contiguous(tensor));
    ck_assert_int_eq(effnn_tensor_strides(tensor)[0], 3);
    effnn_tensor_release(tensor);
    dims[0] = 0; /* and with no elements, both */
    strides[1] = INT64_MIN;
    versioned.tensor.data = NULL;
    tensor = import_versioned();
    ck_assert_ok(effnn_tensor_view_slice(&view, tensor, 1, 2, 3, -1));
    ck_assert_tensor_dims(view, 0, 3);
    effnn_tensor_release(view);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_write_never_reaches_the_producer)
{
    effnn_tensor *tensor = import_legacy();

    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 1 }, 99));
    ck_assert(memory[1] == 1);
    ck_assert_tensor_at(tensor, 99, 0, 1);
    ck_assert_int_eq(n_deleted, 1); /* the producer's memory is needed no longer */
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_deleted, 1);
}
END_TEST

START_TEST(memory_that_the_producer_copied_for_us_is_written_in_place)
{
    effnn_tensor *tensor;

    versioned.flags = DLPACK_IS_COPIED;
    tensor = import_versioned();
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 1 }, 99));
    ck_assert(memory[1] == 99);
    effnn_tensor_release(tensor);
    versioned.flags = DLPACK_IS_COPIED | DLPACK_READ_ONLY;
    tensor = import_versioned();
    ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 1 }, 50));
    ck_assert(memory[1] == 99);
    effnn_tensor_release(tensor);
}
END_TEST

/* Element [0, 1] of [2, 3] is written: in place only if no other element can lie there. */
START_TEST(overlapping_elements_part_when_written)
{
    static const struct {
        int64_t strides[2];
        bool in_place;
    } cases[] = { { { 1, 1 }, false }, { { 0, 1 }, false },  { { 1, 0 }, false },
                  { { 2, 1 }, false }, { { -2, 1 }, false }, { { 3, 1 }, true },
                  { { 4, -1 }, true }, { { -1, 2 }, true } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        float *first = memory + 10;
        effnn_tensor *tensor, *before = NULL;

        setup();
        memcpy(strides, cases[i].strides, sizeof cases[i].strides);
        versioned.flags = DLPACK_IS_COPIED;
        versioned.tensor.data = first;
        versioned.tensor.strides = strides;
        tensor = import_versioned();
        ck_assert_ok(effnn_tensor_copy(&before, tensor));
        ck_assert_ok(effnn_tensor_set_f64(before, (const int64_t[]){ 0, 1 }, 99));
        ck_assert_ok(effnn_tensor_set_f64(tensor, (const int64_t[]){ 0, 1 }, 99));
        ck_assert_int_eq(effnn_tensor_data(tensor) == (const void *)first, cases[i].in_place);
        ck_assert_tensor_equal(tensor, before);
        effnn_tensor_release(tensor);
        effnn_tensor_release(before);
    }
}
END_TEST

START_TEST(a_tensor_without_a_deleter_is_accepted)
{
    legacy.deleter = NULL;
    versioned.deleter = NULL;
    effnn_tensor_release(import_legacy());
    effnn_tensor_release(import_versioned());
}
END_TEST

START_TEST(every_element_type_goes_out_and_comes_back)
{
    for (int dtype = 0; dtype <= EFFNN_U4; dtype++) {
        effnn_tensor *tensor =
            test_tensor_random(NULL, (effnn_dtype)dtype, 2, (const int64_t[]){ 3, 5 }, 1);
        struct DLManagedTensorVersioned *managed = NULL;
        effnn_tensor *back = NULL;

        ck_assert_ok(effnn_tensor_to_dlpack_versioned(&managed, tensor));
        ck_assert_uint_eq(managed->tensor.dtype.bits, effnn_dtype_bits((effnn_dtype)dtype));
        ck_assert_uint_eq(managed->tensor.dtype.lanes, 1);
        ck_assert_ok(effnn_tensor_from_dlpack_versioned(&back, NULL, managed));
        ck_assert_ptr_eq(effnn_tensor_data(back), effnn_tensor_data(tensor));
        ck_assert_tensor_equal(back, tensor);
        effnn_tensor_release(back);
        effnn_tensor_release(tensor);
    }
}
END_TEST

/* Codes of dlpack.h's DLDataTypeCode. */
START_TEST(element_types_have_dlpacks_codes)
{
    static const struct {
        effnn_dtype dtype;
        int code;
    } cases[] = { { EFFNN_I8, 0 },  { EFFNN_I4, 0 },   { EFFNN_U64, 1 },
                  { EFFNN_F16, 2 }, { EFFNN_BF16, 4 }, { EFFNN_BOOL, 6 } };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        effnn_tensor *tensor = test_tensor_zeros(cases[i].dtype, 0, NULL);
        struct DLManagedTensor *managed = NULL;

        ck_assert_ok(effnn_tensor_to_dlpack(&managed, tensor));
        ck_assert_int_eq(managed->tensor.dtype.code, cases[i].code);
        managed->deleter(managed);
        effnn_tensor_release(tensor);
    }
}
END_TEST

START_TEST(an_export_is_read_only_and_keeps_what_the_consumer_saw)
{
    effnn_tensor *tensor = test_tensor_iota(2, 3), *view = NULL;
    struct DLManagedTensorVersioned *managed = NULL;

    ck_assert_ok(effnn_tensor_view_permute(&view, tensor, (const size_t[]){ 1, 0 }));
    effnn_tensor_release(tensor);
    ck_assert_ok(effnn_tensor_to_dlpack_versioned(&managed, view));
    ck_assert_uint_eq(managed->major, 1);
    ck_assert_uint_eq(managed->flags, DLPACK_READ_ONLY);
    ck_assert_int_eq(managed->tensor.device_type, DLPACK_CPU);
    ck_assert_int_eq(managed->tensor.rank, 2);
    ck_assert_ok(effnn_tensor_set_f64(view, (const int64_t[]){ 0, 0 }, 99)); /* parts them */
    effnn_tensor_release(view);
    ck_assert_int_eq(managed->tensor.dims[0], 3);
    ck_assert_int_eq(managed->tensor.strides[0], 1);
    ck_assert_int_eq(managed->tensor.strides[1], 3);
    for (int i = 0; i < 6; i++) ck_assert(((const float *)managed->tensor.data)[i] == (float)i);
    managed->deleter(managed);
}
END_TEST

START_TEST(a_tensor_is_written_in_place_again_once_the_consumer_is_done)
{
    effnn_tensor *tensor = test_tensor_iota(3);
    const void *before = effnn_tensor_data(tensor);
    struct DLManagedTensor *managed = NULL;
    void *data = NULL;

    ck_assert_ok(effnn_tensor_to_dlpack(&managed, tensor));
    ck_assert_ptr_eq(managed->tensor.data, before);
    managed->deleter(managed);
    ck_assert_ok(effnn_tensor_data_mut(&data, tensor));
    ck_assert_ptr_eq(data, before);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(an_empty_export_has_no_data)
{
    effnn_tensor *tensor = test_tensor_zeros(EFFNN_F32, 2, (const int64_t[]){ 0, 3 });
    struct DLManagedTensor *managed = NULL;

    ck_assert_ok(effnn_tensor_to_dlpack(&managed, tensor));
    ck_assert_ptr_null(managed->tensor.data);
    ck_assert_int_eq(managed->tensor.dims[1], 3);
    managed->deleter(managed);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(a_placed_tensor_is_not_handed_out)
{
    void *place = malloc(effnn__tensor_size());
    effnn_tensor *tensor = effnn__tensor_place(place, memory, EFFNN_F32, 1, (const int64_t[]){ 3 });
    struct DLManagedTensor *managed = NULL;
    struct DLManagedTensorVersioned *other = NULL;

    ck_assert_fails(EFFNN_E_STATE, effnn_tensor_to_dlpack(&managed, tensor));
    ck_assert_fails(EFFNN_E_STATE, effnn_tensor_to_dlpack_versioned(&other, tensor));
    free(place);
}
END_TEST

static void refuse(effnn_status status, const char *text)
{
    effnn_tensor *tensor = NULL;

    ck_assert_fails_saying(status, text,
                           effnn_tensor_from_dlpack_versioned(&tensor, NULL, &versioned));
    ck_assert_ptr_null(tensor);
    ck_assert_int_eq(n_deleted, 0);
    setup();
}

START_TEST(what_cannot_be_taken_over_stays_the_callers)
{
    versioned.tensor.device_type = 2;
    refuse(EFFNN_E_UNSUPPORTED, "device of type 2");
    versioned.tensor.dtype.code = 5;
    versioned.tensor.dtype.bits = 64;
    refuse(EFFNN_E_UNSUPPORTED, "code 5, 64 bits");
    versioned.tensor.dtype.bits = 8; /* an 8-bit float that says it is IEEE */
    refuse(EFFNN_E_UNSUPPORTED, "code 2, 8 bits");
    versioned.tensor.dtype.lanes = 4;
    refuse(EFFNN_E_UNSUPPORTED, "4 lanes");
    versioned.tensor.rank = 9;
    refuse(EFFNN_E_UNSUPPORTED, "rank 9");
    versioned.tensor.rank = -1;
    refuse(EFFNN_E_UNSUPPORTED, "rank -1");
    versioned.tensor.byte_offset = 2;
    refuse(EFFNN_E_UNSUPPORTED, "aligned");
    versioned.major = 2;
    refuse(EFFNN_E_UNSUPPORTED, "version 2.0");
    dims[0] = -1;
    refuse(EFFNN_E_SHAPE, "[-1, 3]");
    versioned.tensor.data = NULL;
    refuse(EFFNN_E_ARG, "no data for 6 elements");
    versioned.tensor.dims = NULL;
    refuse(EFFNN_E_ARG, "dims");
}
END_TEST

START_TEST(packed_elements_come_in_row_major_and_unpadded_only)
{
    effnn_tensor *tensor;

    versioned.tensor.dtype = (dlpack_dtype){ DLPACK_UINT, 4, 1 };
    versioned.flags = DLPACK_IS_PADDED;
    refuse(EFFNN_E_UNSUPPORTED, "padded");
    versioned.tensor.dtype = (dlpack_dtype){ DLPACK_UINT, 4, 1 };
    strides[0] = 1;
    strides[1] = 2;
    versioned.tensor.strides = strides;
    refuse(EFFNN_E_UNSUPPORTED, "strided u4");
    versioned.tensor.dtype = (dlpack_dtype){ DLPACK_UINT, 4, 1 };
    versioned.tensor.byte_offset = 1;
    memcpy(memory, "\x10\x32\x54\x76", 4);
    tensor = import_versioned();
    ck_assert_tensor_at(tensor, 2, 0, 0);
    ck_assert_tensor_at(tensor, 7, 1, 2);
    effnn_tensor_release(tensor);
}
END_TEST

START_TEST(every_failing_allocation_is_reported_and_deletes_nothing)
{
    effnn_tensor *tensor = NULL;
    struct DLManagedTensorVersioned *managed = NULL;
    struct DLManagedTensor *old = NULL;

    ALLOC_FAIL_LOOP(effnn_tensor_from_dlpack(&tensor, NULL, &legacy), {
        ck_assert_ptr_null(tensor);
        ck_assert_int_eq(n_deleted, 0);
    });
    ALLOC_FAIL_LOOP(effnn_tensor_to_dlpack_versioned(&managed, tensor),
                    ck_assert_ptr_null(managed));
    ALLOC_FAIL_LOOP(effnn_tensor_to_dlpack(&old, tensor), ck_assert_ptr_null(old));
    managed->deleter(managed);
    old->deleter(old);
    effnn_tensor_release(tensor);
    ck_assert_int_eq(n_deleted, 1);
}
END_TEST

SUITE("dlpack", setup, NULL, the_structs_have_dlpacks_layout,
      an_import_shares_the_memory_and_deletes_once_with_the_last_view,
      strides_and_byte_offset_are_followed, strides_that_mean_nothing_are_ignored,
      a_write_never_reaches_the_producer,
      memory_that_the_producer_copied_for_us_is_written_in_place,
      overlapping_elements_part_when_written, a_tensor_without_a_deleter_is_accepted,
      every_element_type_goes_out_and_comes_back, element_types_have_dlpacks_codes,
      an_export_is_read_only_and_keeps_what_the_consumer_saw,
      a_tensor_is_written_in_place_again_once_the_consumer_is_done, an_empty_export_has_no_data,
      a_placed_tensor_is_not_handed_out, what_cannot_be_taken_over_stays_the_callers,
      packed_elements_come_in_row_major_and_unpadded_only,
      every_failing_allocation_is_reported_and_deletes_nothing)
