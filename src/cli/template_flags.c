/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/template_flags.h"

#include "core/plan.h"

#define S struct template_flags

const struct opt template_flag_rows[] = {
    OPT_STRS(S, vars, "var", .arg = "NAME=VALUE", .flags = OPT_NO_TMPL,
             .doc = "Set an input variable; the last one for a name wins.  May be given several "
                    "times."),
    OPT_STRS(S, var_files, "var-file", .arg = "PATH", .flags = OPT_PATH,
             .doc = "Read variables from a .pkrvars.hcl or .json file.  May be given several "
                    "times; later files win."),
    OPT_STRS(S, only, "only", .arg = "GLOB,...",
             .doc = "Only the builds whose name matches one of these patterns."),
    OPT_STRS(S, except, "except", .arg = "GLOB,...",
             .doc = "All builds but those whose name matches one of these patterns."),
    OPT_STR(S, config_type, "config-type", .arg = "TYPE", .flags = OPT_IGNORED,
            .doc = "Accepted for Packer's sake: templates are told apart by their file name."),
    OPT_BOOL(S, sequential, "use-sequential-evaluation", .def = "false", .flags = OPT_IGNORED,
             .doc = "Accepted for Packer's sake: data sources and locals are evaluated in the "
                    "order of their dependencies."),
    OPT_BOOL(S, skip_enforcement, "skip-enforcement", .def = "false", .flags = OPT_IGNORED,
             .doc = "Accepted for Packer's sake: there are no blocks enforced from outside."),
    OPT_BOOL(S, ignore_prerelease, "ignore-prerelease-plugins", .def = "false",
             .flags = OPT_IGNORED, .doc = "Accepted for Packer's sake: builders are built in."),
    OPT_END,
};

void template_flags_apply(const struct template_flags *flags, const char *path,
                          struct plan_options *out)
{
    out->template_path = path;
    out->only = flags->only;
    out->except = flags->except;
    out->template.vars = flags->vars;
    out->template.var_files = flags->var_files;
}
