/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <png.h>

#include "base/io.h"
#include "base/mem.h"
#include "media/png.h"

static char *path;

static int set_up(void **state)
{
    struct error *e = NULL;
    char *dir = io_make_temp_dir(io_temp_root(), "png-", &e);
    *state = dir;
    path = io_path_join(dir, "x.png");
    return 0;
}

static int tear_down(void **state)
{
    struct error *e = NULL;
    io_remove_tree(*state, &e);
    free(*state);
    free(path);
    return 0;
}

/* Two dots in a row: red, then nearly black; read back by libpng itself. */
static const char dots[] = "\xff\x00\x00\x01\x02\x03";

static void ppm_becomes_png(void **state)
{
    (void)state;
    static const char *const heads[] = {"P6\n2 1\n255\n", "P6 # by QEMU\n2\t1 255 ",
                                        "P6\n# a\n# b\n2 1\r\n255\n"};
    for (size_t i = 0; i < ARRAY_SIZE(heads); i++) {
        struct error *e = NULL;
        AUTO(strbuf) struct strbuf ppm = STRBUF_INIT;
        strbuf_adds(&ppm, heads[i]);
        strbuf_add(&ppm, dots, sizeof(dots) - 1);
        assert_true(png_write(strbuf_str(&ppm), path, &e));
        png_image image = {.version = PNG_IMAGE_VERSION};
        char back[sizeof(dots) - 1];
        assert_true(png_image_begin_read_from_file(&image, path));
        assert_int_equal(image.width, 2);
        assert_int_equal(image.height, 1);
        image.format = PNG_FORMAT_RGB;
        assert_true(png_image_finish_read(&image, NULL, back, 0, NULL));
        assert_memory_equal(back, dots, sizeof(back));
    }
}

static void png_stays_as_it_is(void **state)
{
    (void)state;
    struct error *e = NULL;
    static const char bytes[] = "\x89PNG\r\n\x1a\nwhatever";
    AUTO(strbuf) struct strbuf back = STRBUF_INIT;
    assert_true(png_write((str){bytes, sizeof(bytes)}, path, &e));
    assert_true(io_read_file(path, 100, &back, &e));
    assert_int_equal(back.len, sizeof(bytes));
    assert_memory_equal(back.buf, bytes, sizeof(bytes));
}

static void the_rest_is_refused(void **state)
{
    (void)state;
    static const char *const pictures[] = {
        "",
        "P",
        "P6",
        "P6\n",
        "P6\n2 1\n255",
        "P6\n2 1\n255\n12345",
        "P6\n2 1\n65535\n123456",
        "P6\n0 1\n255\nx",
        "P6\n99999 99999\n255\nx",
        "P6\n9999999999 1\n255\nx",
        "P5\n1 1\n255\nx",
        "GIF89a",
        "P6\n#",
    };
    for (size_t i = 0; i < ARRAY_SIZE(pictures); i++) {
        struct error *e = NULL;
        assert_false(png_write(str_from(pictures[i]), path, &e));
        assert_int_equal(e->code, ERR_GUEST);
        error_drop(&e);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ppm_becomes_png),
        cmocka_unit_test(png_stays_as_it_is),
        cmocka_unit_test(the_rest_is_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
