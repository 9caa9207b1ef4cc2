/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_GO_MATH_H
#define IMGFAC_HCL_GO_MATH_H

/* log() and pow() with the rounding of Go's library: the reference prints all
 * digits of their results, and the C library's differ in the last one.  Pure
 * functions. */

double go_log(double x);
double go_pow(double x, double y);

#endif
