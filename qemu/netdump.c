/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/netdump.h"

/* draft-ietf-opsawg-pcap: a head of 24 bytes, then records of 16 bytes and the
 * packet.  QEMU writes it in the host's byte order. */
#define PCAP_MAGIC  0xa1b2c3d4u
#define PCAP_HEAD   24
#define RECORD_HEAD 16
#define ETHER_HEAD  14

enum { TYPE_IPV4 = 0x0800, TYPE_ARP = 0x0806, PROTO_TCP = 6, PROTO_UDP = 17 };
enum { DHCP_SERVER = 67, DHCP_OPTIONS = 240, DHCP_COOKIE = 0x63825363 };
enum { FLAG_SYN = 0x02, FLAG_RST = 0x04, FLAG_ACK = 0x10 };

/* Numbers at OFFSET; 0 past the end. */
static unsigned u8(str p, size_t offset)
{
    return offset < p.len ? (unsigned char)p.ptr[offset] : 0;
}

static unsigned u16(str p, size_t offset)
{
    return u8(p, offset) << 8 | u8(p, offset + 1);
}

static uint32_t u32(str p, size_t offset)
{
    return (uint32_t)u16(p, offset) << 16 | u16(p, offset + 2);
}

static uint32_t host_u32(str p, size_t offset)
{
    uint32_t value = 0;
    if (offset + sizeof(value) <= p.len)
        memcpy(&value, p.ptr + offset, sizeof(value));
    return value;
}

static str after(str p, size_t bytes)
{
    return str_sub(p, MIN(bytes, p.len), p.len);
}

/* QEMU gives its own side of a user network addresses of this kind; the
 * guest's card begins 52:54. */
static bool is_from_guest(str frame)
{
    return !(u8(frame, 6) == 0x52 && u8(frame, 7) == 0x55);
}

/* RFC 2132, 9.6: option 53 is the type of the message. */
static unsigned dhcp_type(str message)
{
    if (u32(message, DHCP_OPTIONS - 4) != DHCP_COOKIE)
        return 0;
    for (size_t at = DHCP_OPTIONS; at < message.len && u8(message, at) != 255;) {
        if (u8(message, at) == 53)
            return u8(message, at + 2);
        at += u8(message, at) == 0 ? 1 : 2 + (size_t)u8(message, at + 1);
    }
    return 0;
}

static void read_dhcp(struct net_facts *f, str message)
{
    switch (dhcp_type(message)) {
    case 1:
    case 3: f->discovers++; break;
    case 2: f->offers++; break;
    case 5: f->acks++; break;
    case 6: f->naks++; break;
    default: break;
    }
}

static void read_tcp(struct net_facts *f, str segment, unsigned port, uint32_t source)
{
    unsigned flags = u8(segment, 13);
    if (u16(segment, 2) == port && (flags & FLAG_SYN) != 0 && (flags & FLAG_ACK) == 0)
        f->syns++;
    if (u16(segment, 0) != port)
        return;
    f->address = source;
    f->accepts += (flags & FLAG_SYN) != 0;
    f->resets += (flags & FLAG_RST) != 0;
}

static void read_ipv4(struct net_facts *f, str packet, unsigned port)
{
    str payload = after(packet, (size_t)(u8(packet, 0) & 0x0f) * 4);
    if (u8(packet, 9) == PROTO_TCP)
        read_tcp(f, payload, port, u32(packet, 12));
    else if (u8(packet, 9) == PROTO_UDP &&
             (u16(payload, 0) == DHCP_SERVER || u16(payload, 2) == DHCP_SERVER))
        read_dhcp(f, after(payload, 8));
}

static void read_frame(struct net_facts *f, str frame, unsigned port)
{
    bool sent = is_from_guest(frame);
    f->packets++;
    f->sent += sent;
    if (u16(frame, 12) == TYPE_IPV4)
        read_ipv4(f, after(frame, ETHER_HEAD), port);
    else if (u16(frame, 12) == TYPE_ARP && sent && u32(frame, ETHER_HEAD + 14) != 0)
        f->address = u32(frame, ETHER_HEAD + 14);
}

struct net_facts netdump_read(str pcap, int port)
{
    struct net_facts f = {.readable = pcap.len >= PCAP_HEAD && host_u32(pcap, 0) == PCAP_MAGIC};
    str rest = after(pcap, PCAP_HEAD);
    while (f.readable && rest.len >= RECORD_HEAD) {
        size_t len = host_u32(rest, 8);
        rest = after(rest, RECORD_HEAD);
        if (len > rest.len)
            break; /* the last one is being written */
        read_frame(&f, str_sub(rest, 0, len), (unsigned)port);
        rest = after(rest, len);
    }
    return f;
}

void netdump_describe(const struct net_facts *f, int port, struct strbuf *out)
{
    if (!f->readable) {
        strbuf_adds(out, "The guest's network was not recorded.\n");
        return;
    }
    strbuf_addf(out, "packets: %u, of which the guest sent %u\n", f->packets, f->sent);
    strbuf_addf(out, "DHCP: asked %u, offered %u, granted %u, refused %u\n", f->discovers,
                f->offers, f->acks, f->naks);
    if (f->address != 0)
        strbuf_addf(out, "address of the guest: %u.%u.%u.%u\n", f->address >> 24,
                    f->address >> 16 & 255, f->address >> 8 & 255, f->address & 255);
    else
        strbuf_adds(out, "address of the guest: it never showed one\n");
    strbuf_addf(out, "port %d: asked %u, accepted %u, refused %u\n", port, f->syns, f->accepts,
                f->resets);
}

const char *netdump_cause(const struct net_facts *f, const char **hint)
{
    if (!f->readable || f->accepts > 0)
        return NULL;
    if (f->discovers > 0 && f->offers + f->acks == 0) {
        *hint = "Nothing on the guest's network gave it an address: check the network that the "
                "template names.";
        return "the guest asked for an address by DHCP and got no answer";
    }
    if (f->resets > 0) {
        *hint = "Is sshd installed and enabled in the image, and on the port of ssh_port?  A slow "
                "guest may still be starting: raise ssh_timeout.";
        return "the guest has an address, but its SSH server does not run";
    }
    if (f->address != 0 && f->syns > 0) {
        *hint = "A firewall in the guest drops what comes for its SSH server.";
        return "the guest has an address, but does not answer on its SSH port";
    }
    return NULL;
}
