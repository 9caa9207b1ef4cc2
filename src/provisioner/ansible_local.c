/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/hash.h"
#include "base/io.h"
#include "base/mem.h"
#include "hcl/diag.h"
#include "provisioner/ansible.h"
#include "provisioner/guest.h"

#define GALAXY_FILE_MAX ((size_t)4 << 20)

struct ansible_local_config {
    const char *playbook_file;
    struct opt_strings playbook_files;
    const char *command;
    struct opt_strings extra_arguments;
    const char *group_vars, *host_vars, *playbook_dir;
    struct opt_strings playbook_paths, role_paths, collection_paths;
    const char *staging_directory;
    bool clean_staging_directory;
    const char *inventory_file;
    struct opt_strings inventory_groups;
    const char *galaxy_file, *galaxy_command;
    bool galaxy_force_install;
    const char *galaxy_roles_path, *galaxy_collections_path;
};

#define C struct ansible_local_config
static const struct opt local_opts[] = {
    OPT_STR(C, playbook_file, "playbook_file", .flags = OPT_PATH, .conflicts = "playbook_files",
            .doc = "The playbook of this host to run in the guest."),
    OPT_STRS(C, playbook_files, "playbook_files", .flags = OPT_PATH,
             .doc = "Several, run in order.  One inside `playbook_dir` keeps its place there."),
    OPT_STR(C, command, "command",
            .def = "\"ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook\"",
            .doc = "Shell text in front of the arguments."),
    OPT_STRS(C, extra_arguments, "extra_arguments", .flags = OPT_TMPL,
             .doc = "Further arguments, joined by spaces and read by the guest's shell.  A value "
                    "of `-e` or `--extra-vars` that holds something sensitive is handed over in a "
                    "private file; a sensitive value in any other argument is refused."),
    OPT_STR(C, group_vars, "group_vars", .flags = OPT_PATH,
            .doc = "Folder to have as `group_vars`."),
    OPT_STR(C, host_vars, "host_vars", .flags = OPT_PATH, .doc = "Folder to have as `host_vars`."),
    OPT_STR(C, playbook_dir, "playbook_dir", .flags = OPT_PATH,
            .doc = "Folder that is uploaded whole; the playbook finds roles, files and templates "
                   "there."),
    OPT_STRS(C, playbook_paths, "playbook_paths", .flags = OPT_PATH,
             .doc = "Folders whose contents go to `playbooks` of the staging directory."),
    OPT_STRS(C, role_paths, "role_paths", .flags = OPT_PATH,
             .doc = "Folders of single roles, for `roles` there."),
    OPT_STRS(C, collection_paths, "collection_paths", .flags = OPT_PATH,
             .doc = "Folders for `collections` there."),
    OPT_STR(C, staging_directory, "staging_directory", .flags = OPT_NOHASH,
            .doc = "Where in the guest everything goes.  Default "
                   "`/tmp/packer-provisioner-ansible-local/UUID`."),
    OPT_BOOL(C, clean_staging_directory, "clean_staging_directory", .def = "false",
             .doc = "Remove it after success."),
    OPT_STR(C, inventory_file, "inventory_file", .flags = OPT_PATH,
            .doc = "Inventory to upload.  Default: one with 127.0.0.1 alone."),
    OPT_STRS(C, inventory_groups, "inventory_groups",
             .doc = "Groups that 127.0.0.1 is in; also as one string with commas."),
    OPT_STR(C, galaxy_file, "galaxy_file", .flags = OPT_PATH,
            .doc = "Requirements that ansible-galaxy installs in the guest before."),
    OPT_STR(C, galaxy_command, "galaxy_command", .def = "\"ansible-galaxy\"",
            .doc = "Shell text that runs it."),
    OPT_BOOL(C, galaxy_force_install, "galaxy_force_install", .def = "false",
             .doc = "Install also what is there (`-f`)."),
    OPT_STR(C, galaxy_roles_path, "galaxy_roles_path",
            .doc = "Where roles are installed.  Default `galaxy_roles` of the staging directory."),
    OPT_STR(C, galaxy_collections_path, "galaxy_collections_path",
            .doc = "Where collections are.  Default `galaxy_collections` there."),
    OPT_END,
};
#undef C

