/* SPDX-License-Identifier: BSD-3-Clause */
/* The `effnn` command: finds the subcommand and hands over. A new subcommand is one file
 * cmd_<name>.c and one word in meson.build. */

#include "cli.h"

#include <stdio.h>
#include <string.h>

#define X(name) extern const cli_command cli_command_##name;
#include "cli_list.inc"
#undef X

const cli_command *const cli_commands[] = {
#define X(name) &cli_command_##name,
#include "cli_list.inc"
#undef X
    NULL,
};

static const cli_command *find_command(const char *name)
{
    for (size_t i = 0; cli_commands[i]; i++)
        if (strcmp(cli_commands[i]->name, name) == 0) return cli_commands[i];
    return NULL;
}

/* The command that begins most like `name`. */
static const char *hint(const char *name)
{
    const char *best = NULL;
    size_t best_length = 0;

    for (size_t i = 0; cli_commands[i]; i++) {
        size_t n = 0;

        while (name[n] && name[n] == cli_commands[i]->name[n]) n++;
        if (n > best_length) {
            best = cli_commands[i]->name;
            best_length = n;
        }
    }
    return best;
}

static void print_overview(FILE *file)
{
    fprintf(file, "effnn makes trained neural networks efficient.\n\nusage: effnn COMMAND …\n\n");
    for (size_t i = 0; cli_commands[i]; i++)
        fprintf(file, "  %-11s %s\n", cli_commands[i]->name, cli_commands[i]->summary);
    fprintf(file, "\n  effnn COMMAND --help   flags and an example\n"
                  "  effnn --version        version of the library\n\n"
                  "example:\n  effnn info examples/data/digits_vit.onnx\n");
}

static int generate(const char *what)
{
    if (strcmp(what, "completion") == 0) {
        cli_generate_completion();
        return CLI_DONE;
    }
    if (strncmp(what, "man", 3) == 0) {
        const cli_command *command = what[3] == ':' ? find_command(what + 4) : NULL;

        if (what[3] == ':' && !command) return cli_usage(NULL, "no command '%s'", what + 4);
        cli_generate_man(command);
        return CLI_DONE;
    }
    return cli_usage(NULL, "--generate takes 'completion', 'man' or 'man:COMMAND'");
}

int main(int argc, char **argv)
{
    const char *first = argc > 1 ? argv[1] : "";
    const cli_command *command = find_command(first);

    if (command) return cli_dispatch(command, argc - 1, argv + 1);
    if (strcmp(first, "--help") == 0 || strcmp(first, "-h") == 0) {
        print_overview(stdout);
        return CLI_DONE;
    }
    if (strcmp(first, "--version") == 0) {
        printf("effnn %s\n", effnn_version());
        return CLI_DONE;
    }
    if (strcmp(first, "--generate") == 0 && argc == 3) return generate(argv[2]);
    if (!*first) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    if (hint(first))
        return cli_usage(NULL, "no command '%s'; did you mean '%s'?", first, hint(first));
    return cli_usage(NULL, "no command '%s'", first);
}
