/* SPDX-License-Identifier: Apache-2.0 */
#include "core/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>
#include <cmocka.h>

#include "base/redact.h"
#include "base/io.h"
#include "hcl/diag.h"
#include "hcl/diag_print.h"
#include "hcl/source.h"
#include "plug/plugin.h"
#include "plug/registry.h"

/* A registry of fakes: this program does not link src/registry.c. */

struct fake {
    const char *iso_url, *iso_checksum, *vm_name;
    int accelerator, format;
    bool headless;
    int64_t memory, boot_wait_ns;
    struct opt_strings boot_command;
    struct opt_strings_list qemuargs;
    struct opt_map http_content;
    struct opt_blocks nics;
    struct comm_config comm;
};
struct fake_nic {
    const char *label;
    const char *model;
};

static const struct opt_choice accelerators[] = {{"kvm", 1, NULL}, {"tcg", 2, NULL}, {0}};
static const struct opt_choice formats[] = {{"qcow2", 1, NULL}, {"raw", 2, NULL}, {0}};

static const struct opt nic_rows[] = {
    OPT_STR(struct fake_nic, label, "label", .flags = OPT_LABEL),
    OPT_STR(struct fake_nic, model, "model"),
    OPT_END,
};

static const struct opt fake_rows[] = {
    OPT_STR(struct fake, iso_url, "iso_url"),
    OPT_STR(struct fake, iso_checksum, "iso_checksum", .flags = OPT_REQUIRED),
    OPT_STR(struct fake, vm_name, "vm_name"),
    OPT_ENUM(struct fake, accelerator, "accelerator", .choices = accelerators, .def = "\"tcg\""),
    OPT_ENUM(struct fake, format, "format", .choices = formats, .def = "\"qcow2\""),
    OPT_BOOL(struct fake, headless, "headless"),
    OPT_INT(struct fake, memory, "memory", .def = "512"),
    OPT_DUR(struct fake, boot_wait_ns, "boot_wait", .def = "\"10s\""),
    OPT_STRS(struct fake, boot_command, "boot_command"),
    OPT_STRS_LIST(struct fake, qemuargs, "qemuargs"),
    OPT_MAP(struct fake, http_content, "http_content"),
    OPT_BLOCKS(struct fake, nics, "nic", struct fake_nic, nic_rows),
    OPT_EMBED(struct fake, comm, comm_opts),
    OPT_END,
};

static const struct comm_config *fake_comm(const void *config)
{
    return &((const struct fake *)config)->comm;
}

static const struct builder_type fake_qemu = {
    .name = "qemu",
    .summary = "Fake.",
    .opts = fake_rows,
    .config_size = sizeof(struct fake),
    .flags = BUILDER_HAS_GUEST,
    .comm = fake_comm,
};

struct fake_shell {
    struct opt_strings inline_;
    const char *script;
};
static const struct opt shell_rows[] = {
    OPT_STRS(struct fake_shell, inline_, "inline", .conflicts = "script"),
    OPT_STR(struct fake_shell, script, "script", .conflicts = "inline"),
    OPT_END,
};
static const struct provisioner_type fake_shell = {
    .name = "shell",
    .summary = "Fake.",
    .opts = shell_rows,
    .config_size = sizeof(struct fake_shell),
    .flags = PROV_NEEDS_COMM,
};

struct fake_file {
    const char *source, *destination;
};
static const struct opt file_rows[] = {
    OPT_STR(struct fake_file, source, "source"),
    OPT_STR(struct fake_file, destination, "destination", .flags = OPT_REQUIRED),
    OPT_END,
};
static const struct provisioner_type fake_file = {
    .name = "file",
    .summary = "Fake.",
    .opts = file_rows,
    .config_size = sizeof(struct fake_file),
    .flags = PROV_NEEDS_COMM,
};

static const struct builder_type *const builders[] = {&fake_qemu, NULL};
static const struct provisioner_type *const provisioners[] = {&fake_shell, &fake_file, NULL};

