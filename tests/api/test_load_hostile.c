/* SPDX-License-Identifier: BSD-3-Clause */
/* What the world around a model file can do to it: things that are no files, links that lead away,
 * disks that are full or must not be written, and graphs of a hundred thousand nodes. */

#define _GNU_SOURCE /* unshare */
#include "base/clock.h"
#include "support/model_files.h"
#include "support/models.h"

#include <dirent.h>
#include <effnn/session.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define NOBODY 65534

static char folder[64], inside[80], path[128], data[160];
static effnn_model *model;

/* A model of 1.2 MB whose parameters can go outside. */
static effnn_model *large_model(void)
{
    const effnn_node product = { .version = 1,
                                 .op = "matmul",
                                 .inputs = (const char *const[]){ "x", "w" },
                                 .n_inputs = 2,
                                 .outputs = (const char *const[]){ "y" },
                                 .n_outputs = 1 };
    effnn_tensor *w = test_tensor_random(NULL, EFFNN_F32, 2, (const int64_t[]){ 300, 1000 }, 3);
    effnn_model *made = NULL;

    ck_assert_ok(effnn_model_create(&made, NULL));
    ck_assert_ok(
        effnn_model_add_input(made, "x", EFFNN_F32, 2, (const int64_t[]){ -1, 300 }, NULL));
    ck_assert_ok(effnn_model_add_parameter(made, "w", w));
    ck_assert_ok(effnn_model_add_node(made, &product));
    ck_assert_ok(effnn_model_add_output(made, "y"));
    effnn_tensor_release(w);
    return made;
}

static void setup(void)
{
    strcpy(folder, P_tmpdir "/effnn-hostile-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chmod(folder, 0755), 0);
    snprintf(inside, sizeof inside, "%s/inside", folder);
    ck_assert_int_eq(mkdir(inside, 0755), 0);
    snprintf(path, sizeof path, "%s/model.onnx", inside);
    snprintf(data, sizeof data, "%s.data", path);
    model = large_model();
}

static void remove_all(const char *name)
{
    DIR *dir = opendir(name);

    ck_assert_ptr_nonnull(dir);
    for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
        char one[512];

        snprintf(one, sizeof one, "%s/%s", name, entry->d_name);
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0 && unlink(one) != 0)
            remove_all(one);
    }
    closedir(dir);
    ck_assert_int_eq(rmdir(name), 0);
}

static void teardown(void)
{
    effnn_model_destroy(model);
    remove_all(folder);
}

static size_t entries(const char *name)
{
    DIR *dir = opendir(name);
    size_t n = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n - 2; /* "." and ".." */
}

static void save_external(void)
{
    const effnn_save_options options = { .version = 2, .external = 1 };

    ck_assert_ok(effnn_model_save(model, path, &options));
}

static void loads(const char *name)
{
    effnn_model *loaded = NULL;

    ck_assert_ok(effnn_model_load(&loaded, NULL, name, NULL));
    test_assert_same_graph(model, loaded);
    effnn_model_destroy(loaded);
}

static void refuses(const char *name, effnn_status status, const char *saying)
{
    effnn_model *loaded = NULL;

    ck_assert_fails_saying(status, saying, effnn_model_load(&loaded, NULL, name, NULL));
    ck_assert_ptr_null(loaded);
}

/* ---- what is no model ---- */

START_TEST(empty_files_and_directories_are_refused)
{
    static const char *const endings[] = { ".onnx", ".safetensors" };
    char name[160];

    for (size_t i = 0; i < 2; i++) {
        snprintf(name, sizeof name, "%s/empty%s", inside, endings[i]);
        test_write_file(name, "", 0);
        refuses(name, EFFNN_E_FORMAT, name);
        snprintf(name, sizeof name, "%s/folder%s", inside, endings[i]);
        ck_assert_int_eq(mkdir(name, 0755), 0);
        refuses(name, EFFNN_E_IO, "s a directory");
        refuses(name, EFFNN_E_IO, name);
    }
}
END_TEST

START_TEST(files_and_folders_without_permission_are_refused_by_name)
{
    ck_assert_ok(effnn_model_save(model, path, NULL));
    ck_assert_int_eq(chmod(path, 0), 0);
    ck_assert_int_eq(chmod(inside, 0555), 0);
    if (geteuid() == 0) ck_assert_int_eq(seteuid(NOBODY), 0);
    refuses(path, EFFNN_E_IO, "Permission denied");
    refuses(path, EFFNN_E_IO, path);
    ck_assert_fails_saying(EFFNN_E_IO, "Permission denied", effnn_model_save(model, path, NULL));
    ck_assert_fails_saying(EFFNN_E_IO, path, effnn_model_save(model, path, NULL));
    if (getuid() == 0) ck_assert_int_eq(seteuid(0), 0);
    ck_assert_int_eq(chmod(inside, 0755), 0);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_uint_eq(entries(inside), 1);
    loads(path);
}
END_TEST

