/* The calls for a whole fleet of subusers, held from C as contract.c holds the rest. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "calls.h"

#include <pthread.h>
#ifndef WITHOUT_FORKS
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>
#endif

/* What a call has called back, and when it is to be told to stop: after `stop_at`, if not 0. */
typedef struct notes {
    size_t count, stop_at;
    bool seen[64], elsewhere;
    int32_t codes[64];
    char first[64], last[64];
    pthread_t caller;
} notes;

static bool go_on(notes *own)
{
    own->count++;
    if (!pthread_equal(own->caller, pthread_self()))
        own->elsewhere = true;
    return own->count != own->stop_at;
}

static bool note_result(void *context, size_t index, const sg_result *result)
{
    notes *own = (notes *)context;
    check_written_in_full((sg_code)result->code, result, "on_result");
    if (index < COUNT(own->seen)) {
        own->seen[index] = true;
        own->codes[index] = result->code;
    }
    return go_on(own);
}

static bool note_subuser(void *context, const char *username)
{
    notes *own = (notes *)context;
    if (own->count == 0)
        snprintf(own->first, sizeof own->first, "%s", username);
    snprintf(own->last, sizeof own->last, "%s", username);
    return go_on(own);
}

static notes new_notes(size_t stop_at)
{
    notes fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.stop_at = stop_at;
    fresh.caller = pthread_self();
    return fresh;
}

static void test_nulls(void)
{
    sg_client *client = new_client(TEST_KEY, SG_REGION_GLOBAL, NOWHERE, 1000);
    const char *names[] = {"subuser-00001"};
    sg_result result;
    notes called;
    memset(&called, 0, sizeof called);
    struct {
        const char *call, *names;
        const sg_client *client;
        const char *const *on_behalf_of;
    } cases[] = {
        {"(NULL, names, 1, ...)", "client", NULL, names},
        {"(client, NULL, 1, ...)", "on_behalf_of", client, NULL},
    };

    for (size_t i = 0; i < COUNT(cases); i++) {
        for (int update_all = 0; update_all <= 1; update_all++) {
            const char *function = update_all ? "sg_client_update_many" : "sg_client_get_many";
            poison(&result);
            sg_code code =
                update_all
                    ? sg_client_update_many(cases[i].client, true, cases[i].on_behalf_of, 1, note_result, &called, &result)
                    : sg_client_get_many(cases[i].client, cases[i].on_behalf_of, 1, note_result, &called, &result);
            check(code == SG_ERR_ARGUMENT, "%s%s is refused", function, cases[i].call);
            check_written_in_full(code, &result, function);
            check(strstr(result.message, cases[i].names) != NULL, "and its result names %s: %s", cases[i].names,
                  result.code == SG_ERR_ARGUMENT ? result.message : "(not written)");
        }
    }
    check(sg_client_update_many(client, true, NULL, 0, NULL, NULL, NULL) == SG_OK, "no names at all is no error");

    poison(&result);
    check(sg_client_list_subusers(NULL, note_subuser, &called, &result) == SG_ERR_ARGUMENT,
          "sg_client_list_subusers(NULL, ...) is refused");
    check_written_in_full(SG_ERR_ARGUMENT, &result, "list_subusers");
    poison(&result);
    check(sg_client_list_subusers(client, NULL, &called, &result) == SG_ERR_ARGUMENT,
          "sg_client_list_subusers(client, NULL, ...) is refused");
    check_written_in_full(SG_ERR_ARGUMENT, &result, "list_subusers");
    check(called.count == 0, "a refused call calls nothing back");
    sg_client_free(client);
}

enum { FLEET = 20 };

static char name_bytes[FLEET][32];
static const char *names[FLEET];

static void name_fleet(void)
{
    for (int i = 0; i < FLEET; i++) {
        snprintf(name_bytes[i], sizeof name_bytes[i], "subuser-%05d", i + 1);
        names[i] = name_bytes[i];
    }
}

static bool all_say(const sg_result *results, int32_t code, bool enabled)
{
    for (int i = 0; i < FLEET; i++) {
        check_written_in_full((sg_code)results[i].code, &results[i], names[i]);
        if (results[i].code != code || results[i].enabled != enabled)
            return false;
    }
    return true;
}