const struct builder_type *const *registry_builders(void)
{
    return builders;
}
const struct provisioner_type *const *registry_provisioners(void)
{
    return provisioners;
}
const struct builder_type *registry_find_builder(str name)
{
    return str_eqz(name, "qemu") ? &fake_qemu : NULL;
}
const struct provisioner_type *registry_find_provisioner(str name)
{
    return str_eqz(name, "shell") ? &fake_shell : str_eqz(name, "file") ? &fake_file : NULL;
}
const char *registry_explain(struct arena *a, str type)
{
    (void)a;
    (void)type;
    return NULL;
}

void registry_find_plugin(struct arena *a, str name, str source, struct plugin_answer *out)
{
    (void)a;
    (void)source;
    *out =
        (struct plugin_answer){.state = str_eqz(name, "qemu") ? PLUGIN_BUILT_IN : PLUGIN_MISSING};
}

const struct datasource_type *registry_find_datasource(str name)
{
    (void)name;
    return NULL;
}

const struct datasource_type *const *registry_datasources(void)
{
    static const struct datasource_type *const none[] = {NULL};
    return none;
}

const struct sealer *registry_sealer(void)
{
    return NULL;
}

/* --- */

struct fixture {
    struct arena *a;
    char *dir;
    struct diags diags;
    struct plan plan;
    struct plan_options options;
};

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    struct error *err = NULL;
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "plan-", &err);
    assert_non_null(f->dir);
    diags_init(&f->diags, f->a);
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct error *err = NULL;
    assert_true(io_remove_tree(f->dir, &err));
    free(f->dir);
    arena_free(f->a);
    test_free(f);
    return 0;
}

static void write_text(struct fixture *f, const char *name, const char *text)
{
    autofree char *path = io_path_join(f->dir, name);
    struct error *err = NULL;
    assert_true(io_write_file(path, str_from(text), 0644, &err));
}

static bool make_plan(struct fixture *f)
{
    f->options.template_path = f->dir;
    return plan_make(&f->options, f->a, &f->plan, &f->diags);
}

static char *all_text(struct fixture *f)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const struct diag_print how = {.width = 0};
    diags_print_text(&sb, &f->diags, &how);
    return arena_strndup(f->a, sb.buf, sb.len);
}

#define SOURCE                                                                                     \
    "source \"qemu\" \"x\" {\n"                                                                    \
    "  iso_checksum = \"none\"\n"                                                                  \
    "}\n"

static void must_plan(struct fixture *f, const char *text)
{
    write_text(f, "t.pkr.hcl", text);
    if (!make_plan(f))
        fail_msg("%s", all_text(f));
}

/* The first error has SUMMARY and is on LINE. */
static void must_fail(struct fixture *f, const char *text, const char *summary, unsigned line)
{
    write_text(f, "t.pkr.hcl", text);
    assert_false(make_plan(f));
    assert_true(f->diags.list.len > 0);
    const struct diag *d = f->diags.list.ptr[0];
    if (strcmp(d->summary, summary) != 0)
        fail_msg("want %s, have %s", summary, all_text(f));
    if (line > 0)
        assert_int_equal(source_pos(d->subject.file, d->subject.start).line, line);
}

/* Cases of tests/hcl/diag that are wrong (or right) in meaning.  Where Packer
 * points to the source block for a bad option, we point to the option. */
