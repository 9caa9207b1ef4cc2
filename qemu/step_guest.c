/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/state.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <sys/stat.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/log.h"
#include "base/proc.h"
#include "base/redact.h"
#include "catalog/catalog.h"
#include "config/config.h"
#include "host/host.h"
#include "ledger/runfile.h"
#include "media/imgtool.h"
#include "net/port.h"
#include "qemu/agent.h"
#include "qemu/bundle.h"
#include "qemu/conn.h"
#include "qemu/console.h"
#include "qemu/domain.h"
#include "qemu/guest.h"
#include "qemu/netwatch.h"
#include "qemu/reap.h"
#include "qemu/remote.h"
#include "qemu/screens.h"
#include "qemu/tail.h"

#define START_ATTEMPTS 3
#define LOOPBACK       "127.0.0.1"

/* The system's files are never written, and libvirt 9.0 wants raw ones. */
static bool copy_firmware(struct build *b, const char *src, const char *format, const char *dst,
                          struct error **err)
{
    if (format == NULL || strcmp(format, "qcow2") != 0)
        return io_copy_sparse(src, dst, b->cancel, NULL, NULL, err);
    struct img_convert job = {
        .src = src, .src_format = format, .dst = dst, .dst_format = "raw", .cancel = b->cancel};
    return img_convert(&job, err);
}

static bool prepare_firmware(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const char *base_firmware = b->image.firmware;
    if (!qemu_choose_firmware(b, err))
        return false;
    if (base_firmware == NULL || strcmp(base_firmware, "both") != 0)
        b->image.firmware = s->efi ? "uefi" : "bios";
    if (s->remote == NULL && s->firmware.code_format != NULL &&
        strcmp(s->firmware.code_format, "qcow2") == 0) {
        const char *raw = arena_fmt(b->arena, "%s/firmware.fd", b->work_dir);
        if (!copy_firmware(b, s->firmware.code, "qcow2", raw, err))
            return error_wrap(err, "cannot read the firmware");
        s->firmware.code = raw;
    }
    if (s->remote != NULL)
        return s->vars_path == NULL || remote_expect_vars(b, err);
    return s->vars_path == NULL ||
           copy_firmware(b, s->firmware.vars, s->firmware.vars_format, s->vars_path, err) ||
           error_wrap(err, "cannot copy the firmware's variable store");
}

/* VNC takes 8 characters at most. */
static const char *make_vnc_password(struct build *b)
{
    static const char alphabet[] = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    unsigned char random[8];
    char *text = arena_alloc(b->arena, sizeof(random) + 1);
    hash_random(random, sizeof(random));
    for (size_t i = 0; i < sizeof(random); i++)
        text[i] = alphabet[random[i] % (sizeof(alphabet) - 1)];
    return text;
}

/* The login's port here; on another host a tunnel leads from it to QEMU's there,
 * which can only be guessed. */
static bool hold_login_port(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    port_hold_free(s->port);
    s->port = port_hold_new(LOOPBACK, (int)c->host_port_min, (int)c->host_port_max, err);
    if (s->port == NULL)
        return error_option(err, "host_port_min host_port_max");
    s->forward_port = b->target.port = port_hold_number(s->port);
    if (s->remote != NULL)
        s->forward_port = remote_guess_port(c->host_port_min, c->host_port_max);
    return true;
}

static bool hold_ports(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    if (qemu_forwards(c) && !hold_login_port(b, err))
        return false;
    b->target.host = LOOPBACK;
    if (c->vnc_use_password && s->vnc_password == NULL)
        s->vnc_password = c->vnc_password != NULL ? c->vnc_password : make_vnc_password(b);
    if (!qemu_shows_screen(c) || s->vnc_port != NULL)
        return true;
    if (s->remote != NULL) {
        s->vnc_number = remote_guess_port(c->vnc_port_min, c->vnc_port_max);
        return true;
    }
    s->vnc_port =
        port_hold_new(c->vnc_bind_address, (int)c->vnc_port_min, (int)c->vnc_port_max, err);
    if (s->vnc_port == NULL) {
        error_option(err, "vnc_port_min vnc_port_max");
        return error_wrap(err, "no port for VNC");
    }
    s->vnc_number = port_hold_number(s->vnc_port);
    return true;
}

