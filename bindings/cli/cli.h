/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef EFFNN_CLI_H
#define EFFNN_CLI_H

/* What the subcommands of `effnn` share. Each subcommand is one row: its flags, positional
 * arguments, example and function. Parsing, --help, completion and man pages come from the rows, so
 * a command says everything about itself once. Results go to stdout, everything else to stderr. */

#include <cjson/cJSON.h>
#include <effnn/effnn.h>
#include <stdbool.h>

/* Exit codes of the contract. */
enum { CLI_DONE = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_INTERRUPTED = 130 };

typedef enum cli_flag_type {
    CLI_SWITCH, /* bool */
    CLI_COUNT,  /* uint32_t, a whole number ≥ 1 unless `zero_allowed` */
    CLI_SEED,   /* uint64_t */
    CLI_TEXT,   /* const char * */
    CLI_LIST    /* cli_list: may be repeated */
} cli_flag_type;

typedef struct cli_list {
    size_t n;
    const char **items;
} cli_list;

typedef struct cli_flag {
    const char *name; /* without dashes; NULL ends */
    char letter;      /* short form, or 0 */
    cli_flag_type type;
    size_t offset;     /* of the field in the command's struct */
    const char *value; /* what the argument is called in help */
    const char *help;
    bool required, zero_allowed;
} cli_flag;

/* Flags that every command has. */
typedef struct cli_common {
    uint32_t threads;
    uint64_t seed;
    bool quiet, verbose, json, help;
} cli_common;

/* One command being run. */
typedef struct cli {
    const struct cli_command *command;
    cli_common common;
    effnn_context *context;
    size_t n_args;
    const char *const *args; /* positional arguments */
    void *flags;             /* the command's struct, filled */
} cli;

typedef struct cli_command {
    const char *name, *summary;
    const char *args; /* "MODEL" or "[NAME]", for help */
    size_t min_args, max_args;
    const char *example; /* works when pasted at the repository's root; lines by \n */
    const cli_flag *flags;
    size_t flags_size;
    int (*run)(cli *cli); /* an exit code */
} cli_command;

extern const cli_command *const cli_commands[]; /* NULL-terminated */
extern const cli_flag cli_common_flags[];

/* Parse a command line (argv[0] is the command's name) into `cli` and run it; an exit code. */
int cli_dispatch(const cli_command *command, int argc, char **argv);

/* ---- messages ---- */

/* "effnn: message" from a failed library call; the exit code that fits. */
int cli_fail(effnn_status status);
/* The same with a message of the command's own (printf rules). */
int cli_fail_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
int cli_usage(const cli_command *command, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* A note for people on stderr, unless --quiet. */
void cli_note(const cli *cli, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Out of memory. */
int cli_no_memory(void);

/* ---- output ---- */

/* Print one JSON document and free it; NULL means that memory ran out. */
int cli_print_json(cJSON *document);
/* A number, or null if not finite; a count as number, above 2^53 as text. */
void cli_json_number(cJSON *object, const char *key, double value);
void cli_json_count(cJSON *object, const char *key, uint64_t value);
/* [1, 3, "N"] from a value's dimensions. */
cJSON *cli_json_shape(const effnn_value_spec *spec);
cJSON *cli_json_dims(size_t rank, const int64_t *dims);
/* "1×3×N" into a buffer of 256 bytes. */
const char *cli_text_shape(char *buffer, const effnn_value_spec *spec);
const char *cli_text_dims(char *buffer, size_t rank, const int64_t *dims);
/* 572074 as "572,074"; 1.5e9 as "1.50 G"; seconds as "12.3 ms"; bytes as "2.24 MB". 32 bytes each.
 */
const char *cli_text_count(char *buffer, uint64_t value);
const char *cli_text_scaled(char *buffer, double value);
const char *cli_text_seconds(char *buffer, double value);
const char *cli_text_bytes(char *buffer, double value);

/* A row of an option table: an object; two lines of text. */
cJSON *cli_json_option(const effnn_option_def *row);
void cli_print_option(const effnn_option_def *row);

/* ---- running ---- */

/* For the progress fields of option structs: a bar on a terminal, lines with --verbose, and stops
 * after Ctrl-C. `user` is the cli. */
int cli_progress(void *user, const effnn_progress *progress);
/* End the bar's line. */
void cli_progress_done(const cli *cli);
/* Monotonic seconds. */
double cli_seconds(void);
/* True after Ctrl-C. */
bool cli_interrupted(void);
/* Load a model / open data for it, or NULL with the exit code in *code. */
effnn_model *cli_load(cli *cli, const char *path, int *code);
effnn_dataset *cli_open(cli *cli, const char *uri, const effnn_model *model, int *code);
/* The batch to run at: `wish`, or the model's own fixed one (said once on stderr). */
uint32_t cli_batch(const cli *cli, const effnn_model *model, uint32_t wish);

/* Completion for bash, and the man page of one command (NULL: of effnn itself), to stdout. */
void cli_generate_completion(void);
void cli_generate_man(const cli_command *command);
void cli_print_help(const cli_command *command);
#endif
