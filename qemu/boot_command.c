/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/boot_command.h"

#include "base/clock.h"
#include "qemu/keymap.h"

#define WORD_MAX 32 /* the longest name is shorter */

/* Cut "on" or "off", in any case, off the end of *WORD; what it means. */
static enum boot_kind cut_toggle(str *word)
{
    static const struct {
        str suffix;
        enum boot_kind kind;
    } toggles[] = {{{"off", 3}, BOOT_RELEASE}, {{"on", 2}, BOOT_HOLD}};
    for (size_t i = 0; i < ARRAY_SIZE(toggles); i++) {
        str s = toggles[i].suffix;
        if (word->len > s.len && str_eq_nocase(str_sub(*word, word->len - s.len, word->len), s)) {
            word->len -= s.len;
            return toggles[i].kind;
        }
    }
    return BOOT_TAP;
}

/* "", "5", "1m20s" after "wait"; false when WORD is no wait at all. */
static bool parse_wait(str word, int64_t *out)
{
    int64_t seconds;
    if (!str_starts(word, STR("wait")))
        return false;
    word = str_sub(word, 4, word.len);
    *out = NS_PER_S;
    if (word.len == 0)
        return true;
    if (str_to_i64(word, &seconds) && seconds <= INT64_MAX / NS_PER_S) {
        *out = seconds * NS_PER_S;
        return true;
    }
    return clock_parse_duration(word, out);
}

/* What stands between < and >; false: no word of ours, to be typed. */
static bool parse_word(str word, struct boot_action *out, struct error **err)
{
    if (parse_wait(word, &out->wait_ns)) {
        out->kind = BOOT_WAIT;
        if (out->wait_ns <= 0) {
            autofree char *got = clock_format_duration(out->wait_ns);
            error_set(err, ERR_TEMPLATE, 0, "Expecting a positive wait value. Got %s", got);
        }
        return true;
    }
    str name = word;
    out->kind = cut_toggle(&name);
    if (out->kind != BOOT_TAP && name.len == 1)
        return keymap_char(name.ptr[0], &out->key, &out->shift);
    if (keymap_name(name, &out->key))
        return true;
    out->kind = BOOT_TAP;
    return keymap_name(word, &out->key);
}

/* The word at the start of TEXT, which begins with '<'; 0: none. */
static size_t word_length(str text)
{
    /* A toggle's character may itself be '>': "<>on>". */
    ptrdiff_t end = text.len > 2 ? str_find_char(str_sub(text, 2, text.len), '>') : -1;
    return end >= 0 && end + 1 <= WORD_MAX ? (size_t)end + 1 : 0;
}

bool boot_command_parse(struct arena *a, str text, struct boot_actions *out, struct error **err)
{
    while (text.len > 0) {
        struct boot_action action = {0};
        size_t len = text.ptr[0] == '<' ? word_length(text) : 0;
        if (len > 0 && parse_word(str_sub(text, 1, 1 + len), &action, err)) {
            if (*err != NULL)
                return false;
            boot_actions_push(a, out, action);
            text = str_sub(text, len + 2, text.len);
            continue;
        }
        action = (struct boot_action){.kind = BOOT_TAP};
        if (!keymap_char(text.ptr[0], &action.key, &action.shift))
            return error_set(err, ERR_TEMPLATE, 0,
                             "a US keyboard has no key for byte 0x%02x of the boot command",
                             (unsigned char)text.ptr[0]);
        boot_actions_push(a, out, action);
        text = str_sub(text, 1, text.len);
    }
    return true;
}
