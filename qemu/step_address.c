/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include "base/clock.h"
#include "base/io.h"
#include "qemu/net.h"

#define ARP_FILE   "/proc/net/arp"
#define ARP_MAX    ((size_t)4 << 20)
#define LOOK_NS    NS_PER_S
#define DEFAULT_NS (5 * 60 * NS_PER_S)

/* A guest on a bridge gets its address from somebody else: the host's table of
 * neighbours has it as soon as both have spoken. */

static int64_t limit_of(const struct build *b)
{
    const struct comm_config *c = b->comm_config;
    int64_t t = c->type == COMM_WINRM ? c->winrm_timeout_ns : c->ssh_timeout_ns;
    return t > 0 ? t : DEFAULT_NS;
}

static const char *look(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    AUTO(strbuf) struct strbuf table = STRBUF_INIT_MAX(ARP_MAX);
    if (!io_read_file(ARP_FILE, ARP_MAX, &table, err))
        return NULL;
    return net_find_neighbour(table.len > 0 ? table.buf : "", s->config->net_bridge, s->mac,
                              b->arena);
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    const struct qemu_state *s = qemu_state(b);
    int64_t until = clock_now() + limit_of(b);
    for (;;) {
        const char *address = look(b, err);
        if (*err != NULL)
            return false;
        if (address != NULL) {
            b->target.host = address;
            build_sayf(b, "The guest has the address %s", address);
            return true;
        }
        if (clock_now() > until) {
            error_set(err, ERR_TIMEOUT, 0, "no address of %s was seen on the bridge '%s'", s->mac,
                      s->config->net_bridge);
            error_option(err, "net_bridge");
            return error_hint(err, "Is there a DHCP server on that network?");
        }
        if (!cancel_sleep(b->guest, LOOK_NS))
            return cancel_error(b->guest, err, "waiting for the guest's address");
    }
}

struct step qemu_step_address(struct build *b)
{
    (void)b;
    return (struct step){
        .name = "address", .title = "Waiting for the guest's address on the bridge", .run = run};
}
