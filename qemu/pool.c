/* SPDX-License-Identifier: Apache-2.0 */

#include "qemu/pool.h"

#include <inttypes.h>
#include <jansson.h>
#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#include "base/mem.h"
#include "qemu/conn.h"
#include "qemu/hostxml.h"
#include "qemu/pool_internal.h"
#include "qemu/reap.h"
#include "qemu/xml.h"

DEFINE_AUTO(json, json_t *, json_decref);

bool pool_error(const struct pool *p, struct error **err, const char *what, const char *name)
{
    int code = virGetLastErrorCode();
    const char *why = virGetLastErrorMessage();
    bool is_full = strstr(why, "No space left") != NULL;
    bool is_denied = strstr(why, "Permission denied") != NULL || code == VIR_ERR_AUTH_FAILED ||
                     code == VIR_ERR_ACCESS_DENIED;
    conn_error(err, "cannot %s '%s' of storage pool '%s'", what, name, p->name);
    if (is_full) {
        (*err)->code = ERR_NO_SPACE;
        return error_hint(err, "Make room on the hypervisor, in '%s'.", p->path);
    }
    if (is_denied)
        error_hint(err, "The account of the connection must be allowed to change that pool.");
    if (!conn_is_alive(p->conn))
        error_wrap(err, "the connection to hypervisor '%s' was lost", conn_uri(p->conn));
    return false;
}

static char *pool_xml(const char *name, const char *path)
{
    struct xml *x = xml_new();
    xml_open(x, "pool");
    xml_attr(x, "type", "dir");
    xml_leaf(x, "name", name);
    xml_open(x, "target");
    xml_leaf(x, "path", path);
    xml_open(x, "permissions");
    xml_leaf(x, "mode", "0711");
    xml_close(x);
    xml_close(x);
    xml_close(x);
    return xml_end(x);
}

/* The record stands until the pool is whole: a half-made one is undone, a
 * whole one is the hypervisor's and stays. */
static bool make_pool(struct pool *p, const char *path, struct error **err)
{
    virConnectPtr c = conn_handle(p->conn);
    autofree char *xml = pool_xml(p->name, path);
    AUTO(json)
    json_t *data = json_pack("{s:s, s:s}", "uri", conn_uri(p->conn), "pool", p->name);
    autofree char *text = json_dumps(data, JSON_COMPACT);
    ledger_id entry = 0;
    if (xml == NULL || path[0] != '/')
        return error_set(err, ERR_TEMPLATE, 0, "pool_path '%s' is no absolute path", path);
    if (p->ledger != NULL && !ledger_add(p->ledger, "pool", text, &entry, err))
        return false;
    p->pool = virStoragePoolDefineXML(c, xml, 0);
    if (p->pool != NULL && virStoragePoolBuild(p->pool, 0) == 0 &&
        virStoragePoolCreate(p->pool, 0) == 0) {
        if (virStoragePoolSetAutostart(p->pool, 1) < 0)
            virResetLastError();
        ledger_strike(p->ledger, entry);
        return true;
    }
    pool_error(p, err, "make the directory", path);
    if (p->pool == NULL || virStoragePoolUndefine(p->pool) == 0)
        ledger_strike(p->ledger, entry);
    virResetLastError();
    return false;
}

static bool no_pool(const struct pool *p, struct error **err)
{
    error_set(err, ERR_HOST, 0, "hypervisor '%s' has no storage pool '%s'", conn_uri(p->conn),
              p->name);
    return error_hint(err, "Set pool_path of the hypervisor in the configuration to a directory "
                           "there, and imgfac makes the pool; or name another pool.");
}

/* Another process may make it at the same time. */
static bool find_or_make(struct pool *p, const char *path, struct error **err)
{
    virConnectPtr c = conn_handle(p->conn);
    p->pool = virStoragePoolLookupByName(c, p->name);
    if (p->pool != NULL)
        return true;
    int code = virGetLastErrorCode();
    if (code != VIR_ERR_NO_STORAGE_POOL)
        return pool_error(p, err, "find", p->name);
    virResetLastError();
    if (path == NULL)
        return no_pool(p, err);
    if (make_pool(p, path, err))
        return true;
    struct error *mine = steal(err);
    virStoragePoolPtr other = virStoragePoolLookupByName(c, p->name);
    if (other == NULL || virStoragePoolIsActive(other) != 1) {
        if (other != NULL)
            virStoragePoolFree(other);
        virResetLastError();
        *err = mine;
        return false;
    }
    error_drop(&mine);
    if (p->pool != NULL)
        virStoragePoolFree(p->pool);
    p->pool = other;
    return true;
}

