/* SPDX-License-Identifier: BSD-3-Clause */
/* The report as one self-contained HTML page: no script, no file beside it, light or dark as the
 * reader's system is, readable on a telephone. It knows the report's general keys (docs/report.md)
 * and shows what a method adds by its own names. */

#include "transform/report_priv.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
    "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
    "<style>\n"
    ":root { color-scheme: light dark; --text: #1c2430; --soft: #5b6675; --line: #d9dee6;\n"
    "  --back: #fbfcfe; --bar: #c3cbd8; --mark: #2563eb; }\n"
    "@media (prefers-color-scheme: dark) { :root { --text: #e6eaf1; --soft: #98a3b5;\n"
    "  --line: #303947; --back: #12161d; --bar: #3d4859; --mark: #6ea1ff; } }\n"
    "body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back);\n"
    "  max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }\n"
    "h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }\n"
    "p { color: var(--soft); margin: .3rem 0; }\n"
    ".wide { overflow-x: auto; }\n"
    "table { border-collapse: collapse; font-variant-numeric: tabular-nums; }\n"
    "th, td { padding: .3rem .8rem .3rem 0; border-bottom: 1px solid var(--line);\n"
    "  text-align: right; white-space: nowrap; }\n"
    "th { font-weight: 600; color: var(--soft); font-size: .85rem; }\n"
    "th:first-child, td.text, th.text { text-align: left; }\n"
    "svg { display: block; } .was { fill: var(--bar); } .is { fill: var(--mark); }\n"
    "</style>\n";

/* ---- pieces ---- */

static effnn_status add_escaped(effnn__str *out, const char *text)
{
    for (; *text; text++) {
        const char *entity = *text == '<'   ? "&lt;"
                             : *text == '>' ? "&gt;"
                             : *text == '&' ? "&amp;"
                             : *text == '"' ? "&quot;"
                                            : NULL;

        EFFNN_TRY(entity ? effnn__str_add(out, entity) : effnn__str_add_bytes(out, text, 1));
    }
    return EFFNN_OK;
}

/* A key or path as words: "rank_step" to "rank step". */
static effnn_status add_words(effnn__str *out, const char *key)
{
    for (; *key; key++) {
        const char c = *key == '_' || *key == '.' ? ' ' : *key;

        EFFNN_TRY(add_escaped(out, (const char[]){ c, '\0' }));
    }
    return EFFNN_OK;
}

/* Whole numbers in full with thin spaces between thousands, others to 4 digits. */
static effnn_status add_number(effnn__str *out, double value)
{
    char digits[400];

    if (!isfinite(value)) return effnn__str_add(out, "–");
    if (value != floor(value) || fabs(value) >= 1e15) return effnn__str_printf(out, "%.4g", value);
    snprintf(digits, sizeof digits, "%.0f", value);
    for (size_t i = 0, n = strlen(digits); i < n; i++) {
        if (i > 0 && digits[i - 1] != '-' && (n - i) % 3 == 0)
            EFFNN_TRY(effnn__str_add(out, "&#8239;"));
        EFFNN_TRY(effnn__str_add_bytes(out, digits + i, 1));
    }
    return EFFNN_OK;
}

static effnn_status add_value(effnn__str *out, const report_entry *entry)
{
    if (!entry) return EFFNN_OK;
    if (entry->kind == REPORT_TEXT) return add_escaped(out, entry->text);
    if (entry->kind == REPORT_FLAG) return effnn__str_add(out, entry->number != 0.0 ? "yes" : "no");
    return add_number(out, entry->number);
}

static effnn_status add_cell(effnn__str *out, const report_entry *entry)
{
    const bool is_text = entry && entry->kind == REPORT_TEXT;

    EFFNN_TRY(effnn__str_add(out, is_text ? "<td class=\"text\">" : "<td>"));
    EFFNN_TRY(add_value(out, entry));
    return effnn__str_add(out, "</td>");
}

static double number_at(const report_entries *entries, const char *key)
{
    const report_entry *entry = effnn__report_find(entries, key);

    return entry && entry->kind == REPORT_NUMBER ? entry->number : NAN;
}

/* ---- before and after ---- */

