/* SPDX-License-Identifier: Apache-2.0 */

#include "plug/sealer.h"

#define S struct seal_config

const struct opt seal_opts[] = {
    OPT_BOOL(S, enabled, "enabled", .def = "true",
             .doc = "False leaves the image as the provisioners left it."),
    OPT_STRS(S, enable, "enable", .doc = "Operations to run that are off by default.",
             .see = "disable"),
    OPT_STRS(S, disable, "disable", .doc = "Operations to leave out.", .see = "enable"),
    OPT_STRS(S, ca_certificates, "ca_certificates", .flags = OPT_PATH,
             .doc = "PEM files of the host, put into the guest's trust store.  Each must hold only "
                    "certificates of CAs that have not expired."),
    OPT_STRS(S, lock_accounts, "lock_accounts",
             .doc = "Accounts that nobody may log in with any more: the password is locked and the "
                    "account expired, which refuses keys too.  root is locked and loses its "
                    "authorized_keys, but does not expire.",
             .see = "root_password, remove_accounts"),
    OPT_STR(S, root_password, "root_password", .def = "\"keep\"",
            .doc = "What becomes of root's password: \"locked\", \"disabled\", \"keep\" or "
                   "\"crypt:HASH\"."),
    OPT_STRS(S, remove_accounts, "remove_accounts",
             .doc = "Accounts to remove with their homes, besides the one made for the build."),
    OPT_STRS(S, run, "run", .doc = "Commands run inside the guest's file system, offline."),
    OPT_STRS(S, delete_paths, "delete",
             .doc = "Files and directories of the guest to delete; "
                    "patterns are allowed."),
    OPT_STR(S, hostname, "hostname", .doc = "Host name of the sealed image."),
    OPT_STR(S, timezone, "timezone", .doc = "Time zone, such as \"Europe/Berlin\"."),
    OPT_DUR(S, timeout_ns, "timeout", .def = "\"30m\"", .min = "1s", .flags = OPT_NOHASH,
            .doc = "Longest time the whole sealing may take."),
    OPT_END,
};
