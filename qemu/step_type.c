/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include <linux/input-event-codes.h>

#include "base/clock.h"
#include "gotemplate/gotemplate.h"
#include "qemu/boot_command.h"
#include "qemu/guest.h"

#define KEY_INTERVAL_NS (100 * NS_PER_MS) /* Packer's default */
#define HOLD_MIN_MS     20
#define HOLD_MAX_MS     100
#define HELD_MAX        8

/* Keys that <...On> keeps down: sent along with each key typed meanwhile. */
struct typist {
    struct build *b;
    int64_t interval_ns;
    unsigned held[HELD_MAX];
    size_t held_count;
};

static int64_t interval_of(const struct qemu_config *c)
{
    const char *env = getenv("PACKER_KEY_INTERVAL");
    int64_t ns;
    if (c->boot_key_interval_ns > 0)
        return c->boot_key_interval_ns;
    return env != NULL && clock_parse_duration(str_from(env), &ns) && ns > 0 ? ns : KEY_INTERVAL_NS;
}

static bool tap(struct typist *t, const struct boot_action *action, struct error **err)
{
    unsigned keys[HELD_MAX + 2];
    size_t n = 0;
    for (size_t i = 0; i < t->held_count; i++)
        keys[n++] = t->held[i];
    if (action->shift)
        keys[n++] = KEY_LEFTSHIFT;
    keys[n++] = action->key;
    int64_t hold_ms = t->interval_ns / NS_PER_MS / 2;
    hold_ms = MAX(MIN(hold_ms, (int64_t)HOLD_MAX_MS), (int64_t)HOLD_MIN_MS);
    return guest_send_keys(qemu_state(t->b)->guest, keys, n, (unsigned)hold_ms, err) &&
           (cancel_sleep(t->b->guest, t->interval_ns) ||
            cancel_error(t->b->guest, err, "typing the boot command"));
}

static void release(struct typist *t, unsigned key)
{
    for (size_t i = 0; i < t->held_count; i++)
        if (t->held[i] == key) {
            t->held[i] = t->held[--t->held_count];
            return;
        }
}

static bool act(struct typist *t, const struct boot_action *action, struct error **err)
{
    switch (action->kind) {
    case BOOT_WAIT:
        return cancel_sleep(t->b->guest, action->wait_ns) ||
               cancel_error(t->b->guest, err, "a wait of the boot command");
    case BOOT_TAP: return tap(t, action, err);
    case BOOT_RELEASE: release(t, action->key); return true;
    case BOOT_HOLD: break;
    }
    if (t->held_count == HELD_MAX)
        return error_set(err, ERR_TEMPLATE, 0, "the boot command holds more than %d keys",
                         HELD_MAX);
    t->held[t->held_count++] = action->key;
    return true;
}

static bool type_text(struct typist *t, str text, struct error **err)
{
    struct build *b = t->b;
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
    struct boot_actions actions = {0};
    if (!gotmpl_render(b->arena, text, &data, &text, err) ||
        !boot_command_parse(b->arena, text, &actions, err))
        return error_wrap(err, "cannot use the boot command");
    VEC_EACH (action, &actions)
        if (!act(t, action, err))
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

static bool type_steps(struct typist *t, const struct opt_strings_list *steps, struct error **err)
{
    for (size_t i = 0; i < steps->len; i++) {
        const struct opt_strings *step = &steps->ptr[i];
        if (step->len > 1)
            build_sayf(t->b, "Typing boot command for: %s", step->ptr[1]);
        if (step->len > 0 && !type_text(t, str_from(step->ptr[0]), err))
            return false;
    }
    return true;
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    const struct qemu_config *c = qemu_state(b)->config;
    struct typist t = {.b = b, .interval_ns = interval_of(c)};
    if (c->boot_wait_ns > 0) {
        autofree char *wait = clock_format_duration(c->boot_wait_ns);
        build_sayf(b, "Waiting %s for boot...", wait);
        if (!cancel_sleep(b->guest, c->boot_wait_ns))
            return cancel_error(b->guest, err, "boot_wait");
    }
    build_sayf(b, "Typing the boot commands...");
    return type_text(&t, join(b->arena, &c->boot_command), err) &&
           type_steps(&t, &c->boot_steps, err);
}

struct step qemu_step_type(struct build *b)
{
    (void)b;
    return (struct step){.name = "type", .title = "Typing the boot command", .run = run};
}
