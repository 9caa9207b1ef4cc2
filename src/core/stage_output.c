/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "base/io.h"
#include "ledger/ledger.h"

struct output_state {
    ledger_id entry; /* the directory made by this build: removed when it fails or is killed */
};

static bool output_run(struct step *s, struct build *b, struct error **err)
{
    struct output_state *state = s->state;
    if (io_exists(b->output_dir)) {
        if (!b->force) {
            error_set(err, ERR_EXISTS, 0,
                      "Output directory '%s' already exists. It must not exist.", b->output_dir);
            error_option(err, "output_directory");
            return error_hint(err,
                              "Remove it, set another output_directory, or build with -force.");
        }
        build_sayf(b, "Deleting previous output directory...");
        if (!io_remove_tree(b->output_dir, err))
            return false;
    }
    autofree char *path = io_absolute(b->output_dir);
    return ledger_add(b->ledger, "tree", path, &state->entry, err) &&
           io_mkdir_p(b->output_dir, 0755, err);
}

static void output_cleanup(struct step *s, struct build *b, bool ok)
{
    struct output_state *state = s->state;
    AUTO(error) struct error *e = NULL;
    if (!ok && state->entry != 0) {
        build_sayf(b, "Deleting output directory...");
        io_remove_tree(b->output_dir, &e);
    }
    if (e == NULL) {
        ledger_strike(b->ledger, state->entry);
        return;
    }
    autofree char *why = error_line(e);
    build_warnf(b, "the output directory was left behind: %s", why);
}

struct step stage_output(struct build *b)
{
    return (struct step){.name = "output",
                         .state = arena_new_object(b->arena, struct output_state),
                         .run = output_run,
                         .cleanup = output_cleanup};
}
