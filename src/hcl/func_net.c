/* SPDX-License-Identifier: Apache-2.0 */
#include "hcl/func_internal.h"

#include <arpa/inet.h>

/* Networks in CIDR notation, IPv4 and IPv6 alike: an address is a big-endian
 * number of `bits` bits. */

struct cidr {
    unsigned char addr[16];
    int bits; /* 32 or 128 */
    int prefix;
};

static void apply_mask(unsigned char *addr, int bits, int prefix)
{
    for (int i = prefix; i < bits; i++)
        addr[i / 8] &= (unsigned char)~(0x80 >> (i % 8));
}

/* Argument 0; octets with leading zeros are refused by inet_pton. */
static bool arg_cidr(struct func_call *call, struct cidr *out)
{
    str s = arg_str(call, 0);
    char addr[INET6_ADDRSTRLEN];
    int64_t prefix;
    ptrdiff_t slash = str_find_char(s, '/');
    bool ok =
        slash > 0 && (size_t)slash < sizeof(addr) && memchr(s.ptr, '\0', (size_t)slash) == NULL;
    if (ok) {
        str digits = str_sub(s, (size_t)slash + 1, s.len);
        memcpy(addr, s.ptr, (size_t)slash);
        addr[slash] = '\0';
        out->bits = strchr(addr, ':') != NULL ? 128 : 32;
        ok = digits.len > 0 && digits.len <= 3 && digits.ptr[0] != '-' && digits.ptr[0] != '+' &&
             str_to_i64(digits, &prefix) && prefix <= out->bits &&
             inet_pton(out->bits == 32 ? AF_INET : AF_INET6, addr, out->addr) == 1;
    }
    if (!ok)
        return func_error(call, 0, "invalid CIDR expression: invalid CIDR address: %.*s",
                          STR_FMT(s));
    out->prefix = (int)prefix;
    apply_mask(out->addr, out->bits, out->prefix);
    return true;
}

/* Add N to the number in ADDR, whose last bit is bit LOW from the left;
 * false when it carries out. */
static bool add_at(unsigned char *addr, int low, uint64_t n)
{
    unsigned shift = (unsigned)(7 - low % 8);
    unsigned __int128 rest = (unsigned __int128)n << shift;
    for (int i = low / 8; i >= 0 && rest > 0; i--) {
        rest += addr[i];
        addr[i] = (unsigned char)rest;
        rest >>= 8;
    }
    return rest == 0;
}

static char *address_text(struct func_call *call, const struct cidr *c)
{
    char *text = arena_alloc(call->arena, INET6_ADDRSTRLEN);
    inet_ntop(c->bits == 32 ? AF_INET : AF_INET6, c->addr, text, INET6_ADDRSTRLEN);
    return text;
}

static value network_value(struct func_call *call, const struct cidr *c)
{
    return value_stringz(call->arena,
                         arena_fmt(call->arena, "%s/%d", address_text(call, c), c->prefix));
}

static bool fn_cidrhost(struct func_call *call, value *out)
{
    struct cidr c;
    int64_t num;
    if (!arg_int(call, 1, &num) || !arg_cidr(call, &c))
        return false;
    int host_bits = c.bits - c.prefix;
    uint64_t n = num < 0 ? (uint64_t) - (num + 1) : (uint64_t)num;
    if (host_bits < 64 && n >> host_bits != 0)
        return func_error(call, 1, "prefix of %d does not accommodate a host numbered %lld",
                          c.prefix, (long long)num);
    for (int i = c.prefix; num < 0 && i < c.bits; i++) /* from the last address down */
        c.addr[i / 8] |= (unsigned char)(0x80 >> (i % 8));
    if (num >= 0)
        add_at(c.addr, c.bits - 1, n);
    for (int i = 0; num < 0 && i < 64 && i < c.bits; i++)
        if ((n >> i & 1) != 0)
            c.addr[(c.bits - 1 - i) / 8] ^= (unsigned char)(1 << (i % 8));
    *out = value_stringz(call->arena, address_text(call, &c));
    return true;
}

static bool fn_cidrnetmask(struct func_call *call, value *out)
{
    struct cidr c;
    if (!arg_cidr(call, &c))
        return false;
    memset(c.addr, 0xFF, sizeof(c.addr));
    apply_mask(c.addr, c.bits, c.prefix);
    *out = value_stringz(call->arena, address_text(call, &c));
    return true;
}

