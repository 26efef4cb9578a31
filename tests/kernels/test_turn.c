/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrices turned over, of every small size, within larger ones. */

#include "kernels/turn.h"
#include "support/arrays.h"
#include "support/suite.h"

START_TEST(every_size_is_turned_and_nothing_else_is_touched)
{
    enum { MOST = 13, FROM_ROW = 17, TO_ROW = 15 };
    float *const from = random_f32(MOST * FROM_ROW, 1);

    for (size_t rows = 0; rows <= MOST; rows++)
        for (size_t columns = 0; columns <= MOST; columns++) {
            float *const before = random_f32(MOST * TO_ROW, 2), *to = random_f32(MOST * TO_ROW, 2);

            effnn__turn_f32(to, TO_ROW, from, FROM_ROW, rows, columns);
            for (size_t j = 0; j < MOST; j++)
                for (size_t i = 0; i < TO_ROW; i++)
                    ck_assert(to[j * TO_ROW + i] == (i < rows && j < columns
                                                         ? from[i * FROM_ROW + j]
                                                         : before[j * TO_ROW + i]));
            free(before);
            free(to);
        }
    free(from);
}
END_TEST

SUITE("turn", NULL, NULL, every_size_is_turned_and_nothing_else_is_touched)
