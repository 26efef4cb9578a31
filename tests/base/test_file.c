/* SPDX-License-Identifier: BSD-3-Clause */
/* Files: whole or not at all. */

#include "base/file.h"

#include "base/alloc.h"
#include "support/alloc_fail.h"
#include "support/suite.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64], path[128];

static void setup(void)
{
    strcpy(folder, P_tmpdir "/effnn-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/target", folder);
}

static size_t entries(void)
{
    DIR *dir = opendir(folder);
    size_t n = 0;

    ck_assert_ptr_nonnull(dir);
    while (readdir(dir)) n++;
    closedir(dir);
    return n - 2; /* "." and ".." */
}

static void teardown(void)
{
    unlink(path);
    rmdir(folder);
}

static effnn_status write_text(const char *text)
{
    effnn__writer *writer = NULL;

    EFFNN_TRY(effnn__writer_create(&writer, path));
    const effnn_status status = effnn__writer_add(writer, text, strlen(text));

    if (status != EFFNN_OK) {
        effnn__writer_abandon(writer);
        return status;
    }
    return effnn__writer_commit(writer);
}

static void holds(const char *text)
{
    effnn__file file = { 0 };

    ck_assert_ok(effnn__file_open(&file, path));
    ck_assert_uint_eq(file.size, strlen(text));
    ck_assert(file.size == 0 || memcmp(file.data, text, file.size) == 0);
    effnn__file_close(&file);
}

