/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_DATA_H
#define EFFNN_TESTS_DATA_H

/* Third-party models and data, which are not in the repository: in the directory that EFFNN_DATA
 * names, else in ../shared/data beside it. Tests that need them skip where they are missing. */

#include <stdio.h>
#include <stdlib.h>

/* The path of a file in the data directory in `buffer`, or NULL, said on stderr, if it is missing.
 */
static inline const char *test_data_path(char *buffer, size_t size, const char *name)
{
    const char *root = getenv("EFFNN_DATA");
    FILE *file;

    if (root)
        snprintf(buffer, size, "%s/%s", root, name);
    else
        snprintf(buffer, size, "%s/../../../shared/data/%s", EFFNN_GOLDEN_DIR, name);
    file = fopen(buffer, "rb");
    if (!file) {
        fprintf(stderr, "skipped: no '%s' (set EFFNN_DATA)\n", buffer);
        return NULL;
    }
    fclose(file);
    return buffer;
}
#endif
