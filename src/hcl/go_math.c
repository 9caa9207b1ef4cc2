/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/go_math.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* [Go] src/math/log.go, after FreeBSD's e_log.c. */
double go_log(double x)
{
    static const double ln2_hi = 6.93147180369123816490e-01, ln2_lo = 1.90821492927058770002e-10;
    static const double l[] = {6.666666666666735130e-01, 3.999999999940941908e-01,
                               2.857142874366239149e-01, 2.222219843214978396e-01,
                               1.818357216161805012e-01, 1.531383769920937332e-01,
                               1.479819860511658591e-01};
    if (!(x > 0) || isinf(x))
        return log(x);
    int exponent;
    double f1 = frexp(x, &exponent);
    if (f1 < M_SQRT1_2) {
        f1 *= 2;
        exponent--;
    }
    double f = f1 - 1, k = exponent;
    double s = f / (2 + f), s2 = s * s, s4 = s2 * s2;
    double t1 = s2 * (l[0] + s4 * (l[2] + s4 * (l[4] + s4 * l[6])));
    double t2 = s4 * (l[1] + s4 * (l[3] + s4 * l[5]));
    double hfsq = 0.5 * f * f;
    return k * ln2_hi - ((hfsq - (s * (hfsq + t1 + t2) + k * ln2_lo)) - f);
}

/* X to the power of a whole number below 2^63, times START: by squaring. */
static double whole_power(double x, int64_t power, double start, int64_t *exponent)
{
    int first;
    double x1 = frexp(x, &first);
    int64_t xe = first;
    for (; power != 0; power >>= 1) {
        if (xe < -(1 << 12) || xe > 1 << 12) {
            *exponent += xe; /* sure to overflow or underflow */
            break;
        }
        if (power & 1) {
            start *= x1;
            *exponent += xe;
        }
        x1 *= x1;
        xe *= 2;
        if (x1 < .5) {
            x1 += x1;
            xe--;
        }
    }
    return start;
}

/* Nothing is rounded in these cases. */
static bool is_exact(double x, double y)
{
    return x == 0 || x == 1 || y == 0 || y == 1 || !isfinite(x) || !isfinite(y);
}

/* [Go] src/math/pow.go. */
double go_pow(double x, double y)
{
    double whole, fraction = modf(fabs(y), &whole);
    if (is_exact(x, y) || (fraction != 0 && x < 0) || whole >= 0x1p63)
        return pow(x, y);
    if (y == 0.5 || y == -0.5)
        return y > 0 ? sqrt(x) : 1 / sqrt(x);
    double start = 1;
    int64_t exponent = 0;
    if (fraction != 0) {
        if (fraction > 0.5) {
            fraction--;
            whole++;
        }
        start = exp(fraction * go_log(x));
    }
    double a = whole_power(x, (int64_t)whole, start, &exponent);
    if (y < 0) {
        a = 1 / a;
        exponent = -exponent;
    }
    return ldexp(a, (int)exponent);
}
