/* SPDX-License-Identifier: BSD-3-Clause */
/* A model as an ONNX file. The messages point into the model and its tensors, and protobuf-c packs
 * them straight into the file, so that writing takes little memory beside the model's. The same
 * model gives the same bytes. */

#include "io/onnx/onnx_write.h"

#include "base/alloc.h"
#include "base/file.h"
#include "io/onnx/onnx_model.h"
#include "tensor/tensor.h"

#include <string.h>

#define OPSET_MIN   13
#define OPSET_MAX   21
#define OPSET_4_BIT 21 /* the first with 4-bit elements */

effnn_status effnn__onnx_own(effnn__onnx_output *self, void **out, size_t n, size_t size)
{
    void *memory = effnn__alloc_array(n, size);
    effnn_status status;

    if (!memory) return effnn__fail_nomem("ONNX file", n * size);
    status = effnn__vec_push(&self->root->owned, memory);
    if (status != EFFNN_OK) {
        effnn__free(memory);
        return status;
    }
    *out = memory;
    return EFFNN_OK;
}

effnn_status effnn__onnx_own_text(effnn__onnx_output *self, char **out, const char *text)
{
    const size_t size = strlen(text) + 1;
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, size, 1));
    memcpy(memory, text, size);
    *out = memory;
    return EFFNN_OK;
}

effnn_status effnn__onnx_write_import(effnn__onnx_output *self, const char *domain, int64_t version)
{
    Onnx__OperatorSetIdProto *import;
    void *memory = NULL;

    if (!domain) domain = "";
    self = self->root;
    for (size_t i = 0; i < self->imports.n; i++) {
        import = self->imports.items[i];
        if (strcmp(import->domain, domain) != 0) continue;
        if (import->version < version) import->version = version;
        return EFFNN_OK;
    }
    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *import));
    import = memory;
    onnx__operator_set_id_proto__init(import);
    EFFNN_TRY(effnn__onnx_own_text(self, &import->domain, domain));
    import->has_version = 1;
    import->version = version;
    return effnn__vec_push(&self->imports, import);
}

/* ---- tensors ---- */

/* Keep a contiguous tensor over the same elements until the file is made. */
static effnn_status keep_tensor(effnn__onnx_output *self, const effnn_tensor **out,
                                const effnn_tensor *tensor)
{
    effnn_tensor *dense = NULL;
    effnn_status status;

    EFFNN_TRY(effnn__tensor_contiguous(&dense, tensor));
    status = effnn__vec_push(&self->root->tensors, dense);
    if (status != EFFNN_OK) {
        effnn_tensor_release(dense);
        return status;
    }
    *out = dense;
    return EFFNN_OK;
}

effnn_status effnn__onnx_write_tensor(effnn__onnx_output *self, Onnx__TensorProto **out,
                                      const char *name, const effnn_tensor *tensor)
{
    const effnn_dtype dtype = effnn_tensor_dtype(tensor);
    const size_t rank = effnn_tensor_rank(tensor);
    Onnx__TensorProto *proto;
    void *memory = NULL;

    if (effnn_dtype_bits(dtype) < 8 && self->opset < OPSET_4_BIT)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "tensor '%s': %s can be written at opset %d or later, not %u", name,
                           effnn_dtype_name(dtype), OPSET_4_BIT, self->opset);
    EFFNN_TRY(keep_tensor(self, &tensor, tensor));
    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *proto));
    proto = memory;
    onnx__tensor_proto__init(proto);
    EFFNN_TRY(effnn__onnx_own_text(self, &proto->name, name));
    EFFNN_TRY(effnn__onnx_own(self, &memory, rank, sizeof *proto->dims));
    if (rank) memcpy(memory, effnn_tensor_dims(tensor), rank * sizeof *proto->dims);
    proto->dims = memory;
    proto->n_dims = rank;
    proto->has_data_type = 1;
    proto->data_type = (int32_t)effnn__dtype_to_onnx(dtype);
    proto->has_raw_data = 1;
    proto->raw_data.len = effnn_tensor_bytes(tensor);
    proto->raw_data.data = (uint8_t *)(uintptr_t)effnn_tensor_data(tensor);
    *out = proto;
    return EFFNN_OK;
}

/* Note the values that the nodes written read. */
static effnn_status note_reads(effnn__map *out, const effnn__vec *nodes)
{
    for (size_t i = 0; i < nodes->n; i++) {
        const Onnx__NodeProto *node = nodes->items[i];
        for (size_t j = 0; j < node->n_input; j++)
            if (*node->input[j]) EFFNN_TRY(effnn__map_set(out, node->input[j], out));
    }
    return EFFNN_OK;
}

