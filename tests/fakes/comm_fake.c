/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fakes/comm_fake.h"

#include "base/io.h"

static struct comm_fake *of(struct comm *c)
{
    return (struct comm_fake *)c;
}

static struct comm_fake_answer *answer_to(struct comm_fake *f, const char *command)
{
    struct comm_fake_answer *a = f->answers;
    for (; a != NULL && a->pattern != NULL; a++) {
        if (a->times < 0 || strstr(command, a->pattern) == NULL)
            continue;
        if (a->times > 0 && --a->times == 0)
            a->times = -1;
        return a;
    }
    return NULL;
}

static void hand_out(const struct comm_command *cmd, bool is_stderr, const char *text)
{
    str rest = str_from(text);
    while (text != NULL && rest.ptr != NULL) {
        str line = str_next_line(&rest);
        if (cmd->on_line != NULL)
            cmd->on_line(cmd->arg, is_stderr, line);
        if (!is_stderr && cmd->out != NULL)
            strbuf_addf(cmd->out, "%.*s\n", STR_FMT(line));
    }
}

static bool fake_run(struct comm *c, const struct comm_command *cmd, struct cancel *cancel,
                     int *status, struct error **err)
{
    struct comm_fake *f = of(c);
    (void)cancel;
    strbuf_addf(&f->log, "run: %s\n", cmd->command);
    if (cmd->input.len > 0)
        strbuf_addf(&f->log, "input: %.*s\n", STR_FMT(cmd->input));
    struct comm_fake_answer *a = answer_to(f, cmd->command);
    if (a != NULL && a->status < 0)
        return error_set(err, ERR_DISCONNECT, 0, "the fake guest does not answer");
    if (a != NULL) {
        hand_out(cmd, false, a->out);
        hand_out(cmd, true, a->err);
    }
    *status = a == NULL ? 0 : a->status;
    return true;
}

static bool fake_upload_data(struct comm *c, str data, const char *dst, unsigned mode,
                             struct cancel *cancel, struct error **err)
{
    struct comm_fake *f = of(c);
    (void)cancel;
    if (f->uploads_refused > 0) {
        f->uploads_refused--;
        return error_set(err, ERR_DISCONNECT, 0, "the fake guest takes no file");
    }
    strbuf_addf(&f->log, "upload: %s %o\n%.*s\n--\n", dst, mode, STR_FMT(data));
    return true;
}

static bool fake_upload(struct comm *c, const char *src, const char *dst, unsigned mode,
                        struct cancel *cancel, struct error **err)
{
    AUTO(strbuf) struct strbuf text = STRBUF_INIT;
    return io_read_file(src, 1 << 20, &text, err) &&
           fake_upload_data(c, strbuf_str(&text), dst, mode, cancel, err);
}

static bool fake_upload_dir(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                            struct error **err)
{
    (void)cancel;
    (void)err;
    return strbuf_addf(&of(c)->log, "upload-dir: %s => %s\n", src, dst);
}

static bool fake_download(struct comm *c, const char *src, const char *dst, struct cancel *cancel,
                          struct error **err)
{
    (void)cancel;
    strbuf_addf(&of(c)->log, "download: %s => %s\n", src, dst);
    return io_write_file(dst, STR("downloaded\n"), 0644, err);
}

static bool fake_reconnect(struct comm *c, struct cancel *cancel, struct error **err)
{
    (void)cancel;
    (void)err;
    return strbuf_adds(&of(c)->log, "reconnect\n");
}

static void fake_close(struct comm *c)
{
    (void)c;
}

static const struct comm_type comm_type_fake = {
    .name = "fake",
    .summary = "Records what it is asked.",
    .run = fake_run,
    .upload = fake_upload,
    .upload_data = fake_upload_data,
    .upload_dir = fake_upload_dir,
    .download = fake_download,
    .download_dir = fake_download,
    .reconnect = fake_reconnect,
    .close = fake_close,
};

void comm_fake_init(struct comm_fake *f, struct build *b)
{
    *f = (struct comm_fake){.comm = {.type = &comm_type_fake, .build = b}, .log = STRBUF_INIT};
}

void comm_fake_clear(struct comm_fake *f)
{
    strbuf_clear(&f->log);
}
