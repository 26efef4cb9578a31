/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_BRANCHES_H
#define EFFNN_TESTS_BRANCHES_H

/* A node `if` for tests: c ? relu(h) : sum of h over its last axis, h = x · 2, x: f32[N,3]. */

#include "support/graphs.h"

typedef struct test_branches {
    effnn__graph *graph;
    effnn__value *x, *c, *h;
    effnn__node *node;
} test_branches;

/* With `condition` 0 or 1 the condition is a constant, with -1 it is an input. */
test_branches test_make_branches(int condition);
#endif
