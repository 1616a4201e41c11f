/* The library is loaded and unloaded a thousand times, with traffic between. It is not linked: the
 * program finds it by SG_OPEN_TRACKING_LIBRARY. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include <sg_open_tracking.h>
#include <string.h>

/* The functions of this very library, not of one that is linked. */
static struct {
    sg_code (*one_shot)(const char *, int32_t, const char *, bool *);
    sg_config *(*config_new)(void);
    void (*config_free)(sg_config *);
    sg_code (*set_ca_file)(sg_config *, const char *);
    sg_code (*set_base_url)(sg_config *, const char *);
    sg_code (*set_proxy)(sg_config *, const char *);
    sg_code (*client_new)(const char *, int32_t, const sg_config *, sg_client **);
    sg_code (*client_get)(const sg_client *, const char *, sg_result *);
    void (*client_free)(sg_client *);
} sg;

#include "check.h"

#include <dirent.h>
#include <dlfcn.h>

enum { ROUNDS = 1000 };

static bool find(void *library, const char *name, void *function)
{
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

static bool find_all(void *library)
{
    return find(library, "sg_open_tracking_get", &sg.one_shot) && find(library, "sg_config_new", &sg.config_new) &&
           find(library, "sg_config_free", &sg.config_free) && find(library, "sg_config_set_ca_file", &sg.set_ca_file) &&
           find(library, "sg_config_set_base_url", &sg.set_base_url) &&
           find(library, "sg_config_set_proxy", &sg.set_proxy) && find(library, "sg_client_new", &sg.client_new) &&
           find(library, "sg_client_get", &sg.client_get) && find(library, "sg_client_free", &sg.client_free);
}

static int count_of(const char *path)
{
    int count = 0;
    DIR *directory = opendir(path);
    while (directory != NULL && readdir(directory) != NULL)
        count++;
    if (directory != NULL)
        closedir(directory);
    return count;
}

static int call_by_client(void)
{
    sg_result result = {.code = SG_ERR_INTERNAL};
    sg_client *client = NULL;
    sg_config *config = sg.config_new();
    if (sg.set_ca_file(config, getenv("SANDBOX_CA_FILE")) == SG_OK &&
        sg.set_base_url(config, getenv("SANDBOX_URL")) == SG_OK && sg.set_proxy(config, "") == SG_OK &&
        sg.client_new(getenv("SANDBOX_KEY"), SG_REGION_GLOBAL, config, &client) == SG_OK)
        sg.client_get(client, NULL, &result);
    sg.config_free(config);
    sg.client_free(client);
    return result.code;
}

int main(void)
{
    const char *path = getenv("SG_OPEN_TRACKING_LIBRARY"), *key = getenv("SANDBOX_KEY");
    if (path == NULL || key == NULL || getenv("SANDBOX_URL") == NULL || getenv("SANDBOX_CA_FILE") == NULL) {
        printf("Bail out! SG_OPEN_TRACKING_LIBRARY is not set, or there is no sandbox\n");
        return EXIT_FAILURE;
    }
    setenv("SG_OPEN_TRACKING_BASE_URL", getenv("SANDBOX_URL"), 1);
    setenv("SSL_CERT_FILE", getenv("SANDBOX_CA_FILE"), 1);
    setenv("NO_PROXY", "*", 1);
    int loads = 0, calls = 0, files = 0, tasks = 0;
    for (int round = 0; round < ROUNDS; round++) {
        bool enabled = false;
        void *library = dlopen(path, round % 2 == 0 ? RTLD_NOW | RTLD_LOCAL : RTLD_LAZY | RTLD_GLOBAL);
        if (library == NULL || !find_all(library)) {
            check(false, "round %d: %s", round, dlerror());
            break;
        }
        loads++;
        if (round % 10 == 0)
            calls += call_by_client() == SG_OK;
        else
            calls += sg.one_shot(key, SG_REGION_GLOBAL, NULL, &enabled) == SG_OK;
        dlclose(library);
        if (round == 20) {
            files = count_of("/proc/self/fd");
            tasks = count_of("/proc/self/task");
        }
    }
    check(loads == ROUNDS, "loaded and unloaded %d times", loads);
    check(calls == ROUNDS, "with %d good calls between", calls);
    check(count_of("/proc/self/fd") == files, "it holds as many files as after 20 rounds: %d", files);
    check(count_of("/proc/self/task") == tasks, "and no thread");
    return sum_up();
}
