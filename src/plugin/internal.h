/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PLUGIN_INTERNAL_H
#define IMGFAC_PLUGIN_INTERNAL_H

/* What the files of plugin/ share: a plugin with its types and its running
 * processes.  Not for other modules. */

#include "plugin/conn.h"
#include "plugin/plugin.h"
#include "plugin/store.h"

DEFINE_ARENA_VEC(conns, struct conn *);

struct plugin {
    struct plugin_file file;
    struct conns idle;
};

/* The types handed out; the first member is what the registry sees. */
struct plugin_provisioner {
    struct provisioner_type type;
    struct plugin *plugin;
    const struct component *component;
};
struct plugin_datasource {
    struct datasource_type type;
    struct plugin *plugin;
    const struct component *component;
};

/* A running process of P to talk to, a new one when none is idle; then back to
 * the idle ones, or ended when the conversation broke. */
struct conn *plugin_take(struct plugin *p, struct cancel *c, struct error **err);
void plugin_give_back(struct plugin *p, struct conn *c);

/* "kind", "name" and "config" of the parameters of prepare, run and read, without
 * the closing brace: more may follow. */
bool plugin_add_params(struct strbuf *out, const struct component *c, const void *config,
                       struct error **err);
/* Ask "prepare" and make diagnostics of the answer. */
bool plugin_prepare(struct plugin *p, const struct component *c, const void *config,
                    const struct body *body, struct diags *diags);

/* known.c: Packer's own plugins; false when SOURCE is none. */
bool plugin_answer_known(struct arena *a, str source, struct plugin_answer *out);

/* provisioner.c, datasource.c */
void plugin_fill_provisioner(struct plugin_provisioner *t);
void plugin_fill_datasource(struct plugin_datasource *t);

#endif
