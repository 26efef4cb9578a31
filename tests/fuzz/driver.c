/* SPDX-License-Identifier: BSD-3-Clause */
/* Replays inputs through a fuzz target without libFuzzer: driver_<target> FILE_OR_FOLDER… Its last
 * line counts them; a broken rule ends it by a signal. */

#include "fuzz/harness.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    fuzz_bytes input = { 0 };
    unsigned char block[4096];
    size_t n;

    if (!file) {
        perror(path);
        return 1;
    }
    while ((n = fread(block, 1, sizeof block, file)) > 0) fuzz_bytes_add(&input, block, n);
    fclose(file);
    printf("%s: %zu bytes\n", path, input.n);
    fflush(stdout);
    LLVMFuzzerTestOneInput(input.data, input.n);
    free(input.data);
    return 0;
}

static int replay(const char *path)
{
    struct stat info;
    struct dirent **entries;
    int failed = 0, n;

    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) return replay_file(path);
    n = scandir(path, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char name[1024];

        snprintf(name, sizeof name, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.') failed |= replay(name);
        free(entries[i]);
    }
    if (n >= 0) free(entries);
    return failed;
}

int main(int argc, char **argv)
{
    int failed = 0;

    for (int i = 1; i < argc; i++) failed |= replay(argv[i]);
    printf("%s: %llu inputs, %llu loaded, %llu ran, %llu saved\n", fuzz_this_target.name,
           (unsigned long long)fuzz_totals.cases, (unsigned long long)fuzz_totals.loaded,
           (unsigned long long)fuzz_totals.ran, (unsigned long long)fuzz_totals.saved);
    return failed || fuzz_totals.cases == 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
