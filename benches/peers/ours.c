/* libsg_open_tracking, through its C ABI. */
#include "peer.h"

#include <stdint.h>
#include <stdio.h>

#include "sg_open_tracking.h"

const bool peer_serves_threads = true;

void *peer_open(size_t connections) {
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    if (sg_config_set_max_connections(config, (uint32_t)connections) == SG_OK)
        sg_client_new(PEER_KEY, SG_REGION_GLOBAL, config, &client);
    sg_config_free(config);
    return client;
}

bool peer_call(void *client) {
    sg_result result;
    if (sg_client_update(client, false, NULL, &result) != SG_OK)
        fprintf(stderr, "%s\n", result.message);
    return result.code == SG_OK && !result.enabled;
}
