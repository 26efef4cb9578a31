/* SPDX-License-Identifier: BSD-3-Clause */
/* Parsing by getopt_long from the commands' rows. Flags and positional arguments may be mixed. */

#include "cli.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_FLAGS 32
#define FIELD(f)  offsetof(cli_common, f)

const cli_flag cli_common_flags[] = {
    { "threads", 0, CLI_COUNT, FIELD(threads), "N", "threads to work with (default: all cores)",
      false, true },
    { "seed", 0, CLI_SEED, FIELD(seed), "N", "seed of everything random (default 0)", false, true },
    { "quiet", 'q', CLI_SWITCH, FIELD(quiet), NULL, "no progress, no notes", false, false },
    { "verbose", 'v', CLI_SWITCH, FIELD(verbose), NULL, "log what the library does", false, false },
    { "json", 0, CLI_SWITCH, FIELD(json), NULL, "one JSON document on standard output", false,
      false },
    { "help", 'h', CLI_SWITCH, FIELD(help), NULL, "this text", false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

/* getopt's tables for a command: entry i of `longs` is flag `flags[i]`, kept in `fields[i]`. */
typedef struct parser {
    const cli_flag *flags[MAX_FLAGS];
    void *fields[MAX_FLAGS];
    struct option longs[MAX_FLAGS + 1];
    char shorts[2 * MAX_FLAGS + 2];
    bool seen[MAX_FLAGS];
    size_t n;
} parser;

static void add_flags(parser *p, const cli_flag *flags, void *fields)
{
    for (const cli_flag *f = flags; f && f->name && p->n < MAX_FLAGS; f++) {
        const int has_argument = f->type == CLI_SWITCH ? no_argument : required_argument;

        p->flags[p->n] = f;
        p->fields[p->n] = (char *)fields + f->offset;
        p->longs[p->n] = (struct option){ f->name, has_argument, NULL, (int)(256 + p->n) };
        if (f->letter) {
            const size_t at = strlen(p->shorts);

            p->shorts[at] = f->letter;
            p->shorts[at + 1] = has_argument ? ':' : '\0';
        }
        p->n++;
    }
}

static bool read_whole(const char *text, uint64_t limit, uint64_t *out)
{
    char *end;

    if (*text < '0' || *text > '9') return false;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && *end == '\0' && *out <= limit;
}

/* Put one flag's value into its field; an exit code. */
static int store(const cli_command *command, const cli_flag *flag, void *field, const char *text)
{
    uint64_t whole = 0;

    switch (flag->type) {
    case CLI_SWITCH: *(bool *)field = true; return CLI_DONE;
    case CLI_TEXT: *(const char **)field = text; return CLI_DONE;
    case CLI_LIST: {
        cli_list *list = field;
        const char **items = realloc(list->items, (list->n + 1) * sizeof *items);

        if (!items) return cli_no_memory();
        items[list->n] = text;
        *list = (cli_list){ list->n + 1, items };
        return CLI_DONE;
    }
    case CLI_COUNT:
        if (!read_whole(text, UINT32_MAX, &whole) || (whole == 0 && !flag->zero_allowed))
            return cli_usage(command, "--%s: '%s' is not a whole number above %s", flag->name, text,
                             flag->zero_allowed ? "-1" : "0");
        *(uint32_t *)field = (uint32_t)whole;
        return CLI_DONE;
    case CLI_SEED:
        if (!read_whole(text, UINT64_MAX, (uint64_t *)field))
            return cli_usage(command, "--%s: '%s' is not a whole number", flag->name, text);
        return CLI_DONE;
    }
    return CLI_DONE;
}

/* The flag that begins most like what was typed. */
static const char *hint(const parser *p, const char *typed)
{
    const char *best = NULL;
    size_t best_length = 0;

    while (*typed == '-') typed++;
    for (size_t i = 0; i < p->n; i++) {
        size_t n = 0;

        while (typed[n] && typed[n] == p->flags[i]->name[n]) n++;
        if (n > best_length) {
            best = p->flags[i]->name;
            best_length = n;
        }
    }
    return best;
}

static int parse_flags(parser *p, const cli_command *command, int argc, char **argv)
{
    int c;

    opterr = 0;
    while ((c = getopt_long(argc, argv, p->shorts, p->longs, NULL)) != -1) {
        size_t i = p->n;
        int code;

        if (c == '?') {
            const char *typed = argv[optind - 1];
            const char *near = hint(p, typed);

            for (i = 0; i < p->n; i++)
                if (strcmp(typed + strspn(typed, "-"), p->flags[i]->name) == 0 ||
                    (optopt && p->flags[i]->letter == optopt))
                    return cli_usage(command, "%s needs %s", typed, p->flags[i]->value);
            return near ? cli_usage(command, "no flag '%s'; did you mean '--%s'?", typed, near)
                        : cli_usage(command, "no flag '%s'", typed);
        }
        if (c >= 256) i = (size_t)c - 256;
        for (size_t k = 0; c < 256 && k < p->n; k++)
            if (p->flags[k]->letter == c) i = k;
        if (i >= p->n) return cli_usage(command, "unknown flag");
        p->seen[i] = true;
        code = store(command, p->flags[i], p->fields[i], optarg);
        if (code != CLI_DONE) return code;
    }
    return CLI_DONE;
}

static void log_line(void *user, effnn_log_level level, const char *line)
{
    (void)user;
    (void)level;
    fprintf(stderr, "effnn: %s\n", line);
}

static int make_context(cli *self)
{
    effnn_context_options options = EFFNN_CONTEXT_OPTIONS_INIT;
    effnn_status status;

    options.threads = self->common.threads;
    options.seed = self->common.seed;
    if (!self->common.quiet) {
        options.log = log_line;
        options.log_level = self->common.verbose ? EFFNN_LOG_INFO : EFFNN_LOG_WARNING;
    }
    status = effnn_context_create(&self->context, &options);
    return status == EFFNN_OK ? CLI_DONE : cli_fail(status);
}

static void free_lists(const cli_command *command, void *flags)
{
    for (const cli_flag *f = command->flags; f && f->name; f++)
        if (f->type == CLI_LIST) free(((cli_list *)(void *)((char *)flags + f->offset))->items);
}

static int check_counts(const cli *self, const parser *p)
{
    const cli_command *command = self->command;

    if (self->n_args < command->min_args)
        return cli_usage(command, "%s needs %s", command->name, command->args);
    if (self->n_args > command->max_args)
        return cli_usage(command, "unexpected argument '%s'", self->args[command->max_args]);
    for (size_t i = 0; i < p->n; i++)
        if (p->flags[i]->required && !p->seen[i])
            return cli_usage(command, "%s needs --%s %s", command->name, p->flags[i]->name,
                             p->flags[i]->value);
    return CLI_DONE;
}

int cli_dispatch(const cli_command *command, int argc, char **argv)
{
    cli self = { .command = command };
    parser p = { .n = 0 };
    int code;

    self.flags = calloc(1, command->flags_size ? command->flags_size : 1);
    if (!self.flags) return cli_no_memory();
    add_flags(&p, command->flags, self.flags);
    add_flags(&p, cli_common_flags, &self.common);
    code = parse_flags(&p, command, argc, argv);
    self.n_args = (size_t)(argc - optind);
    self.args = (const char *const *)argv + optind;
    if (code == CLI_DONE && self.common.help)
        cli_print_help(command);
    else {
        if (code == CLI_DONE) code = check_counts(&self, &p);
        if (code == CLI_DONE) code = make_context(&self);
        if (code == CLI_DONE) code = command->run(&self);
    }
    effnn_context_destroy(self.context);
    free_lists(command, self.flags);
    free(self.flags);
    return code;
}
