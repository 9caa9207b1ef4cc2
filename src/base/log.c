/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/mem.h"
#include "base/redact.h"
#include "base/thread.h"

#define AREA_RULES 16
#define OFF        (-1)
#define TEXT_MAX   ((size_t)4 << 20) /* of one message; the rest is cut */

static const char *const level_names[] = {"error", "warn", "info", "debug", "trace"};

/* Written by log_init() alone, before there are threads. */
static struct {
    int level; /* of the areas not named; OFF: nothing is written */
    struct {
        char *area;
        int level;
    } rules[AREA_RULES];
    size_t rule_count;
    int fd;
} config = {.level = OFF, .fd = STDERR_FILENO};

static _Thread_local const char *thread_prefix;

static bool parse_level(str word, int *out)
{
    for (size_t i = 0; i < ARRAY_SIZE(level_names); i++) {
        if (str_eq_nocase(word, str_from(level_names[i]))) {
            *out = (int)i;
            return true;
        }
    }
    if (str_eq_nocase(word, STR("off")) || str_eqz(word, "0")) {
        *out = OFF;
        return true;
    }
    /* PACKER_LOG=1 and the like. */
    *out = LOG_DEBUG;
    return str_eqz(word, "1");
}

/* "debug" or "ssh=trace". */
static bool parse_rule(str item, const char **why)
{
    ptrdiff_t equals = str_find_char(item, '=');
    int level = OFF;
    str name = item;

    if (equals >= 0)
        name = str_sub(item, (size_t)equals + 1, item.len);
    if (!parse_level(name, &level)) {
        *why = "IMGFAC_LOG: a level is one of error, warn, info, debug, trace, off";
        return false;
    }
    if (equals < 0) {
        config.level = level;
        return true;
    }
    if (equals == 0 || config.rule_count == AREA_RULES) {
        *why = "IMGFAC_LOG: a rule is AREA=LEVEL, and there are at most 16 of them";
        return false;
    }
    config.rules[config.rule_count].area = str_xdup(str_sub(item, 0, (size_t)equals));
    config.rules[config.rule_count++].level = level;
    return true;
}

static void forget(void)
{
    for (size_t i = 0; i < config.rule_count; i++)
        free(config.rules[i].area);
    config.rule_count = 0;
    config.level = OFF;
    if (config.fd != STDERR_FILENO)
        close(config.fd);
    config.fd = STDERR_FILENO;
}

static const char *setting(const char *ours, const char *packers)
{
    const char *value = getenv(ours);

    return value != NULL ? value : getenv(packers);
}

bool log_init(const char **why)
{
    str rest = str_from(setting("IMGFAC_LOG", "PACKER_LOG"));
    const char *path = setting("IMGFAC_LOG_PATH", "PACKER_LOG_PATH");
    bool wanted = rest.len > 0;

    forget();
    while (rest.ptr != NULL) {
        str item = str_trim(str_split(&rest, ','));

        if (item.len > 0 && !parse_rule(item, why))
            return false;
    }
    if (!wanted || path == NULL || *path == '\0')
        return true;
    config.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (config.fd >= 0)
        return true;
    config.fd = STDERR_FILENO;
    *why = "IMGFAC_LOG_PATH: cannot open the file for writing";
    return false;
}

bool log_enabled(enum log_level level, const char *area)
{
    for (size_t i = 0; i < config.rule_count; i++)
        if (strcmp(config.rules[i].area, area) == 0)
            return (int)level <= config.rules[i].level;
    return (int)level <= config.level;
}

void log_set_thread_prefix(const char *build)
{
    thread_prefix = build;
}

/* Lines after the first are marked, so that a message cannot pass for another;
 * other control bytes could drive a terminal. */
static void add_escaped(struct strbuf *out, str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == '\n')
            strbuf_adds(out, "\n    | ");
        else if ((c < 0x20 && c != '\t') || c == 0x7f)
            strbuf_addf(out, "\\x%02x", c);
        else
            strbuf_addc(out, (char)c);
    }
}

static void add_head(struct strbuf *out, enum log_level level, const char *area)
{
    int64_t now = clock_wall();
    char stamp[CLOCK_RFC3339_SIZE];

    clock_format_rfc3339(now - now % NS_PER_S, stamp);
    strbuf_addf(out, "%.19s.%03dZ %-5s ", stamp, (int)(now % NS_PER_S / NS_PER_MS),
                level_names[level]);
    if (thread_prefix != NULL)
        strbuf_addf(out, "[%s] ", thread_prefix);
    strbuf_addf(out, "%s: ", area);
}

void log_write(enum log_level level, const char *area, const char *fmt, ...)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT_MAX(TEXT_MAX);
    AUTO(strbuf) struct strbuf clean = STRBUF_INIT, line = STRBUF_INIT;
    int saved_errno = errno;
    va_list ap;

    if (!log_enabled(level, area))
        return;
    va_start(ap, fmt);
    if (!strbuf_vaddf(&text, fmt, ap))
        strbuf_adds(&text, "(a message too long for the log)");
    va_end(ap);
    /* Redacted before it is escaped: escaping would disguise a secret. */
    redact_add(&clean, str_trim_end(strbuf_str(&text)));
    add_head(&line, level, area);
    add_escaped(&line, strbuf_str(&clean));
    strbuf_addc(&line, '\n');
    /* One write: lines of several threads do not mix. */
    io_write_all(config.fd, line.buf, line.len);
    errno = saved_errno;
}
