/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_MODEL_H
#define EFFNN_MODEL_H

/** @file
 * Models: a graph of operators with its parameters and metadata.
 *
 * A model is loaded by effnn_model_load() or built by effnn_model_create() and the add functions,
 * inspected, changed by transforms, run by sessions, saved by effnn_model_save(), and freed by
 * effnn_model_destroy(). It has one owner and is used by one thread at a time; const access from
 * several threads is safe.
 */

#include <effnn/base.h>
#include <effnn/tensor.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A graph with parameters. Made by load, create or clone, freed by effnn_model_destroy(). */
typedef struct effnn_model effnn_model;

/** Options of effnn_model_load(). Append-only. */
typedef struct effnn_load_options {
    uint32_t version;      /**< 1 */
    uint32_t keep_written; /**< 1: keep the file's own graph, do not bring it to canonical form */
} effnn_load_options;

/** Defaults: canonical form. */
#define EFFNN_LOAD_OPTIONS_INIT \
    {                           \
        1, 0                    \
    }

/**
 * Load a model file: ONNX (.onnx, opset 9 to 28, older ones as far as they go) with its graph, or
 * .safetensors, which holds parameters only and gives a model without nodes.
 * "zoo:NAME[,key=value]…[,weights=FILE]" in place of a path builds a network of the zoo (zoo.h)
 * with weights from a file or random ones.
 *
 * The graph is brought to canonical form: constants and shape arithmetic folded, the patterns that
 * exporters write recognised (docs/canonical-forms.md).
 *
 * @param[out] out      new model, owned by the caller; untouched on failure.
 * @param      context  NULL: the default; the model keeps a share.
 * @param      path     file to read, or a zoo URI.
 * @param      options  NULL: EFFNN_LOAD_OPTIONS_INIT.
 * @return EFFNN_OK; EFFNN_E_IO; EFFNN_E_FORMAT for a malformed or truncated file;
 *         EFFNN_E_UNSUPPORTED for an operator, opset or element type that is not known (the message
 *         names node and operator); EFFNN_E_SHAPE; EFFNN_E_ARG; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_model_load(effnn_model **out, effnn_context *context, const char *path,
                                        const effnn_load_options *options);

/** Options of effnn_model_save(). Append-only. */
typedef struct effnn_save_options {
    uint32_t version;  /**< 2; with 1 the fields from `external` on are not there */
    uint32_t opset;    /**< ONNX opset to write, 13 to 21; 0: the one that was read, brought into
                            that range, or 17 for a model that was built */
    uint32_t external; /**< 1: parameters of 1 KiB and more go into a file "<path>.data" beside an
                            ONNX file; 0: only if the ONNX file would pass 2 GiB */
} effnn_save_options;

/** Defaults: the opset that was read. */
#define EFFNN_SAVE_OPTIONS_INIT \
    {                           \
        2, 0, 0                 \
    }

/**
 * Save by the file name's extension: .onnx (graph, parameters, metadata) or .safetensors
 * (parameters and metadata). Written atomically: a file of that name is replaced by a whole one or
 * not at all. A model in two files has both on disk before the first takes its place.
 *
 * @return EFFNN_OK; EFFNN_E_IO; EFFNN_E_UNSUPPORTED for an extension, opset or operator that cannot
 *         be written; EFFNN_E_ARG; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_model_save(const effnn_model *self, const char *path,
                                        const effnn_save_options *options);

/** Create an empty model. @return EFFNN_OK; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_create(effnn_model **out, effnn_context *context);

/** Free; NULL is allowed. Tensors and sessions obtained from the model stay valid. */
EFFNN_API void effnn_model_destroy(effnn_model *self);

/** An independent model; parameter storage is shared until one of the two is changed. */
EFFNN_API effnn_status effnn_model_clone(effnn_model **out, const effnn_model *self);

/* ---- building ---- */

/**
 * Add an input.
 *
 * @param self     the model.
 * @param dtype    element type.
 * @param name     unique among the model's values.
 * @param rank     number of dimensions.
 * @param dims     [rank]; -1: open, given by each run.
 * @param symbols  [rank] names of the open dimensions (equal names are equal sizes), NULL entries
 *                 for others; NULL: every open dimension is one of its own.
 * @return EFFNN_OK; EFFNN_E_ARG for a name that is taken or a size below -1; EFFNN_E_NOMEM.
 */
EFFNN_API effnn_status effnn_model_add_input(effnn_model *self, const char *name, effnn_dtype dtype,
                                             size_t rank, const int64_t *dims,
                                             const char *const *symbols);

/** Add a parameter or constant; shares the tensor's storage. @return EFFNN_OK; EFFNN_E_ARG if the
 *  name is taken; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_add_parameter(effnn_model *self, const char *name,
                                                 effnn_tensor *tensor);

/** One node to add. Append-only; set `version` by EFFNN_NODE_INIT. */
typedef struct effnn_node {
    uint32_t version;           /**< 1 */
    const char *op;             /**< operator ("conv"; effnn_op_name_at() lists them) */
    const char *name;           /**< unique; NULL: made from `op` */
    const char *attrs;          /**< attributes "strides=2:2,pads=1:1:1:1"; NULL: defaults */
    const char *const *inputs;  /**< [n_inputs] names of values; NULL entries: absent */
    size_t n_inputs;            /**< number of inputs */
    const char *const *outputs; /**< [n_outputs] names for the results */
    size_t n_outputs;           /**< number of outputs */
} effnn_node;

/** All fields empty. */
#define EFFNN_NODE_INIT                       \
    {                                         \
        1, NULL, NULL, NULL, NULL, 0, NULL, 0 \
    }

