/*
 * Runs cases.json, and those scenarios of README.md that C has, on the C ABI itself.
 *
 *     CONFORMANCE_CASES=tests/conformance/cases.json python3 tests/conformance/cases_to_c.py >cases.h
 *     cc -std=c11 -I. -Iinclude -o conformance tests/conformance/conformance.c -lsg_open_tracking -lpthread
 *     tests/conformance/run.sh ./conformance
 */
#define _POSIX_C_SOURCE 200809L

#include <ctype.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sg_open_tracking.h"

enum { ANY = -2, OPTIONS_MAX = 8, BOUNDED_US = 5000000 };

struct option {
    const char *name, *text;
    uint32_t number;
};

struct test_case {
    const char *name, *call;
    int32_t region;
    const char *key, *on_behalf_of;
    bool enabled;
    struct option options[OPTIONS_MAX];
    sg_code code;
    int32_t http_status;
    int expected_enabled, attempts;
    int64_t retry_after_ms;
    const char *message_part;
};

#include "cases.h"

static int passed, failed;

static void count(const char *name, const char *wrong) {
    if (wrong == NULL) {
        passed++;
    } else {
        failed++;
        printf("FAILED %s: %s\n", name, wrong);
    }
}

static const char *resolved(const char *text) {
    return text != NULL && text[0] == '$' ? getenv(text + 1) : text;
}

/* Whether text contains part, letter case and underscores aside. */
static bool contains(const char *text, const char *part) {
    for (;; text++) {
        const char *at = text, *wanted = part;
        while (*wanted != '\0' && (*at == '_' || *wanted == '_' || tolower((unsigned char)*at) == tolower((unsigned char)*wanted))) {
            if (*at == '_') {
                at++;
            } else if (*wanted == '_') {
                wanted++;
            } else {
                at++, wanted++;
            }
        }
        if (*wanted == '\0') return true;
        if (*text == '\0') return false;
    }
}

/* ---- the table */

static sg_code set(sg_config *config, const struct option *option) {
    static const struct {
        const char *name;
        sg_code (*number)(sg_config *, uint32_t);
        sg_code (*text)(sg_config *, const char *);
    } SETTERS[] = {
        {"timeout_ms", sg_config_set_timeout_ms, NULL},
        {"connect_timeout_ms", sg_config_set_connect_timeout_ms, NULL},
        {"max_retries", sg_config_set_max_retries, NULL},
        {"max_connections", sg_config_set_max_connections, NULL},
        {"requests_per_minute", sg_config_set_requests_per_minute, NULL},
        {"base_url", NULL, sg_config_set_base_url},
        {"proxy", NULL, sg_config_set_proxy},
        {"ca_file", NULL, sg_config_set_ca_file},
        {"user_agent", NULL, sg_config_set_user_agent},
    };
    for (size_t i = 0; i < sizeof SETTERS / sizeof SETTERS[0]; i++) {
        if (strcmp(SETTERS[i].name, option->name) != 0) continue;
        return SETTERS[i].number != NULL ? SETTERS[i].number(config, option->number)
                                         : SETTERS[i].text(config, resolved(option->text));
    }
    return SG_ERR_INTERNAL;
}

static sg_code make(const char *key, int32_t region, const struct option *more, sg_client **client) {
    const struct option defaults[] = {
        {"base_url", region == SG_REGION_EU ? "$SANDBOX_EU_URL" : "$SANDBOX_URL", 0},
        {"ca_file", "$SANDBOX_CA_FILE", 0},
        {"proxy", "", 0},
        {"max_retries", NULL, 0},
        {"timeout_ms", NULL, 10000},
    };
    sg_config *config = sg_config_new();
    sg_code code = SG_OK;
    for (size_t i = 0; code == SG_OK && i < sizeof defaults / sizeof defaults[0]; i++) code = set(config, &defaults[i]);
    for (size_t i = 0; code == SG_OK && more != NULL && i < OPTIONS_MAX && more[i].name != NULL; i++) code = set(config, &more[i]);
    *client = NULL;
    if (code == SG_OK) code = sg_client_new(key, region, config, client);
    sg_config_free(config);
    return code;
}

