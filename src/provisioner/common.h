/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_PROVISIONER_COMMON_H
#define IMGFAC_PROVISIONER_COMMON_H

/* What the provisioners share: rendering of {{ }} with the data of the running
 * build, the environment that every script gets, scripts given inline or as
 * files, judging exit statuses.  Results live in the caller's arena. */

#include "base/strbuf.h"
#include "base/vec.h"
#include "gotemplate/gotemplate.h"
#include "plug/build.h"
#include "plug/provisioner.h"

DEFINE_ARENA_VEC(words, const char *);

/* The token that ends whatever a provisioner waits for. */
struct cancel *prov_token(struct build *b);

/* Render TEXT with the build's data and the COUNT fields of EXTRA; WHAT names
 * the option in the error. */
bool prov_render(struct build *b, struct arena *a, const char *text,
                 const struct gotmpl_field *extra, size_t count, const char *what, char **out,
                 struct error **err);

/* The environment of a script, sorted by name: what imgfac exports, then LIST
 * ("K=V", rendered), then MAP; later ones win. */
bool prov_env(struct build *b, struct arena *a, struct opt_strings list, struct opt_map map,
              struct opt_map *out, struct error **err);
/* Each pair printed by FORMAT (Go's: %s name, %s value), values with single
 * quotes made safe when QUOTE, all in one string. */
char *prov_env_text(struct arena *a, const struct opt_map *env, const char *format, bool quote);

/* Diagnose a block without inline, script or scripts. */
void prov_check_has_script(const struct body *body, struct diags *diags);
/* FORMAT (may be NULL) takes a name and a value. */
void prov_check_env_format(const char *format, const char *option, const struct body *body,
                           struct diags *diags);
/* Diagnose "K=V" lists and paths of scripts that do not exist. */
void prov_check_env(struct opt_strings list, const char *option, const struct body *body,
                    struct diags *diags);
void prov_check_files(const char *one, struct opt_strings many, const struct body *body,
                      struct diags *diags);
void prov_check_template(const char *text, const char *option, const struct body *body,
                         struct diags *diags);

/* Inline lines joined, or a file's text, ready to run: the first line is
 * #!SHEBANG when ALWAYS or the text has none. */
bool prov_inline_text(struct build *b, struct arena *a, struct opt_strings lines,
                      const char *shebang, bool always, struct strbuf *out, struct error **err);

/* True when STATUS is among VALID (empty: only 0); else ERR_PROVISION naming
 * SCRIPT, with LAST, the last line of its standard error (may be empty). */
bool prov_judge(int status, struct opt_ints valid, const char *script, const char *last,
                struct error **err);
/* The line without its colours: ESC [ ... letter. */
void prov_add_plain(struct strbuf *sb, str line);
/* Keep LINE, plain and cut to what fits into a message, as the last one that says anything. */
void prov_keep_last(struct strbuf *last, str line);
/* LINE is how sudo ends for want of a password. */
bool prov_is_sudo_password(const char *line);
#define PROV_SUDO_ADVICE "The account needs sudo without a password (NOPASSWD in sudoers)"
/* A private directory (mode 0700) inside the build's own, which the ledger
 * knows; heap, or NULL.  Remove it with what is in it by prov_work_remove(). */
char *prov_work_dir(struct build *b, const char *prefix, struct error **err);
void prov_work_remove(struct build *b, const char *dir);

/* TEXT holds something that the redactor would hide. */
bool prov_has_secret(const char *text);
/* TEXT came to be written as OTHER: hide that too when TEXT holds a secret. */
void prov_hide_form(const char *text, const char *other);
/* The first COUNT words as one line of shell text, for people. */
char *prov_join(struct arena *a, const char *const *words, size_t count);

/* Shell text of words, quotes and backslashes as words; false when a shell
 * would do more with it than take the quotes away. */
bool prov_split_shell(struct arena *a, str text, struct words *out);

void prov_pause_after(struct build *b, int64_t pause_ns);

#endif
