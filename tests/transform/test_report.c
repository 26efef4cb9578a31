/* SPDX-License-Identifier: BSD-3-Clause */
/* Reports: entries, rows, the JSON document, files. */

#include "transform/report_priv.h"

#include "support/alloc_fail.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

static effnn_report *report;

static void setup(void)
{
    report = NULL;
    ck_assert_ok(effnn__report_create(&report));
}

static void teardown(void)
{
    effnn_report_destroy(report);
}

/* A report as a transform makes it, into a handle that the test destroys. */
static effnn_status fill(effnn_report **out)
{
    effnn_report *self = NULL;
    size_t row = 0;
    effnn_status status = effnn__report_create(&self);

    if (status == EFFNN_OK) status = effnn__report_set_text(self, "transform", "a < b");
    if (status == EFFNN_OK) status = effnn__report_set_flag(self, "options.search", true);
    if (status == EFFNN_OK) status = effnn__report_set(self, "before.parameters", 1234567.0);
    if (status == EFFNN_OK) status = effnn__report_set(self, "after.parameters", 1000.0);
    if (status == EFFNN_OK) status = effnn__report_set(self, "after.top1", NAN);
    if (status == EFFNN_OK) status = effnn__report_add_row(self, &row, "blocks.0.<fc>");
    if (status == EFFNN_OK) status = effnn__report_row_set(self, row, "rank", 3.0);
    if (status == EFFNN_OK) status = effnn__report_row_set(self, row, "parameters_before", 40.0);
    if (status == EFFNN_OK) status = effnn__report_row_set(self, row, "parameters_after", 10.0);
    if (status == EFFNN_OK) status = effnn__report_row_set_text(self, row, "kind", "linear");
    if (status == EFFNN_OK) status = effnn__report_finish(self);
    if (status == EFFNN_OK)
        *out = self;
    else
        effnn_report_destroy(self);
    return status;
}

static cJSON *parsed(const effnn_report *self)
{
    cJSON *document = cJSON_Parse(effnn_report_json(self));

    ck_assert_ptr_nonnull(document);
    return document;
}

START_TEST(numbers_come_back_by_path)
{
    double value = 0.0;

    ck_assert_ok(effnn__report_set(report, "before.parameters", 12.0));
    ck_assert_ok(effnn__report_set(report, "seconds", 0.5));
    ck_assert_ok(effnn_report_get(&value, report, "before.parameters"));
    ck_assert_double_eq(value, 12.0);
    ck_assert_ok(effnn__report_set(report, "before.parameters", 13.0)); /* replaces */
    ck_assert_ok(effnn_report_get(&value, report, "before.parameters"));
    ck_assert_double_eq(value, 13.0);
}
END_TEST

START_TEST(what_is_no_number_is_not_found)
{
    double value = 7.0;

    ck_assert_ok(effnn__report_set(report, "loss", NAN));
    ck_assert_ok(effnn__report_set_text(report, "transform", "x"));
    ck_assert_fails_saying(EFFNN_E_NOTFOUND, "loss", effnn_report_get(&value, report, "loss"));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_report_get(&value, report, "transform"));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_report_get(&value, report, "nothing"));
    ck_assert_double_eq(value, 7.0);
}
END_TEST

START_TEST(rows_have_names_and_numbers_of_their_own)
{
    size_t a = 9, b = 9;
    double value = 0.0;

    ck_assert_ok(effnn__report_add_row(report, &a, "first"));
    ck_assert_ok(effnn__report_add_row(report, &b, "second"));
    ck_assert_ok(effnn__report_row_set(report, a, "rank", 1.0));
    ck_assert_ok(effnn__report_row_set(report, b, "rank", 2.0));
    ck_assert_uint_eq(effnn_report_row_count(report), 2);
    ck_assert_str_eq(effnn_report_row_name_at(report, 1), "second");
    ck_assert_ptr_null(effnn_report_row_name_at(report, 2));
    ck_assert_ok(effnn_report_row_get(&value, report, 1, "rank"));
    ck_assert_double_eq(value, 2.0);
    ck_assert_fails(EFFNN_E_ARG, effnn_report_row_get(&value, report, 2, "rank"));
    ck_assert_fails(EFFNN_E_NOTFOUND, effnn_report_row_get(&value, report, 0, "error"));
}
END_TEST

START_TEST(paths_become_objects_and_rows_an_array)
{
    effnn_report *full = NULL;
    cJSON *document, *site;

    ck_assert_ok(fill(&full));
    document = parsed(full);
    ck_assert_str_eq(cJSON_GetObjectItem(document, "transform")->valuestring, "a < b");
    ck_assert(
        cJSON_IsTrue(cJSON_GetObjectItem(cJSON_GetObjectItem(document, "options"), "search")));
    ck_assert_double_eq(
        cJSON_GetObjectItem(cJSON_GetObjectItem(document, "before"), "parameters")->valuedouble,
        1234567.0);
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(cJSON_GetObjectItem(document, "after"), "top1")));
    ck_assert_int_eq(cJSON_GetArraySize(cJSON_GetObjectItem(document, "sites")), 1);
    site = cJSON_GetArrayItem(cJSON_GetObjectItem(document, "sites"), 0);
    ck_assert_str_eq(cJSON_GetObjectItem(site, "name")->valuestring, "blocks.0.<fc>");
    ck_assert_double_eq(cJSON_GetObjectItem(site, "rank")->valuedouble, 3.0);
    cJSON_Delete(document);
    effnn_report_destroy(full);
}
END_TEST

