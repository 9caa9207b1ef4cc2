/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
#include "qemu/args.h"
#include "qemu/domain.h"
#include "qemu/keyval.h"

#define MOST_ARGS 8

struct words {
    const char *name, *value;
};

/* What a row may look at. */
struct result {
    struct domain d;
    struct args_context x;
    char *xml; /* heap */
};

static bool render(void *arg, str text, const char **out, struct error **err)
{
    (void)err;
    *out = str_dup(arg, text);
    return true;
}

static struct domain sample(void)
{
    return (struct domain){
        .name = "x",
        .arch = "x86_64",
        .machine = "pc",
        .emulator = "/usr/bin/qemu-system-x86_64",
        .vcpus = 1,
        .memory_mib = 512,
        .disks = {{.path = "/work/disk.qcow2",
                   .format = "qcow2",
                   .bus = "virtio",
                   .cache = "unsafe",
                   .discard = "unmap",
                   .boot_order = 1},
                  {.path = "/work/disk-1.qcow2", .format = "qcow2", .bus = "virtio"},
                  {.media = MEDIA_CDROM,
                   .path = "/isos/a.iso",
                   .format = "raw",
                   .bus = "ide",
                   .read_only = true,
                   .boot_order = 2}},
        .disk_count = 3,
        .nic_model = "virtio-net-pci",
        .forward_port = 2222,
        .guest_port = 22,
    };
}

static bool apply(struct arena *a, const struct words *args, struct result *r, struct error **err)
{
    struct qemu_config *c = arena_new_object(a, struct qemu_config);
    c->qemuargs.ptr = arena_new_array(a, struct opt_strings, MOST_ARGS);
    for (; args[c->qemuargs.len].name != NULL; c->qemuargs.len++) {
        const struct words *w = &args[c->qemuargs.len];
        const char **pair = arena_new_array(a, const char *, 2);
        pair[0] = w->name;
        pair[1] = w->value;
        c->qemuargs.ptr[c->qemuargs.len] = (struct opt_strings){pair, w->value != NULL ? 2 : 1};
    }
    *r = (struct result){.d = sample()};
    r->x = (struct args_context){.arena = a,
                                 .config = c,
                                 .domain = &r->d,
                                 .disk = "/out/vm",
                                 .efivars = "/out/efivars.fd",
                                 .net_device = "virtio-net",
                                 .cdrom_bus = "ide",
                                 .render = render,
                                 .arg = a};
    if (!args_apply(&r->x, err))
        return false;
    r->xml = domain_xml(&r->d, err);
    return r->xml != NULL;
}

static const struct {
    struct words args[MOST_ARGS];
    const char *has, *has_not; /* in the XML; may be NULL */
} rows[] = {
    {{{"-m", "4G"}}, "<memory unit=\"MiB\">4096<", "\"-m\""},
    {{{"-m", "size=2048,maxmem=4G"}}, ">2048<", NULL},
    {{{"-smp", "4"}}, "static\">4</vcpu>", "<topology"},
    {{{"-smp", "cpus=1,maxcpus=4,threads=4"}}, "current=\"1\">4</vcpu>", NULL},
    {{{"-smp", "4,sockets=2"}}, "<topology sockets=\"2\" cores=\"2\" threads=\"1\"/>", NULL},
    {{{"-machine", "type=q35,accel=tcg,hpet=off"}}, "machine=\"q35\"", "accel"},
    {{{"-machine", "type=q35,accel=tcg,hpet=off"}}, "value=\"hpet=off\"", NULL},
    {{{"-machine", "ubuntu"}}, "machine=\"pc\"", NULL},
    {{{"-cpu", "host,hv-passthrough,+aes"}}, "value=\"max,+aes\"", "hv-passthrough"},
    {{{"-boot", "d"}}, "<readonly/>\n      <boot order=\"1\"/>", NULL},
    {{{"-boot", "menu=on,order=c"}}, "value=\"menu=on\"", NULL},
    {{{"-rtc", "base=localtime,clock=host"}}, "<clock offset=\"localtime\"/>", "\"-rtc\""},
    {{{"-no-reboot", NULL}}, "<on_reboot>destroy", NULL},
    {{{"-kernel", "/k"}, {"-append", "a b"}}, "<cmdline>a b</cmdline>", "\"-kernel\""},
    {{{"-display", "gtk"}, {"-nographic", NULL}}, NULL, "gtk"},
    {{{"-smbios", "type=1,serial=a,,b"}}, "value=\"type=1,serial=a,,b\"", NULL},
    {{{"-vnc", "0.0.0.0:7"}}, "port=\"5907\"", NULL},
    {{{"-vga", "qxl"}}, "<model type=\"qxl\"/>", NULL},
    {{{"-device", "virtio-gpu-pci"}}, "<model type=\"virtio\"/>", "virtio-gpu-pci"},
    {{{"-usbdevice", "tablet"}}, "usb-tablet,bus=imgfac-usb.0", NULL},
    {{{"-device", "usb-kbd"}}, "qemu-xhci,id=imgfac-usb", NULL},
    {{{"-device", "qemu-xhci"}, {"-device", "usb-kbd"}}, "value=\"usb-kbd\"", "imgfac-usb"},
    /* networks */
    {{{"-device", "virtio-net,netdev=user.0"}}, "virtio-net,netdev=user.0,addr=0x3", "romfile="},
    {{{"-device", "virtio-net,netdev=user.0"}}, "user,id=user.0,hostfwd", NULL},
    {{{"-netdev", "user,id=n"}}, "virtio-net-pci,netdev=n,", "hostfwd"},
    {{{"-netdev", "user,id=n"}, {"-device", "e1000,netdev=n"}},
     "e1000,netdev=n,addr=0x3",
     "virtio-net-pci"},
    {{{"-device", "virtio-rng-pci"}}, "virtio-net-pci,netdev=user.0", NULL},
    /* drives: the template's path of the disk leads to the overlay */
    {{{"-drive", "file=/out/vm,if=ide,cache=none,format=raw"}},
     "type=\"qcow2\" cache=\"none\" discard=\"unmap\"/>\n      <source file=\"/work/disk.qcow2\"/>",
     "/isos/a.iso"},
    {{{"-drive", "file=/out/vm,if=ide"}}, "<target dev=\"hda\" bus=\"ide\"/>", "disk-1"},
    {{{"-drive", "file=/out/vm-1,if=virtio"}}, "/work/disk-1.qcow2", NULL},
    {{{"-drive", "file=/out/vm-1,if=virtio"}}, "/work/disk.qcow2", NULL}, /* kept */
    {{{"-drive", "file=/isos/a.iso,media=cdrom"}}, "device=\"cdrom\"", NULL},
    {{{"-drive", "file=/out/vm,if=none,id=d"}, {"-device", "scsi-hd,drive=d,bootindex=3"}},
     "<boot order=\"4\"/>",
     "\"-drive\""},
    {{{"-drive", "file=/out/vm,if=none,id=d,format=raw"}, {"-device", "nvme,drive=d,serial=s"}},
     "file=/work/disk.qcow2,if=none,id=d,format=qcow2",
     "vda"},
    {{{"--drive", "file=/extra.img,if=virtio"}}, "/extra.img", NULL},
    {{{"--drive", "file=/extra.img,if=virtio"}}, "/isos/a.iso", NULL}, /* adds only */
    {{{"-device", "scsi-hd,drive=drive0"}, {"-device", "virtio-scsi-pci,id=scsi0"}},
     "model=\"virtio-scsi\"",
     "id=scsi0"},
    {{{"-drive", "if=pflash,unit=0,readonly=on,file=/c.fd"},
      {"-drive", "if=pflash,unit=1,file=/v.fd"}},
     "<nvram>/v.fd</nvram>",
     "\"-drive\""},
    {{{"-drive", "if=pflash,unit=0,readonly=on,file=/c.fd"}}, "/isos/a.iso", NULL},
    {{{"-cdrom", "/b.iso"}}, "/b.iso", NULL},
};

