/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/windows.h"

#include <openssl/evp.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "plug/communicator.h"
#include "provisioner/common.h"

#define TRY_AGAIN_NS (2 * NS_PER_S)

void windows_add_escaped(struct strbuf *sb, str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if (strchr("$\"`'", s.ptr[i]) != NULL && s.ptr[i] != '\0')
            strbuf_addc(sb, '`');
        strbuf_addc(sb, s.ptr[i]);
    }
}

const char *windows_quote(struct arena *a, const char *text)
{
    AUTO(strbuf) struct strbuf sb = STRBUF_INIT;
    const char *s = text;
    strbuf_addc(&sb, '\'');
    for (; *s != '\0'; s++) {
        if (*s == '\'')
            strbuf_addc(&sb, '\'');
        strbuf_addc(&sb, *s);
    }
    strbuf_addc(&sb, '\'');
    prov_hide_form(text, sb.buf);
    return arena_strdup(a, sb.buf);
}

const char *windows_encoded(struct arena *a, const char *script)
{
    AUTO(strbuf) struct strbuf wide = STRBUF_INIT;
    utf8_to_utf16le(str_from(script), &wide);
    unsigned char *text = arena_alloc(a, wide.len / 3 * 4 + 8);
    EVP_EncodeBlock(text, (const unsigned char *)wide.buf, (int)wide.len);
    return arena_fmt(a, "powershell.exe -NoProfile -EncodedCommand %s", (const char *)text);
}

/* --- scripts --- */

struct watch {
    struct build *b;
    struct windows_script *s;
};

static void on_line(void *arg, bool is_stderr, str line)
{
    struct watch *w = arg;
    if (is_stderr)
        prov_keep_last(&w->s->last, line);
    build_output(w->b, is_stderr, line);
}

static bool run_once(struct build *b, struct windows_script *s, int *status, struct error **err)
{
    struct watch w = {.b = b, .s = s};
    struct cancel *cancel = prov_token(b);
    if (s->text.ptr != NULL && !comm_upload_data(b->comm, s->text, s->path, 0644, cancel, err))
        return false;
    struct comm_command cmd = {
        .command = s->command, .secret = true, .on_line = on_line, .arg = &w};
    return comm_run(b->comm, &cmd, cancel, status, err);
}

bool windows_run_script(struct build *b, struct windows_script *s, int *status, struct error **err)
{
    int64_t start = clock_now();
    bool said = false;
    while (!run_once(b, s, status, err)) {
        if (cancel_test(prov_token(b)) || clock_now() - start + TRY_AGAIN_NS > s->retry_ns)
            return error_wrap(err, "cannot start %s", s->title);
        autofree char *why = error_line(*err);
        if (!said)
            build_sayf(b, "Waiting to start %s: %s", s->title, why);
        said = true;
        error_drop(err);
        if (!cancel_sleep(prov_token(b), TRY_AGAIN_NS))
            return cancel_error(prov_token(b), err, "the start of a script");
    }
    return true;
}

/* --- elevation --- */

static void add_xml(struct strbuf *sb, const char *s)
{
    for (; *s != '\0'; s++) {
        switch (*s) {
        case '&': strbuf_adds(sb, "&amp;"); break;
        case '<': strbuf_adds(sb, "&lt;"); break;
        case '>': strbuf_adds(sb, "&gt;"); break;
        case '"': strbuf_adds(sb, "&quot;"); break;
        case '\'': strbuf_adds(sb, "&apos;"); break;
        default: strbuf_addc(sb, *s);
        }
    }
}

/* Task Scheduler 2.0, schema version 1.2. */
static const char task_head[] =
    "<?xml version=\"1.0\" encoding=\"UTF-16\"?>\n"
    "<Task version=\"1.2\" xmlns=\"http://schemas.microsoft.com/windows/2004/02/mit/task\">\n"
    "  <RegistrationInfo><Description>Packer elevated task</Description></RegistrationInfo>\n"
    "  <Principals><Principal id=\"Author\"><UserId>";
static const char task_middle[] =
    "</UserId><LogonType>Password</LogonType><RunLevel>HighestAvailable</RunLevel>"
    "</Principal></Principals>\n"
    "  <Settings>\n"
    "    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>\n"
    "    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>\n"
    "    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>\n"
    "    <AllowHardTerminate>true</AllowHardTerminate>\n"
    "    <StartWhenAvailable>false</StartWhenAvailable>\n"
    "    <RunOnlyIfNetworkAvailable>false</RunOnlyIfNetworkAvailable>\n"
    "    <IdleSettings><StopOnIdleEnd>false</StopOnIdleEnd><RestartOnIdle>false</RestartOnIdle>"
    "</IdleSettings>\n"
    "    <AllowStartOnDemand>true</AllowStartOnDemand>\n"
    "    <Enabled>true</Enabled>\n"
    "    <Hidden>false</Hidden>\n"
    "    <RunOnlyIfIdle>false</RunOnlyIfIdle>\n"
    "    <WakeToRun>false</WakeToRun>\n"
    "    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>\n"
    "    <Priority>4</Priority>\n"
    "  </Settings>\n"
    "  <Actions Context=\"Author\"><Exec><Command>cmd</Command><Arguments>/c ";
