/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <dirent.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "hcl/diag.h"
#include "provisioner/guest.h"

struct salt_config {
    const char *local_state_tree, *local_pillar_roots;
    const char *remote_state_tree, *remote_pillar_roots;
    const char *minion_config, *grains_file;
    const char *custom_state;
    bool skip_bootstrap;
    const char *bootstrap_args;
    bool disable_sudo;
    const char *temp_config_dir;
    bool no_exit_on_failure;
    const char *log_level, *salt_call_args, *salt_bin_dir;
    int guest_os_type; /* enum guest_os */
    struct opt_strings formulas;
};

#define C struct salt_config
static const struct opt salt_opts[] = {
    OPT_STR(C, local_state_tree, "local_state_tree", .flags = OPT_REQUIRED | OPT_PATH,
            .doc = "Folder of states; `.git` is left out."),
    OPT_STR(C, local_pillar_roots, "local_pillar_roots", .flags = OPT_PATH,
            .doc = "Folder of pillars."),
    OPT_STR(C, remote_state_tree, "remote_state_tree", .conflicts = "minion_config",
            .doc = "Where states go.  Default `/srv/salt`."),
    OPT_STR(C, remote_pillar_roots, "remote_pillar_roots", .conflicts = "minion_config",
            .doc = "Where pillars go.  Default `/srv/pillar`."),
    OPT_STR(C, minion_config, "minion_config", .flags = OPT_PATH,
            .doc = "File to have as `/etc/salt/minion`; it says where states and pillars are."),
    OPT_STR(C, grains_file, "grains_file", .flags = OPT_PATH,
            .doc = "File to have as `/etc/salt/grains`."),
    OPT_STR(C, custom_state, "custom_state",
            .doc = "State to apply (`state.sls`) instead of the highstate."),
    OPT_BOOL(C, skip_bootstrap, "skip_bootstrap", .def = "false", .doc = "Salt is in the guest."),
    OPT_STR(C, bootstrap_args, "bootstrap_args",
            .doc = "Arguments of the script that installs Salt, which the guest downloads from "
                   "bootstrap.saltstack.com."),
    OPT_BOOL(C, disable_sudo, "disable_sudo", .def = "false", .doc = "Do not use sudo."),
    OPT_STR(C, temp_config_dir, "temp_config_dir", .flags = OPT_NOHASH,
            .doc = "Where in the guest files are uploaded first.  Default `/tmp/salt`."),
    OPT_BOOL(C, no_exit_on_failure, "no_exit_on_failure", .def = "false",
             .doc = "Go on when a state failed.  Else `--retcode-passthrough` is given."),
    OPT_STR(C, log_level, "log_level", .def = "\"info\"", .flags = OPT_NOHASH,
            .doc = "Of salt-call (`-l`)."),
    OPT_STR(C, salt_call_args, "salt_call_args", .doc = "Further arguments of salt-call."),
    OPT_STR(C, salt_bin_dir, "salt_bin_dir",
            .doc = "Directory of the guest that holds salt-call.  Default: found in $PATH."),
    OPT_ENUM(C, guest_os_type, "guest_os_type", .choices = guest_os_choices, .def = "\"unix\"",
             .flags = OPT_NOHASH, .doc = "What the guest is."),
    OPT_STRS(C, formulas, "formulas",
             .doc = "Formulas to add to the states: `git::URL//FOLDER`, with `?ref=BRANCH` at the "
                    "end if wanted.  git of this host fetches them."),
    OPT_END,
};
#undef C

static bool salt_check(const void *config, const struct body *body, struct diags *diags)
{
    const struct salt_config *c = config;
    size_t before = diags->errors;
    guest_check_path(c->local_state_tree, "local_state_tree", true, body, diags);
    guest_check_path(c->local_pillar_roots, "local_pillar_roots", true, body, diags);
    guest_check_path(c->minion_config, "minion_config", false, body, diags);
    guest_check_path(c->grains_file, "grains_file", false, body, diags);
    for (size_t i = 0; i < c->formulas.len; i++) {
        const char *scheme = strstr(c->formulas.ptr[i], "://");
        if (strstr(scheme == NULL ? c->formulas.ptr[i] : scheme + 3, "//") == NULL)
            diags_error(diags, schema_item_range(body, "formulas", i, c->formulas.len),
                        "Invalid format for formula",
                        "\"%s\" does not say its folder after \"//\".", c->formulas.ptr[i]);
    }
    return diags->errors == before;
}

