/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/common.h"

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/redact.h"
#include "hcl/diag.h"

struct cancel *prov_token(struct build *b)
{
    return b->guest != NULL ? b->guest : b->cancel;
}

/* --- rendering --- */

#define BUILD_FIELDS_MAX 16

struct data {
    struct gotmpl_field fields[BUILD_FIELDS_MAX + 16]; /* the option's own first: they win */
    size_t own, count;
};

static void add(struct data *d, const char *name, const char *value)
{
    assert(d->count < ARRAY_SIZE(d->fields));
    d->fields[d->count++] = (struct gotmpl_field){name, str_from(value == NULL ? "" : value)};
}

/* Names as Packer gives them to provisioners. */
static void add_build_fields(struct data *d, struct build *b, struct arena *a)
{
    const struct build_target *t = &b->target;
    const char *ip = t->http_ip == NULL ? "" : t->http_ip;
    add(d, "ID", b->run_uuid);
    add(d, "PackerRunUUID", b->run_uuid);
    add(d, "Host", t->host);
    add(d, "Port", arena_fmt(a, "%d", t->port));
    add(d, "User", t->user);
    add(d, "Password", t->password);
    add(d, "ConnType", "ssh");
    add(d, "SSHPublicKey", t->public_key);
    add(d, "SSHPrivateKey", t->private_key_pem);
    add(d, "PackerHTTPIP", ip);
    add(d, "PackerHTTPPort", arena_fmt(a, "%d", t->http_port));
    add(d, "PackerHTTPAddr", *ip == '\0' ? "" : arena_fmt(a, "%s:%d", ip, t->http_port));
}

static str look_up(void *arg, str key)
{
    const struct data *d = arg;
    for (size_t i = d->own; i < d->count; i++)
        if (str_eqz(key, d->fields[i].name))
            return d->fields[i].value;
    return (str){NULL, 0};
}

bool prov_render(struct build *b, struct arena *a, const char *text,
                 const struct gotmpl_field *extra, size_t count, const char *what, char **out,
                 struct error **err)
{
    struct data d = {.own = count};
    str result;
    assert(count <= ARRAY_SIZE(d.fields) - BUILD_FIELDS_MAX);
    for (size_t i = 0; i < count; i++)
        d.fields[d.count++] = extra[i];
    add_build_fields(&d, b, a);
    struct gotmpl_data data = {
        .fields = d.fields,
        .field_count = d.count,
        .build_value = look_up,
        .arg = &d,
        .build_name = b->source_name,
        .build_type = b->builder_name,
    };
    if (!gotmpl_render(a, str_from(text), &data, &result, err))
        return error_option(err, strcmp(what, "script") == 0 ? "script scripts" : what) ||
               error_wrap(err, "cannot render '%s'", what);
    *out = str_dup(a, result);
    return true;
}

/* --- environment --- */

static void set_env(struct arena *a, struct opt_map *env, const char *key, const char *value)
{
    size_t i = 0;
    while (i < env->len && strcmp(env->ptr[i].key, key) < 0)
        i++;
    if (i == env->len || strcmp(env->ptr[i].key, key) != 0) {
        /* The array has room for everything: prov_env() counted. */
        memmove(&env->ptr[i + 1], &env->ptr[i], (env->len - i) * sizeof(*env->ptr));
        env->len++;
    }
    env->ptr[i] = (struct opt_pair){arena_strdup(a, key), arena_strdup(a, value)};
}

static void set_own(struct arena *a, struct opt_map *env, const char *name, const char *value)
{
    if (value == NULL)
        return;
    set_env(a, env, arena_fmt(a, "PACKER_%s", name), value);
    set_env(a, env, arena_fmt(a, "IMGFAC_%s", name), value);
}

/* A name goes unquoted into a shell's text. */
static bool check_name(const char *name, struct error **err)
{
    size_t word = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789");
    if (word > 0 && name[word] == '\0' && !(name[0] >= '0' && name[0] <= '9'))
        return true;
    return error_set(err, ERR_TEMPLATE, 0, "'%s' cannot be the name of an environment variable",
                     name);
}

