/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_TESTS_COMMA_LOCALE_H
#define EFFNN_TESTS_COMMA_LOCALE_H

/* A host program whose locale writes 1,5: made here by localedef (part of the C library's own
 * package), since machines that test seldom have such a locale installed. */

#include "support/suite.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

static inline void write_lines(const char *folder, const char *name, const char *text)
{
    char path[160];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    ck_assert_int_eq(fclose(file), 0);
}

/* Change this process's LC_NUMERIC so that the decimal point is a comma. */
static inline void enter_comma_locale(void)
{
    char folder[64] = P_tmpdir "/effnn-locale-XXXXXX", command[512], text[8];

    ck_assert_ptr_nonnull(mkdtemp(folder));
    write_lines(folder, "source",
                "LC_NUMERIC\ndecimal_point \",\"\nthousands_sep \".\"\ngrouping 3;3\n"
                "END LC_NUMERIC\n");
    write_lines(folder, "ascii",
                "<code_set_name> ANSI_X3.4-1968\n<mb_cur_min> 1\n<mb_cur_max> 1\n"
                "<comment_char> %\n<escape_char> /\nCHARMAP\n<U0000>..<U007F> /x00 ASCII\n"
                "END CHARMAP\n");
    /* It warns of all that is missing, and exits with 1 then. */
    snprintf(command, sizeof command,
             "cd %s && localedef -c --no-archive -f ./ascii -i ./source ./comma >log 2>&1", folder);
    ck_assert_int_ne(system(command), -1);
    ck_assert_int_eq(setenv("LOCPATH", folder, 1), 0);
    ck_assert_msg(setlocale(LC_NUMERIC, "comma") != NULL, "localedef made no locale in %s", folder);
    snprintf(command, sizeof command, "rm -r %s", folder);
    ck_assert_int_eq(system(command), 0);
    snprintf(text, sizeof text, "%g", 1.5);
    ck_assert_str_eq(text, "1,5");
}
#endif