static const struct {
    const char *name, *range, *summary;
} meaning_cases[] = {
    {"ev-attr-missing", "5:18-5:20", "Unsupported attribute"},
    {"ev-cond-nonbool", "5:12-5:13", "Incorrect condition type"},
    {"ev-cond-types", "5:19-5:30", "Inconsistent conditional result types"},
    {"ev-for-noniter", "5:28-5:29", "Iteration over non-iterable value"},
    {"ev-func-bad-type", "5:19-5:20", "Invalid function argument"},
    {"ev-interp-list", "5:17-5:22", "Invalid template interpolation value"},
    {"ev-interp-null", "5:17-5:21", "Invalid template interpolation value"},
    {"ev-locals-cycle", "3:12-3:14", "Cycle in local definitions"},
    {"ev-undefined-local", "5:18-5:23", "Unsupported attribute"},
    {"ev-undefined-root", "5:13-5:16", "Unknown variable"},
    {"ev-undefined-var", "5:16-5:21", "Unsupported attribute"},
    {"ev-var-default-func", "2:13-2:18", "Call to unknown function"},
    {"ev-var-default-ref", "2:13-2:16", "Variables not allowed"},
    {"pk-bad-accelerator", "5:17-5:23", "Invalid value"},
    {"pk-bad-communicator", "5:18-5:26", "Invalid value"},
    {"pk-bad-duration", "5:15-5:26", "Invalid value"},
    {"pk-bad-format", "5:12-5:18", "Invalid value"},
    {"pk-block-as-attr", "5:3-5:11", "Unsupported block type"},
    {"pk-build-bad-block", "8:3-8:8", "Unsupported block type"},
    {"pk-build-label", "6:7-6:10", "Extraneous label for build"},
    {"pk-dynamic-nocontent", "8:25-8:25", "Missing dynamic content block"},
    {"pk-dynamic-ok", NULL, NULL},
    {"pk-gotpl-bad", "5:13-5:26", "Invalid template text"}, /* Packer names the VM "<no value>" */
    {"pk-gotpl-unclosed", "5:13-5:28", "Invalid template text"},
    {"pk-old-interp", "5:13-5:27", "Invalid template text"},
    {"pk-locals-block", "2:3-2:4", "Unexpected \"a\" block"},
    {"pk-locals-dup", "5:3-5:4", "Duplicate local definition"},
    {"pk-packer-unknown", "2:3-2:8", "Unsupported argument"},
    {"pk-pp-shell-local-empty", "8:18-8:31", "Post-processors are not available"},
    {"pk-pps-bad-block", "9:5-9:16", "Unsupported block type"},
    {"pk-prov-file-nodest", "8:22-8:22", "Missing required argument"},
    {"pk-prov-no-label", "8:15-8:16", "Missing type for provisioner"},
    {"pk-prov-only-bad", NULL, NULL},
    {"pk-prov-pause-bad", "9:20-9:23", "Invalid value"},
    {"pk-prov-shell-both", "10:14-10:20", "Conflicting arguments"},
    {"pk-prov-unknown", "8:15-8:21", "Unknown provisioner type \"nope\""},
    {"pk-required-version", "2:22-2:31", "Unsupported Packer Core version"},
    {"pk-required-version-bad", "2:22-2:30", "Invalid version constraint"},
    {"pk-source-dup", "6:1-6:18", "Duplicate source block"},
    {"pk-source-ref-bad", "7:14-7:24", "Invalid source reference"},
    {"pk-source-ref-bare", "7:14-7:20", "Unknown variable"},
    {"pk-source-ref-missing", "7:14-7:29", "Unknown source qemu.y"},
    {"pk-source-ref-short", NULL, NULL},
    {"pk-source-unknown-type", "1:8-1:14", "Unknown source type \"nope\""},
    {"pk-unknown-root-block", "1:1-1:4", "Unsupported block type"},
    {"pk-var-bad-type", "2:10-2:15", "Invalid type specification"},
    {"pk-var-default-list-mismatch", "3:13-3:18", "Invalid default value for variable"},
    {"pk-var-default-mismatch", "3:13-3:16", "Invalid default value for variable"},
    {"pk-var-dup", "3:1-3:13", "Duplicate variable"},
    {"pk-var-no-label", "1:10-1:11", "Missing name for variable"},
    {"pk-var-unset-unused", "1:1-1:13", "Unset variable \"a\""},
    {"pk-var-validation-badmsg", "4:17-4:21", "Invalid variable validation condition"},
    {"pk-var-validation-other", "7:17-7:22", "Invalid reference in variable validation"},
    {"pk-wrong-type-bool", "5:14-5:21", "Incorrect attribute value type"},
    {"pk-wrong-type-number", "5:12-5:18", "Incorrect attribute value type"},
    {"pk-wrong-type-qemuargs", "5:14-5:28", "Incorrect attribute value type"},
};

