/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TENSOR_DLPACK_PRIV_H
#define EFFNN_TENSOR_DLPACK_PRIV_H

/* The memory layout that DLPack 0.8 and 1.x fix for exchange between frameworks. Only the two outer
 * struct tags are DLPack's own names, as include/effnn/tensor.h declares them. */

#include <stdint.h>

/* Codes of element types; the widths that go with them are in dlpack.c. */
enum { DLPACK_INT = 0, DLPACK_UINT = 1, DLPACK_FLOAT = 2, DLPACK_BFLOAT = 4, DLPACK_BOOL = 6 };

enum { DLPACK_CPU = 1 };

enum { DLPACK_MAJOR = 1, DLPACK_MINOR = 1 };

/* Flags of the versioned struct. */
#define DLPACK_READ_ONLY ((uint64_t)1 << 0)
#define DLPACK_IS_COPIED ((uint64_t)1 << 1) /* the consumer is the only owner */
#define DLPACK_IS_PADDED ((uint64_t)1 << 2) /* elements below a byte fill one each */

typedef struct dlpack_dtype {
    uint8_t code, bits;
    uint16_t lanes; /* of a vector type; 1 for ours */
} dlpack_dtype;

typedef struct dlpack_tensor {
    void *data; /* NULL if there are no elements */
    int32_t device_type, device_id;
    int32_t rank;
    dlpack_dtype dtype;
    int64_t *dims;
    int64_t *strides;     /* in elements; NULL: row-major (until 1.1) */
    uint64_t byte_offset; /* of the first element from `data` */
} dlpack_tensor;

struct DLManagedTensor {
    dlpack_tensor tensor;
    void *owner;
    void (*deleter)(struct DLManagedTensor *self); /* may be NULL */
};

struct DLManagedTensorVersioned {
    uint32_t major, minor;
    void *owner;
    void (*deleter)(struct DLManagedTensorVersioned *self); /* may be NULL */
    uint64_t flags;
    dlpack_tensor tensor;
};
#endif
