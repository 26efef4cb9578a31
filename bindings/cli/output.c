/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages, numbers for people, and JSON. */

#include "cli.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define MAX_EXACT 9007199254740992.0 /* 2^53: integers above it lose bits as JSON numbers */

int cli_fail(effnn_status status)
{
    if (status == EFFNN_E_CANCELLED && cli_interrupted()) {
        fprintf(stderr, "effnn: interrupted\n");
        return CLI_INTERRUPTED;
    }
    fprintf(stderr, "effnn: %s\n", effnn_last_error());
    return CLI_FAILED;
}

int cli_fail_text(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("effnn: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
    return CLI_FAILED;
}

int cli_usage(const cli_command *command, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fputs("effnn: ", stderr);
    vfprintf(stderr, format, args);
    va_end(args);
    if (command)
        fprintf(stderr, "\ntry: effnn %s --help\n", command->name);
    else
        fputs("\ntry: effnn --help\n", stderr);
    return CLI_USAGE;
}

void cli_note(const cli *self, const char *format, ...)
{
    va_list args;

    if (self->common.quiet) return;
    va_start(args, format);
    fputs("effnn: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

int cli_no_memory(void)
{
    return cli_fail_text("out of memory");
}

int cli_print_json(cJSON *document)
{
    char *text = document ? cJSON_Print(document) : NULL;
    int code = CLI_DONE;

    cJSON_Delete(document);
    if (!text) return cli_no_memory();
    if (puts(text) < 0 || fflush(stdout) != 0) code = cli_fail_text("cannot write standard output");
    cJSON_free(text);
    return code;
}

void cli_json_number(cJSON *object, const char *key, double value)
{
    if (isfinite(value))
        cJSON_AddNumberToObject(object, key, value);
    else
        cJSON_AddNullToObject(object, key);
}

void cli_json_count(cJSON *object, const char *key, uint64_t value)
{
    if ((double)value <= MAX_EXACT) {
        cJSON_AddNumberToObject(object, key, (double)value);
    } else {
        char text[32];

        snprintf(text, sizeof text, "%llu", (unsigned long long)value);
        cJSON_AddStringToObject(object, key, text);
    }
}

cJSON *cli_json_shape(const effnn_value_spec *spec)
{
    cJSON *array;

    if (!spec->has_shape) return cJSON_CreateNull();
    array = cJSON_CreateArray();
    for (size_t i = 0; i < spec->rank; i++)
        cJSON_AddItemToArray(array, spec->dims[i] >= 0 ? cJSON_CreateNumber((double)spec->dims[i])
                                    : spec->symbols[i] ? cJSON_CreateString(spec->symbols[i])
                                                       : cJSON_CreateNull());
    return array;
}

cJSON *cli_json_dims(size_t rank, const int64_t *dims)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < rank; i++)
        cJSON_AddItemToArray(array, cJSON_CreateNumber((double)dims[i]));
    return array;
}

const char *cli_text_shape(char *buffer, const effnn_value_spec *spec)
{
    size_t at = 0;

    strcpy(buffer, !spec->has_shape ? "of unknown shape" : spec->rank ? "" : "scalar");
    for (size_t i = 0; i < spec->rank && at < 200; i++) {
        const char *times = i ? "×" : "";

        if (spec->dims[i] >= 0)
            at +=
                (size_t)snprintf(buffer + at, 256 - at, "%s%lld", times, (long long)spec->dims[i]);
        else
            at += (size_t)snprintf(buffer + at, 256 - at, "%s%.24s", times,
                                   spec->symbols[i] ? spec->symbols[i] : "?");
    }
    return buffer;
}

const char *cli_text_dims(char *buffer, size_t rank, const int64_t *dims)
{
    effnn_value_spec spec = { .version = 1, .rank = rank, .has_shape = 1 };

    if (rank) memcpy(spec.dims, dims, rank * sizeof *dims);
    return cli_text_shape(buffer, &spec);
}

const char *cli_text_count(char *buffer, uint64_t value)
{
    char digits[24];
    const size_t n = (size_t)snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        if (i && (n - i) % 3 == 0) buffer[at++] = ',';
        buffer[at++] = digits[i];
    }
    buffer[at] = '\0';
    return buffer;
}

static const char *scaled(char *buffer, double value, const char *unit)
{
    static const char *const prefixes[] = { "", "k", "M", "G", "T", "P" };
    size_t i = 0;

    while (fabs(value) >= 1000.0 && i + 1 < sizeof prefixes / sizeof prefixes[0]) {
        value /= 1000.0;
        i++;
    }
    snprintf(buffer, 32, i ? "%.3g %s%s" : "%g %s%s", value, prefixes[i], unit);
    return buffer;
}

const char *cli_text_scaled(char *buffer, double value)
{
    return scaled(buffer, value, "");
}

const char *cli_text_bytes(char *buffer, double value)
{
    return scaled(buffer, value, "B");
}

const char *cli_text_seconds(char *buffer, double value)
{
    if (value >= 1.0)
        snprintf(buffer, 32, "%.3g s", value);
    else if (value >= 1e-3)
        snprintf(buffer, 32, "%.3g ms", value * 1e3);
    else
        snprintf(buffer, 32, "%.3g µs", value * 1e6);
    return buffer;
}
