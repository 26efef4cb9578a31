/* SPDX-License-Identifier: BSD-3-Clause */
/* Helpers of model_files.h. */

#include "support/model_files.h"

#include "base/alloc.h"
#include "base/str.h"
#include "support/tensor_assert.h"
#include "tensor/tensor.h"

#include <stdio.h>
#include <unistd.h>

#define MAX_VALUES 8

const char *test_golden_path(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/%s", EFFNN_GOLDEN_DIR, name);
    return path;
}

const char *test_scratch_path(const char *name)
{
    static char path[256];

    snprintf(path, sizeof path, "scratch_%ld_%s", (long)getpid(), name);
    return path;
}

effnn_model *test_load(const char *path, bool keep_written)
{
    const effnn_load_options options = { .version = 1, .keep_written = keep_written };
    effnn_model *model = NULL;

    ck_assert_ok(effnn_model_load(&model, NULL, path, &options));
    ck_assert_ok(effnn__graph_check(model->graph));
    return model;
}

effnn_model *test_load_golden(const char *name, bool keep_written)
{
    return test_load(test_golden_path(name), keep_written);
}

void test_refuse_golden(const char *format, const test_refusal *list, size_t n)
{
    const char *mark = strstr(format, "%s");

    ck_assert_ptr_nonnull(mark);
    for (size_t i = 0; i < n; i++) {
        effnn_model *model = NULL;
        char name[256];

        snprintf(name, sizeof name, "%.*s%s%s", (int)(mark - format), format, list[i].name,
                 mark + 2);
        ck_assert_fails_saying(list[i].status, list[i].saying,
                               effnn_model_load(&model, NULL, test_golden_path(name), NULL));
        ck_assert_ptr_null(model);
    }
}

/* ---- running ---- */

void test_model_run(effnn_tensor **outputs, const effnn_model *model, effnn_tensor *const *inputs)
{
    effnn_session *session = NULL;

    for (size_t i = 0; i < model->graph->outputs.n; i++) outputs[i] = NULL;
    ck_assert_ok(effnn_session_create(&session, model, NULL));
    ck_assert_ok(effnn_session_run(session, inputs, outputs, NULL));
    effnn_session_destroy(session);
}

void test_model_run_random(effnn_tensor **outputs, const effnn_model *model, int64_t open,
                           uint64_t seed)
{
    const effnn__vec *values = &model->graph->inputs;
    effnn_tensor *inputs[MAX_VALUES];
    effnn__shape shapes[MAX_VALUES];

    ck_assert_uint_le(values->n, MAX_VALUES);
    ck_assert_ok(effnn__model_input_shapes(shapes, model, open));
    for (size_t i = 0; i < values->n; i++) {
        const effnn__value *value = values->items[i];
        inputs[i] =
            test_tensor_random(NULL, value->info.dtype, shapes[i].rank, shapes[i].dims, seed + i);
    }
    test_model_run(outputs, model, inputs);
    for (size_t i = 0; i < values->n; i++) effnn_tensor_release(inputs[i]);
}

void test_assert_same_results(const effnn_model *a, const effnn_model *b)
{
    const size_t n = a->graph->outputs.n;
    effnn_tensor *x[MAX_VALUES], *y[MAX_VALUES];

    ck_assert_uint_le(n, MAX_VALUES);
    ck_assert_uint_eq(n, b->graph->outputs.n);
    for (int64_t open = 1; open <= 3; open += 2) {
        test_model_run_random(x, a, open, 11);
        test_model_run_random(y, b, open, 11);
        for (size_t i = 0; i < n; i++) {
            ck_assert_tensor_equal(x[i], y[i]);
            effnn_tensor_release(x[i]);
            effnn_tensor_release(y[i]);
        }
    }
}