static effnn_status add_change(effnn__str *out, const report_entries *entries, const char *key,
                               const char *label)
{
    char path[64];
    const report_entry *before, *after;

    snprintf(path, sizeof path, "before.%s", key);
    before = effnn__report_find(entries, path);
    snprintf(path, sizeof path, "after.%s", key);
    after = effnn__report_find(entries, path);
    if (!after) return EFFNN_OK;
    EFFNN_TRY(effnn__str_printf(out, "<tr><td class=\"text\">%s</td>", label));
    EFFNN_TRY(add_cell(out, before));
    EFFNN_TRY(add_cell(out, after));
    if (before && before->number != after->number && before->number != 0.0 &&
        isfinite(before->number) && isfinite(after->number))
        EFFNN_TRY(effnn__str_printf(out, "<td>%+.1f&#8239;%%</td>",
                                    100.0 * (after->number - before->number) / before->number));
    else
        EFFNN_TRY(effnn__str_add(out, "<td></td>"));
    return effnn__str_add(out, "</tr>\n");
}

static effnn_status add_changes(effnn__str *out, const report_entries *entries)
{
    static const char *const rows[][2] = {
        { "parameters", "parameters" },
        { "parameter_bytes", "bytes of parameters" },
        { "bits_per_weight", "bits per weight" },
        { "macs", "multiply-accumulates" },
        { "count", "samples judged on" },
        { "top1", "top-1 accuracy" },
        { "loss", "loss (nats)" },
        { "agreement", "agreement with before" },
        { "kl", "KL divergence from before (nats)" },
    };

    EFFNN_TRY(effnn__str_add(out,
                             "<h2>Before and after</h2>\n<div class=\"wide\"><table>\n"
                             "<tr><th></th><th>before</th><th>after</th><th>change</th></tr>\n"));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        EFFNN_TRY(add_change(out, entries, rows[i][0], rows[i][1]));
    return effnn__str_add(out, "</table></div>\n");
}

/* ---- other numbers ---- */

static bool begins_with(const char *text, const char *begin)
{
    return strncmp(text, begin, strlen(begin)) == 0;
}

/* The entries under "options.", or all that no other part of the page shows. */
static effnn_status add_entries(effnn__str *out, const report_entries *entries, bool options)
{
    static const char *const shown[] = { "before.", "after.", "options.", "transform", "paper" };

    EFFNN_TRY(effnn__str_printf(out, "<h2>%s</h2>\n<div class=\"wide\"><table>\n",
                                options ? "Options" : "The run"));
    for (size_t i = 0; i < entries->n; i++) {
        const report_entry *entry = &entries->items[i];
        bool skip = options != begins_with(entry->key, "options.");

        for (size_t s = 0; s < sizeof shown / sizeof shown[0] && !options; s++)
            skip = skip || begins_with(entry->key, shown[s]);
        if (skip) continue;
        EFFNN_TRY(effnn__str_add(out, "<tr><td class=\"text\">"));
        EFFNN_TRY(add_words(out, options ? strchr(entry->key, '.') + 1 : entry->key));
        EFFNN_TRY(effnn__str_add(out, "</td>"));
        EFFNN_TRY(add_cell(out, entry));
        EFFNN_TRY(effnn__str_add(out, "</tr>\n"));
    }
    return effnn__str_add(out, "</table></div>\n");
}

/* ---- sites ---- */

/* The columns: every key of any row, once, in order of first appearance; calls add with the
 * entry where it first appears. */
static effnn_status add_columns(effnn__str *out, const effnn_report *self,
                                effnn_status (*add)(effnn__str *out, const report_row *row,
                                                    const report_entry *first),
                                const report_row *row)
{
    for (size_t r = 0; r < self->n_rows; r++)
        for (size_t i = 0; i < self->rows[r].entries.n; i++) {
            const char *key = self->rows[r].entries.items[i].key;
            bool seen = false;

            for (size_t before = 0; before < r && !seen; before++)
                seen = effnn__report_find(&self->rows[before].entries, key) != NULL;
            if (!seen) EFFNN_TRY(add(out, row, &self->rows[r].entries.items[i]));
        }
    return EFFNN_OK;
}

