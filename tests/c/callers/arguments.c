/* Every argument wrong: each combination of NULLs, every byte in key, name and user agent, and
 * numbers that are no region and no code. Nothing of it is sent. */
#define _POSIX_C_SOURCE 200809L
#include "calls.h"

static sg_client *client;
static sg_config *config;

/* What a call without pointer number `i` gets, for each combination of pointers left out. */
#define BIT(mask, i) (((mask) >> (i) & 1) != 0)
#define OR_NULL(mask, i, pointer) (BIT(mask, i) ? NULL : (pointer))

static void expect(bool argument_error, sg_code code, const char *call, unsigned mask)
{
    if ((code == SG_ERR_ARGUMENT) != argument_error || code == SG_ERR_INTERNAL)
        check(false, "%s with NULLs %x: code %d", call, mask, (int)code);
}

static void test_nulls(void)
{
    for (unsigned mask = 0; mask < 8; mask++) {
        sg_client *made = client;
        sg_code code = sg_client_new(OR_NULL(mask, 0, TEST_KEY), 0, OR_NULL(mask, 1, config), OR_NULL(mask, 2, &made));
        expect(BIT(mask, 0) || BIT(mask, 2), code, "sg_client_new", mask);
        if (code == SG_OK)
            sg_client_free(made);
        else if (!BIT(mask, 2) && made != NULL)
            check(false, "sg_client_new with NULLs %x leaves out as it was", mask);

        made = client;
        code = sg_client_derive(OR_NULL(mask, 0, client), 1, OR_NULL(mask, 1, &made));
        expect(BIT(mask, 0) || BIT(mask, 1), code, "sg_client_derive", mask);
        if (code == SG_OK)
            sg_client_free(made);

        sg_result result;
        code = sg_client_update(OR_NULL(mask, 0, client), true, OR_NULL(mask, 1, "name"), OR_NULL(mask, 2, &result));
        expect(BIT(mask, 0), code, "sg_client_update", mask);
        code = sg_client_get(OR_NULL(mask, 0, client), OR_NULL(mask, 1, "name"), OR_NULL(mask, 2, &result));
        expect(BIT(mask, 0) || BIT(mask, 2), code, "sg_client_get", mask);

        bool enabled = true;
        code = sg_open_tracking_update(OR_NULL(mask, 0, TEST_KEY), true, 0, OR_NULL(mask, 1, "name"),
                                       OR_NULL(mask, 2, &enabled));
        expect(BIT(mask, 0), code, "sg_open_tracking_update", mask);
        code = sg_open_tracking_get(OR_NULL(mask, 0, TEST_KEY), 0, OR_NULL(mask, 1, "name"), OR_NULL(mask, 2, &enabled));
        expect(BIT(mask, 0) || BIT(mask, 2), code, "sg_open_tracking_get", mask);
        if (!enabled)
            check(false, "out_enabled is written on success alone");

        expect(BIT(mask, 0), sg_config_set_timeout_ms(OR_NULL(mask, 0, config), 2000), "sg_config_set_timeout_ms", mask);
        expect(BIT(mask, 0), sg_config_set_proxy(OR_NULL(mask, 0, config), OR_NULL(mask, 1, "")), "sg_config_set_proxy", mask);
        expect(BIT(mask, 0) || BIT(mask, 1), sg_config_set_base_url(OR_NULL(mask, 0, config), OR_NULL(mask, 1, NOWHERE)),
               "sg_config_set_base_url", mask);
        expect(BIT(mask, 0) || BIT(mask, 1), sg_config_set_user_agent(OR_NULL(mask, 0, config), OR_NULL(mask, 1, "a/1")),
               "sg_config_set_user_agent", mask);
        expect(true, sg_config_set_ca_file(OR_NULL(mask, 0, config), OR_NULL(mask, 1, "/dev/null")),
               "sg_config_set_ca_file", mask);
        sg_client_cancel(NULL);
        sg_client_free(NULL);
        sg_config_free(NULL);
    }
    check(checks_failed == 0, "every combination of NULLs is told from the others");
}

/* The byte alone, first, in the middle and last. */
static void place(char *text, int where, unsigned char byte)
{
    char *const at[] = {text, text, text + 1, text + 2};
    strcpy(text, where == 0 ? "x" : "xyz");
    *at[where] = (char)byte;
}

