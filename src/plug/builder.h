/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUG_BUILDER_H
#define IMGFAC_PLUG_BUILDER_H

/* A builder makes a disk image.  One file exports one constant struct, one
 * line in src/registry.c lists it.  Options are schema rows; `config` is the
 * decoded struct, immutable, owned by the plan's arena.  core/ puts the steps
 * of a build together: the builder's prepare steps, connect, provisioners, the
 * builder's finish steps, seal, test, record. */

#include "plug/build.h"
#include "plug/step.h"
#include "schema/schema.h"

enum builder_flags {
    BUILDER_HAS_GUEST = 1 << 0, /* boots a guest: communicator and provisioners make sense */
    BUILDER_CLEAN = 1 << 1,     /* its image is sealed by construction: no seal step by default */
    BUILDER_NO_IMAGE = 1 << 2,  /* nothing to keep: no output, seal, pack, record */
};

/* What the guest of a build takes of its hypervisor. */
struct build_needs {
    const char *hypervisor; /* name in the configuration; NULL: the default */
    int64_t memory_mib, vcpus;
    bool is_local;    /* it runs on this host */
    bool is_emulated; /* its processors are threads that compete with all others */
};

struct builder_type {
    const char *name;    /* "qemu": first label of the source block */
    const char *summary; /* one line */
    const char *doc;     /* paragraphs for the manual; may be NULL */
    const struct opt *opts;
    size_t config_size;
    unsigned flags;
    /* Diagnose what the rows cannot say; BODY gives ranges (schema_range).
     * May be NULL.  Reads nothing but its arguments and files named by them. */
    bool (*check)(const void *config, const struct body *body, struct diags *diags);
    /* Where CONFIG keeps the communicator's options; NULL without a guest. */
    const struct comm_config *(*comm)(const void *config);
    /* The disk's output directory and file name as the template asks; either
     * may be NULL.  Strings of the config. */
    void (*output)(const void *config, const char **dir, const char **name);
    /* Append the steps that run before connecting, and those after the last
     * provisioner (shut down, hand over the image in b->image). */
    void (*add_steps)(const void *config, struct build *b, struct step_list *prepare,
                      struct step_list *finish);
    /* For admission, after add_steps; NULL: a builder without a guest. */
    void (*needs)(const void *config, struct build *b, struct build_needs *out);
    /* Called when a step failed while the guest was there: replace or wrap
     * *ERR by the cause that the console, the hypervisor or the disk show
     * (kernel panic, no DHCP lease, crashed QEMU ...).  May be NULL. */
    void (*diagnose)(const void *config, struct build *b, struct error **err);
    /* The machine that would be started, as libvirt's XML; nothing is made or
     * fetched.  SITE may be NULL.  Heap; NULL with *ERR.  May be NULL. */
    char *(*preview)(const void *config, const struct config *site, const char *source_name,
                     struct arena *a, struct error **err);
};

#endif
