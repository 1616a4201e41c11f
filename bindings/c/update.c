/* Switch SendGrid's open tracking on or off, and say what the server answered.
 *
 *     SENDGRID_API_KEY=SG... ./update [--eu] on|off [ON_BEHALF_OF]
 *
 * Exit code: 0 done, 1 the call failed, 2 wrong usage. */
#include <sg_open_tracking.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int main(int argc, char **argv)
{
    const char *key = getenv("SENDGRID_API_KEY");
    int32_t region = SG_REGION_GLOBAL;
    if (argc > 1 && strcmp(argv[1], "--eu") == 0) {
        region = SG_REGION_EU;
        argc--;
        argv++;
    }
    bool on = argc > 1 && strcmp(argv[1], "on") == 0;
    bool off = argc > 1 && strcmp(argv[1], "off") == 0;
    if (key == NULL || argc > 3 || on == off) {
        fputs("usage: SENDGRID_API_KEY=SG... update [--eu] on|off [ON_BEHALF_OF]\n", stderr);
        return 2;
    }
    const char *on_behalf_of = argc == 3 ? argv[2] : NULL;

    sg_client *client;
    sg_code code = sg_client_new(key, region, NULL, &client);
    if (code != SG_OK) {
        fprintf(stderr, "no client: %s\n", sg_strerror(code));
        return 1;
    }
    sg_result result;
    code = sg_client_update(client, on, on_behalf_of, &result);
    sg_client_free(client);

    if (code != SG_OK) {
        fprintf(stderr, "open tracking not switched %s: %s (code %d)\n", argv[1], result.message, (int)code);
        return 1;
    }
    printf("open tracking is %s\n", result.enabled ? "on" : "off");
    return 0;
}
