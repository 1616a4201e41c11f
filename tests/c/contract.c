/* The ABI contract, held from C.
 *
 * Every promise that sg_open_tracking.h makes to a C program is tried here: first those
 * that need no server, then, when SANDBOX_URL and its kin are set as the sandbox prints
 * them, those that do. Strict C99, and valid C++17, so the header is tried as both. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "calls.h"

#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>
#ifndef _WIN32
#include <sys/wait.h>
#endif

/* ---- without a server ---- */

static const struct code_case {
    const char *name;
    int32_t is, must_be;
} codes[] = {
    {"SG_OK", SG_OK, 0},
    {"SG_ERR_ARGUMENT", SG_ERR_ARGUMENT, 1},
    {"SG_ERR_CANCELLED", SG_ERR_CANCELLED, 2},
    {"SG_ERR_INTERNAL", SG_ERR_INTERNAL, 3},
    {"SG_ERR_PARTIAL", SG_ERR_PARTIAL, 4},
    {"SG_ERR_DNS", SG_ERR_DNS, 10},
    {"SG_ERR_CONNECT", SG_ERR_CONNECT, 11},
    {"SG_ERR_PROXY", SG_ERR_PROXY, 12},
    {"SG_ERR_TLS", SG_ERR_TLS, 13},
    {"SG_ERR_TIMEOUT", SG_ERR_TIMEOUT, 14},
    {"SG_ERR_IO", SG_ERR_IO, 15},
    {"SG_ERR_PROTOCOL", SG_ERR_PROTOCOL, 16},
    {"SG_ERR_BAD_REQUEST", SG_ERR_BAD_REQUEST, 20},
    {"SG_ERR_UNAUTHORIZED", SG_ERR_UNAUTHORIZED, 21},
    {"SG_ERR_FORBIDDEN", SG_ERR_FORBIDDEN, 22},
    {"SG_ERR_NOT_FOUND", SG_ERR_NOT_FOUND, 23},
    {"SG_ERR_RATE_LIMITED", SG_ERR_RATE_LIMITED, 24},
    {"SG_ERR_SERVER", SG_ERR_SERVER, 25},
    {"SG_ERR_STATUS", SG_ERR_STATUS, 26},
    {"SG_ERR_NOT_APPLIED", SG_ERR_NOT_APPLIED, 27},
};

static void test_layout(void)
{
    static const struct {
        const char *member;
        size_t is, must_be;
    } offsets[] = {
        {"code", offsetof(sg_result, code), 0},
        {"http_status", offsetof(sg_result, http_status), 4},
        {"enabled", offsetof(sg_result, enabled), 8},
        {"reserved_", offsetof(sg_result, reserved_), 9},
        {"attempts", offsetof(sg_result, attempts), 12},
        {"retry_after_ms", offsetof(sg_result, retry_after_ms), 16},
        {"elapsed_us", offsetof(sg_result, elapsed_us), 24},
        {"message", offsetof(sg_result, message), 32},
    };
    check(sizeof(sg_result) == 512, "sg_result has 512 bytes");
    check(sizeof(((sg_result *)NULL)->message) == 480, "its message has 480");
    check(sizeof(((sg_result *)NULL)->enabled) == 1, "its enabled has 1");
    for (size_t i = 0; i < COUNT(offsets); i++)
        check(offsets[i].is == offsets[i].must_be, "sg_result.%s stands at %zu", offsets[i].member, offsets[i].must_be);
    check(sizeof(sg_code) == 4 && sizeof(sg_region) == 4, "codes and regions have 4 bytes");
    for (size_t i = 0; i < COUNT(codes); i++)
        check(codes[i].is == codes[i].must_be, "%s is %d", codes[i].name, (int)codes[i].must_be);
    check(SG_REGION_GLOBAL == 0 && SG_REGION_EU == 1, "regions are 0 and 1");
}

static void test_words(void)
{
    static const int32_t unknown[] = {INT32_MIN, -1, 5, 9, 17, 19, 28, INT32_MAX};
    for (size_t i = 0; i < COUNT(codes); i++) {
        const char *words = sg_strerror(codes[i].must_be);
        check(words != NULL && words[0] != 0 && strcmp(words, "unknown code") != 0 && strchr(words, '\n') == NULL,
              "sg_strerror(%s) says: %s", codes[i].name, words == NULL ? "(null)" : words);
        check(words == sg_strerror(codes[i].must_be), "and it is static");
    }
    for (size_t i = 0; i < COUNT(unknown); i++)
        check(strcmp(sg_strerror(unknown[i]), "unknown code") == 0, "sg_strerror(%d) is \"unknown code\"", (int)unknown[i]);

    int major, minor, patch, length = 0;
    const char *version = sg_version();
    int numbers = sscanf(version, "%d.%d.%d%n", &major, &minor, &patch, &length);
    check(numbers == 3 && (size_t)length == strlen(version), "sg_version is three numbers: %s", version);
}

