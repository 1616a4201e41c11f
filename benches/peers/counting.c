/*
 * Preloaded: counts look-ups, threads and allocations, and what is allocated when the program
 * ends, and writes them to the file COUNTING_FILE.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

static atomic_long lookups, threads, allocations, live;

static void *counted(void *memory) {
    allocations++;
    live += (long)malloc_usable_size(memory);
    return memory;
}

void *malloc(size_t size) { return counted(__libc_malloc(size)); }
void *calloc(size_t count, size_t size) { return counted(__libc_calloc(count, size)); }
void *memalign(size_t alignment, size_t size) { return counted(__libc_memalign(alignment, size)); }
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **out, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (!memory)
        return ENOMEM;
    *out = memory;
    return 0;
}

void *realloc(void *old, size_t size) {
    live -= (long)malloc_usable_size(old);
    return counted(__libc_realloc(old, size));
}

void free(void *memory) {
    live -= (long)malloc_usable_size(memory);
    __libc_free(memory);
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **out) {
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **) = dlsym(RTLD_NEXT, "getaddrinfo");
    lookups++;
    return next(node, service, hints, out);
}

int pthread_create(pthread_t *id, const pthread_attr_t *attributes, void *(*start)(void *), void *argument) {
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = dlsym(RTLD_NEXT, "pthread_create");
    threads++;
    return next(id, attributes, start, argument);
}

__attribute__((destructor)) static void report(void) {
    long counts[] = {lookups, threads, allocations, live};
    FILE *file = fopen(getenv("COUNTING_FILE"), "w");
    if (file) {
        fprintf(file, "%ld %ld %ld %ld\n", counts[0], counts[1], counts[2], counts[3]);
        fclose(file);
    }
}
