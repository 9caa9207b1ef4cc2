/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_KEYVAL_H
#define IMGFAC_QEMU_KEYVAL_H

/* QEMU's option syntax "type=q35,accel=kvm,readonly": pairs divided by commas,
 * ",," for a comma in a value.  Everything lives in the arena. */

#include "base/arena.h"
#include "base/str.h"
#include "base/vec.h"

struct keyval {
    const char *key;
    const char *value; /* NULL: a bare word */
    bool is_implied;   /* written without its key */
};
DEFINE_ARENA_VEC(keyvals, struct keyval);

/* A first word without "=" is the value of IMPLIED (NULL: it stays a word). */
struct keyvals keyvals_parse(struct arena *a, const char *text, const char *implied);
/* The last value of KEY; "on" for a bare word; NULL: absent. */
const char *keyvals_get(const struct keyvals *kv, const char *key);
/* The same, and KEY is removed. */
const char *keyvals_take(struct keyvals *kv, const char *key);
/* "on", "yes", "true", or the bare word. */
bool keyvals_is_on(const struct keyvals *kv, const char *key);
void keyvals_set(struct arena *a, struct keyvals *kv, const char *key, const char *value);
/* Back to text; "" when nothing is left. */
const char *keyvals_text(struct arena *a, const struct keyvals *kv);

#endif
