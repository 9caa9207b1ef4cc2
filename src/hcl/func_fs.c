/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/io.h"
#include "base/map.h"
#include "base/utf8.h"
#include "hcl/fs_util.h"
#include "hcl/lex.h"
#include "hcl/parse.h"
#include "hcl/refs.h"

/* --- paths, as Go's path/filepath on Unix --- */

/* A path being put together. */
struct clean {
    char *buf;
    size_t len;
    size_t floor; /* ".." does not remove what is before this */
    bool rooted;
};

static void clean_up(struct clean *c)
{
    if (c->len > c->floor) {
        while (c->len > c->floor && c->buf[c->len - 1] != '/')
            c->len--;
        if (c->len > c->floor)
            c->len--;
        return;
    }
    if (c->rooted)
        return;
    if (c->len > 0)
        c->buf[c->len++] = '/';
    c->buf[c->len++] = '.';
    c->buf[c->len++] = '.';
    c->floor = c->len;
}

static void clean_down(struct clean *c, str part)
{
    if (c->len > (c->rooted ? 1u : 0u))
        c->buf[c->len++] = '/';
    memcpy(c->buf + c->len, part.ptr, part.len);
    c->len += part.len;
}

char *fs_clean_path(struct arena *a, const char *path)
{
    struct clean c = {.buf = arena_alloc(a, strlen(path) + 3), .rooted = path[0] == '/'};
    if (c.rooted)
        c.buf[c.len++] = '/';
    c.floor = c.len;
    str rest = str_from(path);
    while (rest.ptr != NULL) {
        str part = str_split(&rest, '/');
        if (str_eqz(part, ".."))
            clean_up(&c);
        else if (part.len > 0 && !str_eqz(part, "."))
            clean_down(&c, part);
    }
    if (c.len == 0)
        c.buf[c.len++] = '.';
    c.buf[c.len] = '\0';
    return c.buf;
}

/* "~" and "~/x" in the home directory; false for "~user". */
static bool expand_home(struct func_call *call, const char *path, const char **out)
{
    *out = path;
    if (path[0] != '~')
        return true;
    if (path[1] != '\0' && path[1] != '/')
        return func_error(call, 0, "cannot expand user-specific home directory \"%s\"", path);
    const char *home = getenv("HOME");
    if (home == NULL || home[0] == '\0')
        return func_error(call, 0, "cannot expand \"~\": HOME is not set");
    *out = arena_fmt(call->arena, "%s%s", home, path + 1);
    return true;
}

/* Argument I as a C string: a NUL inside would cut it. */
static bool arg_path(struct func_call *call, size_t i, const char **out)
{
    str s = arg_str(call, i);
    if (memchr(s.ptr, '\0', s.len) != NULL)
        return func_error(call, (ptrdiff_t)i, "a path must not contain a NUL character");
    *out = s.ptr;
    return true;
}

/* Argument 0 as a path from the template's directory. */
static bool arg_template_path(struct func_call *call, const char **out)
{
    const char *path;
    if (!arg_path(call, 0, &path) || !expand_home(call, path, &path))
        return false;
    if (path[0] != '/')
        path = arena_fmt(call->arena, "%s/%s", scope_base_dir(call->scope), path);
    *out = fs_clean_path(call->arena, path);
    return true;
}

static bool fn_abspath(struct func_call *call, value *out)
{
    const char *path;
    autofree char *cwd = getcwd(NULL, 0);
    if (!arg_path(call, 0, &path))
        return false;
    if (path[0] != '/' && cwd == NULL)
        return func_error(call, -1, "the current directory cannot be found: %s", strerror(errno));
    if (path[0] != '/')
        path = arena_fmt(call->arena, "%s/%s", cwd, path);
    *out = value_stringz(call->arena, fs_clean_path(call->arena, path));
    return true;
}

static bool fn_basename(struct func_call *call, value *out)
{
    str s = arg_str(call, 0);
    *out = value_string_raw(STR("."));
    if (s.len == 0)
        return true;
    while (s.len > 1 && s.ptr[s.len - 1] == '/')
        s.len--;
    ptrdiff_t slash = str_rfind_char(s, '/');
    *out = value_string(call->arena, s.len > 1 ? str_sub(s, (size_t)(slash + 1), s.len) : s);
    return true;
}

