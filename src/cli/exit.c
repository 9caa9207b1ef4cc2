/* SPDX-License-Identifier: Apache-2.0 */

#include "cli/exit.h"

#include "base/error.h"

const struct exit_doc exit_docs[] = {
    {EXIT_OK, "ok", "Everything was done."},
    {EXIT_FAILED, "failed",
     "A build failed, or an operation met an error without a code of its "
     "own."},
    {EXIT_USAGE, "usage", "The flags or arguments are wrong; nothing was begun."},
    {EXIT_FMT_CHANGES, "fmt-changes", "`imgfac fmt -check` found files that it would change."},
    {EXIT_TEMPLATE, "template",
     "The template, its variables or the configuration are wrong; "
     "nothing was begun."},
    {EXIT_HOST, "host",
     "The host lacks a tool, firmware, permission or disk space; see `imgfac "
     "doctor`."},
    {EXIT_NOT_FOUND, "not-found", "A bucket, version, channel or file is not there."},
    {EXIT_INTEGRITY, "integrity", "A checksum does not match, or the catalog is damaged."},
    {EXIT_CANCELLED, "cancelled",
     "Interrupted by Ctrl-C or SIGTERM; what was begun is cleaned "
     "up."},
    {0},
};

int exit_code_of(const struct error *e)
{
    switch (e->code) {
    case ERR_USAGE: return EXIT_USAGE;
    case ERR_TEMPLATE: return EXIT_TEMPLATE;
    case ERR_NO_SPACE:
    case ERR_HOST: return EXIT_HOST;
    case ERR_NOT_FOUND: return EXIT_NOT_FOUND;
    case ERR_CHECKSUM: return EXIT_INTEGRITY;
    case ERR_CANCELLED: return EXIT_CANCELLED;
    case ERR_INTERNAL:
    case ERR_IO:
    case ERR_EXISTS:
    case ERR_NETWORK:
    case ERR_LIBVIRT:
    case ERR_GUEST:
    case ERR_AUTH:
    case ERR_DISCONNECT:
    case ERR_PROVISION:
    case ERR_SEAL:
    case ERR_CATALOG:
    case ERR_TIMEOUT: break;
    }
    return EXIT_FAILED;
}
