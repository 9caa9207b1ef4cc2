/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/strbuf.h"
#include "qemu/netdump.h"

#define GUEST "\x52\x54\x00\x12\x34\x56"
#define HOST  "\x52\x55\x0a\x00\x02\x02"
#define HERE  0x0a00020f /* 10.0.2.15 */

static void put(struct strbuf *sb, uint32_t value, unsigned bytes)
{
    while (bytes-- > 0)
        strbuf_addc(sb, (char)(value >> bytes * 8 & 255));
}

static void add_native(struct strbuf *sb, uint32_t value)
{
    strbuf_add(sb, &value, sizeof(value));
}

static void begin(struct strbuf *pcap)
{
    add_native(pcap, 0xa1b2c3d4);
    strbuf_addn(pcap, 0, 20);
}

static void add_packet(struct strbuf *pcap, bool sent, unsigned type, const struct strbuf *payload)
{
    add_native(pcap, 0);
    add_native(pcap, 0);
    add_native(pcap, (uint32_t)payload->len + 14);
    add_native(pcap, (uint32_t)payload->len + 14);
    strbuf_add(pcap, sent ? HOST GUEST : GUEST HOST, 12);
    put(pcap, type, 2);
    strbuf_addstr(pcap, strbuf_str(payload));
}

static void add_ipv4(struct strbuf *out, unsigned proto, uint32_t source)
{
    put(out, 0x45000000, 4);
    put(out, 0, 4);
    put(out, 64u << 24 | proto << 16, 4);
    put(out, source, 4);
    put(out, 0xffffffff, 4);
}

static void dhcp(struct strbuf *pcap, unsigned type)
{
    AUTO(strbuf) struct strbuf p = STRBUF_INIT;
    bool sent = type == 1 || type == 3;
    add_ipv4(&p, 17, sent ? 0 : 0x0a000202);
    put(&p, sent ? 68u << 16 | 67 : 67u << 16 | 68, 4);
    put(&p, 0, 4);
    strbuf_addn(&p, 0, 236);
    put(&p, 0x63825363, 4);
    strbuf_add(&p,
               "\x00\x0c\x03"
               "abc"
               "\x35\x01",
               8); /* padding, a name, the type */
    put(&p, type, 1);
    put(&p, 255, 1);
    add_packet(pcap, sent, 0x0800, &p);
}

static void tcp(struct strbuf *pcap, bool sent, unsigned flags)
{
    AUTO(strbuf) struct strbuf p = STRBUF_INIT;
    add_ipv4(&p, 6, sent ? HERE : 0x0a000202);
    put(&p, sent ? 22u << 16 | 40000 : 40000u << 16 | 22, 4);
    put(&p, 0, 4);
    put(&p, 0, 4);
    put(&p, 5u << 28 | flags << 16, 4);
    add_packet(pcap, sent, 0x0800, &p);
}

static void arp(struct strbuf *pcap)
{
    AUTO(strbuf) struct strbuf p = STRBUF_INIT;
    put(&p, 0x00010800, 4);
    put(&p, 0x06040002, 4);
    strbuf_add(&p, GUEST, 6);
    put(&p, HERE, 4);
    strbuf_addn(&p, 0, 10);
    add_packet(pcap, true, 0x0806, &p);
}

/* A story by letters: d and r ask by DHCP, o offers, a grants, n refuses; s is
 * our SYN, A its acceptance, R a reset; i an ARP reply. */
static void tell(struct strbuf *pcap, const char *story)
{
    begin(pcap);
    for (; *story != '\0'; story++)
        switch (*story) {
        case 'd': dhcp(pcap, 1); break;
        case 'o': dhcp(pcap, 2); break;
        case 'r': dhcp(pcap, 3); break;
        case 'a': dhcp(pcap, 5); break;
        case 'n': dhcp(pcap, 6); break;
        case 's': tcp(pcap, false, 0x02); break;
        case 'A': tcp(pcap, true, 0x12); break;
        case 'R': tcp(pcap, true, 0x14); break;
        default: arp(pcap); break;
        }
}

static const struct {
    const char *story;
    const char *cause; /* part of it; NULL: the network is not to blame */
} cases[] = {
    {"", NULL},
    {"s", NULL},
    {"ddd", "no answer"},
    {"dddnn", "no answer"},
    {"dora", NULL},
    {"dorais", "does not answer on its SSH port"},
    {"doraisRsR", "its SSH server does not run"},
    {"doraisRsA", NULL},
    {"is", "does not answer on its SSH port"},
    {"isR", "its SSH server does not run"},
};

static void stories(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        AUTO(strbuf) struct strbuf pcap = STRBUF_INIT, words = STRBUF_INIT;
        const char *hint = NULL;
        tell(&pcap, cases[i].story);
        struct net_facts f = netdump_read(strbuf_str(&pcap), 22);
        assert_true(f.readable);
        assert_int_equal(f.packets, strlen(cases[i].story));
        const char *cause = netdump_cause(&f, &hint);
        if ((cause == NULL) != (cases[i].cause == NULL) ||
            (cause != NULL && strstr(cause, cases[i].cause) == NULL))
            fail_msg("'%s': %s", cases[i].story, cause != NULL ? cause : "nothing");
        assert_true((cause == NULL) == (hint == NULL));
        netdump_describe(&f, 22, &words);
        assert_true(words.len > 0);
    }
}

static void facts_are_counted(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf pcap = STRBUF_INIT, words = STRBUF_INIT;
    tell(&pcap, "ddoraisR");
    struct net_facts f = netdump_read(strbuf_str(&pcap), 22);
    netdump_describe(&f, 22, &words);
    assert_string_equal(words.buf, "packets: 8, of which the guest sent 5\n"
                                   "DHCP: asked 3, offered 1, granted 1, refused 0\n"
                                   "address of the guest: 10.0.2.15\n"
                                   "port 22: asked 1, accepted 0, refused 1\n");
    struct net_facts other = netdump_read(strbuf_str(&pcap), 2222);
    assert_int_equal(other.syns + other.resets, 0);
}

/* Every prefix is what a file being written may look like; none may be read past. */
static void halves_and_rubbish(void **state)
{
    (void)state;
    AUTO(strbuf) struct strbuf pcap = STRBUF_INIT;
    tell(&pcap, "dorisR");
    for (size_t len = 0; len <= pcap.len; len++) {
        char *copy = malloc(len + 1); /* exactly, for the sanitizer */
        assert_non_null(copy);
        memcpy(copy, pcap.buf, len);
        struct net_facts f = netdump_read((str){copy, len}, 22);
        assert_true(f.readable == (len >= 24));
        free(copy);
    }
    struct net_facts none = netdump_read(STR("this is no capture at all, but long"), 22);
    const char *hint = NULL;
    assert_false(none.readable);
    assert_null(netdump_cause(&none, &hint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stories),
        cmocka_unit_test(facts_are_counted),
        cmocka_unit_test(halves_and_rubbish),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
