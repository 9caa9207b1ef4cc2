/* SPDX-License-Identifier: Apache-2.0 */

/* The sample plugins from the registry's point of view, against a guest that
 * writes down what is asked of it. */
#include "plugin/plugin.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/redact.h"
#include "base/thread.h"
#include "hcl/ast.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/parse.h"
#include "hcl/source.h"
#include "plug/communicator.h"
#include "ui/event.h"
#include "plug/registry.h"
#include "plugin/store.h"

struct fixture {
    struct arena *a;
    char *dir;
    struct diags diags;
};

/* A guest: everything is written down, commands end with `status`. */
struct guest {
    struct comm comm;
    struct build build;
    struct strbuf seen, shown;
    int status;
    bool hangs;
};

static bool fake_run(struct comm *c, const struct comm_command *cmd, struct cancel *cancel,
                     int *status, struct error **err)
{
    struct guest *g = (struct guest *)(void *)c;
    strbuf_addf(&g->seen, "run %s\n", cmd->command);
    if (g->hangs && !cancel_sleep(cancel, 30 * NS_PER_S))
        return cancel_error(cancel, err, "the command");
    cmd->on_line(cmd->arg, false, STR("out \"line\""));
    cmd->on_line(cmd->arg, true, STR("err \xff line"));
    *status = g->status;
    return true;
}

static bool fake_upload_data(struct comm *c, str data, const char *dst, unsigned mode,
                             struct cancel *cancel, struct error **err)
{
    struct guest *g = (struct guest *)(void *)c;
    (void)cancel;
    strbuf_addf(&g->seen, "upload %s %o %.*s", dst, mode, STR_FMT(data));
    if (strcmp(dst, "/full") == 0)
        return error_set(err, ERR_IO, 0, "no space is left");
    return true;
}

static const struct comm_type fake = {
    .name = "fake", .run = fake_run, .upload_data = fake_upload_data};

static void on_event(struct event_sink *sink, const struct event *e);

struct sink {
    struct event_sink base;
    struct guest *g;
};

static void init_guest(struct guest *g, struct sink *sink, struct arena *a)
{
    *sink = (struct sink){.base = {.emit = on_event}, .g = g};
    *g = (struct guest){.comm = {.type = &fake}, .seen = STRBUF_INIT, .shown = STRBUF_INIT};
    g->build = (struct build){.name = "qemu.x",
                              .builder_name = "qemu",
                              .arena = a,
                              .events = &sink->base,
                              .comm = &g->comm};
    g->comm.build = &g->build;
}

static void on_event(struct event_sink *sink, const struct event *e)
{
    struct guest *g = ((struct sink *)(void *)sink)->g;
    strbuf_addf(&g->shown, "%s %.*s\n", event_kind_name(e->kind), STR_FMT(e->text));
}

static void clear_guest(struct guest *g)
{
    strbuf_clear(&g->seen);
    strbuf_clear(&g->shown);
}

/* --- installing --- */

static int set_up(void **state)
{
    struct fixture *f = test_calloc(1, sizeof(*f));
    struct error *err = NULL;
    f->a = arena_new("test");
    f->dir = io_make_temp_dir(io_temp_root(), "plugins-", &err);
    assert_non_null(f->dir);
    signal(SIGPIPE, SIG_IGN);
    setenv("IMGFAC_PLUGIN_PATH", f->dir, 1);
    plugins_forget();
    *state = f;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *f = *state;
    struct error *err = NULL;
    plugins_forget();
    assert_true(io_remove_tree(f->dir, &err));
    free(f->dir);
    arena_free(f->a);
    test_free(f);
    return 0;
}

static void install(struct fixture *f, const char *path)
{
    struct plugin_file file;
    struct error *err = NULL;
    const struct plugin_install job = {.path = path, .dir = f->dir};
    if (!plugin_install(f->a, &job, &file, &err)) {
        autofree char *line = error_line(err);
        fail_msg("%s", line);
    }
    plugins_forget();
}

/* A plugin "x" in shell: OPTIONS of its one provisioner, RUN for each call. */
static void install_script(struct fixture *f, const char *options, const char *run)
{
    struct error *err = NULL;
    const char *path = arena_fmt(f->a, "%s/../imgfac-plugin-x", f->dir);
    const char *text = arena_fmt(
        f->a,
        "#!/bin/sh\nwhile IFS= read -r line; do\n"
        "id=$(printf '%%s\\n' \"$line\" | sed -n 's/.*\"id\":\\([0-9]*\\),.*/\\1/p')\n"
        "case $line in\n"
        "*'\"method\":\"describe\"'*) echo '{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{"
        "\"protocol\":1,\"name\":\"x\",\"version\":\"1.0\",\"provisioners\":[{\"options\":[%s]}]}}';;\n"
        "*'\"method\":\"prepare\"'*) echo '{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{}}';;\n"
        "*'\"method\":\"run\"'*) %s\n;;\nesac\ndone\n",
        options, run);
    assert_true(io_write_file(path, str_from(text), 0755, &err));
    install(f, path);
    assert_true(io_remove_tree(path, &err));
}

