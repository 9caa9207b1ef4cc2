/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_STATE_H
#define IMGFAC_QEMU_STATE_H

/* What the steps of the qemu builder share: b->builder_state.  Made by
 * add_steps in the build's arena; used by the build's thread alone.  Each step
 * frees in its cleanup what it put here. */

#include "ledger/ledger.h"
#include "plug/builder.h"
#include "qemu/config.h"
#include "qemu/firmware.h"

struct conn;
struct console_watch;
struct guest;
struct httpd;
struct port_hold;

struct qemu_state {
    const struct qemu_config *config;
    const struct config_hypervisor *hypervisor; /* of the site configuration; or NULL */
    bool kvm;
    const char *arch;

    /* source */
    const char *source_path, *source_format; /* base, disk image or ISO */
    uint64_t source_size;
    /* seed */
    const char *seed_path; /* NULL: none */
    /* media, http */
    const char *cd_path, *floppy_path; /* NULL: none */
    struct httpd *httpd;
    struct port_hold *http_port;
    /* firmware */
    bool efi;
    struct firmware firmware;
    const char *vars_path; /* private variable store; NULL: none */
    /* guest */
    struct conn *conn;
    struct guest *guest;
    struct console_watch *watch;
    struct port_hold *port, *vnc_port;
    ledger_id domain_entry;
    const char *domain_name, *domain_uuid;
    const char *console_socket, *monitor_socket; /* NULL: not of the embedded driver */
    const char *vnc_password;                    /* secret; NULL: none is asked for */
    struct opt_strings more_disks;               /* paths of disk_additional_size */
    bool was_off;                                /* it has been shut down in order */
};

static inline struct qemu_state *qemu_state(struct build *b)
{
    return b->builder_state;
}

struct step qemu_step_source(struct build *b);
struct step qemu_step_disk(struct build *b);
struct step qemu_step_seed(struct build *b);
struct step qemu_step_media(struct build *b);
struct step qemu_step_http(struct build *b);
struct step qemu_step_guest(struct build *b);
struct step qemu_step_type(struct build *b);
struct step qemu_step_shutdown(struct build *b);
struct step qemu_step_collect(struct build *b);

/* The virtual machine as the steps before have prepared it. */
struct domain;
bool qemu_describe_domain(struct build *b, struct domain *d, struct error **err);

void qemu_diagnose(const void *config, struct build *b, struct error **err);

/* Default time limits grow when guest code is emulated. */
#define QEMU_TCG_FACTOR 4

#endif
