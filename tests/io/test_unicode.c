/* SPDX-License-Identifier: BSD-3-Clause */
/* UTF-8 over every character, and classes and folds of characters chosen by hand from the standard.
 */

#include "io/text/unicode.h"
#include "support/suite.h"

#include <stdbool.h>

START_TEST(every_character_comes_back_from_its_bytes)
{
    for (uint32_t code = 0; code <= 0x10FFFF; code++) {
        char bytes[EFFNN__MAX_UTF8];
        const size_t n = effnn__utf8_encode(bytes, code);
        const bool surrogate = code >= 0xD800 && code < 0xE000;
        size_t length = 0;

        ck_assert_uint_eq(effnn__utf8_decode(bytes, n, &length),
                          surrogate ? (uint32_t)EFFNN__REPLACEMENT : code);
        ck_assert_uint_eq(length, surrogate ? 1 : n);
        for (size_t cut = 1; cut < n; cut++) {
            ck_assert_uint_eq(effnn__utf8_decode(bytes, cut, &length), EFFNN__REPLACEMENT);
            ck_assert_uint_eq(length, 1);
        }
    }
}
END_TEST

START_TEST(bytes_that_are_no_utf8_are_replaced_one_by_one)
{
    static const char *const bad[] = { "\x80",
                                       "\xff",
                                       "\xc0\x80",
                                       "\xc1\xbf",
                                       "\xe0\x80\x80",
                                       "\xf0\x80\x80\x80",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xc3(",
                                       "\xe4\xb8(" };

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        size_t length = 0;

        ck_assert_uint_eq(effnn__utf8_decode(bad[i], strlen(bad[i]), &length), EFFNN__REPLACEMENT);
        ck_assert_uint_eq(length, 1);
    }
}
END_TEST

START_TEST(characters_have_their_classes)
{
    static const struct {
        uint32_t code;
        effnn__char_class want;
    } cases[] = {
        { 'a', EFFNN__CHAR_NONE },           { '\t', EFFNN__CHAR_SPACE },
        { ' ', EFFNN__CHAR_SPACE },          { 0xA0, EFFNN__CHAR_SPACE },
        { 0x3000, EFFNN__CHAR_SPACE },       { 0, EFFNN__CHAR_CONTROL },
        { 0x0B, EFFNN__CHAR_CONTROL },       { 0x200B, EFFNN__CHAR_CONTROL },
        { 0xD800, EFFNN__CHAR_CONTROL },     { 0xE000, EFFNN__CHAR_CONTROL },
        { 0x10FFFF, EFFNN__CHAR_CONTROL },   { 0x301, EFFNN__CHAR_MARK },
        { '$', EFFNN__CHAR_PUNCTUATION },    { '~', EFFNN__CHAR_PUNCTUATION },
        { 0x2014, EFFNN__CHAR_PUNCTUATION }, { 0x20AC, EFFNN__CHAR_NONE },
        { 0x4E2D, EFFNN__CHAR_NONE },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        ck_assert_msg(effnn__char_class_of(cases[i].code) == cases[i].want, "U+%04X is %d",
                      (unsigned)cases[i].code, (int)effnn__char_class_of(cases[i].code));
}
END_TEST

START_TEST(characters_fold_to_lower_case_without_marks)
{
    static const struct {
        uint32_t code;
        size_t n;
        uint32_t want[EFFNN__MAX_FOLD];
    } cases[] = {
        { 'A', 1, { 'a' } },
        { 'z', 1, { 'z' } },
        { 0xC5, 1, { 'a' } },
        { 0x1EA6, 1, { 'a' } }, /* A, circumflex, grave */
        { 0x301, 0, { 0 } },
        { 0x130, 1, { 'i' } },
        { 0x3A3, 1, { 0x3C3 } },
        { 0x419, 1, { 0x438 } }, /* short I */
        { 0xDF, 1, { 0xDF } },
        { 0x212B, 1, { 'a' } }, /* the angstrom sign */
        { 0xAC00, 2, { 0x1100, 0x1161 } },
        { 0xAC01, 3, { 0x1100, 0x1161, 0x11A8 } },
        { 0xD7A3, 3, { 0x1112, 0x1175, 0x11C2 } },
        { 0x9CB, 2, { 0x9C7, 0x9BE } },
    };

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint32_t out[EFFNN__MAX_FOLD] = { 0 };
        const size_t n = effnn__char_fold(out, cases[i].code);

        ck_assert_msg(n == cases[i].n && memcmp(out, cases[i].want, n * sizeof *out) == 0,
                      "U+%04X gives %zu: U+%04X U+%04X U+%04X", (unsigned)cases[i].code, n,
                      (unsigned)out[0], (unsigned)out[1], (unsigned)out[2]);
    }
}
END_TEST

SUITE("unicode", NULL, NULL, every_character_comes_back_from_its_bytes,
      bytes_that_are_no_utf8_are_replaced_one_by_one, characters_have_their_classes,
      characters_fold_to_lower_case_without_marks)