#define DONE "echo '{\"jsonrpc\":\"2.0\",\"id\":'$id',\"result\":{}}'"

/* --- running --- */

/* The body as HCL, decoded by the rows of TYPE. */
static const void *decode(struct fixture *f, const struct provisioner_type *type, const char *text,
                          const struct body **body)
{
    diags_init(&f->diags, f->a);
    struct source_file *file = source_file_new(f->a, "x.hcl", str_from(text));
    void *config = arena_alloc(f->a, type->config_size);
    if (!hcl_parse_file(f->a, file, &f->diags, body) ||
        !schema_decode(*body, type->opts, scope_new_root(f->a, "."), f->a, config, &f->diags))
        fail_msg("%s: %s", text, f->diags.list.ptr[0]->summary);
    return config;
}

static bool run(struct fixture *f, struct guest *g, const char *name, const char *text,
                struct error **err)
{
    const struct provisioner_type *type = registry_find_provisioner(str_from(name));
    const struct body *body;
    assert_non_null(type);
    return provisioner_run(type, decode(f, type, text, &body), &g->build, err);
}

static void test_note(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    struct sink sink;
    struct error *err = NULL;
    install(f, "examples/plugins/python/imgfac-plugin-note");
    init_guest(&g, &sink, f->a);
    assert_true(
        run(f, &g, "note", "text = \"hi \\\"you\\\"\"\nstyle = \"loud\"\ntoken = \"s3cr\"", &err));
    assert_string_equal(g.seen.buf, "upload /etc/imgfac-note 644 HI \"YOU\"\ns3cr\n"
                                    "run wc -c <'/etc/imgfac-note'\n");
    assert_non_null(strstr(g.shown.buf, "say Leaving a note in /etc/imgfac-note\n"));
    assert_non_null(strstr(g.shown.buf, "output out \"line\" bytes\n"));
    assert_null(strstr(g.shown.buf, "err")); /* show = false */
    g.status = 1;
    assert_false(run(f, &g, "note", "text = \"x\"", &err));
    assert_string_equal(err->msg, "cannot run provisioner 'note': plugin 'note': the note is not "
                                  "there: err \xef\xbf\xbd line");
    error_drop(&err);
    assert_false(run(f, &g, "note", "text = \"x\"\npath = \"/full\"", &err));
    assert_non_null(strstr(err->msg, "no space is left"));
    error_drop(&err);
    clear_guest(&g);
    redact_reset();
}

static void test_packages(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    struct sink sink;
    struct error *err = NULL;
    install(f, "examples/plugins/shell/imgfac-plugin-packages");
    init_guest(&g, &sink, f->a);
    assert_true(run(f, &g, "packages", "names = [\"vim\", \"libstdc++6\"]\nrefresh = false", &err));
    assert_non_null(strstr(g.seen.buf, "apt-get install -q -y --no-install-recommends vim "
                                       "libstdc++6 ;"));
    assert_non_null(strstr(g.seen.buf, "[ false = true ]"));
    assert_non_null(strstr(g.shown.buf, "output_err err"));
    g.status = 100;
    assert_false(run(f, &g, "packages", "names = [\"vim\"]", &err));
    assert_non_null(strstr(err->msg, "ended with status 100"));
    error_drop(&err);
    clear_guest(&g);
}

/* The command line of the samples, in a real shell. */
static void test_prepare(void **state)
{
    struct fixture *f = *state;
    const struct body *body;
    install(f, "examples/plugins/shell/imgfac-plugin-packages");
    const struct provisioner_type *type = registry_find_provisioner(STR("packages"));
    const void *config = decode(f, type, "names = [\"vim\", \"x;y\"]", &body);
    assert_false(provisioner_check(type, config, body, &f->diags));
    assert_int_equal(f->diags.list.ptr[0]->subject.start, 8);
    config = decode(f, type, "names = [\"vim\"]", &body);
    assert_true(provisioner_check(type, config, body, &f->diags));
}