static void switches_become_xml(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct result r;
        bool ok = apply(a, rows[i].args, &r, &err);
        autofree char *xml = r.xml;

        if (!ok)
            fail_msg("row %zu: %s", i, err->msg);
        if (rows[i].has != NULL && strstr(xml, rows[i].has) == NULL)
            fail_msg("row %zu: no '%s' in\n%s", i, rows[i].has, xml);
        if (rows[i].has_not != NULL && strstr(xml, rows[i].has_not) != NULL)
            fail_msg("row %zu: '%s' in\n%s", i, rows[i].has_not, xml);
    }
}

static void some_are_refused(void **state)
{
    (void)state;
    static const struct words refused[][2] = {
        {{"-daemonize", NULL}}, {{"--snapshot", NULL}}, {{"-m", "lots"}},
        {{"-smp", "0"}},        {{"-vnc", ":x"}},       {{"-usbdevice", "braille"}},
    };
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        AUTO(error) struct error *err = NULL;
        struct result r;
        assert_false(apply(a, refused[i], &r, &err));
        assert_int_equal(err->code, ERR_TEMPLATE);
    }
}

static void says_what_it_leaves_out(void **state)
{
    (void)state;
    AUTO(arena) struct arena *a = arena_new("test");
    AUTO(error) struct error *err = NULL;
    static const struct words args[] = {
        {"-serial", "telnet::4444,server"}, {"-drive", "file=/other.img"}, {NULL, NULL}};
    struct result r;
    assert_true(apply(a, args, &r, &err));
    autofree char *xml = r.xml;
    assert_int_equal(r.x.notes.len, 2);
    static const struct words copy[] = {{"-serial", "file:/tmp/console"}, {NULL, NULL}};
    assert_true(apply(a, copy, &r, &err));
    autofree char *again = r.xml;
    assert_string_equal(r.x.console_copy, "/tmp/console");
}

static void pairs_survive(void **state)
{
    (void)state;
    static const char *const texts[] = {"a", "a=b", "x,y=1,z", "a,b=c,,d,e", "driver=x,readonly"};
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        AUTO(arena) struct arena *a = arena_new("test");
        struct keyvals kv = keyvals_parse(a, texts[i], "first");
        assert_string_equal(keyvals_text(a, &kv), texts[i]);
    }
    AUTO(arena) struct arena *a = arena_new("test");
    struct keyvals kv = keyvals_parse(a, "pc,x=1,x=2,on", "type");
    assert_string_equal(keyvals_get(&kv, "type"), "pc");
    assert_string_equal(keyvals_take(&kv, "x"), "2");
    assert_true(keyvals_is_on(&kv, "on"));
    assert_string_equal(keyvals_text(a, &kv), "pc,on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(switches_become_xml),
        cmocka_unit_test(some_are_refused),
        cmocka_unit_test(says_what_it_leaves_out),
        cmocka_unit_test(pairs_survive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