/* ---- external data ---- */

START_TEST(links_may_lead_within_the_folder_but_not_out_of_it)
{
    char there[160];

    save_external();
    snprintf(there, sizeof there, "%s/other", inside);
    ck_assert_int_eq(rename(data, there), 0);
    ck_assert_int_eq(symlink("other", data), 0);
    loads(path);
    ck_assert_int_eq(unlink(data), 0);
    snprintf(data, sizeof data, "%s/other", folder);
    ck_assert_int_eq(rename(there, data), 0);
    snprintf(there, sizeof there, "%s.data", path);
    ck_assert_int_eq(symlink("../other", there), 0);
    refuses(path, EFFNN_E_FORMAT, "/other', outside the model's directory");
}
END_TEST

START_TEST(data_is_found_where_the_model_file_really_is)
{
    char name[160];

    save_external();
    snprintf(name, sizeof name, "%s/snapshot", folder);
    ck_assert_int_eq(mkdir(name, 0755), 0);
    snprintf(name, sizeof name, "%s/snapshot/model.onnx.data", folder);
    ck_assert_int_eq(symlink("../inside/model.onnx.data", name), 0);
    snprintf(name, sizeof name, "%s/snapshot/model.onnx", folder);
    ck_assert_int_eq(symlink("../inside/model.onnx", name), 0);
    loads(name);
}
END_TEST

START_TEST(pipes_devices_and_folders_are_no_external_data)
{
    save_external();
    ck_assert_int_eq(unlink(data), 0);
    ck_assert_int_eq(mkfifo(data, 0644), 0); /* would never end */
    refuses(path, EFFNN_E_FORMAT, "is not a regular file");
    ck_assert_int_eq(unlink(data), 0);
    ck_assert_int_eq(mkdir(data, 0755), 0);
    refuses(path, EFFNN_E_FORMAT, "is not a regular file");
    ck_assert_int_eq(rmdir(data), 0);
    ck_assert_int_eq(symlink("/dev/zero", data), 0);
    refuses(path, EFFNN_E_FORMAT, "is not a regular file");
}
END_TEST

/* ---- disks ---- */

/* A small disk over `inside`, which only this process sees and which goes with it; false, said on
 * stderr, where that is not allowed. */
static bool mount_small(const char *size)
{
    if (unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        mount("tmpfs", inside, "tmpfs", 0, size) == 0)
        return true;
    fprintf(stderr, "skipped: no small disk: %s\n", strerror(errno));
    return false;
}

static void save_fails(const char *name, uint32_t external, const char *saying)
{
    const effnn_save_options options = { .version = 2, .external = external };

    ck_assert_fails_saying(EFFNN_E_IO, saying, effnn_model_save(model, name, &options));
}

START_TEST(a_full_disk_leaves_the_old_files_and_nothing_else)
{
    effnn_model *small = test_model_mlp(NULL), *loaded = NULL;
    char name[160];

    snprintf(name, sizeof name, "%s/model.safetensors", inside);
    if (mount_small("size=512k")) {
        ck_assert_ok(effnn_model_save(small, path, NULL));
        ck_assert_ok(effnn_model_save(small, name, NULL));
        for (uint32_t external = 0; external < 2; external++)
            save_fails(path, external, "No space left on device");
        save_fails(name, 0, "No space left on device");
        ck_assert_uint_eq(entries(inside), 2);
        ck_assert_ok(effnn_model_load(&loaded, NULL, path, NULL));
        test_assert_same_results(small, loaded);
        effnn_model_destroy(loaded);
        ck_assert_int_eq(umount2(inside, MNT_DETACH), 0);
    }
    effnn_model_destroy(small);
}
END_TEST

