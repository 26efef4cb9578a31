/* SPDX-License-Identifier: BSD-3-Clause */
/* Build a model node by node, as a framework that embeds the library would, and run it.
 *
 *     cc 02_build_by_hand.c $(pkg-config --cflags --libs effnn) -o build_by_hand
 */

#include <effnn/effnn.h>

#include <stdio.h>

/* A parameter of ones, divided by `scale`. */
static effnn_status add_parameter(effnn_model *model, const char *name, int64_t rows,
                                  int64_t columns, float scale)
{
    effnn_tensor *tensor = NULL;
    void *data;
    effnn_status status =
        effnn_tensor_create(&tensor, NULL, EFFNN_F32, 2, (int64_t[]){ rows, columns });

    if (status == EFFNN_OK) status = effnn_tensor_data_mut(&data, tensor);
    if (status == EFFNN_OK) {
        for (int64_t i = 0; i < rows * columns; i++) ((float *)data)[i] = 1.0f / scale;
        status = effnn_model_add_parameter(model, name, tensor);
    }
    effnn_tensor_release(tensor); /* the model shares the storage */
    return status;
}

static effnn_status add_node(effnn_model *model, const char *op, const char *attrs, const char *a,
                             const char *b, const char *result)
{
    const char *inputs[] = { a, b };
    const char *outputs[] = { result };
    effnn_node node = EFFNN_NODE_INIT;

    node.op = op;
    node.attrs = attrs;
    node.inputs = inputs;
    node.n_inputs = b ? 2 : 1;
    node.outputs = outputs;
    node.n_outputs = 1;
    return effnn_model_add_node(model, &node);
}

/* softmax(gelu(x · w1) · w2) for x of [N, 4]. */
static effnn_status build(effnn_model *model)
{
    const int64_t dims[] = { -1, 4 };
    const char *symbols[] = { "N", NULL };
    effnn_status status = effnn_model_add_input(model, "x", EFFNN_F32, 2, dims, symbols);

    if (status == EFFNN_OK) status = add_parameter(model, "w1", 4, 8, 4.0f);
    if (status == EFFNN_OK) status = add_parameter(model, "w2", 8, 2, 8.0f);
    if (status == EFFNN_OK) status = add_node(model, "matmul", NULL, "x", "w1", "h");
    if (status == EFFNN_OK) status = add_node(model, "gelu", NULL, "h", NULL, "a");
    if (status == EFFNN_OK) status = add_node(model, "matmul", NULL, "a", "w2", "z");
    if (status == EFFNN_OK) status = add_node(model, "softmax", "axis=-1", "z", NULL, "p");
    if (status == EFFNN_OK) status = effnn_model_add_output(model, "p");
    return status;
}

static effnn_status run(const effnn_model *model)
{
    float x[3][4] = { { 1, 2, 3, 4 }, { 0, 0, 0, 0 }, { -1, -1, -1, -1 } };
    effnn_session *session = NULL;
    effnn_tensor *input = NULL, *output = NULL;
    effnn_status status = effnn_session_create(&session, model, NULL);

    if (status == EFFNN_OK)
        status = effnn_tensor_wrap(&input, NULL, x, EFFNN_F32, 2, (int64_t[]){ 3, 4 }, NULL, NULL);
    if (status == EFFNN_OK) status = effnn_session_run(session, &input, &output, NULL);
    if (status == EFFNN_OK) {
        const float *p = effnn_tensor_data(output);

        for (int i = 0; i < 3; i++)
            printf("sample %d: %.4f %.4f\n", i, (double)p[2 * i], (double)p[2 * i + 1]);
    }
    effnn_tensor_release(output);
    effnn_tensor_release(input);
    effnn_session_destroy(session);
    return status;
}

int main(void)
{
    effnn_model *model = NULL;
    effnn_status status = effnn_model_create(&model, NULL);

    if (status == EFFNN_OK) status = build(model);
    if (status == EFFNN_OK) status = run(model);
    if (status != EFFNN_OK) fprintf(stderr, "%s\n", effnn_last_error());
    effnn_model_destroy(model);
    return status != EFFNN_OK;
}
