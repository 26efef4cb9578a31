/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of sites, the same whichever exporter wrote the graph (rules in site.h): exporters keep the
 * names of biases and norms, rename transposed weights, and name nodes each in its own way. */

#include "base/alloc.h"
#include "base/str.h"
#include "model/site.h"

#include <string.h>

/* True for a name that a person gave: dotted, and not of an exporter's making. */
static bool is_given(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && dot > name && dot[1] && !strstr(name, "::") && !strchr(name, '/');
}

/* The name without its last part, or NULL when out of memory. */
static char *scope_of(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot ? effnn__strprintf("%.*s", (int)(dot - name), name) : effnn__strdup("");
}

/* The parameter whose name says what the site is called, or NULL. */
static const effnn__value *naming_parameter(const effnn__site *site)
{
    const effnn__value *candidates[] = { site->weight, site->bias };

    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++)
        if (candidates[i] && is_given(candidates[i]->name)) return candidates[i];
    return NULL;
}

effnn_status effnn__site_name(char **out, const effnn__site *site, const char *previous)
{
    const effnn__value *parameter = naming_parameter(site);
    char *scope = NULL;

    if (parameter) {
        *out = scope_of(parameter->name);
    } else if (site->kind == EFFNN_SITE_LINEAR) {
        *out = effnn__strdup(site->node->name);
    } else {
        scope = scope_of(previous ? previous : "");
        *out = !scope ? NULL
                      : effnn__strprintf("%s%s%s", scope, *scope ? "." : "", site->node->def->name);
    }
    effnn__free(scope);
    return *out ? EFFNN_OK : effnn__fail_nomem("site", strlen(site->node->name));
}