/* The graph's constants, in front of those that rows added; without the ones whose only readers
 * have them as an attribute in ONNX. */
static effnn_status write_constants(effnn__onnx_output *self, const effnn__map *reads)
{
    const effnn__graph *graph = self->graph;
    effnn__vec added = self->initialisers;
    effnn_status status = EFFNN_OK;

    self->initialisers = (effnn__vec){ 0 };
    for (size_t i = 0; i < graph->values.n && status == EFFNN_OK; i++) {
        const effnn__value *value = effnn__graph_value(graph, i);
        Onnx__TensorProto *proto = NULL;
        if (!value->constant) continue;
        if (value->n_uses && !value->is_output && !effnn__map_get(reads, value->name) &&
            !effnn__map_get(&self->captured, value->name))
            continue;
        status = effnn__onnx_write_tensor(self, &proto, value->name, value->constant);
        if (status == EFFNN_OK) status = effnn__vec_push(&self->initialisers, proto);
    }
    for (size_t i = 0; i < added.n && status == EFFNN_OK; i++)
        status = effnn__vec_push(&self->initialisers, added.items[i]);
    effnn__vec_clear(&added);
    return status;
}

static effnn_status write_initialisers(effnn__onnx_output *self)
{
    effnn__map reads = { 0 };
    effnn_status status = note_reads(&reads, &self->nodes);

    if (status == EFFNN_OK) status = write_constants(self, &reads);
    effnn__map_clear(&reads);
    return status;
}

/* ---- inputs and outputs ---- */

/* A size: a number, a name, or nothing for a symbol that never had a name. */
static effnn_status write_dim(effnn__onnx_output *self, Onnx__TensorShapeProto__Dimension *dim,
                              effnn__sym size)
{
    const effnn__symbols *symbols = self->graph->symbols;
    const char *symbol;
    void *text = NULL;
    size_t room;

    onnx__tensor_shape_proto__dimension__init(dim);
    if (effnn__sym_is_constant(size)) {
        dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE;
        dim->dim_value = size.offset;
        return EFFNN_OK;
    }
    if (effnn__symbol_is_fresh(symbols, size.symbol)) return EFFNN_OK;
    symbol = effnn__symbol_text(symbols, size.symbol);
    room = strlen(symbol) + 64; /* a factor, an offset and brackets */
    EFFNN_TRY(effnn__onnx_own(self, &text, room, 1));
    effnn__sym_print(text, room, symbols, size);
    dim->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_PARAM;
    dim->dim_param = text;
    return EFFNN_OK;
}

static effnn_status write_shape(effnn__onnx_output *self, Onnx__TensorShapeProto **out,
                                const effnn__value_info *info)
{
    struct shape_memory {
        Onnx__TensorShapeProto proto;
        Onnx__TensorShapeProto__Dimension *list[EFFNN_MAX_RANK], dims[EFFNN_MAX_RANK];
    } * shape;
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *shape));
    shape = memory;
    onnx__tensor_shape_proto__init(&shape->proto);
    for (size_t i = 0; i < info->rank; i++) {
        shape->list[i] = &shape->dims[i];
        EFFNN_TRY(write_dim(self, &shape->dims[i], info->dims[i]));
    }
    shape->proto.dim = shape->list;
    shape->proto.n_dim = info->rank;
    *out = &shape->proto;
    return EFFNN_OK;
}

/* A shape of which only the rank is known. */
static effnn_status write_open_shape(effnn__onnx_output *self, Onnx__TensorShapeProto **out,
                                     size_t rank)
{
    effnn__value_info info = { .rank = rank };

    EFFNN_TRY(write_shape(self, out, &info));
    for (size_t i = 0; i < rank; i++)
        (*out)->dim[i]->value_case = ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE__NOT_SET;
    return EFFNN_OK;
}

static effnn_status write_value(effnn__onnx_output *self, Onnx__ValueInfoProto **out,
                                const effnn__value *value)
{
    struct value_memory {
        Onnx__ValueInfoProto proto;
        Onnx__TypeProto type;
        Onnx__TypeProto__Tensor tensor;
    } * made;
    void *memory = NULL;

    if (!value->info.has_dtype)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "value '%s': its element type is not known",
                           value->name);
    EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof *made));
    made = memory;
    onnx__value_info_proto__init(&made->proto);
    onnx__type_proto__init(&made->type);
    onnx__type_proto__tensor__init(&made->tensor);
    EFFNN_TRY(effnn__onnx_own_text(self, &made->proto.name, value->name));
    made->proto.type = &made->type;
    made->type.value_case = ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE;
    made->type.tensor_type = &made->tensor;
    made->tensor.has_elem_type = 1;
    made->tensor.elem_type = (int32_t)effnn__dtype_to_onnx(value->info.dtype);
    if (value->info.has_shape)
        EFFNN_TRY(write_shape(self, &made->tensor.shape, &value->info));
    else if (value->has_declared_rank)
        EFFNN_TRY(write_open_shape(self, &made->tensor.shape, value->declared_rank));
    *out = &made->proto;
    return EFFNN_OK;
}

