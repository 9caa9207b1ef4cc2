/* SPDX-License-Identifier: Apache-2.0 */
#include "gotemplate/gotemplate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/strbuf.h"

static str build_value(void *arg, str key)
{
    (void)arg;
    return str_eqz(key, "ID") ? STR("i-1") : (str){NULL, 0};
}

static const struct gotmpl_field fields[] = {
    {"Path", {"/tmp/s.sh", 9}}, {"Vars", {"A='1' ", 6}}, {"Empty", {"", 0}}, {"Name", {"n", 1}}};
static const struct gotmpl_data data = {
    .fields = fields,
    .field_count = ARRAY_SIZE(fields),
    .build_value = build_value,
    .build_name = "golden",
    .build_type = "qemu",
};

/* Expected results are those of Go's text/template with Packer's functions. */
static const struct {
    const char *in, *out;
} good[] = {
    {"plain } { text", "plain } { text"},
    {"chmod +x {{.Path}}; {{.Vars}} {{ .Path }}", "chmod +x /tmp/s.sh; A='1'  /tmp/s.sh"},
    {"{{\"{{\"}}x{{`}}`}}", "{{x}}"},
    {"a  {{- .Name -}}  b", "anb"},
    {"a {{- /* comment */ -}} b", "ab"},
    {"{{/* a }} b */}}x", "x"},
    {"{{if .Empty}}yes{{else}}no{{end}}", "no"},
    {"{{if .Name}}yes{{else}}no{{end}}", "yes"},
    {"{{if .Empty}}1{{else if eq .Name \"n\"}}2{{else}}3{{end}}", "2"},
    {"{{if and .Name .Empty}}1{{else}}2{{end}}{{if or .Empty .Name}}3{{end}}", "23"},
    {"{{with .Name}}[{{.}}{{$.Path}}]{{end}}", "[n/tmp/s.sh]"},
    {"{{with .Empty}}x{{else}}y{{end}}", "y"},
    {"{{with $x := .Name}}{{$x}}{{end}}", "n"},
    {"{{$a := 1}}{{if true}}{{$a = 2}}{{end}}{{$a}}", "2"},
    {"{{$a := 1}}{{if true}}{{$a := 2}}{{$a}}{{end}}{{$a}}", "21"},
    {"{{range $k, $v := .}}{{$k}}={{$v}};{{end}}", "Empty=;Name=n;Path=/tmp/s.sh;Vars=A='1' ;"},
    {"{{range $i := 4}}{{if eq $i 1}}{{continue}}{{end}}{{if eq $i 3}}{{break}}{{end}}{{$i}}{{end}}",
     "02"},
    {"{{range 0}}x{{else}}none{{end}}", "none"},
    {"{{.Path | upper | printf \"%q\"}}", "\"/TMP/S.SH\""},
    {"{{printf \"%s-%05d-%x-%v|%-4s|%4s|\" .Name 42 255 true .Name \"ab\"}}",
     "n-00042-ff-true|n   |  ab|"},
    {"{{printf \"%.2f %t %c %b %% %+d\" 1.5 true 65 5 7}}", "1.50 true A 101 % +7"},
    {"{{1.5}} {{0x10}} {{'a'}} {{-3}} {{true}}", "1.5 16 97 -3 true"},
    {"{{(printf \"%s\" .Name) | upper}}", "N"},
    {"{{lower \"ABC\"}} {{replace \"a\" \"b\" 1 \"aaa\"}} {{replace_all \"a\" \"b\" \"aaa\"}}",
     "abc baa bbb"},
    {"{{split \"a-b-c\" \"-\" 1}}", "b"},
    {"{{build `ID`}} {{build_name}} {{build_type}}", "i-1 golden qemu"},
    {"{{isotime}}", "2017-07-14T02:40:00Z"},
    {"{{isotime \"2006-01-02_15.04.05 Jan _2 Monday PM -0700 MST 06 Month\"}}",
     "2017-07-14_02.40.00 Jul 14 Friday AM +0000 UTC 17 Month"},
    {"{{timestamp}} {{strftime \"%Y%m%d %%\"}}", "1500000000 20170714 %"},
    {"{{len .Name}} {{index . \"Path\"}} {{slice \"abcdef\" 1 3}} {{not .Empty}}",
     "1 /tmp/s.sh bc true"},
    {"{{eq 1 2 1}} {{ne \"a\" \"b\"}} {{lt 1 2}} {{ge 1 2}}", "true true true false"},
    {"{{print \"a\" 1 2 \"b\"}} {{println 1}}", "a1 2b 1\n"},
    {"{{html \"<a&'>\"}} {{urlquery \"a b&c\"}} {{js \"it's\"}}",
     "&lt;a&amp;&#39;&gt; a+b%26c it\\'s"},
    {"{{\"\\u00fc\\x41\\n\"}}", "\303\274A\n"},
};