static bool start_pool(struct pool *p, struct error **err)
{
    if (virStoragePoolIsActive(p->pool) == 1)
        return true;
    if (virStoragePoolCreate(p->pool, 0) == 0 || virStoragePoolIsActive(p->pool) == 1)
        return true;
    return pool_error(p, err, "start", p->name);
}

/* Only a pool of files can hold overlays of files. */
static bool read_pool(struct pool *p, struct error **err)
{
    autofree char *xml = virStoragePoolGetXMLDesc(p->pool, 0);
    if (xml == NULL)
        return pool_error(p, err, "describe", p->name);
    AUTO(hostxml) struct hostxml *doc = hostxml_parse(xml);
    autofree char *type = hostxml_get(doc, "string(/pool/@type)");
    p->path = hostxml_get(doc, "string(/pool/target/path)");
    if (type != NULL &&
        (strcmp(type, "dir") == 0 || strcmp(type, "fs") == 0 || strcmp(type, "netfs") == 0))
        return true;
    error_set(err, ERR_HOST, 0, "storage pool '%s' is of the type '%s', which holds no files",
              p->name, type != NULL ? type : "");
    return error_hint(err, "Name a pool of the type dir, fs or netfs.");
}

struct pool *pool_open(struct conn *c, const char *name, const char *path, struct ledger *l,
                       struct error **err)
{
    AUTO(pool) struct pool *p = xnew(struct pool);
    p->conn = c;
    p->ledger = l;
    p->name = xstrdup(name);
    if (!find_or_make(p, path, err) || !start_pool(p, err) || !read_pool(p, err))
        return NULL;
    return steal(&p);
}

void pool_close(struct pool *p)
{
    if (p == NULL)
        return;
    if (p->pool != NULL)
        virStoragePoolFree(p->pool);
    free(p->name);
    free(p->path);
    free(p);
}

const char *pool_name(const struct pool *p)
{
    return p->name;
}

const char *pool_path(const struct pool *p)
{
    return p->path;
}

bool pool_room(const struct pool *p, uint64_t *out, struct error **err)
{
    virStoragePoolInfo info;
    if (virStoragePoolGetInfo(p->pool, &info) < 0)
        return pool_error(p, err, "measure", p->name);
    *out = info.available;
    return true;
}

/* --- volumes --- */

bool pool_record(struct pool *p, struct volume *v, struct error **err)
{
    AUTO(json)
    json_t *data =
        json_pack("{s:s, s:s, s:s}", "uri", conn_uri(p->conn), "pool", p->name, "volume", v->name);
    autofree char *text = json_dumps(data, JSON_COMPACT);
    return p->ledger == NULL || ledger_add(p->ledger, "volume", text, &v->entry, err);
}

static char *volume_xml(const struct volume_spec *s)
{
    struct xml *x = xml_new();
    xml_open(x, "volume");
    xml_leaf(x, "name", s->name);
    xml_leaff(x, "capacity", "%" PRIu64, s->capacity);
    xml_leaf(x, "allocation", "0");
    xml_open(x, "target");
    xml_open(x, "format");
    xml_attr(x, "type", s->format);
    xml_close(x);
    xml_open(x, "permissions");
    xml_leaf(x, "mode", "0644"); /* QEMU may run as another account */
    xml_close(x);
    if (strcmp(s->format, "qcow2") == 0)
        xml_leaf(x, "compat", "1.1");
    xml_close(x);
    if (s->backing != NULL) {
        xml_open(x, "backingStore");
        xml_leaf(x, "path", s->backing);
        xml_open(x, "format");
        xml_attr(x, "type", s->backing_format);
        xml_close(x);
        xml_close(x);
    }
    xml_close(x);
    return xml_end(x);
}

virStorageVolPtr pool_create(struct pool *p, const struct volume_spec *spec, struct error **err)
{
    autofree char *xml = volume_xml(spec);
    virStorageVolPtr vol = xml != NULL ? virStorageVolCreateXML(p->pool, xml, 0) : NULL;
    if (vol == NULL)
        pool_error(p, err, "make", spec->name);
    return vol;
}

void pool_describe(struct pool *p, struct arena *a, const char *name, struct volume *out)
{
    out->name = arena_strdup(a, name);
    out->path = arena_fmt(a, "%s/%s", p->path, name);
}

