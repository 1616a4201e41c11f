/* A program with two plugins in Rust, which serve at once, again and again.
 *
 *     host PLUGIN PLUGIN NAME VERSION */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "process.h"

#include <dlfcn.h>

enum { PLUGINS = 2, CALLS = 100, A_ROUND = 4 * CALLS, ROUNDS = 4 };

static struct plugin {
    int (*serve)(size_t calls, int64_t *took_us, int *failures);
    int failures, wrong;
} plugins[PLUGINS];

static int64_t took_us[ROUNDS][PLUGINS][A_ROUND];
static int round_number;

static void *serve(void *argument)
{
    struct plugin *plugin = argument;
    plugin->wrong += plugin->serve(CALLS, took_us[round_number][plugin - plugins], &plugin->failures);
    return NULL;
}

static void serve_by_both(void)
{
    pthread_t threads[PLUGINS];
    for (int i = 0; i < PLUGINS; i++)
        start(&threads[i], serve, &plugins[i]);
    for (int i = 0; i < PLUGINS; i++)
        pthread_join(threads[i], NULL);
}

static bool load(struct plugin *plugin, const char *path)
{
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        printf("%s\n", dlerror());
    else
        *(void **)&plugin->serve = dlsym(library, "serve");
    return plugin->serve != NULL;
}

int main(int argc, char **argv)
{
    if (argc != 5)
        return 2;
    for (int i = 0; i < PLUGINS; i++)
        if (!check(load(&plugins[i], argv[1 + i]), "%s is loaded", argv[1 + i]))
            return EXIT_FAILURE;
    serve_by_both();
    long before = resident_kib();
    int files = count_of("fd"), tasks = count_of("task");
    for (round_number = 1; round_number < ROUNDS; round_number++)
        serve_by_both();
    long after = resident_kib();
    int failures = plugins[0].failures + plugins[1].failures;
    report(argv[3], argv[4], took_us[0][0], ROUNDS * PLUGINS * A_ROUND, failures, before, after);
    check(plugins[0].wrong == 0 && plugins[1].wrong == 0, "each call of both ended as it should");
    check(after - before < 2048, "memory stays flat");
    check_stayed(files, tasks);
    return sum_up();
}
