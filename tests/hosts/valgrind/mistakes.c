/* What memcheck is still to report: a name of which a byte was never written, and a client that is lost. */
#include <sg_open_tracking.h>
#include <stdlib.h>
#include <string.h>

int main(void)
{
    static const char half[] = {'s', 'u', 'b'};
    sg_client *client, *lost;
    sg_result result;
    if (sg_client_new(getenv("SENDGRID_API_KEY"), SG_REGION_GLOBAL, NULL, &client) != SG_OK)
        return 2;
    char *name = malloc(sizeof half + 2);
    memcpy(name, half, sizeof half);
    name[sizeof half + 1] = 0;
    sg_client_get(client, name, &result);
    free(name);
    sg_client_derive(client, 0, &lost);
    lost = NULL;
    sg_client_free(client);
    return lost != NULL;
}
