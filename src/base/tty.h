/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_BASE_TTY_H
#define IMGFAC_BASE_TTY_H

/* Questions to the person at the controlling terminal, whatever standard input
 * and output are.  Thread-safe: one question at a time. */

#include "base/cancel.h"
#include "base/strbuf.h"

/* Print QUESTION and read a line, without its end, into ANSWER.  False when
 * there is no terminal, its input ended, or C was triggered (Ctrl-C): then the
 * cursor is put on a new line. */
bool tty_ask(const char *question, struct cancel *c, struct strbuf *answer);

#endif