static const char *range_text(struct arena *a, struct range r)
{
    if (r.file == NULL)
        return "";
    struct source_pos start = source_pos(r.file, r.start), end = source_pos(r.file, r.end);
    return arena_fmt(a, "%u:%u-%u:%u", start.line, start.column, end.line, end.column);
}

static bool check_case(size_t i)
{
    AUTO(arena) struct arena *a = arena_new("test");
    struct diags diags;
    struct plan plan;
    diags_init(&diags, a);
    const struct plan_options options = {
        .template_path = arena_fmt(a, "tests/hcl/diag/%s.pkr.hcl", meaning_cases[i].name)};
    bool ok = plan_make(&options, a, &plan, &diags);
    if (meaning_cases[i].range == NULL) {
        if (!ok)
            print_error("%s: %s\n", meaning_cases[i].name, diags.list.ptr[0]->summary);
        return ok;
    }
    for (size_t n = 0; n < diags.list.len; n++) {
        const struct diag *d = diags.list.ptr[n];
        if (strcmp(range_text(a, d->subject), meaning_cases[i].range) == 0 &&
            strcmp(d->summary, meaning_cases[i].summary) == 0)
            return true;
    }
    print_error("%s: want %s %s\n", meaning_cases[i].name, meaning_cases[i].range,
                meaning_cases[i].summary);
    for (size_t n = 0; n < diags.list.len; n++)
        print_error("  have %s %s\n", range_text(a, diags.list.ptr[n]->subject),
                    diags.list.ptr[n]->summary);
    return false;
}

static void test_meaning_cases(void **state)
{
    (void)state;
    size_t failed = 0;
    for (size_t i = 0; i < ARRAY_SIZE(meaning_cases); i++)
        failed += !check_case(i);
    assert_int_equal(failed, 0);
}

static void test_names_and_order(void **state)
{
    struct fixture *f = *state;
    must_plan(f, SOURCE "source \"qemu\" \"y\" {\n  iso_checksum = \"none\"\n}\n"
                        "build {\n  name = \"b\"\n  sources = [\"source.qemu.y\", \"qemu.x\"]\n"
                        "  source \"qemu.x\" {\n    name = \"z\"\n    vm_name = source.name\n  }\n"
                        "  provisioner \"shell\" { inline = [\"1\"] }\n"
                        "  provisioner \"shell\" { inline = [\"2\"] }\n}\n"
                        "build { sources = [\"qemu.x\"] }\n");
    static const char *const names[] = {"b.qemu.y", "b.qemu.x", "b.qemu.z", "qemu.x"};
    assert_int_equal(f->plan.build_count, ARRAY_SIZE(names));
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        assert_string_equal(f->plan.builds[i].name, names[i]);
    const struct planned_build *z = &f->plan.builds[2];
    assert_string_equal(z->alias, "z");
    assert_string_equal(z->source_name, "x");
    assert_string_equal(((const struct fake *)z->config)->vm_name, "z");
    assert_int_equal(z->provisioner_count, 2);
    const struct fake_shell *second = z->provisioners[1].config;
    assert_string_equal(second->inline_.ptr[0], "2");
    assert_int_equal(z->comm->ssh_port, 22);
}

static void test_common_options(void **state)
{
    struct fixture *f = *state;
    must_plan(f, SOURCE "source \"qemu\" \"y\" {\n  iso_checksum = \"none\"\n}\n"
                        "build {\n  sources = [\"qemu.x\", \"qemu.y\"]\n"
                        "  provisioner \"shell\" {\n    only = [\"qemu.y\"]\n    inline = [\"a\"]\n"
                        "    pause_before = \"5s\"\n    timeout = \"1m\"\n    max_retries = 3\n"
                        "    continue_on_error = true\n    name = \"n\"\n"
                        "    override = { y = { inline = [\"over\"] } }\n  }\n"
                        "  provisioner \"shell\" {\n    except = [\"qemu.y\"]\n"
                        "    inline = [\"b\"]\n  }\n"
                        "  error-cleanup-provisioner \"shell\" { inline = [\"c\"] }\n}\n");
    const struct planned_build *x = &f->plan.builds[0], *y = &f->plan.builds[1];
    assert_int_equal(x->provisioner_count, 1);
    assert_string_equal(((const struct fake_shell *)x->provisioners[0].config)->inline_.ptr[0],
                        "b");
    assert_non_null(x->error_cleanup);
    assert_int_equal(y->provisioner_count, 1);
    const struct planned_provisioner *p = &y->provisioners[0];
    assert_string_equal(((const struct fake_shell *)p->config)->inline_.ptr[0], "over");
    assert_int_equal(p->pause_before_ns, INT64_C(5000000000));
    assert_int_equal(p->timeout_ns, INT64_C(60000000000));
    assert_int_equal(p->max_retries, 3);
    assert_true(p->continue_on_error);
    assert_string_equal(p->name, "n");
}