static bool local_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct ansible_local_config *c = config;
    size_t before = diags->errors;
    if (!schema_is_set(body, "playbook_file") && !schema_is_set(body, "playbook_files"))
        diags_error(diags, schema_range(body, "playbook_file"),
                    "Either playbook_file or playbook_files must be specified",
                    "Name a playbook of this host.");
    guest_check_path(c->playbook_file, "playbook_file", false, body, diags);
    guest_check_paths(c->playbook_files, "playbook_files", false, body, diags);
    guest_check_path(c->inventory_file, "inventory_file", false, body, diags);
    guest_check_path(c->galaxy_file, "galaxy_file", false, body, diags);
    guest_check_path(c->playbook_dir, "playbook_dir", true, body, diags);
    guest_check_path(c->group_vars, "group_vars", true, body, diags);
    guest_check_path(c->host_vars, "host_vars", true, body, diags);
    guest_check_paths(c->playbook_paths, "playbook_paths", true, body, diags);
    guest_check_paths(c->role_paths, "role_paths", true, body, diags);
    guest_check_paths(c->collection_paths, "collection_paths", true, body, diags);
    for (size_t i = 0; i < c->extra_arguments.len; i++)
        prov_check_template(c->extra_arguments.ptr[i], "extra_arguments", body, diags);
    return diags->errors == before;
}

struct local_run {
    const struct ansible_local_config *c;
    struct guest g;
    const char *staging;
    const char *inventory;
    struct words playbooks; /* as the command names them */
    const char *extra;      /* shell text */
    struct words secrets;   /* files with secrets, removed by the last command */
};

static const char *in_staging(const struct local_run *r, const char *name)
{
    return arena_fmt(r->g.a, "%s/%s", r->staging, name);
}

static const char *base_of(struct arena *a, const char *path)
{
    str s = str_from(path);
    while (s.len > 1 && s.ptr[s.len - 1] == '/')
        s.len--;
    return arena_strdup(a, io_basename(str_dup(a, s)));
}

/* --- uploads --- */

/* What of PATH lies below the directory DIR; NULL: nothing. */
static const char *below(const char *dir, const char *path)
{
    autofree char *d = io_absolute(dir);
    autofree char *p = io_absolute(path);
    size_t len = strlen(d);
    while (len > 1 && d[len - 1] == '/')
        len--;
    if (strncmp(d, p, len) != 0 || p[len] != '/')
        return NULL;
    return path + strlen(path) - strlen(p + len + 1);
}

static bool upload_playbook(struct local_run *r, const char *path, bool many, struct error **err)
{
    const char *dir = r->c->playbook_dir;
    const char *inside = many && dir != NULL ? below(dir, path) : NULL;
    const char *name = inside;
    if (inside == NULL && many) {
        autofree char *absolute = io_absolute(path);
        name = arena_strdup(r->g.a, absolute + 1);
    } else if (inside == NULL) {
        name = base_of(r->g.a, path);
    }
    const char *dst = in_staging(r, name);
    words_push(r->g.a, &r->playbooks, dst);
    if (inside != NULL)
        return true;
    autofree char *parent = io_dirname(dst);
    struct words dirs = {0};
    words_push(r->g.a, &dirs, parent);
    return (!many || guest_mkdir(&r->g, &dirs, err)) && guest_upload(&r->g, path, dst, err);
}

static bool upload_playbooks(struct local_run *r, struct error **err)
{
    const struct ansible_local_config *c = r->c;
    if (c->playbook_dir != NULL && !guest_upload(&r->g, c->playbook_dir, r->staging, err))
        return false;
    if (c->playbook_file != NULL && !upload_playbook(r, c->playbook_file, false, err))
        return false;
    for (size_t i = 0; i < c->playbook_files.len; i++)
        if (!upload_playbook(r, c->playbook_files.ptr[i], true, err))
            return false;
    return true;
}

static bool upload_each(struct local_run *r, struct opt_strings list, const char *dir, bool by_name,
                        struct error **err)
{
    for (size_t i = 0; i < list.len; i++) {
        const char *dst = in_staging(r, dir);
        if (by_name)
            dst = arena_fmt(r->g.a, "%s/%s", dst, base_of(r->g.a, list.ptr[i]));
        if (!guest_upload(&r->g, list.ptr[i], dst, err))
            return false;
    }
    return true;
}