static void test_nulls(void)
{
    sg_config *config = sg_config_new();
    sg_client *client = new_client(TEST_KEY, SG_REGION_GLOBAL, NOWHERE, 1000);
    sg_client *out = client;
    sg_result result;

    sg_config_free(NULL);
    sg_client_free(NULL);
    sg_client_cancel(NULL);
    check(true, "sg_config_free, sg_client_free and sg_client_cancel take NULL");
    check(config != NULL, "sg_config_new makes one");

    const struct {
        const char *call;
        sg_code code;
    } refused[] = {
        {"sg_config_set_timeout_ms(NULL, 1)", sg_config_set_timeout_ms(NULL, 1)},
        {"sg_config_set_connect_timeout_ms(NULL, 1)", sg_config_set_connect_timeout_ms(NULL, 1)},
        {"sg_config_set_max_retries(NULL, 1)", sg_config_set_max_retries(NULL, 1)},
        {"sg_config_set_max_connections(NULL, 1)", sg_config_set_max_connections(NULL, 1)},
        {"sg_config_set_requests_per_minute(NULL, 1)", sg_config_set_requests_per_minute(NULL, 1)},
        {"sg_config_set_base_url(NULL, url)", sg_config_set_base_url(NULL, NOWHERE)},
        {"sg_config_set_proxy(NULL, \"\")", sg_config_set_proxy(NULL, "")},
        {"sg_config_set_ca_file(NULL, path)", sg_config_set_ca_file(NULL, "/dev/null")},
        {"sg_config_set_user_agent(NULL, text)", sg_config_set_user_agent(NULL, "test")},
        {"sg_config_set_base_url(config, NULL)", sg_config_set_base_url(config, NULL)},
        {"sg_config_set_ca_file(config, NULL)", sg_config_set_ca_file(config, NULL)},
        {"sg_config_set_user_agent(config, NULL)", sg_config_set_user_agent(config, NULL)},
        {"sg_client_new(..., NULL)", sg_client_new(TEST_KEY, SG_REGION_GLOBAL, config, NULL)},
        {"sg_client_derive(client, 0, NULL)", sg_client_derive(client, 0, NULL)},
        {"sg_client_update(NULL, ..., NULL)", sg_client_update(NULL, true, NULL, NULL)},
        {"sg_client_get(client, NULL, NULL)", sg_client_get(client, NULL, NULL)},
        {"sg_client_get(NULL, NULL, NULL)", sg_client_get(NULL, NULL, NULL)},
    };
    for (size_t i = 0; i < COUNT(refused); i++)
        check(refused[i].code == SG_ERR_ARGUMENT, "%s is refused", refused[i].call);
    check(sg_config_set_proxy(config, NULL) == SG_OK, "sg_config_set_proxy(config, NULL) means the environment's");

    check(sg_client_new(NULL, SG_REGION_GLOBAL, config, &out) == SG_ERR_ARGUMENT && out == NULL,
          "sg_client_new(NULL, ...) is refused, and its out is NULL");
    out = client;
    check(sg_client_derive(NULL, 0, &out) == SG_ERR_ARGUMENT && out == NULL,
          "sg_client_derive(NULL, ...) is refused, and its out is NULL");
    check(sg_client_new(TEST_KEY, SG_REGION_GLOBAL, NULL, &out) == SG_OK && out != NULL,
          "sg_client_new takes NULL for its config");
    sg_client_free(out);

    result = update(NULL, true, NULL);
    check_code(result, SG_ERR_ARGUMENT, "sg_client_update(NULL, ...) is refused");
    check(strstr(result.message, "client") != NULL && result.attempts == 0, "and names the client: %s", result.message);
    result = get(NULL, NULL);
    check_code(result, SG_ERR_ARGUMENT, "sg_client_get(NULL, ...) is refused");
    check(strstr(result.message, "client") != NULL && result.attempts == 0, "and names the client: %s", result.message);

    sg_client_free(client);
    sg_config_free(config);
}

static char longest_key[513], too_long_key[514], longest_name[257], too_long_name[258];

static const struct {
    const char *what, *text;
} bad_keys[] = {
    {"NULL", NULL},
    {"an empty one", ""},
    {"one with a CR and LF", "SG.a\r\nX-Injected: yes"},
    {"one with a LF", "SG.a\nb"},
    {"one with a tab", "SG.a\tb"},
    {"one with DEL", "SG.a\x7f"},
    {"one with a space inside", "SG.a b"},
    {"one with a space before", " SG.a"},
    {"one with a space behind", "SG.a "},
    {"one beyond ASCII", "SG.caf\xc3\xa9"},
    {"one that is not UTF-8", "SG.\xff\xfe"},
    {"one of 513 bytes", too_long_key},
};

static const struct {
    const char *what, *text;
} bad_names[] = {
    {"an empty one", ""},
    {"one with a CR and LF", "subuser\r\nX-Injected: yes"},
    {"one with a LF", "sub\nuser"},
    {"one with a tab", "sub\tuser"},
    {"one with DEL", "subuser\x7f"},
    {"one with a space before", " subuser"},
    {"one with a space behind", "subuser "},
    {"one beyond ASCII", "caf\xc3\xa9"},
    {"one that is not UTF-8", "sub\xff\xfe"},
    {"one of 257 bytes", too_long_name},
};

static const int32_t bad_regions[] = {INT32_MIN, -1, 2, INT32_MAX};

