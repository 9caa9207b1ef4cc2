/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/line_editor.h"

#include <ctype.h>
#include <histedit.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/io.h"
#include "base/mem.h"
#include "base/strbuf.h"

#define HISTORY_LINES 1000

struct line_editor {
    EditLine *el;
    History *history;
    char *file; /* NULL: not kept */
    const char *prompt;
    const struct opt_strings *words;
    bool interrupted;
    bool had_text; /* when interrupted */
};

static struct line_editor *editor_of(EditLine *el)
{
    void *data = NULL;
    el_get(el, EL_CLIENTDATA, &data);
    return data;
}

static char *prompt_of(EditLine *el)
{
    return (char *)(uintptr_t)editor_of(el)->prompt;
}

static unsigned char on_interrupt(EditLine *el, int c)
{
    const LineInfo *li = el_line(el);
    (void)c;
    editor_of(el)->interrupted = true;
    editor_of(el)->had_text = li->lastchar > li->buffer;
    el_cursor(el, (int)(li->lastchar - li->cursor));
    el_deletestr(el, (int)(li->lastchar - li->buffer));
    fputs("^C\n", stdout);
    return CC_NEWLINE;
}

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == '.' || c == '-';
}

static size_t common_length(const char *a, const char *b, size_t len)
{
    size_t i = 0;
    while (i < len && a[i] != '\0' && a[i] == b[i])
        i++;
    return i;
}

static void list_words(struct line_editor *ed, str typed)
{
    AUTO(strbuf) struct strbuf names = STRBUF_INIT;
    AUTO(strbuf) struct strbuf shown = STRBUF_INIT;
    for (size_t i = 0; i < ed->words->len; i++)
        if (str_starts(str_from(ed->words->ptr[i]), typed))
            strbuf_addf(&names, "%s%s", names.len > 0 ? " " : "", ed->words->ptr[i]);
    strbuf_add_wrapped(&shown, strbuf_str(&names), 0, 78);
    printf("\n%s%s", shown.buf, str_ends(strbuf_str(&shown), STR("\n")) ? "" : "\n");
}

/* What all candidates have in common is added; when that is nothing more, they
 * are listed. */
static unsigned char on_tab(EditLine *el, int c)
{
    struct line_editor *ed = editor_of(el);
    const LineInfo *li = el_line(el);
    const char *start = li->cursor, *first = NULL;
    size_t count = 0, common = 0;
    (void)c;
    while (start > li->buffer && is_word(start[-1]))
        start--;
    str typed = {start, (size_t)(li->cursor - start)};
    for (size_t i = 0; i < ed->words->len; i++) {
        const char *word = ed->words->ptr[i];
        if (!str_starts(str_from(word), typed))
            continue;
        common = count++ == 0 ? strlen(word) : common_length(first, word, common);
        first = first == NULL ? word : first;
    }
    if (count == 0 || typed.len == 0)
        return CC_REFRESH_BEEP;
    if (common > typed.len) {
        autofree char *rest = str_xdup(str_sub(str_from(first), typed.len, common));
        el_insertstr(el, rest);
        return CC_REFRESH;
    }
    if (count > 1)
        list_words(ed, typed);
    return CC_REDISPLAY;
}

static void add_history(struct line_editor *ed, int what, const void *arg)
{
    HistEvent ev;
    history(ed->history, &ev, what, arg);
}

struct line_editor *line_editor_new(const char *history_file, const struct opt_strings *words)
{
    HistEvent ev;
    struct line_editor *ed = xnew(struct line_editor);
    ed->words = words;
    ed->prompt = "";
    ed->file = history_file == NULL ? NULL : xstrdup(history_file);
    ed->history = history_init();
    ed->el = el_init("imgfac", stdin, stdout, stderr);
    if (ed->history == NULL || ed->el == NULL)
        BUG("no memory for the line editor");
    history(ed->history, &ev, H_SETSIZE, HISTORY_LINES);
    history(ed->history, &ev, H_SETUNIQUE, 1);
    if (ed->file != NULL)
        add_history(ed, H_LOAD, ed->file);
    el_set(ed->el, EL_CLIENTDATA, ed);
    el_set(ed->el, EL_EDITOR, "emacs");
    el_set(ed->el, EL_HIST, history, ed->history);
    el_set(ed->el, EL_PROMPT, prompt_of);
    /* Ctrl-C and Ctrl-D come as characters while a line is edited. */
    el_set(ed->el, EL_SETTY, "-d", "-isig", NULL);
    el_set(ed->el, EL_ADDFN, "interrupt", "give up this line", on_interrupt);
    el_set(ed->el, EL_ADDFN, "complete", "complete a name", on_tab);
    el_set(ed->el, EL_BIND, "^C", "interrupt", NULL);
    el_set(ed->el, EL_BIND, "^I", "complete", NULL);
    el_set(ed->el, EL_BIND, "^R", "em-inc-search-prev", NULL);
    return ed;
}

/* Whoever can read it sees what was typed. */
static void save_history(struct line_editor *ed)
{
    autofree char *dir = io_dirname(ed->file);
    struct error *err = NULL;
    mode_t old = umask(077);
    if (io_mkdir_p(dir, 0700, &err))
        add_history(ed, H_SAVE, ed->file);
    umask(old);
    error_drop(&err);
}

void line_editor_free(struct line_editor *ed)
{
    if (ed == NULL)
        return;
    if (ed->file != NULL)
        save_history(ed);
    el_end(ed->el);
    history_end(ed->history);
    free(ed->file);
    free(ed);
}

/* The library prints the prompt first and changes the terminal then: a Ctrl-C
 * in between must not be a signal. */
static const char *read_line(struct line_editor *ed, int *len)
{
    struct termios before = {0}, now;
    bool known = tcgetattr(STDIN_FILENO, &before) == 0;
    now = before;
    now.c_lflag &= ~(tcflag_t)ISIG;
    if (known)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &now);
    const char *text = el_gets(ed->el, len);
    if (known)
        tcsetattr(STDIN_FILENO, TCSADRAIN, &before);
    return text;
}

enum line_result line_editor_read(struct line_editor *ed, const char *prompt, str *out)
{
    int len = 0;
    ed->prompt = prompt;
    ed->interrupted = false;
    const char *text = read_line(ed, &len);
    if (ed->interrupted)
        return ed->had_text ? LINE_INTERRUPTED : LINE_END;
    if (text == NULL || len <= 0)
        return LINE_END;
    *out = (str){text, (size_t)len - (text[len - 1] == '\n')};
    return LINE_READ;
}

void line_editor_remember(struct line_editor *ed, str text)
{
    autofree char *copy = str_xdup(text);
    add_history(ed, H_ENTER, copy);
}