bool prov_env(struct build *b, struct arena *a, struct opt_strings list, struct opt_map map,
              struct opt_map *out, struct error **err)
{
    enum { OWN = 12 };
    *out = (struct opt_map){arena_new_array(a, struct opt_pair, OWN + list.len + map.len + 1), 0};
    set_own(a, out, "BUILD_NAME", b->source_name);
    set_own(a, out, "BUILDER_TYPE", b->builder_name);
    set_own(a, out, "RUN_UUID", b->run_uuid);
    if (b->target.http_ip != NULL) {
        const char *port = arena_fmt(a, "%d", b->target.http_port);
        set_own(a, out, "HTTP_IP", b->target.http_ip);
        set_own(a, out, "HTTP_PORT", port);
        set_own(a, out, "HTTP_ADDR", arena_fmt(a, "%s:%s", b->target.http_ip, port));
    }
    for (size_t i = 0; i < list.len; i++) {
        char *pair;
        if (!prov_render(b, a, list.ptr[i], NULL, 0, "environment_vars", &pair, err))
            return false;
        char *equals = strchr(pair, '=');
        if (equals == NULL || equals == pair)
            return error_set(err, ERR_TEMPLATE, 0,
                             "environment variable %zu is not in the form KEY=VALUE", i + 1) ||
                   error_option(err, "environment_vars");
        *equals = '\0';
        if (!check_name(pair, err))
            return error_option(err, "environment_vars");
        set_env(a, out, pair, equals + 1);
    }
    for (size_t i = 0; i < map.len; i++) {
        char *value = NULL;
        if (!check_name(map.ptr[i].key, err) ||
            !prov_render(b, a, map.ptr[i].value, NULL, 0, "env", &value, err))
            return error_option(err, "env");
        set_env(a, out, map.ptr[i].key, value);
    }
    return true;
}

static void add_value(struct strbuf *sb, const char *value, bool quote)
{
    for (; *value != '\0'; value++) {
        if (quote && *value == '\'')
            strbuf_adds(sb, "'\"'\"'");
        else
            strbuf_addc(sb, *value);
    }
}

/* %s and %v in order, %[1]s and %[2]s by number, %% itself. */
static const char *verb(const char *p, int *next, int *which)
{
    if (p[1] == '%') {
        *which = 0;
        return p + 2;
    }
    if (p[1] == 's' || p[1] == 'v') {
        *which = (*next)++;
        return p + 2;
    }
    if (p[1] == '[' && (p[2] == '1' || p[2] == '2') && p[3] == ']' &&
        (p[4] == 's' || p[4] == 'v')) {
        *which = p[2] - '0';
        *next = *which + 1;
        return p + 5;
    }
    return NULL;
}

static bool env_format_ok(const char *format)
{
    int next = 1, which;
    bool seen[3] = {0};
    for (const char *p = strchr(format, '%'); p != NULL; p = strchr(p, '%')) {
        p = verb(p, &next, &which);
        if (p == NULL || which > 2)
            return false;
        seen[which] = true;
    }
    return seen[1] && seen[2];
}

char *prov_env_text(struct arena *a, const struct opt_map *env, const char *format, bool quote)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < env->len; i++) {
        int next = 1, which = 0;
        for (const char *p = format; *p != '\0';) {
            if (*p != '%') {
                strbuf_addc(&sb, *p++);
                continue;
            }
            p = verb(p, &next, &which);
            if (p == NULL)
                break;
            if (which == 0)
                strbuf_addc(&sb, '%');
            else
                add_value(&sb, which == 1 ? env->ptr[i].key : env->ptr[i].value,
                          quote && which == 2);
        }
    }
    return arena_strdup(a, sb.buf);
}

/* --- checks --- */

void prov_check_has_script(const struct body *body, struct diags *diags)
{
    if (!schema_is_set(body, "inline") && !schema_is_set(body, "script") &&
        !schema_is_set(body, "scripts"))
        diags_error(diags, schema_range(body, "inline"),
                    "Either a script file or inline script must be specified",
                    "Set inline, script or scripts.");
}