static void test_strings(void)
{
    static const char *const good_keys[] = {"k", "no-shape-is-asked-for", "!~", longest_key};
    static const char *const good_names[] = {"s", "a user", "user@example.com", "account-id 1234", longest_name};
    sg_client *client = new_client(TEST_KEY, SG_REGION_GLOBAL, NOWHERE, 2000);
    sg_client *out;

    for (size_t i = 0; i < COUNT(bad_keys); i++) {
        out = client;
        check(sg_client_new(bad_keys[i].text, SG_REGION_GLOBAL, NULL, &out) == SG_ERR_ARGUMENT && out == NULL,
              "key: %s is refused", bad_keys[i].what);
    }
    for (size_t i = 0; i < COUNT(good_keys); i++) {
        out = NULL;
        check(sg_client_new(good_keys[i], SG_REGION_GLOBAL, NULL, &out) == SG_OK && out != NULL,
              "key: one of %zu bytes is taken", strlen(good_keys[i]));
        sg_client_free(out);
    }
    for (size_t i = 0; i < COUNT(bad_regions); i++) {
        out = client;
        check(sg_client_new(TEST_KEY, bad_regions[i], NULL, &out) == SG_ERR_ARGUMENT && out == NULL,
              "region: %d is refused", (int)bad_regions[i]);
    }
    for (size_t i = 0; i < COUNT(bad_names); i++) {
        for (int updating = 0; updating <= 1; updating++) {
            sg_result result = updating ? update(client, true, bad_names[i].text) : get(client, bad_names[i].text);
            check(result.code == SG_ERR_ARGUMENT && result.attempts == 0 && result.http_status == 0 &&
                      result.retry_after_ms == -1 && strstr(result.message, "on_behalf_of") != NULL,
                  "on_behalf_of: %s is refused by %s: %s", bad_names[i].what, updating ? "update" : "get", result.message);
        }
    }
    for (size_t i = 0; i < COUNT(good_names); i++)
        check_code(get(client, good_names[i]), SG_ERR_CONNECT, "on_behalf_of: a good one is sent");
    check(sg_client_update(client, true, "", NULL) == SG_ERR_ARGUMENT, "a refused update needs no result");
    sg_client_free(client);
}

/* ---- options ---- */

/* A string as it may be printed: in quotes, with bytes that are no visible ASCII as \xNN. */
static const char *shown(const char *text)
{
    static char buffer[256];
    size_t at = 0;
    buffer[at++] = '"';
    for (; *text != 0 && at < sizeof buffer - 8; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte >= 0x20 && byte < 0x7F)
            buffer[at++] = (char)byte;
        else
            at += (size_t)snprintf(buffer + at, 5, "\\x%02x", byte);
    }
    buffer[at++] = '"';
    buffer[at] = 0;
    return buffer;
}

static char empty_file[] = "/tmp/sg-contract-empty-XXXXXX";
static char text_file[] = "/tmp/sg-contract-text-XXXXXX";

static void make_files(void)
{
    static const char text[] = "no certificate in here\n";
    int empty = mkstemp(empty_file), full = mkstemp(text_file);
    if (empty < 0 || full < 0 || write(full, text, sizeof text - 1) < 0) {
        printf("Bail out! no temporary files\n");
        exit(EXIT_FAILURE);
    }
    close(empty);
    close(full);
}

static void remove_files(void)
{
    unlink(empty_file);
    unlink(text_file);
}

typedef sg_code (*set_number)(sg_config *, uint32_t);
typedef sg_code (*set_text)(sg_config *, const char *);

static const struct {
    const char *name;
    set_number set;
    uint32_t value;
    bool taken;
} numbers[] = {
    {"timeout_ms", sg_config_set_timeout_ms, 0, false},
    {"timeout_ms", sg_config_set_timeout_ms, 1, true},
    {"timeout_ms", sg_config_set_timeout_ms, 86400000, true},
    {"connect_timeout_ms", sg_config_set_connect_timeout_ms, 0, false},
    {"connect_timeout_ms", sg_config_set_connect_timeout_ms, 1, true},
    {"max_retries", sg_config_set_max_retries, 0, true},
    {"max_retries", sg_config_set_max_retries, 5, true},
    {"max_connections", sg_config_set_max_connections, 1, true},
    {"max_connections", sg_config_set_max_connections, 1024, true},
    {"max_connections", sg_config_set_max_connections, 0, false},
    {"max_connections", sg_config_set_max_connections, 1025, false},
    {"requests_per_minute", sg_config_set_requests_per_minute, 0, true},
    {"requests_per_minute", sg_config_set_requests_per_minute, 600, true},
};