static effnn_status write_values(effnn__onnx_output *self, Onnx__ValueInfoProto ***out,
                                 const effnn__vec *values)
{
    void *memory = NULL;
    Onnx__ValueInfoProto **list;

    EFFNN_TRY(effnn__onnx_own(self, &memory, values->n, sizeof *list));
    list = memory;
    for (size_t i = 0; i < values->n; i++) EFFNN_TRY(write_value(self, &list[i], values->items[i]));
    *out = list;
    return EFFNN_OK;
}

/* ---- the file ---- */

effnn_status effnn__onnx_write_graph(effnn__onnx_output *self, Onnx__GraphProto *out, char *name)
{
    const effnn__graph *graph = self->graph;

    for (size_t i = 0; i < graph->nodes.n; i++)
        EFFNN_TRY(effnn__onnx_write_node(self, effnn__graph_node(graph, i)));
    EFFNN_TRY(write_initialisers(self));
    if (!self->outer) { /* a graph inside reads its inputs' names in the graph around it */
        EFFNN_TRY(write_values(self, &out->input, &graph->inputs));
        out->n_input = graph->inputs.n;
    }
    EFFNN_TRY(write_values(self, &out->output, &graph->outputs));
    out->name = name;
    out->n_output = graph->outputs.n;
    out->n_node = self->nodes.n;
    out->node = (Onnx__NodeProto **)self->nodes.items;
    out->n_initializer = self->initialisers.n;
    out->initializer = (Onnx__TensorProto **)self->initialisers.items;
    return EFFNN_OK;
}

/* The IR version that came with an opset. */
static int64_t ir_version(uint32_t opset)
{
    return opset < 15 ? 7 : opset < 19 ? 8 : opset < 21 ? 9 : 10;
}

static effnn_status write_metadata(effnn__onnx_output *self, Onnx__ModelProto *out)
{
    const effnn_model *model = self->model;
    Onnx__StringStringEntryProto **list;
    void *memory = NULL;

    EFFNN_TRY(effnn__onnx_own(self, &memory, model->n_metadata, sizeof *list));
    list = memory;
    for (size_t i = 0; i < model->n_metadata; i++) {
        EFFNN_TRY(effnn__onnx_own(self, &memory, 1, sizeof **list));
        list[i] = memory;
        onnx__string_string_entry_proto__init(list[i]);
        list[i]->key = model->metadata[i].key;
        list[i]->value = model->metadata[i].value;
    }
    out->metadata_props = list;
    out->n_metadata_props = model->n_metadata;
    return EFFNN_OK;
}

static effnn_status write_model(effnn__onnx_output *self, Onnx__ModelProto *out)
{
    static char name[] = "main";

    out->has_ir_version = 1;
    out->ir_version = ir_version(self->opset);
    EFFNN_TRY(effnn__onnx_own_text(self, &out->producer_name, "libeffnn"));
    EFFNN_TRY(effnn__onnx_own_text(self, &out->producer_version, effnn_version()));
    EFFNN_TRY(write_metadata(self, out));
    EFFNN_TRY(effnn__onnx_write_import(self, "", self->opset));
    EFFNN_TRY(effnn__onnx_write_graph(self, out->graph, name));
    out->n_opset_import = self->imports.n;
    out->opset_import = (Onnx__OperatorSetIdProto **)self->imports.items;
    return EFFNN_OK;
}

/* Where protobuf-c's bytes go. */
typedef struct sink {
    ProtobufCBuffer base;
    effnn__writer *writer;
    effnn_status status; /* of the first failure */
} sink;

static void append(ProtobufCBuffer *buffer, size_t n, const uint8_t *data)
{
    sink *self = (sink *)(void *)buffer;

    if (self->status == EFFNN_OK) self->status = effnn__writer_add(self->writer, data, n);
}

