/* SPDX-License-Identifier: BSD-3-Clause */
/* CIFAR-10's binary version: records of a label byte and 3 × 32 × 32 bytes (red, green, blue
 * planes). A directory stands for its data_batch_*.bin or, with split=test, its test*.bin, in order
 * of name. */

#include "base/alloc.h"
#include "base/str.h"
#include "base/vec.h"
#include "io/dataset_files.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void free_paths(effnn__vec *paths)
{
    for (size_t i = 0; i < paths->n; i++) effnn__free(paths->items[i]);
    effnn__vec_clear(paths);
}

static effnn_status add_path(effnn__vec *paths, const char *directory, const char *name)
{
    char *path = name ? effnn__strprintf("%s/%s", directory, name) : effnn__strdup(directory);
    effnn_status status = EFFNN_E_NOMEM;

    if (path) status = effnn__vec_push(paths, path);
    if (status == EFFNN_OK) return EFFNN_OK;
    effnn__free(path);
    return effnn__fail_nomem("dataset", strlen(directory));
}

/* The files of a directory that match. */
static effnn_status list_directory(effnn__vec *paths, const char *directory, const char *glob)
{
    const size_t before = paths->n;
    effnn_status status = EFFNN_OK;
    DIR *dir = opendir(directory);

    if (!dir) return effnn__fail(EFFNN_E_IO, "'%s': %s", directory, strerror(errno));
    for (struct dirent *entry; status == EFFNN_OK && (entry = readdir(dir));)
        if (effnn__glob_match(glob, entry->d_name))
            status = add_path(paths, directory, entry->d_name);
    closedir(dir);
    if (status == EFFNN_OK && paths->n == before)
        status = effnn__fail(EFFNN_E_NOTFOUND, "'%s' has no file %s", directory, glob);
    if (status == EFFNN_OK)
        qsort(paths->items + before, paths->n - before, sizeof *paths->items, compare);
    return status;
}

static effnn_status open_cifar10(effnn_dataset **out, effnn_context *context,
                                 const effnn__dataset_spec *spec)
{
    const bool test = spec->split && strcmp(spec->split, "test") == 0;
    effnn__vec paths = { 0 };
    effnn_status status = EFFNN_OK;

    if (spec->split && !test && strcmp(spec->split, "train") != 0)
        return effnn__fail(EFFNN_E_ARG, "cifar10: split '%s' is none of train, test", spec->split);
    for (size_t i = 0; i < spec->n_paths && status == EFFNN_OK; i++) {
        struct stat info;

        if (stat(spec->paths[i], &info) != 0)
            status = effnn__fail(EFFNN_E_IO, "'%s': %s", spec->paths[i], strerror(errno));
        else if (S_ISDIR(info.st_mode))
            status =
                list_directory(&paths, spec->paths[i], test ? "test*.bin" : "data_batch_*.bin");
        else
            status = add_path(&paths, spec->paths[i], NULL);
    }
    if (status == EFFNN_OK) {
        const effnn__records_layout layout = {
            .n_paths = paths.n,
            .paths = (const char *const *)paths.items,
            .rank = 3,
            .shape = { 3, 32, 32 },
            .has_label = true,
            .scale = effnn__dataset_scale(spec),
        };

        status = effnn__records_open(out, context, &layout);
    }
    free_paths(&paths);
    return status;
}

extern const effnn__dataset_kind effnn__dataset_kind_cifar10;
const effnn__dataset_kind effnn__dataset_kind_cifar10 = {
    .name = "cifar10",
    .summary = "CIFAR-10 binary records: cifar10:DIR_OR_FILE[+FILE…][,split=train|test]",
    .pixels = true,
    .open = open_cifar10,
};
