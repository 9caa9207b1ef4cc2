/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_CORE_RECORDER_H
#define IMGFAC_CORE_RECORDER_H

/* Writes every event of one build, with its time, to LOG_DIR/events.log on its
 * way to the sink behind it: part of the failure bundle.  Texts are redacted
 * before they come here.  Thread-safe. */

#include "ui/event.h"

struct recorder;

/* NULL when the file cannot be made: then there is none. */
struct recorder *recorder_new(const char *log_dir, struct event_sink *behind);
void recorder_free(struct recorder *r); /* NULL-safe */
struct event_sink *recorder_sink(struct recorder *r);

#endif