static void test_round_trip(void)
{
    sg_client *client = sandbox_client(10000);
    static sg_result results[FLEET];
    for (int enabled = 0; enabled <= 1; enabled++) {
        notes own = new_notes(0);
        memset(results, 0xAA, sizeof results);
        check(sg_client_update_many(client, enabled != 0, names, FLEET, note_result, &own, results) == SG_OK,
              "a fleet is switched %s", enabled ? "on" : "off");
        check(all_say(results, SG_OK, enabled != 0), "each one's result says so");
        bool each = own.count == FLEET;
        for (int i = 0; i < FLEET; i++)
            each = each && own.seen[i];
        check(each, "each is called back once, of %d: %zu", (int)FLEET, own.count);
        check(!own.elsewhere, "on the caller's own thread");

        memset(results, 0xAA, sizeof results);
        check(sg_client_get_many(client, names, FLEET, NULL, NULL, results) == SG_OK, "and is read back");
        check(all_say(results, SG_OK, enabled != 0), "with the same value");
    }
    check(sg_client_update_many(client, true, names, FLEET, NULL, NULL, NULL) == SG_OK,
          "neither callback nor results are needed");
    sg_client_free(client);
}

static void test_partial(void)
{
    sg_client *client = sandbox_client(10000);
    static sg_result results[FLEET];
    const char *mixed[FLEET];
    memcpy(mixed, names, sizeof mixed);
    mixed[3] = "fault-status-404";
    mixed[7] = "a name\r\nwith a line in it";
    memset(results, 0xAA, sizeof results);
    check(sg_client_update_many(client, true, mixed, FLEET, NULL, NULL, results) == SG_ERR_PARTIAL,
          "one that fails does not stop the others");
    for (int i = 0; i < FLEET; i++) {
        int32_t wanted = i == 3 ? SG_ERR_NOT_FOUND : i == 7 ? SG_ERR_ARGUMENT : SG_OK;
        check_written_in_full((sg_code)results[i].code, &results[i], names[i]);
        check(results[i].code == wanted, "item %d: code %d, wanted %d", i, (int)results[i].code, (int)wanted);
    }
    sg_client_free(client);
}

static void test_stop(void)
{
    sg_client *client = sandbox_client(10000);
    static sg_result results[FLEET];
    notes own = new_notes(1);
    memset(results, 0xAA, sizeof results);
    check(sg_client_get_many(client, names, FLEET, note_result, &own, results) == SG_ERR_CANCELLED,
          "a callback that says stop ends the call");
    check(own.count >= 1, "it was called before: %zu", own.count);
    bool known = true;
    for (int i = 0; i < FLEET; i++) {
        check_written_in_full((sg_code)results[i].code, &results[i], names[i]);
        known = known && (results[i].code == SG_OK || results[i].code == SG_ERR_CANCELLED);
    }
    check(known, "every result is either had or cancelled");

    /* What was sent is told, though on_result had said stop by then. */
    static sg_result read[FLEET];
    check(sg_client_update_many(client, true, names, FLEET, NULL, NULL, NULL) == SG_OK, "all are switched on");
    own = new_notes(1);
    check(sg_client_update_many(client, false, names, FLEET, note_result, &own, results) == SG_ERR_CANCELLED && own.count == 1,
          "and off again, until on_result says stop; it is not called again: %zu", own.count);
    check(sg_client_get_many(client, names, FLEET, NULL, NULL, read) == SG_OK, "all are read");
    int off = 0;
    bool told = true;
    for (int i = 0; i < FLEET; i++) {
        off += !read[i].enabled;
        told = told && (results[i].code == SG_OK) == !read[i].enabled && (results[i].attempts == 1) == !read[i].enabled;
    }
    check(told && off >= 1 && off < FLEET, "the results of the %d that were switched say so, and no others", off);

    own = new_notes(3);
    sg_result result;
    poison(&result);
    check(sg_client_list_subusers(client, note_subuser, &own, &result) == SG_ERR_CANCELLED && own.count == 3,
          "so does one of the list, at once: after %zu", own.count);
    check_written_in_full(SG_ERR_CANCELLED, &result, "list_subusers");
    sg_client_free(client);
}

