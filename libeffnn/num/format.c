/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of number formats and its public face. The list of rows comes from meson.build, so
 * that a format is one file and one word there; nothing here knows any of them. */

#include "num/format.h"
#include "base/str.h"

#include <string.h>

#define X(name) extern const effnn__format effnn__format_##name;
#include "format_list.inc"
#undef X

static const effnn__format *const formats[] = {
#define X(name) &effnn__format_##name,
#include "format_list.inc"
#undef X
};

#define N_FORMATS (sizeof formats / sizeof formats[0])

const effnn__format *effnn__format_at(size_t index)
{
    return index < N_FORMATS ? formats[index] : NULL;
}

const effnn__format *effnn__format_find(const char *name)
{
    for (size_t i = 0; i < N_FORMATS; i++)
        if (strcmp(formats[i]->name, name) == 0) return formats[i];
    return NULL;
}

/* The same with a message when there is none. */
static effnn_status find_format(const effnn__format **out, const char *name)
{
    const char *names[N_FORMATS];
    const char *near;

    *out = effnn__format_find(name);
    if (*out) return EFFNN_OK;
    for (size_t i = 0; i < N_FORMATS; i++) names[i] = formats[i]->name;
    near = effnn__nearest_word(name, names, N_FORMATS);
    if (near)
        return effnn__fail(EFFNN_E_NOTFOUND, "no number format '%s'; did you mean '%s'?", name,
                           near);
    return effnn__fail(EFFNN_E_NOTFOUND, "no number format '%s'", name);
}

size_t effnn_format_count(void)
{
    return N_FORMATS;
}

const char *effnn_format_name_at(size_t index)
{
    return index < N_FORMATS ? formats[index]->name : NULL;
}

effnn_status effnn_format_bits(uint32_t *out, const char *format)
{
    const effnn__format *row;

    EFFNN_CHECK_ARG(out && format);
    EFFNN_TRY(find_format(&row, format));
    *out = row->bits;
    return EFFNN_OK;
}

effnn_status effnn_format_range(double *largest, double *smallest, const char *format)
{
    const effnn__format *row;

    EFFNN_CHECK_ARG(format);
    EFFNN_TRY(find_format(&row, format));
    if (largest) *largest = row->largest;
    if (smallest) *smallest = row->smallest;
    return EFFNN_OK;
}

effnn_status effnn_format_encode(uint32_t *codes, const double *values, size_t n,
                                 const char *format, effnn_rounding rounding)
{
    const effnn__format *row;

    EFFNN_CHECK_ARG((codes && values) || n == 0);
    EFFNN_CHECK_ARG(format);
    EFFNN_CHECK_ARG(rounding == EFFNN_ROUND_NEAREST_EVEN || rounding == EFFNN_ROUND_TOWARD_ZERO);
    EFFNN_TRY(find_format(&row, format));
    for (size_t i = 0; i < n && !row->has_nan; i++)
        if (values[i] != values[i])
            return effnn__fail(EFFNN_E_NUMERIC,
                               "format '%s': value %zu of %zu is NaN, which it "
                               "cannot hold",
                               format, i, n);
    for (size_t i = 0; i < n; i++) codes[i] = row->encode(values[i], rounding);
    return EFFNN_OK;
}

effnn_status effnn_format_decode(double *values, const uint32_t *codes, size_t n,
                                 const char *format)
{
    const effnn__format *row;

    EFFNN_CHECK_ARG((codes && values) || n == 0);
    EFFNN_CHECK_ARG(format);
    EFFNN_TRY(find_format(&row, format));
    for (size_t i = 0; i < n; i++)
        if ((uint64_t)codes[i] >> row->bits)
            return effnn__fail(EFFNN_E_ARG,
                               "format '%s': code %zu of %zu is 0x%x, wider than %u "
                               "bits",
                               format, i, n, (unsigned)codes[i], row->bits);
    for (size_t i = 0; i < n; i++) values[i] = row->decode(codes[i]);
    return EFFNN_OK;
}
