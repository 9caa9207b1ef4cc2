/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
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
        else if (a->kind == BOOT_WAIT_FOR)
            strbuf_addf(out, "for [%.*s] %s", STR_FMT(a->pattern), wait);
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
    {"<on>", "tap 51 shift, tap 24, tap 49, tap 52 shift"},
    {"<f13>", "tap 51 shift, tap 33, tap 2, tap 4, tap 52 shift"},
    {"<wait5x>", "tap 51 shift, tap 17, tap 30, tap 23, tap 20, tap 6, tap 45, tap 52 shift"},
    {"<waitForever>", "tap 51 shift, tap 17, tap 30, tap 23, tap 20, tap 33 shift, tap 24, tap 19, "
                      "tap 18, tap 47, tap 18, tap 19, tap 52 shift"},
    /* ours */
    {"<waitFor 'boot:' 60s><enter>", "for [boot:] 1m0s, tap 28"},
    {"<waitfor \"a'>b\">", "for [a'>b] 0s"},
    {"<waitFor /x\\/y/ 5>", "for [x\\/y] 5s"},
    {"<waitFor'[$#] $'1.5s>", "for [[$#] $] 1.5s"},
    {"<waitFor>", "!<waitFor> needs a regular expression in quotes"},
    {"<waitFor boot>", "!<waitFor> needs a regular expression in quotes"},
    {"<waitFor 'boot", "!<waitFor> has no closing quote"},
    {"<waitFor 'boot\\'>", "!<waitFor> has no closing quote"},
    {"<waitFor 'boot' 5s", "!<waitFor> has no closing >"},
    {"<waitFor 'boot' soon>", "!<waitFor> has something behind the expression that is no time"},
    {"<waitFor '' 5s>", "!<waitFor> has an empty regular expression"},
    {"<waitFor 'b' 0s>", "!Expecting a positive wait value. Got 0s"},
    {"<waitFor 'a(b' 5s>", "!<waitFor> missing closing ): `a(b`"},
    {"<waitFor '(?=b)' 5s>", "!<waitFor> invalid or unsupported Perl syntax: `(?=`"},
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
        struct boot_place place;
        bool ok = boot_command_parse(a, str_from(cases[i].in), &actions, &place, &err);

        assert_int_equal(ok, cases[i].out[0] != '!');
        if (!ok) {
            assert_string_equal(err->msg, cases[i].out + 1);
            continue;
        }
        describe(&actions, &got);
        assert_string_equal(got.buf, cases[i].out);
    }
}

static void names_the_place(void **state)
{
    (void)state;
    static const struct {
        const char *in, *place;
    } bad[] = {
        {"ab<wait0>c", "<wait0>"},
        {"x<waitFor 'b(' 5s>y", "<waitFor 'b(' 5s>"},
        {"x<waitFor 'b", "<waitFor"},
        {"a\xe2\x82\xac.", "\xe2\x82\xac"},
    };
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct boot_actions actions = {0};
        struct boot_place place;
        str text = str_from(bad[i].in);
        assert_false(boot_command_parse(a, text, &actions, &place, &err));
        assert_true(str_eqz(str_sub(text, place.start, place.end), bad[i].place));
    }
}

static void doubts_what_looks_like_a_key(void **state)
{
    (void)state;
    static const struct {
        const char *in, *place, *meant; /* NULL: no doubt */
    } words[] = {
        {"a<retrun>", "<retrun>", "return"},
        {"<enter><Enterr>", "<Enterr>", "enter"},
        {"<space>", "<space>", "spacebar"},
        {"<ctrlOn>", "<ctrlOn>", "leftCtrl"},
        {"<shift>", "<shift>", "leftShift"},
        {"<Wait5>", "<Wait5>", "wait"},
        {"<wait10sec>", "<wait10sec>", "wait"},
        {"<foo>", NULL, NULL},
        {"<b>bold</b>", NULL, NULL},
        {"2 < 3 > 1 <enter><wait5><leftAltOn><aOff><waitFor 'entr'>", NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        struct boot_place place;
        const char *meant;
        str text = str_from(words[i].in);
        bool doubt = boot_command_doubt(text, 0, &place, &meant);
        assert_int_equal(doubt, words[i].place != NULL);
        if (!doubt)
            continue;
        assert_true(str_eqz(str_sub(text, place.start, place.end), words[i].place));
        assert_string_equal(meant, words[i].meant);
        assert_false(boot_command_doubt(text, place.end, &place, &meant));
    }
}

/* Every name of the reference, alone and held, in any case. */
static void knows_every_key(void **state)
{
    (void)state;
    static const char *const all[] = {
        "bs",         "del",         "enter",        "return",     "esc",         "tab",
        "spacebar",   "insert",      "home",         "end",        "pageUp",      "pageDown",
        "menu",       "up",          "down",         "left",       "right",       "f1",
        "f2",         "f3",          "f4",           "f5",         "f6",          "f7",
        "f8",         "f9",          "f10",          "f11",        "f12",         "leftShift",
        "rightShift", "leftCtrl",    "rightCtrl",    "leftAlt",    "rightAlt",    "leftSuper",
        "rightSuper", "leftCommand", "rightCommand", "leftOption", "rightOption",
    };
    for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        autofree char *text = xasprintf("<%s><%sOn><%sOFF>", all[i], all[i], all[i]);
        struct boot_actions actions = {0};
        struct boot_place place;
        assert_true(boot_command_parse(a, str_from(text), &actions, &place, &err));
        assert_int_equal(actions.len, 3);
        assert_int_equal(actions.ptr[0].kind, BOOT_TAP);
        assert_int_equal(actions.ptr[1].kind, BOOT_HOLD);
        assert_int_equal(actions.ptr[2].kind, BOOT_RELEASE);
        assert_int_equal(actions.ptr[0].key, actions.ptr[2].key);
    }
    size_t n = 0;
    while (keymap_name_at(n) != NULL)
        n++;
    assert_int_equal(n, ARRAY_SIZE(all));
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
        cmocka_unit_test(names_the_place),
        cmocka_unit_test(doubts_what_looks_like_a_key),
        cmocka_unit_test(knows_every_key),
        cmocka_unit_test(every_printable_character_has_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
