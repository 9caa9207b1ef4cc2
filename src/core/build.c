/* SPDX-License-Identifier: Apache-2.0 */
#include "core/build.h"

#include <stdatomic.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "catalog/catalog.h"
#include "core/dirs.h"
#include "core/stages.h"
#include "ledger/ledger.h"
#include "plug/registry.h"

/* Lines of the console shown when a build fails. */
#define CONSOLE_LINES 15
#define CONSOLE_TAIL  (16 * 1024)

static const char *const comm_names[] = {[COMM_SSH] = "ssh",
                                         [COMM_WINRM] = "winrm",
                                         [COMM_NONE] = "none",
                                         [COMM_GUEST_AGENT] = "guest-agent"};

static void init_build(struct build *b, const struct plan *plan, const struct planned_build *pb,
                       const struct run_options *options, struct arena *a)
{
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    *b = (struct build){
        .name = pb->name,
        .builder_name = pb->builder->name,
        .source_name = pb->source_name,
        .alias = pb->alias,
        .run_uuid = arena_strdup(a, uuid),
        .template_dir = plan->template_dir,
        .arena = a,
        .events = options->events,
        .ledger = options->ledger,
        .catalog = options->catalog,
        .config = options->config,
        .force = options->force,
        .debug = options->debug,
        .comm_config = pb->comm,
    };
}

/* Packer's names; a recorded image goes to a directory only when the template
 * names one. */
static const char *choose_output(struct build *b, const struct planned_build *pb)
{
    const char *dir = NULL, *name = NULL;
    if (pb->builder->output != NULL)
        pb->builder->output(pb->config, &dir, &name);
    if (dir == NULL && pb->catalog == NULL)
        dir = arena_fmt(b->arena, "output-%s", pb->source_name);
    b->output_dir = dir;
    return name != NULL ? name : arena_fmt(b->arena, "packer-%s", pb->source_name);
}

static void add_guest_steps(struct step_list *steps, struct build *b,
                            const struct planned_build *pb)
{
    const struct comm_type *comm =
        registry_find_communicator(str_from(comm_names[b->comm_config->type]));
    step_list_push(b->arena, steps, stage_connect(b, comm, b->comm_config, pb));
    step_list_push(b->arena, steps, stage_ready(b));
    if (pb->error_cleanup != NULL)
        step_list_push(b->arena, steps, stage_error_cleanup(b, pb, pb->error_cleanup));
    for (size_t i = 0; i < pb->provisioner_count; i++)
        step_list_push(b->arena, steps, stage_provision(b, pb, &pb->provisioners[i]));
    if (b->comm_config->type == COMM_SSH && b->comm_config->ssh_clear_authorized_keys)
        step_list_push(b->arena, steps, stage_clear_keys(b));
}

static void add_all(struct step_list *steps, struct build *b, const struct step_list *more)
{
    VEC_EACH (s, more)
        step_list_push(b->arena, steps, *s);
}

static struct step_list list_steps(const struct plan *plan, const struct planned_build *pb,
                                   const char *store, struct build *b, struct recorded *recorded)
{
    const char *output_name = choose_output(b, pb);
    struct sealed *sealed = arena_new_object(b->arena, struct sealed);
    struct step_list steps = {0}, prepare = {0}, finish = {0};
    pb->builder->add_steps(pb->config, b, &prepare, &finish);
    step_list_push(b->arena, &steps, stage_admit(b, pb->builder, pb->config, store));
    bool has_image = (pb->builder->flags & BUILDER_NO_IMAGE) == 0;
    if (has_image && b->output_dir != NULL)
        step_list_push(b->arena, &steps, stage_output(b));
    add_all(&steps, b, &prepare);
    if (pb->comm != NULL)
        add_guest_steps(&steps, b, pb);
    add_all(&steps, b, &finish);
    if (!has_image)
        return steps;
    if (pb->seal != NULL)
        step_list_push(b->arena, &steps, stage_seal(b, pb, sealed));
    step_list_push(b->arena, &steps, stage_pack(b, output_name, pb->catalog != NULL));
    if (pb->catalog != NULL)
        step_list_push(b->arena, &steps, stage_record(b, plan, pb, sealed, output_name, recorded));
    return steps;
}

static void diagnose(void *arg, struct build *b, struct error **err)
{
    const struct planned_build *pb = arg;
    if (pb->builder->diagnose != NULL)
        pb->builder->diagnose(pb->config, b, err);
}

