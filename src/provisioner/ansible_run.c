/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/ansible.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "ledger/ledger.h"

#define GALAXY_FILE_MAX ((size_t)4 << 20)

struct inventory {
    const char *path;
    bool is_made; /* by us; to be removed */
    uint64_t entry;
};

static void set_default_env(struct ansible_run *r, const char *pair)
{
    size_t name = strcspn(pair, "=") + 1;
    for (size_t i = 0; i < r->env.len; i++)
        if (strncmp(r->env.ptr[i], pair, name) == 0)
            return;
    words_push(r->a, &r->env, pair);
}

static bool make_env(struct ansible_run *r, struct error **err)
{
    const struct opt_strings *given = &r->c->ansible_env_vars;
    for (size_t i = 0; i < given->len; i++) {
        char *pair;
        if (!prov_render(r->b, r->a, given->ptr[i], NULL, 0, "ansible_env_vars", &pair, err))
            return false;
        words_push(r->a, &r->env, pair);
    }
    set_default_env(r, "ANSIBLE_HOST_KEY_CHECKING=False");
    set_default_env(r, arena_fmt(r->a, "ANSIBLE_LOCAL_TEMP=%s/tmp", r->dir));
    set_default_env(r, "PYTHONUNBUFFERED=1");
    return true;
}

/* --- inventory --- */

static const char *guest_user(const struct ansible_run *r)
{
    return r->c->user != NULL ? r->c->user : r->access.user == NULL ? "" : r->access.user;
}

static bool host_line(struct ansible_run *r, char **out, struct error **err)
{
    static const char plain[] = "{{ .HostAlias }} ansible_host={{ .Host }} ansible_user={{ .User "
                                "}} ansible_port={{ .Port }}\n";
    const char *text = r->c->inventory_file_template;
    const char *alias = r->c->host_alias == NULL ? "default" : r->c->host_alias;
    struct gotmpl_field fields[] = {
        {"HostAlias", str_from(alias)},
        {"Host", str_from(r->access.host)},
        {"User", str_from(guest_user(r))},
        {"Port", str_from(arena_fmt(r->a, "%d", r->access.port))},
    };
    return prov_render(r->b, r->a, text == NULL ? plain : text, fields, ARRAY_SIZE(fields),
                       "inventory_file_template", out, err);
}

static void inventory_text(const struct ansible_run *r, const char *line, struct strbuf *sb)
{
    const struct ansible_config *c = r->c;
    const char *end = str_ends(str_from(line), STR("\n")) ? "" : "\n";
    strbuf_addf(sb, "%s%s", line, end);
    for (size_t i = 0; i < c->groups.len; i++)
        strbuf_addf(sb, "[%s]\n%s%s", c->groups.ptr[i], line, end);
    for (size_t i = 0; i < c->empty_groups.len; i++)
        strbuf_addf(sb, "[%s]\n", c->empty_groups.ptr[i]);
}

/* In the template's own folder when it names one, so the ledger must know. */
static bool make_inventory(struct ansible_run *r, struct inventory *inv, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    char *line;
    uint32_t n;
    hash_random(&n, sizeof(n));
    const char *dir = r->c->inventory_directory;
    if (dir == NULL)
        dir = r->c->keep_inventory_file ? io_temp_root() : r->dir;
    autofree char *absolute = io_absolute(dir);
    inv->path = arena_fmt(r->a, "%s/packer-provisioner-ansible%u", absolute, n);
    if (!host_line(r, &line, err))
        return false;
    inventory_text(r, line, &text);
    if (r->b->ledger != NULL && !r->c->keep_inventory_file &&
        !ledger_add(r->b->ledger, "tree", inv->path, &inv->entry, err))
        return false;
    inv->is_made = !r->c->keep_inventory_file;
    if (!io_write_file(inv->path, strbuf_str(&text), 0600, err))
        return error_wrap(err, "cannot make the inventory");
    if (r->c->keep_inventory_file)
        build_sayf(r->b, "The inventory is kept: %s", inv->path);
    return true;
}

static void remove_inventory(struct ansible_run *r, const struct inventory *inv)
{
    if (inv->is_made)
        prov_work_remove(r->b, inv->path);
    if (r->b->ledger != NULL)
        ledger_strike(r->b->ledger, inv->entry);
}