/* Where things are on each kind of guest. */
struct places {
    const char *config, *states, *pillars, *temp;
    const char *fetch, *bootstrap, *call;
};
static const struct places unix_places = {
    .config = "/etc/salt",
    .states = "/srv/salt",
    .pillars = "/srv/pillar",
    .temp = "/tmp/salt",
    .fetch = "curl -L https://bootstrap.saltstack.com -o /tmp/install_salt.sh || wget -O "
             "/tmp/install_salt.sh https://bootstrap.saltstack.com",
    .bootstrap = "sh /tmp/install_salt.sh",
    .call = "salt-call",
};
static const struct places windows_places = {
    .config = "C:/salt/conf",
    .states = "C:/salt/state",
    .pillars = "C:/salt/pillar",
    .temp = "C:/salt/tmp",
    .fetch = "powershell -Command \"Invoke-WebRequest -Uri "
             "'https://raw.githubusercontent.com/saltstack/salt-bootstrap/stable/"
             "bootstrap-salt.ps1' -OutFile 'C:/Windows/Temp/bootstrap-salt.ps1'\"",
    .bootstrap = "powershell C:/Windows/Temp/bootstrap-salt.ps1",
    .call = "salt-call.bat",
};

struct salt_run {
    const struct salt_config *c;
    struct guest g;
    const struct places *p;
    const char *temp;
    const char *dir; /* private, on this host; for formulas */
};

static const char *or_else(const char *given, const char *otherwise)
{
    return given != NULL && *given != '\0' ? given : otherwise;
}

static const char *sudo(const struct salt_run *r)
{
    return r->g.sudo ? "sudo " : "";
}

static const int success[] = {0, -1};

static bool bootstrap(const struct salt_run *r, struct error **err)
{
    if (r->c->skip_bootstrap)
        return true;
    struct guest_tool fetch = {
        .name = "the download of Salt's installer", .command = r->p->fetch, .valid = success};
    struct guest_tool install = {
        .name = "the installation of Salt",
        .command = arena_fmt(r->g.a, "%s%s %s", sudo(r), r->p->bootstrap,
                             or_else(r->c->bootstrap_args, "")),
        .valid = success,
    };
    return guest_refuse_secret("bootstrap_args", r->c->bootstrap_args, err) &&
           guest_run_tool(&r->g, &fetch, err) && guest_run_tool(&r->g, &install, err);
}

/* Put what was uploaded as SRC in the place of DST. */
static bool move(const struct salt_run *r, const char *src, const char *dst, struct error **err)
{
    autofree char *what = xasprintf("move '%s' to '%s' in the guest", src, dst);
    autofree char *parent = io_dirname(dst);
    const char *from = guest_quote(&r->g, src), *to = guest_quote(&r->g, dst);
    const char *up = guest_quote(&r->g, parent);
    if (r->g.os == GUEST_UNIX)
        return guest_must(&r->g, what,
                          arena_fmt(r->g.a, "%srm -rf %s && %smkdir -p %s && %smv %s %s", sudo(r),
                                    to, sudo(r), up, sudo(r), from, to),
                          err);
    return guest_must(
        &r->g, what,
        arena_fmt(r->g.a,
                  "powershell.exe -Command \"Remove-Item -Recurse -Force -ErrorAction "
                  "SilentlyContinue -Path %s; New-Item -ItemType directory -Force -Path %s | "
                  "Out-Null; Move-Item -Force -Path %s -Destination %s\"",
                  to, up, from, to),
        err);
}

static bool place_file(const struct salt_run *r, const char *src, const char *name,
                       struct error **err)
{
    if (src == NULL)
        return true;
    const char *temp = arena_fmt(r->g.a, "%s/%s", r->temp, name);
    return guest_upload(&r->g, src, temp, err) &&
           move(r, temp, arena_fmt(r->g.a, "%s/%s", r->p->config, name), err);
}

