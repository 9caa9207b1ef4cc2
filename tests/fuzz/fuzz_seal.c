/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/accounts.h"

#include "seal/edit.h"
#include "seal/quick.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef size_t (*edit)(str text, str name, struct strbuf *out);

/* An edit done twice changes nothing the second time, and never makes text longer. */
static void check_edit(edit fn, str text, str name)
{
    AUTO(strbuf) struct strbuf once = STRBUF_INIT;
    AUTO(strbuf) struct strbuf twice = STRBUF_INIT;
    size_t changed = fn(text, name, &once);
    if (changed == 0 && !str_eq(strbuf_str(&once), text))
        BUG("text changed without a change");
    if (once.len > text.len + changed) /* a last line may get its LF */
        BUG("text grew");
    if (fn(strbuf_str(&once), name, &twice) != 0)
        BUG("the edit is not complete");
}

static void check_lock(str text, str name)
{
    AUTO(strbuf) struct strbuf out = STRBUF_INIT;
    if (!shadow_lock(text, name, true, &out))
        return;
    if (!shadow_is_locked(strbuf_str(&out), name) ||
        !shadow_is_expired(strbuf_str(&out), name, 20000))
        BUG("the account is not locked");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size}, spec, point;
    str name = str_split(&text, '\n');
    bool word = name.len > 0 && str_find_char(name, ':') < 0 && str_find_char(name, ',') < 0 &&
                str_eq(str_trim(name), name);
    if (text.ptr == NULL || !word)
        return 0;
    check_edit(account_drop_entry, text, name);
    check_edit(account_drop_member, text, name);
    check_edit(sudoers_drop_user, text, name);
    check_edit(ssh_keys_drop, text, name);
    check_edit(hosts_drop_name, text, name);
    check_lock(text, name);
    ssh_key_blob(text);
    ini_get(text, name);
    quick_read_fstab(text, &spec, &point);
    quick_elf_arch(text);
    return 0;
}