static bool note_enabled(void *seen, size_t index, const sg_result *result) {
    if (result->code == SG_OK) ((int *)seen)[index]++;
    return true;
}

/* A call for many, given one name twice: each that is given is done once. */
static sg_code repeated(const sg_client *client) {
    static const char *const NAMES[] = {"subuser-00001", "subuser-00002", "subuser-00001"};
    int seen[3] = {0};
    sg_code code = sg_client_get_many(client, NAMES, 3, note_enabled, seen, NULL);
    return code == SG_OK && (seen[0] != 1 || seen[1] != 1 || seen[2] != 1) ? SG_ERR_INTERNAL : code;
}

/* Appends "info end: level call\n", of a line of the log. */
static void note_line(void *context, int32_t level, const char *line) {
    static const char *const LEVELS[] = {"", "error", "warn", "info", "debug"};
    char *text = context;
    const char *at = line + strlen("event="), *event = at;
    at += strcspn(at, " ");
    sprintf(text + strlen(text), "%s%s %.*s:", *text == '\0' ? "" : "\n", LEVELS[level], (int)(at - event), event);
    while (*at == ' ') {
        const char *name = ++at;
        at += strcspn(at, "=");
        sprintf(text + strlen(text), " %.*s", (int)(at - name), name);
        if (*++at == '"') {
            for (at++; *at != '"'; at++) at += *at == '\\';
            at++;
        } else {
            at += strcspn(at, " ");
        }
    }
}

/* The lines of the log of a call on behalf of this account, once there is a connection. */
static sg_code log_of(const char *on_behalf_of, char *lines) {
    sg_client *client = NULL;
    sg_result result;
    sg_config *config = sg_config_new();
    sg_config_set_base_url(config, getenv("SANDBOX_URL"));
    sg_config_set_ca_file(config, getenv("SANDBOX_CA_FILE"));
    sg_config_set_proxy(config, "");
    sg_config_set_log(config, SG_LOG_DEBUG, note_line, lines);
    sg_code code = sg_client_new(getenv("SANDBOX_KEY"), SG_REGION_GLOBAL, config, &client);
    sg_config_free(config);
    if (code == SG_OK) code = sg_client_get(client, "subuser-00001", &result);
    *lines = '\0';
    if (code == SG_OK) code = sg_client_get(client, on_behalf_of, &result);
    sg_client_free(client);
    return code;
}

static void run_log(const struct test_case *test) {
    static char lines[8192];
    sg_code code = log_of(test->on_behalf_of, lines);
    count(test->name, code == SG_OK && strcmp(lines, test->message_part) == 0 ? NULL : lines);
}

static sg_code perform(const struct test_case *test, const char *key, sg_result *result) {
    bool enabled = false;
    memset(result, 0, sizeof *result);
    if (strncmp(test->call, "one_shot_", 9) == 0) {
        result->code = strcmp(test->call, "one_shot_update") == 0
                           ? sg_open_tracking_update(key, test->enabled, test->region, test->on_behalf_of, &enabled)
                           : sg_open_tracking_get(key, test->region, test->on_behalf_of, &enabled);
        result->enabled = enabled;
        return result->code;
    }
    sg_client *client;
    sg_code code = make(key, test->region, test->options, &client);
    if (code != SG_OK || strcmp(test->call, "client_new") == 0) {
        result->code = code;
    } else if (strcmp(test->call, "repeated") == 0) {
        code = result->code = repeated(client);
    } else if (strcmp(test->call, "update") == 0) {
        code = sg_client_update(client, test->enabled, test->on_behalf_of, result);
    } else {
        code = sg_client_get(client, test->on_behalf_of, result);
    }
    sg_client_free(client);
    return code;
}