static bool fn_dirname(struct func_call *call, value *out)
{
    const char *path;
    if (!arg_path(call, 0, &path))
        return false;
    const char *slash = strrchr(path, '/');
    char *dir = arena_strndup(call->arena, path, slash == NULL ? 0 : (size_t)(slash - path) + 1);
    *out = value_stringz(call->arena, fs_clean_path(call->arena, dir));
    return true;
}

static bool fn_pathexpand(struct func_call *call, value *out)
{
    const char *path;
    if (!arg_path(call, 0, &path) || !expand_home(call, path, &path))
        return false;
    *out = value_stringz(call->arena, path);
    return true;
}

/* --- reading --- */

static bool read_path(struct func_call *call, const char *path, size_t max, struct strbuf *out)
{
    AUTO(error) struct error *err = NULL;
    if (io_read_file(path, max, out, &err))
        return true;
    if (error_is(err, ERR_NOT_FOUND))
        return func_error(call, 0, "no file exists at %s", path);
    autofree char *line = error_line(err);
    return func_error(call, 0, "failed to read %s: %s", path, line);
}

static bool read_text(struct func_call *call, const char *path, struct strbuf *out)
{
    if (!read_path(call, path, EVAL_MAX_STRING, out))
        return false;
    if (!utf8_valid(strbuf_str(out)))
        return func_error(call, 0,
                          "contents of %s are not valid UTF-8; use the filebase64 function to "
                          "obtain the Base64 encoded contents",
                          path);
    return true;
}

static bool fn_file(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF;
    const char *path;
    return arg_template_path(call, &path) && read_text(call, path, &sb) &&
           result_string(call, &sb, out);
}

static bool fn_filebase64(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = RESULT_BUF, encoded = RESULT_BUF;
    const char *path, *in_template;
    if (!arg_path(call, 0, &path) || !arg_template_path(call, &in_template))
        return false;
    /* The reference looks in the current directory only, unlike file(). */
    if (!io_exists(path))
        path = in_template;
    if (!read_path(call, path, EVAL_MAX_STRING / 2, &sb))
        return false;
    base64_encode(strbuf_str(&sb), &encoded);
    return result_string(call, &encoded, out);
}

static bool fn_fileexists(struct func_call *call, value *out)
{
    const char *path;
    struct stat st;
    if (!arg_template_path(call, &path))
        return false;
    if (stat(path, &st) < 0) {
        if (errno == ENOENT)
            return result_bool(out, false);
        return func_error(call, 0, "failed to look at %s: %s", path, strerror(errno));
    }
    if (!S_ISREG(st.st_mode))
        return func_error(call, 0, "%s is not a regular file but %s", path,
                          S_ISDIR(st.st_mode) ? "a directory" : "a special file");
    return result_bool(out, true);
}

static bool fn_fileset(struct func_call *call, value *out)
{
    const char *dir, *pattern;
    struct fs_matches found = {0};
    if (!arg_path(call, 0, &dir) || !arg_path(call, 1, &pattern))
        return false;
    if (dir[0] != '/')
        dir = arena_fmt(call->arena, "%s/%s", scope_base_dir(call->scope), dir);
    if (!fs_glob(call, fs_clean_path(call->arena, dir), pattern, &found))
        return false;
    *out = value_set(call->arena, &type_string, found.ptr, found.len);
    return true;
}

/* --- templatefile --- */

static bool fn_nested_templatefile(struct func_call *call, value *out)
{
    (void)out;
    return func_error(call, -1,
                      "cannot recursively call templatefile from inside templatefile call");
}

static const struct func funcs_nested[] = {
    {.name = "templatefile",
     .params = {{"path", &type_string, 0}, {"vars", &type_dynamic, 0}},
     .impl = fn_nested_templatefile},
    {.name = NULL},
};
static const struct func *const groups_template[] = {
    funcs_nested, funcs_string, funcs_format,   funcs_regex,  funcs_number, funcs_list,
    funcs_map,    funcs_set,    funcs_encoding, funcs_yaml,   funcs_time,   funcs_crypto,
    funcs_net,    funcs_fs,     funcs_try,      funcs_remote, NULL,
};
static const struct func_table func_table_template = {groups_template};

/* The names of VARS as a scope of their own. */
static bool template_scope(struct func_call *call, value vars, struct scope *s)
{
    s->funcs = &func_table_template;
    s->base_dir = scope_base_dir(call->scope);
    s->names = arena_new_object(call->arena, struct map);
    map_init(s->names, call->arena);
    for (size_t i = 0; i < value_len(vars); i++) {
        str key = value_key_at(vars, i);
        if (!hcl_is_identifier(key))
            return func_error(call, 1,
                              "invalid template variable name \"%.*s\": must start with a letter, "
                              "followed by zero or more letters, digits, and underscores",
                              STR_FMT(key));
        scope_set(call->arena, s, str_dup(call->arena, key), value_at(vars, i));
    }
    return true;
}