static bool find_inventory(struct ansible_run *r, struct inventory *inv, struct error **err)
{
    if (r->c->inventory_file == NULL)
        return make_inventory(r, inv, err);
    inv->path = r->c->inventory_file;
    /* What the user's file cannot know. */
    ansible_add_var(r, "ansible_host", r->access.host);
    ansible_add_var(r, "ansible_port", arena_fmt(r->a, "%d", r->access.port));
    ansible_add_var(r, "ansible_user", guest_user(r));
    return true;
}

/* --- arguments --- */

static bool write_vars(struct ansible_run *r, const char *name, str text, struct words *argv,
                       struct error **err)
{
    const char *path = arena_fmt(r->a, "%s/%s", r->dir, name);
    words_push(r->a, argv, "-e");
    words_push(r->a, argv, arena_fmt(r->a, "@%s", path));
    return io_write_file(path, text, 0600, err);
}

static bool add_build_vars(struct ansible_run *r, struct words *argv, struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const struct build_target *t = &r->b->target;
    const char *ip = t->http_ip == NULL ? "" : t->http_ip;
    const char *values[][2] = {
        {"packer_build_name", r->b->source_name},
        {"packer_builder_type", r->b->builder_name},
        {"packer_http_addr", *ip == '\0' ? "" : arena_fmt(r->a, "%s:%d", ip, t->http_port)},
    };
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        strbuf_adds(&sb, i == 0 ? "{" : ", ");
        strbuf_add_json_quoted(&sb, str_from(values[i][0]));
        strbuf_adds(&sb, ": ");
        strbuf_add_json_quoted(&sb, str_from(values[i][1]));
    }
    strbuf_addc(&sb, '}');
    return write_vars(r, "build.json", strbuf_str(&sb), argv, err);
}

static void add_ssh_args(struct ansible_run *r, struct words *argv)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    if (r->ssh_args.len == 0)
        return;
    for (size_t i = 0; i < r->ssh_args.len; i++) {
        strbuf_adds(&sb, i > 0 ? " " : "");
        strbuf_adds(&sb, r->ssh_args.ptr[i]);
    }
    words_push(r->a, argv, "--ssh-extra-args");
    words_push(r->a, argv, arena_strdup(r->a, sb.buf));
}

static bool render_extra(struct ansible_run *r, struct words *out, struct error **err)
{
    const char *password = r->access.password == NULL ? "" : r->access.password;
    struct gotmpl_field fields[] = {{"WinRMPassword", str_from(password)},
                                    {"SSHPassword", str_from(password)}};
    for (size_t i = 0; i < r->c->extra_arguments.len; i++) {
        char *word;
        if (!prov_render(r->b, r->a, r->c->extra_arguments.ptr[i], fields, ARRAY_SIZE(fields),
                         "extra_arguments", &word, err))
            return false;
        words_push(r->a, out, word);
    }
    return true;
}

static bool gives_password(const struct words *extra)
{
    for (size_t i = 0; i < extra->len; i++)
        if (strstr(extra->ptr[i], "ansible_password") != NULL ||
            strstr(extra->ptr[i], "ansible_ssh_pass") != NULL)
            return true;
    return false;
}

static bool add_extra(struct ansible_run *r, struct words *extra, struct words *argv,
                      struct error **err)
{
    struct ansible_files files = {0};
    if (!ansible_hide_secrets(r->a, r->dir, extra, &files, err))
        return false;
    VEC_EACH (f, &files) {
        const char *path = arena_fmt(r->a, "%s/%s", r->dir, f->name);
        if (!io_write_file(path, str_from(f->text), 0600, err))
            return false;
    }
    VEC_EACH (word, extra)
        words_push(r->a, argv, *word);
    return true;
}

static bool make_argv(struct ansible_run *r, const struct inventory *inv, struct words *extra,
                      struct words *argv, struct error **err)
{
    words_push(r->a, argv, r->c->command == NULL ? "ansible-playbook" : r->c->command);
    if (!add_build_vars(r, argv, err))
        return false;
    add_ssh_args(r, argv);
    if (!add_extra(r, extra, argv, err))
        return false;
    if (r->vars.len > 0) {
        AUTO(strbuf) struct strbuf text = STRBUF_INIT;
        strbuf_addf(&text, "{%s}", r->vars.buf);
        bool ok = write_vars(r, "connection.json", strbuf_str(&text), argv, err);
        explicit_bzero(text.buf, text.len);
        if (!ok)
            return false;
    }
    autofree char *playbook = io_absolute(r->c->playbook_file);
    words_push(r->a, argv, "-i");
    words_push(r->a, argv, inv->path);
    words_push(r->a, argv, arena_strdup(r->a, playbook));
    return true;
}

