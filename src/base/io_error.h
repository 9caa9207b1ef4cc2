/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_IO_ERROR_H
#define IMGFAC_BASE_IO_ERROR_H

/* Private to base/io*.c: errno values become error codes in one place.
 * Nothing is owned.  Thread-safe. */

#include "base/error.h"

enum err_code io_error_code(int errnum);

/* Set *ERR from ERRNUM with a formatted message; false. */
#define io_error(err, errnum, ...)                                                                 \
    ({                                                                                             \
        int errnum_ = (errnum);                                                                    \
        error_set((err), io_error_code(errnum_), errnum_, __VA_ARGS__);                            \
    })

#endif
