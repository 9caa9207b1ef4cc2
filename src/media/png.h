/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_MEDIA_PNG_H
#define IMGFAC_MEDIA_PNG_H

/* Pictures of a guest's screen as PNG, whatever the hypervisor gave: older
 * ones hand out PPM.  Pure but for the file written; thread-safe. */

#include "base/error.h"
#include "base/str.h"

/* Write PICTURE (PNG, or PPM with 8 bits a colour) to PATH; a file that stands
 * there is replaced.  ERR_GUEST when it is neither. */
bool png_write(str picture, const char *path, struct error **err);

#endif
