/* Callbacks that stop, call back into the library, cancel, free and fork; and arrays with holes. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

#include <sys/wait.h>

enum { COUNT_OF_NAMES = 60 };

static char texts[COUNT_OF_NAMES][24];
static const char *names[COUNT_OF_NAMES];
static sg_result results[COUNT_OF_NAMES];

typedef struct {
    sg_client *client;
    pthread_t caller;
    int calls, wrong, stop_at, after_stop;
    bool stopped;
} context;

static bool note(context *c)
{
    c->wrong += !pthread_equal(c->caller, pthread_self());
    c->after_stop += c->stopped;
    c->calls++;
    c->stopped = c->stop_at > 0 && c->calls >= c->stop_at;
    return !c->stopped;
}

static bool count_only(void *argument, size_t index, const sg_result *result)
{
    context *c = (context *)argument;
    c->wrong += index >= COUNT_OF_NAMES || result == NULL || (result->code == SG_OK) != (result->message[0] == 0);
    return note(c);
}

static bool call_again(void *argument, size_t index, const sg_result *result)
{
    context *c = (context *)argument;
    (void)result;
    if (index % 10 == 0) {
        sg_client *kin = derived(c->client, 0);
        c->wrong += get(c->client, names[index]).code != SG_OK;
        c->wrong += sg_client_get_many(kin, names, 5, NULL, NULL, NULL) != SG_OK;
        sg_client_free(kin);
    }
    return note(c);
}

static bool cancel_it(void *argument, size_t index, const sg_result *result)
{
    context *c = (context *)argument;
    (void)index;
    (void)result;
    if (c->calls == 3)
        sg_client_cancel(c->client);
    return note(c);
}

static bool fork_now(void *argument, size_t index, const sg_result *result)
{
    context *c = (context *)argument;
    (void)index;
    (void)result;
    if (c->calls % 10 == 0) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0)
            _exit(get(c->client, NULL).code == SG_OK ? 0 : 1);
        c->wrong += waitpid(child, &status, 0) != child || status != 0;
    }
    return note(c);
}

static bool on_name(void *argument, const char *name)
{
    context *c = (context *)argument;
    c->wrong += name == NULL || name[0] == 0 || get(c->client, name).code != SG_OK;
    return note(c);
}

static context fresh(sg_client *client, int stop_at)
{
    context c = {.client = client, .caller = pthread_self(), .stop_at = stop_at};
    for (size_t i = 0; i < COUNT_OF_NAMES; i++)
        poison(&results[i]);
    return c;
}

static void check_well(const char *name, const context *c, int calls)
{
    check(c->wrong == 0 && c->calls == calls && c->after_stop == 0, "%s: called %d times, %d wrong, %d after the stop", name,
          c->calls, c->wrong, c->after_stop);
}

static void test_stops(sg_client *client)
{
    static const int stops[] = {1, 2, 7, COUNT_OF_NAMES};
    for (size_t i = 0; i < COUNT(stops); i++) {
        context c = fresh(client, stops[i]);
        sg_code code = sg_client_update_many(client, true, names, COUNT_OF_NAMES, count_only, &c, results);
        check(code == SG_ERR_CANCELLED, "a callback that stops at %d ends the call: code %d", stops[i], (int)code);
        check_well("and it", &c, stops[i]);
        int odd = 0;
        for (size_t n = 0; n < COUNT_OF_NAMES; n++)
            odd += results[n].code != SG_OK && results[n].code != SG_ERR_CANCELLED;
        check(odd == 0, "every result is written: %d are not", odd);
        c = fresh(client, stops[i]);
        code = sg_client_list_subusers(client, on_name, &c, &results[0]);
        if (stops[i] < 25) {
            check(code == SG_ERR_CANCELLED, "the same of the list: code %d", (int)code);
            check_well("and it", &c, stops[i]);
        }
    }
}

int main(void)
{
    need_sandbox();
    for (int i = 0; i < COUNT_OF_NAMES; i++) {
        snprintf(texts[i], sizeof texts[i], "subuser-%05d", i % 25 + 1);
        names[i] = texts[i];
    }
    sg_client *client = sandbox_client(20000);
    test_stops(client);

    context c = fresh(client, 0);
    check(sg_client_update_many(client, true, names, COUNT_OF_NAMES, call_again, &c, results) == SG_OK,
          "a callback may call the library");
    check_well("and it", &c, COUNT_OF_NAMES);
    c = fresh(client, 0);
    check(sg_client_get_many(client, names, COUNT_OF_NAMES, fork_now, &c, results) == SG_OK, "a callback may fork");
    check_well("and it", &c, COUNT_OF_NAMES);

    sg_client *kin = derived(client, 0);
    c = fresh(kin, 0);
    sg_code code = sg_client_update_many(kin, true, names, COUNT_OF_NAMES, cancel_it, &c, results);
    check(code == SG_ERR_CANCELLED && c.wrong == 0, "a callback may cancel its client: code %d", (int)code);
    check(sg_client_get_many(kin, names, COUNT_OF_NAMES, NULL, NULL, results) == SG_ERR_CANCELLED &&
              results[COUNT_OF_NAMES - 1].code == SG_ERR_CANCELLED,
          "which then begins nothing more");
    sg_client_free(kin);

    names[3] = NULL;
    names[5] = "";
    names[7] = "a\r\nb";
    names[9] = "\xff";
    c = fresh(client, 0);
    code = sg_client_update_many(client, true, names, COUNT_OF_NAMES, count_only, &c, results);
    check(code == SG_ERR_PARTIAL, "holes in the array are those items' own errors: code %d", (int)code);
    check_well("and all others", &c, COUNT_OF_NAMES);
    int wrong = 0;
    for (size_t i = 0; i < COUNT_OF_NAMES; i++)
        wrong += results[i].code != (i == 3 || i == 5 || i == 7 || i == 9 ? SG_ERR_ARGUMENT : SG_OK);
    check(wrong == 0, "are done: %d are not", wrong);

    check(sg_client_get_many(client, NULL, 0, count_only, &c, NULL) == SG_OK, "none is many, too");
    check(sg_client_get_many(client, NULL, SIZE_MAX, NULL, NULL, NULL) == SG_ERR_ARGUMENT, "no array of all that is");
    check(sg_client_get_many(NULL, names, COUNT_OF_NAMES, NULL, NULL, results) == SG_ERR_ARGUMENT &&
              results[COUNT_OF_NAMES - 1].code == SG_ERR_ARGUMENT,
          "no client: every result says so");
    check(sg_client_list_subusers(client, NULL, NULL, &results[0]) == SG_ERR_ARGUMENT, "a list needs its callback");
    sg_client_free(client);
    return sum_up();
}
