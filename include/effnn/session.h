/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_SESSION_H
#define EFFNN_SESSION_H

/** @file
 * Sessions: a model made ready to run.
 *
 * Made from a model by effnn_session_create(); run as often as wanted; freed by
 * effnn_session_destroy(). A session is a snapshot: later changes to the model do not reach it, and
 * the model may be destroyed first; at its first run the session then lets go of weights that it
 * has packed. One session is used by one thread at a time; several sessions, also of one model, may
 * run in several threads.
 */

#include <effnn/model.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A model made ready to run. */
typedef struct effnn_session effnn_session;

/** Options of effnn_session_create(). Append-only. */
typedef struct effnn_session_options {
    uint32_t version; /**< 1 */
    uint32_t
        keep_written; /**< 1: run the graph as it is, without the session's own optimisations */
    uint32_t profile; /**< 1: measure each node */
    uint32_t plans;   /**< how many input shapes stay planned; default 4 */
} effnn_session_options;

/** Defaults: optimised, no profile, 4 plans. */
#define EFFNN_SESSION_OPTIONS_INIT \
    {                              \
        1, 0, 0, 4                 \
    }

/** Create. @param[out] out  owned by the caller; untouched on failure.
 *  @param model    not changed.
 *  @param options  NULL: EFFNN_SESSION_OPTIONS_INIT.
 *  @return EFFNN_OK; EFFNN_E_ARG; EFFNN_E_STATE for a model without outputs; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_session_create(effnn_session **out, const effnn_model *model,
                                            const effnn_session_options *options);

/** Free; NULL is allowed. */
EFFNN_API void effnn_session_destroy(effnn_session *self);

/** Number of inputs / outputs, and their places by name (-1: no such name). */
EFFNN_API size_t effnn_session_input_count(const effnn_session *self);
/** Number of outputs. */
EFFNN_API size_t effnn_session_output_count(const effnn_session *self);
/** Place of an input by name; -1: none. */
EFFNN_API int effnn_session_find_input(const effnn_session *self, const char *name);
/** Place of an output by name; -1: none. */
EFFNN_API int effnn_session_find_output(const effnn_session *self, const char *name);

/** Options of effnn_session_run(). Append-only. */
typedef struct effnn_run_options {
    uint32_t version;           /**< 1 */
    effnn_progress_fn progress; /**< asked between nodes whether to stop; NULL: none */
    void *progress_user;        /**< its first argument */
} effnn_run_options;

/** Defaults: no progress. */
#define EFFNN_RUN_OPTIONS_INIT \
    {                          \
        1, NULL, NULL          \
    }

/**
 * Run once.
 *
 * The first run with new input shapes plans them; later ones allocate nothing if all outputs are
 * given and the inputs are contiguous.
 *
 * @param      self     the session.
 * @param      inputs   [effnn_session_input_count()] in the model's order, any strides.
 * @param[in,out] outputs [effnn_session_output_count()]: a NULL entry becomes a new tensor owned by
 *                      the caller; a tensor is written to, must have the right dtype and shape, be
 *                      contiguous, and be neither an input nor another output.
 * @param      options  NULL: EFFNN_RUN_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_SHAPE or EFFNN_E_ARG for inputs or outputs that do not fit;
 *         EFFNN_E_CANCELLED; EFFNN_E_USER; EFFNN_E_NOMEM. On failure NULL entries stay NULL and the
 *         contents of given outputs are undefined.
 */
EFFNN_API effnn_status effnn_session_run(effnn_session *self, effnn_tensor *const *inputs,
                                         effnn_tensor **outputs, const effnn_run_options *options);

/** Memory of a session in bytes, for the shapes run last. */
typedef struct effnn_session_memory {
    uint32_t version;   /**< 1; set by the caller */
    uint64_t arena;     /**< values between nodes */
    uint64_t scratch;   /**< working memory of the operators */
    uint64_t packed;    /**< constants in a kernel's layout */
    uint64_t constants; /**< parameters that are not packed, shared with the model where it still
                             has them */
} effnn_session_memory;

/** Tell the memory. @return EFFNN_OK; EFFNN_E_STATE before the first run. */
EFFNN_API effnn_status effnn_session_get_memory(effnn_session_memory *out,
                                                const effnn_session *self);

/** Measurement of one node of the session's own graph. */
typedef struct effnn_node_profile {
    uint32_t version; /**< 2, or 1 for a struct that ends with `runs`; set by the caller */
    const char *name; /**< borrowed, as long as the session */
    const char *op;   /**< borrowed, static */
    double seconds;   /**< over all runs since the session was made */
    double macs;      /**< of one run with the shapes run last */
    uint64_t runs;    /**< number of runs */
    double flops;     /**< floating-point operations beside the MACs, of one run */
    double bytes;     /**< read and written, of one run */
} effnn_node_profile;

/** Number of nodes of the session's own graph. */
EFFNN_API size_t effnn_session_node_count(const effnn_session *self);
/** Profile of node i. @return EFFNN_OK; EFFNN_E_ARG past the last; EFFNN_E_STATE without `profile`.
 */
EFFNN_API effnn_status effnn_session_profile_at(effnn_node_profile *out, const effnn_session *self,
                                                size_t i);

#ifdef __cplusplus
}
#endif
#endif
