/* SPDX-License-Identifier: BSD-3-Clause */
/* A program that knows libeffnn only by pkg-config: prints the version, fails if a call does. */

#include <effnn/effnn.h>

#include <stdio.h>

int main(void)
{
    effnn_tensor *tensor = NULL;
    const int64_t dims[] = { 2, 3 };

    if (effnn_tensor_create(&tensor, NULL, EFFNN_F32, 2, dims) != EFFNN_OK) {
        fprintf(stderr, "%s\n", effnn_last_error());
        return 1;
    }
    printf("libeffnn %s, a tensor of %zu elements\n", effnn_version(), effnn_tensor_count(tensor));
    effnn_tensor_release(tensor);
    return 0;
}
