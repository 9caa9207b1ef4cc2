/* SPDX-License-Identifier: Apache-2.0 */
#include "qemu/netdump.h"

#include "base/str.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The file is the guest's doing: nothing in it may break what reads it. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    AUTO(strbuf) struct strbuf words = STRBUF_INIT;
    const char *hint = NULL;
    struct net_facts f = netdump_read((str){(const char *)data, size}, 22);
    netdump_describe(&f, 22, &words);
    const char *cause = netdump_cause(&f, &hint);
    if (words.len == 0 || (cause != NULL && hint == NULL))
        BUG("the network is described by nothing");
    return 0;
}
