/* libcurl: an easy handle that is used again, which keeps its connection. */
#include "peer.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct client {
    CURL *handle;
    size_t length;
    char body[256];
};

const bool peer_serves_threads = false;

static size_t keep(char *data, size_t size, size_t count, void *context) {
    struct client *client = context;
    size_t length = size * count;
    if (length >= sizeof client->body - client->length)
        return 0;
    memcpy(client->body + client->length, data, length);
    client->length += length;
    client->body[client->length] = '\0';
    return length;
}

void *peer_open(size_t connections) {
    (void)connections;
    struct client *client = calloc(1, sizeof *client);
    const char *base = getenv("SG_OPEN_TRACKING_BASE_URL"), *authorities = getenv("SSL_CERT_FILE");
    char url[256];
    if (!client || !base || !authorities || curl_global_init(CURL_GLOBAL_DEFAULT) || !(client->handle = curl_easy_init()))
        return NULL;
    snprintf(url, sizeof url, "%s/v3/tracking_settings/open", base);
    struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer " PEER_KEY);
    headers = curl_slist_append(headers, "Content-Type: application/json");
    headers = curl_slist_append(headers, "Accept: application/json");
    curl_easy_setopt(client->handle, CURLOPT_URL, url);
    curl_easy_setopt(client->handle, CURLOPT_CAINFO, authorities);
    curl_easy_setopt(client->handle, CURLOPT_CUSTOMREQUEST, "PATCH");
    curl_easy_setopt(client->handle, CURLOPT_POSTFIELDS, "{\"enabled\":false}");
    curl_easy_setopt(client->handle, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->handle, CURLOPT_TIMEOUT_MS, 30000L);
    curl_easy_setopt(client->handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->handle, CURLOPT_WRITEFUNCTION, keep);
    curl_easy_setopt(client->handle, CURLOPT_WRITEDATA, client);
    return client;
}

bool peer_call(void *context) {
    struct client *client = context;
    long status = 0;
    client->length = 0;
    CURLcode error = curl_easy_perform(client->handle);
    if (error)
        fprintf(stderr, "%s\n", curl_easy_strerror(error));
    curl_easy_getinfo(client->handle, CURLINFO_RESPONSE_CODE, &status);
    return !error && status == 200 && !strcmp(client->body, "{\"enabled\":false}");
}
