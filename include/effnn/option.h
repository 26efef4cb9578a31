/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_OPTION_H
#define EFFNN_OPTION_H

/** @file
 * Option tables: the one description of a method's, an operator's or a unit's options.
 *
 * A private struct holds the values; a static array of rows, one a field, gives name, help, type,
 * default and range. Parsing, range errors, introspection and documentation come from the rows.
 */

#include <effnn/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Type of an option; the comment names the field's C type. */
typedef enum effnn_option_type {
    EFFNN_OPT_BOOL = 0,   /**< bool */
    EFFNN_OPT_I64 = 1,    /**< int64_t, within ±2^53 */
    EFFNN_OPT_F64 = 2,    /**< double */
    EFFNN_OPT_ENUM = 3,   /**< int: index into `choices` */
    EFFNN_OPT_STRING = 4, /**< char *: owned by the struct, never NULL */
    EFFNN_OPT_LIST = 5,   /**< effnn_string_list: text form "a:b:c"; a colon cannot be in an item */
    EFFNN_OPT_INTS = 6    /**< effnn_int_list: text form "1:2:3" */
} effnn_option_type;

/** Value of an EFFNN_OPT_LIST field; owned by the options struct. */
typedef struct effnn_string_list {
    size_t n;     /**< number of items */
    char **items; /**< [n] */
} effnn_string_list;

/** Value of an EFFNN_OPT_INTS field; owned by the options struct. */
typedef struct effnn_int_list {
    size_t n;       /**< number of items */
    int64_t *items; /**< [n] */
} effnn_int_list;

/** One option. Arrays of rows end with EFFNN_OPTIONS_END and travel with their stride. */
typedef struct effnn_option_def {
    const char *name;           /**< key; NULL ends the array */
    const char *help;           /**< one line, with the unit */
    effnn_option_type type;     /**< of the field */
    size_t offset;              /**< of the field in the options struct */
    double value;               /**< default of BOOL, I64, F64 and ENUM (index) */
    double min;                 /**< inclusive; of I64, F64 and each of INTS … */
    double max;                 /**< … and the largest; both 0: no limit */
    const char *const *choices; /**< ENUM: NULL-terminated names */
    const char *text;           /**< default of STRING, LIST and INTS; NULL: empty */
    uint64_t reserved[2];       /**< zero */
} effnn_option_def;

/** Last row of an option table. */
#define EFFNN_OPTIONS_END \
    {                     \
        .name = NULL      \
    }

#ifdef __cplusplus
}
#endif
#endif
