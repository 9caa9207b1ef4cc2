/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_GUEST_H
#define IMGFAC_QEMU_GUEST_H

/* One running domain: started from XML, watched by libvirt's events, stopped.
 * When it ends, crashes or stalls unasked, the token given at the start is
 * triggered with CANCEL_CRASH, so that nobody waits for a dead guest.
 * Thread-safe; the owner frees it. */

#include "base/cancel.h"

struct conn;
struct strbuf;

enum guest_state {
    GUEST_RUNNING,
    GUEST_OFF,      /* powered off, or destroyed by us */
    GUEST_CRASHED,  /* QEMU died */
    GUEST_PANICKED, /* its kernel did, says the panic device */
    GUEST_NO_SPACE, /* paused: the host's disk is full */
    GUEST_IO_ERROR, /* paused: the host cannot read or write a disk */
    GUEST_FAILED,   /* as found by others: guest_fail() */
    GUEST_LOST,     /* the connection to libvirt broke: nobody knows */
};

struct guest;

/* Start the transient domain of XML, which has UUID, on C (borrowed for the
 * guest's life).  ON_DEATH (may be NULL) is triggered when it ends unasked. */
struct guest *guest_start(struct conn *c, const char *uuid, const char *xml,
                          struct cancel *on_death, struct error **err);
/* The same, but it does nothing before guest_resume(). */
struct guest *guest_start_paused(struct conn *c, const char *uuid, const char *xml,
                                 struct cancel *on_death, struct error **err);
bool guest_resume(struct guest *g, struct error **err);
/* Destroys the domain when it still runs.  NULL-safe. */
void guest_free(struct guest *g);

enum guest_state guest_state(struct guest *g);
/* What libvirt told of it so far, a line each with seconds since the start. */
void guest_add_events(struct guest *g, struct strbuf *out);
/* Say that the guest is lost although QEMU runs on (seen on its console). */
void guest_fail(struct guest *g);
/* From now on the guest may power off without being taken for dead. */
void guest_expect_off(struct guest *g);
/* Press the power button. */
bool guest_press_power(struct guest *g, struct error **err);
/* Press KEYS (codes of Linux' input-event-codes.h) together for HOLD_MS. */
bool guest_send_keys(struct guest *g, unsigned *keys, size_t count, unsigned hold_ms,
                     struct error **err);
/* SIZE bytes of its physical memory at ADDRESS. */
bool guest_peek(struct guest *g, uint64_t address, void *out, size_t size, struct error **err);
/* Really virDomainPtr, borrowed: for what only libvirt's own calls do. */
void *guest_domain(const struct guest *g);
/* Wait until it is off; ERR_TIMEOUT after TIMEOUT_NS, ERR_GUEST when it died. */
bool guest_wait_off(struct guest *g, int64_t timeout_ns, struct cancel *c, struct error **err);
/* End it at once; QEMU writes its disks' metadata out.  Also when it is gone. */
bool guest_destroy(struct guest *g, struct error **err);
/* The screen as PNG into the file PATH; false when there is none. */
bool guest_screenshot(struct guest *g, const char *path, struct error **err);
/* The same of any domain; both really libvirt's pointers. */
bool guest_take_picture(void *connection, void *domain, const char *path, struct error **err);

#endif
