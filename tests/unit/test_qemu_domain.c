/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "qemu/domain.h"

static struct domain sample(void)
{
    return (struct domain){
        .name = "imgfac-golden",
        .uuid = "6b5b1a2e-59f4-4f0c-9f3d-3f6a3a1f7a10",
        .arch = "x86_64",
        .machine = "pc",
        .emulator = "/usr/bin/qemu-system-x86_64",
        .vcpus = 1,
        .memory_mib = 1024,
        .disks = {{.path = "/store/work/1/disk.qcow2",
                   .format = "qcow2",
                   .backing = "/store/images/ab",
                   .backing_format = "qcow2",
                   .bus = "virtio",
                   .cache = "unsafe",
                   .discard = "unmap",
                   .detect_zeroes = "unmap",
                   .boot_order = 1},
                  {.path = "/store/work/1/seed.iso",
                   .format = "raw",
                   .bus = "virtio",
                   .read_only = true,
                   .serial = "cidata"}},
        .disk_count = 2,
        .nic_model = "virtio-net-pci",
        .forward_port = 2222,
        .guest_port = 22,
        .console_log = "/store/logs/1/console.log",
    };
}

/* Parts that others count on, by what they guard. */
static const struct {
    const char *why, *text;
} parts[] = {
    {"the base keeps its owner",
     "<source file=\"/store/images/ab\">\n          <seclabel model=\"dac\" relabel=\"no\"/>"},
    {"the overlay is thrown away when the build fails", "cache=\"unsafe\""},
    {"cloud kernels have no CD driver",
     "<disk type=\"file\" device=\"disk\">\n      <driver name=\"qemu\" type=\"raw\"/>\n"
     "      <source file=\"/store/work/1/seed.iso\"/>"},
    {"the port is forwarded on loopback alone", "user,id=user.0,hostfwd=tcp:127.0.0.1:2222-:22"},
    {"the network card stands in slot 3",
     "virtio-net-pci,netdev=user.0,bus=pci.0,addr=0x3,romfile="},
    {"a panic is seen", "<panic model=\"isa\"/>"},
    {"a panicked guest stays for its picture", "<on_crash>preserve</on_crash>"},
    {"emulation has room for its code", "<tb-cache unit=\"MiB\">512</tb-cache>"},
    {"emulated string instructions go byte by byte", "<feature policy=\"disable\" name=\"erms\"/>"},
    {"the first disk boots", "<boot order=\"1\"/>"},
};

static void has_what_others_count_on(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct domain d = sample();
    autofree char *xml = domain_xml(&d, &err);

    assert_non_null(xml);
    for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
        if (strstr(xml, parts[i].text) == NULL)
            fail_msg("%s: no '%s' in\n%s", parts[i].why, parts[i].text, xml);
}

static void validate(const struct domain *d)
{
    AUTO(error) struct error *err = NULL;
    AUTO(strbuf) struct strbuf why = STRBUF_INIT;
    autofree char *tool = io_find_program("virt-xml-validate");
    autofree char *xml = domain_xml(d, &err);
    int status = 0;

    assert_non_null(xml);
    if (tool == NULL)
        skip();
    const char *const argv[] = {tool, "-", "domain", NULL};
    struct proc_spec spec = {.argv = argv,
                             .input = str_from(xml),
                             .err_out = &why,
                             .any_status = true,
                             .what = "validate"};
    assert_true(proc_run(&spec, &status, &err));
    if (status != 0)
        fail_msg("%s\n%s", why.buf, xml);
}

static void passes_the_schema_of_libvirt(void **state)
{
    (void)state;
    struct domain d = sample();
    validate(&d);

    d.kvm = true;
    d.machine = "q35";
    d.firmware_code = "/usr/share/OVMF/OVMF_CODE_4M.fd";
    d.firmware_vars = "/store/work/1/efivars.fd";
    d.sockets = 1, d.cores = 2, d.threads = 1, d.vcpus = 2;
    d.video = "vga";
    d.vnc_address = "127.0.0.1";
    d.vnc_port = 5901;
    d.vnc_password = "secret";
    d.cpu_model = "EPYC,+aes";
    d.disks[0].bus = "scsi";
    d.disks[2] = (struct domain_disk){.media = MEDIA_CDROM,
                                      .path = "/isos/a & <b>.iso",
                                      .format = "raw",
                                      .bus = "sata",
                                      .read_only = true,
                                      .keep_owner = true,
                                      .boot_order = 2};
    d.disk_count = 3;
    d.agent_socket = "";
    validate(&d);
    d.agent_socket = "/store/work/1/agent";
    validate(&d);
}

/* The other host's libvirt chooses the firmware and serves the console. */
static void lets_another_host_choose(void **state)
{
    static const char *const wanted[] = {
        "<os firmware=\"efi\">", "<feature enabled=\"yes\" name=\"secure-boot\"/>",
        "<loader secure=\"yes\"/>", "<nvram>/pool/vars.fd</nvram>", "<serial type=\"pty\">"};
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct domain d = sample();
    d.machine = "q35";
    d.firmware_auto = true;
    d.firmware_vars = "/pool/vars.fd";
    d.secure_boot = true;
    d.console_pty = true;
    validate(&d);
    autofree char *xml = domain_xml(&d, &err);
    for (size_t i = 0; i < ARRAY_SIZE(wanted); i++)
        if (strstr(xml, wanted[i]) == NULL)
            fail_msg("no '%s' in\n%s", wanted[i], xml);
    assert_null(strstr(xml, "console.log"));
    d.firmware_auto = d.secure_boot = false;
    d.firmware_code = "/there/code.fd";
    d.vars_template = "/there/vars.fd";
    validate(&d);
    autofree char *given = domain_xml(&d, &err);
    assert_non_null(strstr(given, "<nvram template=\"/there/vars.fd\">/pool/vars.fd</nvram>"));
}

static void escapes_what_users_write(void **state)
{
    (void)state;
    AUTO(error) struct error *err = NULL;
    struct domain d = sample();
    d.disks[0].path = "/a/<\"&'>/disk";
    autofree char *xml = domain_xml(&d, &err);

    assert_non_null(strstr(xml, "/a/&lt;&quot;&amp;'&gt;/disk"));
    d.disks[0].path = "/a/\x01/disk";
    assert_null(domain_xml(&d, &err));
    assert_int_equal(err->code, ERR_TEMPLATE);
    error_drop(&err);
    d.disks[0].path = "/a/\xff/disk";
    assert_null(domain_xml(&d, &err));
}

static void knows_packers_card_names(void **state)
{
    (void)state;
    assert_string_equal(domain_nic_device("virtio-net"), "virtio-net-pci");
    assert_string_equal(domain_nic_device("e1000"), "e1000");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(has_what_others_count_on), cmocka_unit_test(passes_the_schema_of_libvirt),
        cmocka_unit_test(lets_another_host_choose), cmocka_unit_test(escapes_what_users_write),
        cmocka_unit_test(knows_packers_card_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
