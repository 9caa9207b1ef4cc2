/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_ARGS_INTERNAL_H
#define IMGFAC_QEMU_ARGS_INTERNAL_H

/* What args.c (the switches) and args_drive.c (drives and devices, which refer
 * to each other by id) share. */

#include "qemu/args.h"
#include "qemu/domain.h"
#include "qemu/keyval.h"

struct arg_item {
    struct keyvals kv;
    bool adds; /* written with two dashes: replaces nothing */
    bool done; /* carried out by XML */
};
DEFINE_ARENA_VEC(arg_items, struct arg_item);
DEFINE_ARENA_VEC(arg_words, const char *);

struct args {
    struct args_context *x;
    struct arena *a;
    struct domain *d;
    struct arg_items drives, devices, netdevs;
    struct arg_words extra, notes;
    bool replaces_drives, replaces_netdevs;
};

void args_note(struct args *s, const char *fmt, ...) ATTR_PRINTF(2, 3);
/* One switch and its value (NULL: none) for QEMU itself. */
void args_pass(struct args *s, const char *name, const char *value);
const char *args_absolute(struct args *s, const char *path);
/* -drive and the devices that use them. */
bool args_drives(struct args *s, struct error **err);
/* The devices that are left, and -netdev. */
void args_devices(struct args *s);
bool args_add_disk(struct args *s, struct domain_disk disk, struct error **err);
const char *args_format_of(const char *path);

#endif
