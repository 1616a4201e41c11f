/* A program of the first release: every function and every field of sg_result that 1.0.0 had. It is
 * compiled with the header of that release, and run with today's library. Never change it. */
#include <sg_open_tracking.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failed;

static void must(bool held, const char *what)
{
    printf("%s - %s\n", held ? "ok" : "not ok", what);
    failed += !held;
}

/* A result with bytes behind it that are not the library's to write. */
typedef struct framed {
    sg_result result;
    unsigned char beyond[64];
} framed;

static sg_result *poison(framed *framed)
{
    memset(framed, 0xA5, sizeof *framed);
    return &framed->result;
}

static bool written(const framed *framed, int32_t code, int32_t status, bool enabled, uint32_t attempts)
{
    const sg_result *result = &framed->result;
    for (size_t i = 0; i < sizeof framed->beyond; i++)
        if (framed->beyond[i] != 0xA5)
            return false;
    return result->code == code && result->http_status == status && result->enabled == enabled &&
           result->attempts == attempts && result->retry_after_ms == -1 && result->elapsed_us > 0 &&
           (result->reserved_[0] | result->reserved_[1] | result->reserved_[2]) == 0 &&
           memchr(result->message, 0, sizeof result->message) != NULL && (result->message[0] == 0) == (code == SG_OK);
}

static bool on_result(void *context, size_t index, const sg_result *result)
{
    *(int *)context += result->code == SG_OK && index < 2;
    return true;
}

static bool on_subuser(void *context, const char *username)
{
    *(int *)context += strncmp(username, "subuser-", 8) == 0;
    return true;
}

int main(void)
{
    const char *key = getenv("SANDBOX_KEY"), *url = getenv("SANDBOX_URL"), *ca_file = getenv("SANDBOX_CA_FILE");
    const char *const names[2] = {"subuser-00001", "subuser-00002"};
    sg_client *client = NULL, *derived = NULL;
    framed one;
    sg_result many[3];
    bool enabled = true;
    int seen = 0;

    if (key == NULL || url == NULL || ca_file == NULL)
        return 2;
    must(strncmp(sg_version(), "1.", 2) == 0, sg_version());
    must(strcmp(sg_strerror(SG_OK), "success") == 0 && strcmp(sg_strerror(5), "unknown code") == 0, "sg_strerror");

    sg_config *config = sg_config_new();
    must(config != NULL, "sg_config_new");
    must(sg_config_set_timeout_ms(config, 10000) == SG_OK, "sg_config_set_timeout_ms");
    must(sg_config_set_connect_timeout_ms(config, 5000) == SG_OK, "sg_config_set_connect_timeout_ms");
    must(sg_config_set_max_retries(config, 0) == SG_OK, "sg_config_set_max_retries");
    must(sg_config_set_max_connections(config, 2) == SG_OK, "sg_config_set_max_connections");
    must(sg_config_set_requests_per_minute(config, 0) == SG_OK, "sg_config_set_requests_per_minute");
    must(sg_config_set_base_url(config, url) == SG_OK, "sg_config_set_base_url");
    must(sg_config_set_proxy(config, "") == SG_OK, "sg_config_set_proxy");
    must(sg_config_set_ca_file(config, ca_file) == SG_OK, "sg_config_set_ca_file");
    must(sg_config_set_user_agent(config, "decade/1.0") == SG_OK, "sg_config_set_user_agent");
    must(sg_config_set_timeout_ms(config, 0) == SG_ERR_ARGUMENT, "a timeout of 0 is refused");
    must(sg_client_new(key, 2, config, &client) == SG_ERR_ARGUMENT && client == NULL, "region 2 is refused");
    must(sg_client_new(key, SG_REGION_GLOBAL, config, &client) == SG_OK && client != NULL, "sg_client_new");
    sg_config_free(config);
    if (client == NULL)
        return 1;

    must(sg_client_update(client, false, NULL, poison(&one)) == SG_OK && written(&one, SG_OK, 200, false, 1),
         "sg_client_update");
    must(sg_client_get(client, "news@example.com", poison(&one)) == SG_OK && written(&one, SG_OK, 200, true, 1),
         "sg_client_get");
    must(sg_client_get(client, "nobody", poison(&one)) == SG_ERR_NOT_FOUND &&
             written(&one, SG_ERR_NOT_FOUND, 404, false, 1),
         "an error");
    must(sg_client_update_many(client, false, names, 2, on_result, &seen, many) == SG_OK && seen == 2 &&
             many[1].code == SG_OK && !many[1].enabled,
         "sg_client_update_many");
    memset(many, 0xA5, sizeof many);
    must(sg_client_get_many(client, names, 2, NULL, NULL, many) == SG_OK && many[1].http_status == 200 &&
             many[2].attempts == 0xA5A5A5A5,
         "sg_client_get_many");
    seen = 0;
    must(sg_client_list_subusers(client, on_subuser, &seen, NULL) == SG_OK && seen > 0, "sg_client_list_subusers");

    must(sg_client_derive(client, 1000, &derived) == SG_OK && derived != NULL, "sg_client_derive");
    sg_client_cancel(derived);
    must(sg_client_get(derived, NULL, &one.result) == SG_ERR_CANCELLED, "sg_client_cancel");
    sg_client_free(derived);
    sg_client_free(client);

    must(sg_open_tracking_update(key, true, SG_REGION_GLOBAL, NULL, NULL) == SG_OK, "sg_open_tracking_update");
    enabled = false;
    must(sg_open_tracking_get(key, SG_REGION_GLOBAL, NULL, &enabled) == SG_OK && enabled, "sg_open_tracking_get");

    return failed != 0;
}
