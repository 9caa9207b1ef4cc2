/* SPDX-License-Identifier: Apache-2.0 */
#include "qemu/boot_command.h"

#include "base/macros.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_actions(const struct boot_actions *actions)
{
    VEC_EACH (a, actions) {
        if (a->kind == BOOT_WAIT && a->wait_ns <= 0)
            BUG("a wait that is not positive");
        if (a->kind == BOOT_WAIT_FOR && (a->pattern.len == 0 || a->wait_ns < 0))
            BUG("a wait for nothing");
        if (a->kind != BOOT_WAIT && a->kind != BOOT_WAIT_FOR && a->key == 0)
            BUG("no key");
    }
}

/* Doubts come in order and end. */
static void check_doubts(str text)
{
    struct boot_place place = {0};
    const char *meant;
    size_t last = 0;
    while (boot_command_doubt(text, last, &place, &meant)) {
        if (place.start < last || place.end <= place.start || place.end > text.len)
            BUG("a doubt has no place");
        last = place.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(arena) struct arena *a = arena_new("fuzz");
    AUTO(error) struct error *err = NULL;
    struct boot_actions actions = {0};
    struct boot_place place = {0};
    str text = {(const char *)data, size};
    if (boot_command_parse(a, text, &actions, &place, &err))
        check_doubts(text);
    else if (err->code != ERR_TEMPLATE || place.end <= place.start || place.end > size)
        BUG("an error has no place");
    check_actions(&actions);
    return 0;
}
