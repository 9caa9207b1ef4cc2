/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/bundle.h"

#include "base/io.h"
#include "base/log.h"
#include "base/redact.h"
#include "qemu/conn.h"
#include "qemu/guest.h"
#include "qemu/screens.h"
#include "qemu/state.h"

#define LOG_TAIL ((size_t)64 << 10)
#define NET_MAX  ((size_t)16 << 20)

static void write_text(struct build *b, const char *name, str text)
{
    AUTO(error) struct error *e = NULL;
    AUTO(strbuf) struct strbuf clean = STRBUF_INIT;
    redact_add(&clean, text);
    if (!io_write_file(arena_fmt(b->arena, "%s/%s", b->log_dir, name), strbuf_str(&clean), 0600,
                       &e))
        log_debug("qemu", "%s", e->msg);
}

void bundle_keep_xml(struct build *b, const char *xml)
{
    write_text(b, "domain.xml", str_from(xml));
}

/* The root of the embedded driver is removed with its logs. */
static const char *keep_qemu_log(struct build *b)
{
    const struct qemu_state *s = qemu_state(b);
    const char *root = s->conn != NULL ? conn_root(s->conn) : NULL;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    if (s->remote != NULL)
        return NULL; /* it lies there, where only an administrator looks */
    const char *src = root != NULL
                          ? arena_fmt(b->arena, "%s/log/qemu/%s.log", root, s->domain_name)
                          : arena_fmt(b->arena, "/var/log/libvirt/qemu/%s.log", s->domain_name);
    if (!io_read_tail(src, LOG_TAIL, &text, &e)) {
        log_debug("qemu", "%s", e->msg);
        return NULL;
    }
    write_text(b, "qemu.log", strbuf_str(&text));
    return arena_strdup(b->arena, text.buf);
}

static void keep_events(struct build *b)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    guest_add_events(qemu_state(b)->guest, &text);
    write_text(b, "domain-events.log", strbuf_str(&text));
}

static struct net_facts keep_network(struct build *b)
{
    const struct qemu_state *s = qemu_state(b);
    AUTO(strbuf) struct strbuf pcap = STRBUF_INIT_MAX(NET_MAX), text = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    struct net_facts facts = {0};
    if (s->net_dump == NULL)
        return facts;
    if (io_read_file(s->net_dump, NET_MAX, &pcap, &e))
        facts = netdump_read(strbuf_str(&pcap), s->guest_port);
    netdump_describe(&facts, s->guest_port, &text);
    write_text(b, "network.txt", strbuf_str(&text));
    return facts;
}

void bundle_collect(struct build *b, struct bundle *out)
{
    const struct qemu_state *s = qemu_state(b);
    const char *picture = s->screens != NULL ? screens_take(s->screens) : NULL;
    if (picture != NULL)
        build_sayf(b, "The screen as it was: %s", picture);
    *out = (struct bundle){.qemu_log = keep_qemu_log(b), .net = keep_network(b)};
    keep_events(b);
}
