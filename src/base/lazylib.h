/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_LAZYLIB_H
#define IMGFAC_BASE_LAZYLIB_H

/* Libraries that are loaded when they are first used, so that commands which
 * only read templates start at once.  Calls are written as always: the program
 * is linked with stubs made by mk/lazy.sh instead of the libraries.  A stub
 * that cannot load its library ends the program with a message; whoever has
 * an error to return asks lazylib_load() before the first call.  Where the
 * libraries are linked as usual (tests, sanitizers) nothing here does
 * anything.  Thread-safe. */

#include "base/cleanup.h"

struct error;

struct lazylib {
    const char *soname; /* "libvirt.so.0" */
    const char *names;  /* COUNT functions, each ending in NUL */
    void **slots;       /* their addresses, NULL before the library is loaded */
    size_t count;
};

/* Load the library whose soname begins with NAME ("libvirt"); ERR_HOST when
 * it is not installed or does not fit. */
bool lazylib_load(const char *name, struct error **err);
/* Load all of them: what a build does before it begins. */
bool lazylib_load_all(struct error **err);

/* For tests: the same for one library of any table. */
bool lazylib_open(struct lazylib *lib, struct error **err);

#endif
