/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_LOG_H
#define IMGFAC_BASE_LOG_H

/* The log is for whoever looks for a fault; what is for the user goes through
 * ui/event.h.  IMGFAC_LOG="debug,ssh=trace" (or PACKER_LOG=1) switches it on,
 * IMGFAC_LOG_PATH (or PACKER_LOG_PATH) names a file, else stderr.  Every line
 * passes the redactor (base/redact.h) before it leaves.  Thread-safe. */

#include <stdarg.h>

#include "base/macros.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG, LOG_TRACE };

/* Read the environment and open the file; call once.  False with a message in
 * *WHY (static text) when the specification is wrong. */
bool log_init(const char **why);
bool log_enabled(enum log_level level, const char *area);
/* AREA is one of a few fixed words: "ssh", "qemu", "seal", "catalog" ... */
void log_write(enum log_level level, const char *area, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* Name of the build shown in the lines of this thread; borrowed; NULL: none. */
void log_set_thread_prefix(const char *build);

#define log_error(area, ...) log_write(LOG_ERROR, area, __VA_ARGS__)
#define log_warn(area, ...)  log_write(LOG_WARN, area, __VA_ARGS__)
#define log_info(area, ...)  log_write(LOG_INFO, area, __VA_ARGS__)
#define log_debug(area, ...) log_write(LOG_DEBUG, area, __VA_ARGS__)
#define log_trace(area, ...) log_write(LOG_TRACE, area, __VA_ARGS__)

#endif
