/*
 * What the command-line tool asks for, and nothing else: lists the subusers, reads the setting of each, and forgets it.
 * The service is at SG_OPEN_TRACKING_BASE_URL; SSL_CERT_FILE has the certificates to believe.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"
#include "sg_open_tracking.h"

struct names {
    char **list;
    size_t count;
};

static bool keep(void *context, const char *username) {
    struct names *names = context;
    names->list = reallocarray(names->list, names->count + 1, sizeof *names->list);
    return names->list && (names->list[names->count++] = strdup(username));
}

static bool count(void *context, size_t index, const sg_result *result) {
    (void)index;
    *(size_t *)context += result->code == SG_OK;
    return true;
}

int main(void) {
    sg_client *client;
    sg_result result;
    struct names names = {0};
    size_t read = 0;
    if (sg_client_new(PEER_KEY, SG_REGION_GLOBAL, NULL, &client) != SG_OK)
        return 2;
    if (sg_client_list_subusers(client, keep, &names, &result) != SG_OK) {
        fprintf(stderr, "%s\n", result.message);
        return 1;
    }
    sg_client_get_many(client, (const char *const *)names.list, names.count, count, &read, NULL);
    sg_client_free(client);
    for (size_t i = 0; i < names.count; i++)
        free(names.list[i]);
    free(names.list);
    printf("%zu\n", read);
    return read == names.count ? 0 : 1;
}
