/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_ANSIBLE_H
#define IMGFAC_PROVISIONER_ANSIBLE_H

/* What the provisioners "ansible" and "ansible-local" share: finding the task
 * that failed in a playbook's output, and keeping secrets out of argument
 * vectors.  Not thread-safe. */

#include "base/strbuf.h"
#include "plug/communicator.h"
#include "provisioner/common.h"

struct ansible_config {
    const char *playbook_file;
    const char *command;
    struct opt_strings extra_arguments;
    struct opt_strings ansible_env_vars;
    struct opt_strings ansible_ssh_extra_args;
    struct opt_strings groups, empty_groups;
    const char *host_alias;
    const char *user;
    int use_proxy; /* -1: not set */
    int64_t local_port;
    const char *ssh_host_key_file, *ssh_authorized_key_file;
    int proxy_key_type;
    const char *sftp_command;
    int use_sftp; /* -1: not set */
    bool skip_version_check;
    const char *inventory_directory, *inventory_file, *inventory_file_template;
    bool keep_inventory_file;
    const char *galaxy_file, *galaxy_command;
    bool galaxy_force_install, galaxy_force_with_deps;
    const char *roles_path, *collections_path;
    bool winrm_use_http;
};

/* One run of the provisioner "ansible". */
struct ansible_run {
    const struct ansible_config *c;
    struct build *b;
    struct arena *a;
    struct comm_access access;
    const char *dir;     /* private, for keys, variables, Ansible's temporary files */
    const char *sockets; /* of ssh connections kept open; short, as such paths must be */
    uint64_t sockets_entry;
    struct words env;
    struct words ssh_args; /* of --ssh-extra-args, quoted */
    struct strbuf vars;    /* connection variables, as JSON without the braces */
};

/* --- ansible_connect.c: how Ansible's ssh or WinRM reaches the guest --- */

/* Fill env, ssh_args and vars; write keys.  HAS_PASSWORD: the template gives
 * Ansible a password itself. */
bool ansible_connect(struct ansible_run *r, bool has_password, struct error **err);
/* End the ssh connections that Ansible keeps open for a minute. */
void ansible_disconnect(struct ansible_run *r);
/* Add one variable, its value a string. */
void ansible_add_var(struct ansible_run *r, const char *name, const char *value);

/* --- ansible_run.c --- */

bool ansible_execute(struct ansible_run *r, struct error **err);

/* --- ansible_output.c --- */

/* Reads along with what ansible-playbook prints (its default call-back). */
struct ansible_watch {
    struct strbuf task;   /* name of the running task */
    struct strbuf failed; /* "task 'x' failed on 'host': reason"; empty: none */
    struct strbuf last;   /* last line that says an error */
};
#define ANSIBLE_WATCH_INIT                                                                         \
    {                                                                                              \
        .task = STRBUF_INIT_MAX(512), .failed = STRBUF_INIT_MAX(4096),                             \
        .last = STRBUF_INIT_MAX(1024)                                                              \
    }
void ansible_watch_line(struct ansible_watch *w, bool is_stderr, str line);
/* Set the error of a playbook that ended with STATUS; returns false. */
bool ansible_set_failure(const struct ansible_watch *w, const char *playbook, int status,
                         struct error **err);
void ansible_watch_clear(struct ansible_watch *w);
DEFINE_AUTO_CLEAR(ansible_watch, struct ansible_watch, ansible_watch_clear);

/* --- ansible_vars.c --- */

struct ansible_file {
    const char *name; /* "vars-1.yml" */
    const char *text;
};
DEFINE_ARENA_VEC(ansible_files, struct ansible_file);

/* Replace the values of -e and --extra-vars in ARGS that hold a secret by
 * "@DIR/name" of a file added to FILES, which the caller writes with mode
 * 0600.  A secret in any other argument is an error naming its number. */
bool ansible_hide_secrets(struct arena *a, const char *dir, struct words *args,
                          struct ansible_files *files, struct error **err);
/* "k=v k2='v 2'" as Ansible reads it, as a JSON object of strings. */
bool ansible_parse_vars(struct arena *a, str text, const char **json, struct error **err);

/* Which of `ansible-galaxy install` and `collection install` the requirements
 * file TEXT wants. */
void ansible_galaxy_kinds(str text, bool *roles, bool *collections);

#endif
