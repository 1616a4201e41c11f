/* A service in C for the hosts that are ways to build or to run a program: threads that load a client
 * with faults among their calls, a fleet, a stop in the midst of calls, and that again with new clients.
 *
 *     service HOST VERSION
 *
 * FEWER divides the number of calls, where a tool slows all down. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "process.h"

enum { THREADS = 8, CALLS = 100, NAMES = 200, SILENT = 16, ROUNDS = 4, MOST = THREADS * CALLS * ROUNDS };

static const struct {
    const char *name;
    int32_t code;
} ACCOUNTS[] = {
    {"subuser-00001", SG_OK},        {"subuser-00002", SG_OK},           {"fault-status-503", SG_ERR_SERVER},
    {"subuser-00003", SG_OK},        {"fault-close", SG_ERR_IO},         {"fault-status-429", SG_ERR_RATE_LIMITED},
    {"subuser-00004", SG_OK},        {"nobody", SG_ERR_NOT_FOUND},       {"fault-chunked", SG_OK},
    {"subuser-00005", SG_OK},
};

static const sg_client *client;
static int64_t took_us[MOST];
static atomic_int requests, failures, wrong;

static void expect(int32_t wanted, const sg_result *result)
{
    if (result->code != wanted && atomic_fetch_add(&wrong, 1) < 5)
        printf("wanted code %d, got %d: %s\n", (int)wanted, (int)result->code, result->message);
}

static void *serve(void *unused)
{
    sg_result result;
    for (int call = 0; call < fewer(CALLS); call++) {
        size_t account = (size_t)call % COUNT(ACCOUNTS);
        sg_client_update(client, call % 2 == 0, ACCOUNTS[account].name, &result);
        expect(ACCOUNTS[account].code, &result);
        took_us[atomic_fetch_add(&requests, 1)] = result.elapsed_us;
        if (result.code != SG_OK)
            atomic_fetch_add(&failures, 1);
    }
    return unused;
}

static bool note(void *done, size_t index, const sg_result *result)
{
    expect(SG_OK, result);
    ((bool *)done)[index] = true;
    return true;
}

static void *fleet(void *unused)
{
    const char *names[NAMES];
    bool done[NAMES] = {false};
    size_t count = (size_t)fewer(NAMES);
    sg_client *own = sandbox_client(30000); /* that the refusals of the other don't slow */
    for (size_t i = 0; i < count; i++)
        names[i] = ACCOUNTS[i % 2].name;
    if (sg_client_update_many(own, false, names, count, note, done, NULL) != SG_OK)
        atomic_fetch_add(&wrong, 1);
    sg_client_free(own);
    for (size_t i = 0; i < count; i++)
        if (!done[i])
            atomic_fetch_add(&wrong, 1);
    return unused;
}

static void *wait_in_vain(void *unused)
{
    sg_result result;
    sg_client_get(client, "fault-silent", &result);
    expect(SG_ERR_CANCELLED, &result);
    return unused;
}

/* Returns how long it took. */
static int64_t stop_under_load(sg_client *serving)
{
    pthread_t threads[SILENT];
    sg_result result;
    for (int i = 0; i < SILENT; i++)
        start(&threads[i], wait_in_vain, NULL);
    sg_client_get(client, "fault-delay-100", &result); /* meanwhile they have begun */
    int64_t began = now_ms();
    sg_client_cancel(serving);
    for (int i = 0; i < SILENT; i++)
        pthread_join(threads[i], NULL);
    return now_ms() - began;
}

static void serve_and_stop(void)
{
    pthread_t threads[THREADS + 1];
    sg_client *serving = sandbox_client(30000);
    client = serving;
    for (int i = 0; i < THREADS; i++)
        start(&threads[i], serve, NULL);
    start(&threads[THREADS], fleet, NULL);
    for (int i = 0; i < THREADS + 1; i++)
        pthread_join(threads[i], NULL);
    int64_t stopped_in = stop_under_load(serving);
    if (stopped_in > 2000 + slack_ms())
        check(false, "the stop took %lld ms", (long long)stopped_in);
    sg_client_free(serving);
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 2;
    need_sandbox();
    serve_and_stop();
    long before = resident_kib();
    int files = count_of("fd"), tasks = count_of("task");
    for (int round = 1; round < ROUNDS; round++)
        serve_and_stop();
    long after = resident_kib();
    report(argv[1], argv[2], took_us, atomic_load(&requests), atomic_load(&failures), before, after);
    check(atomic_load(&wrong) == 0, "each call ended as it should");
    if (getenv("FEWER") == NULL) /* a tool that slows all down has memory of its own */
        check(after - before < 2048, "memory stays flat");
    check_stayed(files, tasks);
    return sum_up();
}
