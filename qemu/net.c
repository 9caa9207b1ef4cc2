/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>

#include "base/hash.h"
#include "base/str.h"

static const char *first_ipv4(const struct ifaddrs *list, const char *name, struct arena *a)
{
    char text[INET_ADDRSTRLEN];
    for (const struct ifaddrs *i = list; i != NULL; i = i->ifa_next) {
        if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
            strcmp(i->ifa_name, name) != 0)
            continue;
        const struct sockaddr_in *sa = (const struct sockaddr_in *)(const void *)i->ifa_addr;
        if (inet_ntop(AF_INET, &sa->sin_addr, text, sizeof(text)) != NULL)
            return arena_strdup(a, text);
    }
    return NULL;
}

const char *net_interface_address(const char *name, struct arena *a, struct error **err)
{
    struct ifaddrs *list;
    if (if_nametoindex(name) == 0) {
        error_set(err, ERR_HOST, 0, "this host has no network interface '%s'", name);
        return NULL;
    }
    if (getifaddrs(&list) != 0) {
        error_set(err, ERR_HOST, errno, "cannot list the network interfaces");
        return NULL;
    }
    const char *address = first_ipv4(list, name, a);
    freeifaddrs(list);
    if (address == NULL)
        error_set(err, ERR_HOST, 0, "the network interface '%s' has no IPv4 address", name);
    return address;
}

const char *net_make_mac(struct arena *a)
{
    unsigned char b[3];
    hash_random(b, sizeof(b));
    return arena_fmt(a, "52:54:00:%02x:%02x:%02x", b[0], b[1], b[2]);
}

/* Words divided by blanks. */
static size_t split_words(str line, str *words, size_t most)
{
    size_t n = 0;
    line = str_trim(line);
    while (line.ptr != NULL && n < most) {
        str word = str_split(&line, ' ');
        if (word.len > 0)
            words[n++] = word;
    }
    return n;
}

/* address, hardware type, flags, hardware address, mask, device; 0x2: complete */
const char *net_find_neighbour(const char *table, const char *bridge, const char *mac,
                               struct arena *a)
{
    enum { ADDRESS, TYPE, FLAGS, HARDWARE, MASK, DEVICE, COLUMNS };
    str rest = str_from(table), words[COLUMNS];
    while (rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (split_words(line, words, COLUMNS) == COLUMNS && str_eqz(words[DEVICE], bridge) &&
            str_eq_nocase(words[HARDWARE], str_from(mac)) && words[FLAGS].len > 2 &&
            (strtoul(words[FLAGS].ptr, NULL, 16) & 2) != 0)
            return str_dup(a, words[ADDRESS]);
    }
    return NULL;
}
