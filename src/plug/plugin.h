/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_PLUGIN_H
#define IMGFAC_PLUG_PLUGIN_H

/* What a template's `required_plugins` can count on: work that is built in, or
 * a plugin of imgfac that is installed on this host. */

#include "base/arena.h"
#include "base/str.h"

enum plugin_state {
    PLUGIN_BUILT_IN,
    PLUGIN_INSTALLED,
    PLUGIN_NOT_PINNED, /* its file is there, but was not installed */
    PLUGIN_ELSEWHERE,  /* Packer has it, for things imgfac does not do */
    PLUGIN_MISSING,
};

struct plugin_answer {
    enum plugin_state state;
    const char *version; /* BUILT_IN: that of Packer's plugin which is followed; INSTALLED */
    const char *path;    /* INSTALLED, NOT_PINNED */
    const char *what;    /* BUILT_IN, INSTALLED: "builder qemu"; NOT_PINNED: why */
};

#endif