static const struct {
    const char *name;
    set_text set;
    const char *value;
    bool taken;
} texts[] = {
    {"base_url", sg_config_set_base_url, "https://api.sendgrid.com", true},
    {"base_url", sg_config_set_base_url, "https://api.sendgrid.com:8443/", true},
    {"base_url", sg_config_set_base_url, "https://gateway.example.com/sendgrid", true},
    {"base_url", sg_config_set_base_url, "http://127.0.0.1:8080", true},
    {"base_url", sg_config_set_base_url, "http://[::1]:8080", true},
    {"base_url", sg_config_set_base_url, "", false},
    {"base_url", sg_config_set_base_url, "api.sendgrid.com", false},
    {"base_url", sg_config_set_base_url, "https://", false},
    {"base_url", sg_config_set_base_url, "https://:443", false},
    {"base_url", sg_config_set_base_url, "ftp://127.0.0.1", false},
    {"base_url", sg_config_set_base_url, "file:///etc/passwd", false},
    {"base_url", sg_config_set_base_url, "http://api.sendgrid.com", false},
    {"base_url", sg_config_set_base_url, "http://192.0.2.1", false},
    {"base_url", sg_config_set_base_url, "http://127.0.0.1.example.com", false},
    {"base_url", sg_config_set_base_url, "http://127.0.0.1@example.com", false},
    {"base_url", sg_config_set_base_url, "https://user:secret@127.0.0.1", false},
    {"base_url", sg_config_set_base_url, "https://user@127.0.0.1", false},
    {"base_url", sg_config_set_base_url, "https://127.0.0.1:99999", false},
    {"base_url", sg_config_set_base_url, "https://exa mple.com", false},
    {"base_url", sg_config_set_base_url, "https://example.com\r\nX-Injected: yes", false},
    {"base_url", sg_config_set_base_url, "https://\xff\xfe", false},
    {"proxy", sg_config_set_proxy, "", true},
    {"proxy", sg_config_set_proxy, "http://127.0.0.1:3128", true},
    {"proxy", sg_config_set_proxy, "127.0.0.1:3128", true},
    {"proxy", sg_config_set_proxy, "http://user:secret@127.0.0.1:3128", true},
    {"proxy", sg_config_set_proxy, "http://", false},
    {"proxy", sg_config_set_proxy, "socks5://127.0.0.1:1080", false},
    {"proxy", sg_config_set_proxy, "gopher://127.0.0.1:70", false},
    {"proxy", sg_config_set_proxy, "http://127.0.0.1:99999", false},
    {"proxy", sg_config_set_proxy, "no proxy at all", false},
    {"proxy", sg_config_set_proxy, "http://127.0.0.1:3128\r\nX: y", false},
    {"proxy", sg_config_set_proxy, "http://\xff\xfe", false},
    {"ca_file", sg_config_set_ca_file, "", false},
    {"ca_file", sg_config_set_ca_file, "/nowhere/ca.pem", false},
    {"ca_file", sg_config_set_ca_file, "/", false},
    {"ca_file", sg_config_set_ca_file, empty_file, false},
    {"ca_file", sg_config_set_ca_file, text_file, false},
    {"ca_file", sg_config_set_ca_file, "/tmp/\xff\xfe", false},
    {"user_agent", sg_config_set_user_agent, "my-app/1.0", true},
    {"user_agent", sg_config_set_user_agent, longest_name, true},
    {"user_agent", sg_config_set_user_agent, too_long_name, false},
    {"user_agent", sg_config_set_user_agent, "", false},
    {"user_agent", sg_config_set_user_agent, "my-app\r\nX-Injected: yes", false},
    {"user_agent", sg_config_set_user_agent, "caf\xc3\xa9", false},
    {"user_agent", sg_config_set_user_agent, "my\xff\xfe", false},
};

static void set_what_is_refused(sg_config *config)
{
    for (size_t i = 0; i < COUNT(numbers); i++)
        if (!numbers[i].taken)
            numbers[i].set(config, numbers[i].value);
    for (size_t i = 0; i < COUNT(texts); i++)
        if (!texts[i].taken)
            texts[i].set(config, texts[i].value);
}

static void test_options(void)
{
    sg_config *config = sg_config_new();
    for (size_t i = 0; i < COUNT(numbers); i++)
        check(numbers[i].set(config, numbers[i].value) == (numbers[i].taken ? SG_OK : SG_ERR_ARGUMENT), "%s: %u is %s",
              numbers[i].name, (unsigned)numbers[i].value, numbers[i].taken ? "taken" : "refused");
    for (size_t i = 0; i < COUNT(texts); i++) {
        bool empty = texts[i].value == empty_file, text = texts[i].value == text_file;
        check(texts[i].set(config, texts[i].value) == (texts[i].taken ? SG_OK : SG_ERR_ARGUMENT), "%s: %s is %s",
              texts[i].name, empty ? "an empty file" : text ? "a file with no certificate" : shown(texts[i].value),
              texts[i].taken ? "taken" : "refused");
    }
    sg_config_free(config);
}

/* Set everything well, then everything badly: the client must be as if the second had not been. */
static void test_refused_option_leaves_the_old(void)
{
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    bool set = sg_config_set_timeout_ms(config, 1500) == SG_OK && sg_config_set_base_url(config, sandbox.url) == SG_OK &&
               sg_config_set_proxy(config, "") == SG_OK && sg_config_set_ca_file(config, sandbox.ca_file) == SG_OK &&
               sg_config_set_user_agent(config, "contract/1") == SG_OK;
    set_what_is_refused(config);
    check(set && sg_client_new(sandbox.key, SG_REGION_GLOBAL, config, &client) == SG_OK,
          "a config whose setters refused something makes a client");
    sg_config_free(config);
    check_code(update(client, true, NULL), SG_OK, "and has its base URL, trust store and proxy as they were");
    int64_t start = now_ms();
    check_code(get(client, "fault-silent"), SG_ERR_TIMEOUT, "and its timeout");
    check(now_ms() - start < 5000, "of 1500 ms, not 30 s");
    sg_client_free(client);
}

/* ---- against the sandbox ---- */

static void test_round_trips(void)
{
    static const char *const on_behalf_of[] = {NULL, "subuser-00001", "account-id customer-1"};
    sg_client *client = sandbox_client(5000);
    for (size_t i = 0; i < COUNT(on_behalf_of); i++) {
        const char *whose = on_behalf_of[i] == NULL ? "the account" : on_behalf_of[i];
        for (int enabled = 0; enabled <= 1; enabled++) {
            sg_result written = update(client, enabled != 0, on_behalf_of[i]);
            sg_result read = get(client, on_behalf_of[i]);
            check(written.code == SG_OK && written.enabled == (enabled != 0) && written.http_status == 200 &&
                      written.attempts == 1 && written.retry_after_ms == -1 && written.elapsed_us > 0,
                  "%s is switched %s: code %d %s", whose, enabled ? "on" : "off", (int)written.code, written.message);
            check(read.code == SG_OK && read.enabled == (enabled != 0), "and read back: code %d %s", (int)read.code,
                  read.message);
        }
    }
    update(client, true, NULL);
    update(client, false, "subuser-00001");
    check(get(client, NULL).enabled, "a subuser's switch is not the account's");
    check(sg_client_update(client, true, NULL, NULL) == SG_OK, "an update needs no result");
    sg_client_free(client);

    client = new_client(sandbox.eu_key, SG_REGION_EU, sandbox.eu_url, 5000);
    check_code(update(client, false, NULL), SG_OK, "the EU's account is switched off");
    check(!get(client, NULL).enabled, "and read back");
    sg_client_free(client);
}

