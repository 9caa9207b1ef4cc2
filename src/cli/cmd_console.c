/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/command.h"

#include <stdlib.h>

#include "cli/app.h"
#include "cli/data.h"
#include "cli/exit.h"
#include "cli/line_editor.h"
#include "cli/template_dump.h"
#include "cli/template_flags.h"
#include "core/plan.h"
#include "hcl/diag.h"
#include "hcl/eval.h"
#include "hcl/func.h"
#include "hcl/parse.h"

struct console_flags {
    struct template_flags template;
    bool json, whole;
};

#define F struct console_flags

static const struct opt opts[] = {
    OPT_EMBED(F, template, template_flag_rows),
    OPT_BOOL(F, json, "json",
             .doc = "Print each result as compact JSON on a line of its own; a mistake is a line "
                    "that begins with !error."),
    OPT_BOOL(F, whole, "whole",
             .doc = "Read all of standard input as one expression, which may have several lines."),
    OPT_END,
};

struct console {
    struct app *app;
    const F *flags;
    const struct template *t; /* NULL: none was given */
    const struct scope *scope;
    bool failed;
    struct strbuf last; /* what the last expression gave, when only that is printed */
};

static const char help_text[] =
    "Type an expression to see its value: var.name, length(local.list),\n"
    "upper(\"abc\"). While a bracket is open it goes on on the next line. Tab\n"
    "completes names. `variables` prints all variables and locals; Ctrl-C\n"
    "gives up what was typed; `exit`, Ctrl-D or Ctrl-C on an empty line leaves.\n";

/* --- one expression --- */

/* "!error SUMMARY: DETAIL" on one line. */
static void print_json_error(const struct diags *d, struct strbuf *out)
{
    strbuf_adds(out, "!error ");
    size_t start = out->len;
    if (d->list.len > 0)
        strbuf_addf(out, "%s: %s", d->list.ptr[0]->summary, d->list.ptr[0]->detail);
    for (size_t i = start; i < out->len; i++)
        if (out->buf[i] == '\n' || out->buf[i] == '\r')
            out->buf[i] = ' ';
}

/* As Packer's console: a string at the top has no quotes. */
static void print_plain(value v, struct strbuf *out)
{
    if (!v.sensitive && value_is_present(v) && value_is_string(v))
        strbuf_addstr(out, value_as_str(v));
    else
        value_print(v, out, 0);
}

static bool print_json(value v, struct strbuf *out, struct diags *d)
{
    const char *why;
    size_t start = out->len;
    if (value_to_json(v, out, &why))
        return true;
    strbuf_truncate(out, start);
    return diags_error(d, RANGE_NONE, "No JSON for this value", "%s", why);
}

static bool evaluate(struct console *c, struct arena *a, str text, struct strbuf *out,
                     struct diags *d)
{
    const struct expr *e;
    value v;
    if (text.len > SOURCE_MAX_BYTES)
        return diags_error(d, RANGE_NONE, "Expression too long",
                           "An expression may have at most %zu MiB.", SOURCE_MAX_BYTES >> 20);
    const struct source_file *f = source_file_new(a, "<console-input>", text);
    if (!hcl_parse_expr(a, f, d, &e) || !eval_expr(e, c->scope, a, &v, d))
        return false;
    if (c->flags->json)
        return print_json(v, out, d);
    print_plain(v, out);
    return true;
}

/* Evaluate TEXT and print, or with LATER keep, what it gives. */
static void answer(struct console *c, str text, bool later)
{
    AUTO(arena) struct arena *a = arena_new("console");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    struct diags d;
    diags_init(&d, a);
    bool ok = evaluate(c, a, text, &out, &d);
    c->failed |= !ok;
    if (!ok && c->flags->json)
        print_json_error(&d, &out);
    else if (!ok)
        app_print_diags(c->app, &d);
    if (out.len > 0 || ok)
        strbuf_addc(&out, '\n');
    if (later) {
        strbuf_truncate(&c->last, 0);
        strbuf_addstr(&c->last, strbuf_str(&out));
        return;
    }
    app_write(c->app->out, strbuf_str(&out));
    fflush(c->app->out);
}

