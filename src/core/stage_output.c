/* SPDX-License-Identifier: Apache-2.0 */
#include "core/stages.h"

#include "base/io.h"

struct output_state {
    bool made; /* by this build: removed when it fails */
};

static bool output_run(struct step *s, struct build *b, struct error **err)
{
    struct output_state *state = s->state;
    if (io_exists(b->output_dir)) {
        if (!b->force) {
            error_set(err, ERR_EXISTS, 0,
                      "Output directory '%s' already exists. It must not exist.", b->output_dir);
            return error_hint(err,
                              "Remove it, set another output_directory, or build with -force.");
        }
        build_sayf(b, "Deleting previous output directory...");
        if (!io_remove_tree(b->output_dir, err))
            return false;
    }
    state->made = true;
    return io_mkdir_p(b->output_dir, 0755, err);
}

static void output_cleanup(struct step *s, struct build *b, bool ok)
{
    struct output_state *state = s->state;
    if (ok || !state->made)
        return;
    build_sayf(b, "Deleting output directory...");
    AUTO(error) struct error *e = NULL;
    if (!io_remove_tree(b->output_dir, &e)) {
        autofree char *why = error_line(e);
        build_warnf(b, "the output directory was left behind: %s", why);
    }
}

struct step stage_output(struct build *b)
{
    return (struct step){.name = "output",
                         .state = arena_new_object(b->arena, struct output_state),
                         .run = output_run,
                         .cleanup = output_cleanup};
}