static const char task_tail[] = "</Arguments></Exec></Actions>\n</Task>\n";

/* After $name, $log, $script, $user, $password and the here-string $xml are
 * set.  Logon type 1 is a password, 5 a service account; task state 4 is
 * running, 3 ready. */
static const char run_task[] =
    "$s = New-Object -ComObject 'Schedule.Service'\n"
    "$s.Connect()\n"
    "$t = $s.NewTask($null)\n"
    "$logon = 1\n"
    "if ($password.Length -eq 0) {\n"
    "  $logon = 5\n"
    "  $password = $null\n"
    "  $ns = New-Object System.Xml.XmlNamespaceManager($xml.NameTable)\n"
    "  $ns.AddNamespace('ns', $xml.DocumentElement.NamespaceURI)\n"
    "  $node = $xml.SelectSingleNode('/ns:Task/ns:Principals/ns:Principal/ns:LogonType', $ns)\n"
    "  $node.ParentNode.RemoveChild($node) | Out-Null\n"
    "}\n"
    "$t.XmlText = $xml.OuterXml\n"
    "if (Test-Path variable:global:ProgressPreference) { $ProgressPreference = "
    "'SilentlyContinue' }\n"
    "$f = $s.GetFolder('\\')\n"
    "$f.RegisterTaskDefinition($name, $t, 6, $user, $password, $logon, $null) | Out-Null\n"
    "$t = $f.GetTask(\"\\$name\")\n"
    "$t.Run($null) | Out-Null\n"
    "$sec = 0\n"
    "while ((!($t.state -eq 4)) -and ($sec -lt 10)) { Start-Sleep -s 1; $sec++ }\n"
    "$line = 0\n"
    "do {\n"
    "  $done = $t.state -eq 3\n"
    "  if (!$done) { Start-Sleep -m 100 }\n"
    "  if (Test-Path $log) {\n"
    "    Get-Content $log | select -skip $line | ForEach { $line += 1; Write-Output \"$_\" }\n"
    "  }\n"
    "} while (!$done)\n"
    "$result = $t.LastTaskResult\n"
    "Remove-Item $log, $script -Force -ErrorAction SilentlyContinue | Out-Null\n"
    "$f.DeleteTask($name, 0)\n"
    "[System.Runtime.Interopservices.Marshal]::ReleaseComObject($s) | Out-Null\n"
    "exit $result\n";

static void runner_text(struct strbuf *sb, struct arena *a, const char *uuid, const char *path,
                        const char *command, const char *user, const char *password)
{
    const char *log = arena_fmt(a, "%%SYSTEMROOT%%/Temp/packer-%s.out", uuid);
    strbuf_addf(sb, "$name = 'packer-%s'\n", uuid);
    strbuf_addf(sb, "$log = [System.Environment]::ExpandEnvironmentVariables('%s')\n", log);
    strbuf_addf(sb, "$script = %s\n", windows_quote(a, path));
    strbuf_addf(sb, "$user = %s\n", windows_quote(a, user));
    strbuf_addf(sb, "$password = %s\n", windows_quote(a, password));
    strbuf_addf(sb, "$xml = [xml]@'\n%s", task_head);
    add_xml(sb, user);
    strbuf_adds(sb, task_middle);
    add_xml(sb, command);
    strbuf_addf(sb, " &gt; %s 2&gt;&amp;1", log);
    strbuf_adds(sb, task_tail);
    strbuf_addf(sb, "'@\n%s", run_task);
}

bool windows_elevate(struct build *b, struct arena *a, const char *command, const char *user,
                     const char *password, const char **out, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    const char *path = arena_fmt(a, "C:/Windows/Temp/packer-elevated-shell-%s.ps1", uuid);
    runner_text(&text, a, uuid, path, command, user, password == NULL ? "" : password);
    bool ok = comm_upload_data(b->comm, strbuf_str(&text), path, 0600, prov_token(b), err);
    explicit_bzero(text.buf, text.len);
    if (!ok)
        return error_wrap(err, "cannot prepare the elevated command");
    *out = arena_fmt(a, "powershell -executionpolicy bypass -file \"%s\"", path);
    return true;
}

void windows_remove(struct build *b, struct arena *a, const char *const *paths, size_t count)
{
    AUTO(strbuf) struct strbuf script = STRBUF_INIT;
    AUTO(error) struct error *e = NULL;
    int status = 0;
    strbuf_adds(&script, "Remove-Item -Force -ErrorAction SilentlyContinue -LiteralPath ");
    for (size_t i = 0; i < count; i++)
        strbuf_addf(&script, "%s%s", i > 0 ? "," : "", windows_quote(a, paths[i]));
    strbuf_adds(&script, "; exit 0");
    struct comm_command cmd = {.command = windows_encoded(a, script.buf),
                               .timeout_ns = 60 * NS_PER_S};
    if (!comm_run(b->comm, &cmd, prov_token(b), &status, &e) || status != 0)
        log_warn("provisioner", "the files of a script are left in the guest: %s",
                 e == NULL ? "status" : e->msg);
}
