/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_CONSOLE_H
#define IMGFAC_QEMU_CONSOLE_H

/* What a guest says on its serial console: signs of a boot that went wrong,
 * looked for while it runs (so that nobody waits for a login that cannot come)
 * and once more when a build failed. */

#include "base/arena.h"
#include "base/str.h"

/* One line of the console that explains a failure. */
struct console_finding {
    const char *cause; /* sentence fragment: "the guest's kernel panicked"; static */
    const char *hint;  /* what to do; static, or NULL */
    const char *line;  /* as the guest wrote it, printable; in the arena */
    bool fatal;        /* the boot cannot go on from here */
};

/* The most telling sign in TEXT; false when there is none. */
bool console_find_cause(str text, struct arena *a, struct console_finding *out);
/* Does this line alone show that the boot ended?  BOOTED: the system is past
 * its boot, so that only a panic counts. */
bool console_line_is_fatal(str line, bool booted);
/* Is this the line of a system that has come up? */
bool console_line_is_booted(str line);

/* Follows a growing file in a thread of its own; ON_FATAL is called at most
 * once, from there. */
struct console_watch;
struct console_watch *console_watch_start(const char *path, void (*on_fatal)(void *arg), void *arg);
/* Ends the thread; NULL-safe. */
void console_watch_stop(struct console_watch *w);

#endif
