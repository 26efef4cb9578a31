/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_LOWRANK_SUPPORT_H
#define EFFNN_TESTS_LOWRANK_SUPPORT_H

/* What the tests of lowrank on whole models share. */

#include "model/site.h"
#include "support/models.h"

#define OPTIONS(...)      \
    (const char *const[]) \
    {                     \
        __VA_ARGS__, NULL \
    }

/* Options that select one site alone, at an end or not. */
#define ONE_SITE(name) "only", name, "skip_first", "false", "skip_last", "false"

/* Run on a clone with options "key", "value", …; result and report (NULL: not wanted) are the
 * test's. data may be NULL. */
effnn_status lowrank_run(effnn_model **result, effnn_report **report, const effnn_model *model,
                         effnn_dataset *data, const char *const *options);

/* Numbers of a report; they must be there. */
double lowrank_row_number(const effnn_report *report, const char *name, const char *key);
double lowrank_number(const effnn_report *report, const char *path);
bool lowrank_has_row(const effnn_report *report, const char *name);

/* The site of a name, or NULL. */
const effnn__site *lowrank_find_site(const effnn_site_list *list, const char *name);

/* The matrix [in, out] that a site stands for, by the product of its factors if it has them; freed
 * by the test. */
double *lowrank_matrix(const effnn_model *model, const char *name);

/* Mean over samples of ‖X Ŵ - X W‖² / ‖X W‖², in double, for a site's inputs X in `model`, its W
 * there and its Ŵ in `changed`. */
double lowrank_measured_error(const effnn_model *model, const effnn_model *changed,
                              effnn_dataset *data, const char *name);

/* Sites of the tiny models that lowrank treats, of every operator and both shapes. */
typedef struct lowrank_target {
    test_model_fn make;
    const char *site;
} lowrank_target;
enum { LOWRANK_N_TARGETS = 10, LOWRANK_N_SAMPLES = 12 };
extern const lowrank_target lowrank_targets[LOWRANK_N_TARGETS];
#endif
