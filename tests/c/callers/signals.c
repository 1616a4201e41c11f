/* A storm of signals whose handler interrupts every system call: no call ends by it, and none is
 * late. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

#include <signal.h>

static atomic_bool calm;
static atomic_long caught;
static pthread_t caller;

static void count(int signal)
{
    (void)signal;
    atomic_fetch_add(&caught, 1);
}

static void *storm(void *argument)
{
    (void)argument;
    struct timespec pause = {0, 200000};
    while (!atomic_load(&calm)) {
        pthread_kill(caller, SIGUSR1);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void check_time(const char *name, int64_t took, int64_t least, int64_t most)
{
    most += slack_ms();
    check(took >= least && took < most, "%s takes %lld ms, %lld to %lld", name, (long long)took, (long long)least,
          (long long)most);
}

int main(void)
{
    need_sandbox();
    struct sigaction action;
    memset(&action, 0, sizeof action); /* no SA_RESTART */
    action.sa_handler = count;
    sigaction(SIGUSR1, &action, NULL);
    caller = pthread_self();
    pthread_t thread;
    start(&thread, storm, NULL);

    sg_client *client = sandbox_client(20000);
    int wrong = 0, calls = 1000;
    for (int i = 0; i < calls; i++)
        wrong += get(client, NULL).code != SG_OK;
    check(wrong == 0, "%d calls on a kept connection: %d wrong", calls, wrong);
    wrong = 0;
    for (int i = 0; i < 100; i++) {
        sg_client *fresh = new_client(sandbox.key, SG_REGION_GLOBAL, sandbox.url, 20000);
        wrong += update(fresh, true, NULL).code != SG_OK;
        sg_client_free(fresh);
    }
    check(wrong == 0, "100 calls with a look-up and a connection of their own: %d wrong", wrong);
    int64_t start_ms = now_ms();
    check_code(get(client, "fault-delay-700"), SG_OK, "a late reply is waited for");
    check_time("it", now_ms() - start_ms, 700, 1100);
    check_code(get(client, "fault-drip-20"), SG_OK, "a dripping reply is read");

    sg_client *hurried = derived(client, 500);
    start_ms = now_ms();
    check_code(get(hurried, "fault-silent"), SG_ERR_TIMEOUT, "silence ends at the deadline");
    check_time("it", now_ms() - start_ms, 500, 600);
    sg_client_free(hurried);

    /* With retries: the pause before one is a wait of another kind. */
    sg_config *config = sg_config_new();
    sg_client *patient = NULL;
    sg_config_set_base_url(config, sandbox.url);
    sg_config_set_ca_file(config, sandbox.ca_file);
    sg_config_set_proxy(config, "");
    check(sg_client_new(sandbox.key, SG_REGION_GLOBAL, config, &patient) == SG_OK, "a client that retries");
    start_ms = now_ms();
    check_code(get(patient, "fault-once-503-retry-after-1-signals"), SG_OK, "waits as long as the server asks");
    check_time("it", now_ms() - start_ms, 1000, 1500);
    sg_client_free(patient);
    sg_config_free(config);

    atomic_store(&calm, true);
    pthread_join(thread, NULL);
    sg_client_free(client);
    check(atomic_load(&caught) > 1000, "%ld signals were caught", atomic_load(&caught));
    return sum_up();
}
