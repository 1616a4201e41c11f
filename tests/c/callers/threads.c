/* 32 threads on one client, while others are cancelled, and while it is cancelled itself. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

enum { THREADS = 32, ROUNDS = 200 };

static traffic all[THREADS];
static pthread_t threads[THREADS];

static void start_all(const sg_client *client, atomic_bool *stop)
{
    for (int i = 0; i < THREADS; i++) {
        memset(&all[i], 0, sizeof all[i]);
        all[i].client = client;
        all[i].stop = stop;
        start(&threads[i], make_traffic, &all[i]);
    }
}

static long join_all(void)
{
    long calls = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        calls += all[i].calls;
    }
    return calls;
}

static void *call_silent(void *argument)
{
    traffic *t = (traffic *)argument;
    t->last = get(t->client, "fault-silent");
    return NULL;
}

/* Kin of the client come, are cancelled amid a call, and go. */
static void test_kin(void)
{
    sg_client *client = sandbox_client(20000);
    atomic_bool stop = false;
    int wrong = 0;
    start_all(client, &stop);
    for (int round = 0; round < ROUNDS; round++) {
        sg_client *kin = derived(client, 0);
        traffic call = {.client = kin};
        pthread_t thread;
        start(&thread, call_silent, &call);
        if (round % 4 != 0)
            sleep_ms(round % 4);
        sg_client_cancel(kin);
        pthread_join(thread, NULL);
        wrong += call.last.code != SG_ERR_CANCELLED;
        sg_client_free(kin);
    }
    atomic_store(&stop, true);
    long calls = join_all();
    check(wrong == 0, "%d kin are cancelled amid a call: %d wrong", ROUNDS, wrong);
    for (int i = 0; i < THREADS; i++)
        if (all[i].failed.code != SG_OK)
            check(false, "a thread's call ended with %d (%u attempts): %s", (int)all[i].failed.code,
                  all[i].failed.attempts, all[i].failed.message);
    check(calls > 500, "meanwhile %ld calls of %d threads go well", calls, (int)THREADS);
    sg_client_free(client);
}

static void test_own_cancel(void)
{
    for (int round = 0; round < 5; round++) {
        sg_client *client = sandbox_client(20000);
        start_all(client, NULL);
        sleep_ms(100);
        int64_t cancelled = now_ms(), latest = 0;
        sg_client_cancel(client);
        join_all();
        int wrong = 0;
        for (int i = 0; i < THREADS; i++) {
            wrong += all[i].failed.code != SG_ERR_CANCELLED;
            latest = all[i].ended_ms > latest ? all[i].ended_ms : latest;
        }
        check(wrong == 0, "%d threads end by the cancel: %d otherwise", (int)THREADS, wrong);
        check(latest - cancelled < 500 + slack_ms(), "after %lld ms", (long long)(latest - cancelled));
        check_code(get(client, NULL), SG_ERR_CANCELLED, "and later calls, too");
        sg_client_free(client);
    }
}

/* A client may be freed while its kin are at work. */
static void test_freed_origin(void)
{
    sg_client *origin = sandbox_client(20000), *kin = derived(origin, 0);
    atomic_bool stop = false;
    start_all(kin, &stop);
    sleep_ms(50);
    sg_client_free(origin);
    sleep_ms(50);
    atomic_store(&stop, true);
    join_all();
    int wrong = 0;
    for (int i = 0; i < THREADS; i++)
        wrong += all[i].failed.code != SG_OK;
    check(wrong == 0, "kin go on when the origin is freed: %d wrong", wrong);
    sg_client_free(kin);
}

int main(void)
{
    need_sandbox();
    test_kin(); /* a sanitizer may start a thread of its own with the first */
    int before = settled("task", 1);
    test_own_cancel();
    test_freed_origin();
    check(settled("task", before) == before && before <= 2, "no thread is left");
    return sum_up();
}
