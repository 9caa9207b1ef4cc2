/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/redact.h"
#include "ui/ui.h"

#define LINE(k, t)                                                                                 \
    {                                                                                              \
        .kind = (k), .build = "qemu.x", .text = {(t), sizeof(t) - 1 }                              \
    }

/* What a sink of TYPE writes for one event. */
static char *written(const struct ui_type *type, struct event e, bool color)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct ui *ui = ui_new(type, &(struct ui_options){.out = out, .color = color});
    event_emit(ui_sink(ui), &e);
    ui_free(ui);
    fclose(out);
    return text;
}

static const struct {
    struct event event;
    const char *plain;
    const char *machine; /* after the time */
} cases[] = {
    {LINE(EVENT_SAY, "hello"), "==> qemu.x: hello\n", ",,ui,say,==> qemu.x: hello\n"},
    {LINE(EVENT_OUTPUT, "a, b"), "    qemu.x: a, b\n",
     ",,ui,message,    qemu.x: a%!(PACKER_COMMA) b\n"},
    {LINE(EVENT_OUTPUT, "10%\r20%\r100%  "), "    qemu.x: 100%\n",
     ",,ui,message,    qemu.x: 100%\n"},
    {LINE(EVENT_SAY, "one\ntwo\n"), "==> qemu.x: one\n==> qemu.x: two\n", NULL},
    {LINE(EVENT_ERROR, "bad"), "==> qemu.x: bad\n", ",,ui,error,==> qemu.x: bad\n"},
    {LINE(EVENT_STEP_START, "Booting"), "==> qemu.x: Booting\n", ",,ui,say,==> qemu.x: Booting\n"},
    {LINE(EVENT_STEP_START, ""), "", ""},
    {LINE(EVENT_OUTPUT, "my s3cret, here"), "    qemu.x: my <sensitive>, here\n", NULL},
    {{.kind = EVENT_SAY, .text = {"raw", 3}}, "raw\n", ",,ui,say,raw\n"},
    {{.kind = EVENT_BUILD_END, .build = "qemu.x", .ok = true, .duration_ns = 62 * NS_PER_S},
     "Build 'qemu.x' finished after 1 minute 2 seconds.\n",
     ",,ui,say,Build 'qemu.x' finished after 1 minute 2 seconds.\n"},
    {{.kind = EVENT_PROGRESS, .build = "qemu.x", .text = {"copy", 4}, .done = 1, .total = 2},
     "",
     ""},
    {{.kind = EVENT_SUMMARY, .done = 1, .total = 3}, "", ",,error-count,2\n"},
    {{.kind = EVENT_SUMMARY, .done = 3, .total = 3}, "", ""},
};

static void test_plain(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        autofree char *text = written(&ui_plain, cases[i].event, false);
        assert_string_equal(text, cases[i].plain);
    }
}

static void test_machine(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if (cases[i].machine == NULL)
            continue;
        autofree char *text = written(&ui_machine, cases[i].event, false);
        const char *data = text + strspn(text, "0123456789");
        assert_string_equal(data, cases[i].machine);
    }
}

/* Packer's lines of an artifact, without their times. */
static void test_machine_artifact(void **state)
{
    (void)state;
    static const char *const expected[] = {
        "artifact-count,1",         "artifact,0,builder-id,imgfac.image",
        "artifact,0,id,01ABC",      "artifact,0,string,golden v1%!(PACKER_COMMA) sealed",
        "artifact,0,files-count,1", "artifact,0,file,0,/store/a",
        "artifact,0,end",
    };
    struct event e = LINE(EVENT_ARTIFACT, "golden v1, sealed");
    e.id = "01ABC";
    e.path = "/store/a";
    autofree char *text = written(&ui_machine, e, false);
    str rest = str_from(text);
    for (size_t i = 0; i < ARRAY_SIZE(expected); i++) {
        autofree char *line = str_xdup(str_next_line(&rest));
        autofree char *wanted = xasprintf(",qemu.x,%s", expected[i]);
        assert_string_equal(line + strspn(line, "0123456789"), wanted);
    }
}

static void test_json(void **state)
{
    (void)state;
    struct event e = LINE(EVENT_SAY, "tab\t \"quoted\" s3cret");
    autofree char *text = written(&ui_json, e, false);
    assert_non_null(strstr(text, "\"event\":\"say\",\"build\":\"qemu.x\","
                                 "\"text\":\"tab\\t \\\"quoted\\\" <sensitive>\"}\n"));
    struct event end = {.kind = EVENT_STEP_END,
                        .build = "b",
                        .step = "boot",
                        .ok = true,
                        .duration_ns = 1500 * NS_PER_MS};
    autofree char *line = written(&ui_json, end, false);
    assert_non_null(strstr(line, "\"step\":\"boot\",\"ok\":true,\"seconds\":1.500}\n"));
}

static void test_colors(void **state)
{
    (void)state;
    struct event e = LINE(EVENT_SAY, "x");
    autofree char *text = written(&ui_plain, e, true);
    assert_string_equal(text, "\033[1;32m==> qemu.x: x\033[0m\n");
}

/* A status line appears below the text and is gone at the end. */
static void test_tty(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    struct ui *ui = ui_new(&ui_tty, &(struct ui_options){.out = out});
    struct event start = LINE(EVENT_BUILD_START, "");
    struct event step = LINE(EVENT_STEP_START, "Booting");
    event_emit(ui_sink(ui), &start);
    event_emit(ui_sink(ui), &step);
    ui_free(ui);
    fclose(out);
    assert_non_null(strstr(text, "==> qemu.x: Booting\n  qemu.x: Booting  0:00\n"));
    assert_non_null(strstr(text, "\033[1F\033[J"));
    free(text);
}

int main(void)
{
    redact_register(STR("s3cret"));
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain),
        cmocka_unit_test(test_machine),
        cmocka_unit_test(test_machine_artifact),
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_colors),
        cmocka_unit_test(test_tty),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    redact_reset();
    return failed;
}
