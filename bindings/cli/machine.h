/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_CLI_MACHINE_H
#define EFFNN_CLI_MACHINE_H

/* The roof that times are held against: the least time of a node is that of its arithmetic or of
 * its memory traffic at the machine's best, whichever is longer. */

#include "cli.h"

typedef struct cli_machine {
    double flops;     /* floating-point operations a second in a product of f32 matrices */
    double bandwidth; /* bytes a second, read and written, of memory beyond the caches */
} cli_machine;

/* Measure (a few tenths of a second); an exit code. */
int cli_measure_machine(const cli *self, cli_machine *out);

/* Least time of a node by the roof / its time. Above 1 where data stay in caches. */
double cli_machine_fraction(const cli_machine *self, const effnn_node_profile *node);
#endif
