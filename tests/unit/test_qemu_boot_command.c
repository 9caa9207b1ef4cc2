/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/strbuf.h"
#include "qemu/boot_command.h"
#include "qemu/keymap.h"

/* Actions as text: "tap 28", "tap 30 shift", "hold 29", "wait 1s". */
static void describe(const struct boot_actions *actions, struct strbuf *out)
{
    static const char *const words[] = {
        [BOOT_TAP] = "tap", [BOOT_HOLD] = "hold", [BOOT_RELEASE] = "release"};
    VEC_EACH (a, actions) {
        autofree char *wait = clock_format_duration(a->wait_ns);
        if (out->len > 0)
            strbuf_adds(out, ", ");
        if (a->kind == BOOT_WAIT)
            strbuf_addf(out, "wait %s", wait);
        else
            strbuf_addf(out, "%s %u%s", words[a->kind], a->key, a->shift ? " shift" : "");
    }
}

static const struct {
    const char *in, *out; /* OUT begins with '!': the error */
} cases[] = {
    {"", ""},
    {"aA1!", "tap 30, tap 30 shift, tap 2, tap 2 shift"},
    {"<enter><ESC><f12><pageUp>", "tap 28, tap 1, tap 88, tap 104"},
    {"<wait><wait5><wait1m20s><wait300ms>", "wait 1s, wait 5s, wait 1m20s, wait 300ms"},
    {"<leftCtrlOn>c<leftCtrlOff>", "hold 29, tap 46, release 29"},
    {"<LEFTALTON><f2><leftAltoff>", "hold 56, tap 60, release 56"},
    {"<cOn><cOff>", "hold 46, release 46"},
    {"<>on>", "hold 52 shift"},
    /* typed as they stand */
    {"<foo>", "tap 51 shift, tap 33, tap 24, tap 24, tap 52 shift"},
    {"<Wait>", "tap 51 shift, tap 17 shift, tap 30, tap 23, tap 20, tap 52 shift"},
    {"a<", "tap 30, tap 51 shift"},
    {"<<enter>", "tap 51 shift, tap 28"},
    {"<wait0>", "!Expecting a positive wait value. Got 0s"},
    {"<wait-5s>", "!Expecting a positive wait value. Got -5s"},
    {"\xc3\xa4", "!a US keyboard has no key for byte 0xc3 of the boot command"},
};

static void parses_packers_grammar(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(strbuf) struct strbuf got = STRBUF_INIT;
        AUTO(error) struct error *err = NULL;
        struct boot_actions actions = {0};
        bool ok = boot_command_parse(a, str_from(cases[i].in), &actions, &err);

        assert_int_equal(ok, cases[i].out[0] != '!');
        if (!ok) {
            assert_string_equal(err->msg, cases[i].out + 1);
            continue;
        }
        describe(&actions, &got);
        assert_string_equal(got.buf, cases[i].out);
    }
}

static void every_printable_character_has_a_key(void **state)
{
    (void)state;
    unsigned key;
    bool shift;
    for (int c = ' '; c < 0x7f; c++)
        assert_true(keymap_char((char)c, &key, &shift));
    assert_false(keymap_char('\0', &key, &shift));
    assert_false(keymap_char('\x01', &key, &shift));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parses_packers_grammar),
        cmocka_unit_test(every_printable_character_has_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