static bool make_inventory(struct local_run *r, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    const struct opt_strings *groups = &r->c->inventory_groups;
    if (r->c->inventory_file != NULL) {
        r->inventory = in_staging(r, base_of(r->g.a, r->c->inventory_file));
        return guest_upload(&r->g, r->c->inventory_file, r->inventory, err);
    }
    for (size_t i = 0; i < groups->len; i++) {
        str rest = str_from(groups->ptr[i]);
        while (rest.ptr != NULL) {
            str name = str_trim(str_split(&rest, ','));
            if (name.len > 0)
                strbuf_addf(&text, "[%.*s]\n127.0.0.1\n", STR_FMT(name));
        }
    }
    if (text.len == 0)
        strbuf_adds(&text, "127.0.0.1\n");
    r->inventory = in_staging(r, "packer-provisioner-ansible-local");
    return guest_upload_text(&r->g, strbuf_str(&text), r->inventory, 0644, err);
}

static bool make_directories(struct local_run *r, struct error **err)
{
    const struct ansible_local_config *c = r->c;
    struct words dirs = {0};
    words_push(r->g.a, &dirs, r->staging);
    if (c->group_vars != NULL)
        words_push(r->g.a, &dirs, in_staging(r, "group_vars"));
    if (c->host_vars != NULL)
        words_push(r->g.a, &dirs, in_staging(r, "host_vars"));
    if (c->playbook_paths.len > 0)
        words_push(r->g.a, &dirs, in_staging(r, "playbooks"));
    for (size_t i = 0; i < c->role_paths.len; i++)
        words_push(
            r->g.a, &dirs,
            arena_fmt(r->g.a, "%s/roles/%s", r->staging, base_of(r->g.a, c->role_paths.ptr[i])));
    for (size_t i = 0; i < c->collection_paths.len; i++)
        words_push(r->g.a, &dirs,
                   arena_fmt(r->g.a, "%s/collections/%s", r->staging,
                             base_of(r->g.a, c->collection_paths.ptr[i])));
    build_sayf(r->g.b, "Creating Ansible staging directory...");
    return guest_mkdir(&r->g, &dirs, err);
}

static bool stage(struct local_run *r, struct error **err)
{
    const struct ansible_local_config *c = r->c;
    if (!make_directories(r, err) || !upload_playbooks(r, err))
        return false;
    if (c->galaxy_file != NULL &&
        !guest_upload(&r->g, c->galaxy_file, in_staging(r, base_of(r->g.a, c->galaxy_file)), err))
        return false;
    if (!make_inventory(r, err))
        return false;
    if (c->group_vars != NULL &&
        !guest_upload(&r->g, c->group_vars, in_staging(r, "group_vars"), err))
        return false;
    if (c->host_vars != NULL && !guest_upload(&r->g, c->host_vars, in_staging(r, "host_vars"), err))
        return false;
    return upload_each(r, c->role_paths, "roles", true, err) &&
           upload_each(r, c->collection_paths, "collections", true, err) &&
           upload_each(r, c->playbook_paths, "playbooks", false, err);
}

/* --- arguments --- */

static bool upload_secrets(struct local_run *r, const struct ansible_files *files,
                           struct error **err)
{
    VEC_EACH (f, files) {
        const char *dst = in_staging(r, f->name);
        words_push(r->g.a, &r->secrets, dst);
        if (!guest_upload_text(&r->g, str_from(f->text), dst, 0600, err))
            return false;
    }
    return true;
}

/* The arguments are shell text; only those with a secret are taken apart. */
static bool hide_secrets(struct local_run *r, const char *text, struct error **err)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct words args = {0};
    struct ansible_files files = {0};
    if (!prov_split_shell(r->g.a, str_from(text), &args)) {
        error_set(err, ERR_TEMPLATE, 0,
                  "extra_arguments hold a sensitive value and shell text that cannot be read here");
        return error_hint(err, "Write the value in single quotes and without $, ` or wildcards.");
    }
    if (!ansible_hide_secrets(r->g.a, r->staging, &args, &files, err) ||
        !upload_secrets(r, &files, err))
        return false;
    for (size_t i = 0; i < args.len; i++) {
        strbuf_adds(&out, i > 0 ? " " : "");
        strbuf_add_shell_quoted(&out, str_from(args.ptr[i]));
    }
    r->extra = arena_strdup(r->g.a, out.buf);
    return true;
}

