/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_NETDUMP_H
#define IMGFAC_QEMU_NETDUMP_H

/* What the first packets of a guest's network tell about a login that never
 * came: from the pcap file that QEMU's filter-dump writes.  Pure functions;
 * the file is the guest's doing and not trusted. */

#include "base/str.h"
#include "base/strbuf.h"

/* Packets are cut off here: enough for the options of DHCP. */
#define NETDUMP_PACKET_MAX 400

struct net_facts {
    bool readable;                          /* else nothing below is known */
    unsigned packets, sent;                 /* all; by the guest */
    unsigned discovers, offers, acks, naks; /* DHCP; requests count as discovers */
    unsigned syns, accepts, resets;         /* TCP to the port of the login */
    uint32_t address;                       /* the guest's, by what it answers; 0: unknown */
};

struct net_facts netdump_read(str pcap, int port);
/* The same in words, one fact a line. */
void netdump_describe(const struct net_facts *f, int port, struct strbuf *out);
/* A sentence fragment that says why nobody can log in, in *HINT what to do;
 * NULL when the network is not to blame.  Static. */
const char *netdump_cause(const struct net_facts *f, const char **hint);

#endif
