/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/command.h"

#include <termios.h>

#include "cli/app.h"
#include "cli/exit.h"
#include "qemu/look.h"

#define DEFAULT_DETACH "^]"

struct attach_flags {
    bool read_only;
    const char *detach;
};

#define S struct attach_flags

static const struct opt attach_rows[] = {
    OPT_BOOL(S, read_only, "read-only", .def = "false",
             .doc = "Only show what the guest writes; several may look at the same time."),
    OPT_STR(S, detach, "detach-key", .def = "\"" DEFAULT_DETACH "\"", .arg = "KEY",
            .doc = "The key that ends it: ^A to ^_ with Control, or one character."),
    OPT_END,
};

/* "^]" is Control and ]; 0: no key can be read. */
static unsigned char key_of(const char *text)
{
    if (text[0] == '^' && text[1] != '\0' && text[2] == '\0')
        return (unsigned char)text[1] & 0x1f;
    return text[0] != '\0' && text[1] == '\0' ? (unsigned char)text[0] : 0;
}

/* Every key goes to the guest, Control-C too. */
static bool make_raw(int fd, struct termios *before)
{
    if (tcgetattr(fd, before) != 0)
        return false;
    struct termios raw = *before;
    cfmakeraw(&raw);
    return tcsetattr(fd, TCSANOW, &raw) == 0;
}

static bool attach(struct app *app, const struct attach_flags *flags, const struct run_info *info,
                   struct error **err)
{
    struct termios before;
    struct look_console how = {.in = flags->read_only ? -1 : STDIN_FILENO,
                               .out = STDOUT_FILENO,
                               .stop = key_of(flags->detach),
                               .cancel = app->cancel};
    if (how.stop == 0)
        return error_set(err, ERR_USAGE, 0, "'%s' is no key", flags->detach);
    if (!flags->read_only)
        fprintf(app->err, "Console of %s; %s leaves it.\n", info->build, flags->detach);
    bool is_raw = !flags->read_only && make_raw(STDIN_FILENO, &before);
    bool ok = look_attach(info, &how, err);
    if (is_raw)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    fputc('\n', app->err);
    return ok;
}

static int attach_run(struct app *app, const void *opaque, const struct opt_strings *args)
{
    const char *store = app_store_path(app);
    struct run_info info;
    struct error *e = NULL;
    if (store == NULL)
        return app->failure;
    if (!runfile_find(store, args->ptr[0], app->arena, &info, &e) ||
        !attach(app, opaque, &info, &e))
        return app_fail(app, e);
    return EXIT_OK;
}

const struct command cmd_attach = {
    .name = "attach",
    .args = "BUILD",
    .summary = "Join the serial console of a build",
    .doc =
        "BUILD runs or is kept (see `imgfac ps`).  Shows the last lines of the console, then all "
        "that comes; what you type goes to the guest.  It ends with the detach key, or with "
        "the build.",
    .opts = attach_rows,
    .config_size = sizeof(struct attach_flags),
    .min_args = 1,
    .max_args = 1,
    .run = attach_run,
};
