/* SPDX-License-Identifier: BSD-3-Clause */
/* lowrank: activation-aware mixed-rank compression (docs/methods/lowrank.md). Weights become
 * products of two thinner ones, each site at a rank of its own. This file is the table of contents:
 * which sites (lowrank_plan.c), statistics and bases (lowrank_stats.c, lowrank_decompose.c, the
 * equations in lowrank_math.c), ranks (lowrank_ranks.c), the graph (lowrank_apply.c). */

#include "transform/lowrank/lowrank_priv.h"

static effnn_status check(effnn_transform_call *call)
{
    lowrank_plan plan = { 0 };
    const effnn_status status = effnn__lowrank_plan_make(&plan, call);

    effnn__lowrank_plan_clear(&plan);
    return status;
}

/* Stage 2. */
static effnn_status choose_ranks(lowrank_plan *plan, const effnn__lowrank_options *options)
{
    EFFNN_TRY(effnn__lowrank_plan_check_target(plan, options));
    if (options->allocation == EFFNN__LOWRANK_UNIFORM) {
        effnn__lowrank_allocate_uniform(plan->levels, plan->curves, plan->n, plan->target);
        return EFFNN_OK;
    }
    EFFNN_TRY(effnn__lowrank_allocate_greedy(plan->levels, plan->curves, plan->n, plan->target));
    if (options->local_search)
        effnn__lowrank_improve(plan->levels, plan->curves, plan->n, plan->target);
    return EFFNN_OK;
}

/* One row: what became of a site. */
static effnn_status report_site(effnn_report *report, const lowrank_entry *entry,
                                const effnn__lowrank_curve *curve, size_t level)
{
    const effnn__site *site = entry->site;
    const char *treatment = entry->refused ? "refused" : level > 0 ? "factored" : "dense";
    const double kept = (double)effnn_tensor_count(site->weight->constant);
    size_t row = 0;

    EFFNN_TRY(effnn__report_add_row(report, &row, site->name));
    EFFNN_TRY(effnn__report_row_set_text(report, row, "kind", "linear"));
    EFFNN_TRY(effnn__report_row_set_text(report, row, "op", site->node->def->name));
    EFFNN_TRY(effnn__report_row_set_text(report, row, "treatment", treatment));
    EFFNN_TRY(
        effnn__report_row_set(report, row, "rank", (double)effnn__lowrank_rank(curve, level)));
    EFFNN_TRY(
        effnn__report_row_set(report, row, "full_rank", (double)effnn__lowrank_rank(curve, 0)));
    EFFNN_TRY(effnn__report_row_set(report, row, "parameters_before", kept));
    EFFNN_TRY(
        effnn__report_row_set(report, row, "parameters_after",
                              level > 0 ? (double)effnn__lowrank_elements(curve, level) : kept));
    EFFNN_TRY(effnn__report_row_set(report, row, "error", effnn__lowrank_error(curve, level)));
    if (!entry->refused) return EFFNN_OK;
    return effnn__report_row_set_text(report, row, "reason", entry->refused);
}

static effnn_status report_plan(effnn_report *report, const lowrank_plan *plan)
{
    const double freed = (double)effnn__lowrank_freed(plan->curves, plan->levels, plan->n);
    double error = 0.0;

    for (size_t i = 0; i < plan->n; i++) {
        EFFNN_TRY(report_site(report, &plan->entries[i], &plan->curves[i], plan->levels[i]));
        error += effnn__lowrank_error(&plan->curves[i], plan->levels[i]);
    }
    EFFNN_TRY(effnn__report_set(report, "lowrank.reduction", freed / (double)plan->base));
    return effnn__report_set(report, "lowrank.error", error);
}

static effnn_status apply(effnn_transform_call *call)
{
    lowrank_plan plan = { 0 };
    effnn_status status = effnn__lowrank_plan_make(&plan, call);

    if (status == EFFNN_OK && plan.target > 0) {
        status = effnn__lowrank_decompose(&plan, call);
        if (status == EFFNN_OK) status = choose_ranks(&plan, call->options);
    }
    if (status == EFFNN_OK) status = report_plan(call->report, &plan);
    if (status == EFFNN_OK && plan.target > 0) status = effnn__lowrank_rewrite(&plan, call);
    effnn__lowrank_plan_clear(&plan);
    return status;
}

const effnn_transform_def effnn__transform_lowrank = {
    .version = 1,
    .option_stride = sizeof(effnn_option_def),
    .name = "lowrank",
    .summary = "activation-aware mixed-rank compression of linear layers and convolutions",
    .paper = "S. Azizi, M. Nazemi, M. Pedram: Memory-Efficient Vision Transformers: An "
             "Activation-Aware Mixed-Rank Compression Strategy. ECCV Workshops, 2024 "
             "(arXiv:2402.06004)",
    .options = effnn__lowrank_option_defs,
    .options_size = sizeof(effnn__lowrank_options),
    .check = check,
    .apply = apply,
};
