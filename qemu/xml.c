/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/xml.h"

#include <libxml/xmlwriter.h>
#include <stdarg.h>

#include "base/cleanup.h"
#include "base/mem.h"

struct xml {
    xmlBufferPtr buffer;
    xmlTextWriterPtr writer;
    bool failed;
};

static void note(struct xml *x, int rc)
{
    if (rc < 0)
        x->failed = true;
}

struct xml *xml_new(void)
{
    struct xml *x = xnew(struct xml);
    x->buffer = xmlBufferCreate();
    x->writer = x->buffer != NULL ? xmlNewTextWriterMemory(x->buffer, 0) : NULL;
    x->failed = x->writer == NULL;
    if (!x->failed) {
        xmlTextWriterSetIndent(x->writer, 1);
        xmlTextWriterSetIndentString(x->writer, (const xmlChar *)"  ");
    }
    return x;
}

void xml_open(struct xml *x, const char *element)
{
    if (!x->failed)
        note(x, xmlTextWriterStartElement(x->writer, (const xmlChar *)element));
}

void xml_close(struct xml *x)
{
    if (!x->failed)
        note(x, xmlTextWriterEndElement(x->writer));
}

/* XML 1.0 has no control characters but tab and line ends, and libxml2 does
 * not check what it writes. */
static bool is_clean(const char *text)
{
    for (const unsigned char *p = (const unsigned char *)text; *p != '\0'; p++)
        if (*p < 0x20 && *p != '\t' && *p != '\n' && *p != '\r')
            return false;
    return xmlCheckUTF8((const unsigned char *)text) != 0;
}

void xml_attr(struct xml *x, const char *name, const char *value)
{
    if (x->failed || value == NULL)
        return;
    x->failed = !is_clean(value);
    if (!x->failed)
        note(x,
             xmlTextWriterWriteAttribute(x->writer, (const xmlChar *)name, (const xmlChar *)value));
}

static ATTR_PRINTF(1, 0) char *format(const char *fmt, va_list ap)
{
    char *text = NULL;
    return vasprintf(&text, fmt, ap) < 0 ? xstrdup("") : text;
}

void xml_attrf(struct xml *x, const char *name, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    autofree char *text = format(fmt, ap);
    va_end(ap);
    xml_attr(x, name, text);
}

void xml_text(struct xml *x, const char *text)
{
    if (x->failed)
        return;
    x->failed = !is_clean(text);
    if (!x->failed)
        note(x, xmlTextWriterWriteString(x->writer, (const xmlChar *)text));
}

void xml_leaf(struct xml *x, const char *element, const char *text)
{
    xml_open(x, element);
    xml_text(x, text);
    xml_close(x);
}

void xml_leaff(struct xml *x, const char *element, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    autofree char *text = format(fmt, ap);
    va_end(ap);
    xml_leaf(x, element, text);
}

char *xml_end(struct xml *x)
{
    char *text = NULL;
    if (!x->failed && xmlTextWriterEndDocument(x->writer) >= 0 &&
        xmlTextWriterFlush(x->writer) >= 0)
        text = xstrdup((const char *)xmlBufferContent(x->buffer));
    if (x->writer != NULL)
        xmlFreeTextWriter(x->writer);
    if (x->buffer != NULL)
        xmlBufferFree(x->buffer);
    free(x);
    return text;
}