static void test_override_error_names_the_value(void **state)
{
    struct fixture *f = *state;
    must_fail(f,
              SOURCE "build {\n  sources = [\"qemu.x\"]\n  provisioner \"shell\" {\n"
                     "    override = {\n      x = { inlin = [\"a\"] }\n    }\n  }\n}\n",
              "Unsupported argument", 8);
}

static void test_run_time_values(void **state)
{
    struct fixture *f = *state;
    must_plan(f, SOURCE "build {\n  name = \"n\"\n  sources = [\"qemu.x\"]\n"
                        "  provisioner \"shell\" {\n"
                        "    inline = [\"${build.Host}:${build.Port} ${build.ID} ${build.name} "
                        "${source.name} ${build.PackerHTTPAddr}\"]\n  }\n}\n");
    const struct planned_build *pb = &f->plan.builds[0];
    const struct planned_provisioner *p = &pb->provisioners[0];
    assert_string_equal(((const struct fake_shell *)p->config)->inline_.ptr[0],
                        "<unknown>:<unknown> <unknown> n x <unknown>");
    const struct build b = {
        .target = {.host = "127.0.0.1", .port = 2222, .http_ip = "10.0.2.2", .http_port = 8001}};
    const void *config;
    assert_true(plan_decode_provisioner(pb, p, &b, f->a, &config, &f->diags));
    assert_string_equal(((const struct fake_shell *)config)->inline_.ptr[0],
                        "127.0.0.1:2222 ERR_ID_NOT_IMPLEMENTED_BY_BUILDER n x 10.0.2.2:8001");
}

static void test_dynamic(void **state)
{
    struct fixture *f = *state;
    must_plan(f,
              "variable \"nics\" { default = { a = \"e1000\", b = \"virtio\" } }\n"
              "source \"qemu\" \"x\" {\n  iso_checksum = \"none\"\n"
              "  nic \"first\" { model = \"rtl\" }\n"
              "  dynamic \"nic\" {\n    for_each = var.nics\n    iterator = it\n"
              "    labels = [it.key]\n    content { model = it.value }\n  }\n}\n"
              "build {\n  sources = [\"qemu.x\"]\n"
              "  dynamic \"provisioner\" {\n    for_each = [\"file\", \"shell\"]\n"
              "    labels = [\"shell\"]\n"
              "    content { inline = [\"${provisioner.key}-${provisioner.value}\"] }\n  }\n}\n");
    const struct planned_build *pb = &f->plan.builds[0];
    const struct fake *config = pb->config;
    assert_int_equal(config->nics.len, 3);
    const struct fake_nic *nics = config->nics.ptr;
    assert_string_equal(nics[0].label, "first");
    assert_string_equal(nics[2].label, "b");
    assert_string_equal(nics[2].model, "virtio");
    assert_int_equal(pb->provisioner_count, 2);
    assert_string_equal(((const struct fake_shell *)pb->provisioners[1].config)->inline_.ptr[0],
                        "1-shell");
}

