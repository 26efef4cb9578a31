/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_DATASET_H
#define EFFNN_DATASET_H

/** @file
 * Datasets: samples for calibration, training and evaluation.
 *
 * A sample is one or more named input tensors, an optional target and an optional mask that marks
 * padding. Opened by effnn_dataset_open() from files or made from tensors or callbacks; read in
 * batches; freed by effnn_dataset_destroy(). One dataset is used by one thread at a time.
 */

#include <effnn/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A countable source of samples. */
typedef struct effnn_dataset effnn_dataset;

/**
 * Open by URI: `KIND:PATH[,key=value]…`, for instance "cifar10:DIR,split=test,first=0,count=1000",
 * "npy:x.npy+y.npy", "records:F,shape=3/32/32,label=first", "random:64". docs/data-uris.md has the
 * grammar.
 *
 * @param[out] out      owned by the caller; untouched on failure.
 * @param      context  NULL: the default.
 * @param      uri      what to open.
 * @param      model    gives the preprocessing (metadata effnn.preprocess) and the input shapes
 * where the URI leaves them out; may be NULL. Not kept.
 * @return EFFNN_OK; EFFNN_E_ARG for a malformed URI; EFFNN_E_NOTFOUND for an unknown kind or key;
 *         EFFNN_E_IO; EFFNN_E_FORMAT; EFFNN_E_SHAPE; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_dataset_open(effnn_dataset **out, effnn_context *context,
                                          const char *uri, const effnn_model *model);

/** One batch. Tensors are [n, …] and owned by the holder of the struct. */
typedef struct effnn_batch {
    uint32_t version;      /**< 1; set by the caller */
    size_t n;              /**< samples */
    size_t n_inputs;       /**< number of inputs */
    effnn_tensor **inputs; /**< [n_inputs] */
    effnn_tensor *targets; /**< [n, …]; NULL: none */
    effnn_tensor *mask;    /**< [n, tokens], nonzero where a token counts; NULL: all count */
} effnn_batch;

/** A caller's own source. Append-only; `version` 1. */
typedef struct effnn_dataset_source {
    uint32_t version;         /**< 1 */
    void *user;               /**< first argument of the callbacks */
    uint64_t count;           /**< number of samples */
    size_t n_inputs;          /**< inputs of each sample */
    const char *const *names; /**< [n_inputs] names of the model's inputs; NULL: by position */
    /** Put new tensors of the n samples first, first + 1, … into the entries of `batch->inputs`
     *  (NULL before), `targets` and `mask`; other fields stay as they are. Nonzero: the callback
     *  failed. */
    int (*read)(void *user, uint64_t first, size_t n, effnn_batch *batch);
    void (*destroy)(void *user); /**< at the dataset's end; may be NULL */
} effnn_dataset_source;

/** A dataset over a caller's callbacks. @return EFFNN_OK; EFFNN_E_ARG; EFFNN_E_NOMEM. On failure
 *  `destroy` is not called. */
EFFNN_API effnn_status effnn_dataset_create(effnn_dataset **out, effnn_context *context,
                                            const effnn_dataset_source *source);

/**
 * A dataset over tensors whose first dimension counts the samples; shares their storage.
 *
 * @param[out] out  owned by the caller; untouched on failure.
 * @param context  NULL: the default.
 * @param names    [n_inputs] or NULL: by position.
 * @param n_inputs number of inputs.
 * @param inputs   [n_inputs], each [count, …].
 * @param targets  [count, …], or NULL.
 * @param mask     [count, tokens], or NULL.
 * @return EFFNN_OK; EFFNN_E_SHAPE if the counts differ; EFFNN_E_ARG; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_dataset_create_from_tensors(
    effnn_dataset **out, effnn_context *context, const char *const *names,
    effnn_tensor *const *inputs, size_t n_inputs, effnn_tensor *targets, effnn_tensor *mask);

/** Free; NULL is allowed. */
EFFNN_API void effnn_dataset_destroy(effnn_dataset *self);

/** Number of samples. */
EFFNN_API uint64_t effnn_dataset_count(const effnn_dataset *self);
/** Number of inputs of a sample. */
EFFNN_API size_t effnn_dataset_input_count(const effnn_dataset *self);
/** Name of input i, borrowed; NULL: by position. */
EFFNN_API const char *effnn_dataset_input_name_at(const effnn_dataset *self, size_t i);

/**
 * Read samples first … first + n - 1.
 *
 * @param self   the dataset.
 * @param first  index of the first sample.
 * @param n      number of samples.
 * @param[out] out  `inputs` must point to effnn_dataset_input_count() entries; all tensors are new
 *                  and owned by the caller (effnn_batch_clear() releases them); untouched on
 * failure.
 * @return EFFNN_OK; EFFNN_E_ARG past the end; EFFNN_E_IO; EFFNN_E_USER; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_dataset_read(effnn_batch *out, effnn_dataset *self, uint64_t first,
                                          size_t n);

/** Release a batch's tensors and set them to NULL. */
EFFNN_API void effnn_batch_clear(effnn_batch *batch);

#ifdef __cplusplus
}
#endif
#endif
