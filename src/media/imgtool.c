/* SPDX-License-Identifier: Apache-2.0 */

#include "media/imgtool.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/proc.h"
#include "base/vec.h"

#define INFO_MAX        ((size_t)1 << 20)
#define INFO_TIMEOUT_NS (60 * NS_PER_S)

static void json_decref_auto(json_t *j)
{
    json_decref(j);
}
DEFINE_AUTO(json, json_t *, json_decref_auto);

static const char *dup_string(struct arena *a, const json_t *object, const char *key)
{
    const char *s = json_string_value(json_object_get(object, key));
    return s != NULL ? arena_strdup(a, s) : NULL;
}

static uint64_t get_size(const json_t *object, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(object, key));
    return n > 0 ? (uint64_t)n : 0;
}

/* The part of the answer that depends on the format. */
static void read_specific(const json_t *root, struct arena *a, struct img_info *out)
{
    const json_t *specific = json_object_get(root, "format-specific");
    const json_t *data = json_object_get(specific, "data");
    out->has_data_file = json_object_get(data, "data-file") != NULL;
    out->compression = dup_string(a, data, "compression-type");
    if (json_object_get(data, "encrypt") != NULL)
        out->encrypted = true;
}

static bool parse_info(const char *path, const struct strbuf *text, struct arena *a,
                       struct img_info *out, struct error **err)
{
    json_error_t je;
    AUTO(json) json_t *root = json_loadb(text->buf, text->len, 0, &je);
    const char *format = json_string_value(json_object_get(root, "format"));
    if (format == NULL)
        return error_set(err, ERR_INTERNAL, 0, "cannot read qemu-img's answer about '%s'", path);
    *out = (struct img_info){
        .format = arena_strdup(a, format),
        .virtual_size = get_size(root, "virtual-size"),
        .actual_size = get_size(root, "actual-size"),
        .backing = dup_string(a, root, "backing-filename"),
        .backing_format = dup_string(a, root, "backing-filename-format"),
        .dirty = json_is_true(json_object_get(root, "dirty-flag")),
        .encrypted = json_is_true(json_object_get(root, "encrypted")),
    };
    read_specific(root, a, out);
    return true;
}

bool img_info(const char *path, const char *format, struct arena *a, struct img_info *out,
              struct error **err)
{
    const char *argv[10] = {"qemu-img", "info", "--output=json", "-U"};
    size_t n = 4;
    if (format != NULL) {
        argv[n++] = "-f";
        argv[n++] = format;
    }
    argv[n++] = "--";
    argv[n++] = path;
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(INFO_MAX);
    autofree char *what = xasprintf("look at disk image '%s'", path);
    struct proc_spec spec = {
        .argv = argv, .out = &text, .timeout_ns = INFO_TIMEOUT_NS, .what = what};
    return proc_run(&spec, NULL, err) && parse_info(path, &text, a, out, err);
}

/* qemu-img says it in words only. */
static bool explain(struct error **err)
{
    autofree char *line = error_line(*err);
    if (strstr(line, "No space left on device") == NULL)
        return false;
    error_wrap_code(err, ERR_NO_SPACE, "the host's disk is full");
    return error_hint(err, "Make room where the store lies, or put the store on a larger disk.");
}

/* Run qemu-img; when it fails, what it left of PATH goes. */
static bool run_making(const char *const *argv, const char *path, const char *what,
                       struct cancel *c, struct error **err)
{
    if (fault(what))
        return error_set(err, ERR_IO, 0, "cannot %s: injected fault", what);
    struct proc_spec spec = {.argv = argv, .cancel = c, .what = what};
    if (proc_run(&spec, NULL, err))
        return true;
    unlink(path);
    return explain(err);
}

static bool refuse_existing(const char *path, struct error **err)
{
    if (!io_exists(path))
        return true;
    return error_set(err, ERR_EXISTS, 0, "disk image '%s' is there already", path);
}

bool img_create(const char *path, const char *format, uint64_t size, struct cancel *c,
                struct error **err)
{
    char bytes[24];
    snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
    const char *const argv[] = {"qemu-img", "create", "-q", "-f", format, "--", path, bytes, NULL};
    autofree char *what = xasprintf("create disk '%s'", path);
    return refuse_existing(path, err) && run_making(argv, path, what, c, err);
}

DEFINE_VEC(words, const char *);

static void add_words(struct words *argv, const char *const *ptr, size_t len)
{
    for (size_t i = 0; i < len; i++)
        words_push(argv, ptr[i]);
}

