/* SPDX-License-Identifier: Apache-2.0 */
#include "provisioner/provisioner.h"

#include "base/clock.h"
#include "provisioner/common.h"

struct sleep_config {
    int64_t duration_ns;
};

#define C struct sleep_config
static const struct opt sleep_opts[] = {
    OPT_DUR(C, duration_ns, "duration", .flags = OPT_REQUIRED | OPT_NOHASH, .min = "0s",
            .doc = "How long to wait.  A wait for something to happen is better done by what makes "
                   "it happen."),
    OPT_END,
};
#undef C

static bool sleep_run(const void *config, struct build *b, struct error **err)
{
    const struct sleep_config *c = config;
    if (cancel_sleep(prov_token(b), c->duration_ns))
        return true;
    return cancel_error(prov_token(b), err, "the sleep provisioner");
}

const struct provisioner_type provisioner_sleep = {
    .name = "sleep",
    .summary = "Wait for a while.",
    .doc = "For what gives no sign when it is done."
           "\n\n"
           "    provisioner \"sleep\" {\n"
           "      duration = \"10s\"\n"
           "    }",
    .opts = sleep_opts,
    .config_size = sizeof(struct sleep_config),
    .run = sleep_run,
};
