/* SPDX-License-Identifier: Apache-2.0 */
#include "base/io.h"

#include <sys/stat.h>

#include "base/mem.h"

const char *io_temp_root(void)
{
    const char *dir = getenv("TMPDIR");

    return dir != NULL && *dir != '\0' ? dir : "/var/tmp";
}

char *io_path_join(const char *dir, const char *name)
{
    size_t len = strlen(dir);

    if (len == 0 || *name == '/')
        return xstrdup(name);
    return xasprintf("%s%s%s", dir, dir[len - 1] == '/' ? "" : "/", name);
}

const char *io_basename(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

char *io_dirname(const char *path)
{
    const char *end = strrchr(path, '/');

    if (end == NULL)
        return xstrdup(".");
    while (end > path && end[-1] == '/')
        end--;
    return end == path ? xstrdup("/") : xstrndup(path, (size_t)(end - path));
}

char *io_absolute(const char *path)
{
    autofree char *cwd = NULL;

    if (*path == '/')
        return xstrdup(path);
    while (path[0] == '.' && path[1] == '/')
        path += 2;
    cwd = getcwd(NULL, 0);
    /* The current directory was removed: every use of the path will fail with
     * a message that names it. */
    return io_path_join(cwd == NULL ? "/nonexistent" : cwd, path);
}

static bool is_program(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* Empty and relative parts of the path are passed over: they would run what
 * lies in the current directory. */
static char *find_in(str dirs, const char *name)
{
    while (dirs.ptr != NULL) {
        str dir = str_split(&dirs, ':');
        autofree char *path = NULL;

        if (dir.len == 0 || dir.ptr[0] != '/')
            continue;
        path = xasprintf("%.*s/%s", STR_FMT(dir), name);
        if (is_program(path))
            return steal(&path);
    }
    return NULL;
}

char *io_find_program(const char *name)
{
    const char *path = getenv("PATH");
    char *found;

    if (strchr(name, '/') != NULL)
        return is_program(name) ? xstrdup(name) : NULL;
    if (*name == '\0')
        return NULL;
    found = find_in(str_from(path), name);
    return found != NULL ? found : find_in(STR("/usr/bin:/bin:/usr/sbin:/sbin"), name);
}
