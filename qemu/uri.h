/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_URI_H
#define IMGFAC_QEMU_URI_H

/* What the connection URI of a hypervisor says of the way there
 * (libvirt.org/uri.html, libvirt.org/remote.html).  A URI that names a host is
 * another host's, even when the name is this one's: none of our files is
 * handed over by path then.  Pure; strings are in the caller's arena. */

#include "base/arena.h"

struct uri {
    const char *transport; /* "ssh", "tls", "unix" ...; NULL: none named */
    const char *host;      /* NULL: this host */
    const char *user;      /* NULL: none named */
    int port;              /* 0: the transport's own */
    const char *keyfile;   /* parameters; NULL: not given */
    const char *command;   /* the program that stands for ssh */
    bool no_verify;        /* host keys are not checked */
    bool is_session;       /* path "/session": QEMU runs as that user */
};

/* NULL and "auto" are this host; what cannot be read, too: libvirt says why. */
void uri_parse(const char *text, struct arena *a, struct uri *out);
bool uri_is_remote(const char *text);
/* Can its ports be reached by `ssh`? */
bool uri_has_ssh(const struct uri *u);
/* TEXT with the parameter that keeps ssh from asking at the terminal. */
const char *uri_without_terminal(const char *text, struct arena *a);

#endif