static bool make_extra(struct local_run *r, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    for (size_t i = 0; i < r->c->extra_arguments.len; i++) {
        char *word;
        if (!prov_render(r->g.b, r->g.a, r->c->extra_arguments.ptr[i], NULL, 0, "extra_arguments",
                         &word, err))
            return false;
        strbuf_addf(&text, "%s%s", i > 0 ? " " : "", word);
    }
    r->extra = arena_strdup(r->g.a, text.buf);
    return !prov_has_secret(text.buf) || hide_secrets(r, text.buf, err);
}

/* "name='value'" for --extra-vars: quoted for Ansible, then for the shell. */
static const char *build_vars(const struct local_run *r)
{
    AUTO(strbuf) struct strbuf json = STRBUF_INIT, out = STRBUF_INIT;
    const struct build_target *t = &r->g.b->target;
    const char *ip = t->http_ip == NULL ? "" : t->http_ip;
    strbuf_adds(&json, "{\"packer_build_name\": ");
    strbuf_add_json_quoted(&json, str_from(r->g.b->source_name));
    strbuf_adds(&json, ", \"packer_builder_type\": ");
    strbuf_add_json_quoted(&json, str_from(r->g.b->builder_name));
    strbuf_adds(&json, ", \"packer_http_addr\": ");
    strbuf_add_json_quoted(
        &json, str_from(*ip == '\0' ? "" : arena_fmt(r->g.a, "%s:%d", ip, t->http_port)));
    strbuf_addc(&json, '}');
    strbuf_add_shell_quoted(&out, strbuf_str(&json));
    return arena_strdup(r->g.a, out.buf);
}

/* --- running --- */

static void watch_line(void *arg, bool is_stderr, str line)
{
    ansible_watch_line(arg, is_stderr, line);
}

static const char *roles_path(const struct local_run *r)
{
    return r->c->galaxy_roles_path != NULL ? r->c->galaxy_roles_path
                                           : in_staging(r, "galaxy_roles");
}

static const char *collections_path(const struct local_run *r)
{
    return r->c->galaxy_collections_path != NULL ? r->c->galaxy_collections_path
                                                 : in_staging(r, "galaxy_collections");
}

/* Where Ansible looks besides: what was staged, what was installed, and its
 * own defaults, which the variable would replace. */
static const char *search_paths(const struct local_run *r)
{
    const struct guest *g = &r->g;
    if (r->c->galaxy_file == NULL && r->c->collection_paths.len == 0)
        return "";
    const char *collections =
        arena_fmt(g->a, "%s:%s", collections_path(r), in_staging(r, "collections"));
    const char *roles = arena_fmt(g->a, "%s:%s", roles_path(r), in_staging(r, "roles"));
    return arena_fmt(g->a,
                     "ANSIBLE_COLLECTIONS_PATH=%s:~/.ansible/collections:/usr/share/ansible/"
                     "collections ANSIBLE_ROLES_PATH=%s:~/.ansible/roles:/usr/share/ansible/roles:"
                     "/etc/ansible/roles ",
                     guest_quote(g, collections), guest_quote(g, roles));
}

static bool run_tool(const struct local_run *r, const char *text, struct ansible_watch *watch,
                     int *status, struct error **err)
{
    struct guest_command cmd = {
        .text = text, .login_shell = true, .on_line = watch_line, .arg = watch};
    if (!guest_run(&r->g, &cmd, status, err))
        return false;
    if (*status == COMM_DISCONNECTED)
        return error_set(err, ERR_DISCONNECT, 0, "the connection to the guest broke");
    if (*status != 127)
        return true;
    error_set(err, ERR_PROVISION, 0, "Ansible could not be found in the guest");
    return error_hint(err, "Install it in a shell provisioner before: apt-get install -y "
                           "ansible-core.");
}