static const struct {
    const char *ask, *answer;
} questions[] = {
    {"\"method\":\"guest.run\",\"params\":{}", "\"code\":-32602"},
    {"\"method\":\"guest.run\"", "\"code\":-32602"},
    {"\"method\":\"guest.run\",\"params\":{\"command\":\"x\",\"timeout\":\"soon\"}",
     "\"code\":-32602"},
    {"\"method\":\"guest.upload\",\"params\":{\"destination\":\"/x\"}", "\"code\":-32602"},
    {"\"method\":\"guest.upload\",\"params\":{\"destination\":\"/x\",\"content\":\"\",\"mode\":\"9\"}",
     "\"code\":-32602"},
    {"\"method\":\"guest.upload\",\"params\":{\"destination\":\"/x\",\"content\":\"a\"}",
     "\"result\":{}"},
    {"\"method\":\"guest.upload\",\"params\":{\"destination\":\"/full\",\"content\":\"a\"}",
     "\"code\":-32000"},
    {"\"method\":\"guest.download\",\"params\":{}", "\"code\":-32602"},
    {"\"method\":\"guest.halt\",\"params\":{}", "\"code\":-32601"},
    {"\"method\":\"guest.run\",\"params\":{\"command\":\"x\"}",
     "\"result\":{\"status\":7,\"stdout\":\"out \\\"line\\\"\\n\",\"stderr\":"},
};

static void test_questions(void **state)
{
    struct fixture *f = *state;
    for (size_t i = 0; i < ARRAY_SIZE(questions); i++) {
        struct guest g;
        struct sink sink;
        struct error *err = NULL;
        install_script(f, "",
                       arena_fmt(f->a,
                                 "echo '{\"jsonrpc\":\"2.0\",\"id\":\"q\",%s}'; read -r line; case "
                                 "$line in *'%s'*) " DONE
                                 ";; *) printf '%%s\\n' \"$line\" >&2; exit "
                                 "1;; esac",
                                 questions[i].ask, questions[i].answer));
        init_guest(&g, &sink, f->a);
        g.status = 7;
        if (!run(f, &g, "x", "", &err))
            fail_msg("%s: %s", questions[i].ask, err->msg);
        clear_guest(&g);
        error_drop(&err);
        struct plugin_file file = {.path = arena_fmt(f->a, "%s/imgfac-plugin-x", f->dir)};
        assert_true(plugin_uninstall(&file, &err));
    }
}

/* Every kind of option arrives as the protocol says. */
static void test_options(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    struct sink sink;
    struct error *err = NULL;
    install_script(f,
                   "{\"name\":\"a\",\"type\":\"string\"},{\"name\":\"b\",\"type\":\"bool\"},"
                   "{\"name\":\"c\",\"type\":\"size\"},{\"name\":\"d\",\"type\":\"duration\"},"
                   "{\"name\":\"e\",\"type\":\"map(string)\"},{\"name\":\"f\",\"type\":\"any\"},"
                   "{\"name\":\"g\",\"type\":\"string\",\"choices\":[\"u\",\"v\"]},"
                   "{\"name\":\"h\",\"type\":\"list(list(string))\"}",
                   "config=${line#*'\"config\":'}; config=${config%%,'\"build\":'*}\n"
                   "printf '%s' \"$config\" >$IMGFAC_TEST_OUT; " DONE);
    const char *out = arena_fmt(f->a, "%s/out", f->dir);
    setenv("IMGFAC_TEST_OUT", out, 1);
    init_guest(&g, &sink, f->a);
    assert_true(run(f, &g, "x", "", &err));
    AUTO(strbuf) struct strbuf got = STRBUF_INIT;
    assert_true(io_read_file(out, 1 << 20, &got, &err));
    assert_string_equal(got.buf, "{\"a\":null,\"b\":null,\"c\":0,\"d\":\"0s\",\"e\":{},\"f\":null,"
                                 "\"g\":null,\"h\":[]}");
    assert_true(run(f, &g, "x",
                    "a = \"$(id) \\\"'\"\nb = true\nc = \"1K\"\nd = \"90s\"\ne = { k = 1 }\n"
                    "f = [1, null, { x = false }]\ng = \"v\"\nh = [[\"p\"]]",
                    &err));
    strbuf_truncate(&got, 0);
    assert_true(io_read_file(out, 1 << 20, &got, &err));
    assert_string_equal(got.buf,
                        "{\"a\":\"$(id) \\\"'\",\"b\":true,\"c\":1024,\"d\":\"1m30s\",\"e\":"
                        "{\"k\":\"1\"},\"f\":[1,null,{\"x\":false}],\"g\":\"v\",\"h\":"
                        "[[\"p\"]]}");
    clear_guest(&g);
}

