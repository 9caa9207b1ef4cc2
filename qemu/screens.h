/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_SCREENS_H
#define IMGFAC_QEMU_SCREENS_H

/* The last pictures of a guest's screen, taken from time to time while it runs
 * because a guest that died shows nothing any more: DIR/screen-00034s.png by
 * its age.  The same picture is not kept twice.  The owner frees it. */

struct guest;
struct screens;

struct screens *screens_start(struct guest *g, const char *dir);
/* One more now; path of the newest, borrowed, or NULL when there is none. */
const char *screens_take(struct screens *s);
void screens_stop(struct screens *s); /* NULL-safe; the pictures stay */

#endif