bool pool_make(struct pool *p, const struct volume_spec *spec, struct arena *a, struct volume *out,
               struct error **err)
{
    *out = (struct volume){0};
    pool_describe(p, a, spec->name, out);
    virStorageVolPtr vol = pool_record(p, out, err) ? pool_create(p, spec, err) : NULL;
    if (vol == NULL)
        return false;
    virStorageVolFree(vol);
    return true;
}

bool pool_expect(struct pool *p, const char *name, struct arena *a, struct volume *out,
                 struct error **err)
{
    *out = (struct volume){0};
    pool_describe(p, a, name, out);
    return pool_record(p, out, err);
}

/* What QEMU or another made is known after a look at the directory; one that
 * moves bytes elsewhere in it forbids that for the moment. */
virStorageVolPtr pool_find(virStoragePoolPtr pool, const char *name)
{
    virStorageVolPtr vol = virStorageVolLookupByName(pool, name);
    if (vol != NULL || virGetLastErrorCode() != VIR_ERR_NO_STORAGE_VOL)
        return vol;
    virResetLastError();
    if (virStoragePoolRefresh(pool, 0) < 0)
        virResetLastError();
    return virStorageVolLookupByName(pool, name);
}

static bool delete_volume(virStoragePoolPtr pool, const char *name)
{
    virStorageVolPtr vol = pool_find(pool, name);
    if (vol == NULL)
        return virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL;
    bool ok = virStorageVolDelete(vol, 0) == 0;
    virStorageVolFree(vol);
    return ok || virGetLastErrorCode() == VIR_ERR_NO_STORAGE_VOL;
}

bool pool_delete(struct pool *p, struct volume *v, struct error **err)
{
    if (v->name == NULL)
        return true;
    if (!delete_volume(p->pool, v->name))
        return pool_error(p, err, "remove", v->name);
    virResetLastError();
    ledger_strike(p->ledger, v->entry);
    *v = (struct volume){0};
    return true;
}

/* --- what a killed imgfac leaves --- */

static bool unreadable(struct error **err)
{
    return error_set(err, ERR_INTERNAL, 0, "unreadable ledger entry of a storage pool");
}

static bool reap_volume_in(virConnectPtr c, const char *pool_name, const char *name,
                           struct error **err)
{
    virStoragePoolPtr pool = virStoragePoolLookupByName(c, pool_name);
    if (pool == NULL)
        return virGetLastErrorCode() == VIR_ERR_NO_STORAGE_POOL ||
               conn_error(err, "cannot find storage pool '%s'", pool_name);
    if (virStoragePoolIsActive(pool) != 1)
        virStoragePoolCreate(pool, 0);
    virResetLastError();
    bool ok = delete_volume(pool, name) ||
              conn_error(err, "cannot remove left-over volume '%s' of pool '%s'", name, pool_name);
    virStoragePoolFree(pool);
    virResetLastError();
    return ok;
}

static bool reap_volume(const char *data, struct error **err)
{
    AUTO(json) json_t *j = json_loads(data, 0, NULL);
    const char *uri = json_string_value(json_object_get(j, "uri"));
    const char *pool = json_string_value(json_object_get(j, "pool"));
    const char *name = json_string_value(json_object_get(j, "volume"));
    if (uri == NULL || pool == NULL || name == NULL)
        return unreadable(err);
    AUTO(conn) struct conn *c = reap_connect(uri, err);
    return c != NULL && reap_volume_in(conn_handle(c), pool, name, err);
}

const struct reaper reaper_volume = {.kind = "volume", .reap = reap_volume};

/* Its directory is never removed, only libvirt's knowledge of it. */
static bool reap_pool(const char *data, struct error **err)
{
    AUTO(json) json_t *j = json_loads(data, 0, NULL);
    const char *uri = json_string_value(json_object_get(j, "uri"));
    const char *name = json_string_value(json_object_get(j, "pool"));
    if (uri == NULL || name == NULL)
        return unreadable(err);
    AUTO(conn) struct conn *c = reap_connect(uri, err);
    virStoragePoolPtr pool = c != NULL ? virStoragePoolLookupByName(conn_handle(c), name) : NULL;
    if (pool == NULL)
        return c != NULL;
    bool ok = virStoragePoolIsActive(pool) == 1 || virStoragePoolUndefine(pool) == 0 ||
              conn_error(err, "cannot undefine the unfinished storage pool '%s'", name);
    virStoragePoolFree(pool);
    return ok;
}

const struct reaper reaper_pool = {.kind = "pool", .reap = reap_pool};