static effnn_status add_heading(effnn__str *out, const report_row *row, const report_entry *first)
{
    (void)row;
    EFFNN_TRY(effnn__str_add(out, first->kind == REPORT_TEXT ? "<th class=\"text\">" : "<th>"));
    EFFNN_TRY(add_words(out, first->key));
    return effnn__str_add(out, "</th>");
}

static effnn_status add_row_cell(effnn__str *out, const report_row *row, const report_entry *first)
{
    return add_cell(out, effnn__report_find(&row->entries, first->key));
}

/* Bars of the parameters before (wide, pale) and after (inside it); `most`: the longest bar. */
static effnn_status add_bar(effnn__str *out, const report_row *row, double most)
{
    const double before = number_at(&row->entries, "parameters_before");
    const double after = number_at(&row->entries, "parameters_after");

    if (!(before >= 0.0 && after >= 0.0 && most > 0.0)) return effnn__str_add(out, "<td></td>");
    return effnn__str_printf(
        out,
        "<td><svg width=\"160\" height=\"14\" role=\"img\" aria-label=\"%.0f of %.0f parameters "
        "left\"><rect class=\"was\" width=\"%.1f\" height=\"14\" rx=\"2\"/><rect class=\"is\" "
        "y=\"3\" width=\"%.1f\" height=\"8\" rx=\"2\"/></svg></td>",
        after, before, 160.0 * before / most, 160.0 * after / most);
}

static effnn_status add_sites(effnn__str *out, const effnn_report *self)
{
    double most = 0.0;

    if (self->n_rows == 0) return EFFNN_OK;
    for (size_t i = 0; i < self->n_rows; i++) {
        const double before = number_at(&self->rows[i].entries, "parameters_before");

        if (before > most) most = before;
    }
    EFFNN_TRY(effnn__str_add(out, "<h2>Sites</h2>\n"));
    if (most > 0.0)
        EFFNN_TRY(effnn__str_add(out, "<p>Bars: parameters before (pale) and after.</p>\n"));
    EFFNN_TRY(effnn__str_add(out, "<div class=\"wide\"><table>\n<tr><th class=\"text\">site</th>"));
    if (most > 0.0) EFFNN_TRY(effnn__str_add(out, "<th></th>"));
    EFFNN_TRY(add_columns(out, self, add_heading, NULL));
    EFFNN_TRY(effnn__str_add(out, "</tr>\n"));
    for (size_t i = 0; i < self->n_rows; i++) {
        EFFNN_TRY(effnn__str_add(out, "<tr><td class=\"text\">"));
        EFFNN_TRY(add_escaped(out, self->rows[i].name));
        EFFNN_TRY(effnn__str_add(out, "</td>"));
        if (most > 0.0) EFFNN_TRY(add_bar(out, &self->rows[i], most));
        EFFNN_TRY(add_columns(out, self, add_row_cell, &self->rows[i]));
        EFFNN_TRY(effnn__str_add(out, "</tr>\n"));
    }
    return effnn__str_add(out, "</table></div>\n");
}

/* ---- the page ---- */

static effnn_status add_title(effnn__str *out, const effnn_report *self)
{
    const report_entry *name = effnn__report_find(&self->entries, "transform");
    const report_entry *paper = effnn__report_find(&self->entries, "paper");

    EFFNN_TRY(effnn__str_add(out, head));
    EFFNN_TRY(effnn__str_add(out, "<title>"));
    EFFNN_TRY(add_value(out, name));
    EFFNN_TRY(effnn__str_add(out, ": report</title>\n</head>\n<body>\n<h1>"));
    EFFNN_TRY(add_value(out, name));
    EFFNN_TRY(effnn__str_add(out, "</h1>\n<p>"));
    EFFNN_TRY(add_value(out, paper));
    return effnn__str_add(out, "</p>\n");
}

effnn_status effnn__report_to_html(effnn__str *out, const effnn_report *self)
{
    EFFNN_TRY(add_title(out, self));
    EFFNN_TRY(add_changes(out, &self->entries));
    EFFNN_TRY(add_sites(out, self));
    EFFNN_TRY(add_entries(out, &self->entries, true));
    EFFNN_TRY(add_entries(out, &self->entries, false));
    return effnn__str_add(out, "</body>\n</html>\n");
}