static void run_case(const struct test_case *test) {
    static char wrong[1024];
    const char *key = resolved(test->key), *what = NULL;
    sg_result result;
    sg_code code = perform(test, key, &result);
    /* A call that gives a code alone has no message; the bindings make one. */
    bool has_message = code != SG_OK && strncmp(test->call, "one_shot_", 9) != 0 && strcmp(test->call, "client_new") != 0;

    if (code != test->code || result.code != code) what = "code";
    else if (test->http_status != ANY && result.http_status != test->http_status) what = "http_status";
    else if (test->expected_enabled != ANY && result.enabled != test->expected_enabled) what = "enabled";
    else if (test->attempts != ANY && result.attempts != (uint32_t)test->attempts) what = "attempts";
    else if (test->retry_after_ms != ANY && result.retry_after_ms != test->retry_after_ms) what = "retry_after_ms";
    else if (has_message && test->message_part != NULL && !contains(result.message, test->message_part)) what = "message";
    else if (strlen(key) > 1 && strstr(result.message, key) != NULL) what = "the key in the message";
    if (what != NULL)
        snprintf(wrong, sizeof wrong, "%s: code %d, status %d, attempts %u, \"%s\"", what, (int)code, (int)result.http_status,
                 (unsigned)result.attempts, result.message);
    count(test->name, what != NULL ? wrong : NULL);
}

/* ---- the scenarios: each returns what was wrong, or NULL */

static sg_client *client(uint32_t timeout_ms) {
    const struct option options[OPTIONS_MAX] = {{"timeout_ms", NULL, timeout_ms}};
    sg_client *made;
    if (make(getenv("SANDBOX_KEY"), SG_REGION_GLOBAL, options, &made) != SG_OK) abort();
    return made;
}

static void *cancel_when_in_flight(void *victim) {
    sg_client *other = client(10000);
    sg_result result;
    sg_client_get(other, "fault-delay-100", &result);
    sg_client_cancel(victim);
    sg_client_free(other);
    return NULL;
}

/* What C has of "close" as well: a client is freed only when its calls have returned. */
static const char *cancel(void) {
    sg_client *origin = client(30000), *derived;
    sg_result silent, later, of_origin;
    pthread_t thread;
    if (sg_client_derive(origin, 0, &derived) != SG_OK) return "derive";
    pthread_create(&thread, NULL, cancel_when_in_flight, derived);
    sg_client_get(derived, "fault-silent", &silent);
    pthread_join(thread, NULL);
    sg_client_get(derived, NULL, &later);
    sg_client_free(derived);
    sg_client_get(origin, NULL, &of_origin);
    sg_client_free(origin);
    if (silent.code != SG_ERR_CANCELLED || silent.elapsed_us > BOUNDED_US) return "the call was not cut off";
    if (later.code != SG_ERR_CANCELLED) return "a later call went well";
    return of_origin.code == SG_OK ? NULL : "the origin was cancelled";
}

static const char *derive(void) {
    sg_client *origin = client(30000), *hasty, *kept;
    sg_result silent, after;
    if (sg_client_derive(origin, 150, &hasty) != SG_OK || sg_client_derive(origin, 0, &kept) != SG_OK) return "derive";
    sg_client_get(hasty, "fault-silent", &silent);
    sg_client_free(hasty);
    sg_client_free(origin);
    sg_client_get(kept, NULL, &after);
    sg_client_free(kept);
    if (silent.code != SG_ERR_TIMEOUT || silent.elapsed_us > BOUNDED_US) return "no timeout";
    return after.code == SG_OK ? NULL : "the derived client went with its origin";
}

struct work {
    const sg_client *client;
    int number;
    bool wrong;
};

static void *work(void *given) {
    struct work *work = given;
    char name[32];
    snprintf(name, sizeof name, "subuser-0001%d", work->number);
    for (int turn = 0; turn < 25; turn++) {
        sg_result set, read;
        bool wanted = turn % 2 == 0;
        sg_client_update(work->client, wanted, name, &set);
        sg_client_get(work->client, name, &read);
        work->wrong = work->wrong || set.code != SG_OK || read.code != SG_OK || set.enabled != wanted || read.enabled != wanted;
    }
    return NULL;
}

static const char *threads(void) {
    sg_client *shared = client(10000);
    pthread_t workers[8];
    struct work works[8];
    bool wrong = false;
    for (int i = 0; i < 8; i++) {
        works[i] = (struct work){shared, i, false};
        pthread_create(&workers[i], NULL, work, &works[i]);
    }
    for (int i = 0; i < 8; i++) {
        pthread_join(workers[i], NULL);
        wrong = wrong || works[i].wrong;
    }
    sg_client_free(shared);
    return wrong ? "a value was not read back" : NULL;
}