static void test_bytes(void)
{
    char text[4];
    int wrong_keys = 0, wrong_names = 0, wrong_agents = 0;
    for (int byte = 1; byte <= 255; byte++) {
        for (int where = 0; where < 4; where++) {
            bool visible = byte > ' ' && byte <= '~', space = byte == ' ';
            sg_client *made = client;
            place(text, where, (unsigned char)byte);

            sg_code code = sg_client_new(text, SG_REGION_GLOBAL, config, &made);
            wrong_keys += code != (visible ? SG_OK : SG_ERR_ARGUMENT) || (made != NULL) != visible;
            sg_client_free(made);
            bool enabled = true;
            if (!visible)
                wrong_keys += sg_open_tracking_get(text, SG_REGION_GLOBAL, NULL, &enabled) != SG_ERR_ARGUMENT || !enabled;

            /* A good name gets as far as the port where nobody listens. */
            bool good = visible || (space && where == 2);
            sg_result result = get(client, text);
            wrong_names += result.code != (good ? SG_ERR_CONNECT : SG_ERR_ARGUMENT) || result.attempts != 0;
            result = update(client, true, text);
            wrong_names += result.code != (good ? SG_ERR_CONNECT : SG_ERR_ARGUMENT) || result.attempts != 0;

            code = sg_config_set_user_agent(config, text);
            good = visible || (space && where != 0);
            wrong_agents += code != (good ? SG_OK : SG_ERR_ARGUMENT);
        }
    }
    check(wrong_keys == 0, "key: each byte in each place is taken or refused as it should: %d wrong", wrong_keys);
    check(wrong_names == 0, "on_behalf_of: the same: %d wrong", wrong_names);
    check(wrong_agents == 0, "user_agent: the same: %d wrong", wrong_agents);
}

static void test_numbers(void)
{
    int wrong_regions = 0, wrong_words = 0;
    uint32_t random = 12345;
    for (int i = 0; i < 100000; i++) {
        random = random * 1664525 + 1013904223;
        int32_t number = i < 2000 ? i - 1000 : (int32_t)random;
        sg_client *made = client;
        bool known = number == SG_REGION_GLOBAL || number == SG_REGION_EU, enabled = true;
        wrong_regions += sg_client_new(TEST_KEY, number, config, &made) != (known ? SG_OK : SG_ERR_ARGUMENT);
        if (known)
            sg_client_free(made);
        else
            wrong_regions += sg_open_tracking_get(TEST_KEY, number, NULL, &enabled) != SG_ERR_ARGUMENT;
        const char *words = sg_strerror(number);
        wrong_words += words == NULL || words[0] == 0;
    }
    check(wrong_regions == 0, "regions: all but two numbers are refused: %d wrong", wrong_regions);
    check(wrong_words == 0, "sg_strerror has words for every number");
}

/* Strings as long as a page and more, and none that ends where it may. */
static void test_lengths(void)
{
    static char text[1 << 20];
    static const size_t lengths[] = {256, 257, 512, 513, 1024, 1025, 65536, sizeof text - 1};
    int wrong = 0;
    for (size_t i = 0; i < COUNT(lengths); i++) {
        memset(text, 'k', sizeof text);
        text[lengths[i]] = 0;
        sg_client *made = NULL;
        wrong += sg_client_new(text, 0, config, &made) != (lengths[i] <= 512 ? SG_OK : SG_ERR_ARGUMENT);
        sg_client_free(made);
        wrong += get(client, text).code != (lengths[i] <= 256 ? SG_ERR_CONNECT : SG_ERR_ARGUMENT);
        wrong += sg_config_set_user_agent(config, text) != (lengths[i] <= 256 ? SG_OK : SG_ERR_ARGUMENT);
        wrong += sg_config_set_base_url(config, text) != SG_ERR_ARGUMENT;
        wrong += sg_config_set_ca_file(config, text) != SG_ERR_ARGUMENT;
        sg_config_set_proxy(config, text);
    }
    check(wrong == 0, "lengths: up to a megabyte, taken or refused as they should: %d wrong", wrong);
}

int main(void)
{
    find_sandbox();
    sandbox.ca_file = NULL;
    setenv("SG_OPEN_TRACKING_BASE_URL", NOWHERE, 1);
    config = sg_config_new();
    sg_config_set_base_url(config, NOWHERE);
    sg_config_set_max_retries(config, 0);
    client = new_client(TEST_KEY, SG_REGION_GLOBAL, NOWHERE, 2000);
    test_nulls();
    test_bytes();
    test_numbers();
    test_lengths();
    sg_client_free(client);
    sg_config_free(config);
    return sum_up();
}