static void test_recorded_images_are_sealed(void **state)
{
    struct fixture *f = *state;
    must_plan(f, SOURCE "build {\n  sources = [\"qemu.x\"]\n"
                        "  catalog {\n    bucket = \"golden\"\n    channels = [\"nightly\"]\n"
                        "    labels = { team = \"infra\" }\n  }\n}\n"
                        "build {\n  name = \"off\"\n  sources = [\"qemu.x\"]\n"
                        "  catalog { bucket = \"golden\" }\n  seal { enabled = false }\n}\n"
                        "build {\n  name = \"plain\"\n  sources = [\"qemu.x\"]\n}\n"
                        "build {\n  name = \"hcp\"\n  sources = [\"qemu.x\"]\n"
                        "  hcp_packer_registry {\n    bucket_name = \"web\"\n"
                        "    bucket_labels = { a = \"1\", b = \"1\" }\n"
                        "    build_labels = { b = \"2\" }\n  }\n"
                        "  seal {\n    lock_accounts = [\"root\"]\n"
                        "    root_password = \"crypt:$6$salt$hashofroot\"\n  }\n}\n"
                        "build {\n  name = \"word\"\n  sources = [\"qemu.x\"]\n"
                        "  catalog { bucket = \"golden\" }\n"
                        "  seal { root_password = \"locked\" }\n}\n");
    autofree char *shown = redact_dup("locked $6$salt$hashofroot");
    assert_string_equal(shown, "locked <sensitive>");
    const struct planned_build *b = f->plan.builds;
    assert_string_equal(b[0].catalog->bucket, "golden");
    assert_string_equal(b[0].catalog->channels.ptr[0], "nightly");
    assert_string_equal(b[0].catalog->labels.ptr[0].value, "infra");
    assert_true(b[0].seal != NULL && b[0].seal->enabled && b[0].seal_body == NULL);
    assert_true(b[1].seal == NULL && b[1].catalog != NULL);
    assert_true(b[2].seal == NULL && b[2].catalog == NULL);
    assert_string_equal(b[3].catalog->bucket, "web");
    assert_int_equal(b[3].catalog->labels.len, 2);
    assert_string_equal(b[3].catalog->labels.ptr[1].value, "2");
    assert_string_equal(b[3].seal->lock_accounts.ptr[0], "root");
}

static const struct {
    const char *text, *summary;
    unsigned line;
} failures[] = {
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  test \"boots\" { }\n}\n",
     "Tests are not available", 6},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  scan { }\n}\n", "Scans are not available", 6},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  post-processor \"manifest\" { }\n}\n",
     "Post-processors are not available", 6},
    {"data \"http\" \"x\" {\n  url = \"http://example.invalid\"\n}\n",
     "Data sources are not available", 1},
    {SOURCE, "No builds to run", 0},
    {SOURCE "build {\n}\n", "Missing source reference", 4},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  catalog { }\n}\n", "Missing required argument",
     6},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  catalog { bucket = \"a b\" }\n}\n",
     "Invalid bucket name", 6},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  catalog {\n    bucket = \"a\"\n"
            "    channels = [\"latest\"]\n  }\n}\n",
     "Invalid channel name", 8},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  seal { enable = [\n}\n", "", 0},
    {"source \"qemu\" \"x\" {\n  iso_checksum = \"none\"\n  communicator = \"none\"\n}\n"
     "build {\n  sources = [\"qemu.x\"]\n  provisioner \"shell\" { inline = [\"a\"] }\n}\n",
     "Provisioner needs a communicator", 7},
    {SOURCE "build {\n  source \"qemu.x\" {\n    iso_checksum = \"md5:1\"\n  }\n}\n",
     "Duplicate argument", 6},
    {"source \"qemu\" \"x\" {\n  iso_checksm = \"none\"\n}\nbuild {\n  sources = [\"qemu.x\"]\n}\n",
     "Unsupported argument", 2},
    {"source \"qemu\" \"x\" {\n  iso_checksum = \"none\"\n"
     "  ssh_private_key_file = \"/nonexistent/key\"\n}\nbuild {\n  sources = [\"qemu.x\"]\n}\n",
     "Unreadable file", 3},
    {"source \"qemu\" \"x\" {\n  iso_checksum = \"none\"\n  ssh_port = 70000\n}\n"
     "build {\n  sources = [\"qemu.x\"]\n}\n",
     "Value out of range", 3},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  provisioner \"shel\" { }\n}\n",
     "Unknown provisioner type \"shel\"", 6},
    {SOURCE "build {\n  sources = [\"qemu.x\"]\n  provisioner \"converge\" { }\n}\n",
     "Provisioner not available", 6},
    {"source \"null\" \"x\" {\n}\nbuild {\n  sources = [\"sources.null.x\"]\n}\n",
     "Builder not available", 1},
    {"locals {\n  a = 1\n}\nbuild {\n  sources = [\"sources.qemu\"]\n}\n",
     "Invalid source reference", 5},
};

