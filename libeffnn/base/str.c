/* SPDX-License-Identifier: BSD-3-Clause */
/* Growing text, globs, near words, and numbers in text. Numbers are read and written in the C
 * locale whatever the host program has set, by a locale object of our own made on first use. */

#include "base/str.h"

#include "base/alloc.h"
#include "base/vec.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

effnn_status effnn__str_add_bytes(effnn__str *self, const void *bytes, size_t n)
{
    EFFNN_TRY(effnn__grow(&self->text, &self->capacity, self->n + n + 1, 1));
    if (n) memcpy(self->text + self->n, bytes, n);
    self->n += n;
    self->text[self->n] = '\0';
    return EFFNN_OK;
}

effnn_status effnn__str_add(effnn__str *self, const char *text)
{
    return effnn__str_add_bytes(self, text, strlen(text));
}

static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* Enter the C locale on this thread; the value goes to leave_c_locale(). */
static locale_t enter_c_locale(void)
{
    pthread_once(&c_locale_once, make_c_locale);
    return c_locale ? uselocale(c_locale) : (locale_t)0;
}

static void leave_c_locale(locale_t before)
{
    if (before) uselocale(before);
}

static char *print_new(const char *format, va_list args)
{
    const locale_t before = enter_c_locale();
    char *text = NULL;
    va_list again;
    int n;

    va_copy(again, args);
    n = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (n >= 0) text = effnn__alloc((size_t)n + 1);
    if (text) vsnprintf(text, (size_t)n + 1, format, args);
    leave_c_locale(before);
    return text;
}

char *effnn__strprintf(const char *format, ...)
{
    va_list args;
    char *text;

    va_start(args, format);
    text = print_new(format, args);
    va_end(args);
    return text;
}

effnn_status effnn__str_printf(effnn__str *self, const char *format, ...)
{
    va_list args;
    char *text;
    effnn_status status;

    va_start(args, format);
    text = print_new(format, args);
    va_end(args);
    if (!text) return effnn__fail(EFFNN_E_NOMEM, "text: cannot allocate a piece of it");
    status = effnn__str_add(self, text);
    effnn__free(text);
    return status;
}

void effnn__str_clear(effnn__str *self)
{
    effnn__free(self->text);
    *self = (effnn__str){ 0 };
}

/* Match one "[…]" at *glob against c; moves *glob behind it. An unclosed bracket is itself. */
static bool match_set(const char **glob, unsigned char c)
{
    const unsigned char *p = (const unsigned char *)*glob + 1;
    const bool negate = *p == '!';
    bool found = false;

    if (negate) p++;
    for (bool first = true; *p && (*p != ']' || first); p++, first = false) {
        if (p[1] == '-' && p[2] && p[2] != ']') {
            found |= c >= p[0] && c <= p[2];
            p += 2;
        } else {
            found |= c == *p;
        }
    }
    if (!*p) {
        *glob += 1;
        return c == '[';
    }
    *glob = (const char *)p + 1;
    return found != negate;
}

bool effnn__glob_match(const char *glob, const char *text)
{
    const char *star = NULL, *star_text = NULL;

    for (;;) {
        const char *next = glob;

        if (*glob == '*') {
            star = ++glob;
            star_text = text;
            continue;
        }
        if (!*text) return *glob == '\0';
        if (*glob == '?' || (*glob && *glob != '[' && *glob == *text)) {
            glob++;
            text++;
        } else if (*glob == '[' && match_set(&next, (unsigned char)*text)) {
            glob = next;
            text++;
        } else if (star) { /* let the last star take one character more */
            glob = star;
            text = ++star_text;
        } else {
            return false;
        }
    }
}

#define MAX_WORD 48

/* Levenshtein distance; words longer than MAX_WORD are far from everything. */
static size_t distance(const char *a, const char *b)
{
    size_t row[MAX_WORD + 1];
    const size_t n_a = strlen(a), n_b = strlen(b);

    if (n_a > MAX_WORD || n_b > MAX_WORD) return SIZE_MAX;
    for (size_t j = 0; j <= n_b; j++) row[j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            const size_t above = row[j];
            size_t best = diagonal + (a[i - 1] != b[j - 1]);

            if (above + 1 < best) best = above + 1;
            if (row[j - 1] + 1 < best) best = row[j - 1] + 1;
            row[j] = best;
            diagonal = above;
        }
    }
    return row[n_b];
}

const char *effnn__nearest_word(const char *word, const char *const *candidates, size_t n)
{
    const size_t length = strlen(word);
    const char *best = NULL;
    size_t best_distance = length / 3 + 2; /* this far is no slip of the finger */

    if (best_distance > length) best_distance = length; /* nor is another word altogether */

    for (size_t i = 0; i < n; i++) {
        const size_t d = distance(word, candidates[i]);

        if (d < best_distance) {
            best = candidates[i];
            best_distance = d;
        }
    }
    return best;
}

bool effnn__parse_i64(const char *text, int64_t *out)
{
    char *end;
    long long value;

    if (!*text || strchr(" \t\n\v\f\r", *text)) return false;
    errno = 0;
    value = strtoll(text, &end, 10);
    if (errno || end == text || *end) return false;
    *out = value;
    return true;
}

bool effnn__parse_f64(const char *text, double *out)
{
    char *end;
    double value;
    locale_t before;
    int error;

    if (!*text || strchr(" \t\n\v\f\r", *text)) return false;
    before = enter_c_locale();
    errno = 0;
    value = strtod(text, &end);
    error = errno;
    leave_c_locale(before);
    if (end == text || *end || isnan(value)) return false;
    if (error == ERANGE && isinf(value)) return false; /* an underflow is as good as zero */
    *out = value;
    return true;
}

void effnn__format_f64(char *buffer, size_t size, double value)
{
    const locale_t before = enter_c_locale();

    for (int digits = 1; digits <= 17; digits++) {
        snprintf(buffer, size, "%.*g", digits, value);
        if (strtod(buffer, NULL) == value) break;
    }
    leave_c_locale(before);
}
