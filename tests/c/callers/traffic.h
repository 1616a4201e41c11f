/* Threads that call until they are told to stop, and counts of what the process holds. */
#ifndef TRAFFIC_H
#define TRAFFIC_H

#include "calls.h"

#include <dirent.h>
#include <pthread.h>
#include <unistd.h>

typedef struct {
    const sg_client *client;
    const char *name;
    atomic_bool *stop; /* NULL: until a call fails */
    long calls;
    sg_result last, failed;
    int64_t ended_ms;
} traffic;

static inline void *make_traffic(void *argument)
{
    traffic *t = (traffic *)argument;
    t->failed.code = SG_OK;
    while (t->failed.code == SG_OK && (t->stop == NULL || !atomic_load(t->stop))) {
        t->last = t->calls % 2 == 0 ? get(t->client, t->name) : update(t->client, t->calls % 4 == 1, t->name);
        t->calls++;
        if (t->last.code != SG_OK || t->last.attempts != 1)
            t->failed = t->last;
        if (t->last.code == SG_OK && t->last.attempts != 1)
            t->failed.code = -1; /* it had to be sent twice: something disturbed the connection */
    }
    t->ended_ms = now_ms();
    return NULL;
}

static inline void start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    if (pthread_create(thread, NULL, run, argument) != 0) {
        printf("Bail out! no thread\n");
        exit(EXIT_FAILURE);
    }
}

/* The entries of a directory of /proc/self: "fd" or "task". */
static inline int count_of(const char *what)
{
    char path[64];
    int count = -2; /* . and .. */
    snprintf(path, sizeof path, "/proc/self/%s", what);
    DIR *directory = opendir(path);
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

/* The same once it is `wanted`, or after a second: a thread that was joined may take a moment to go. */
static inline int settled(const char *what, int wanted)
{
    for (int i = 0; i < 100 && count_of(what) != wanted; i++)
        sleep_ms(10);
    return count_of(what);
}

#ifndef _WIN32
/* Resident memory of this process. */
static inline long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        pages = 0;
    if (file != NULL)
        fclose(file);
    return pages * sysconf(_SC_PAGESIZE) / 1024;
}
#endif

/* How many of `count` to do: a share under tools that slow all down, which say so by FEWER. */
static inline int fewer(int count)
{
    const char *divisor = getenv("FEWER");
    return divisor == NULL || atoi(divisor) < 1 ? count : count / atoi(divisor);
}

static inline void need_sandbox(void)
{
    if (!find_sandbox()) {
        printf("Bail out! run it by tests/with_sandbox.sh\n");
        exit(EXIT_FAILURE);
    }
}

#endif