START_TEST(numbers_are_written_in_full_and_those_json_readers_would_round_as_strings)
{
    cJSON *document;

    ck_assert_ok(effnn__report_set(report, "exact", 9007199254740992.0));
    ck_assert_ok(effnn__report_set(report, "large", 18014398509481984.0));
    ck_assert_ok(effnn__report_set(report, "infinite", INFINITY));
    ck_assert_ok(effnn__report_set(report, "third", 1.0 / 3.0));
    ck_assert_ok(effnn__report_set(report, "hundred", 100.0));
    ck_assert_ok(effnn__report_finish(report));
    document = parsed(report);
    ck_assert_double_eq(cJSON_GetObjectItem(document, "exact")->valuedouble, 9007199254740992.0);
    ck_assert_double_eq(cJSON_GetObjectItem(document, "third")->valuedouble, 1.0 / 3.0);
    ck_assert_ptr_nonnull(strstr(effnn_report_json(report), "\"hundred\":\t100"));
    ck_assert_str_eq(cJSON_GetObjectItem(document, "large")->valuestring, "18014398509481984");
    ck_assert(cJSON_IsNull(cJSON_GetObjectItem(document, "infinite")));
    cJSON_Delete(document);
}
END_TEST

/* The contents of a file that the report writes; freed by the test. */
static char *saved(const effnn_report *self, const char *ending)
{
    char path[64], *text = calloc(1, 65536);
    FILE *file;

    snprintf(path, sizeof path, "test_report_%d.%s", (int)getpid(), ending);
    ck_assert_ok(effnn_report_save(self, path));
    file = fopen(path, "rb");
    ck_assert_ptr_nonnull(file);
    ck_assert_uint_gt(fread(text, 1, 65535, file), 0);
    fclose(file);
    remove(path);
    return text;
}

START_TEST(a_json_file_holds_the_document)
{
    effnn_report *full = NULL;
    char *text;

    ck_assert_ok(fill(&full));
    text = saved(full, "json");
    ck_assert_int_eq(strncmp(text, effnn_report_json(full), strlen(effnn_report_json(full))), 0);
    ck_assert_str_eq(text + strlen(effnn_report_json(full)), "\n");
    free(text);
    effnn_report_destroy(full);
}
END_TEST

START_TEST(an_html_page_stands_alone_and_escapes_names)
{
    effnn_report *full = NULL;
    char *text;

    ck_assert_ok(fill(&full));
    text = saved(full, "html");
    ck_assert_ptr_nonnull(strstr(text, "<h1>a &lt; b</h1>"));
    ck_assert_ptr_nonnull(strstr(text, "blocks.0.&lt;fc&gt;"));
    ck_assert_ptr_nonnull(strstr(text, "<svg"));
    ck_assert_ptr_nonnull(strstr(text, "1&#8239;234&#8239;567"));
    ck_assert_ptr_nonnull(strstr(text, "-99.9&#8239;%"));
    ck_assert_ptr_null(strstr(text, "<script"));
    ck_assert_ptr_null(strstr(text, "http"));
    ck_assert_ptr_null(strstr(text, "nan"));
    free(text);
    effnn_report_destroy(full);
}
END_TEST

START_TEST(other_endings_and_places_are_refused)
{
    ck_assert_ok(effnn__report_finish(report));
    ck_assert_fails_saying(EFFNN_E_UNSUPPORTED, "report.pdf",
                           effnn_report_save(report, "report.pdf"));
    ck_assert_fails(EFFNN_E_IO, effnn_report_save(report, "no/such/folder/report.json"));
}
END_TEST

START_TEST(a_failing_allocation_leaks_nothing)
{
    effnn_report *full = NULL;
    effnn__str text = { 0 };

    ALLOC_FAIL_LOOP(fill(&full), ck_assert_ptr_null(full));
    ALLOC_FAIL_LOOP(effnn__report_to_html(&text, full), effnn__str_clear(&text));
    effnn__str_clear(&text);
    effnn_report_destroy(full);
}
END_TEST

SUITE("report", setup, teardown, numbers_come_back_by_path, what_is_no_number_is_not_found,
      rows_have_names_and_numbers_of_their_own, paths_become_objects_and_rows_an_array,
      numbers_are_written_in_full_and_those_json_readers_would_round_as_strings,
      a_json_file_holds_the_document, an_html_page_stands_alone_and_escapes_names,
      other_endings_and_places_are_refused, a_failing_allocation_leaks_nothing)
