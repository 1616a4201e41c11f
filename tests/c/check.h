/* A test harness as small as it gets: one line a check, a sum at the end. */
#ifndef CHECK_H
#define CHECK_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int checks_passed;
static int checks_failed;
static int checks_skipped;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline bool check(bool held, const char *format, ...)
{
    va_list arguments;
    fputs(held ? "ok - " : "not ok - ", stdout);
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
    fflush(stdout); /* so that a forked child has nothing of ours to print again */
    if (held)
        checks_passed++;
    else
        checks_failed++;
    return held;
}

static inline void skip(const char *section, const char *reason)
{
    printf("skipped - %s: %s\n", section, reason);
    checks_skipped++;
}

static inline int sum_up(void)
{
    if (checks_skipped > 0)
        printf("%d passed, %d failed, %d skipped\n", checks_passed, checks_failed, checks_skipped);
    else
        printf("%d passed, %d failed\n", checks_passed, checks_failed);
    return checks_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline int64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* What a tool that slows all down, such as a sanitizer, adds to the time that a call may take. It is
 * told by the environment, to the Rust tests as well. */
static inline int64_t slack_ms(void)
{
    const char *slack = getenv("SG_FAULTS_SLACK_MS");
    return slack == NULL ? 0 : atol(slack);
}

static inline void sleep_ms(long ms)
{
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&pause, NULL);
}

#endif
