/* Forks in the middle of traffic: parent, child and grandchild all go on, and the parent's TLS
 * connections are not disturbed: no call of its needs a second request. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { THREADS = 4 };

/* In a child, what the parent's other threads had on their stacks looks leaked to AddressSanitizer. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "detect_leaks=0";
}

/* A program that forks while its first calls are looking up the host: the child must not inherit a
 * lock of the resolver that nobody opens. Returns its exit code: 0 if the child's call was answered. */
static int fork_amid_look_ups(void)
{
    enum { CALLERS = 4 };
    traffic all[CALLERS];
    pthread_t threads[CALLERS];
    atomic_bool stop = false;
    int status = -1;
    sg_client *client = sandbox_client(5000);
    memset(all, 0, sizeof all);
    for (int i = 0; i < CALLERS; i++) {
        all[i].client = client;
        all[i].stop = &stop;
        start(&threads[i], make_traffic, &all[i]);
    }
    pid_t child = fork();
    if (child == 0)
        _exit(get(client, NULL).code);
    waitpid(child, &status, 0);
    atomic_store(&stop, true);
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    sg_client_free(client);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static void check_forks_amid_look_ups(void)
{
    int programs = fewer(100), answered = 0;
    for (int i = 0; i < programs; i++) {
        int status = -1;
        pid_t program = fork(); /* before the library is first used: each looks up for the first time */
        if (program == 0)
            _exit(fork_amid_look_ups());
        waitpid(program, &status, 0);
        answered += status == 0;
    }
    check(answered == programs, "%d of %d forks amid a look-up leave the child able to call", answered, programs);
}

/* Makes a one-shot call in a child; how often the trust store's file was opened for it, or -1. */
static int opens_in_a_child(void)
{
    char events[16 * sizeof(struct inotify_event)];
    bool enabled;
    int status = -1, watch = inotify_init1(IN_NONBLOCK);
    inotify_add_watch(watch, sandbox.ca_file, IN_OPEN);
    pid_t child = fork();
    if (child == 0)
        _exit(sg_open_tracking_get(sandbox.key, SG_REGION_GLOBAL, NULL, &enabled));
    waitpid(child, &status, 0);
    ssize_t length = read(watch, events, sizeof events);
    close(watch);
    return status != 0 ? -1 : length < 0 ? 0 : (int)(length / (ssize_t)sizeof(struct inotify_event));
}

static void check_the_store_is_inherited(void)
{
    bool enabled;
    int opens = sg_open_tracking_get(sandbox.key, SG_REGION_GLOBAL, NULL, &enabled) == SG_OK ? opens_in_a_child() : -1;
    check(opens == 0, "the child of a fork reads the trust store not again: %d times", opens);
    utimensat(AT_FDCWD, sandbox.ca_file, NULL, 0);
    opens = opens_in_a_child();
    check(opens > 0, "but it does once a file has changed: %d times", opens);
}

/* A child's exit code: 0 if all went well. */
static int be_child(sg_client *client, sg_client *cancelled, int number)
{
    bool enabled = false;
    alarm(30);
    sg_result first = get(client, NULL);
    if (first.code != SG_OK) {
        printf("# child %d: code %d: %s\n", number, (int)first.code, first.message);
        fflush(stdout);
        return 1;
    }
    if (sg_open_tracking_get(sandbox.key, SG_REGION_GLOBAL, NULL, &enabled) != SG_OK)
        return 2;
    if (get(cancelled, NULL).code != SG_ERR_CANCELLED)
        return 3;
    sg_client *kin = derived(client, 0);
    if (update(kin, true, NULL).code != SG_OK)
        return 4;
    sg_client_cancel(kin);
    if (get(kin, NULL).code != SG_ERR_CANCELLED)
        return 5;
    sg_client_free(kin);
    if (number % 4 == 0) {
        int status;
        pid_t grandchild = fork();
        if (grandchild == 0)
            _exit(get(client, NULL).code == SG_OK ? 0 : 1);
        if (waitpid(grandchild, &status, 0) != grandchild || status != 0)
            return 6;
    }
    if (number % 2 == 0)
        sg_client_free(client); /* what it inherited must not say goodbye on the parent's connections */
    return 0;
}

int main(void)
{
    need_sandbox();
    setenv("SG_OPEN_TRACKING_BASE_URL", sandbox.url, 1);
    setenv("SSL_CERT_FILE", sandbox.ca_file, 1);
    check_forks_amid_look_ups();
    check_the_store_is_inherited();
    sg_client *client = sandbox_client(20000), *cancelled = derived(client, 0);
    sg_client_cancel(cancelled);
    traffic all[THREADS];
    pthread_t threads[THREADS];
    atomic_bool stop = false;
    memset(all, 0, sizeof all);
    for (int i = 0; i < THREADS; i++) {
        all[i].client = client;
        all[i].stop = &stop;
        start(&threads[i], make_traffic, &all[i]);
    }

    int codes[8] = {0}, signalled = 0, children = fewer(60);
    for (int number = 0; number < children; number++) {
        int status;
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            int code = be_child(client, cancelled, number);
            if (number % 3 == 0)
                exit(code); /* with all that is registered for the exit */
            _exit(code);
        }
        if (waitpid(child, &status, 0) != child || WIFSIGNALED(status)) {
            printf("# child %d was ended by signal %d\n", number, WTERMSIG(status));
            signalled++;
        }
        else
            codes[WEXITSTATUS(status) & 7]++;
    }
    check(codes[0] == children, "%d of %d children do all that they should", codes[0], children);
    for (int code = 1; code < 8; code++)
        if (codes[code] > 0)
            check(false, "%d children failed at step %d", codes[code], code);
    check(signalled == 0, "no child was ended by a signal: %d", signalled);

    atomic_store(&stop, true);
    long calls = 0;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        calls += all[i].calls;
        check(all[i].failed.code == SG_OK, "a thread of the parent is not disturbed: %ld calls, code %d (%u attempts) %s",
              all[i].calls, (int)all[i].failed.code, all[i].failed.attempts, all[i].failed.message);
    }
    check(calls > children, "the parent made %ld calls meanwhile", calls);
    sg_client_free(cancelled);
    sg_client_free(client);
    return sum_up();
}