static bool galaxy(const struct local_run *r, bool collection, struct error **err)
{
    AUTO(ansible_watch) struct ansible_watch watch = ANSIBLE_WATCH_INIT;
    const struct ansible_local_config *c = r->c;
    int status = 0;
    const char *text =
        arena_fmt(r->g.a, "cd %s && %s %sinstall -r %s -p %s%s", guest_quote(&r->g, r->staging),
                  c->galaxy_command == NULL ? "ansible-galaxy" : c->galaxy_command,
                  collection ? "collection " : "",
                  guest_quote(&r->g, in_staging(r, base_of(r->g.a, c->galaxy_file))),
                  guest_quote(&r->g, collection ? collections_path(r) : roles_path(r)),
                  c->galaxy_force_install ? " -f" : "");
    build_sayf(r->g.b, "Executing Ansible Galaxy: %s", text);
    if (!run_tool(r, text, &watch, &status, err))
        return error_wrap(err, "ansible-galaxy");
    if (status == 0)
        return true;
    error_set(err, ERR_PROVISION, 0, "%s",
              watch.last.len > 0 ? watch.last.buf : "see its output above");
    return error_wrap(err, "ansible-galaxy failed on '%s' with status %d", c->galaxy_file, status);
}

static bool install_requirements(const struct local_run *r, struct error **err)
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

static bool play(const struct local_run *r, const char *playbook, bool last, struct error **err)
{
    AUTO(ansible_watch) struct ansible_watch watch = ANSIBLE_WATCH_INIT;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    const char *command = r->c->command;
    int status = 0;
    if (command == NULL)
        command = "ANSIBLE_FORCE_COLOR=1 PYTHONUNBUFFERED=1 ansible-playbook";
    strbuf_addf(&text, "cd %s && %s%s %s --extra-vars %s %s -c local -i %s",
                guest_quote(&r->g, r->staging), search_paths(r), command,
                guest_quote(&r->g, playbook), build_vars(r), r->extra,
                guest_quote(&r->g, r->inventory));
    build_sayf(r->g.b, "Executing Ansible: %s", text.buf);
    if (last && r->secrets.len > 0) {
        strbuf_adds(&text, "\n_is=$?; rm -f");
        for (size_t i = 0; i < r->secrets.len; i++)
            strbuf_addf(&text, " %s", guest_quote(&r->g, r->secrets.ptr[i]));
        strbuf_adds(&text, "; exit $_is");
    }
    if (!run_tool(r, text.buf, &watch, &status, err))
        return error_wrap(err, "cannot run playbook '%s'", io_basename(playbook));
    return status == 0 || ansible_set_failure(&watch, io_basename(playbook), status, err);
}

static bool execute(struct local_run *r, struct error **err)
{
    if (!stage(r, err) || !install_requirements(r, err) || !make_extra(r, err))
        return false;
    for (size_t i = 0; i < r->playbooks.len; i++)
        if (!play(r, r->playbooks.ptr[i], i + 1 == r->playbooks.len, err))
            return false;
    if (!r->c->clean_staging_directory)
        return true;
    build_sayf(r->g.b, "Removing staging directory...");
    return guest_remove(&r->g, r->staging, err);
}

static bool local_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("ansible-local provisioner");
    struct local_run r = {.c = config, .g = {.b = b, .a = a}};
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    r.staging = r.c->staging_directory != NULL
                    ? r.c->staging_directory
                    : arena_fmt(a, "/tmp/packer-provisioner-ansible-local/%s", uuid);
    build_sayf(b, "Provisioning with Ansible...");
    return execute(&r, err);
}

const struct provisioner_type provisioner_ansible_local = {
    .name = "ansible-local",
    .summary = "Run an Ansible playbook inside the guest, which has Ansible.",
    .doc = "Uploads playbooks, roles and variables to a staging directory of the guest and runs "
           "ansible-playbook there with a local connection.  Ansible has to be in the guest: a "
           "shell provisioner before installs it."
           "\n\n"
           "    provisioner \"shell\" {\n"
           "      inline = [\"sudo apt-get install -y ansible-core\"]\n"
           "    }\n"
           "    provisioner \"ansible-local\" {\n"
           "      playbook_dir    = \"ansible\"\n"
           "      playbook_file   = \"ansible/site.yml\"\n"
           "      extra_arguments = [\"--become\"]\n"
           "    }",
    .opts = local_opts,
    .config_size = sizeof(struct ansible_local_config),
    .flags = PROV_NEEDS_COMM,
    .check = local_check,
    .run = local_run,
};
