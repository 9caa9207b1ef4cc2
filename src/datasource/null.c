/* SPDX-License-Identifier: Apache-2.0 */

#include "datasource/datasource.h"

struct null_config {
    const char *input;
};

struct null_output {
    const char *output;
};

static const struct opt opts[] = {
    OPT_STR(struct null_config, input, "input", .flags = OPT_REQUIRED,
            .doc = "The text that becomes `output`."),
    OPT_END,
};

static const struct opt outputs[] = {
    OPT_STR(struct null_output, output, "output", .doc = "What `input` says."),
    OPT_END,
};

static bool null_read(const struct datasource_type *self, const void *opaque,
                      struct data_call *call, void *out, struct error **err)
{
    const struct null_config *config = opaque;
    struct null_output *output = out;
    (void)self;
    (void)call;
    (void)err;
    output->output = config->input;
    return true;
}

const struct datasource_type datasource_null = {
    .name = "null",
    .summary = "Hands its input on: for trying out what data sources do",
    .opts = opts,
    .config_size = sizeof(struct null_config),
    .outputs = outputs,
    .output_size = sizeof(struct null_output),
    .read = null_read,
};
