/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/redact.h"
#include "cli/app.h"
#include "cli/exit.h"
#include "cli/opt.h"
#include "hcl/suggest.h"

const struct opt cli_opts[] = {
    OPT_STR(struct cli_flags, config, "config", .arg = "PATH",
            .doc = "Configuration of the site; see config.example.hcl."),
    OPT_BOOL(struct cli_flags, help, "help", .short_name = 'h', .doc = "Print this help."),
    OPT_END,
};

const struct command *cli_find_command(const struct command *const *table, str name)
{
    for (; *table != NULL; table++)
        if (str_eqz(name, (*table)->name))
            return *table;
    return NULL;
}

static void print_text(FILE *f, const struct strbuf *sb)
{
    fwrite(sb->buf, 1, sb->len, f);
}

static int unknown_command(struct app *app, const struct command *const *table, const char *path,
                           const char *word)
{
    struct suggest s;
    suggest_init(&s, str_from(word));
    for (; *table != NULL; table++)
        if (!(*table)->hidden)
            suggest_offer(&s, str_from((*table)->name));
    struct error *err = NULL;
    error_set(&err, ERR_USAGE, 0, "unknown command '%s %s'", path, word);
    if (s.best.ptr != NULL)
        error_hint(&err, "Did you mean '%s %.*s'?", path, STR_FMT(s.best));
    else
        error_hint(&err, "`%s -help` lists the commands.", path);
    return app_fail(app, err);
}

static int wrong_usage(struct app *app, struct error *err, const char *path)
{
    if (error_first_hint(err) == NULL)
        error_hint(&err, "`%s -help` lists the flags.", path);
    return app_fail(app, err);
}

static int print_command_usage(struct app *app, const struct command *c, const char *path)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    cli_add_command_usage(&sb, c, path, app_width(app->out));
    print_text(app->out, &sb);
    return EXIT_OK;
}

static bool check_arg_count(const struct command *c, size_t n, const char *path, struct error **err)
{
    if (n < (size_t)c->min_args)
        error_set(err, ERR_USAGE, 0,
                  n == 0 ? "'%s' needs an argument" : "'%s' needs more arguments", path);
    else if (c->max_args >= 0 && n > (size_t)c->max_args)
        error_set(err, ERR_USAGE, 0, "too many arguments for '%s'", path);
    else
        return true;
    return error_hint(err, "Usage: %s [flags] %s. Flags come before arguments.", path,
                      c->args == NULL ? "" : c->args);
}

static int run_leaf(struct app *app, const struct command *c, const char *path,
                    const struct opt_strings *words)
{
    void *flags = arena_alloc(app->arena, MAX(c->config_size, (size_t)1));
    struct cli_flags common = {0};
    const struct opt_table tables[] = {{c->opts, flags}, {cli_opts, &common}};
    struct opt_strings args;
    struct error *err = NULL;
    if (!opt_parse(tables, ARRAY_SIZE(tables), words, app->arena, &args, &err))
        return wrong_usage(app, err, path);
    if (common.help)
        return print_command_usage(app, c, path);
    if (!check_arg_count(c, args.len, path, &err))
        return wrong_usage(app, err, path);
    if (common.config != NULL)
        app->config_path = common.config;
    if (!c->plain_signals)
        app_catch_signals(app);
    return c->run(app, flags, &args);
}

static int run_command(struct app *app, const struct command *const *table, const char *path,
                       const struct opt_strings *words);

static int run_group(struct app *app, const struct command *c, const char *path,
                     const struct opt_strings *words)
{
    struct cli_flags common = {0};
    const struct opt_table tables[] = {{cli_opts, &common}};
    struct opt_strings rest;
    struct error *err = NULL;
    if (!opt_parse(tables, 1, words, app->arena, &rest, &err))
        return wrong_usage(app, err, path);
    if (common.config != NULL)
        app->config_path = common.config;
    if (common.help || rest.len == 0) {
        print_command_usage(app, c, path);
        return common.help ? EXIT_OK : EXIT_USAGE;
    }
    return run_command(app, c->subcommands, path, &rest);
}

static int run_command(struct app *app, const struct command *const *table, const char *path,
                       const struct opt_strings *words)
{
    const struct command *c = cli_find_command(table, str_from(words->ptr[0]));
    if (c == NULL)
        return unknown_command(app, table, path, words->ptr[0]);
    const struct opt_strings rest = {words->ptr + 1, words->len - 1};
    const char *inner = arena_fmt(app->arena, "%s %s", path, c->name);
    return c->subcommands != NULL ? run_group(app, c, inner, &rest)
                                  : run_leaf(app, c, inner, &rest);
}

