/* SPDX-License-Identifier: BSD-3-Clause */
/* Parameters of the zoo: their names in the files of several training codes, sizes read off them,
 * and random ones, drawn by the parameter's own name so that they do not depend on the order of
 * building. */

#include "base/pool.h"
#include "base/rng.h"
#include "base/str.h"
#include "model/zoo_build.h"
#include "tensor/tensor.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define GRAIN 16384 /* random elements of one piece */

void effnn__zoo_spell(char *buffer, const char *pattern, int i, int j)
{
    size_t n = 0;
    int next = i;

    for (; *pattern && n + 1 < EFFNN__ZOO_NAME; pattern++) {
        if (*pattern != '#') {
            if (*pattern == '+') next = i; /* each part begins anew */
            buffer[n++] = *pattern;
            continue;
        }
        n += (size_t)snprintf(buffer + n, EFFNN__ZOO_NAME - n, "%d", next);
        n = n < EFFNN__ZOO_NAME ? n : EFFNN__ZOO_NAME - 1;
        next = j;
    }
    buffer[n] = '\0';
}

void effnn__zoo_print_f64(char *buffer, const char *key, double value)
{
    char number[32];

    effnn__format_f64(number, sizeof number, value);
    snprintf(buffer, 64, "%s=%s", key, number);
}

/* The row that maps a pattern: the one of the longest beginning that ends at a dot. */
static const effnn__zoo_name *find_row(const effnn__zoo_def *def, const char *pattern)
{
    const effnn__zoo_name *best = NULL;
    size_t best_length = 0;

    for (const effnn__zoo_name *row = def->names; row && row->ours; row++) {
        const size_t n = strlen(row->ours);

        if (strncmp(pattern, row->ours, n) != 0 || (pattern[n] && pattern[n] != '.')) continue;
        if (best && n <= best_length) continue;
        best = row;
        best_length = n;
    }
    return best;
}

/* The file's name of a parameter, its parts separated by '+'; "" if this style has none. */
static void file_name(char *buffer, const effnn__zoo *zoo, const char *pattern)
{
    const effnn__zoo_name *row = find_row(zoo->def, pattern);
    char mapped[EFFNN__ZOO_NAME] = "";
    const char *part = row ? row->theirs[zoo->style] : pattern;
    const char *rest = row ? pattern + strlen(row->ours) : "";
    size_t n = 0;

    for (; part && *part && n + 1 < sizeof mapped; part += strcspn(part, "+")) {
        part += *part == '+';
        n += (size_t)snprintf(mapped + n, sizeof mapped - n, "%s%.*s%s", n ? "+" : "",
                              (int)strcspn(part, "+"), part, rest);
    }
    effnn__zoo_spell(buffer, mapped, zoo->i, zoo->j);
}

static const effnn_tensor *find(const effnn__zoo *zoo, const char *name)
{
    const effnn__value *value = effnn__graph_find_value(zoo->weights->graph, name);

    return value ? value->constant : NULL;
}

/* The first tensor of a parameter, or NULL. */
static const effnn_tensor *first_part(const effnn__zoo *zoo, const char *pattern)
{
    char name[EFFNN__ZOO_NAME];

    if (!zoo->weights) return NULL;
    file_name(name, zoo, pattern);
    name[strcspn(name, "+")] = '\0';
    return find(zoo, name);
}

bool effnn__zoo_has(const effnn__zoo *zoo, const char *pattern)
{
    return first_part(zoo, pattern) != NULL;
}

effnn_status effnn__zoo_find_style(effnn__zoo *zoo)
{
    effnn__str tried = { 0 };
    effnn_status status = EFFNN_OK;

    for (zoo->style = 0; zoo->style < EFFNN__ZOO_STYLES; zoo->style++) {
        char name[EFFNN__ZOO_NAME];

        if (effnn__zoo_has(zoo, zoo->def->key)) {
            effnn__str_clear(&tried);
            return EFFNN_OK;
        }
        file_name(name, zoo, zoo->def->key);
        if (*name && status == EFFNN_OK)
            status = effnn__str_printf(&tried, "%s'%s'", tried.n ? ", " : "", name);
    }
    if (status == EFFNN_OK)
        status = effnn__fail(EFFNN_E_NOTFOUND, "%s: the weights have none of %s", zoo->def->name,
                             tried.text ? tried.text : "its names");
    effnn__str_clear(&tried);
    return status;
}