START_TEST(a_disk_that_must_not_be_written_is_said_to_be_so)
{
    if (!mount_small("size=8m")) return;
    ck_assert_ok(effnn_model_save(model, path, NULL));
    ck_assert_int_eq(mount(NULL, inside, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
    for (uint32_t external = 0; external < 2; external++)
        save_fails(path, external, "Read-only file system");
    ck_assert_uint_eq(entries(inside), 1);
    loads(path);
    ck_assert_int_eq(umount2(inside, MNT_DETACH), 0);
}
END_TEST

START_TEST(a_model_is_saved_over_the_file_that_it_was_loaded_from)
{
    static const char *const names[] = { "model.onnx", "model.safetensors" };
    char name[160];

    for (size_t i = 0; i < 2; i++) {
        effnn_model *loaded = NULL, *again = NULL;

        snprintf(name, sizeof name, "%s/%s", inside, names[i]);
        ck_assert_ok(effnn_model_save(model, name, NULL));
        ck_assert_ok(effnn_model_load(&loaded, NULL, name, NULL));
        ck_assert_ok(effnn_model_save(loaded, name, NULL));
        ck_assert_ok(effnn_model_load(&again, NULL, name, NULL));
        test_assert_same_graph(loaded, again);
        effnn_model_destroy(loaded);
        effnn_model_destroy(again);
    }
}
END_TEST

/* ---- size ---- */

/* A model of n nodes in a chain, each with a parameter and a name that others have too, one in ten
 * an output, over n inputs with an open size each. */
static effnn_model *long_model(size_t n)
{
    effnn_model *made = NULL;
    effnn_tensor *one = test_tensor_random(NULL, EFFNN_F32, 1, (const int64_t[]){ 2 }, 1);
    char names[3][32];

    ck_assert_ok(effnn_model_create(&made, NULL));
    for (size_t i = 0; i < n; i++) {
        const char *symbol[] = { names[2], NULL };
        const char *const inputs[] = { names[0], names[1] }, *const outputs[] = { names[2] };
        const effnn_node node = { .version = 1,
                                  .op = "add",
                                  .inputs = inputs,
                                  .n_inputs = 2,
                                  .outputs = outputs,
                                  .n_outputs = 1 };

        snprintf(names[2], sizeof names[2], "N%zu", i);
        snprintf(names[0], sizeof names[0], "x%zu", i);
        ck_assert_ok(effnn_model_add_input(made, names[0], EFFNN_F32, 2, (const int64_t[]){ -1, 2 },
                                           symbol));
        if (i) snprintf(names[0], sizeof names[0], "v%zu", i);
        snprintf(names[1], sizeof names[1], "p%zu", i);
        snprintf(names[2], sizeof names[2], "v%zu", i + 1);
        ck_assert_ok(effnn_model_add_parameter(made, names[1], one));
        ck_assert_ok(effnn_model_add_node(made, &node));
        if (i % 10 == 0 || i + 1 == n) ck_assert_ok(effnn_model_add_output(made, names[2]));
    }
    effnn_tensor_release(one);
    return made;
}

/* Seconds to save, load, plan and run it. */
static double time_long(size_t n)
{
    effnn_model *made = long_model(n), *loaded = NULL;
    effnn_tensor **inputs = calloc(n, sizeof *inputs), **outputs = calloc(n, sizeof *outputs);
    effnn_session *session = NULL;
    double seconds = effnn__seconds();

    ck_assert_ok(effnn_model_save(made, path, NULL));
    ck_assert_ok(effnn_model_load(&loaded, NULL, path, NULL));
    ck_assert_ok(effnn_session_create(&session, loaded, NULL));
    for (size_t i = 0; i < n; i++)
        ck_assert_ok(
            effnn_tensor_create(&inputs[i], NULL, EFFNN_F32, 2, (const int64_t[]){ 1, 2 }));
    ck_assert_ok(effnn_session_run(session, inputs, outputs, NULL));
    seconds = effnn__seconds() - seconds;
    for (size_t i = 0; i < n; i++) {
        effnn_tensor_release(inputs[i]);
        effnn_tensor_release(outputs[i]);
    }
    effnn_session_destroy(session);
    effnn_model_destroy(loaded);
    effnn_model_destroy(made);
    free(inputs);
    free(outputs);
    return seconds;
}

START_TEST(graphs_of_a_hundred_thousand_nodes_take_linear_time)
{
    /* Ten times the nodes may take 40 times as long (caches, noise), not 100 times. */
    const double small = time_long(10000), large = time_long(100000);

    ck_assert_msg(large < 40.0 * small, "10000 nodes take %g s, 100000 take %g s", small, large);
}
END_TEST

SUITE("load_hostile", setup, teardown, empty_files_and_directories_are_refused,
      files_and_folders_without_permission_are_refused_by_name,
      links_may_lead_within_the_folder_but_not_out_of_it,
      data_is_found_where_the_model_file_really_is, pipes_devices_and_folders_are_no_external_data,
      a_full_disk_leaves_the_old_files_and_nothing_else,
      a_disk_that_must_not_be_written_is_said_to_be_so,
      a_model_is_saved_over_the_file_that_it_was_loaded_from,
      graphs_of_a_hundred_thousand_nodes_take_linear_time)