START_TEST(a_committed_file_holds_what_was_written)
{
    ck_assert_ok(write_text("first"));
    holds("first");
    ck_assert_ok(write_text("second"));
    holds("second");
    ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(an_abandoned_file_leaves_no_trace)
{
    effnn__writer *writer = NULL;

    ck_assert_ok(write_text("old"));
    ck_assert_ok(effnn__writer_create(&writer, path));
    ck_assert_ok(effnn__writer_add(writer, "new", 3));
    effnn__writer_abandon(writer);
    holds("old");
    ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(large_writes_come_out_in_order)
{
    const size_t n = 1000000;
    unsigned char *data = malloc(n);
    effnn__writer *writer = NULL;
    effnn__file file = { 0 };

    for (size_t i = 0; i < n; i++) data[i] = (unsigned char)(i * 7 + i / 256);
    ck_assert_ok(effnn__writer_create(&writer, path));
    for (size_t at = 0, step = 1; at < n; at += step, step = 1 + step * 3 % 400000)
        ck_assert_ok(effnn__writer_add(writer, data + at, step < n - at ? step : n - at));
    ck_assert_ok(effnn__writer_commit(writer));
    ck_assert_ok(effnn__file_open(&file, path));
    ck_assert_uint_eq(file.size, n);
    ck_assert(memcmp(file.data, data, n) == 0);
    effnn__file_close(&file);
    free(data);
}
END_TEST

START_TEST(permissions_are_the_umask_s_or_those_of_the_replaced_file)
{
    struct stat info;

    umask(027);
    ck_assert_ok(write_text("old"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0640); /* what the umask leaves of 0666 */
    ck_assert_int_eq(chmod(path, 0604), 0);
    ck_assert_ok(write_text("new"));
    ck_assert_int_eq(stat(path, &info), 0);
    ck_assert_uint_eq(info.st_mode & 07777, 0604);
}
END_TEST

START_TEST(a_link_stays_a_link)
{
    char link[160];
    struct stat info;
    effnn__writer *writer = NULL;

    snprintf(link, sizeof link, "%s/link", folder);
    ck_assert_ok(write_text("old"));
    ck_assert_int_eq(symlink(path, link), 0);
    ck_assert_ok(effnn__writer_create(&writer, link));
    ck_assert_ok(effnn__writer_add(writer, "new", 3));
    ck_assert_ok(effnn__writer_commit(writer));
    ck_assert_int_eq(lstat(link, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    holds("new");
    unlink(link);
}
END_TEST

START_TEST(a_link_to_a_file_that_is_not_there_yet_makes_it_there)
{
    char link[160];
    struct stat info;
    effnn__writer *writer = NULL;

    snprintf(link, sizeof link, "%s/link", folder);
    ck_assert_int_eq(symlink("target", link), 0); /* beside the link */
    ck_assert_ok(effnn__writer_create(&writer, link));
    ck_assert_ok(effnn__writer_add(writer, "new", 3));
    ck_assert_ok(effnn__writer_commit(writer));
    ck_assert_int_eq(lstat(link, &info), 0);
    ck_assert(S_ISLNK(info.st_mode));
    holds("new");
    unlink(link);
}
END_TEST

START_TEST(a_name_as_long_as_the_system_allows_can_be_written)
{
    effnn__writer *writer = NULL;
    char name[400];
    struct stat info;

    snprintf(name, sizeof name, "%s/%0255d", folder, 1);
    ck_assert_ok(effnn__writer_create(&writer, name));
    ck_assert_ok(effnn__writer_commit(writer));
    ck_assert_int_eq(stat(name, &info), 0);
    unlink(name);
}
END_TEST

/* Never committed: a defect in what is tested must not replace a device of the machine. */
START_TEST(a_full_device_is_named_with_the_reason)
{
    effnn__writer *writer = NULL;
    static char block[300000];

    ck_assert_ok(effnn__writer_create(&writer, "/dev/full"));
    ck_assert_fails_saying(EFFNN_E_IO, "'/dev/full': cannot write: No space left on device",
                           effnn__writer_add(writer, block, sizeof block));
    effnn__writer_abandon(writer);
}
END_TEST

static void *write_pipe(void *text)
{
    effnn__writer *writer = NULL;

    if (effnn__writer_create(&writer, path) != EFFNN_OK) return text;
    if (effnn__writer_add(writer, text, strlen(text)) != EFFNN_OK) return text;
    return effnn__writer_commit(writer) == EFFNN_OK ? NULL : text;
}

START_TEST(a_pipe_is_written_not_replaced_and_read_to_its_end)
{
    char text[20000];
    struct stat info;
    pthread_t thread;
    void *failed;

    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    ck_assert_int_eq(pthread_create(&thread, NULL, write_pipe, text), 0);
    holds(text);
    pthread_join(thread, &failed);
    ck_assert_ptr_null(failed);
    ck_assert_int_eq(lstat(path, &info), 0);
    ck_assert(S_ISFIFO(info.st_mode));
}
END_TEST

/* Pages of the process's mapping of the file that are in memory, in KB. */
static long resident_kb(void)
{
    FILE *maps = fopen("/proc/self/smaps", "r");
    char line[512];
    bool is_ours = false;
    long kb = -1;

    while (maps && fgets(line, sizeof line, maps)) {
        if (strstr(line, path)) is_ours = true;
        if (!is_ours || sscanf(line, "Rss: %ld kB", &kb) != 1) continue;
        break;
    }
    if (maps) fclose(maps);
    return kb;
}

START_TEST(pages_that_are_let_go_of_come_back_from_the_file)
{
    static char text[1000001];
    effnn__file file = { 0 };

    memset(text, 'x', sizeof text - 1);
    ck_assert_ok(write_text(text));
    ck_assert_ok(effnn__file_open(&file, path));
    ck_assert_mem_eq(file.data, text, file.size);
    const long before = resident_kb();
    effnn__file_let_go(&file, text, sizeof text);
    effnn__file_let_go(&file, file.data + 5, file.size - 5);
    ck_assert_int_le(resident_kb(), before < 0 ? before : before / 4);
    ck_assert_mem_eq(file.data, text, file.size);
    effnn__file_close(&file);
}
END_TEST

START_TEST(memory_that_is_no_mapping_is_not_let_go_of)
{
    effnn__file file = { 0 };
    size_t sum = 0, again = 0;

    ck_assert_ok(effnn__file_open(&file, "/proc/self/maps"));
    for (size_t i = 0; i < file.size; i++) sum += file.data[i];
    effnn__file_let_go(&file, file.data, file.size);
    for (size_t i = 0; i < file.size; i++) again += file.data[i];
    ck_assert_uint_eq(again, sum);
    effnn__file_close(&file);
}
END_TEST

START_TEST(files_without_bytes_and_files_without_a_size_are_read)
{
    effnn__file file = { 0 };

    ck_assert_ok(write_text(""));
    holds("");
    ck_assert_ok(effnn__file_open(&file, "/proc/self/cmdline"));
    ck_assert_uint_gt(file.size, 0);
    effnn__file_close(&file);
    effnn__file_close(&file); /* all zeros */
}
END_TEST

START_TEST(what_cannot_be_read_or_written_is_named_with_the_reason)
{
    effnn__file file;
    effnn__writer *writer = NULL;

    ck_assert_fails_saying(EFFNN_E_IO, "No such file", effnn__file_open(&file, path));
    ck_assert_fails_saying(EFFNN_E_IO, "s a directory", effnn__file_open(&file, folder));
    ck_assert_fails_saying(EFFNN_E_IO, "/no/such/folder/x",
                           effnn__writer_create(&writer, "/no/such/folder/x"));
    ck_assert_fails_saying(EFFNN_E_IO, "s a directory", effnn__writer_create(&writer, folder));
    ck_assert_ptr_null(writer);
}
END_TEST

START_TEST(a_write_that_fails_half_way_leaves_the_old_file)
{
    const struct rlimit limit = { 100000, 100000 }; /* refuses more, as a full disk would */
    effnn__writer *writer = NULL;
    static char block[300000];

    ck_assert_ok(write_text("old"));
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    ck_assert_ok(effnn__writer_create(&writer, path));
    ck_assert_fails_saying(EFFNN_E_IO, path, effnn__writer_add(writer, block, sizeof block));
    ck_assert_ok(effnn__writer_add(writer, "end", 3));
    ck_assert_fails_saying(EFFNN_E_IO, "bytes are missing", effnn__writer_commit(writer));
    holds("old");
    ck_assert_ok(effnn__writer_create(&writer, path));
    ck_assert_ok(effnn__writer_add(writer, block, 200000)); /* still in the buffer */
    ck_assert_fails_saying(EFFNN_E_IO, "File too large", effnn__writer_commit(writer));
    holds("old");
    ck_assert_uint_eq(entries(), 1);
}
END_TEST

START_TEST(no_memory_at_any_point_leaves_the_old_file)
{
    ck_assert_ok(write_text("old"));
    ALLOC_FAIL_LOOP(write_text("new"), {
        holds("old");
        ck_assert_uint_eq(entries(), 1);
    });
    holds("new");
}
END_TEST

SUITE("file", setup, teardown, a_committed_file_holds_what_was_written,
      an_abandoned_file_leaves_no_trace, large_writes_come_out_in_order,
      permissions_are_the_umask_s_or_those_of_the_replaced_file, a_link_stays_a_link,
      a_link_to_a_file_that_is_not_there_yet_makes_it_there,
      a_name_as_long_as_the_system_allows_can_be_written, a_full_device_is_named_with_the_reason,
      a_pipe_is_written_not_replaced_and_read_to_its_end,
      pages_that_are_let_go_of_come_back_from_the_file, memory_that_is_no_mapping_is_not_let_go_of,
      files_without_bytes_and_files_without_a_size_are_read,
      what_cannot_be_read_or_written_is_named_with_the_reason,
      a_write_that_fails_half_way_leaves_the_old_file, no_memory_at_any_point_leaves_the_old_file)