#define ADD_WORDS(argv, ...)                                                                       \
    add_words(argv, (const char *const[]){__VA_ARGS__},                                            \
              sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

bool img_make(const struct img_new *job, struct error **err)
{
    char bytes[24];
    AUTO(words) struct words argv = {0};
    snprintf(bytes, sizeof(bytes), "%" PRIu64, job->size);
    ADD_WORDS(&argv, "qemu-img", "create", "-q", "-f", "qcow2");
    if (job->backing != NULL)
        ADD_WORDS(&argv, "-b", job->backing, "-F", job->backing_format);
    add_words(&argv, job->args.ptr, job->args.len);
    ADD_WORDS(&argv, "--", job->path);
    if (job->size != 0)
        words_push(&argv, bytes);
    words_push(&argv, NULL);
    autofree char *what = xasprintf("create disk '%s'", job->path);
    return refuse_existing(job->path, err) &&
           run_making(argv.ptr, job->path, what, job->cancel, err);
}

bool img_create_overlay(const char *path, const char *backing, const char *backing_format,
                        uint64_t size, struct cancel *c, struct error **err)
{
    char bytes[24];
    snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
    const char *const argv[] = {
        "qemu-img", "create", "-q",           "-f", "qcow2", "-b",
        backing,    "-F",     backing_format, "--", path,    size != 0 ? bytes : NULL,
        NULL};
    autofree char *what = xasprintf("create overlay '%s' on '%s'", path, backing);
    return refuse_existing(path, err) && run_making(argv, path, what, c, err);
}

bool img_resize(const char *path, const char *format, uint64_t size, struct cancel *c,
                struct error **err)
{
    return img_resize_args(path, format, size, (struct img_args){0}, c, err);
}

bool img_resize_args(const char *path, const char *format, uint64_t size, struct img_args args,
                     struct cancel *c, struct error **err)
{
    char bytes[24];
    AUTO(words) struct words argv = {0};
    snprintf(bytes, sizeof(bytes), "%" PRIu64, size);
    ADD_WORDS(&argv, "qemu-img", "resize", "-q", "-f", format);
    add_words(&argv, args.ptr, args.len);
    ADD_WORDS(&argv, "--", path, bytes, NULL);
    autofree char *what = xasprintf("resize disk '%s'", path);
    struct proc_spec spec = {.argv = argv.ptr, .cancel = c, .what = what};
    return proc_run(&spec, NULL, err);
}

bool img_rebase_unsafe(const char *path, const char *backing, const char *backing_format,
                       struct cancel *c, struct error **err)
{
    const char *const argv[] = {"qemu-img", "rebase", "-q",           "-u", "-f", "qcow2", "-b",
                                backing,    "-F",     backing_format, "--", path, NULL};
    autofree char *what = xasprintf("name the backing file of '%s'", path);
    struct proc_spec spec = {.argv = argv, .cancel = c, .what = what};
    return proc_run(&spec, NULL, err);
}

/* "    (12.34/100%)": what qemu-img -p writes, separated by carriage returns. */
static void on_convert_line(void *arg, bool is_stderr, str line)
{
    const struct img_convert *job = arg;
    ptrdiff_t open = str_rfind_char(line, '(');
    if (is_stderr || open < 0)
        return;
    str rest = str_sub(line, (size_t)open + 1, line.len);
    str number = str_split(&rest, '/');
    str fraction = number;
    str whole = str_split(&fraction, '.');
    uint64_t percent, hundredths = 0;
    if (!str_to_u64(whole, &percent))
        return;
    if (fraction.ptr != NULL && !str_to_u64(fraction, &hundredths))
        hundredths = 0;
    job->progress(job->arg, MIN(percent * 100 + hundredths, (uint64_t)10000), 10000);
}

bool img_convert(const struct img_convert *job, struct error **err)
{
    if (!refuse_existing(job->dst, err))
        return false;
    AUTO(words) struct words argv = {0};
    ADD_WORDS(&argv, "qemu-img", "convert", "-W", "-m", "8");
    if (job->progress != NULL)
        words_push(&argv, "-p");
    if (job->src_format != NULL)
        ADD_WORDS(&argv, "-f", job->src_format);
    ADD_WORDS(&argv, "-O", job->dst_format);
    if (job->compress && strcmp(job->dst_format, "qcow2") == 0)
        ADD_WORDS(&argv, "-c", "-o", "compression_type=zstd");
    add_words(&argv, job->args.ptr, job->args.len);
    ADD_WORDS(&argv, "--", job->src, job->dst, NULL);
    if (fault("convert"))
        return error_set(err, ERR_IO, 0, "cannot convert '%s': injected fault", job->src);
    autofree char *what = xasprintf("convert disk '%s' to '%s'", job->src, job->dst);
    struct proc_spec spec = {.argv = argv.ptr, .cancel = job->cancel, .what = what};
    union {
        const struct img_convert *in;
        void *out;
    } arg = {.in = job};
    if (job->progress != NULL) {
        spec.on_line = on_convert_line;
        spec.arg = arg.out;
    }
    if (proc_run(&spec, NULL, err))
        return true;
    unlink(job->dst);
    return explain(err);
}

bool img_check(const char *path, const char *format, struct cancel *c, struct error **err)
{
    if (strcmp(format, "raw") == 0)
        return true;
    const char *const argv[] = {"qemu-img", "check", "-q", "-f", format, "--", path, NULL};
    autofree char *what = xasprintf("check disk '%s'", path);
    struct proc_spec spec = {.argv = argv, .cancel = c, .what = what, .any_status = true};
    int status = 0;
    if (!proc_run(&spec, &status, err))
        return false;
    /* 3: leaked clusters only, which lose space and no data. */
    if (status == 0 || status == 3 || status == 63)
        return true;
    return error_set(err, ERR_CHECKSUM, 0, "disk image '%s' is damaged (qemu-img check: %d)", path,
                     status);
}