int64_t effnn__zoo_size(const effnn__zoo *zoo, const char *pattern, size_t axis)
{
    const effnn_tensor *tensor = first_part(zoo, pattern);

    return tensor && axis < effnn_tensor_rank(tensor) ? effnn_tensor_dims(tensor)[axis] : 0;
}

int64_t effnn__zoo_layers(effnn__zoo *zoo, const char *pattern)
{
    int *const index = strchr(pattern, '#') == strrchr(pattern, '#') ? &zoo->i : &zoo->j;
    const int kept = *index;
    int64_t n;

    for (*index = 0; effnn__zoo_has(zoo, pattern);) (*index)++;
    n = *index;
    *index = kept;
    return n;
}

int64_t effnn__zoo_choose(const effnn__zoo *zoo, int64_t option, int64_t found, const char *key,
                          int64_t otherwise)
{
    const char *text = key && zoo->weights ? effnn_model_get_metadata(zoo->weights, key) : NULL;
    int64_t noted;

    if (option) return option;
    if (found) return found;
    if (text && effnn__parse_i64(text, &noted) && noted > 0) return noted;
    return otherwise;
}

/* ---- contents ---- */

/* Random elements of one parameter; element k depends on the seed, the name and k alone. */
typedef struct fill_job {
    effnn__rng rng;
    double deviation;
    float *data;
} fill_job;

static effnn_status fill_piece(void *user, size_t piece, size_t begin, size_t end)
{
    const fill_job *job = user;

    (void)piece;
    for (size_t k = begin; k < end; k++)
        job->data[k] = (float)(job->deviation * effnn__rng_normal(&job->rng, k));
    return EFFNN_OK;
}

static effnn_status fill_tensor(effnn_tensor *tensor, const effnn__zoo *zoo, const char *pattern,
                                effnn__zoo_fill fill)
{
    const size_t n = effnn_tensor_count(tensor), rank = effnn_tensor_rank(tensor);
    const int64_t *dims = effnn_tensor_dims(tensor);
    effnn_context *context = zoo->model->context;
    char name[EFFNN__ZOO_NAME];
    fill_job job = { .data = effnn__tensor_data(tensor) };

    for (size_t k = 0; k < n && fill == EFFNN__ZOO_ONES; k++) job.data[k] = 1.0f;
    if (fill != EFFNN__ZOO_NORMAL) return EFFNN_OK;
    effnn__zoo_spell(name, pattern, zoo->i, zoo->j);
    job.rng = (effnn__rng){ effnn_context_seed(context), effnn__rng_stream(name, 0) };
    job.deviation = rank && n ? 1.0 / sqrt((double)n / (double)dims[0]) : 1.0;
    return effnn__parallel_for(context, n, GRAIN, fill_piece, &job);
}

/* Copy of a tensor's sizes other than 1; their number. */
static size_t squeeze(int64_t *out, size_t rank, const int64_t *dims)
{
    size_t n = 0;

    for (size_t d = 0; d < rank; d++)
        if (dims[d] != 1) out[n++] = dims[d];
    return n;
}

/* True if a tensor has this shape but for sizes of 1; `rows` is allowed as any first size where the
 * tensor is one of several parts. */
static bool fits(const effnn_tensor *tensor, size_t rank, const int64_t *dims, bool is_part)
{
    int64_t want[EFFNN_MAX_RANK], have[EFFNN_MAX_RANK];
    const size_t have_rank = effnn_tensor_rank(tensor);
    size_t n;

    if (is_part)
        return have_rank == rank &&
               memcmp(effnn_tensor_dims(tensor) + 1, dims + 1, (rank - 1) * sizeof *dims) == 0;
    n = squeeze(want, rank, dims);
    return squeeze(have, have_rank, effnn_tensor_dims(tensor)) == n &&
           memcmp(want, have, n * sizeof *want) == 0;
}

