/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_TEMPLATE_INTERNAL_H
#define IMGFAC_TEMPLATE_INTERNAL_H

/* What the files of template/ share. */

#include "hcl/diag.h"
#include "hcl/eval.h"
#include "template/template.h"

DEFINE_ARENA_VEC(blocks, const struct block *);

/* Every block of TYPE at the top level of all files, in order. */
void template_top_blocks(struct template *t, str type, size_t labels, struct blocks *out,
                         struct diags *diags);

/* load.c: files with suffix SUFFIX in DIR, sorted; full paths. */
bool template_list_files(struct arena *a, const char *dir, const char *suffix,
                         struct opt_strings *out, struct error **err);
/* packer.c: `packer` blocks. */
bool template_check_packer(struct template *t, struct diags *diags);
/* variables.c: declarations; then the values from outside (values.c), then
 * validation and what is still unset. */
bool template_declare_variables(struct template *t, struct diags *diags);
bool template_assign_variables(struct template *t, const struct template_options *options,
                               struct diags *diags);
bool template_validate_variables(struct template *t, bool allow_unset, struct diags *diags);
/* Convert and keep V as the value of VAR. */
bool template_set_variable(struct arena *a, struct template_variable *var, value v,
                           const char *origin, struct range range, struct diags *diags);
/* locals.c: locals and data sources in the order of their dependencies. */
bool template_resolve_locals(struct template *t, const struct template_options *options,
                             struct diags *diags);
/* sources.c, builds.c. */
bool template_read_sources(struct template *t, struct diags *diags);
bool template_read_builds(struct template *t, struct diags *diags);
/* "qemu.x" or "source.qemu.x" to a source; NULL after a diagnostic at RANGE. */
const struct template_source *template_find_source(const struct template *t, str ref,
                                                   struct range range, struct diags *diags);
/* scope.c: path and packer. */
void template_set_constants(struct template *t);
/* Register every string inside V with the redactor. */
void template_register_secret(value v);

#endif
