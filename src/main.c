/* SPDX-License-Identifier: Apache-2.0 */

#include <stdio.h>

int main(void)
{
    printf("imgfac %s\n", IMGFAC_VERSION);
    return 0;
}
