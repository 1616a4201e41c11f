/* Calls as the tests make them: each result poisoned before and examined after. */
#ifndef CALLS_H
#define CALLS_H

#include "check.h"

#include <sg_open_tracking.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Port 1 of the loopback: nothing listens there, so what gets past the checks is refused. */
static const char NOWHERE[] = "https://127.0.0.1:1";

static const char TEST_KEY[] = "SG.a-key-of-the-tests", WRONG_KEY[] = "SG.a-wrong-key";

/* What the sandbox printed, by way of the environment; NULL where it is not set. */
static struct {
    const char *url, *eu_url, *ca_file, *key, *eu_key, *read_key, *update_key;
} sandbox;

/* On Windows a copy, since what getenv() gives there lasts until any variable is set. */
static inline const char *variable(const char *name)
{
    const char *value = getenv(name);
#ifdef _WIN32
    char *copy = value == NULL ? NULL : (char *)malloc(strlen(value) + 1);
    value = copy == NULL ? NULL : strcpy(copy, value);
#endif
    return value;
}

/* Takes the sandbox from the environment, and what else would meddle out of it. */
static inline bool find_sandbox(void)
{
    static const char *const meddling[] = {"HTTPS_PROXY", "https_proxy",   "ALL_PROXY",    "all_proxy",
                                           "NO_PROXY",    "no_proxy",      "SSL_CERT_DIR", "SSL_CERT_FILE",
                                           "HTTP_PROXY",  "http_proxy",    "SG_OPEN_TRACKING_BASE_URL",
                                           "SG_OPEN_TRACKING_LOG"};
    for (size_t i = 0; i < COUNT(meddling); i++)
        unsetenv(meddling[i]);
    sandbox.url = variable("SANDBOX_URL");
    sandbox.eu_url = variable("SANDBOX_EU_URL");
    sandbox.ca_file = variable("SANDBOX_CA_FILE");
    sandbox.key = variable("SANDBOX_KEY");
    sandbox.eu_key = variable("SANDBOX_EU_KEY");
    sandbox.read_key = variable("SANDBOX_READ_KEY");
    sandbox.update_key = variable("SANDBOX_UPDATE_KEY");
    return sandbox.url && sandbox.eu_url && sandbox.ca_file && sandbox.key && sandbox.eu_key && sandbox.read_key &&
           sandbox.update_key;
}

static inline void poison(sg_result *result)
{
    memset(result, 0xAA, sizeof *result);
}

/* Strict enough for what is looked at here: every character begun is ended. */
static inline bool is_utf8(const char *text)
{
    while (*text != 0) {
        unsigned char first = (unsigned char)*text++;
        int more = first < 0x80 ? 0 : first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : -1;
        for (; more > 0; more--)
            if (((unsigned char)*text++ & 0xC0) != 0x80)
                return false;
        if (more < 0)
            return false;
    }
    return true;
}

/* What holds for every result of every call, whatever happened. Silent when it does. */
static inline void check_written_in_full(sg_code code, const sg_result *result, const char *call)
{
    const char *end = (const char *)memchr(result->message, 0, sizeof result->message);
    bool tail_clear = end != NULL;
    for (const char *at = end; tail_clear && at < result->message + sizeof result->message; at++)
        tail_clear = *at == 0;

    if (result->code != (int32_t)code)
        check(false, "%s: returned %d, its result says %d", call, (int)code, (int)result->code);
    if ((result->reserved_[0] | result->reserved_[1] | result->reserved_[2]) != 0)
        check(false, "%s: reserved bytes are zero", call);
    if (!tail_clear)
        check(false, "%s: message is terminated and zero after its end", call);
    else if (!is_utf8(result->message))
        check(false, "%s: message is UTF-8", call);
    else if ((code == SG_OK) != (result->message[0] == 0))
        check(false, "%s: message is empty for SG_OK alone; code %d has \"%s\"", call, (int)code, result->message);
    if (result->retry_after_ms < -1)
        check(false, "%s: retry_after_ms is -1 or a wait, not %lld", call, (long long)result->retry_after_ms);
    if (result->elapsed_us < 0 || result->elapsed_us > 120000000)
        check(false, "%s: elapsed_us is a time, not %lld", call, (long long)result->elapsed_us);
    if (result->http_status < 0 || result->http_status > 999 || result->attempts > 100)
        check(false, "%s: http_status and attempts are written", call);
    const char *const keys[] = {TEST_KEY, WRONG_KEY, sandbox.key, sandbox.eu_key, sandbox.read_key, sandbox.update_key};
    for (size_t i = 0; end != NULL && i < COUNT(keys); i++)
        if (keys[i] != NULL && strstr(result->message, keys[i]) != NULL)
            check(false, "%s: no key in the message \"%s\"", call, result->message);
}

static inline sg_result update(const sg_client *client, bool enabled, const char *on_behalf_of)
{
    sg_result result;
    poison(&result);
    check_written_in_full(sg_client_update(client, enabled, on_behalf_of, &result), &result, "update");
    return result;
}

static inline sg_result get(const sg_client *client, const char *on_behalf_of)
{
    sg_result result;
    poison(&result);
    check_written_in_full(sg_client_get(client, on_behalf_of, &result), &result, "get");
    return result;
}

static inline bool check_code(sg_result result, int32_t wanted, const char *name)
{
    if (result.code == wanted)
        return check(true, "%s", name);
    return check(false, "%s: wanted code %d, got %d (HTTP %d, %u attempts): %s", name, (int)wanted, (int)result.code,
                 (int)result.http_status, (unsigned)result.attempts, result.message);
}

/* A client that may send `timeout_ms` and try once, or the end of the test. */
static inline sg_client *new_client(const char *key, int32_t region, const char *url, uint32_t timeout_ms)
{
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    sg_code code = config == NULL ? (sg_code)SG_ERR_INTERNAL : (sg_code)SG_OK;
    if (code == SG_OK)
        code = sg_config_set_timeout_ms(config, timeout_ms);
    if (code == SG_OK)
        code = sg_config_set_max_retries(config, 0);
    if (code == SG_OK)
        code = sg_config_set_base_url(config, url);
    if (code == SG_OK)
        code = sg_config_set_proxy(config, "");
    if (code == SG_OK && sandbox.ca_file != NULL)
        code = sg_config_set_ca_file(config, sandbox.ca_file);
    if (code == SG_OK)
        code = sg_client_new(key, region, config, &client);
    sg_config_free(config); /* a client keeps no hold of it */
    if (code != SG_OK) {
        printf("Bail out! no client for %s: code %d\n", url, (int)code);
        exit(EXIT_FAILURE);
    }
    return client;
}

static inline sg_client *sandbox_client(uint32_t timeout_ms)
{
    return new_client(sandbox.key, SG_REGION_GLOBAL, sandbox.url, timeout_ms);
}

static inline sg_client *derived(const sg_client *origin, uint32_t timeout_ms)
{
    sg_client *client = NULL;
    if (sg_client_derive(origin, timeout_ms, &client) != SG_OK || client == NULL) {
        printf("Bail out! no derived client\n");
        exit(EXIT_FAILURE);
    }
    return client;
}

#endif