static void test_failures(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(failures); i++) {
        void *f;
        set_up(&f);
        if (failures[i].summary[0] == '\0') {
            write_text(f, "t.pkr.hcl", failures[i].text);
            assert_false(make_plan(f));
        } else
            must_fail(f, failures[i].text, failures[i].summary, failures[i].line);
        tear_down(&f);
    }
}

static void test_suggestions(void **state)
{
    struct fixture *f = *state;
    must_fail(f,
              "source \"qemu\" \"x\" {\n  iso_checksm = \"none\"\n  acelerator = 1\n}\n"
              "build {\n  sources = [\"qemu.x\"]\n  provisioner \"shel\" { }\n}\n",
              "Unsupported argument", 2);
    const char *text = all_text(f);
    assert_non_null(strstr(text, "Did you mean \"iso_checksum\"?"));
    assert_non_null(strstr(text, "Did you mean \"accelerator\"?"));
    assert_non_null(strstr(text, "Did you mean \"shell\"?"));
}

/* As in Packer: of many parts the second and the third. */
static void test_source_references(void **state)
{
    struct fixture *f = *state;
    must_plan(f, SOURCE "build {\n  sources = [\"source.qemu.x.qcow2\"]\n}\n");
    assert_int_equal(f->plan.build_count, 1);
    assert_string_equal(f->plan.builds[0].name, "qemu.x");
}

static void test_only_and_except(void **state)
{
    struct fixture *f = *state;
    const char *only[] = {"qemu.*", "nothing.*"}, *except[] = {"*.y", "manifest"};
    f->options.only = (struct opt_strings){only, 2};
    f->options.except = (struct opt_strings){except, 2};
    must_plan(f, SOURCE "source \"qemu\" \"y\" {\n  iso_checksum = \"none\"\n}\n"
                        "source \"vmware\" \"v\" {\n}\n"
                        "build {\n  sources = [\"qemu.x\", \"qemu.y\", \"vmware.v\"]\n"
                        "  post-processor \"manifest\" { }\n}\n");
    assert_int_equal(f->plan.build_count, 1);
    assert_string_equal(f->plan.builds[0].name, "qemu.x");
    assert_int_equal(f->diags.warnings, 1);
    assert_non_null(strstr(all_text(f), "qemu.x, qemu.y, vmware.v"));
}

static void test_one_bad_build_leaves_the_others(void **state)
{
    struct fixture *f = *state;
    must_fail(f,
              SOURCE "source \"qemu\" \"y\" {\n  memory = \"lots\"\n  iso_checksum = \"none\"\n}\n"
                     "build {\n  sources = [\"qemu.y\", \"qemu.x\"]\n}\n",
              "Incorrect attribute value type", 5);
    assert_int_equal(f->plan.build_count, 1);
    assert_string_equal(f->plan.builds[0].name, "qemu.x");
}

static void test_mistake_is_said_once(void **state)
{
    struct fixture *f = *state;
    must_fail(f,
              SOURCE "source \"qemu\" \"y\" {\n  iso_checksum = \"none\"\n}\n"
                     "build {\n  sources = [\"qemu.y\", \"qemu.x\"]\n"
                     "  provisioner \"shell\" {\n    inlin = []\n  }\n}\n",
              "Unsupported argument", 10);
    assert_int_equal(f->diags.errors, 1);
}