/* The model's own file, complete but not there yet. */
static effnn_status write_file(effnn__writer **out, const Onnx__ModelProto *proto, const char *path)
{
    const size_t size = onnx__model_proto__get_packed_size(proto);
    sink to = { .base = { append } };

    if (size > INT32_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED,
                           "'%s' would have %zu bytes without its parameters, an ONNX file at "
                           "most %d",
                           path, size, INT32_MAX);
    EFFNN_TRY(effnn__writer_create(&to.writer, path));
    onnx__model_proto__pack_to_buffer(proto, &to.base);
    if (to.status == EFFNN_OK) to.status = effnn__writer_finish(to.writer);
    if (to.status != EFFNN_OK) {
        effnn__writer_abandon(to.writer);
        return to.status;
    }
    *out = to.writer;
    return EFFNN_OK;
}

/* The file of the elements outside; NULL if there are none. */
static effnn_status write_data(effnn__writer **out, const effnn__onnx_output *self,
                               const char *path)
{
    effnn__writer *writer = NULL;
    effnn_status status;

    if (self->outside.n == 0) return EFFNN_OK;
    EFFNN_TRY(effnn__writer_create(&writer, path));
    status = effnn__onnx_write_outside(self, writer);
    if (status == EFFNN_OK) status = effnn__writer_finish(writer);
    if (status != EFFNN_OK) {
        effnn__writer_abandon(writer);
        return status;
    }
    *out = writer;
    return EFFNN_OK;
}

/* "<path>.data"; by effnn__free. */
static effnn_status data_path_of(char **out, const char *path)
{
    const size_t n = strlen(path);
    char *text = effnn__alloc(n + sizeof ".data");

    if (!text) return effnn__fail_nomem(path, n + sizeof ".data");
    memcpy(text, path, n);
    memcpy(text + n, ".data", sizeof ".data");
    *out = text;
    return EFFNN_OK;
}

/* Both files are whole and on disk before the first takes its place. */
static effnn_status write_files(effnn__onnx_output *self, const Onnx__ModelProto *proto,
                                const char *path, bool external)
{
    const char *slash = strrchr(path, '/');
    char *data_path = NULL;
    effnn__writer *model = NULL, *data = NULL;
    effnn_status status = data_path_of(&data_path, path);

    if (status == EFFNN_OK && (external || onnx__model_proto__get_packed_size(proto) > INT32_MAX))
        status = effnn__onnx_place_outside(self, data_path + (slash ? slash + 1 - path : 0));
    if (status == EFFNN_OK) status = write_data(&data, self, data_path);
    if (status == EFFNN_OK) status = write_file(&model, proto, path);
    if (status == EFFNN_OK && data) {
        status = effnn__writer_commit(data);
        data = NULL;
    }
    if (status == EFFNN_OK) {
        status = effnn__writer_commit(model);
        model = NULL;
    }
    effnn__writer_abandon(data);
    effnn__writer_abandon(model);
    effnn__free(data_path);
    return status;
}

static void clear_output(effnn__onnx_output *self)
{
    for (size_t i = 0; i < self->owned.n; i++) effnn__free(self->owned.items[i]);
    for (size_t i = 0; i < self->tensors.n; i++) effnn_tensor_release(self->tensors.items[i]);
    effnn__vec_clear(&self->owned);
    effnn__vec_clear(&self->tensors);
    effnn__vec_clear(&self->nodes);
    effnn__vec_clear(&self->initialisers);
    effnn__vec_clear(&self->imports);
    effnn__vec_clear(&self->outside);
    effnn__map_clear(&self->taken);
    effnn__map_clear(&self->captured);
}

static effnn_status save(const effnn_model *model, const char *path, uint32_t opset, bool external)
{
    effnn__onnx_output self = { .model = model, .graph = model->graph, .opset = opset };
    Onnx__ModelProto proto = ONNX__MODEL_PROTO__INIT;
    Onnx__GraphProto graph = ONNX__GRAPH_PROTO__INIT;
    effnn_status status;

    if (opset < OPSET_MIN || opset > OPSET_MAX)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': opset %u, %d to %d can be written", path,
                           opset, OPSET_MIN, OPSET_MAX);
    if (model->graph->outputs.n == 0)
        return effnn__fail(EFFNN_E_UNSUPPORTED, "'%s': a model without outputs is no ONNX graph",
                           path);
    self.root = &self;
    proto.graph = &graph;
    status = write_model(&self, &proto);
    if (status == EFFNN_OK) status = write_files(&self, &proto, path, external);
    clear_output(&self);
    return status;
}

effnn_status effnn__onnx_save(const effnn_model *model, const char *path, uint32_t opset)
{
    return save(model, path, opset, false);
}

effnn_status effnn__onnx_save_external(const effnn_model *model, const char *path, uint32_t opset)
{
    return save(model, path, opset, true);
}