/* The file stands before QEMU opens it, so that the watcher can. */
static bool make_console_log(struct build *b, struct error **err)
{
    b->console_log = arena_fmt(b->arena, "%s/console.log", b->log_dir);
    autoclose int fd = open(b->console_log, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    return fd >= 0 || error_set(err, ERR_IO, errno, "cannot create '%s'", b->console_log);
}

/* libvirt cuts names for its directories at 20 characters. */
static void name_domain(struct build *b)
{
    struct qemu_state *s = qemu_state(b);
    char uuid[UUID_SIZE];
    hash_uuid4(uuid);
    s->domain_uuid = arena_strdup(b->arena, uuid);
    char *name = arena_fmt(b->arena, "imgfac-%.20s-%.8s", b->source_name, uuid);
    for (char *p = name; *p != '\0'; p++)
        if (strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-", *p) == NULL)
            *p = '-';
    s->domain_name = name;
}

/* Other processes reach the guest by these; a daemon's guests they reach by
 * the daemon.  The root's path is short enough for addresses of sockets. */
static void name_sockets(struct build *b)
{
    struct qemu_state *s = qemu_state(b);
    const char *root = conn_root(s->conn);
    if (root == NULL)
        return;
    s->console_socket = arena_fmt(b->arena, "%s/%.8s.tty", root, s->domain_uuid);
    s->monitor_socket = arena_fmt(b->arena, "%s/%.8s.qmp", root, s->domain_uuid);
    /* WinRM without TLS sends the password, or what it can be guessed from. */
    if (b->comm_config->type != COMM_WINRM || b->comm_config->winrm_use_ssl)
        s->net_dump = arena_fmt(b->arena, "%s/net.pcap", b->log_dir);
}

static void on_fatal_console(void *arg)
{
    guest_fail(arg);
}

static bool record_domain(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    autofree char *data =
        reap_domain_data(conn_uri(s->conn), conn_root(s->conn), s->domain_name, s->domain_uuid);
    return ledger_add(b->ledger, "domain", data, &s->domain_entry, err);
}

/* Another process may take our port between the look and QEMU's bind. */
static bool is_port_clash(const struct error *e)
{
    autofree char *line = error_line(e);
    return strstr(line, "host forwarding") != NULL || strstr(line, "in use") != NULL;
}

/* A daemon's QEMU runs as an account of its own (user of its qemu.conf). */
static void explain_denial(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    autofree char *line = error_line(*err);
    if (conn_root(s->conn) == NULL && strstr(line, "Permission denied") != NULL)
        error_hint(err,
                   "QEMU of '%s' runs as another account: every directory down to '%s' must let "
                   "it pass (chmod o+x), or set store.path elsewhere, or use qemu:///session.",
                   conn_uri(s->conn), b->work_dir);
}

/* Another host's guest waits until somebody reads its console. */
static struct guest *start_there(struct build *b, const char *xml, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct guest *g = guest_start_paused(s->conn, s->domain_uuid, xml, b->guest, err);
    if (g == NULL)
        return NULL;
    s->remote->tail = tail_open(g, b->console_log, err);
    if (s->remote->tail != NULL && guest_resume(g, err))
        return g;
    tail_close(steal(&s->remote->tail));
    guest_free(g);
    return NULL;
}

static bool start_once(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    struct domain d;
    if (!hold_ports(b, err) || !qemu_describe_domain(b, &d, err) ||
        (s->remote != NULL && !remote_translate(b, &d, err)))
        return false;
    autofree char *xml = domain_xml(&d, err);
    if (xml == NULL)
        return false;
    log_debug("qemu", "%s", xml);
    bundle_keep_xml(b, xml);
    s->guest_port = d.guest_port;
    s->has_screen = d.video != NULL;
    s->guest = s->remote != NULL ? start_there(b, xml, err)
                                 : guest_start(s->conn, s->domain_uuid, xml, b->guest, err);
    if (s->guest == NULL)
        explain_denial(b, err);
    return s->guest != NULL;
}

static bool start(struct build *b, struct error **err)
{
    for (int i = 1;; i++) {
        if (start_once(b, err))
            return true;
        if (i == START_ATTEMPTS || *err == NULL || !is_port_clash(*err))
            return false;
        log_info("qemu", "port %d was taken meanwhile, trying another", b->target.port);
        error_drop(err);
    }
}

static void tell(struct build *b)
{
    const struct qemu_state *s = qemu_state(b);
    const struct qemu_config *c = s->config;
    if (s->remote == NULL && !s->kvm && qemu_accelerator(c, b->arena) == ACCEL_KVM)
        build_warnf(b, "KVM cannot be used here (%s): the guest is emulated", host_kvm()->reason);
    build_sayf(b, "Starting the virtual machine (%s, %lld MB)", s->kvm ? "KVM" : "TCG, emulated",
               (long long)qemu_memory_mib(c));
    if (s->vnc_number != 0)
        build_sayf(b, "Its screen: vnc://%s:%d%s%s%s%s", c->vnc_bind_address, s->vnc_number,
                   s->remote != NULL ? " of " : "", s->remote != NULL ? s->remote->host_name : "",
                   s->vnc_password != NULL ? ", password " : "",
                   s->vnc_password != NULL ? s->vnc_password : "");
}

/* libvirt runs the emulator of the TPM; said before it complains. */
static bool check_tpm(const struct qemu_state *s, struct error **err)
{
    static const char *const tools[] = {"swtpm", "swtpm_setup"};
    for (size_t i = 0; s->config->vtpm && i < ARRAY_SIZE(tools); i++) {
        autofree char *path = io_find_program(tools[i]);
        if (path != NULL)
            continue;
        error_set(err, ERR_HOST, 0, "vtpm: '%s' is not installed", tools[i]);
        error_option(err, "vtpm");
        return error_hint(err, "Install the package %s.", proc_package_of(tools[i]));
    }
    return true;
}

static void watch(struct build *b)
{
    struct qemu_state *s = qemu_state(b);
    s->watch = console_watch_start(b->console_log, on_fatal_console, s->guest);
    if (s->has_screen)
        s->screens = screens_start(s->guest, b->log_dir);
    if (s->net_dump != NULL)
        s->netwatch = netwatch_start(s->net_dump, s->monitor_socket);
}

/* What `imgfac ssh` logs in with; in the work directory, hence in the ledger. */
static bool write_key(struct build *b, const char **path, struct error **err)
{
    const struct comm_config *c = b->comm_config;
    *path = c->ssh_private_key_file;
    if (b->target.private_key_pem == NULL)
        return true;
    *path = arena_fmt(b->arena, "%s/ssh_key", b->work_dir);
    if (b->debug)
        build_sayf(b, "The private key of this build, while it lasts: %s", *path);
    return io_write_file(*path, str_from(b->target.private_key_pem), 0600, err);
}

static bool publish(struct build *b, struct error **err)
{
    const struct qemu_state *s = qemu_state(b);
    struct run_info *info = runfile_info(b->run);
    if (info == NULL)
        return true;
    info->domain = s->domain_name;
    info->uuid = s->domain_uuid;
    info->uri = conn_uri(s->conn);
    info->monitor = s->monitor_socket;
    info->console = s->console_socket;
    info->console_log = b->console_log;
    if (s->config->comm.type == COMM_SSH) {
        info->ssh_host = b->target.host;
        info->ssh_port = b->target.port;
        info->ssh_user = b->target.user != NULL ? b->target.user : s->config->comm.ssh_username;
        info->ssh_known_hosts = arena_fmt(b->arena, "%s/ssh_known_hosts", b->work_dir);
        if (!write_key(b, &info->ssh_key, err))
            return false;
    }
    runfile_publish(b->run);
    return true;
}

/* Another host was asked for its own emulator, and is connected to by now. */
static bool prepare(struct build *b, struct error **err)
{
    struct qemu_state *s = qemu_state(b);
    const char *uri = s->hypervisor != NULL ? s->hypervisor->uri : NULL;
    const char *store = b->catalog != NULL ? catalog_store_path(b->catalog) : b->work_dir;
    const char *run_dir = arena_fmt(b->arena, "%s/run", store);
    bool is_here = s->remote == NULL;
    if (is_here && (!check_tpm(s, err) || !qemu_find_emulator(s, b->arena, err)))
        return false;
    if (!prepare_firmware(b, err) || !make_console_log(b, err))
        return false;
    if (is_here)
        s->conn = conn_open(uri, run_dir, b->ledger, err);
    return s->conn != NULL;
}

static bool run(struct step *step, struct build *b, struct error **err)
{
    (void)step;
    struct qemu_state *s = qemu_state(b);
    if (!prepare(b, err))
        return false;
    name_domain(b);
    name_sockets(b);
    tell(b);
    if (!record_domain(b, err) || !start(b, err))
        return false;
    for (size_t i = 0; i < s->notes.len; i++)
        build_warnf(b, "%s", s->notes.ptr[i]);
    if (s->config->comm.type == COMM_GUEST_AGENT)
        b->agent = qemu_agent_new(b->arena, s->guest);
    watch(b);
    if (s->remote != NULL && s->port != NULL &&
        !remote_open_login(b, b->target.port, s->forward_port, err))
        return false;
    return publish(b, err);
}

/* The strings of the connection are about to go. */
static void retract(struct build *b)
{
    struct run_info *info = runfile_info(b->run);
    if (info != NULL)
        info->uri = info->monitor = info->console = NULL;
}

/* -serial file:PATH of qemuargs: its writer is gone now.  As QEMU does, over
 * what an earlier build left there. */
static void copy_console(struct build *b)
{
    struct error *err = NULL;
    struct stat st;
    const char *path = qemu_state(b)->console_copy;
    if (path == NULL || b->console_log == NULL || !io_exists(b->console_log))
        return;
    if (lstat(path, &st) == 0 && S_ISREG(st.st_mode))
        unlink(path);
    if (!io_copy_sparse(b->console_log, path, NULL, NULL, NULL, &err)) {
        autofree char *why = error_line(err);
        build_warnf(b, "the serial console is not in '%s': %s", path, why);
    }
    error_drop(&err);
}

static void cleanup(struct step *step, struct build *b, bool ok)
{
    (void)step;
    (void)ok;
    struct qemu_state *s = qemu_state(b);
    struct error *err = NULL;
    retract(b);
    bool gone =
        s->guest == NULL || (guest_state(s->guest) != GUEST_LOST && guest_destroy(s->guest, &err));
    /* After the guest: its end ends calls that wait for a QEMU that hangs. */
    console_watch_stop(steal(&s->watch));
    screens_stop(steal(&s->screens));
    netwatch_stop(steal(&s->netwatch));
    b->agent = NULL;
    if (s->remote != NULL)
        tail_close(steal(&s->remote->tail));
    guest_free(steal(&s->guest));
    copy_console(b);
    if (gone)
        ledger_strike(b->ledger, s->domain_entry);
    else
        log_warn("qemu", "domain '%s' is left to the next start", s->domain_name);
    error_drop(&err);
    s->domain_entry = 0;
    if (s->remote == NULL) /* else it is still needed there */
        conn_close(steal(&s->conn));
    port_hold_free(steal(&s->port));
    port_hold_free(steal(&s->vnc_port));
}

struct step qemu_step_guest(struct build *b)
{
    (void)b;
    return (struct step){.name = "boot", .run = run, .cleanup = cleanup};
}
