/* SPDX-License-Identifier: Apache-2.0 */

#include "media/tree.h"

#include <dirent.h>
#include <errno.h>
#include <glob.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/io.h"

#define MAX_DEPTH 32
#define MAX_FILES 100000

void tree_init(struct tree *t, struct arena *a)
{
    map_init(&t->files, a);
}

static bool add(struct tree *t, const char *path, str data, const char *host_path,
                struct error **err)
{
    struct arena *a = t->files.arena;
    if (t->files.len >= MAX_FILES)
        return error_set(err, ERR_TEMPLATE, 0, "there are more than %d files for the medium",
                         MAX_FILES);
    struct iso_file *f = arena_new_object(a, struct iso_file);
    *f = (struct iso_file){.path = arena_strdup(a, path),
                           .data = {str_dup(a, data), data.len},
                           .host_path = host_path != NULL ? arena_strdup(a, host_path) : NULL};
    map_set(&t->files, str_from(path), f);
    return true;
}

static bool add_path(struct tree *t, const char *host, const char *inside, enum tree_mode mode,
                     int depth, struct error **err);

static bool add_directory(struct tree *t, const char *host, const char *inside, enum tree_mode mode,
                          int depth, struct error **err)
{
    struct dirent **entries = NULL;
    int n = scandir(host, &entries, NULL, alphasort);
    if (n < 0)
        return error_set(err, ERR_IO, errno, "cannot read directory '%s'", host);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        if (*err == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            struct arena *a = t->files.arena;
            const char *below = mode == TREE_FLATTEN ? name : arena_fmt(a, "%s/%s", inside, name);
            add_path(t, arena_fmt(a, "%s/%s", host, name), below, mode, depth + 1, err);
        }
        free(entries[i]);
    }
    free(entries);
    return *err == NULL;
}

static bool add_path(struct tree *t, const char *host, const char *inside, enum tree_mode mode,
                     int depth, struct error **err)
{
    struct stat st;
    if (depth > MAX_DEPTH)
        return error_set(err, ERR_TEMPLATE, 0, "'%s' is nested too deeply (a link to above?)",
                         host);
    if (stat(host, &st) != 0)
        return error_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO, errno, "cannot use '%s'",
                         host);
    if (S_ISDIR(st.st_mode))
        return add_directory(t, host, inside, mode, depth, err);
    if (!S_ISREG(st.st_mode))
        return error_set(err, ERR_TEMPLATE, 0, "'%s' is neither file nor directory", host);
    return add(t, inside, (str){0}, host, err);
}

bool tree_add_glob(struct tree *t, const char *pattern, enum tree_mode mode, struct error **err)
{
    glob_t found = {0};
    int rc = glob(pattern, GLOB_TILDE, NULL, &found);
    if (rc != 0)
        error_set(err, ERR_NOT_FOUND, 0, "nothing matches '%s'", pattern);
    for (size_t i = 0; rc == 0 && i < found.gl_pathc && *err == NULL; i++) {
        char *path = found.gl_pathv[i];
        size_t len = strlen(path);
        while (len > 1 && path[len - 1] == '/')
            path[--len] = '\0';
        add_path(t, path, io_basename(path), mode, 0, err);
    }
    globfree(&found);
    return *err == NULL;
}

bool tree_add_text(struct tree *t, const char *path, str text, struct error **err)
{
    while (*path == '/')
        path++;
    for (str rest = str_from(path); rest.ptr != NULL;) {
        str part = str_split(&rest, '/');
        if (part.len == 0 || str_eqz(part, "..") || str_eqz(part, "."))
            return error_set(err, ERR_TEMPLATE, 0, "'%s' is no path of a file on a medium", path);
    }
    return add(t, path, text, NULL, err);
}

static int by_path(const void *x, const void *y)
{
    const struct iso_file *a = x, *b = y;
    return strcmp(a->path, b->path);
}

const struct iso_file *tree_files(const struct tree *t, size_t *count)
{
    struct iso_file *list = arena_new_array(t->files.arena, struct iso_file, t->files.len);
    size_t n = 0;
    MAP_EACH (e, &t->files)
        list[n++] = *(const struct iso_file *)e->value;
    qsort(list, n, sizeof(*list), by_path);
    *count = n;
    return list;
}