/* Without .git the tree has to be taken by parts. */
static bool upload_tree(const struct salt_run *r, const char *src, const char *dst,
                        struct error **err)
{
    autofree char *git = io_path_join(src, ".git");
    if (!io_exists(git))
        return guest_upload(&r->g, src, dst, err);
    DIR *d = opendir(src);
    bool ok = d != NULL;
    for (struct dirent *e = ok ? readdir(d) : NULL; ok && e != NULL; e = readdir(d)) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 ||
            strcmp(e->d_name, ".git") == 0)
            continue;
        autofree char *from = io_path_join(src, e->d_name);
        if (io_is_dir(from))
            ok = comm_upload_dir(r->g.b->comm, from, dst, prov_token(r->g.b), err);
        else
            ok = guest_upload(&r->g, from, arena_fmt(r->g.a, "%s/%s", dst, e->d_name), err);
    }
    if (d != NULL)
        closedir(d);
    return ok || *err != NULL ? ok : error_set(err, ERR_IO, 0, "cannot read '%s'", src);
}

/* --- formulas --- */

struct formula {
    const char *url, *folder, *ref; /* ref may be NULL */
};

/* "git::https://host/x.git//folder?ref=branch" */
static struct formula parse_formula(struct arena *a, const char *text)
{
    struct formula f = {0};
    if (strncmp(text, "git::", 5) == 0)
        text += 5;
    const char *scheme = strstr(text, "://");
    const char *slashes = strstr(scheme == NULL ? text : scheme + 3, "//");
    const char *query = strchr(slashes, '?');
    f.url = arena_strndup(a, text, (size_t)(slashes - text));
    f.folder = query == NULL ? arena_strdup(a, slashes + 2)
                             : arena_strndup(a, slashes + 2, (size_t)(query - slashes) - 2);
    if (query != NULL && strncmp(query, "?ref=", 5) == 0)
        f.ref = query + 5;
    return f;
}

static bool add_formula(const struct salt_run *r, size_t number, const char *text, const char *dst,
                        struct error **err)
{
    struct formula f = parse_formula(r->g.a, text);
    const char *clone = arena_fmt(r->g.a, "%s/formula-%zu", r->dir, number);
    struct words argv = {0};
    words_push(r->g.a, &argv, "git");
    words_push(r->g.a, &argv, "clone");
    words_push(r->g.a, &argv, "--quiet");
    words_push(r->g.a, &argv, "--depth=1");
    if (f.ref != NULL) {
        words_push(r->g.a, &argv, "--branch");
        words_push(r->g.a, &argv, f.ref);
    }
    words_push(r->g.a, &argv, "--");
    words_push(r->g.a, &argv, f.url);
    words_push(r->g.a, &argv, clone);
    words_push(r->g.a, &argv, NULL);
    const char *const no_prompt[] = {"GIT_TERMINAL_PROMPT=0", NULL};
    struct proc_spec spec = {.argv = argv.ptr,
                             .set_env = no_prompt,
                             .cancel = prov_token(r->g.b),
                             .what = "fetch a formula"};
    const char *src = arena_fmt(r->g.a, "%s/%s", clone, f.folder);
    build_sayf(r->g.b, "Fetching formula %s", text);
    if (!proc_run(&spec, NULL, err))
        return error_wrap(err, "formula '%s'", text);
    if (!io_is_dir(src))
        return error_set(err, ERR_NOT_FOUND, 0, "formula '%s' has no folder '%s'", text, f.folder);
    return comm_upload_dir(r->g.b->comm, src, dst, prov_token(r->g.b), err);
}

static bool add_formulas(struct salt_run *r, const char *dst, struct error **err)
{
    if (r->c->formulas.len == 0)
        return true;
    autofree char *dir = prov_work_dir(r->g.b, "salt-", err);
    if (dir == NULL)
        return false;
    bool ok = true;
    r->dir = dir;
    for (size_t i = 0; ok && i < r->c->formulas.len; i++)
        ok = add_formula(r, i, r->c->formulas.ptr[i], dst, err);
    prov_work_remove(r->g.b, dir);
    return ok;
}