static void print_variables(struct console *c)
{
    AUTO(arena) struct arena *a = arena_new("console");
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (c->t != NULL)
        template_dump_variables(&out, a, c->t);
    app_write(c->app->out, strbuf_str(&out));
}

/* One line of a person or of Packer-style input; false: leave. */
static bool line(struct console *c, str text, bool later)
{
    str word = str_trim(text);
    if (str_eqz(word, "exit") || str_eqz(word, "quit"))
        return false;
    if (str_eqz(word, "help"))
        app_write(c->app->out, str_from(help_text));
    else if (str_eqz(word, "variables"))
        print_variables(c);
    else if (word.len > 0)
        answer(c, text, later);
    return true;
}

/* --- ways to get expressions --- */

/* $XDG_STATE_HOME/imgfac/console_history; NULL: no home. */
static const char *history_path(struct arena *a)
{
    const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (xdg != NULL && xdg[0] == '/')
        return arena_fmt(a, "%s/imgfac/console_history", xdg);
    return home == NULL || home[0] != '/'
               ? NULL
               : arena_fmt(a, "%s/.local/state/imgfac/console_history", home);
}

DEFINE_ARENA_VEC(words, const char *);

struct word_list {
    struct arena *arena;
    struct words words;
};

static void add_word(struct word_list *list, const char *prefix, const char *name)
{
    words_push(list->arena, &list->words, arena_fmt(list->arena, "%s%s", prefix, name));
}

static void add_function(const struct func *f, void *arg)
{
    struct word_list *list = arg;
    words_push(list->arena, &list->words, arena_fmt(list->arena, "%s(", f->name));
}

/* Everything that Tab may complete. */
static struct opt_strings list_words(struct console *c)
{
    static const char *const fixed[] = {"exit",     "help",      "packer.version",
                                        "path.cwd", "path.root", "variables"};
    struct word_list list = {.arena = c->app->arena};
    for (size_t i = 0; i < ARRAY_SIZE(fixed); i++)
        add_word(&list, "", fixed[i]);
    for (size_t i = 0; c->t != NULL && i < c->t->variables.len; i++)
        add_word(&list, "var.", c->t->variables.ptr[i]->name);
    for (size_t i = 0; c->t != NULL && i < c->t->locals.len; i++)
        add_word(&list, "local.", c->t->locals.ptr[i]->name);
    func_each(&func_table_all, add_function, &list);
    return (struct opt_strings){list.words.ptr, list.words.len};
}

/* A line, or several while a bracket or a heredoc is open.  Ctrl-C gives up
 * what was typed, on an empty line it leaves. */
static enum line_result read_expression(struct line_editor *ed, struct strbuf *text)
{
    enum line_result result;
    str part;
    strbuf_truncate(text, 0);
    do {
        result = line_editor_read(ed, text->len == 0 ? "> " : "  ", &part);
        if (result != LINE_READ)
            return result == LINE_INTERRUPTED || text->len == 0 ? result : LINE_INTERRUPTED;
        strbuf_addstr(text, part);
        strbuf_addc(text, '\n');
    } while (text->len < SOURCE_MAX_BYTES && hcl_is_incomplete(strbuf_str(text)));
    return LINE_READ;
}

static void interactive(struct console *c)
{
    struct opt_strings names = list_words(c);
    AUTO(line_editor)
    struct line_editor *ed = line_editor_new(history_path(c->app->arena), &names);
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    enum line_result result;
    bool more = true;
    while (more && (result = read_expression(ed, &text)) != LINE_END) {
        if (result == LINE_INTERRUPTED)
            continue;
        str entered = str_trim(strbuf_str(&text));
        if (entered.len > 0)
            line_editor_remember(ed, entered);
        /* Only a heredoc needs the last line end. */
        more = line(c, str_find(entered, STR("<<")) < 0 ? entered : strbuf_str(&text), false);
    }
    if (more)
        fputc('\n', c->app->out);
}