/* `imgfac help build` is `imgfac build -help`. */
static int run_help(struct app *app, const struct opt_strings *words)
{
    const char **turned = arena_new_array(app->arena, const char *, words->len);
    for (size_t i = 1; i < words->len; i++)
        turned[i - 1] = words->ptr[i];
    turned[words->len - 1] = "-help";
    return run_command(app, commands, "imgfac", &(struct opt_strings){turned, words->len});
}

static int run_program(struct app *app, const struct opt_strings *words)
{
    struct cli_flags common = {0};
    const struct opt_table tables[] = {{cli_opts, &common}};
    struct opt_strings rest;
    struct error *err = NULL;
    if (!opt_parse(tables, 1, words, app->arena, &rest, &err))
        return wrong_usage(app, err, "imgfac");
    app->config_path = common.config;
    bool asks_help = rest.len > 0 && strcmp(rest.ptr[0], "help") == 0;
    if (rest.len == 0 || (asks_help && rest.len == 1)) {
        AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
        cli_add_usage(&sb, app_width(app->out));
        print_text(app->out, &sb);
        return common.help || asks_help ? EXIT_OK : EXIT_USAGE;
    }
    return asks_help ? run_help(app, &rest) : run_command(app, commands, "imgfac", &rest);
}

/* Words after the program's name.  As in Packer, "-machine-readable" counts at
 * any place and a version flag wins over everything else. */
static struct opt_strings take_words(struct app *app, int argc, char **argv)
{
    struct opt_strings words = {.ptr = arena_new_array(app->arena, const char *, (size_t)argc)};
    for (int i = 1; i < argc; i++) {
        if (!app->machine_readable && strcmp(argv[i], "-machine-readable") == 0)
            app->machine_readable = true;
        else
            words.ptr[words.len++] = argv[i];
    }
    return words;
}

static bool asks_version(const struct opt_strings *words)
{
    static const char *const names[] = {"-v", "-version", "--version"};
    for (size_t i = 0; i < words->len && words->ptr[i][0] == '-'; i++)
        for (size_t n = 0; n < ARRAY_SIZE(names); n++)
            if (strcmp(words->ptr[i], names[n]) == 0)
                return true;
    return false;
}

/* Else the first file that is opened would take the number, and the text meant
 * for the terminal would go into it. */
static void open_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

static void set_up(struct app *app)
{
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    clock_start_wall();
    const char *no_color = getenv("NO_COLOR"), *packer = getenv("PACKER_NO_COLOR");
    app->is_tty = isatty(STDOUT_FILENO) && isatty(STDERR_FILENO);
    app->color = app->is_tty && !app->machine_readable && (no_color == NULL || *no_color == '\0') &&
                 (packer == NULL || *packer == '\0');
}

static bool reader_is_gone(void)
{
    struct pollfd p = {.fd = STDOUT_FILENO, .events = POLLOUT};
    return poll(&p, 1, 0) == 1 && (p.revents & POLLERR) != 0;
}

/* A full disk behind stdout must not look like success; a reader that has seen
 * enough, as in `| head`, needs no message. */
static int finish_output(int code)
{
    errno = 0;
    bool failed = fflush(stdout) != 0 || ferror(stdout);
    if (!failed || code != EXIT_OK)
        return code;
    /* A flush in the middle of long output left no reason behind: ask again. */
    if (errno == 0 && write(STDOUT_FILENO, "\n", 1) > 0)
        errno = 0;
    if (!reader_is_gone())
        fprintf(stderr, "Error: Cannot write the output%s%s\n", errno != 0 ? ": " : "",
                errno != 0 ? strerror(errno) : "");
    return EXIT_FAILED;
}

int cli_main(int argc, char **argv)
{
    open_standard_files(); /* before anything else has a file */
    AUTO(arena) struct arena *a = arena_new("program");
    /* Never freed: signal handlers and the watch over a kept guest have it. */
    static struct cancel *cancel;
    cancel = cancel_new(NULL);
    struct app app = {.arena = a, .cancel = cancel, .out = stdout, .err = stderr};
    struct opt_strings words = take_words(&app, argc, argv);
    set_up(&app);
    const char *why;
    if (!log_init(&why)) {
        fprintf(stderr, "imgfac: cannot set up the log: %s\n", why);
        return EXIT_USAGE;
    }
    const char *version[] = {"version"};
    if (asks_version(&words))
        words = (struct opt_strings){version, 1};
    int code = run_program(&app, &words);
    redact_reset();
    return finish_output(code);
}
