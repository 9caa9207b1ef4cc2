/* SPDX-License-Identifier: Apache-2.0 */
#include "seal/quick.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void reads_elf_headers(void **state)
{
    (void)state;
    static const struct {
        const char bytes[21];
        size_t len;
        const char *arch;
    } cases[] = {
        {"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0", 20, "x86_64"},
        {"\177ELF\1\1\1\0\0\0\0\0\0\0\0\0\3\0\3\0", 20, "i386"},
        {"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\267\0", 20, "aarch64"},
        {"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\363\0", 20, "riscv64"},
        {"\177ELF\2\2\1\0\0\0\0\0\0\0\0\0\0\3\0\26", 20, "s390x"},
        {"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\1\0", 20, NULL},
        {"\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\3\0\76\0", 19, NULL},
        {"#!/bin/sh\n..........", 20, NULL},
        {"", 0, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        const char *arch = quick_elf_arch((str){cases[i].bytes, cases[i].len});
        bool same = arch == NULL || cases[i].arch == NULL ? arch == cases[i].arch
                                                          : strcmp(arch, cases[i].arch) == 0;
        if (!same)
            fail_msg("case %zu: %s", i, arch == NULL ? "none" : arch);
    }
}

static void reads_fstab(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool plain;
        const char *spec, *point;
    } cases[] = {
        {"", true, "", ""},
        {"PARTUUID=a / ext4 defaults 0 1\n", true, "", ""},
        {"# c\n\nUUID=a / xfs defaults 0 1\nUUID=F8-2A /boot/efi vfat umask=0077 0 0\n", true,
         "UUID=F8-2A", "/boot/efi"},
        {"/dev/vda1\t/\text4\n/swapfile none swap sw 0 0\nproc /proc proc d 0 0\n", true, "", ""},
        {"tmpfs /tmp tmpfs d 0 0\n/dev/sr0 /media/cdrom0 udf,iso9660 user,noauto 0 0\n", true, "",
         ""},
        {"/dev/vda1 / ext4\n/dev/vda2 /home ext4\n", false, NULL, NULL},
        {"/dev/vda1 / ext4\n/dev/vda2 /boot ext4\n", false, NULL, NULL},
        {"LABEL=a /efi vfat\nLABEL=b /boot/efi vfat\n", false, NULL, NULL},
        {"broken\n", false, NULL, NULL},
    };
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str spec, point;
        bool plain = quick_read_fstab(str_from(cases[i].text), &spec, &point);
        if (plain != cases[i].plain ||
            (plain && (!str_eqz(spec, cases[i].spec) || !str_eqz(point, cases[i].point))))
            fail_msg("'%s'", cases[i].text);
    }
}

static void counts_packages(void **state)
{
    (void)state;
    str dpkg = STR("Package: a\nStatus: install ok installed\n\nPackage: b\n"
                   "Status: deinstall ok config-files\n\nPackage: c\nStatus: hold ok installed\n");
    assert_int_equal(quick_count_packages(dpkg, false), 2);
    str apk = STR("C:Q1x\nP:musl\nV:1\n\nC:Q1y\nP:busybox\nV:1\nD:P:x\n");
    assert_int_equal(quick_count_packages(apk, true), 2);
    assert_int_equal(quick_count_packages((str){0}, false), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_elf_headers),
        cmocka_unit_test(reads_fstab),
        cmocka_unit_test(counts_packages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