#ifndef WITHOUT_FORKS /* a system has none, or an emulator has no threads in such a child */
/* Forks at the result of item `at`, and returns in parent and child alike. */
typedef struct forked {
    notes own;
    size_t at, called; /* how often it was called by then */
    pid_t child;
} forked;

static bool note_and_fork(void *context, size_t index, const sg_result *result)
{
    forked *state = (forked *)context;
    if (index == state->at) {
        fflush(NULL);
        state->child = fork();
        state->called = state->own.count + 1;
        if (state->child == 0)
            alarm(20); /* it hung for ever */
    }
    return note_result(&state->own, index, result);
}

static void test_fork_in_callback(void)
{
    static const char *with_null[] = {"subuser-00001", NULL, "subuser-00002"};
    static const char *slow[] = {"fault-delay-1000", NULL};
    static const char *null_first[] = {NULL, "subuser-00001", "subuser-00002"};
    static const struct {
        const char *what;
        const char *const *names;
        size_t count, at;
        sg_code code;
    } cases[] = {
        {"an answer", names, FLEET, 0, SG_OK},
        {"no name, with one after it", with_null, 3, 1, SG_ERR_PARTIAL},
        {"no name, with one under way", slow, 2, 1, SG_ERR_PARTIAL},
        {"no name, the first", null_first, 3, 0, SG_ERR_PARTIAL},
    };
    sg_client *client = sandbox_client(10000);
    static sg_result results[FLEET];
    for (size_t i = 0; i < COUNT(cases); i++) {
        forked state;
        memset(&state, 0, sizeof state);
        state.own = new_notes(0);
        state.at = cases[i].at;
        memset(results, 0xAA, sizeof results);
        sg_code code = sg_client_get_many(client, cases[i].names, cases[i].count, note_and_fork, &state, results);
        if (state.child == 0) {
            sg_result after;
            bool written = true;
            for (size_t j = 0; j < cases[i].count; j++)
                written = written && (results[j].code == SG_OK || results[j].code == SG_ERR_CANCELLED ||
                                      (results[j].code == SG_ERR_ARGUMENT && cases[i].names[j] == NULL));
            bool good = code == SG_ERR_CANCELLED && state.own.count == state.called && written &&
                        sg_client_get(client, NULL, &after) == SG_OK &&
                        sg_client_get_many(client, names, FLEET, NULL, NULL, NULL) == SG_OK;
            _exit(good ? 0 : 1);
        }
        int status = -1;
        check(code == cases[i].code && state.own.count == cases[i].count,
              "a fork in on_result, at %s, does not disturb the parent's call", cases[i].what);
        check(waitpid(state.child, &status, 0) == state.child && WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "in the child the call is cancelled, and later ones work: status %d", status);
    }
    sg_client_free(client);
}
#endif

static void test_list(void)
{
    sg_client *client = sandbox_client(10000);
    notes own = new_notes(0);
    sg_result result;
    poison(&result);
    check(sg_client_list_subusers(client, note_subuser, &own, &result) == SG_OK && own.count > 0, "%zu subusers are listed",
          own.count);
    check_written_in_full(SG_OK, &result, "list_subusers");
    check(strcmp(own.first, "subuser-00001") == 0 && strcmp(own.last, own.first) != 0, "from %s to %s", own.first, own.last);
    check(!own.elsewhere, "on the caller's own thread");
    check(sg_client_list_subusers(client, note_subuser, &own, NULL) == SG_OK, "a result is not needed");
    sg_client_free(client);

    own = new_notes(0);
    client = new_client(sandbox.read_key, SG_REGION_GLOBAL, sandbox.url, 5000);
    poison(&result);
    check(sg_client_list_subusers(client, note_subuser, &own, &result) == SG_ERR_FORBIDDEN && own.count == 0,
          "a key without the scope lists none");
    check_written_in_full(SG_ERR_FORBIDDEN, &result, "list_subusers");
    sg_client_free(client);
}

int main(void)
{
    bool with_sandbox = find_sandbox();
    name_fleet();
    test_nulls();
    if (with_sandbox) {
        test_round_trip();
        test_partial();
        test_stop();
#ifndef WITHOUT_FORKS
        test_fork_in_callback();
#endif
        test_list();
    } else {
        skip("all that needs a server", "SANDBOX_URL and its kin are not set");
    }
    return sum_up();
}
