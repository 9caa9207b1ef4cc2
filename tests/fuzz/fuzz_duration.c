/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include "base/cleanup.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What is printed of a duration is read back as the same. */
static void check_duration(str text)
{
    int64_t ns, back;
    if (!clock_parse_duration(text, &ns))
        return;
    autofree char *go = clock_format_duration(ns);
    autofree char *human = clock_human_duration(ns);
    autofree char *brief = clock_short_duration(ns);
    if (!clock_parse_duration(str_from(go), &back) || back != ns)
        BUG("duration does not survive printing");
    if (human[0] == '\0' || strchr(brief, ':') == NULL)
        BUG("empty duration");
}

/* The same of an instant, but for its fraction. */
static void check_instant(str text)
{
    int64_t ns, back;
    char out[CLOCK_RFC3339_SIZE];
    if (!clock_parse_rfc3339(text, &ns))
        return;
    clock_format_rfc3339(ns, out);
    if (!clock_parse_rfc3339(str_from(out), &back) || back > ns || ns - back >= NS_PER_S)
        BUG("instant does not survive printing");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    str text = {(const char *)data, size};
    check_duration(text);
    check_instant(text);
    return 0;
}
