/*
 * PROGRAM count CALLS         makes CALLS calls, for a tool that counts from outside
 * PROGRAM times CALLS         prints the nanoseconds of each; the first includes opening the client
 * PROGRAM forked CALLS        makes CALLS calls, and forks; prints the nanoseconds of the child's first call, the opening of
 *                             its own client included
 * PROGRAM peak CALLS          prints the peak of resident memory, in KiB
 * PROGRAM idle CONNECTIONS    prints the heap that an idle connection adds, in bytes
 * PROGRAM rate THREADS CALLS  says "ready", waits for the end of stdin, and makes CALLS calls on each
 *                             thread of one client; prints when it began and ended, in nanoseconds
 */
#define _GNU_SOURCE
#include "peer.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *open_client(size_t connections) {
    void *client = peer_open(connections);
    if (!client) {
        fputs("could not open a client\n", stderr);
        exit(1);
    }
    return client;
}

static void call(void *client) {
    if (!peer_call(client)) {
        fputs("a call failed\n", stderr);
        exit(1);
    }
}

static void count(int calls) {
    void *client = open_client(1);
    for (int i = 0; i < calls; i++)
        call(client);
}

static void times(int calls) {
    int64_t *ends = malloc(((size_t)calls + 1) * sizeof *ends);
    if (!ends)
        exit(1);
    memset(ends, 0, ((size_t)calls + 1) * sizeof *ends); /* no page fault within a call */
    ends[0] = now_ns();
    void *client = open_client(1);
    for (int i = 1; i <= calls; i++) {
        call(client);
        ends[i] = now_ns();
    }
    for (int i = 1; i <= calls; i++)
        printf("%lld\n", (long long)(ends[i] - ends[i - 1]));
    free(ends);
}

static void forked(int calls) {
    count(calls);
    pid_t child = fork();
    if (child == 0) {
        int64_t begun = now_ns();
        call(open_client(1));
        printf("%lld\n", (long long)(now_ns() - begun));
        fflush(stdout);
        _exit(0);
    }
    int status = 1;
    waitpid(child, &status, 0);
    if (status != 0)
        exit(1);
}

static void peak(int calls) {
    count(calls);
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    while (status && fgets(line, sizeof line, status))
        if (!strncmp(line, "VmHWM:", 6))
            printf("%d\n", atoi(line + 6));
}

static size_t heap(void) {
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

struct worker {
    void *client;
    int calls;
    pthread_barrier_t *start;
};

static void *work(void *argument) {
    struct worker *worker = argument;
    pthread_barrier_wait(worker->start);
    for (int i = 0; i < worker->calls; i++)
        call(worker->client);
    return NULL;
}

/* Runs `calls` calls on each of `threads` threads, all begun at once. */
static void in_threads(void *client, int threads, int calls) {
    pthread_t *ids = malloc((size_t)threads * sizeof *ids);
    if (!ids)
        exit(1);
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, (unsigned)threads);
    struct worker worker = {client, calls, &start};
    for (int i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, &worker))
            exit(1);
    for (int i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    pthread_barrier_destroy(&start);
    free(ids);
}

static int open_sockets(void) {
    int sockets = 0;
    for (int fd = 0; fd < 1024; fd++) {
        struct stat status;
        sockets += !fstat(fd, &status) && S_ISSOCK(status.st_mode);
    }
    return sockets;
}

/* What the first connection takes is left out: it pays for the trust store and the like. */
static void idle(int connections) {
    int others = open_sockets();
    void *client = open_client((size_t)connections);
    call(client);
    size_t before = heap();
    if (peer_serves_threads)
        in_threads(client, connections, 1);
    else
        for (int i = 1; i < connections; i++)
            call(open_client(1));
    size_t after = heap();
    if (open_sockets() - others != connections) {
        fprintf(stderr, "%d connections are idle instead of %d\n", open_sockets() - others, connections);
        exit(1);
    }
    printf("%zu\n", (after - before) / (size_t)(connections - 1));
}

static void rate(int threads, int calls) {
    void *client = open_client((size_t)threads);
    in_threads(client, threads, 20);
    puts("ready");
    fflush(stdout);
    char byte;
    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
    int64_t begun = now_ns();
    in_threads(client, threads, calls);
    printf("%lld %lld\n", (long long)begun, (long long)now_ns());
}

int main(int argc, char **argv) {
    const char *what = argc > 2 ? argv[1] : "";
    int number = argc > 2 ? atoi(argv[2]) : 0;
    if (argc == 3 && !strcmp(what, "count"))
        count(number);
    else if (argc == 3 && !strcmp(what, "times"))
        times(number);
    else if (argc == 3 && !strcmp(what, "forked"))
        forked(number);
    else if (argc == 3 && !strcmp(what, "peak"))
        peak(number);
    else if (argc == 3 && !strcmp(what, "idle"))
        idle(number);
    else if (argc == 4 && !strcmp(what, "rate"))
        rate(number, atoi(argv[3]));
    else {
        fprintf(stderr, "usage: %s count|times|forked|peak CALLS | idle CONNECTIONS | rate THREADS CALLS\n", argv[0]);
        return 2;
    }
    return 0;
}
