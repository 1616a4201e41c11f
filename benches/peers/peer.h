/*
 * What every program under measurement provides; main.c does the rest, so that they differ in
 * nothing else. The service is at SG_OPEN_TRACKING_BASE_URL; SSL_CERT_FILE has the certificates
 * to believe.
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>
#include <stddef.h>

#define PEER_KEY "SG.bbbbbbbbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc"

/* Whether one client serves many threads at once, over a connection for each. */
extern const bool peer_serves_threads;

/* A client that keeps up to `connections` idle connections; NULL on failure. */
void *peer_open(size_t connections);

/* Switches open tracking off; whether the service answered 200 and confirmed it. */
bool peer_call(void *client);

#endif
