/* For the hosts that are C programs: what this process has, and the line that says so. */
#ifndef PROCESS_H
#define PROCESS_H

#include "callers/traffic.h"

static inline int by_size(const void *one, const void *other)
{
    int64_t difference = *(const int64_t *)one - *(const int64_t *)other;
    return (difference > 0) - (difference < 0);
}

static inline void check_stayed(int files, int tasks)
{
    bool held = settled("fd", files) == files && settled("task", tasks) == tasks;
    check(held, "%d descriptors and %d threads stay", files, tasks);
}

/* Sorts the times. */
static inline void report(const char *host, const char *version, int64_t *took_us, int requests, int failures,
                          long before, long after)
{
    qsort(took_us, (size_t)requests, sizeof *took_us, by_size);
    printf("%s %s: requests=%d failures=%d p99=%.1fms memory=%ld..%ldKB\n", host, version, requests, failures,
           (double)took_us[requests * 99 / 100] / 1000, before, after);
}

#endif
