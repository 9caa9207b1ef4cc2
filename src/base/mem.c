/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static atomic_ulong faults_passed;

void assert_fail_bug(const char *msg, const char *file, int line)
{
    fprintf(stderr, "imgfac: bug: %s (%s:%d)\n", msg, file, line);
    abort();
}

static void ATTR_NORETURN out_of_memory(size_t size)
{
    fprintf(stderr, "imgfac: out of memory: cannot allocate %zu bytes\n", size);
    abort();
}

void *xmalloc(size_t size)
{
    void *p = malloc(size == 0 ? 1 : size);
    if (p == NULL)
        out_of_memory(size);
    return p;
}

void *xcalloc(size_t count, size_t size)
{
    bool is_empty = count == 0 || size == 0;
    void *p = is_empty ? calloc(1, 1) : calloc(count, size);
    if (p == NULL)
        out_of_memory(size);
    return p;
}

void *xrealloc(void *p, size_t size)
{
    void *grown = realloc(p, size == 0 ? 1 : size);
    if (grown == NULL)
        out_of_memory(size);
    return grown;
}

void *xreallocarray(void *p, size_t count, size_t size)
{
    size_t total;
    if (!ckd_mul_ok(count, size, &total))
        out_of_memory(SIZE_MAX);
    return xrealloc(p, total);
}

char *xstrdup(const char *s)
{
    return xstrndup(s, strlen(s));
}

char *xstrndup(const char *s, size_t len)
{
    size_t size;
    if (!ckd_add_ok(len, (size_t)1, &size))
        out_of_memory(len);
    char *copy = xmalloc(size);
    if (len > 0)
        memcpy(copy, s, len);
    copy[len] = '\0';
    return copy;
}

char *xasprintf(const char *fmt, ...)
{
    char *text = NULL;
    va_list ap;
    va_start(ap, fmt);
    int len = vasprintf(&text, fmt, ap);
    va_end(ap);
    if (len < 0 || text == NULL)
        out_of_memory(0);
    return text;
}

void free_secret(void *p, size_t size)
{
    if (p == NULL)
        return;
    explicit_bzero(p, size);
    free(p);
}

/* The environment is read at each call, so that a test can arm and disarm the
 * fault within one process. */
bool fault(const char *name)
{
#ifdef NDEBUG_FAULTS
    (void)name;
    return false;
#else
    unsigned long passed = atomic_fetch_add(&faults_passed, 1) + 1;
    const char *wanted = getenv("IMGFAC_FAULT");
    if (wanted == NULL || strtoul(wanted, NULL, 10) != passed)
        return false;
    fprintf(stderr, "imgfac: fault %lu injected at %s\n", passed, name);
    return true;
#endif
}

unsigned long fault_count(void)
{
    return atomic_load(&faults_passed);
}
