/* One call of each of two static libraries in Rust. The caught panic first: it must not have
 * changed how the other library unwinds or hashes. */
#include <sg_open_tracking.h>
#include <stdio.h>
#include <stdlib.h>

bool neighbour_works(void);

int main(void)
{
    bool enabled = true;
    if (!neighbour_works()) {
        fputs("the neighbour failed\n", stderr);
        return 1;
    }
    sg_code code = sg_open_tracking_update(getenv("SENDGRID_API_KEY"), false, SG_REGION_GLOBAL, NULL, &enabled);
    if (code != SG_OK || enabled || !neighbour_works()) {
        fprintf(stderr, "sg_open_tracking_update: %s\n", sg_strerror(code));
        return 1;
    }
    puts("both work");
    return 0;
}
