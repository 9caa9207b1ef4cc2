/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/hostxml.h"

#include <libxml/parser.h>
#include <libxml/xpath.h>

#include "base/mem.h"

struct hostxml {
    xmlDocPtr doc;
    xmlXPathContextPtr context;
};

struct hostxml *hostxml_parse(const char *text)
{
    struct hostxml *x = xnew(struct hostxml);
    x->doc = xmlReadMemory(text, (int)strlen(text), "libvirt.xml", NULL,
                           XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    x->context = x->doc != NULL ? xmlXPathNewContext(x->doc) : NULL;
    if (x->context != NULL)
        return x;
    hostxml_free(x);
    return NULL;
}

void hostxml_free(struct hostxml *x)
{
    if (x == NULL)
        return;
    if (x->context != NULL)
        xmlXPathFreeContext(x->context);
    if (x->doc != NULL)
        xmlFreeDoc(x->doc);
    free(x);
}

static xmlXPathObjectPtr evaluate(const struct hostxml *x, const char *path)
{
    return x != NULL ? xmlXPathEvalExpression((const xmlChar *)path, x->context) : NULL;
}

char *hostxml_get(const struct hostxml *x, const char *path)
{
    xmlXPathObjectPtr o = evaluate(x, path);
    char *out = NULL;
    if (o != NULL && o->type == XPATH_STRING && o->stringval != NULL && *o->stringval != '\0')
        out = xstrdup((const char *)o->stringval);
    if (o != NULL)
        xmlXPathFreeObject(o);
    return out;
}

bool hostxml_test(const struct hostxml *x, const char *path)
{
    xmlXPathObjectPtr o = evaluate(x, path);
    bool yes = false;
    if (o != NULL && o->type == XPATH_BOOLEAN)
        yes = o->boolval != 0;
    else if (o != NULL && o->type == XPATH_STRING)
        yes = o->stringval != NULL && *o->stringval != '\0';
    else if (o != NULL && o->type == XPATH_NODESET)
        yes = o->nodesetval != NULL && o->nodesetval->nodeNr > 0;
    if (o != NULL)
        xmlXPathFreeObject(o);
    return yes;
}
