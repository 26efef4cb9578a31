/* SPDX-License-Identifier: BSD-3-Clause */
/* Running lowrank, and measuring what it did in plain loops in double. */

#include "transform/lowrank/lowrank_support.h"

#include "model/capture.h"
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>

/* Run on a clone with options "key=value …" in pairs ended by NULL; report and result are the
 * test's. data may be NULL. */
effnn_status lowrank_run(effnn_model **result, effnn_report **report, const effnn_model *model,
                         effnn_dataset *data, const char *const *options)
{
    effnn_transform_options call = EFFNN_TRANSFORM_OPTIONS_INIT;
    effnn_transform *method = NULL;
    effnn_model *clone = NULL;
    effnn_status status;

    call.data = data;
    call.batch = 5;
    ck_assert_ok(effnn_model_clone(&clone, model));
    ck_assert_ok(effnn_transform_create(&method, model->context, "lowrank"));
    for (; *options; options += 2)
        ck_assert_ok(effnn_transform_set(method, options[0], options[1]));
    status = effnn_transform_run(method, clone, &call, report);
    effnn_transform_destroy(method);
    if (status == EFFNN_OK && result)
        *result = clone;
    else
        effnn_model_destroy(clone);
    return status;
}

double lowrank_row_number(const effnn_report *report, const char *name, const char *key)
{
    double value = NAN;

    for (size_t i = 0; i < effnn_report_row_count(report); i++)
        if (strcmp(effnn_report_row_name_at(report, i), name) == 0)
            ck_assert_ok(effnn_report_row_get(&value, report, i, key));
    ck_assert_msg(!isnan(value), "no '%s' of site '%s'", key, name);
    return value;
}

double lowrank_number(const effnn_report *report, const char *path)
{
    double value = NAN;

    ck_assert_ok(effnn_report_get(&value, report, path));
    return value;
}

bool lowrank_has_row(const effnn_report *report, const char *name)
{
    for (size_t i = 0; i < effnn_report_row_count(report); i++)
        if (strcmp(effnn_report_row_name_at(report, i), name) == 0) return true;
    return false;
}

const effnn__site *lowrank_find_site(const effnn_site_list *list, const char *name)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].name, name) == 0) return &list->items[i];
    return NULL;
}

/* The matrix that a site stands for, [in, out], by the product of its factors if it has them. */
double *lowrank_matrix(const effnn_model *model, const char *name)
{
    effnn_site_list *list = NULL;
    char part[2][64];
    const effnn__site *whole, *u, *v;
    double *matrix, *a, *b;

    snprintf(part[0], sizeof part[0], "%s.lowrank_u", name);
    snprintf(part[1], sizeof part[1], "%s.lowrank_v", name);
    ck_assert_ok(effnn__site_list(&list, model));
    whole = lowrank_find_site(list, name);
    u = lowrank_find_site(list, part[0]);
    v = lowrank_find_site(list, part[1]);
    if (whole) {
        matrix = calloc((size_t)(whole->in * whole->out), sizeof *matrix);
        effnn__site_weight(matrix, whole, 0);
    } else {
        ck_assert_msg(u && v, "site '%s' is neither whole nor in factors", name);
        ck_assert_int_eq(u->out, v->in);
        matrix = calloc((size_t)(u->in * v->out), sizeof *matrix);
        a = calloc((size_t)(u->in * u->out), sizeof *a);
        b = calloc((size_t)(v->in * v->out), sizeof *b);
        effnn__site_weight(a, u, 0);
        effnn__site_weight(b, v, 0);
        for (int64_t i = 0; i < u->in; i++)
            for (int64_t r = 0; r < u->out; r++)
                for (int64_t j = 0; j < v->out; j++)
                    matrix[i * v->out + j] += a[i * u->out + r] * b[r * v->out + j];
        free(a);
        free(b);
    }
    effnn_site_list_destroy(list);
    return matrix;
}

/* What measures a site: Σ over samples of ‖X Ŵ - X W‖² / ‖X W‖², in double. */
typedef struct meter {
    const effnn__site *site;
    const double *w, *w_hat;
    double sum;
    size_t samples;
} meter;

static effnn_status measure_event(void *user, const effnn__capture_event *event)
{
    meter *self = user;
    const size_t n_in = (size_t)self->site->in, n_out = (size_t)self->site->out;
    float *x = calloc(effnn__capture_rows(self->site, event) * n_in, sizeof *x);
    size_t rows = 0;

    for (size_t s = 0; s < event->n; s++, self->samples++) {
        double off = 0.0, norm = 0.0;

        ck_assert_ok(effnn__capture_input(x, &rows, self->site, 0, event, s));
        for (size_t r = 0; r < rows; r++)
            for (size_t o = 0; o < n_out; o++) {
                double z = 0.0, z_hat = 0.0;

                for (size_t i = 0; i < n_in; i++) {
                    z += (double)x[r * n_in + i] * self->w[i * n_out + o];
                    z_hat += (double)x[r * n_in + i] * self->w_hat[i * n_out + o];
                }
                off += (z_hat - z) * (z_hat - z);
                norm += z * z;
            }
        self->sum += off / norm;
    }
    free(x);
    return EFFNN_OK;
}

/* Mean normalised error of a site's output when its weight, and nothing else, is as in `changed`.
 */
double lowrank_measured_error(const effnn_model *model, const effnn_model *changed,
                              effnn_dataset *data, const char *name)
{
    const effnn__capture_options options = { .batch = 5, .stage = "test" };
    effnn_site_list *list = NULL;
    double *w = lowrank_matrix(model, name), *w_hat = lowrank_matrix(changed, name);
    meter meter_ = { .w = w, .w_hat = w_hat };

    ck_assert_ok(effnn__site_list(&list, model));
    meter_.site = lowrank_find_site(list, name);
    ck_assert_ok(effnn__capture_run(model, data, (effnn__node *const[]){ meter_.site->node }, 1,
                                    &options, measure_event, &meter_));
    effnn_site_list_destroy(list);
    free(w);
    free(w_hat);
    return meter_.sum / (double)meter_.samples;
}

const lowrank_target lowrank_targets[LOWRANK_N_TARGETS] = {
    { test_model_mlp, "fc1" },     { test_model_mlp, "fc2" },    { test_model_cnn, "stem" },
    { test_model_cnn, "wide" },    { test_model_cnn, "point" },  { test_model_cnn, "head" },
    { test_model_tokens, "fc1" },  { test_model_tokens, "fc2" }, { test_model_tokens, "embed" },
    { test_model_tokens, "head" },
};