/* --- the run --- */

static bool stage(struct salt_run *r, struct error **err)
{
    const struct salt_config *c = r->c;
    const char *states = arena_fmt(r->g.a, "%s/states", r->temp);
    const char *pillars = arena_fmt(r->g.a, "%s/pillar", r->temp);
    struct words dirs = {0};
    words_push(r->g.a, &dirs, r->temp);
    words_push(r->g.a, &dirs, states);
    if (c->local_pillar_roots != NULL)
        words_push(r->g.a, &dirs, pillars);
    if (!guest_mkdir(&r->g, &dirs, err) || !place_file(r, c->minion_config, "minion", err) ||
        !place_file(r, c->grains_file, "grains", err) ||
        !upload_tree(r, c->local_state_tree, states, err) || !add_formulas(r, states, err) ||
        !move(r, states, or_else(c->remote_state_tree, r->p->states), err))
        return false;
    return c->local_pillar_roots == NULL ||
           (upload_tree(r, c->local_pillar_roots, pillars, err) &&
            move(r, pillars, or_else(c->remote_pillar_roots, r->p->pillars), err));
}

static void make_command(const struct salt_run *r, struct strbuf *sb)
{
    const struct salt_config *c = r->c;
    strbuf_adds(sb, sudo(r));
    if (c->salt_bin_dir != NULL && *c->salt_bin_dir != '\0')
        strbuf_addf(sb, "%s/", c->salt_bin_dir);
    strbuf_addf(sb, "%s --local ", r->p->call);
    if (c->custom_state != NULL && *c->custom_state != '\0')
        strbuf_addf(sb, " state.sls %s", c->custom_state);
    else
        strbuf_adds(sb, " state.highstate");
    if (c->minion_config == NULL)
        strbuf_addf(sb, " --file-root=%s --pillar-root=%s",
                    or_else(c->remote_state_tree, r->p->states),
                    or_else(c->remote_pillar_roots, r->p->pillars));
    if (!c->no_exit_on_failure)
        strbuf_adds(sb, " --retcode-passthrough");
    strbuf_addf(sb, " -l %s", or_else(c->log_level, "info"));
    if (c->salt_call_args != NULL && *c->salt_call_args != '\0')
        strbuf_addf(sb, " %s", c->salt_call_args);
}

static bool salt_run(const void *config, struct build *b, struct error **err)
{
    AUTO(arena) struct arena *a = arena_new("salt-masterless provisioner");
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    const struct salt_config *c = config;
    bool windows = c->guest_os_type == GUEST_WINDOWS;
    struct salt_run r = {
        .c = c,
        .g = {.b = b, .a = a, .os = c->guest_os_type, .sudo = !windows && !c->disable_sudo},
        .p = windows ? &windows_places : &unix_places,
    };
    r.temp = or_else(c->temp_config_dir, r.p->temp);
    build_sayf(b, "Provisioning machine using Salt...");
    if (!guest_refuse_secret("salt_call_args", c->salt_call_args, err) || !bootstrap(&r, err) ||
        !stage(&r, err))
        return false;
    make_command(&r, &command);
    struct guest_tool tool = {.name = "Salt", .command = command.buf, .valid = success};
    return guest_run_tool(&r.g, &tool, err);
}

const struct provisioner_type provisioner_salt_masterless = {
    .name = "salt-masterless",
    .summary = "Apply Salt states in the guest, without a Salt master.",
    .doc = "Uploads states and pillars and runs `salt-call --local`.  Salt is not in Debian 12: "
           "tested against a recorder that checks every file and argument."
           "\n\n"
           "    provisioner \"salt-masterless\" {\n"
           "      local_state_tree   = \"salt/states\"\n"
           "      local_pillar_roots = \"salt/pillar\"\n"
           "      skip_bootstrap     = true\n"
           "    }",
    .opts = salt_opts,
    .config_size = sizeof(struct salt_config),
    .flags = PROV_NEEDS_COMM,
    .check = salt_check,
    .run = salt_run,
};
