/* SPDX-License-Identifier: Apache-2.0 */
#ifndef IMGFAC_QEMU_XML_H
#define IMGFAC_QEMU_XML_H

/* XML written through libxml2, which escapes; the calls read like the document.
 * A failure (memory, invalid UTF-8) is remembered and reported by xml_end. */

#include "base/macros.h"

struct xml;

struct xml *xml_new(void) ATTR_RETURNS_NONNULL;
void xml_open(struct xml *x, const char *element);
void xml_close(struct xml *x); /* the element opened last */
/* Attribute of the element opened last; a NULL value is left out. */
void xml_attr(struct xml *x, const char *name, const char *value);
void xml_attrf(struct xml *x, const char *name, const char *fmt, ...) ATTR_PRINTF(3, 4);
/* <element>text</element> */
void xml_leaf(struct xml *x, const char *element, const char *text);
void xml_leaff(struct xml *x, const char *element, const char *fmt, ...) ATTR_PRINTF(3, 4);
void xml_text(struct xml *x, const char *text);
/* The document, heap, or NULL when something failed; frees X. */
char *xml_end(struct xml *x);

#endif
