/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/typist.h"

#include <linux/input-event-codes.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "qemu/guest.h"

#define HOLD_MS        20u /* short: a guest repeats a key that is held for 250 ms */
#define HOLD_BIOS_MS   5u  /* the BIOS repeats nothing */
#define PEEK_NS        (4 * NS_PER_MS)
#define BIOS_SLOW_NS   (2 * NS_PER_S)  /* a starved guest may take so long to see a key */
#define BIOS_UNREAD_NS (10 * NS_PER_S) /* nobody reads: go on, there is room for 15 keys */
#define BIOS_KEYS      0x41a           /* of the BIOS data area: offsets of the first key and of */
#define KEYS_MAX       (TYPIST_HELD_MAX + 2)

/* The ring of keys of the BIOS (the words at 0x41a and 0x41c): empty when both are equal. */
struct ring {
    uint16_t head, tail;
};

static bool peek(struct typist *t, struct ring *out)
{
    struct error *err = NULL;
    if (!t->bios)
        return false;
    if (guest_peek(t->guest, BIOS_KEYS, out, sizeof(*out), &err))
        return true;
    log_debug("qemu", "typing without the BIOS's help: %s", err->msg);
    error_drop(&err);
    t->bios = false;
    return false;
}

/* Wait until the guest has taken the key sent when its ring was BEFORE; true
 * when it did, false after INTERVAL when it never saw it. */
static bool await_bios(struct typist *t, struct ring before, int64_t interval)
{
    int64_t start = clock_now();
    int64_t patience = t->bios_reads ? BIOS_SLOW_NS : interval;
    struct ring now;
    bool seen = false;
    while (peek(t, &now)) {
        int64_t waited = clock_now() - start;
        seen = seen || now.tail != before.tail;
        if (seen && (now.head == now.tail || waited >= BIOS_UNREAD_NS))
            break;
        if ((!seen && waited >= patience) || !cancel_sleep(t->cancel, PEEK_NS))
            break;
    }
    return seen;
}

static bool pause_for(struct typist *t, int64_t ns, struct error **err)
{
    return ns <= 0 || cancel_sleep(t->cancel, ns) ||
           cancel_error(t->cancel, err, "typing the boot command");
}

static bool press(struct typist *t, unsigned *keys, size_t count, struct error **err)
{
    struct ring before;
    int64_t start = clock_now();
    int64_t interval = t->interval_ns > 0 ? t->interval_ns : TYPIST_PAUSE_NS;
    /* QEMU works off press and release of each key one after the other. */
    int64_t longest = interval / NS_PER_MS / (int64_t)(2 * count);
    unsigned hold = t->bios_reads ? HOLD_BIOS_MS : HOLD_MS;
    bool watched = peek(t, &before);
    hold = (unsigned)MAX(MIN((int64_t)hold, longest), (int64_t)1);
    if (!guest_send_keys(t->guest, keys, count, hold, err))
        return false;
    t->bios_reads = watched && await_bios(t, before, interval);
    if (t->bios_reads)
        interval = t->interval_ns;
    return pause_for(t, start + interval - clock_now(), err);
}

static size_t held_keys(struct typist *t, unsigned *keys)
{
    for (size_t i = 0; i < t->held_count; i++) {
        keys[i] = t->held[i].key;
        t->held[i].used = true;
    }
    return t->held_count;
}

static bool tap(struct typist *t, const struct boot_action *a, struct error **err)
{
    unsigned keys[KEYS_MAX];
    size_t n = held_keys(t, keys);
    if (a->shift)
        keys[n++] = KEY_LEFTSHIFT;
    keys[n++] = a->key;
    return press(t, keys, n, err);
}

/* Keys that are held go down for the whole time: a boot loader that looks
 * whether Shift is pressed sees it. */
static bool wait_holding(struct typist *t, int64_t ns, struct error **err)
{
    unsigned keys[KEYS_MAX];
    size_t n = held_keys(t, keys);
    int64_t ms = MIN(ns / NS_PER_MS, (int64_t)3600 * 1000);
    return (n == 0 || guest_send_keys(t->guest, keys, n, (unsigned)MAX(ms, (int64_t)1), err)) &&
           (cancel_sleep(t->cancel, ns) ||
            cancel_error(t->cancel, err, "a wait of the boot command"));
}

static bool hold(struct typist *t, unsigned key, struct error **err)
{
    if (t->held_count == TYPIST_HELD_MAX)
        return error_set(err, ERR_TEMPLATE, 0, "the boot command holds more than %d keys",
                         TYPIST_HELD_MAX);
    t->held[t->held_count].key = key;
    t->held[t->held_count++].used = false;
    return true;
}

/* A key that was held without anything else was meant by itself. */
static bool release(struct typist *t, unsigned key, struct error **err)
{
    for (size_t i = 0; i < t->held_count; i++) {
        if (t->held[i].key != key)
            continue;
        unsigned keys[KEYS_MAX];
        bool used = t->held[i].used;
        size_t n = used ? 0 : held_keys(t, keys);
        t->held_count--;
        for (size_t j = i; j < t->held_count; j++)
            t->held[j] = t->held[j + 1];
        return used || press(t, keys, n, err);
    }
    return true;
}

bool typist_act(struct typist *t, const struct boot_action *a, struct error **err)
{
    switch (a->kind) {
    case BOOT_WAIT: return wait_holding(t, a->wait_ns, err);
    case BOOT_TAP: return tap(t, a, err);
    case BOOT_HOLD: return hold(t, a->key, err);
    case BOOT_RELEASE: return release(t, a->key, err);
    case BOOT_WAIT_FOR: break;
    }
    return error_set(err, ERR_INTERNAL, 0, "a typist reads no console");
}