void prov_check_env_format(const char *format, const char *option, const struct body *body,
                           struct diags *diags)
{
    if (format == NULL || env_format_ok(format))
        return;
    autofree char *summary = xasprintf("Invalid %s", option);
    diags_error(diags, schema_range(body, option), summary,
                "It must contain %%s twice, for the name and the value.");
}

void prov_check_env(struct opt_strings list, const char *option, const struct body *body,
                    struct diags *diags)
{
    for (size_t i = 0; i < list.len; i++)
        if (strchr(list.ptr[i], '=') == NULL || list.ptr[i][0] == '=')
            diags_error(diags, schema_item_range(body, option, i, list.len),
                        "Environment variable not in format 'key=value'",
                        "Element %zu of %s has no name before an equals sign.", i + 1, option);
}

static void check_file(const char *path, struct range range, struct diags *diags)
{
    if (!gotmpl_is_plain(str_from(path)) || (io_exists(path) && !io_is_dir(path)))
        return;
    autofree char *summary = xasprintf("Bad script '%s'", path);
    diags_error(diags, range, summary,
                io_is_dir(path) ? "It is a folder." : "There is no such file.");
}

void prov_check_files(const char *one, struct opt_strings many, const struct body *body,
                      struct diags *diags)
{
    if (one != NULL)
        check_file(one, schema_range(body, "script"), diags);
    for (size_t i = 0; i < many.len; i++)
        check_file(many.ptr[i], schema_item_range(body, "scripts", i, many.len), diags);
}

void prov_check_template(const char *text, const char *option, const struct body *body,
                         struct diags *diags)
{
    struct error *err = NULL;
    if (text == NULL || gotmpl_check(str_from(text), &err))
        return;
    autofree char *summary = xasprintf("Invalid template in %s", option);
    diags_error(diags, schema_range(body, option), summary, "%s.", err->msg);
    error_drop(&err);
}

/* --- scripts --- */

bool prov_inline_text(struct build *b, struct arena *a, struct opt_strings lines,
                      const char *shebang, bool always, struct strbuf *out, struct error **err)
{
    AUTO(strbuf) struct strbuf body = STRBUF_INIT;
    for (size_t i = 0; i < lines.len; i++) {
        char *line;
        if (!prov_render(b, a, lines.ptr[i], NULL, 0, "inline", &line, err))
            return false;
        strbuf_addf(&body, "%s\n", line);
    }
    if (always || !str_starts(strbuf_str(&body), STR("#!")))
        strbuf_addf(out, "#!%s\n", shebang);
    return strbuf_addstr(out, strbuf_str(&body));
}

void prov_add_plain(struct strbuf *sb, str line)
{
    for (size_t i = 0; i < line.len; i++) {
        if (line.ptr[i] != '\033' || i + 1 >= line.len || line.ptr[i + 1] != '[') {
            strbuf_addc(sb, line.ptr[i]);
            continue;
        }
        for (i += 2; i < line.len && !(line.ptr[i] >= '@' && line.ptr[i] <= '~'); i++)
            continue;
    }
}

void prov_keep_last(struct strbuf *last, str line)
{
    enum { LAST_MAX = 300 };
    AUTO(strbuf) struct strbuf plain = STRBUF_INIT;
    prov_add_plain(&plain, str_sub(line, 0, MIN(line.len, (size_t)LAST_MAX * 2)));
    if (str_trim(strbuf_str(&plain)).len == 0)
        return;
    strbuf_truncate(last, 0);
    strbuf_addstr(last, str_sub(strbuf_str(&plain), 0, MIN(plain.len, (size_t)LAST_MAX)));
}

bool prov_is_sudo_password(const char *line)
{
    return strstr(line, "sudo: ") != NULL && strstr(line, "password") != NULL;
}

static const char *advice(int status, const char *last)
{
    if (prov_is_sudo_password(last))
        return PROV_SUDO_ADVICE "; or pass the password in execute_command: see `sudo -S`.";
    switch (status) {
    case 126:
        return "126: it could not be run; is its folder mounted noexec, its interpreter there?";
    case 127: return "127: a command or the interpreter was not found.";
    case 137: return "137: it was killed (SIGKILL); the guest may be out of memory.";
    case 143: return "143: it was ended by SIGTERM; is the guest shutting down?";
    default: return "Its output above says why; -on-error=ask lets you look into the guest.";
    }
}