/* --- running --- */

struct tool {
    struct build *b;
    struct ansible_watch watch;
};

static void on_line(void *arg, bool is_stderr, str line)
{
    struct tool *t = arg;
    ansible_watch_line(&t->watch, is_stderr, line);
    build_output(t->b, is_stderr, line);
}

static bool run_tool(struct ansible_run *r, struct words *argv, struct tool *t, int *status,
                     struct error **err)
{
    autofree char *what = xasprintf("run '%s'", argv->ptr[0]);
    struct words env = r->env;
    build_sayf(r->b, "Executing Ansible: %s", prov_join(r->a, argv->ptr, argv->len));
    words_push(r->a, argv, NULL);
    words_push(r->a, &env, NULL);
    struct proc_spec spec = {
        .argv = argv->ptr,
        .set_env = env.ptr,
        .on_line = on_line,
        .arg = t,
        .cancel = prov_token(r->b),
        .what = what,
        .any_status = true,
    };
    return proc_run(&spec, status, err);
}

static bool galaxy(struct ansible_run *r, bool collection, struct error **err)
{
    struct tool t = {.b = r->b, .watch = ANSIBLE_WATCH_INIT};
    struct words argv = {0};
    const struct ansible_config *c = r->c;
    const char *path = collection ? c->collections_path : c->roles_path;
    int status = 0;
    words_push(r->a, &argv, c->galaxy_command == NULL ? "ansible-galaxy" : c->galaxy_command);
    if (collection)
        words_push(r->a, &argv, "collection");
    words_push(r->a, &argv, "install");
    words_push(r->a, &argv, "-r");
    words_push(r->a, &argv, c->galaxy_file);
    if (path != NULL) {
        words_push(r->a, &argv, "-p");
        words_push(r->a, &argv, path);
    }
    if (c->galaxy_force_install)
        words_push(r->a, &argv, "-f");
    if (c->galaxy_force_with_deps)
        words_push(r->a, &argv, "--force-with-deps");
    bool ok = run_tool(r, &argv, &t, &status, err);
    if (ok && status != 0) {
        error_set(err, ERR_PROVISION, 0, "%s",
                  t.watch.last.len > 0 ? t.watch.last.buf : "see its output above");
        ok =
            error_wrap(err, "ansible-galaxy failed on '%s' with status %d", c->galaxy_file, status);
    }
    ansible_watch_clear(&t.watch);
    return ok;
}

static bool install_requirements(struct ansible_run *r, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(GALAXY_FILE_MAX);
    bool roles, collections;
    if (r->c->galaxy_file == NULL)
        return true;
    if (!io_read_file(r->c->galaxy_file, GALAXY_FILE_MAX, &text, err))
        return error_wrap(err, "galaxy_file");
    ansible_galaxy_kinds(strbuf_str(&text), &roles, &collections);
    return (!roles || galaxy(r, false, err)) && (!collections || galaxy(r, true, err));
}

static bool play(struct ansible_run *r, struct inventory *inv, struct error **err)
{
    struct tool t = {.b = r->b, .watch = ANSIBLE_WATCH_INIT};
    struct words extra = {0}, argv = {0};
    int status = 0;
    bool ok = render_extra(r, &extra, err) && ansible_connect(r, gives_password(&extra), err) &&
              find_inventory(r, inv, err) && make_argv(r, inv, &extra, &argv, err) &&
              run_tool(r, &argv, &t, &status, err);
    if (ok && status != 0)
        ok = ansible_set_failure(&t.watch, io_basename(r->c->playbook_file), status, err);
    ansible_watch_clear(&t.watch);
    return ok;
}

bool ansible_execute(struct ansible_run *r, struct error **err)
{
    struct inventory inv = {0};
    if (!make_env(r, err) || !install_requirements(r, err))
        return false;
    bool ok = play(r, &inv, err);
    remove_inventory(r, &inv);
    return ok;
}
