/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "config/config.h"
#include "host/host.h"
#include "ledger/admit.h"
#include "plug/builder.h"

struct admit_state {
    const struct builder_type *builder;
    const void *config;
    const char *store;
};

static void say(void *arg, const char *reason)
{
    build_sayf(arg, "Waiting for %s", reason);
}

/* What the host itself has is a limit too, where the guest runs on it: before
 * the wait its memory, after it what is free. */
static bool check_host(const struct build_needs *needs, uint64_t bytes, const char *has,
                       struct error **err)
{
    uint64_t wanted = (uint64_t)needs->memory_mib;
    if (!needs->is_local || bytes == 0 || wanted < bytes >> 20)
        return true;
    error_set(err, ERR_HOST, 0, "the guest wants %llu MiB of memory, this host has %llu MiB%s",
              (unsigned long long)wanted, (unsigned long long)(bytes >> 20), has);
    error_option(err, "memory");
    return error_hint(err, "Lower `memory`, or end other programs.");
}

/* Emulated processors are threads of the host: more of them than it has only
 * make each other slow. */
static struct admit_limits limits_of(const struct config_hypervisor *h,
                                     const struct build_needs *needs)
{
    struct admit_limits limits = {0};
    if (h != NULL)
        limits = (struct admit_limits){.memory_mib = (int64_t)(h->memory_bytes >> 20),
                                       .vcpus = h->vcpus};
    if (limits.vcpus == 0 && needs->is_local && needs->is_emulated) {
        limits.vcpus = (int64_t)host_cpus();
        limits.vcpus_soft = true;
    }
    return limits;
}

static bool admit_run(struct step *s, struct build *b, struct error **err)
{
    const struct admit_state *state = s->state;
    struct build_needs needs = {0};
    struct run_info *info = runfile_info(b->run);
    if (state->builder->needs == NULL || info == NULL)
        return true;
    state->builder->needs(state->config, b, &needs);
    const struct config_hypervisor *h =
        b->config != NULL ? config_find_hypervisor(b->config, needs.hypervisor) : NULL;
    info->hypervisor = h != NULL ? h->name : "";
    info->memory_mib = needs.memory_mib;
    info->vcpus = needs.vcpus;
    struct admit_limits limits = limits_of(h, &needs);
    return check_host(&needs, host_memory_bytes(), "", err) &&
           admit_wait(state->store, b->run, &limits, b->cancel, say, b, err) &&
           check_host(&needs, host_memory_available_bytes(), " free", err);
}

struct step stage_admit(struct build *b, const struct builder_type *builder, const void *config,
                        const char *store)
{
    struct admit_state *state = arena_new_object(b->arena, struct admit_state);
    *state = (struct admit_state){.builder = builder, .config = config, .store = store};
    return (struct step){.name = "admit", .state = state, .run = admit_run};
}
