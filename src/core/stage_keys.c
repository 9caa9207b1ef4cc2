/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "base/clock.h"

#define CLEAR_NS (60 * NS_PER_S)

/* By the key itself, not by its comment as in Packer: no other line can match.
 * Base64 has nothing that sed or the shell would take for its own. */
static void add_removal(struct strbuf *sb, const char *sudo, const char *file, str blob)
{
    strbuf_addf(sb,
                "if %stest -f %s; then %ssed -i.bak '\\|%.*s|d' %s && %srm -f %s.bak; fi || _s=1;",
                sudo, file, sudo, STR_FMT(blob), file, sudo, file);
}

static bool clear_run(struct step *s, struct build *b, struct error **err)
{
    (void)s;
    (void)err;
    if (b->target.public_key == NULL)
        return true;
    str rest = str_from(b->target.public_key);
    str_split(&rest, ' ');
    str blob = str_split(&rest, ' ');
    AUTO(strbuf) struct strbuf command = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    int status = 0;
    strbuf_adds(&command, "_s=0;");
    add_removal(&command, "", "~/.ssh/authorized_keys", blob);
    strbuf_adds(&command, "[ \"$(id -u)\" = 0 ] || { ");
    add_removal(&command, "sudo -n ", "/root/.ssh/authorized_keys", blob);
    strbuf_adds(&command, "}; exit $_s");
    struct comm_command cmd = {.command = command.buf, .timeout_ns = CLEAR_NS};
    bool ok = comm_run(b->comm, &cmd, b->guest, &status, &e);
    if (!ok || status != 0)
        build_warnf(b, "the temporary key is still in some authorized_keys of the guest%s%s",
                    ok ? "" : ": ", ok ? "" : e->msg);
    return true;
}

struct step stage_clear_keys(struct build *b)
{
    (void)b;
    return (struct step){.name = "clear-keys",
                         .title = "Removing the temporary key from the guest",
                         .run = clear_run};
}
