/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_MACROS_H
#define IMGFAC_BASE_MACROS_H

/* Small macros that every file may use: sizes, minimum and maximum, attributes
 * with names of their own, static assertions.  Nothing here allocates. */

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Both sides are evaluated once. */
#define MIN(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) min_a_ = (a);                                                                \
        __typeof__(b) min_b_ = (b);                                                                \
        min_a_ < min_b_ ? min_a_ : min_b_;                                                         \
    })
#define MAX(a, b)                                                                                  \
    ({                                                                                             \
        __typeof__(a) max_a_ = (a);                                                                \
        __typeof__(b) max_b_ = (b);                                                                \
        max_a_ > max_b_ ? max_a_ : max_b_;                                                         \
    })

#define STATIC_ASSERT(cond, msg) _Static_assert(cond, msg)

#define ATTR_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define ATTR_NONNULL(...)      __attribute__((nonnull(__VA_ARGS__)))
#define ATTR_NONNULL_ALL       __attribute__((nonnull))
#define ATTR_RETURNS_NONNULL   __attribute__((returns_nonnull))
#define ATTR_MALLOC            __attribute__((malloc))
#define ATTR_NORETURN          __attribute__((noreturn))
#define ATTR_UNUSED            __attribute__((unused))
#define ATTR_MUST_USE          __attribute__((warn_unused_result))
#define FALLTHROUGH            __attribute__((fallthrough))

/* Overflow-checked arithmetic on sizes that come from outside: true when the
 * result fits and was stored. */
#define ckd_add_ok(a, b, out) (!__builtin_add_overflow((a), (b), (out)))
#define ckd_mul_ok(a, b, out) (!__builtin_mul_overflow((a), (b), (out)))

/* A state that only a programming error can reach. */
#define BUG(msg) assert_fail_bug((msg), __FILE__, __LINE__)
void assert_fail_bug(const char *msg, const char *file, int line) ATTR_NORETURN;

#endif
