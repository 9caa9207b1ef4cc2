/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_NETWATCH_H
#define IMGFAC_QEMU_NETWATCH_H

/* Ends the recording of a guest's packets (QEMU's filter-dump) before the file
 * grows large: what a boot shows is in the first ones. */

#define NETWATCH_OBJECT "imgfacdump" /* QEMU's name of the filter */

struct netwatch;

/* PATH is the file, MONITOR a QMP socket of the guest. */
struct netwatch *netwatch_start(const char *path, const char *monitor);
void netwatch_stop(struct netwatch *w); /* NULL-safe */

#endif
