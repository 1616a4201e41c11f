/* The shortest way: one call, no set-up. SENDGRID_API_KEY=SG... ./one_shot switches open tracking off. */
#include <sg_open_tracking.h>
#include <stdio.h>
#include <stdlib.h>

int main(void)
{
    bool enabled;
    sg_code code = sg_open_tracking_update(getenv("SENDGRID_API_KEY"), false, SG_REGION_GLOBAL, NULL, &enabled);
    if (code != SG_OK) {
        fprintf(stderr, "open tracking not switched off: %s\n", sg_strerror(code));
        return 1;
    }
    printf("open tracking is %s\n", enabled ? "on" : "off");
    return 0;
}
