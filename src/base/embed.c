/* SPDX-License-Identifier: Apache-2.0 */
#include "base/embed.h"

str embed_find(const char *name)
{
    for (const struct embedded_file *f = embedded_files; f->name != NULL; f++) {
        if (strcmp(f->name, name) == 0)
            return (str){f->start, (size_t)(f->end - f->start)};
    }
    return (str){NULL, 0};
}
