/* SPDX-License-Identifier: BSD-3-Clause */
/* What decoders make of positions: rotary angles, and which keys a query may see. */

#include "model/zoo_build.h"

#include "base/alloc.h"
#include "tensor/tensor.h"

#include <math.h>

#define FAR    ((int64_t)1 << 40) /* a position that no query reaches */
#define HIDDEN (-1e30)            /* score of what may not be seen */

void effnn__zoo_turn(effnn__value *out[2], effnn__zoo *zoo, effnn__value *query, int64_t head,
                     double theta)
{
    const int64_t half = head / 2;
    effnn__value *angle, *frequency = NULL;
    effnn_tensor *tensor = NULL;

    if (zoo->status == EFFNN_OK)
        zoo->status = effnn_tensor_create(&tensor, zoo->model->context, EFFNN_F32, 1, &half);
    for (int64_t k = 0; tensor && k < half; k++)
        ((float *)effnn__tensor_data(tensor))[k] = (float)pow(theta, -(double)k / (double)half);
    if (tensor)
        zoo->status = effnn__graph_add_constant(&frequency, zoo->model->graph, "rotary_frequency",
                                                false, tensor);
    effnn_tensor_release(tensor);
    query = EFFNN__ZOO_OP(zoo, "cast", NULL, "to=f32", query);
    angle = EFFNN__ZOO_OP(zoo, "mul", NULL, NULL, EFFNN__ZOO_RESHAPE(zoo, query, -1, 1), frequency);
    out[0] = EFFNN__ZOO_OP(zoo, "cos", NULL, NULL, angle);
    out[1] = EFFNN__ZOO_OP(zoo, "sin", NULL, NULL, angle);
}

/* The keys' positions: of the past [C], far away where it is not filled, then of the tokens [S]. */
static effnn__value *key_positions(effnn__zoo *zoo, effnn__value *query, effnn__value *past,
                                   effnn__value *position)
{
    effnn__value *slots, *filled;

    if (!past) return query;
    slots = effnn__zoo_count_up(zoo, effnn__zoo_size_of(zoo, past, 2));
    filled = EFFNN__ZOO_OP(zoo, "less", NULL, NULL, slots, position);
    slots = EFFNN__ZOO_OP(zoo, "where", NULL, NULL, filled, slots, effnn__zoo_int(zoo, "far", FAR));
    return EFFNN__ZOO_OP(zoo, "concat", NULL, "axis=0", slots, query);
}

effnn__value *effnn__zoo_hide(effnn__zoo *zoo, effnn__value *query, effnn__value *past,
                              effnn__value *position, int64_t group)
{
    const int64_t column[] = { group, 1 };
    effnn__value *keys = key_positions(zoo, query, past, position), *rows, *seen;
    int64_t *zeros;

    if (zoo->status != EFFNN_OK) return NULL;
    zeros = effnn__alloc_array((size_t)group, sizeof *zeros);
    if (!zeros) {
        zoo->status = effnn__fail_nomem(zoo->def->name, (size_t)group * sizeof *zeros);
        return NULL;
    }
    rows = effnn__zoo_ints(zoo, "group", 2, column, zeros);
    effnn__free(zeros);
    rows = EFFNN__ZOO_RESHAPE(zoo, EFFNN__ZOO_OP(zoo, "add", NULL, NULL, rows, query), -1, 1);
    seen = EFFNN__ZOO_OP(zoo, "less_or_equal", NULL, NULL, keys, rows);
    return EFFNN__ZOO_OP(zoo, "where", NULL, NULL, seen, effnn__zoo_float(zoo, "seen", 0.0),
                         effnn__zoo_float(zoo, "hidden", HIDDEN));
}
