/* SPDX-License-Identifier: BSD-3-Clause */
/* effnn info: what is in a model file. */

#include "cli.h"

#include <math.h>
#include <stdio.h>

typedef struct info_flags {
    bool nodes, sites;
} info_flags;

static cJSON *value_json(const effnn_value_spec *spec)
{
    cJSON *object = cJSON_CreateObject();

    cJSON_AddStringToObject(object, "name", spec->name);
    cJSON_AddStringToObject(object, "dtype", effnn_dtype_name(spec->dtype));
    cJSON_AddItemToObject(object, "shape", cli_json_shape(spec));
    return object;
}

static cJSON *names_json(const char *const *names, size_t n)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < n; i++)
        cJSON_AddItemToArray(array, names[i] ? cJSON_CreateString(names[i]) : cJSON_CreateNull());
    return array;
}

static cJSON *nodes_json(effnn_model *model)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < effnn_model_node_count(model); i++) {
        effnn_node node = EFFNN_NODE_INIT;
        cJSON *object = cJSON_CreateObject();

        if (effnn_model_node_at(&node, model, i) == EFFNN_OK) {
            cJSON_AddStringToObject(object, "name", node.name);
            cJSON_AddStringToObject(object, "op", node.op);
            cJSON_AddStringToObject(object, "attrs", node.attrs);
            cJSON_AddItemToObject(object, "inputs", names_json(node.inputs, node.n_inputs));
            cJSON_AddItemToObject(object, "outputs", names_json(node.outputs, node.n_outputs));
        }
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static const char *kind_name(effnn_site_kind kind)
{
    return kind == EFFNN_SITE_LINEAR      ? "linear"
           : kind == EFFNN_SITE_NONLINEAR ? "nonlinear"
                                          : "activation";
}

static cJSON *sites_json(const effnn_site_list *sites)
{
    cJSON *array = cJSON_CreateArray();

    for (size_t i = 0; i < effnn_site_list_count(sites); i++) {
        effnn_site_info site = { .version = 1 };
        cJSON *object = cJSON_CreateObject();

        effnn_site_list_at(&site, sites, i);
        cJSON_AddStringToObject(object, "name", site.name);
        cJSON_AddStringToObject(object, "kind", kind_name(site.kind));
        cJSON_AddStringToObject(object, "op", site.op);
        cJSON_AddStringToObject(object, "node", site.node);
        cJSON_AddNumberToObject(object, "in", (double)site.in);
        cJSON_AddNumberToObject(object, "out", (double)site.out);
        cJSON_AddNumberToObject(object, "groups", (double)site.groups);
        cli_json_count(object, "parameters", site.parameters);
        cli_json_number(object, "macs", site.macs);
        if (site.refused) cJSON_AddStringToObject(object, "refused", site.refused);
        cJSON_AddItemToArray(array, object);
    }
    return array;
}

static int print_json(const cli *self, effnn_model *model, const effnn_cost *cost,
                      const effnn_site_list *sites)
{
    const info_flags *flags = self->flags;
    cJSON *document = cJSON_CreateObject(), *inputs, *outputs, *metadata;

    cJSON_AddStringToObject(document, "format", effnn_model_format(model));
    cJSON_AddStringToObject(document, "producer", effnn_model_producer(model));
    cJSON_AddNumberToObject(document, "opset", effnn_model_opset(model));
    inputs = cJSON_AddArrayToObject(document, "inputs");
    outputs = cJSON_AddArrayToObject(document, "outputs");
    for (size_t i = 0; i < effnn_model_input_count(model); i++) {
        effnn_value_spec spec = { .version = 1 };

        effnn_model_input_at(&spec, model, i);
        cJSON_AddItemToArray(inputs, value_json(&spec));
    }
    for (size_t i = 0; i < effnn_model_output_count(model); i++) {
        effnn_value_spec spec = { .version = 1 };

        effnn_model_output_at(&spec, model, i);
        cJSON_AddItemToArray(outputs, value_json(&spec));
    }
    cli_json_count(document, "nodes", effnn_model_node_count(model));
    cli_json_count(document, "parameters", cost->parameters);
    cli_json_count(document, "parameter_bytes", cost->parameter_bytes);
    cli_json_number(document, "macs", cost->macs);
    cli_json_number(document, "bits_per_weight", cost->bits_per_weight);
    metadata = cJSON_AddObjectToObject(document, "metadata");
    for (size_t i = 0; i < effnn_model_metadata_count(model); i++) {
        const char *key, *value;

        if (effnn_model_metadata_at(&key, &value, model, i) == EFFNN_OK)
            cJSON_AddStringToObject(metadata, key, value);
    }
    if (flags->nodes) cJSON_AddItemToObject(document, "node_list", nodes_json(model));
    if (sites) cJSON_AddItemToObject(document, "sites", sites_json(sites));
    return cli_print_json(document);
}

static void print_value(const char *what, const effnn_value_spec *spec)
{
    char shape[256];

    printf("%-12s %s: %s %s\n", what, spec->name, effnn_dtype_name(spec->dtype),
           cli_text_shape(shape, spec));
}

static void print_summary(const effnn_model *model, const effnn_cost *cost)
{
    char a[32], b[32];

    printf("%-12s %s", "format", effnn_model_format(model));
    if (effnn_model_opset(model)) printf(", opset %u", effnn_model_opset(model));
    if (*effnn_model_producer(model)) printf(", by %s", effnn_model_producer(model));
    printf("\n");
    for (size_t i = 0; i < effnn_model_input_count(model); i++) {
        effnn_value_spec spec = { .version = 1 };

        effnn_model_input_at(&spec, model, i);
        print_value(i ? "" : "inputs", &spec);
    }
    for (size_t i = 0; i < effnn_model_output_count(model); i++) {
        effnn_value_spec spec = { .version = 1 };

        effnn_model_output_at(&spec, model, i);
        print_value(i ? "" : "outputs", &spec);
    }
    printf("%-12s %zu\n", "nodes", effnn_model_node_count(model));
    printf("%-12s %s, %s, %.3g bits each\n", "parameters", cli_text_count(a, cost->parameters),
           cli_text_bytes(b, (double)cost->parameter_bytes), cost->bits_per_weight);
    if (isfinite(cost->macs))
        printf("%-12s %s for one sample\n", "MACs", cli_text_scaled(a, cost->macs));
    for (size_t i = 0; i < effnn_model_metadata_count(model); i++) {
        const char *key, *value;

        if (effnn_model_metadata_at(&key, &value, model, i) == EFFNN_OK)
            printf("%-12s %s = %s\n", i ? "" : "metadata", key, value);
    }
}

static void print_nodes(effnn_model *model)
{
    printf("\n%-24s %-20s %s\n", "node", "operator", "attributes");
    for (size_t i = 0; i < effnn_model_node_count(model); i++) {
        effnn_node node = EFFNN_NODE_INIT;

        if (effnn_model_node_at(&node, model, i) == EFFNN_OK)
            printf("%-24s %-20s %s\n", node.name, node.op, node.attrs);
    }
}

static void print_sites(const effnn_site_list *sites)
{
    char shape[64], count[32];

    printf("\n%-24s %-10s %-20s %-16s %s\n", "site", "kind", "operator", "in × out", "parameters");
    for (size_t i = 0; i < effnn_site_list_count(sites); i++) {
        effnn_site_info site = { .version = 1 };

        effnn_site_list_at(&site, sites, i);
        shape[0] = '\0';
        if (site.kind == EFFNN_SITE_LINEAR)
            snprintf(shape, sizeof shape, "%lld × %lld", (long long)site.in, (long long)site.out);
        printf("%-24s %-10s %-20s %-16s %s%s%s\n", site.name, kind_name(site.kind), site.op, shape,
               cli_text_count(count, site.parameters), site.refused ? "  left alone: " : "",
               site.refused ? site.refused : "");
    }
}

static int run(cli *self)
{
    const info_flags *flags = self->flags;
    effnn_cost cost = { .version = 1 };
    effnn_site_list *sites = NULL;
    effnn_status status;
    int code;
    effnn_model *model = cli_load(self, self->args[0], &code);

    if (!model) return code;
    status = effnn_model_cost(&cost, model);
    if (status == EFFNN_OK && flags->sites) status = effnn_site_list_create(&sites, model);
    if (status != EFFNN_OK) {
        code = cli_fail(status);
    } else if (self->common.json) {
        code = print_json(self, model, &cost, sites);
    } else {
        print_summary(model, &cost);
        if (flags->nodes) print_nodes(model);
        if (sites) print_sites(sites);
    }
    effnn_site_list_destroy(sites);
    effnn_model_destroy(model);
    return code;
}

static const cli_flag flags[] = {
    { "nodes", 0, CLI_SWITCH, offsetof(info_flags, nodes), NULL, "list the nodes", false, false },
    { "sites", 0, CLI_SWITCH, offsetof(info_flags, sites), NULL,
      "list the sites that methods can change", false, false },
    { NULL, 0, CLI_SWITCH, 0, NULL, NULL, false, false },
};

extern const cli_command cli_command_info;
const cli_command cli_command_info = {
    .name = "info",
    .summary = "what is in a model file",
    .args = "MODEL",
    .min_args = 1,
    .max_args = 1,
    .example = "effnn info examples/data/digits_vit.onnx --sites",
    .flags = flags,
    .flags_size = sizeof(info_flags),
    .run = run,
};
