/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/clock.h"
#include "gotemplate/gotemplate.h"
#include "qemu/boot_command.h"
#include "qemu/expect.h"
#include "qemu/typist.h"

#define BOOT_WAIT_NS (10 * NS_PER_S)     /* Packer's default */
#define WAIT_FOR_NS  (5 * 60 * NS_PER_S) /* without a time of its own; longer when emulated */

struct typing {
    struct build *b;
    struct typist typist;
    struct expect *console;
};

static int64_t interval_of(const struct qemu_config *c)
{
    const char *env = getenv("PACKER_KEY_INTERVAL");
    int64_t ns;
    if (c->boot_key_interval_ns > 0)
        return c->boot_key_interval_ns;
    return env != NULL && clock_parse_duration(str_from(env), &ns) && ns > 0 ? ns : 0;
}

static bool wait_for(struct typing *t, const struct boot_action *action, struct error **err)
{
    int64_t limit = action->wait_ns;
    if (limit == 0)
        limit = qemu_state(t->b)->kvm ? WAIT_FOR_NS : WAIT_FOR_NS * QEMU_TCG_FACTOR;
    if (t->console == NULL)
        t->console = expect_open(t->b->console_log, err);
    return t->console != NULL && expect_match(t->console, action->pattern, limit, t->b->guest, err);
}

static bool render(struct build *b, str *text, struct error **err)
{
    const struct qemu_config *c = qemu_state(b)->config;
    const struct gotmpl_field fields[] = {
        {"HTTPIP", str_from(b->target.http_ip)},
        {"HTTPPort", str_from(arena_fmt(b->arena, "%d", b->target.http_port))},
        {"Name", str_from(c->vm_name != NULL ? c->vm_name
                                             : arena_fmt(b->arena, "packer-%s", b->source_name))},
        {"SSHPublicKey",
         str_from(b->target.public_key != NULL ? arena_fmt(b->arena, "%s\n", b->target.public_key)
                                               : "")},
    };
    struct gotmpl_data data = {.fields = fields,
                               .field_count = ARRAY_SIZE(fields),
                               .build_name = b->source_name,
                               .build_type = b->builder_name};
    return gotmpl_render(b->arena, *text, &data, text, err);
}

static bool prepare(struct build *b, str text, struct boot_actions *out, struct error **err)
{
    struct boot_place place;
    return (render(b, &text, err) && boot_command_parse(b->arena, text, out, &place, err)) ||
           error_option(err, "boot_command boot_steps") ||
           error_wrap(err, "cannot use the boot command");
}

static bool type_actions(struct typing *t, const struct boot_actions *actions, struct error **err)
{
    VEC_EACH (action, actions)
        if (!(action->kind == BOOT_WAIT_FOR ? wait_for(t, action, err)
                                            : typist_act(&t->typist, action, err)))
            return false;
    return true;
}

static str join(struct arena *a, const struct opt_strings *parts)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < parts->len; i++)
        strbuf_adds(&text, parts->ptr[i]);
    return (str){arena_strndup(a, text.buf, text.len), text.len};
}

/* All are parsed before the first key. */
static bool prepare_steps(struct build *b, const struct opt_strings_list *steps,
                          struct boot_actions *out, struct error **err)
{
    for (size_t i = 0; i < steps->len; i++)
        if (steps->ptr[i].len > 0 && !prepare(b, str_from(steps->ptr[i].ptr[0]), &out[i], err))
            return false;
    return true;
}

static bool type_steps(struct typing *t, const struct opt_strings_list *steps,
                       const struct boot_actions *actions, struct error **err)
{
    for (size_t i = 0; i < steps->len; i++) {
        if (steps->ptr[i].len > 1)
            build_sayf(t->b, "Typing boot command for: %s", steps->ptr[i].ptr[1]);
        if (!type_actions(t, &actions[i], err))
            return false;
    }
    return true;
}

/* A command that begins with <waitFor> needs no other wait. */
static bool wait_for_boot(struct build *b, const struct boot_actions *first, struct error **err)
{
    const struct qemu_config *c = qemu_state(b)->config;
    bool expects = first->len > 0 && first->ptr[0].kind == BOOT_WAIT_FOR;
    int64_t ns = c->boot_wait_ns != 0 ? c->boot_wait_ns : expects ? 0 : BOOT_WAIT_NS;
    if (ns <= 0)
        return true;
    autofree char *wait = clock_format_duration(ns);
    build_sayf(b, "Waiting %s for boot...", wait);
    return cancel_sleep(b->guest, ns) || cancel_error(b->guest, err, "boot_wait");
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    const struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    struct typing t = {.b = b,
                       .typist = {.guest = s->guest,
                                  .cancel = b->guest,
                                  .interval_ns = interval_of(c),
                                  .bios = !s->efi && strcmp(s->arch, "x86_64") == 0}};
    struct boot_actions whole = {0};
    struct boot_actions *steps = arena_new_array(b->arena, struct boot_actions, c->boot_steps.len);
    if (!prepare(b, join(b->arena, &c->boot_command), &whole, err) ||
        !prepare_steps(b, &c->boot_steps, steps, err) ||
        !wait_for_boot(b, c->boot_steps.len > 0 ? &steps[0] : &whole, err))
        return false;
    build_sayf(b, "Typing the boot commands...");
    bool ok = type_actions(&t, &whole, err) && type_steps(&t, &c->boot_steps, steps, err);
    expect_free(t.console);
    return ok;
}

struct step qemu_step_type(struct build *b)
{
    (void)b;
    return (struct step){.name = "type", .title = "Typing the boot command", .run = run};
}