static bool note_subuser(void *seen, const char *name) {
    long number = strncmp(name, "subuser-", 8) == 0 ? strtol(name + 8, NULL, 10) : 0;
    if (number >= 1 && number <= 25) ((int *)seen)[number - 1]++;
    return true;
}

static bool stop_at_once(void *told, size_t index, const sg_result *result) {
    (void)index, (void)result;
    ++*(int *)told;
    return false;
}

static const char *fleet(void) {
    sg_client *opened = client(10000), *wrong;
    char names[25][16];
    const char *pointers[26];
    int seen[25] = {0}, told = 0;
    sg_result results[26];
    if (sg_client_list_subusers(opened, note_subuser, seen, NULL) != SG_OK) return "list_subusers";
    for (int i = 0; i < 25; i++) {
        if (seen[i] != 1) return "the list is another";
        snprintf(names[i], sizeof names[i], "subuser-%05d", i + 1);
        pointers[i] = names[i];
    }
    pointers[25] = "nobody";
    if (sg_client_update_many(opened, false, pointers, 26, NULL, NULL, results) != SG_ERR_PARTIAL) return "update_many";
    for (int i = 0; i < 25; i++)
        if (results[i].code != SG_OK || results[i].enabled) return "not all are off";
    if (results[25].code != SG_ERR_NOT_FOUND) return "nobody was found";
    if (sg_client_get_many(opened, pointers, 25, NULL, NULL, results) != SG_OK) return "get_many";
    if (sg_client_get_many(opened, pointers, 25, stop_at_once, &told, NULL) != SG_ERR_CANCELLED || told != 1) return "it went on";
    if (make("SG.wrong", SG_REGION_GLOBAL, NULL, &wrong) != SG_OK) return "a client";
    if (sg_client_update_many(wrong, false, pointers, 10, NULL, NULL, NULL) != SG_ERR_UNAUTHORIZED) return "a wrong key";
    sg_client_free(wrong);

    const char *silent = "fault-silent";
    pthread_t thread;
    pthread_create(&thread, NULL, cancel_when_in_flight, opened);
    sg_code code = sg_client_update_many(opened, false, &silent, 1, NULL, NULL, NULL);
    pthread_join(thread, NULL);
    sg_client_free(opened);
    return code == SG_ERR_CANCELLED ? NULL : "it was not cancelled";
}

static long resident_kib(void) {
    char line[256];
    long kib = -1;
    FILE *status = fopen("/proc/self/status", "r");
    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0) kib = strtol(line + 6, NULL, 10);
    if (status != NULL) fclose(status);
    return kib;
}

static bool calls(const sg_client *opened, int count) {
    for (int number = 0; number < count; number++) {
        sg_result result;
        if (number % 10 == 0) {
            if (sg_client_get(opened, "\n", &result) != SG_ERR_ARGUMENT) return false;
        } else if (number % 10 == 1) {
            if (sg_client_get(opened, "nobody", &result) != SG_ERR_NOT_FOUND) return false;
        } else if (number % 2 == 1) {
            if (sg_client_update(opened, number % 3 == 0, NULL, &result) != SG_OK) return false;
        } else {
            sg_client *derived;
            if (sg_client_derive(opened, 0, &derived) != SG_OK || sg_client_get(derived, NULL, &result) != SG_OK) return false;
            sg_client_free(derived);
        }
    }
    return true;
}

static const char *memory(void) {
    sg_client *opened = client(10000);
    bool well = calls(opened, 2000);
    long before = resident_kib();
    well = well && calls(opened, 10000);
    long grown = resident_kib() - before;
    sg_client_free(opened);
    printf("  memory: %+ld KiB over 10,000 calls\n", grown);
    if (!well) return "a call went wrong";
    return grown < 2048 ? NULL : "it grew";
}

int main(void) {
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        if (strcmp(CASES[i].call, "log") == 0) run_log(&CASES[i]);
        else run_case(&CASES[i]);
    }
    count("cancel", cancel());
    count("derive", derive());
    count("threads", threads());
    count("fleet", fleet());
    count("memory", memory());
    printf("c c11: %d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