bool prov_judge(int status, struct opt_ints valid, const char *script, const char *last,
                struct error **err)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    if (valid.len == 0 && status == 0)
        return true;
    for (size_t i = 0; i < valid.len; i++) {
        if (valid.ptr[i] == status)
            return true;
        strbuf_addf(&sb, "%s%lld", i > 0 ? ", " : "", (long long)valid.ptr[i]);
    }
    error_set(err, ERR_PROVISION, 0, "script exited with status %d (allowed: %s)%s%s", status,
              valid.len == 0 ? "0" : sb.buf, *last == '\0' ? "" : "; its last error line: ", last);
    error_hint(err, "%s", advice(status, last));
    return error_wrap(err, "%s failed", script);
}

/* --- files and words --- */

char *prov_work_dir(struct build *b, const char *prefix, struct error **err)
{
    return io_make_temp_dir(b->work_dir != NULL ? b->work_dir : io_temp_root(), prefix, err);
}

void prov_work_remove(struct build *b, const char *dir)
{
    struct error *e = NULL;
    if (!io_remove_tree(dir, &e))
        build_warnf(b, "cannot remove '%s'", dir);
    error_drop(&e);
}

bool prov_has_secret(const char *text)
{
    autofree char *clean = redact_dup(text);
    return strcmp(clean, text) != 0;
}

void prov_hide_form(const char *text, const char *other)
{
    if (strcmp(text, other) != 0 && prov_has_secret(text))
        redact_register(str_from(other));
}

char *prov_join(struct arena *a, const char *const *words, size_t count)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    for (size_t i = 0; i < count; i++) {
        const char *w = words[i];
        bool plain = *w != '\0' && strpbrk(w, " \t\n'\"\\$`&|;<>()*?[]#~!{}") == NULL;
        strbuf_adds(&sb, i > 0 ? " " : "");
        if (plain)
            strbuf_adds(&sb, w);
        else
            strbuf_add_shell_quoted(&sb, str_from(w));
    }
    return arena_strdup(a, sb.buf);
}

/* A shell would do something with this character. */
static bool is_active(char c, char quote)
{
    if (quote == '\'')
        return false;
    return strchr(quote == '"' ? "$`" : "$`\n&|;<>()*?[]#~{}!", c) != NULL;
}

/* The backslash before NEXT is not there for itself. */
static bool escapes(char next, char quote)
{
    return quote == '\0' || (quote == '"' && next != '\0' && strchr("$`\"\\", next) != NULL);
}

/* One word from *I on, added to SB; false when it is not just text. */
static bool add_word(str s, size_t *i, struct strbuf *sb)
{
    char quote = '\0';
    for (; *i < s.len; (*i)++) {
        char c = s.ptr[*i];
        if (quote == '\0' && (c == ' ' || c == '\t'))
            break;
        if (c == '\\' && *i + 1 < s.len && escapes(s.ptr[*i + 1], quote))
            strbuf_addc(sb, s.ptr[++*i]);
        else if (quote != '\0' ? c == quote : c == '"' || c == '\'')
            quote = quote == '\0' ? c : '\0';
        else if (c == '\0' || is_active(c, quote))
            return false;
        else
            strbuf_addc(sb, c);
    }
    return quote == '\0';
}

bool prov_split_shell(struct arena *a, str text, struct words *out)
{
    for (size_t i = 0; i < text.len; i++) {
        AUTO(strbuf) struct strbuf word = STRBUF_INIT;
        if (text.ptr[i] == ' ' || text.ptr[i] == '\t')
            continue;
        if (!add_word(text, &i, &word))
            return false;
        words_push(a, out, arena_strdup(a, word.buf));
    }
    return true;
}

void prov_pause_after(struct build *b, int64_t pause_ns)
{
    if (pause_ns <= 0)
        return;
    autofree char *text = clock_format_duration(pause_ns);
    build_sayf(b, "Pausing %s after this provisioner...", text);
    cancel_sleep(prov_token(b), pause_ns);
}
