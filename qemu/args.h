/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_ARGS_H
#define IMGFAC_QEMU_ARGS_H

/* `qemuargs`: switches of QEMU's command line that replace the builder's own,
 * as under Packer.  What libvirt can express changes the struct domain and so
 * its XML; the rest goes to QEMU through libvirt's namespace for it; what
 * belongs to libvirt (starting, monitor, first serial port) is ignored with a
 * note, or refused when the guest would not be what the template asks for.
 * All in the arena given. */

#include "base/error.h"
#include "qemu/config.h"

struct diags;
struct domain;

struct args_context {
    struct arena *arena;
    const struct qemu_config *config;
    struct domain *domain;    /* complete but for qemuargs */
    const char *disk;         /* absolute path that the template knows its disk by */
    const char *efivars;      /* the same of its variable store; or NULL */
    const char *net_device;   /* as the template writes it */
    const char *cdrom_bus;    /* of CDs that name none */
    struct opt_strings notes; /* out: sentences for the user */
    const char *console_copy; /* out: where the template wants the serial console; or NULL */
    /* {{ }} of TEXT for this build. */
    bool (*render)(void *arg, str text, const char **out, struct error **err);
    void *arg;
};

bool args_apply(struct args_context *context, struct error **err);
/* Diagnose switches that are refused, and text that is none. */
void args_check(const struct qemu_config *c, const struct body *body, struct diags *diags);

/* What later options depend on, from the text as written. */
/* Value of the last -NAME, or NULL. */
const char *args_value(const struct qemu_config *c, struct arena *a, const char *name);
bool args_has(const struct qemu_config *c, const char *name);
/* "pc" and "pc-q35" of distributions' own names. */
const char *args_machine(const char *type);
/* Bytes of "-m 2G", "size=2048M"; a bare number is megabytes; false: no size. */
bool args_memory(struct arena *a, const char *value, uint64_t *mib);

#endif