/* ---- comparing ---- */

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The graph's text with its lines sorted, each ended by a line end; by free(). */
static char *sorted_text(const effnn_model *model)
{
    char *text = NULL, **lines, *out;
    size_t n = 0, size = 0;

    ck_assert_ok(effnn__graph_print(&text, model->graph));
    lines = malloc((strlen(text) + 1) * sizeof *lines);
    out = calloc(strlen(text) + 2, 1);
    ck_assert(lines && out);
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) lines[n++] = line;
    qsort(lines, n, sizeof *lines, compare_lines);
    for (size_t i = 0; i < n; i++) size += (size_t)sprintf(out + size, "%s\n", lines[i]);
    free(lines);
    effnn__free(text);
    return out;
}

void test_assert_same_graph(const effnn_model *a, const effnn_model *b)
{
    char *x = sorted_text(a), *y = sorted_text(b);

    ck_assert_str_eq(x, y);
    for (size_t i = 0; i < a->graph->values.n; i++) {
        const effnn__value *value = effnn__graph_value(a->graph, i);
        if (value->constant)
            ck_assert_tensor_equal(value->constant,
                                   effnn__graph_find_value(b->graph, value->name)->constant);
    }
    free(x);
    free(y);
}

/* Equal options, real numbers as far as ONNX's floats hold them. */
static void assert_same_attrs(const effnn__node *a, const effnn__node *b)
{
    for (const effnn_option_def *d = a->def->attrs; d && d->name; d++) {
        char *x, *y;
        double p, q;

        ck_assert_ok(effnn__options_get_text(a->def->attrs, a->attrs, d->name, &x));
        ck_assert_ok(effnn__options_get_text(b->def->attrs, b->attrs, d->name, &y));
        const bool are_numbers =
            d->type == EFFNN_OPT_F64 && effnn__parse_f64(x, &p) && effnn__parse_f64(y, &q);
        ck_assert_msg(are_numbers ? (float)p == (float)q : strcmp(x, y) == 0,
                      "node '%s': %s is %s, not %s", a->name, d->name, y, x);
        effnn__free(x);
        effnn__free(y);
    }
}

void test_assert_same_nodes(const effnn_model *a, const effnn_model *b)
{
    ck_assert_uint_eq(a->graph->nodes.n, b->graph->nodes.n);
    for (size_t i = 0; i < a->graph->nodes.n; i++) {
        const effnn__node *x = effnn__graph_node(a->graph, i);
        const effnn__node *y = effnn__graph_node(b->graph, i);
        ck_assert_str_eq(x->name, y->name);
        ck_assert_str_eq(x->def->name, y->def->name);
        assert_same_attrs(x, y);
        ck_assert_uint_eq(x->n_inputs, y->n_inputs);
        ck_assert_uint_eq(x->n_outputs, y->n_outputs);
        for (size_t j = 0; j < x->n_outputs; j++)
            if (x->outputs[j]) ck_assert_str_eq(x->outputs[j]->name, y->outputs[j]->name);
    }
}

/* ---- files ---- */

unsigned char *test_read_file(size_t *size, const char *path)
{
    FILE *file = fopen(path, "rb");
    unsigned char *data;
    long end;

    ck_assert_msg(file != NULL, "cannot open '%s'", path);
    ck_assert_int_eq(fseek(file, 0, SEEK_END), 0);
    end = ftell(file);
    ck_assert_int_ge(end, 0);
    rewind(file);
    data = malloc((size_t)end + 1);
    ck_assert_ptr_nonnull(data);
    ck_assert_uint_eq(fread(data, 1, (size_t)end, file), (size_t)end);
    fclose(file);
    *size = (size_t)end;
    return data;
}

void test_write_file(const char *path, const void *data, size_t size)
{
    FILE *file = fopen(path, "wb");

    ck_assert_msg(file != NULL, "cannot write '%s'", path);
    ck_assert_uint_eq(fwrite(data, 1, size, file), size);
    ck_assert_int_eq(fclose(file), 0);
}
