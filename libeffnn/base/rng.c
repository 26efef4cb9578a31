/* SPDX-License-Identifier: BSD-3-Clause */
/* Philox4x32-10: a keyed bijection of 128-bit counters. The counter is (index, stream), the key the
 * seed. Normals are the inverse normal distribution (Wichura, AS 241, PPND16) of a uniform number;
 * its tails need a logarithm, which is computed here by integer and plain double arithmetic, so
 * that the bits are the same on every machine. */

#include "base/rng.h"

#include <math.h>
#include <string.h>

#define ROUNDS       10
#define MULTIPLIER_0 0xD2511F53u
#define MULTIPLIER_1 0xCD9E8D57u
#define WEYL_0       0x9E3779B9u
#define WEYL_1       0xBB67AE85u

static void philox(uint32_t counter[4], uint32_t key_0, uint32_t key_1)
{
    for (int round = 0; round < ROUNDS; round++) {
        const uint64_t a = (uint64_t)MULTIPLIER_0 * counter[0];
        const uint64_t b = (uint64_t)MULTIPLIER_1 * counter[2];
        const uint32_t next[4] = { (uint32_t)(b >> 32) ^ counter[1] ^ key_0, (uint32_t)b,
                                   (uint32_t)(a >> 32) ^ counter[3] ^ key_1, (uint32_t)a };

        memcpy(counter, next, sizeof next);
        key_0 += WEYL_0;
        key_1 += WEYL_1;
    }
}

void effnn__rng_block(uint32_t out[4], const uint32_t counter[4], const uint32_t key[2])
{
    memcpy(out, counter, 4 * sizeof *out);
    philox(out, key[0], key[1]);
}

uint64_t effnn__rng_stream(const char *name, uint64_t index)
{
    uint64_t hash = 14695981039346656037u;

    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    for (int i = 0; i < 8; i++) hash = (hash ^ ((index >> (8 * i)) & 0xff)) * 1099511628211u;
    return hash;
}

uint64_t effnn__rng_u64(const effnn__rng *rng, uint64_t index)
{
    uint32_t c[4] = { (uint32_t)index, (uint32_t)(index >> 32), (uint32_t)rng->stream,
                      (uint32_t)(rng->stream >> 32) };

    philox(c, (uint32_t)rng->seed, (uint32_t)(rng->seed >> 32));
    return (uint64_t)c[1] << 32 | c[0];
}

double effnn__rng_uniform(const effnn__rng *rng, uint64_t index)
{
    return (double)(effnn__rng_u64(rng, index) >> 11) * 0x1p-53;
}

/* Natural logarithm of a normal positive double, to about 1e-15: x = 2^e · m with m in
 * [√½, √2), log m = 2 artanh(s), s = (m - 1) / (m + 1), by its series (|s| ≤ 0.1716). */
static double plain_log(double x)
{
    uint64_t bits;
    double m, s, s2, sum = 0.0;
    int e;

    memcpy(&bits, &x, sizeof bits);
    e = (int)(bits >> 52) - 1023;
    bits = (bits & 0xFFFFFFFFFFFFFu) | 0x3FF0000000000000u;
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        e++;
    }
    s = (m - 1.0) / (m + 1.0);
    s2 = s * s;
    for (int k = 21; k >= 1; k -= 2) sum = sum * s2 + 1.0 / k;
    return (double)e * 0.6931471805599453 + 2.0 * s * sum;
}

/* Value of the polynomial with n coefficients, lowest first. */
static double polynomial(const double *c, int n, double x)
{
    double sum = c[n - 1];

    for (int i = n - 2; i >= 0; i--) sum = sum * x + c[i];
    return sum;
}

/* Coefficients of AS 241 (Wichura, Applied Statistics 37, 1988), routine PPND16. */
static const double central_top[] = { 3.3871328727963666080e0, 1.3314166789178437745e2,
                                      1.9715909503065514427e3, 1.3731693765509461125e4,
                                      4.5921953931549871457e4, 6.7265770927008700853e4,
                                      3.3430575583588128105e4, 2.5090809287301226727e3 };
static const double central_bottom[] = { 1.0,
                                         4.2313330701600911252e1,
                                         6.8718700749205790830e2,
                                         5.3941960214247511077e3,
                                         2.1213794301586595867e4,
                                         3.9307895800092710610e4,
                                         2.8729085735721942674e4,
                                         5.2264952788528545610e3 };
static const double middle_top[] = { 1.42343711074968357734e0,  4.63033784615654529590e0,
                                     5.76949722146069140550e0,  3.64784832476320460504e0,
                                     1.27045825245236838258e0,  2.41780725177450611770e-1,
                                     2.27238449892691845833e-2, 7.74545014278341407640e-4 };
static const double middle_bottom[] = { 1.0,
                                        2.05319162663775882187e0,
                                        1.67638483018380384940e0,
                                        6.89767334985100004550e-1,
                                        1.48103976427480074590e-1,
                                        1.51986665636164571966e-2,
                                        5.47593808499534494600e-4,
                                        1.05075007164441684324e-9 };
static const double tail_top[] = { 6.65790464350110377720e0,  5.46378491116411436990e0,
                                   1.78482653991729133580e0,  2.96560571828504891230e-1,
                                   2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                   2.71155556874348757815e-5, 2.01033439929228813265e-7 };
static const double tail_bottom[] = { 1.0,
                                      5.99832206555887937690e-1,
                                      1.36929880922735805310e-1,
                                      1.48753612908506148525e-2,
                                      7.86869131145613259100e-4,
                                      1.84631831751005468180e-5,
                                      1.42151175831644588870e-7,
                                      2.04426310338993978564e-15 };

double effnn__rng_inverse_normal(double p)
{
    const double q = p - 0.5;
    double r, value;

    if (q >= -0.425 && q <= 0.425) {
        r = 0.180625 - q * q;
        return q * polynomial(central_top, 8, r) / polynomial(central_bottom, 8, r);
    }
    r = sqrt(-plain_log(q < 0.0 ? p : 1.0 - p));
    if (r <= 5.0)
        value = polynomial(middle_top, 8, r - 1.6) / polynomial(middle_bottom, 8, r - 1.6);
    else
        value = polynomial(tail_top, 8, r - 5.0) / polynomial(tail_bottom, 8, r - 5.0);
    return q < 0.0 ? -value : value;
}

double effnn__rng_normal(const effnn__rng *rng, uint64_t index)
{
    /* The middle of one of 2^52 intervals: never 0 nor 1. */
    return effnn__rng_inverse_normal(((double)(effnn__rng_u64(rng, index) >> 12) + 0.5) * 0x1p-52);
}

uint64_t effnn__rng_below(const effnn__rng *rng, uint64_t index, uint64_t bound)
{
    const uint64_t limit = UINT64_MAX - UINT64_MAX % bound; /* a multiple of bound */
    effnn__rng again = *rng;
    uint64_t value = effnn__rng_u64(rng, index);

    while (value >= limit) { /* the next try of this index has a stream of its own */
        again.stream++;
        value = effnn__rng_u64(&again, index);
    }
    return value % bound;
}

void effnn__rng_permutation(const effnn__rng *rng, size_t *order, size_t n)
{
    for (size_t i = 0; i < n; i++) order[i] = i;
    for (size_t i = n; i > 1; i--) {
        const size_t j = (size_t)effnn__rng_below(rng, i - 1, i);
        const size_t t = order[i - 1];

        order[i - 1] = order[j];
        order[j] = t;
    }
}