static void test_several_files(void **state)
{
    struct fixture *f = *state;
    write_text(f, "a.pkr.hcl", SOURCE "locals {\n  a = 1\n}\n");
    write_text(f, "b.imgfac.hcl", "build {\n  sources = [\"qemu.x\"]\n}\nlocals {\n  a = 2\n}\n");
    assert_false(make_plan(f));
    const char *text = all_text(f);
    assert_non_null(strstr(text, "Duplicate local definition"));
    assert_non_null(strstr(text, "a.pkr.hcl:5"));
    assert_non_null(strstr(text, "b.imgfac.hcl line 5"));
}

static void test_json_template(void **state)
{
    struct fixture *f = *state;
    write_text(f, "t.pkr.json",
               "{\"variable\": {\"mem\": {\"default\": 1024}},\n"
               " \"source\": {\"qemu\": {\"x\": {\"iso_checksum\": \"none\", \"memory\": "
               "\"${var.mem}\", \"nic\": {\"one\": {\"model\": \"e1000\"}}}}},\n"
               " \"build\": {\"sources\": [\"qemu.x\"], \"provisioner\": [{\"shell\": {\"inline\": "
               "[\"a ${source.name}\"]}}]}}\n");
    if (!make_plan(f))
        fail_msg("%s", all_text(f));
    const struct fake *config = f->plan.builds[0].config;
    assert_int_equal(config->memory, 1024);
    assert_int_equal(config->nics.len, 1);
    assert_string_equal(
        ((const struct fake_shell *)f->plan.builds[0].provisioners[0].config)->inline_.ptr[0],
        "a x");
}

static void add_large_template(struct strbuf *sb)
{
    for (int i = 0; i < 60; i++)
        strbuf_addf(sb, "variable \"v%d\" {\n  type = string\n  default = \"x\"\n}\n", i);
    strbuf_adds(sb, "locals {\n  l0 = 1\n");
    for (int i = 1; i < 100; i++)
        strbuf_addf(sb, "  l%d = \"${local.l%d}-${length(var.v%d)}\"\n", i, i - 1, i % 60);
    strbuf_adds(sb, "}\n");
    for (int i = 0; i < 40; i++)
        strbuf_addf(sb,
                    "source \"qemu\" \"s%d\" {\n  iso_url = \"http://example.invalid/x.iso\"\n"
                    "  iso_checksum = \"none\"\n  ssh_username = \"root\"\n  vm_name = local.l%d\n"
                    "  memory = 1024\n  headless = true\n  boot_wait = \"5s\"\n"
                    "  boot_command = [\"<esc>\", \"linux ${var.v%d}<enter>\"]\n}\n",
                    i, i % 10, i);
    strbuf_adds(sb, "build {\n  sources = [for i in range(40) : \"qemu.s${i}\"]\n");
    for (int i = 0; i < 60; i++)
        strbuf_addf(sb, "  provisioner \"shell\" {\n    inline = [\"echo ${var.v%d}\"]\n  }\n", i);
    strbuf_adds(sb, "}\n");
}

static int64_t cpu_ns(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
    return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* 40 builds with 60 provisioners each from about 1 000 lines. */
static void test_large_template_is_fast(void **state)
{
    struct fixture *f = *state;
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    add_large_template(&sb);
    int64_t start = cpu_ns();
    must_plan(f, sb.buf);
    int64_t ms = (cpu_ns() - start) / 1000000;
    assert_int_equal(f->plan.build_count, 40);
    print_message("planned in %lld ms, %zu KiB\n", (long long)ms, arena_used(f->a) / 1024);
#ifndef __SANITIZE_ADDRESS__
    assert_true(ms < 50);
#endif
}

#define T(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_meaning_cases),
        T(test_names_and_order),
        T(test_common_options),
        T(test_override_error_names_the_value),
        T(test_run_time_values),
        T(test_dynamic),
        T(test_recorded_images_are_sealed),
        cmocka_unit_test(test_failures),
        T(test_suggestions),
        T(test_source_references),
        T(test_only_and_except),
        T(test_one_bad_build_leaves_the_others),
        T(test_mistake_is_said_once),
        T(test_several_files),
        T(test_json_template),
        T(test_large_template_is_fast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
