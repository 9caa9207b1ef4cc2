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
struct netwatch;
struct port_hold;
struct remote;
struct screens;

struct qemu_state {
    const struct qemu_config *config;
    const struct config_hypervisor *hypervisor; /* of the site configuration; or NULL */
    struct remote *remote;                      /* another host; NULL: this one */
    bool kvm;
    const char *arch;
    const char *machine;      /* machine_type, or what qemuargs say */
    const char *emulator;     /* absolute path */
    struct opt_strings notes; /* what became of qemuargs, for the user */
    const char *console_copy; /* qemuargs: also keep the serial console here; or NULL */

    /* source */
    const char *source_path, *source_format; /* base, disk image or ISO */
    uint64_t source_size;
    const char *source_vars; /* UEFI variables that the catalog keeps with it; or NULL */
    /* seed */
    const char *seed_path; /* NULL: none */
    /* media, http */
    const char *cd_path, *floppy_path; /* NULL: none */
    struct httpd *httpd;
    struct port_hold *http_port;
    /* firmware */
    bool efi;
    struct firmware firmware; /* code NULL: BIOS */
    bool firmware_auto;       /* another host's libvirt chooses it */
    const char *vars_path;    /* private variable store; NULL: none */
    const char *bios_path;    /* -bios; NULL: the machine's own */
    /* guest */
    struct conn *conn;
    struct guest *guest;
    struct console_watch *watch;
    struct screens *screens; /* NULL: the guest has no screen */
    struct netwatch *netwatch;
    const char *net_dump; /* its first packets; NULL: not recorded */
    bool has_screen;
    int guest_port; /* that the login uses; 0: none */
    struct port_hold *port, *vnc_port;
    int forward_port, vnc_number; /* their numbers; 0: none */
    const char *mac;              /* of the card on net_bridge */
    ledger_id domain_entry;
    const char *domain_name, *domain_uuid;
    const char *console_socket, *monitor_socket; /* NULL: not of the embedded driver */
    const char *vnc_password;                    /* secret; NULL: none is asked for */
    struct opt_strings more_disks;               /* paths of disk_additional_size */
    bool was_off;                                /* it has been shut down in order */
};

static inline struct qemu_state *qemu_state(const struct build *b)
{
    return b->builder_state;
}

struct step qemu_step_source(struct build *b);
struct step qemu_step_disk(struct build *b);
struct step qemu_step_seed(struct build *b);
struct step qemu_step_media(struct build *b);
struct step qemu_step_http(struct build *b);
struct step qemu_step_place(struct build *b); /* of another host alone, like fetch */
struct step qemu_step_guest(struct build *b);
struct step qemu_step_address(struct build *b);
struct step qemu_step_type(struct build *b);
struct step qemu_step_shutdown(struct build *b);
struct step qemu_step_fetch(struct build *b);
struct step qemu_step_collect(struct build *b);

/* What follows from the options alone. */
struct qemu_state *qemu_state_new(const struct qemu_config *c, const struct config *site,
                                  struct arena *a);
/* Emulator and firmware of this host for the build; reads, makes nothing. */
bool qemu_find_emulator(struct qemu_state *s, struct arena *a, struct error **err);
bool qemu_choose_firmware(struct build *b, struct error **err);
/* The virtual machine as the steps before have prepared it. */
struct domain;
bool qemu_describe_domain(struct build *b, struct domain *d, struct error **err);
/* For `imgfac inspect -domain-xml`. */
char *qemu_preview(const void *config, const struct config *site, const char *source_name,
                   struct arena *a, struct error **err);

void qemu_diagnose(const void *config, struct build *b, struct error **err);

/* Default time limits grow when guest code is emulated. */
#define QEMU_TCG_FACTOR 4

#endif
