/* SPDX-License-Identifier: Apache-2.0 */
#include "media/png.h"

#include <png.h>

#include "base/io.h"
#include "base/mem.h"

#define SIDE_MAX 16384

/* Numbers of a PPM's head, parted by white space and comments. */
static bool take_number(str *rest, uint32_t *out)
{
    while (rest->len > 0 && (strchr(" \t\r\n", rest->ptr[0]) != NULL || rest->ptr[0] == '#')) {
        bool is_comment = rest->ptr[0] == '#';
        size_t n = 1;
        while (is_comment && n < rest->len && rest->ptr[n - 1] != '\n')
            n++;
        *rest = str_sub(*rest, n, rest->len);
    }
    *out = 0;
    size_t digits = 0;
    while (digits < rest->len && digits < 6 && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
        *out = *out * 10 + (uint32_t)(rest->ptr[digits++] - '0');
    *rest = str_sub(*rest, digits, rest->len);
    return digits > 0;
}

/* ppm(5): P6 WIDTH HEIGHT MAXIMUM, one white space, then three bytes a dot. */
static bool read_ppm(str picture, png_image *image, const char **dots)
{
    uint32_t most;
    str rest = str_sub(picture, 2, picture.len);
    if (!take_number(&rest, &image->width) || !take_number(&rest, &image->height) ||
        !take_number(&rest, &most) || rest.len == 0)
        return false;
    *dots = rest.ptr + 1;
    return most == 255 && image->width > 0 && image->height > 0 && image->width <= SIDE_MAX &&
           image->height <= SIDE_MAX && rest.len - 1 >= (size_t)image->width * image->height * 3;
}

static bool convert(png_image *image, const char *dots, const char *path, struct error **err)
{
    png_alloc_size_t size = 0;
    if (!png_image_write_to_memory(image, NULL, &size, 0, dots, 0, NULL))
        return error_set(err, ERR_INTERNAL, 0, "libpng: %s", image->message);
    autofree char *bytes = xmalloc(size);
    if (!png_image_write_to_memory(image, bytes, &size, 0, dots, 0, NULL))
        return error_set(err, ERR_INTERNAL, 0, "libpng: %s", image->message);
    return io_write_file(path, (str){bytes, size}, 0600, err);
}

bool png_write(str picture, const char *path, struct error **err)
{
    png_image image = {.version = PNG_IMAGE_VERSION, .format = PNG_FORMAT_RGB};
    const char *dots;
    if (str_starts(picture, STR("\x89PNG\r\n\x1a\n")))
        return io_write_file(path, picture, 0600, err);
    if (!str_starts(picture, STR("P6")) || !read_ppm(picture, &image, &dots))
        return error_set(err, ERR_GUEST, 0, "the hypervisor gave no picture that can be read");
    bool ok = convert(&image, dots, path, err);
    png_image_free(&image);
    return ok;
}