static void renders(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct error *err = NULL;
        str out;
        if (!gotmpl_render(a, str_from(good[i].in), &data, &out, &err))
            fail_msg("%s: %s", good[i].in, err->msg);
        assert_string_equal(out.ptr, good[i].out);
        assert_true(gotmpl_check(str_from(good[i].in), &err));
    }
}

static const struct {
    const char *in, *error;
    bool only_at_run;
} bad[] = {
    {"{{", "template: 1:3: unclosed action", false},
    {"a\nb {{ nosuch }}", "template: 2:6: function \"nosuch\" not defined", false},
    {"{{.Nosuch}}", "template: 1:3: there is no field .Nosuch here", true},
    {"{{.Name.Deep}}", "template: 1:3: can't evaluate field Deep in type string", true},
    {"{{if .Name}}", "template: 1:3: unexpected end of the template: {{ end }} is missing", false},
    {"x{{end}}", "template: 1:9: unexpected {{ end }}", false},
    {"{{else}}", "template: 1:7: unexpected {{ else }}", false},
    {"{{$k, $v := .}}{{$v}}", "template: 1:3: too many declarations", false},
    {"{{len ($k, $v := .Name)}}", "template: 1:8: too many declarations", false},
    {"{{$x}}", "template: 1:3: undefined variable \"$x\"", false},
    {"{{\"abc}}", "template: 1:3: unterminated quoted string", false},
    {"{{.Name .Path}}", "template: 1:3: can't give argument to non-function", false},
    {"{{upper}}", "template: 1:3: wrong number of arguments for upper: want 1 got 0", true},
    {"{{upper 1}}",
     "template: 1:3: error calling upper: wrong type for argument 1; expected string; got int",
     true},
    {"{{build `X`}}", "template: 1:3: error calling build: loaded data, but couldnt find X in it.",
     true},
    {"{{split \"a\" \"-\" 3}}", NULL, true},
    {"{{env `HOME`}}", NULL, true},
    {"{{user `x`}}", NULL, true},
    {"{{sed \"s/a/b/\"}}", NULL, true},
    {"{{template \"x\"}}", "template: 1:3: {{ template }} is not supported", false},
    {"{{break}}", "template: 1:3: {{ break }} outside {{ range }}", false},
    {"{{range 1000000000}}x{{end}}", "template: 1:3: the template takes too long", true},
    {"{{range .Name}}x{{end}}", "template: 1:3: range can't iterate over string", true},
    {"{{/* x }}", "template: 1:3: unclosed comment", false},
    {"{{printf \"%d\" \"x\"}}", NULL, true},
    {"{{eq 1 \"1\"}}", NULL, true},
    {"{{1 | 2}}", "template: 1:7: non executable command in pipeline", false},
    {"{{.Path;}}", "template: 1:8: unexpected ';' after an operand", false},
};

static void refuses_with_place(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct error *err = NULL;
        str out;
        if (gotmpl_render(a, str_from(bad[i].in), &data, &out, &err))
            fail_msg("%s: gave %s", bad[i].in, out.ptr);
        if (bad[i].error != NULL)
            assert_string_equal(err->msg, bad[i].error);
        error_drop(&err);
        assert_int_equal(gotmpl_check(str_from(bad[i].in), &err), bad[i].only_at_run);
        error_drop(&err);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    struct error *err = NULL;
    for (int i = 0; i < 100000; i++)
        strbuf_adds(&sb, "{{if 1}}");
    assert_false(gotmpl_check(strbuf_str(&sb), &err));
    error_drop(&err);
    strbuf_truncate(&sb, 0);
    strbuf_adds(&sb, "{{");
    strbuf_addn(&sb, '(', 100000);
    assert_false(gotmpl_check(strbuf_str(&sb), &err));
    error_drop(&err);
}

static void uuids_differ(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    struct error *err = NULL;
    str out;
    assert_true(gotmpl_render(a, STR("{{uuid}} {{uuid}}"), &data, &out, &err));
    assert_int_equal(out.len, 73);
    assert_memory_not_equal(out.ptr, out.ptr + 37, 36);
}

int main(void)
{
    setenv("IMGFAC_CLOCK", "2017-07-14T02:40:00Z", 1);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(renders),
        cmocka_unit_test(refuses_with_place),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(uuids_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
