/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>

#include "base/mem.h"
#include "provisioner/common.h"

struct breakpoint_config {
    const char *note;
    bool disable;
};

#define C struct breakpoint_config
static const struct opt breakpoint_opts[] = {
    OPT_STR(C, note, "note", .flags = OPT_NOHASH, .doc = "Text shown with the prompt."),
    OPT_BOOL(C, disable, "disable", .def = "false", .flags = OPT_NOHASH,
             .doc = "Do not stop here."),
    OPT_END,
};
#undef C

/* Until a line, or the end of input, on the terminal. */
static bool wait_for_enter(int tty, struct cancel *cancel, struct error **err)
{
    for (;;) {
        char c = '\0';
        struct pollfd fds[] = {{.fd = tty, .events = POLLIN},
                               {.fd = cancel_fd(cancel), .events = POLLIN}};
        if (cancel_test(cancel))
            return cancel_error(cancel, err, "the breakpoint");
        if (poll(fds, ARRAY_SIZE(fds), cancel_poll_ms(cancel)) <= 0 || fds[0].revents == 0)
            continue;
        ssize_t n = read(tty, &c, 1);
        if (n < 0 && errno != EINTR && errno != EAGAIN)
            return error_set(err, ERR_IO, errno, "cannot read from the terminal");
        if (n == 0 || c == '\n')
            return true;
    }
}

static bool breakpoint_run(const void *config, struct build *b, struct error **err)
{
    const struct breakpoint_config *c = config;
    autofree char *note = c->note == NULL ? xstrdup("") : xasprintf(" with note \"%s\"", c->note);
    if (c->disable) {
        build_sayf(b, "Breakpoint provisioner%s disabled; continuing...", note);
        return true;
    }
    build_sayf(b, "Pausing at breakpoint provisioner%s.", note);
    if (b->target.host != NULL)
        build_sayf(b, "The guest listens at %s port %d.", b->target.host, b->target.port);
    autoclose int tty = open("/dev/tty", O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (tty < 0) {
        error_set(err, ERR_HOST, 0, "Error asking for input: no available tty");
        return error_hint(err, "Run in a terminal, or set disable = true in the breakpoint.");
    }
    build_sayf(b, "Press enter to continue.");
    return wait_for_enter(tty, prov_token(b), err);
}

const struct provisioner_type provisioner_breakpoint = {
    .name = "breakpoint",
    .summary = "Stop until a key is pressed, to look into the guest.",
    .doc = "Needs a terminal.  The guest can be reached meanwhile: its address is shown."
           "\n\n"
           "    provisioner \"breakpoint\" {\n"
           "      note = \"look at /etc/nginx\"\n"
           "    }",
    .opts = breakpoint_opts,
    .config_size = sizeof(struct breakpoint_config),
    .run = breakpoint_run,
};
