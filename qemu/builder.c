/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/builder.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/proc.h"
#include "config/config.h"
#include "host/host.h"
#include "qemu/net.h"
#include "qemu/remote.h"
#include "qemu/state.h"

#define SSH_TIMEOUT_NS   (5 * 60 * NS_PER_S) /* Packer's default */
#define AGENT_TIMEOUT_NS (5 * 60 * NS_PER_S)

static const struct comm_config *comm(const void *config)
{
    return &((const struct qemu_config *)config)->comm;
}

static const char *non_empty(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

static void output(const void *config, const char **dir, const char **name)
{
    const struct qemu_config *c = config;
    *dir = non_empty(c->output_directory);
    *name = non_empty(c->vm_name);
}

static bool is_own_kind(const char *arch)
{
#if defined(__x86_64__)
    return strcmp(arch, "x86_64") == 0 || strcmp(arch, "i386") == 0;
#elif defined(__aarch64__)
    return strcmp(arch, "aarch64") == 0;
#else
    return arch == NULL;
#endif
}

/* KVM only for guests of the host's own kind, and only when the probe passed. */
static bool use_kvm(const struct qemu_state *s, struct arena *a)
{
    const char *site = s->hypervisor != NULL ? s->hypervisor->accelerator : NULL;
    int asked = qemu_accelerator(s->config, a);
    if (asked == ACCEL_TCG || asked == ACCEL_NONE)
        return false;
    if (asked == ACCEL_AUTO && site != NULL && strcmp(site, "tcg") == 0)
        return false;
    return is_own_kind(s->arch) && host_kvm()->usable;
}

struct qemu_state *qemu_state_new(const struct qemu_config *c, const struct config *site,
                                  struct arena *a)
{
    struct qemu_state *s = arena_new_object(a, struct qemu_state);
    c = qemu_without_empty(c, a);
    s->config = c;
    s->arch = qemu_arch(c);
    s->machine = qemu_machine(c, a);
    if (site != NULL)
        s->hypervisor = config_find_hypervisor(site, c->hypervisor);
    if (s->hypervisor != NULL)
        s->remote = remote_new(s->hypervisor->uri, s->hypervisor->name, a);
    s->kvm = s->remote == NULL && use_kvm(s, a); /* another host is asked when it is reached */
    if (c->net_bridge != NULL)
        s->mac = net_make_mac(a);
    return s;
}

bool qemu_find_emulator(struct qemu_state *s, struct arena *a, struct error **err)
{
    autofree char *path = io_find_program(s->config->qemu_binary);
    if (path == NULL) {
        const char *package = proc_package_of(s->config->qemu_binary);
        error_set(err, ERR_HOST, 0, "'%s' is not installed", s->config->qemu_binary);
        error_option(err, "qemu_binary");
        return error_hint(err, "Install the package %s, or set qemu_binary.",
                          package != NULL ? package : "qemu-system");
    }
    /* A script of the template may stand for it, by a relative path. */
    autofree char *absolute = io_absolute(path);
    s->emulator = arena_strdup(a, absolute);
    return true;
}

/* An emulated guest gets more time unless the template set some. */
static void scale_timeouts(struct build *b, const struct qemu_state *s)
{
    const struct comm_config *c = &s->config->comm;
    if (!s->kvm && c->type == COMM_GUEST_AGENT && c->guest_agent_timeout_ns == 0) {
        struct comm_config *longer = arena_memdup(b->arena, c, sizeof(*c));
        longer->guest_agent_timeout_ns = AGENT_TIMEOUT_NS * QEMU_TCG_FACTOR;
        b->comm_config = longer;
        return;
    }
    bool is_set =
        c->ssh_timeout_ns > 0 || c->ssh_wait_timeout_ns > 0 || c->ssh_handshake_attempts > 0;
    if (s->kvm || is_set || c->type != COMM_SSH)
        return;
    struct comm_config *scaled = arena_memdup(b->arena, c, sizeof(*c));
    scaled->ssh_timeout_ns = SSH_TIMEOUT_NS * QEMU_TCG_FACTOR;
    b->comm_config = scaled;
}

static void add_steps(const void *config, struct build *b, struct step_list *prepare,
                      struct step_list *finish)
{
    struct qemu_state *s = qemu_state_new(config, b->config, b->arena);
    b->builder_state = s;
    b->wants_cloud_init = qemu_wants_seed(s->config) && (s->config->comm.type == COMM_SSH ||
                                                         s->config->comm.type == COMM_GUEST_AGENT);
    scale_timeouts(b, s);
    step_list_push(b->arena, prepare, qemu_step_source(b));
    step_list_push(b->arena, prepare, qemu_step_disk(b));
    step_list_push(b->arena, prepare, qemu_step_seed(b));
    step_list_push(b->arena, prepare, qemu_step_media(b));
    step_list_push(b->arena, prepare, qemu_step_http(b));
    if (s->remote != NULL)
        step_list_push(b->arena, prepare, qemu_step_place(b));
    step_list_push(b->arena, prepare, qemu_step_guest(b));
    if (s->config->boot_command.len > 0 || s->config->boot_steps.len > 0)
        step_list_push(b->arena, prepare, qemu_step_type(b));
    if (s->config->net_bridge != NULL && s->config->comm.type != COMM_NONE)
        step_list_push(b->arena, prepare, qemu_step_address(b));
    step_list_push(b->arena, finish, qemu_step_shutdown(b));
    if (s->remote != NULL)
        step_list_push(b->arena, finish, qemu_step_fetch(b));
    step_list_push(b->arena, finish, qemu_step_collect(b));
}

static void needs(const void *config, struct build *b, struct build_needs *out)
{
    const struct qemu_config *c = config;
    const struct qemu_state *s = qemu_state(b);
    *out = (struct build_needs){
        .hypervisor = c->hypervisor,
        .memory_mib = qemu_memory_mib(c),
        .vcpus = qemu_vcpus(c),
        .is_local = s->remote == NULL,
        .is_emulated = !s->kvm,
    };
}

const struct builder_type builder_qemu = {
    .name = "qemu",
    .summary = "Boot a virtual machine under QEMU and make an image of its disk",
    .doc = "Starts from an image of the catalog (base), from a disk image or from an ISO.  The "
           "guest writes into an overlay; what it started from is never changed.  libvirt's QEMU "
           "driver runs inside imgfac unless the configuration names another hypervisor.",
    .opts = qemu_opts,
    .config_size = sizeof(struct qemu_config),
    .flags = BUILDER_HAS_GUEST,
    .check = qemu_check,
    .comm = comm,
    .output = output,
    .add_steps = add_steps,
    .needs = needs,
    .diagnose = qemu_diagnose,
    .preview = qemu_preview,
};
