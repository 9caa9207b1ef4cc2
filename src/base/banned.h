/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_BANNED_H
#define IMGFAC_BASE_BANNED_H

/* libc functions that are easy to misuse become compile errors: the names turn
 * into an undeclared identifier.  The compiler's command line includes this
 * file after the headers that declare them (mk/warnings.mk). */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define BANNED(func) sorry_##func##_is_a_banned_function

#undef strcpy
#define strcpy(d, s) BANNED(strcpy)
#undef strcat
#define strcat(d, s) BANNED(strcat)
#undef strncpy
#define strncpy(d, s, n) BANNED(strncpy)
#undef strncat
#define strncat(d, s, n) BANNED(strncat)
#undef strtok
#define strtok(s, d) BANNED(strtok)
#undef sprintf
#define sprintf(...) BANNED(sprintf)
#undef vsprintf
#define vsprintf(...) BANNED(vsprintf)
#undef gets
#define gets(s) BANNED(gets)
#undef system
#define system(s) BANNED(system)
#undef popen
#define popen(c, m) BANNED(popen)
#undef gmtime
#define gmtime(t) BANNED(gmtime)
#undef localtime
#define localtime(t) BANNED(localtime)
#undef ctime
#define ctime(t) BANNED(ctime)
#undef asctime
#define asctime(t) BANNED(asctime)
#undef mktemp
#define mktemp(x) BANNED(mktemp)
#undef tmpnam
#define tmpnam(x) BANNED(tmpnam)
#undef atoi
#define atoi(x) BANNED(atoi)
#undef atol
#define atol(x) BANNED(atol)
#undef sleep
#define sleep(x) BANNED(sleep)
#undef usleep
#define usleep(x) BANNED(usleep)

#endif
