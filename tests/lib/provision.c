/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/provision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "communicator/communicator.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/parse.h"

struct test_prov fx;

int test_prov_set_up(void **state)
{
    (void)state;
    fx.present = test_sshd_init(&fx.sshd);
    test_sink_init(&fx.sink);
    fx.cancel = cancel_new(NULL);
    if (!fx.present)
        return 0;
    test_sshd_start(&fx.sshd, NULL);
    test_ssh_build(&fx.sshd, &fx.build, &fx.config, &fx.sink, fx.cancel);
    struct error *err = NULL;
    fx.build.target.http_ip = "10.0.2.2";
    fx.build.target.http_port = 8000;
    fx.build.comm = comm_open(&comm_ssh, &fx.config, &fx.build, &err);
    return fx.build.comm == NULL;
}

int test_prov_tear_down(void **state)
{
    (void)state;
    comm_close(fx.build.comm);
    if (fx.present)
        test_sshd_clear(&fx.sshd);
    strbuf_clear(&fx.sink.text);
    cancel_free(fx.cancel);
    return 0;
}

void test_prov_put(const char *name, str text, mode_t mode)
{
    struct error *err = NULL;
    autofree char *path = io_path_join(fx.sshd.dir, name);
    assert_true(io_write_file(path, text, mode, &err));
}

char *test_prov_get(const char *name)
{
    struct error *err = NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    autofree char *path = io_path_join(fx.sshd.dir, name);
    if (!io_read_file(path, (size_t)1 << 24, &text, &err))
        fail_msg("%s: %s", path, err->msg);
    return strbuf_steal(&text);
}

/* TEXT with the server's folder wherever MARK stands; heap. */
static char *expanded(const char *text, const char *mark)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    while (*text != '\0') {
        if (strncmp(text, mark, strlen(mark)) == 0)
            strbuf_adds(&sb, fx.sshd.dir);
        else
            strbuf_addc(&sb, *text);
        text++;
    }
    return strbuf_steal(&sb);
}

bool test_provision(const struct provisioner_type *type, const char *text, char **why)
{
    AUTO(arena) struct arena *a = arena_new("test");
    autofree char *real = expanded(text, "@");
    struct diags diags;
    const struct body *body;
    struct error *err = NULL;
    diags_init(&diags, a);
    struct source_file *f = source_file_new(a, "test.pkr.hcl", str_from(real));
    void *config = arena_alloc(a, type->config_size);
    strbuf_truncate(&fx.sink.text, 0);
    *why = NULL;
    bool ok = hcl_parse_file(a, f, &diags, &body) &&
              schema_decode(body, type->opts, scope_new_root(a, "."), a, config, &diags);
    if (ok && type->check != NULL)
        ok = type->check(config, body, &diags);
    if (!ok) {
        *why = xasprintf("%s: %s", diags.list.ptr[0]->summary, diags.list.ptr[0]->detail);
        return false;
    }
    if (type->run(config, &fx.build, &err))
        return true;
    autofree char *line = error_line(err);
    const char *hint = error_first_hint(err);
    *why = xasprintf("%s (%s)", line, hint == NULL ? "" : hint);
    error_free(err);
    return false;
}

static void check_example(const struct provisioner_type *type, const struct test_example *e)
{
    autofree char *why = NULL;
    autofree char *said = e->said == NULL ? NULL : expanded(e->said, "@/");
    autofree char *reason = e->why == NULL ? NULL : expanded(e->why, "@/");
    bool ok = test_provision(type, e->text, &why);
    bool told = said == NULL || strstr(fx.sink.text.buf, said) != NULL;
    /* The message of cmocka is cut at 1 KiB. */
    if (ok != (reason == NULL) || !told)
        print_message("%s\n", fx.sink.text.buf);
    if (ok != (reason == NULL))
        fail_msg("%s\n%s", e->text, ok ? "succeeded" : why);
    if (!ok && strstr(why, reason) == NULL)
        fail_msg("%s\nfailed with: %s", e->text, why);
    if (!told)
        fail_msg("%s\ndid not say: %s", e->text, said);
}

void test_prov_examples(const struct provisioner_type *type, const struct test_example *e,
                        size_t count)
{
    if (!fx.present)
        skip();
    for (size_t i = 0; i < count; i++)
        check_example(type, &e[i]);
}
