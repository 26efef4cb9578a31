/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8, and lookups in the tables by halving. */

#include "io/text/unicode.h"

#define HANGUL_FIRST 0xAC00u /* syllables, in the order of leading, vowel, trailing */
#define HANGUL_LAST  0xD7A3u
#define LEADING      0x1100u
#define VOWEL        0x1161u
#define TRAILING     0x11A7u /* one below the first */
#define N_VOWELS     21u
#define N_TRAILING   28u /* with none */

uint32_t effnn__utf8_decode(const char *text, size_t n, size_t *length)
{
    static const uint32_t least[] = { 0, 0x80, 0x800, 0x10000 };
    const unsigned char *s = (const unsigned char *)text;
    const size_t more = s[0] < 0x80 ? 0 : s[0] < 0xC2 ? n : s[0] < 0xE0 ? 1 : s[0] < 0xF0 ? 2 : 3;
    uint32_t code;

    *length = 1;
    if (more == 0) return s[0];
    if (more >= n || s[0] > 0xF4) return EFFNN__REPLACEMENT;
    code = s[0] & (0x3Fu >> more);
    for (size_t k = 1; k <= more; k++) {
        if ((s[k] & 0xC0) != 0x80) return EFFNN__REPLACEMENT;
        code = code << 6 | (s[k] & 0x3Fu);
    }
    if (code < least[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000))
        return EFFNN__REPLACEMENT;
    *length = more + 1;
    return code;
}

size_t effnn__utf8_encode(char *out, uint32_t code)
{
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xC0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3F));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xE0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3F));
        out[2] = (char)(0x80 | (code & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3F));
    out[2] = (char)(0x80 | (code >> 6 & 0x3F));
    out[3] = (char)(0x80 | (code & 0x3F));
    return 4;
}

effnn__char_class effnn__char_class_of(uint32_t code)
{
    size_t low = 0, high = effnn__unicode_n_ranges;

    while (high - low > 1) {
        const size_t middle = low + (high - low) / 2;

        if (effnn__unicode_ranges[middle] >> 3 <= code)
            low = middle;
        else
            high = middle;
    }
    return (effnn__char_class)(effnn__unicode_ranges[low] & 7);
}

static size_t fold_hangul(uint32_t *out, uint32_t code)
{
    const uint32_t at = code - HANGUL_FIRST;
    const uint32_t trailing = at % N_TRAILING;

    out[0] = LEADING + at / (N_VOWELS * N_TRAILING);
    out[1] = VOWEL + at / N_TRAILING % N_VOWELS;
    if (trailing == 0) return 2;
    out[2] = TRAILING + trailing;
    return 3;
}

size_t effnn__char_fold(uint32_t *out, uint32_t code)
{
    size_t low = 0, high = effnn__unicode_n_folds;

    if (code >= HANGUL_FIRST && code <= HANGUL_LAST) return fold_hangul(out, code);
    if (effnn__char_class_of(code) == EFFNN__CHAR_MARK) return 0;
    out[0] = code;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;

        if (effnn__unicode_folds[middle][0] == code) {
            out[0] = effnn__unicode_folds[middle][1];
            return 1;
        }
        if (effnn__unicode_folds[middle][0] < code)
            low = middle + 1;
        else
            high = middle;
    }
    for (size_t k = 0; k < effnn__unicode_n_long_folds; k++) {
        const uint32_t *row = effnn__unicode_long_folds[k];
        size_t n = 0;

        if (row[0] != code) continue;
        for (; n < EFFNN__MAX_FOLD && row[n + 1]; n++) out[n] = row[n + 1];
        return n;
    }
    return 1;
}