static void test_refusals(void)
{
    const struct {
        const char *name, *key, *url;
        bool updating;
        int32_t code, http_status;
        const char *says;
    } cases[] = {
        {"a wrong key", WRONG_KEY, sandbox.url, true, SG_ERR_UNAUTHORIZED, 401, "401"},
        {"an EU key on the global host", sandbox.eu_key, sandbox.url, true, SG_ERR_UNAUTHORIZED, 401, "EU"},
        {"an update by a key that may only read", sandbox.read_key, sandbox.url, true, SG_ERR_FORBIDDEN, 403,
         "tracking_settings.open.update"},
        {"a read by a key that may only update", sandbox.update_key, sandbox.url, false, SG_ERR_FORBIDDEN, 403,
         "tracking_settings.open.read"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sg_client *client = new_client(cases[i].key, SG_REGION_GLOBAL, cases[i].url, 5000);
        sg_result result = cases[i].updating ? update(client, true, NULL) : get(client, NULL);
        check_code(result, cases[i].code, cases[i].name);
        check(result.http_status == cases[i].http_status && result.attempts == 1, "has HTTP status %d and no retry",
              (int)cases[i].http_status);
        check(strstr(result.message, cases[i].says) != NULL && strstr(result.message, cases[i].key) == NULL,
              "and speaks of \"%s\", never of the key: %s", cases[i].says, result.message);
        sg_client_free(client);
    }
}

static void test_faults(void)
{
    static const struct {
        const char *name;
        int32_t code, http_status;
    } cases[] = {
        {"fault-status-400", SG_ERR_BAD_REQUEST, 400},
        {"fault-status-401", SG_ERR_UNAUTHORIZED, 401},
        {"fault-status-403", SG_ERR_FORBIDDEN, 403},
        {"fault-status-404", SG_ERR_NOT_FOUND, 404},
        {"fault-status-406", SG_ERR_BAD_REQUEST, 406},
        {"fault-status-429", SG_ERR_RATE_LIMITED, 429},
        {"fault-status-451", SG_ERR_BAD_REQUEST, 451},
        {"fault-status-500", SG_ERR_SERVER, 500},
        {"fault-status-503", SG_ERR_SERVER, 503},
        {"fault-redirect", SG_ERR_STATUS, 302},
        {"fault-not-applied", SG_ERR_NOT_APPLIED, 200},
        {"fault-malformed-json", SG_ERR_PROTOCOL, 200},
        {"fault-no-enabled", SG_ERR_PROTOCOL, 200},
        {"fault-string-enabled", SG_ERR_PROTOCOL, 200},
        {"fault-empty-body", SG_ERR_PROTOCOL, 200},
        {"fault-huge-body", SG_ERR_PROTOCOL, 200},
        {"fault-not-http", SG_ERR_PROTOCOL, 0},
        {"fault-unicode-message", SG_ERR_FORBIDDEN, 403},
        {"fault-long-message", SG_ERR_FORBIDDEN, 403},
        {"fault-echo-key", SG_ERR_FORBIDDEN, 403},
        {"fault-chunked", SG_OK, 200},
        {"fault-until-close", SG_OK, 200},
    };
    sg_client *client = sandbox_client(5000);
    for (size_t i = 0; i < COUNT(cases); i++) {
        sg_result result = update(client, true, cases[i].name);
        check_code(result, cases[i].code, cases[i].name);
        check(result.http_status == cases[i].http_status && result.attempts == 1,
              "with HTTP status %d after one attempt: %d after %u", (int)cases[i].http_status, (int)result.http_status,
              (unsigned)result.attempts);
    }
    check(!update(client, true, "fault-not-applied").enabled && update(client, false, "fault-not-applied").enabled,
          "fault-not-applied: enabled is what the server reported");
    sg_result long_message = update(client, true, "fault-long-message");
    check(strlen(long_message.message) >= sizeof long_message.message - 8 && is_utf8(long_message.message),
          "fault-long-message: cut on a character after %zu bytes", strlen(long_message.message));
    sg_client_free(client);

    client = sandbox_client(300);
    sg_result result = update(client, true, "fault-status-429-retry-after-1");
    check_code(result, SG_ERR_RATE_LIMITED, "a wait that ends past the deadline is not begun");
    check(result.retry_after_ms == 1000 && result.elapsed_us < 300000, "but named: retry_after_ms %lld after %lld us",
          (long long)result.retry_after_ms, (long long)result.elapsed_us);
    sg_client_free(client);

    client = new_client(sandbox.key, SG_REGION_GLOBAL, NOWHERE, 5000);
    check_code(update(client, true, NULL), SG_ERR_CONNECT, "a port where none listens");
    sg_client_free(client);

    sg_config *config = sg_config_new();
    sg_config_set_base_url(config, sandbox.url);
    sg_config_set_proxy(config, "");
    sg_config_set_max_retries(config, 0);
    if (sg_client_new(sandbox.key, SG_REGION_GLOBAL, config, &client) == SG_OK) {
        check_code(update(client, true, NULL), SG_ERR_TLS, "a certificate that the system does not trust");
        sg_client_free(client);
    } else {
        check(false, "a client with the system's trust store is made");
    }
    sg_config_free(config);
}

static sg_client *retrying_client(uint32_t max_retries)
{
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    sg_config_set_timeout_ms(config, 10000);
    sg_config_set_max_retries(config, max_retries);
    sg_config_set_base_url(config, sandbox.url);
    sg_config_set_proxy(config, "");
    sg_config_set_ca_file(config, sandbox.ca_file);
    check(sg_client_new(sandbox.key, SG_REGION_GLOBAL, config, &client) == SG_OK, "a client that tries again %u times",
          (unsigned)max_retries);
    sg_config_free(config);
    return client;
}

static void test_retries(void)
{
    static const struct {
        const char *name;
        uint32_t max_retries, attempts;
        int32_t code;
    } cases[] = {
        {"fault-status-503", 0, 1, SG_ERR_SERVER},
        {"fault-status-503", 1, 2, SG_ERR_SERVER},
        {"fault-status-404", 2, 1, SG_ERR_NOT_FOUND},
        {"fault-status-501", 2, 1, SG_ERR_SERVER},
        {"fault-once-503-c-contract", 2, 2, SG_OK},
        {"fault-once-429-c-contract", 2, 2, SG_OK},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        sg_client *client = retrying_client(cases[i].max_retries);
        sg_result result = update(client, true, cases[i].name);
        check_code(result, cases[i].code, cases[i].name);
        check(result.attempts == cases[i].attempts, "after %u attempts: %u", (unsigned)cases[i].attempts,
              (unsigned)result.attempts);
        sg_client_free(client);
    }

    sg_client *client = retrying_client(2);
    sg_result result = update(client, true, "fault-once-429-retry-after-1-c-contract");
    check_code(result, SG_OK, "a wait that the server asks for is waited");
    check(result.elapsed_us >= 1000000 && result.attempts == 2, "for its second: %lld us", (long long)result.elapsed_us);
    sg_client_free(client);

    static const char *const dying[] = {"fault-close-after-reply", "fault-reset-after-reply"};
    client = retrying_client(0);
    for (size_t i = 0; i < COUNT(dying); i++) {
        check_code(update(client, true, dying[i]), SG_OK, dying[i]);
        check_code(update(client, true, NULL), SG_OK, "a kept connection that died is replaced, with no retry allowed");
    }
    sg_client_free(client);
}

static void check_times_out(const sg_client *client, int64_t ms, const char *name)
{
    int64_t start = now_ms();
    check_code(update(client, true, "fault-silent"), SG_ERR_TIMEOUT, name);
    int64_t took = now_ms() - start;
    check(took >= ms - 5 && took <= ms + 100 + slack_ms(), "after %lld ms: %lld", (long long)ms, (long long)took);
}

static void test_deadlines(void)
{
    sg_client *origin = sandbox_client(300), *client;
    check_times_out(origin, 300, "a server that says nothing times out");
    client = derived(origin, 5000);
    check_code(update(client, true, NULL), SG_OK, "and its pool goes on");
    sg_client_free(client);

    client = derived(origin, 0);
    check_times_out(client, 300, "derive(0) has its origin's timeout");
    sg_client_free(client);
    client = derived(origin, 600);
    check_times_out(client, 600, "derive(600) has its own");
    check_times_out(origin, 300, "and leaves its origin's");
    sg_client_free(origin);
    check_times_out(client, 600, "a derived client outlives its origin");
    origin = derived(client, 0);
    sg_client_free(client);
    check_times_out(origin, 600, "a client derived from a derived one has that one's timeout");
    client = derived(origin, 5000);
    sg_client_free(origin);
    check_code(update(client, true, NULL), SG_OK, "the last of a line still works");
    sg_client_free(client);
}

typedef struct call {
    const sg_client *client;
    const char *on_behalf_of;
    sg_result result;
    int64_t ended_ms;
} call;

static void *run_call(void *context)
{
    call *own = (call *)context;
    sg_client_update(own->client, true, own->on_behalf_of, &own->result);
    own->ended_ms = now_ms();
    return NULL;
}


static void start_call(pthread_t *thread, call *own, const sg_client *client, const char *on_behalf_of)
{
    own->client = client;
    own->on_behalf_of = on_behalf_of;
    poison(&own->result);
    if (pthread_create(thread, NULL, run_call, own) != 0) {
        printf("Bail out! no thread\n");
        exit(EXIT_FAILURE);
    }
}

static void test_cancel(void)
{
    enum { CUT_OFF, ORIGIN, KIN, CALLS };
    sg_client *origin = sandbox_client(10000), *cut_off = derived(origin, 0), *kin = derived(origin, 0);
    pthread_t threads[CALLS];
    call calls[CALLS];

    start_call(&threads[CUT_OFF], &calls[CUT_OFF], cut_off, "fault-silent");
    start_call(&threads[ORIGIN], &calls[ORIGIN], origin, "fault-delay-1000");
    start_call(&threads[KIN], &calls[KIN], kin, "fault-delay-1000");
    sleep_ms(300); /* all three are under way */
    int64_t cancelled = now_ms();
    sg_client_cancel(cut_off);
    check(now_ms() - cancelled < 50 + slack_ms(), "cancel does not wait");
    for (int i = 0; i < CALLS; i++) {
        pthread_join(threads[i], NULL);
        check_written_in_full((sg_code)calls[i].result.code, &calls[i].result, "a call in a thread");
    }
    check_code(calls[CUT_OFF].result, SG_ERR_CANCELLED, "a call is cut off by another thread");
    check(calls[CUT_OFF].ended_ms - cancelled <= 100 + slack_ms(), "within 100 ms: %lld",
          (long long)(calls[CUT_OFF].ended_ms - cancelled));
    check_code(calls[ORIGIN].result, SG_OK, "its origin's call goes on");
    check_code(calls[KIN].result, SG_OK, "and its kin's");

    check_code(update(cut_off, true, NULL), SG_ERR_CANCELLED, "a later call of the cancelled client is refused");
    check(update(cut_off, true, NULL).attempts == 0, "and sends nothing");
    sg_client_cancel(cut_off);
    check_code(update(origin, true, NULL), SG_OK, "its origin's later calls are not");
    sg_client_free(cut_off);
    sg_client_free(kin);

    kin = derived(origin, 0);
    sg_client_cancel(origin);
    check_code(update(origin, true, NULL), SG_ERR_CANCELLED, "an origin may be cancelled too");
    check_code(update(kin, true, NULL), SG_OK, "and its derived client goes on");
    sg_client_free(kin);
    sg_client_free(origin);
}

enum { THREADS = 8, CALLS_EACH = 50 };

static void *run_many_calls(void *context)
{
    const call *own = (const call *)context;
    intptr_t wrong = 0;
    for (int i = 0; i < CALLS_EACH; i++) {
        sg_result result;
        poison(&result);
        bool enabled = i / 2 % 2 == 0; /* each value is written, then read */
        sg_code code = i % 2 == 0 ? sg_client_update(own->client, enabled, own->on_behalf_of, &result)
                                  : sg_client_get(own->client, own->on_behalf_of, &result);
        if (code != SG_OK || result.code != SG_OK || result.enabled != enabled)
            wrong++;
    }
    return (void *)wrong;
}

static void test_threads(void)
{
    sg_client *client = sandbox_client(10000);
    pthread_t threads[THREADS];
    call calls[THREADS];
    char names[THREADS][32];
    for (int i = 0; i < THREADS; i++) {
        snprintf(names[i], sizeof names[i], "subuser-%05d", i + 1);
        calls[i].client = client;
        calls[i].on_behalf_of = names[i];
        if (pthread_create(&threads[i], NULL, run_many_calls, &calls[i]) != 0) {
            printf("Bail out! no thread\n");
            exit(EXIT_FAILURE);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        void *wrong;
        pthread_join(threads[i], &wrong);
        check((intptr_t)wrong == 0, "thread %d of %d: %d calls on one client, %d went wrong", i + 1, (int)THREADS,
              (int)CALLS_EACH, (int)(intptr_t)wrong);
    }
    sg_client_free(client);
}

/* ---- processes ---- */

#ifndef _WIN32 /* it has neither fork() nor SIGPIPE */

typedef sg_code (*one_call)(const sg_client *client);

static sg_code by_client(const sg_client *client)
{
    return sg_client_update(client, true, NULL, NULL);
}

static sg_code by_one_shot(const sg_client *client)
{
    bool enabled = false;
    (void)client;
    return sg_open_tracking_get(sandbox.key, SG_REGION_GLOBAL, NULL, &enabled);
}

/* The code that a call returns in a forked child; or, minus the signal that ended the child. */
static int in_child(one_call do_call, const sg_client *client)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, SIG_DFL);
        alarm(20);
        _exit(do_call(client));
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
        return -1000;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void check_survives_fork(one_call do_call, const sg_client *client, const char *name)
{
    check(do_call(client) == SG_OK, "%s works in the parent", name);
    for (int round = 0; round < 2; round++) {
        int code = in_child(do_call, client);
        check(code == SG_OK, "then in a child: %d", code);
        check(do_call(client) == SG_OK, "then in the parent again");
    }
}

static void test_fork(void)
{
    sg_client *client = sandbox_client(5000);
    check_survives_fork(by_client, client, "a client");
    sg_client_free(client);
}

static sg_code by_broken_connections(const sg_client *client)
{
    static const char *const faults[] = {"fault-reset", "fault-close", "fault-close-after-reply", "fault-reset-after-reply"};
    for (int i = 0; i < 16; i++)
        sg_client_update(client, true, faults[i % 4], NULL);
    return sg_client_update(client, true, NULL, NULL);
}

static void test_sigpipe(void)
{
    sg_client *client = sandbox_client(5000);
    struct sigaction action;
    check(sigaction(SIGPIPE, NULL, &action) == 0 && action.sa_handler == SIG_DFL,
          "the library leaves SIGPIPE as the program had it");
    int code = in_child(by_broken_connections, client);
    check(code == SG_OK, "connections that break raise no SIGPIPE: %d", code);
    sg_client_free(client);
}

#endif

/* ---- the one-shot calls, which take their server from the environment ---- */

static void test_one_shot_arguments(void)
{
    bool enabled;
    check(sg_open_tracking_get(TEST_KEY, SG_REGION_GLOBAL, NULL, NULL) == SG_ERR_ARGUMENT,
          "one shot: get needs its out_enabled");
    for (int before = 0; before <= 1; before++) {
        for (size_t i = 0; i < COUNT(bad_keys); i++) {
            enabled = before != 0;
            check(sg_open_tracking_update(bad_keys[i].text, true, SG_REGION_GLOBAL, NULL, &enabled) == SG_ERR_ARGUMENT &&
                      sg_open_tracking_get(bad_keys[i].text, SG_REGION_GLOBAL, NULL, &enabled) == SG_ERR_ARGUMENT &&
                      enabled == (before != 0),
                  "one shot: key: %s is refused, out_enabled untouched", bad_keys[i].what);
        }
        for (size_t i = 0; i < COUNT(bad_names); i++) {
            enabled = before != 0;
            check(sg_open_tracking_update(TEST_KEY, true, SG_REGION_GLOBAL, bad_names[i].text, &enabled) ==
                          SG_ERR_ARGUMENT &&
                      sg_open_tracking_get(TEST_KEY, SG_REGION_GLOBAL, bad_names[i].text, &enabled) == SG_ERR_ARGUMENT &&
                      enabled == (before != 0),
                  "one shot: on_behalf_of: %s is refused, out_enabled untouched", bad_names[i].what);
        }
        for (size_t i = 0; i < COUNT(bad_regions); i++) {
            enabled = before != 0;
            check(sg_open_tracking_update(TEST_KEY, true, bad_regions[i], NULL, &enabled) == SG_ERR_ARGUMENT &&
                      sg_open_tracking_get(TEST_KEY, bad_regions[i], NULL, &enabled) == SG_ERR_ARGUMENT &&
                      enabled == (before != 0),
                  "one shot: region: %d is refused, out_enabled untouched", (int)bad_regions[i]);
        }
    }
}

static void test_one_shot_calls(void)
{
    for (int wanted = 0; wanted <= 1; wanted++) {
        bool enabled = wanted == 0;
        check(sg_open_tracking_update(sandbox.key, wanted != 0, SG_REGION_GLOBAL, NULL, &enabled) == SG_OK &&
                  enabled == (wanted != 0),
              "one shot: switched %s", wanted ? "on" : "off");
        enabled = wanted == 0;
        check(sg_open_tracking_get(sandbox.key, SG_REGION_GLOBAL, NULL, &enabled) == SG_OK && enabled == (wanted != 0),
              "and read back");
        check(sg_open_tracking_update(sandbox.key, wanted != 0, SG_REGION_GLOBAL, "subuser-00003", NULL) == SG_OK,
              "one shot: on behalf of a subuser, with no out_enabled");

        enabled = wanted != 0;
        check(sg_open_tracking_update(WRONG_KEY, wanted == 0, SG_REGION_GLOBAL, NULL, &enabled) == SG_ERR_UNAUTHORIZED &&
                  enabled == (wanted != 0),
              "one shot: a wrong key leaves out_enabled %s", wanted ? "true" : "false");
        check(sg_open_tracking_get(WRONG_KEY, SG_REGION_GLOBAL, NULL, &enabled) == SG_ERR_UNAUTHORIZED &&
                  enabled == (wanted != 0),
              "and so does its read");
    }
#ifndef _WIN32
    check_survives_fork(by_one_shot, NULL, "one shot");
#endif
}

static void test_base_url_of_environment(void)
{
    sg_client *client = NULL;
    setenv("SG_OPEN_TRACKING_BASE_URL", "http://api.sendgrid.com", 1);
    check(sg_client_new(TEST_KEY, SG_REGION_GLOBAL, NULL, &client) == SG_ERR_ARGUMENT && client == NULL,
          "a bad SG_OPEN_TRACKING_BASE_URL is refused as a set one is");
    client = new_client(TEST_KEY, SG_REGION_GLOBAL, NOWHERE, 2000);
    check_code(update(client, true, NULL), SG_ERR_CONNECT, "but does not matter to a client that was given one");
    sg_client_free(client);

    setenv("SG_OPEN_TRACKING_BASE_URL", sandbox.url != NULL ? sandbox.url : NOWHERE, 1);
    check(sg_client_new(sandbox.key != NULL ? sandbox.key : TEST_KEY, SG_REGION_GLOBAL, NULL, &client) == SG_OK,
          "a good one is taken");
    check_code(update(client, true, NULL), sandbox.url != NULL ? SG_OK : SG_ERR_CONNECT, "and used");
    sg_client_free(client);
}

int main(void)
{
    bool with_sandbox = find_sandbox();
    memset(longest_key, 'k', sizeof longest_key - 1);
    memset(too_long_key, 'k', sizeof too_long_key - 1);
    memset(longest_name, 'n', sizeof longest_name - 1);
    memset(too_long_name, 'n', sizeof too_long_name - 1);
    make_files();
    atexit(remove_files);

    test_layout();
    test_words();
    test_nulls();
    test_strings();
    test_options();
    if (with_sandbox) {
        test_refused_option_leaves_the_old();
        test_round_trips();
        test_refusals();
        test_faults();
        test_retries();
        test_deadlines();
        test_cancel();
        test_threads();
#ifndef _WIN32
        test_fork();
        test_sigpipe();
#endif
        setenv("SSL_CERT_FILE", sandbox.ca_file, 1); /* from here on: the one-shot pool reads it once */
    } else {
        skip("all that needs a server", "SANDBOX_URL and its kin are not set");
    }
    test_base_url_of_environment();
    test_one_shot_arguments();
    if (with_sandbox)
        test_one_shot_calls();
    return sum_up();
}
