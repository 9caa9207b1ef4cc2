/* SPDX-License-Identifier: Apache-2.0 */
#include "base/lazylib.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/error.h"
#include "base/log.h"

/* Made by mk/lazy.sh; not there when the libraries are linked as usual. */
extern struct lazylib lazylib_table[] __attribute__((weak));

/* Called by the stubs: the address of function INDEX of the whole table. */
void *lazylib_bind(unsigned index);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool fill_slots(const struct lazylib *lib, void *handle, struct error **err)
{
    const char *name = lib->names;
    for (size_t i = 0; i < lib->count; i++, name += strlen(name) + 1) {
        void *address = dlsym(handle, name);
        if (address == NULL) {
            error_set(err, ERR_HOST, 0, "library '%s' has no function '%s'", lib->soname, name);
            return error_hint(err, "imgfac was built for another version of it. Install the one "
                                   "of the distribution that imgfac is for.");
        }
        __atomic_store_n(&lib->slots[i], address, __ATOMIC_RELEASE);
    }
    return true;
}

/* The library stays for good: threads may be in it. */
bool lazylib_open(struct lazylib *lib, struct error **err)
{
    pthread_mutex_lock(&lock);
    bool ok = lib->count == 0 || lib->slots[lib->count - 1] != NULL;
    if (!ok) {
        void *handle = dlopen(lib->soname, RTLD_LAZY | RTLD_LOCAL);
        if (handle != NULL)
            ok = fill_slots(lib, handle, err);
        else
            error_set(err, ERR_HOST, 0, "cannot load a library: %s", dlerror());
        if (handle == NULL)
            error_hint(err, "Install the package of the distribution that has '%s'.", lib->soname);
    }
    pthread_mutex_unlock(&lock);
    return ok;
}

bool lazylib_load(const char *name, struct error **err)
{
    for (struct lazylib *lib = lazylib_table; lib != NULL && lib->soname != NULL; lib++)
        if (strncmp(lib->soname, name, strlen(name)) == 0 && !lazylib_open(lib, err))
            return false;
    return true;
}

bool lazylib_load_all(struct error **err)
{
    return lazylib_load("", err);
}

void *lazylib_bind(unsigned index)
{
    AUTO(error) struct error *err = NULL;
    struct lazylib *lib = lazylib_table;
    while (index >= lib->count) {
        index -= (unsigned)lib->count;
        lib++;
    }
    if (lazylib_open(lib, &err))
        return lib->slots[index];
    fprintf(stderr, "imgfac: %s. %s\n", err->msg, err->hint);
    _exit(5); /* as for every lack of the host; see cli/exit.h */
}