/**
 * Add a node behind all others. Its results' shapes are inferred at once.
 *
 * @return EFFNN_OK; EFFNN_E_NOTFOUND for an operator, attribute or input that does not exist;
 *         EFFNN_E_ARG for a taken name or a bad attribute value; EFFNN_E_SHAPE; EFFNN_E_NOMEM. On
 *         failure the model is as before.
 */
EFFNN_API effnn_status effnn_model_add_node(effnn_model *self, const effnn_node *node);

/** Declare a value to be an output. @return EFFNN_OK; EFFNN_E_NOTFOUND; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_add_output(effnn_model *self, const char *name);

/**
 * Bring the graph to canonical form, as loading does; for models built by hand.
 *
 * @return EFFNN_OK; EFFNN_E_NOMEM or what folding a constant gave, and the model is as before.
 */
EFFNN_API effnn_status effnn_model_canonicalise(effnn_model *self);

/* ---- inspecting ---- */

/** An input or output. */
typedef struct effnn_value_spec {
    uint32_t version;             /**< 1; set by the caller */
    const char *name;             /**< borrowed, valid until the model changes */
    effnn_dtype dtype;            /**< element type */
    size_t rank;                  /**< number of dimensions */
    int64_t dims[EFFNN_MAX_RANK]; /**< sizes; -1: open */
    const char
        *symbols[EFFNN_MAX_RANK]; /**< names of open dimensions, borrowed likewise; else NULL */
    uint32_t has_shape; /**< 1; 0: the shape depends on data, its rank too; rank is then 0 */
} effnn_value_spec;

/** Number of inputs. */
EFFNN_API size_t effnn_model_input_count(const effnn_model *self);
/** Describe input i. @return EFFNN_OK; EFFNN_E_ARG past the last. */
EFFNN_API effnn_status effnn_model_input_at(effnn_value_spec *out, const effnn_model *self,
                                            size_t i);
/** Number of outputs. */
EFFNN_API size_t effnn_model_output_count(const effnn_model *self);
/** Describe output i. @return EFFNN_OK; EFFNN_E_ARG past the last. */
EFFNN_API effnn_status effnn_model_output_at(effnn_value_spec *out, const effnn_model *self,
                                             size_t i);

/** Number of nodes. */
EFFNN_API size_t effnn_model_node_count(const effnn_model *self);
/** Describe node i in execution order; all it points to is borrowed until the next call on this
 *  model. @return EFFNN_OK; EFFNN_E_ARG past the last; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_node_at(effnn_node *out, effnn_model *self, size_t i);

/** Number of parameters: constants of a floating-point type with more than one element. */
EFFNN_API size_t effnn_model_parameter_count(const effnn_model *self);
/** Name of parameter i; borrowed until the model changes; NULL past the last. */
EFFNN_API const char *effnn_model_parameter_name_at(const effnn_model *self, size_t i);
/** A parameter or other constant by name: a tensor over the model's storage, owned by the caller.
 *  @return EFFNN_OK; EFFNN_E_NOTFOUND; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_get_parameter(effnn_tensor **out, const effnn_model *self,
                                                 const char *name);
/** Give a parameter other contents of the same dtype and shape; shares the tensor's storage.
 *  @return EFFNN_OK; EFFNN_E_NOTFOUND; EFFNN_E_SHAPE; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_set_parameter(effnn_model *self, const char *name,
                                                 effnn_tensor *tensor);

/** Number of metadata entries. */
EFFNN_API size_t effnn_model_metadata_count(const effnn_model *self);
/** Key and value of entry i, borrowed until the metadata changes. @return EFFNN_OK; EFFNN_E_ARG. */
EFFNN_API effnn_status effnn_model_metadata_at(const char **key, const char **value,
                                               const effnn_model *self, size_t i);
/** Value of a key, borrowed; NULL if there is none. */
EFFNN_API const char *effnn_model_get_metadata(const effnn_model *self, const char *key);
/** Set an entry; value NULL removes it. @return EFFNN_OK; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_set_metadata(effnn_model *self, const char *key,
                                                const char *value);

/** Where a model came from: "onnx", "safetensors" or "built"; borrowed, static. */
EFFNN_API const char *effnn_model_format(const effnn_model *self);
/** Producer named by the file ("pytorch 2.13.0"), or ""; borrowed. */
EFFNN_API const char *effnn_model_producer(const effnn_model *self);
/** Opset that was read, or 0. */
EFFNN_API uint32_t effnn_model_opset(const effnn_model *self);

/** What a model costs, run once with open dimensions at 1 (one sample, if the batch is open). */
typedef struct effnn_cost {
    uint32_t version;         /**< 1; set by the caller */
    uint64_t parameters;      /**< elements of all parameters */
    uint64_t parameter_bytes; /**< as stored */
    double macs;              /**< multiply-accumulates of one run, open dimensions 1 */
    double bits_per_weight;   /**< mean bits of a parameter element */
} effnn_cost;

/** Cost of the model; `macs` is NaN if the model does not run with open dimensions at 1 or if what
 *  runs depends on data. Parameters of graphs that nodes hold (the branches of `if`) count.
 *  @return EFFNN_OK; EFFNN_E_ARG; EFFNN_E_NOMEM. */
EFFNN_API effnn_status effnn_model_cost(effnn_cost *out, const effnn_model *self);

/** Number of operators in the library. */
EFFNN_API size_t effnn_op_count(void);
/** Name of operator i; borrowed, static; NULL past the last. */
EFFNN_API const char *effnn_op_name_at(size_t i);
/** One line about operator i; borrowed, static; NULL past the last. */
EFFNN_API const char *effnn_op_summary_at(size_t i);

#ifdef __cplusplus
}
#endif
#endif
