/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/ansible.h"

#define REASON_MAX ((size_t)600)

static void set(struct strbuf *sb, str text)
{
    strbuf_truncate(sb, 0);
    strbuf_addstr(sb, str_sub(text, 0, MIN(text.len, REASON_MAX)));
}

/* The text of the JSON string that follows NEEDLE, escapes of the common kind
 * undone; false without one. */
static bool add_json_string(struct strbuf *sb, str text, str needle)
{
    ptrdiff_t at = str_find(text, needle);
    if (at < 0)
        return false;
    size_t begin = sb->len;
    for (size_t i = (size_t)at + needle.len; i < text.len && text.ptr[i] != '"'; i++) {
        char c = text.ptr[i];
        if (c == '\\' && i + 1 < text.len) {
            c = text.ptr[++i];
            c = c == 'n' || c == 'r' || c == 't' ? ' ' : c;
        }
        strbuf_addc(sb, c);
    }
    return sb->len > begin;
}

/* SAID without what ssh itself says around a session with a terminal. */
static str without_noise(str said)
{
    ptrdiff_t known = str_find(said, STR("known hosts."));
    if (str_starts(said, STR("Warning: Permanently added")) && known > 0)
        said = str_sub(said, (size_t)known + strlen("known hosts."), said.len);
    ptrdiff_t shared = str_find(said, STR("Shared connection to "));
    if (shared >= 0 && str_ends(said, STR(" closed.")))
        said = str_sub(said, 0, (size_t)shared);
    return str_trim(said);
}

/* What RESULT, the JSON behind "=>", says went wrong. */
static void add_reason(struct strbuf *sb, str result)
{
    static const char *const keys[] = {"\"msg\": \"", "\"stderr\": \"", "\"module_stderr\": \"",
                                       "\"reason\": \"", "\"stdout\": \""};
    size_t begin = sb->len;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(4 * REASON_MAX);
    if (add_json_string(&text, result, str_from(keys[0])))
        strbuf_addstr(sb, str_sub(strbuf_str(&text), 0, MIN(text.len, REASON_MAX)));
    /* The message of `command` and `shell` says less than their standard error. */
    if (text.len > 0 && strcmp(text.buf, "non-zero return code") != 0)
        return;
    for (size_t i = 1; i < ARRAY_SIZE(keys); i++) {
        strbuf_truncate(&text, 0);
        if (!add_json_string(&text, result, str_from(keys[i])))
            continue;
        str said = without_noise(str_trim(strbuf_str(&text)));
        if (said.len == 0)
            continue;
        strbuf_addf(sb, "%s%.*s", sb->len > begin ? ": " : "",
                    STR_FMT(str_sub(said, 0, MIN(said.len, REASON_MAX))));
        return;
    }
}

/* "fatal: [host]: FAILED! => {...}", "failed: [host] (item=x) => {...}". */
static void note_failure(struct ansible_watch *w, str line)
{
    ptrdiff_t open = str_find_char(line, '['), arrow = str_find(line, STR("=>"));
    str rest = open < 0 ? (str){NULL, 0} : str_sub(line, (size_t)open + 1, line.len);
    str host = str_split(&rest, ']');
    strbuf_truncate(&w->failed, 0);
    strbuf_addf(&w->failed, "task '%s' failed on '%.*s'",
                w->task.len > 0 ? w->task.buf : "(unnamed)", STR_FMT(host));
    AUTO(strbuf) struct strbuf reason = STRBUF_INIT;
    if (arrow >= 0)
        add_reason(&reason, str_sub(line, (size_t)arrow, line.len));
    if (reason.len > 0)
        strbuf_addf(&w->failed, ": %s", reason.buf);
}

/* "TASK [role : name] *****" and the like. */
static void note_task(struct ansible_watch *w, str line)
{
    ptrdiff_t open = str_find_char(line, '['), close = str_rfind_char(line, ']');
    if (open >= 0 && close > open)
        set(&w->task, str_sub(line, (size_t)open + 1, (size_t)close));
}

void ansible_watch_line(struct ansible_watch *w, bool is_stderr, str raw)
{
    AUTO(strbuf) struct strbuf plain = STRBUF_INIT;
    prov_add_plain(&plain, raw);
    str line = str_trim_end(strbuf_str(&plain));
    if (str_starts(line, STR("TASK [")) || str_starts(line, STR("RUNNING HANDLER [")))
        note_task(w, line);
    else if (str_starts(line, STR("fatal: [")) || str_starts(line, STR("failed: [")))
        note_failure(w, line);
    else if (str_starts(line, STR("...ignoring")))
        strbuf_truncate(&w->failed, 0);
    else if (str_starts(line, STR("ERROR! ")))
        set(&w->last, str_sub(line, 7, line.len));
    else if (is_stderr && line.len > 0 && w->last.len == 0 && !str_starts(line, STR("[")))
        set(&w->last, line);
}

/* ansible/executor/task_queue_manager.py and cli/__init__.py. */
static const char *meaning(int status)
{
    switch (status) {
    case 2: return "a host failed";
    case 3:
    case 4: return "the guest could not be reached, or the playbook could not be read";
    case 5: return "its options are wrong";
    case 127: return "it was not found";
    case 250: return "an unexpected error of Ansible";
    default: return "see its output above";
    }
}

bool ansible_set_failure(const struct ansible_watch *w, const char *playbook, int status,
                         struct error **err)
{
    if (w->failed.len > 0)
        error_set(err, ERR_PROVISION, 0, "%s", w->failed.buf);
    else if (w->last.len > 0)
        error_set(err, ERR_PROVISION, 0, "%s", w->last.buf);
    else
        error_set(err, ERR_PROVISION, 0, "%s", meaning(status));
    return error_wrap(err, "playbook '%s' failed with status %d", playbook, status);
}

void ansible_watch_clear(struct ansible_watch *w)
{
    strbuf_clear(&w->task);
    strbuf_clear(&w->failed);
    strbuf_clear(&w->last);
}
