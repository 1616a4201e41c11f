/* What a call costs in look-ups and threads, and how long it may hang in a look-up.
 *
 * This program stands in the way of getaddrinfo() and pthread_create(), for the library too: it
 * counts them, and never ends the look-up of the name "silent.invalid". */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "calls.h"

#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <unistd.h>

static int lookups, threads;

static void *next(const char *name)
{
    void *function = dlsym(RTLD_NEXT, name);
    if (function == NULL) {
        printf("Bail out! no %s\n", name);
        exit(EXIT_FAILURE);
    }
    return function;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found)
{
    typedef int signature(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    signature *real;
    void *function = next("getaddrinfo");
    memcpy(&real, &function, sizeof real);
    __atomic_add_fetch(&lookups, 1, __ATOMIC_SEQ_CST);
    while (node != NULL && strcmp(node, "silent.invalid") == 0)
        pause();
    return real(node, service, hints, found);
}

#ifdef __cplusplus
#define NO_THROW noexcept
#else
#define NO_THROW
#endif

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument) NO_THROW
{
    typedef int signature(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
    signature *real;
    void *function = next("pthread_create");
    memcpy(&real, &function, sizeof real);
    __atomic_add_fetch(&threads, 1, __ATOMIC_SEQ_CST);
    return real(thread, attributes, run, argument);
}

static void test_costs(void)
{
    sg_client *client = sandbox_client(5000);
    check(update(client, false, NULL).code == SG_OK, "a first call");
    check(lookups == 1, "it looks the host up once: %d times", lookups);
    int before = threads;
    for (int i = 0; i < 4; i++)
        get(client, NULL);
    check(lookups == 1, "five calls look it up once: %d times", lookups);
    check(threads == before, "a warm call starts no thread: %d", threads - before);
    sg_client_free(client);
}

static void test_look_up_without_an_answer(void)
{
    static const uint32_t timeouts[] = {50, 300, 1000};
    for (size_t i = 0; i < COUNT(timeouts); i++) {
        sg_client *client = new_client(sandbox.key, SG_REGION_GLOBAL, "https://silent.invalid", timeouts[i]);
        int64_t started = now_ms();
        sg_result result = get(client, NULL);
        int64_t spent = now_ms() - started;
        check_code(result, SG_ERR_TIMEOUT, "a look-up without an answer");
        check(spent <= timeouts[i] + 100 + slack_ms(), "it ends by its deadline of %u ms: %d ms", (unsigned)timeouts[i],
              (int)spent);
        sg_client_free(client);
    }
}

static void *call(void *argument)
{
    sg_result *result = (sg_result *)malloc(sizeof *result);
    *result = get((const sg_client *)argument, NULL);
    return result;
}

static void test_cancel_in_a_look_up(void)
{
    sg_client *client = new_client(sandbox.key, SG_REGION_GLOBAL, "https://silent.invalid", 10000);
    int before = __atomic_load_n(&lookups, __ATOMIC_SEQ_CST);
    pthread_t thread;
    pthread_create(&thread, NULL, call, client);
    while (__atomic_load_n(&lookups, __ATOMIC_SEQ_CST) == before)
        sleep_ms(1);
    int64_t started = now_ms();
    sg_client_cancel(client);
    void *result;
    pthread_join(thread, &result);
    int64_t spent = now_ms() - started;
    check_code(*(sg_result *)result, SG_ERR_CANCELLED, "a cancel ends a look-up");
    check(spent <= 100 + slack_ms(), "within 100 ms: %d ms", (int)spent);
    free(result);
    sg_client_free(client);
}

int main(void)
{
    if (!find_sandbox()) {
        printf("Bail out! run it by tests/with_sandbox.sh\n");
        return EXIT_FAILURE;
    }
    test_costs();
    test_look_up_without_an_answer();
    test_cancel_in_a_look_up();
    return sum_up();
}