static effnn_status get_part(effnn_tensor **out, const effnn__zoo *zoo, const char *name,
                             size_t rank, const int64_t *dims, bool is_part)
{
    char want[EFFNN__SHAPE_TEXT], have[EFFNN__SHAPE_TEXT];
    const effnn_tensor *tensor = find(zoo, name);

    if (!tensor)
        return effnn__fail(EFFNN_E_NOTFOUND, "%s: the weights have no '%s'", zoo->def->name, name);
    if (!fits(tensor, rank, dims, is_part))
        return effnn__fail(EFFNN_E_SHAPE, "%s: weight '%s' is %s, not %s", zoo->def->name, name,
                           effnn__shape_print(have, sizeof have, effnn_tensor_rank(tensor),
                                              effnn_tensor_dims(tensor)),
                           effnn__shape_print(want, sizeof want, rank, dims));
    switch (effnn_tensor_dtype(tensor)) {
    case EFFNN_F32: return effnn__tensor_share(out, tensor);
    case EFFNN_F16:
    case EFFNN_BF16:
    case EFFNN_F64: return effnn_tensor_cast(out, tensor, EFFNN_F32);
    default:
        return effnn__fail(EFFNN_E_UNSUPPORTED, "%s: weight '%s' is %s, no float type",
                           zoo->def->name, name, effnn_dtype_name(effnn_tensor_dtype(tensor)));
    }
}

/* Parts one behind the other along the first axis, in a tensor of shape `dims`. */
static effnn_status join(effnn_tensor *to, const effnn__zoo *zoo, char *names)
{
    const size_t rank = effnn_tensor_rank(to);
    const int64_t *dims = effnn_tensor_dims(to);
    int64_t row = 0;

    for (char *name = names; name;) {
        char *plus = strchr(name, '+');
        effnn_tensor *part = NULL;
        effnn_status status;

        if (plus) *plus = '\0';
        status = get_part(&part, zoo, name, rank, dims, true);
        if (status == EFFNN_OK && effnn_tensor_dims(part)[0] > dims[0] - row)
            status = effnn__fail(EFFNN_E_SHAPE, "%s: weight '%s' has %lld rows, %lld are left",
                                 zoo->def->name, name, (long long)effnn_tensor_dims(part)[0],
                                 (long long)(dims[0] - row));
        if (status == EFFNN_OK) {
            const size_t stride = dims[0] ? effnn_tensor_count(to) / (size_t)dims[0] : 0;

            memcpy((float *)effnn__tensor_data(to) + (size_t)row * stride, effnn_tensor_data(part),
                   effnn_tensor_bytes(part));
            row += effnn_tensor_dims(part)[0];
        }
        effnn_tensor_release(part);
        if (status != EFFNN_OK) return status;
        name = plus ? plus + 1 : NULL;
    }
    if (row == dims[0]) return EFFNN_OK;
    return effnn__fail(EFFNN_E_SHAPE, "%s: the parts of a weight have %lld rows, not %lld",
                       zoo->def->name, (long long)row, (long long)dims[0]);
}

effnn_status effnn__zoo_weight(effnn_tensor **out, const effnn__zoo *zoo, const char *pattern,
                               effnn__zoo_fill fill, size_t rank, const int64_t *dims)
{
    char names[EFFNN__ZOO_NAME];
    effnn_tensor *tensor = NULL;
    effnn_status status;

    if (zoo->weights) file_name(names, zoo, pattern);
    if (zoo->weights && !*names)
        return effnn__fail(EFFNN_E_NOTFOUND, "%s: files with names of this kind have no '%s'",
                           zoo->def->name, pattern);
    if (zoo->weights && !strchr(names, '+')) {
        EFFNN_TRY(get_part(&tensor, zoo, names, rank, dims, false));
        status = effnn_tensor_view_reshape(out, tensor, rank, dims);
        effnn_tensor_release(tensor);
        return status;
    }
    EFFNN_TRY(effnn_tensor_create(&tensor, zoo->model->context, EFFNN_F32, rank, dims));
    status = zoo->weights ? join(tensor, zoo, names) : fill_tensor(tensor, zoo, pattern, fill);
    if (status == EFFNN_OK)
        *out = tensor;
    else
        effnn_tensor_release(tensor);
    return status;
}
