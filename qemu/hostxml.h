/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_HOSTXML_H
#define IMGFAC_QEMU_HOSTXML_H

/* Reading what libvirt says of a host, a pool or a volume: XPath over a
 * document without network or entities.  The caller owns the document. */

#include "base/cleanup.h"

struct hostxml;

struct hostxml *hostxml_parse(const char *text); /* NULL: not XML */
void hostxml_free(struct hostxml *x);            /* NULL-safe */
DEFINE_AUTO(hostxml, struct hostxml *, hostxml_free);
/* The text that PATH yields; heap, NULL when it is empty.  X may be NULL. */
char *hostxml_get(const struct hostxml *x, const char *path);
/* Is PATH true, a text that is not empty, or a node that is there? */
bool hostxml_test(const struct hostxml *x, const char *path);

#endif
