/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_HCL_CHARSET_H
#define IMGFAC_HCL_CHARSET_H

/* Names of character encodings, as the reference knows them.  Pure. */

#include "base/str.h"

/* What iconv() calls the encoding that IANA has under NAME (in any case); NULL
 * when the reference does not know it ("utf8", "ascii": no registered names). */
const char *charset_find(str name);

#endif