static void show_console(struct build *b)
{
    AUTO(error) struct error *e = NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    if (b->console_log == NULL || !io_read_tail(b->console_log, CONSOLE_TAIL, &text, &e) ||
        text.len == 0)
        return;
    str rest = str_trim_end(strbuf_str(&text));
    size_t lines = 0, start = rest.len;
    while (start > 0 && lines < CONSOLE_LINES)
        if (rest.ptr[--start] == '\n')
            lines++;
    build_sayf(b, "The last lines of the console (%s):", b->console_log);
    rest = str_sub(rest, start == 0 ? 0 : start + 1, rest.len);
    while (rest.ptr != NULL && rest.len > 0)
        build_output(b, false, str_next_line(&rest));
}

static void fill_outcome(struct build *b, const struct recorded *recorded, struct run_outcome *out)
{
    uint64_t size = 0;
    AUTO(error) struct error *e = NULL;
    if (b->image.path == NULL) {
        out->artifact =
            arena_fmt(b->arena, "Did not export anything. This is the %s builder", b->builder_name);
        return;
    }
    io_file_size(b->image.path, &size, NULL, &e);
    out->size = size;
    out->path = b->image.path;
    if (recorded->done) {
        out->version = recorded->version;
        out->artifact =
            arena_fmt(b->arena, "%s %s (%s): %s", recorded->version->bucket,
                      recorded->version->name, recorded->version->fingerprint, out->path);
    } else {
        out->artifact = arena_fmt(b->arena, "VM files in directory: %s", b->output_dir);
    }
}

static void emit_end(struct build *b, const struct run_outcome *out)
{
    autofree char *why = out->error != NULL ? error_line(out->error) : NULL;
    event_emit(b->events, &(struct event){.kind = EVENT_BUILD_END,
                                          .build = b->name,
                                          .text = str_from(why),
                                          .ok = out->ok,
                                          .duration_ns = out->duration_ns});
}

/* True when the policy left everything as it is. */
static bool run_steps(const struct plan *plan, const struct planned_build *pb,
                      const struct run_options *options, struct build *b, struct run_outcome *out)
{
    struct recorded recorded = {0};
    struct dirs dirs;
    bool left = false;
    if (dirs_make(b, options->store, &dirs, &out->error)) {
        struct step_list steps = list_steps(plan, pb, options->store, b, &recorded);
        struct steps_policy policy = options->policy;
        policy.diagnose = diagnose;
        union {
            const struct planned_build *constant;
            void *plain;
        } arg = {.constant = pb};
        policy.diagnose_arg = arg.plain;
        out->ok = steps_run(&steps, b, &policy, &left, &out->error);
    }
    if (out->ok)
        fill_outcome(b, &recorded, out);
    else
        schema_error_at(&out->error, pb->body, pb->range);
    if (!out->ok && !error_is(out->error, ERR_CANCELLED))
        show_console(b);
    dirs_settle(b, &dirs, out->error, left);
    out->log_dir = io_is_dir(b->log_dir) ? b->log_dir : NULL;
    return left;
}

/* Tokens of what -on-error=abort left running: it is watched with them until
 * the process ends, so they and the program's own are never freed. */
struct left_behind {
    struct cancel *build, *guest;
    struct left_behind *next;
};
static _Atomic(struct left_behind *) left_behind;

static void leave_tokens(struct cancel *of_build, struct cancel *of_guest)
{
    struct left_behind *l = xnew(struct left_behind);
    *l = (struct left_behind){.build = of_build, .guest = of_guest};
    l->next = atomic_load(&left_behind);
    while (!atomic_compare_exchange_weak(&left_behind, &l->next, l))
        continue;
}

void build_carry_out(const struct plan *plan, const struct planned_build *pb,
                     const struct run_options *options, struct arena *a, struct run_outcome *out)
{
    int64_t start = clock_now();
    struct build b;
    init_build(&b, plan, pb, options, a);
    struct cancel *of_build = cancel_new(options->cancel);
    struct cancel *of_guest = cancel_new(of_build);
    b.cancel = of_build;
    b.guest = of_guest;
    log_set_thread_prefix(b.name);
    *out = (struct run_outcome){.plan = pb, .started = true};
    event_emit(b.events, &(struct event){.kind = EVENT_BUILD_START, .build = b.name});
    bool left = run_steps(plan, pb, options, &b, out);
    if (left) {
        leave_tokens(of_build, of_guest);
    } else {
        cancel_free(of_guest);
        cancel_free(of_build);
    }
    out->duration_ns = clock_now() - start;
    emit_end(&b, out);
    log_set_thread_prefix(NULL);
}