/* Each line gives one line of output with --json; else only the last result
 * is printed, as Packer does. */
static void lines(struct console *c)
{
    autofree char *text = NULL;
    size_t size = 0;
    ssize_t len;
    bool more = true;
    while (more && (len = getline(&text, &size, stdin)) >= 0) {
        str s = {text, (size_t)len};
        if (s.len > 0 && s.ptr[s.len - 1] == '\n')
            s.len--;
        if (c->flags->json)
            answer(c, s, false);
        else
            more = line(c, s, true);
    }
    app_write(c->app->out, strbuf_str(&c->last));
}

static void whole(struct console *c)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT_MAX(SOURCE_MAX_BYTES + 65536);
    char buf[65536];
    size_t n;
    while ((n = fread(buf, 1, sizeof(buf), stdin)) > 0 && strbuf_add(&sb, buf, n))
        continue;
    answer(c, strbuf_str(&sb), false);
}

/* --- the command --- */

/* Without a template only functions, `path` and `packer` have something to say. */
static const struct scope *bare_scope(struct arena *a)
{
    struct scope *s = scope_new_root(a, ".");
    autofree char *cwd = getcwd(NULL, 0);
    struct value_entry path[] = {
        {STR("cwd"), value_stringz(a, cwd == NULL ? "." : cwd)},
        {STR("root"), value_stringz(a, ".")},
    };
    struct value_entry packer[] = {{STR("version"), value_stringz(a, TEMPLATE_PACKER_VERSION)}};
    scope_set(a, s, "path", value_object(a, arena_memdup(a, path, sizeof(path)), 2));
    scope_set(a, s, "packer", value_object(a, arena_memdup(a, packer, sizeof(packer)), 1));
    scope_set(a, s, "var", value_object(a, NULL, 0));
    scope_set(a, s, "local", value_object(a, NULL, 0));
    return s;
}

static bool load(struct console *c, const char *path)
{
    struct plan_options options = {0};
    struct diags d;
    diags_init(&d, c->app->arena);
    template_flags_apply(&c->flags->template, path, &options);
    struct data_reader reader;
    options.template.allow_unset = true;
    app_read_data(c->app, true, &reader, &options.template);
    struct template *t = template_load(c->app->arena, path, &d);
    bool ok = t != NULL && diags_ok(&d) && template_resolve(t, &options.template, &d);
    app_print_diags(c->app, &d);
    if (!ok)
        return false;
    c->t = t;
    c->scope = t->scope;
    return true;
}

static int run(struct app *app, const void *flags, const struct opt_strings *args)
{
    struct console c = {.app = app, .flags = flags, .last = STRBUF_INIT};
    if (args->len > 0 && !load(&c, args->ptr[0]))
        return EXIT_TEMPLATE;
    if (c.scope == NULL)
        c.scope = bare_scope(app->arena);
    if (c.flags->whole)
        whole(&c);
    else if (!c.flags->json && isatty(STDIN_FILENO))
        interactive(&c);
    else
        lines(&c);
    strbuf_clear(&c.last);
    bool told = c.flags->json && !c.flags->whole; /* each line says by itself how it went */
    return c.failed && !told && !isatty(STDIN_FILENO) ? EXIT_FAILED : EXIT_OK;
}

const struct command cmd_console = {
    .name = "console",
    .args = "[TEMPLATE]",
    .summary = "Try expressions, with the variables of a template",
    .doc = "Reads expressions and prints their values.  At a terminal there is line editing, and "
           "the words `help`, `variables` and `exit`.  From a pipe only the last result is "
           "printed, unless --json is given.",
    .opts = opts,
    .config_size = sizeof(F),
    .max_args = 1,
    .plain_signals = true,
    .run = run,
};
