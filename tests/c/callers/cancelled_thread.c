/* pthread_cancel of threads that are in a call: none of them ends the process; each is cancelled once
 * its call is over. */
#define _GNU_SOURCE
#include "calls.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 6 };

static sg_client *client;
static volatile bool returned[THREADS];

static bool go_on(void *context, size_t index, const sg_result *result)
{
    (void)context, (void)index, (void)result;
    return true;
}

static void *call(void *argument)
{
    size_t number = (size_t)argument;
    static const char *const names[] = {"fault-delay-700", "fault-delay-700"};
    sg_result result;
    sg_code code = number % 2 == 0 ? sg_client_get(client, names[0], &result)
                                   : sg_client_get_many(client, names, 2, go_on, NULL, NULL);
    returned[number] = code == SG_OK;
    for (;;)
        pause(); /* where it is cancelled */
    return NULL;
}

int main(void)
{
    if (!find_sandbox())
        return 2;
    client = new_client(sandbox.key, SG_REGION_GLOBAL, sandbox.url, 10000);
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
        pthread_create(&threads[i], NULL, call, (void *)i);
    nanosleep(&(struct timespec){0, 300000000}, NULL);
    for (size_t i = 0; i < THREADS; i++)
        pthread_cancel(threads[i]);
    for (size_t i = 0; i < THREADS; i++) {
        void *end = NULL;
        struct timespec limit;
        clock_gettime(CLOCK_REALTIME, &limit);
        limit.tv_sec += 20;
        check(pthread_timedjoin_np(threads[i], &end, &limit) == 0 && end == PTHREAD_CANCELED, "thread %zu is cancelled", i);
        check(returned[i], "after its call was over and well");
    }
    sg_result result;
    check(sg_client_get(client, NULL, &result) == SG_OK, "the client serves others: %s", result.message);
    sg_client_free(client);
    return sum_up();
}