static bool check_template_refs(struct func_call *call, const struct expr *e, const struct scope *s)
{
    struct refs refs = {0};
    value v;
    expr_refs(call->arena, e, &refs);
    for (size_t i = 0; i < refs.len; i++) {
        str root = refs.ptr[i]->traversal.root;
        if (!scope_find(s, root, &v))
            return func_error(call, 1, "vars map does not contain key \"%.*s\", referenced at %s",
                              STR_FMT(root),
                              source_range_text(call->arena, refs.ptr[i]->traversal.root_range));
    }
    return true;
}

static bool fn_templatefile(struct func_call *call, value *out)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(SOURCE_MAX_BYTES);
    const char *path;
    const struct expr *e;
    struct scope scope = {0};
    value vars = call->args[1];
    if (call->eval == NULL)
        return func_error(call, -1, "templatefile can be called only in an expression");
    if (!arg_template_path(call, &path) || !read_text(call, path, &sb))
        return false;
    if (!value_is_map_like(vars))
        return func_error(call, 1, "invalid vars value: must be a map");
    if (!func_charge(call, 100 + (long)sb.len / 16))
        return false;
    /* Diagnostics will point into the text: it must live as long as they. */
    struct diags *d = call->eval->d;
    const struct source_file *f = source_file_new(d->arena, path, strbuf_str(&sb));
    if (!hcl_parse_template(d->arena, f, d, &e) || !template_scope(call, vars, &scope) ||
        !check_template_refs(call, e, &scope))
        return false;
    struct eval ev = *call->eval;
    size_t errors = eval_errors(&ev);
    ev.scope = &scope;
    ev.items = NULL;
    *out = eval_node(&ev, e);
    return eval_errors(&ev) == errors;
}

#define FS_FUNC(fn_name, type, text, ex, want)                                                     \
    .name = #fn_name, .returns = &type, .impl = fn_##fn_name, .group = "filesystem", .doc = text,  \
    .example = ex, .expected = want
#define PATH_PARAM .params = {{"path", &type_string, 0}}

const struct func funcs_fs[] = {
    {FS_FUNC(abspath, type_string, "The path made absolute from the current directory.",
             "abspath(\"/a/../b\")", "\"/b\""),
     PATH_PARAM},
    {FS_FUNC(basename, type_string, "The last part of a path.", "basename(\"a/b.iso\")",
             "\"b.iso\""),
     PATH_PARAM},
    {FS_FUNC(dirname, type_string, "A path without its last part.", "dirname(\"a/b.iso\")",
             "\"a\""),
     PATH_PARAM},
    {FS_FUNC(file, type_string,
             "The contents of a text file. The path is relative to the template's directory.",
             "can(file(\"no-such-file\"))", "false"),
     PATH_PARAM},
    {FS_FUNC(filebase64, type_string,
             "The contents of any file in Base64. The path is relative to the current directory, "
             "or else to the template's.",
             "can(filebase64(\"no-such-file\"))", "false"),
     PATH_PARAM},
    {FS_FUNC(fileexists, type_bool,
             "Whether there is a file. The path is relative to the template's directory.",
             "fileexists(\"no-such-file\")", "false"),
     PATH_PARAM},
    {FS_FUNC(fileset, type_set_string,
             "The regular files below a directory whose paths match a pattern with *, ?, [a-z], "
             "{a,b} and ** for any number of directories.",
             "fileset(\"no-such-file\", \"*\")", "[]"),
     .params = {{"path", &type_string, 0}, {"pattern", &type_string, 0}}},
    {FS_FUNC(pathexpand, type_string, "The path with a leading ~ replaced by the home directory.",
             "pathexpand(\"/etc\")", "\"/etc\""),
     PATH_PARAM},
    {.name = "templatefile",
     .params = {{"path", &type_string, 0}, {"vars", &type_dynamic, 0}},
     .flags = FUNC_OPAQUE,
     .impl = fn_templatefile,
     .group = "filesystem",
     .doc = "The contents of a file evaluated as a template, in which only the given variables "
            "can be used. The path is relative to the template's directory.",
     .example = "can(templatefile(\"no-such-file\", {}))",
     .expected = "false"},
    {.name = NULL},
};
