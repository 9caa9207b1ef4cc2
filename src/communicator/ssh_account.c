/* SPDX-License-Identifier: Apache-2.0 */
#include "communicator/ssh_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"

/* Who logs in where: the guest's account and the bastion's out of one set of
 * options. */

const char *ssh_target_host(const struct ssh_comm *c)
{
    const char *host = c->build->target.host;
    return host != NULL ? host : c->config->ssh_host;
}

int ssh_target_port(const struct ssh_comm *c)
{
    if (c->build->target.port != 0)
        return c->build->target.port;
    return c->config->ssh_port != 0 ? (int)c->config->ssh_port : 22;
}

struct ssh_account ssh_guest_account(const struct ssh_comm *c)
{
    const struct comm_config *config = c->config;
    const struct build_target *target = &c->build->target;
    return (struct ssh_account){
        .build = c->build,
        .who = "the guest",
        .host = ssh_target_host(c),
        .port = ssh_target_port(c),
        .user = config->ssh_username != NULL ? config->ssh_username : target->user,
        .password = config->ssh_password != NULL ? config->ssh_password : target->password,
        .key_file = config->ssh_private_key_file,
        .certificate_file = config->ssh_certificate_file,
        .private_key_pem = target->private_key_pem,
        .agent = config->ssh_agent_auth,
        .fingerprint = config->ssh_host_key,
        .fingerprint_option = "ssh_host_key",
        .user_option = "ssh_username",
        .key_option = "ssh_private_key_file",
        .cert_option = "ssh_certificate_file",
    };
}

/* Without a key of its own the bastion is shown the guest's, as in Packer. */
struct ssh_account ssh_bastion_account(const struct ssh_comm *c)
{
    const struct comm_config *config = c->config;
    bool own = config->ssh_bastion_private_key_file != NULL;
    return (struct ssh_account){
        .build = c->build,
        .who = "the bastion",
        .host = config->ssh_bastion_host,
        .port = config->ssh_bastion_port != 0 ? (int)config->ssh_bastion_port : 22,
        .user = config->ssh_bastion_username,
        .password = config->ssh_bastion_password,
        .key_file = own ? config->ssh_bastion_private_key_file : config->ssh_private_key_file,
        .certificate_file = config->ssh_bastion_certificate_file != NULL || own
                                ? config->ssh_bastion_certificate_file
                                : config->ssh_certificate_file,
        .agent = config->ssh_bastion_agent_auth,
        .interactive = config->ssh_bastion_interactive,
        .fingerprint = config->ssh_bastion_host_key,
        .fingerprint_option = "ssh_bastion_host_key",
        .user_option = "ssh_bastion_username",
        .key_option = own ? "ssh_bastion_private_key_file" : "ssh_private_key_file",
        .cert_option = "ssh_bastion_certificate_file",
    };
}

char *ssh_expand_home(const char *path)
{
    if (strncmp(path, "~/", 2) != 0)
        return xstrdup(path);
    const char *home = getenv("HOME");
    if (home == NULL) {
        const struct passwd *pw = getpwuid(getuid());
        home = pw == NULL ? "/" : pw->pw_dir;
    }
    return io_path_join(home, path + 2);
}

/* NULL with *ERR when the wait is over before the line is. */
static char *read_answer(int fd, const struct ssh_wait *w, struct error **err)
{
    char text[512];
    size_t len = 0;
    bool ok;
    short ready = 0;
    while ((ok = ssh_wait_fd(w, fd, POLLIN, &ready, err)) && len < sizeof(text))
        if (ready != 0 && (read(fd, text + len, 1) != 1 || text[len++] == '\n'))
            break;
    while (len > 0 && text[len - 1] == '\n')
        len--;
    char *answer = ok ? str_xdup((str){text, len}) : NULL;
    explicit_bzero(text, sizeof(text));
    return answer;
}

char *ssh_ask_terminal(const struct ssh_account *a, const char *prompt, bool echo,
                       const struct ssh_wait *w, struct error **err)
{
    struct termios saved, quiet;
    autoclose int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || tcgetattr(fd, &saved) < 0) {
        error_set(err, ERR_USAGE, errno, "there is no terminal to answer '%s' at", prompt);
        error_hint(err, "Set ssh_bastion_password in place of ssh_bastion_interactive.");
        return NULL;
    }
    quiet = saved;
    quiet.c_lflag &= ~(tcflag_t)ECHO;
    if (!echo)
        tcsetattr(fd, TCSAFLUSH, &quiet);
    /* Not written here: live lines would be drawn over it. */
    build_sayf(a->build, "%s at %s asks: %s", a->who, a->host, prompt);
    char *answer = read_answer(fd, w, err);
    if (!echo)
        tcsetattr(fd, TCSAFLUSH, &saved);
    return answer;
}