static bool fn_cidrsubnet(struct func_call *call, value *out)
{
    struct cidr c;
    int64_t newbits, num;
    if (!arg_int(call, 1, &newbits) || !arg_int(call, 2, &num) || !arg_cidr(call, &c))
        return false;
    if (newbits > 32)
        return func_error(call, 1, "may not extend prefix by more than 32 bits");
    if (newbits < -c.prefix || c.prefix + newbits > c.bits)
        return func_error(call, 1, "insufficient address space to extend prefix of %d by %lld",
                          c.prefix, (long long)newbits);
    int prefix = c.prefix + (int)newbits;
    uint64_t most = newbits > 0 ? UINT64_C(1) << newbits : 1;
    if (num < 0 || (uint64_t)num >= most)
        return func_error(call, 2,
                          "prefix extension of %lld does not accommodate a subnet numbered %lld",
                          (long long)newbits, (long long)num);
    if (prefix > 0)
        add_at(c.addr, prefix - 1, (uint64_t)num);
    c.prefix = prefix;
    *out = network_value(call, &c);
    return true;
}

static bool within(const struct cidr *net, const struct cidr *c)
{
    struct cidr masked = *c;
    apply_mask(masked.addr, net->bits, net->prefix);
    return memcmp(masked.addr, net->addr, (size_t)net->bits / 8) == 0;
}

/* How many bits argument I extends NET by, as the new prefix. */
static bool new_prefix(struct func_call *call, size_t i, const struct cidr *net, int *out)
{
    int64_t bits;
    if (!arg_int(call, i, &bits))
        return false;
    if (bits < 1)
        return func_error(call, (ptrdiff_t)i, "must extend prefix by at least one bit");
    if (bits > 32)
        return func_error(call, (ptrdiff_t)i, "may not extend prefix by more than 32 bits");
    *out = net->prefix + (int)bits;
    return *out <= net->bits ||
           func_error(call, (ptrdiff_t)i,
                      "would extend prefix to %d bits, which is too long for an IPv%d address",
                      *out, net->bits == 32 ? 4 : 6);
}

static bool fn_cidrsubnets(struct func_call *call, value *out)
{
    struct cidr net, current;
    if (!arg_cidr(call, &net))
        return false;
    value *items = arena_new_array(call->arena, value, call->len);
    bool full = false;
    current = net;
    for (size_t i = 1; i < call->len; i++) {
        int prefix = 0;
        if (!new_prefix(call, i, &net, &prefix))
            return false;
        /* Round up to where a network of this size can begin. */
        struct cidr next = current;
        apply_mask(next.addr, next.bits, prefix);
        if (memcmp(next.addr, current.addr, sizeof(next.addr)) != 0)
            full |= !add_at(next.addr, prefix - 1, 1);
        next.prefix = prefix;
        if (full || !within(&net, &next))
            return func_error(call, (ptrdiff_t)i,
                              "not enough remaining address space for a subnet with a prefix of %d "
                              "bits",
                              prefix);
        items[i - 1] = network_value(call, &next);
        current = next;
        full = !add_at(current.addr, prefix - 1, 1);
    }
    *out = value_list(call->arena, &type_string, items, call->len - 1);
    return true;
}

#define NET_FUNC(fn_name, text, ex, want)                                                          \
    .name = #fn_name, .impl = fn_##fn_name, .group = "network", .doc = text, .example = ex,        \
    .expected = want

const struct func funcs_net[] = {
    {NET_FUNC(cidrhost, "The address with a number in a network; negative ones count from its end.",
              "cidrhost(\"10.12.0.0/16\", 258)", "\"10.12.1.2\""),
     .params = {{"prefix", &type_string, 0}, {"hostnum", &type_number, 0}},
     .returns = &type_string},
    {NET_FUNC(cidrnetmask, "The mask of a network.", "cidrnetmask(\"172.16.0.0/12\")",
              "\"255.240.0.0\""),
     .params = {{"prefix", &type_string, 0}}, .returns = &type_string},
    {NET_FUNC(cidrsubnet, "The network with a number among those that are so many bits longer.",
              "cidrsubnet(\"10.0.0.0/8\", 8, 2)", "\"10.2.0.0/16\""),
     .params = {{"prefix", &type_string, 0},
                {"newbits", &type_number, 0},
                {"netnum", &type_number, 0}},
     .returns = &type_string},
    {NET_FUNC(cidrsubnets, "Networks one after the other, each so many bits longer.",
              "cidrsubnets(\"10.1.0.0/16\", 4, 8)", "[\"10.1.0.0/20\",\"10.1.16.0/24\"]"),
     .params = {{"prefix", &type_string, 0}}, .variadic = {"newbits", &type_number, 0},
     .returns = &type_list_string},
    {.name = NULL},
};