/* Ctrl-C while the plugin waits for the guest: both end. */
static void test_cancel(void **state)
{
    struct fixture *f = *state;
    struct guest g;
    struct sink sink;
    struct error *err = NULL;
    install(f, "examples/plugins/python/imgfac-plugin-note");
    init_guest(&g, &sink, f->a);
    AUTO(cancel) struct cancel *c = cancel_new(NULL);
    g.build.cancel = c;
    g.hangs = true;
    cancel_set_deadline(c, clock_now() + 300 * NS_PER_MS);
    int64_t begin = clock_now();
    assert_false(run(f, &g, "note", "text = \"x\"", &err));
    assert_int_equal(err->code, ERR_TIMEOUT);
    assert_true(clock_now() - begin < 3 * NS_PER_S);
    error_drop(&err);
    clear_guest(&g);
}

struct job {
    struct fixture f;
    bool ok;
};

static void *work(void *arg)
{
    struct job *job = arg;
    struct guest g;
    struct sink sink;
    struct error *err = NULL;
    init_guest(&g, &sink, job->f.a);
    job->ok = true;
    for (int i = 0; i < 5; i++)
        job->ok &= run(&job->f, &g, "note", "text = \"x\"", &err);
    clear_guest(&g);
    return NULL;
}

/* Several builds at once: each has a process of its own, and keeps it. */
static void test_threads(void **state)
{
    struct fixture *f = *state;
    struct job jobs[4];
    pthread_t threads[4];
    install(f, "examples/plugins/python/imgfac-plugin-note");
    for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
        jobs[i] = (struct job){.f = {.a = arena_new("thread")}};
        threads[i] = thread_start("job", work, &jobs[i]);
    }
    for (size_t i = 0; i < ARRAY_SIZE(jobs); i++) {
        pthread_join(threads[i], NULL);
        assert_true(jobs[i].ok);
        arena_free(jobs[i].f.a);
    }
}

static void test_directories(void **state)
{
    struct fixture *f = *state;
    struct opt_strings dirs;
    struct error *err = NULL;
    setenv("PACKER_PLUGIN_PATH", "/packer", 1);
    setenv("IMGFAC_PLUGIN_PATH", arena_fmt(f->a, "%s/one::%s/two:%s/one", f->dir, f->dir, f->dir),
           1);
    plugin_dirs(f->a, &dirs);
    assert_string_equal(dirs.ptr[1], arena_fmt(f->a, "%s/two", f->dir));
    assert_string_equal(dirs.ptr[dirs.len - 2], "/usr/lib/imgfac/plugins");
    assert_string_equal(dirs.ptr[dirs.len - 1], "/packer");
    /* the first one wins, and what is no plugin is passed over */
    struct plugin_files files;
    struct plugin_file file;
    const struct plugin_install job = {.path = "examples/plugins/python/imgfac-plugin-note"};
    assert_true(plugin_install(f->a, &job, &file, &err));
    assert_string_equal(file.dir, arena_fmt(f->a, "%s/one", f->dir));
    const struct plugin_install other = {.path = job.path, .dir = dirs.ptr[1]};
    assert_true(plugin_install(f->a, &other, &file, &err));
    assert_true(
        io_write_file(arena_fmt(f->a, "%s/two/imgfac-plugin-X", f->dir), STR(""), 0755, &err));
    assert_true(
        io_write_file(arena_fmt(f->a, "%s/two/imgfac-plugin-y", f->dir), STR(""), 0644, &err));
    assert_true(
        io_write_file(arena_fmt(f->a, "%s/two/imgfac-plugin-z", f->dir), STR(""), 0755, &err));
    assert_true(io_write_file(arena_fmt(f->a, "%s/two/imgfac-plugin-z.pin", f->dir), STR("{\"a\":"),
                              0644, &err));
    plugin_list(f->a, &files);
    assert_int_equal(files.len, 2);
    assert_string_equal(files.ptr[0].dir, arena_fmt(f->a, "%s/one", f->dir));
    assert_null(files.ptr[1].sha256);
    assert_non_null(strstr(files.ptr[1].why, "its pin is damaged"));
    plugins_forget();
    assert_non_null(strstr(plugins_explain(f->a, STR("z-what")), "pin"));
    assert_null(plugins_explain(f->a, STR("zz")));
}

int main(void)
{
    autofree char *python = io_find_program("python3");
    if (python == NULL) {
        puts("SKIPPED: python3 is not installed");
        return 0;
    }
#define CASE(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        CASE(test_note),    CASE(test_packages), CASE(test_prepare), CASE(test_questions),
        CASE(test_options), CASE(test_cancel),   CASE(test_threads), CASE(test_directories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
