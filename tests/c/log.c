/* The log, held from C: to a callback and to standard error. */
#ifndef _POSIX_C_SOURCE
#define _POSIX_C_SOURCE 200809L
#endif

#include "calls.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

/* What on_log was called with. */
typedef struct lines {
    size_t count, of_level[5], wrong;
    bool elsewhere;
    pthread_t caller;
    char last[4096];
    const sg_client *calls;   /* makes calls by it, once */
    const sg_client *cancels; /* cancels it at the first line */
    const char *forks_at;     /* the event at which it forks, once */
    pid_t child;
} lines;

/* Silent where it is as it should be. */
static void check_line(int32_t level, const char *line)
{
    static const char *const levels[] = {"", " level=error ", " level=warn ", " level=info ", " level=debug "};
    bool right = strncmp(line, "event=", 6) == 0 && is_utf8(line) && strlen(line) < 4096 && level >= SG_LOG_ERROR &&
                 level <= SG_LOG_DEBUG && strstr(line, levels[level]) != NULL && strstr(line, sandbox.key) == NULL;
    for (const char *at = line; *at != 0; at++)
        right = right && (unsigned char)*at >= 0x20;
    if (!right)
        check(false, "a line of the log at level %d: \"%s\"", (int)level, line);
}

static void on_log(void *context, int32_t level, const char *line)
{
    lines *own = (lines *)context;
    check_line(level, line);
    own->count++;
    own->of_level[level]++;
    own->elsewhere = own->elsewhere || !pthread_equal(own->caller, pthread_self());
    snprintf(own->last, sizeof own->last, "%s", line);
    const sg_client *client = own->calls;
    own->calls = NULL;
    if (client != NULL && get(client, "subuser-00002").code != SG_OK)
        own->wrong++;
    if (own->cancels != NULL)
        sg_client_cancel(own->cancels);
    if (own->forks_at != NULL && strncmp(line + 6, own->forks_at, strlen(own->forks_at)) == 0) {
        own->forks_at = NULL;
        fflush(NULL);
        own->child = fork();
        if (own->child == 0)
            alarm(20); /* it hung for ever */
    }
}

static lines new_lines(void)
{
    lines fresh;
    memset(&fresh, 0, sizeof fresh);
    fresh.caller = pthread_self();
    fresh.child = -1;
    return fresh;
}

static sg_client *logged_client(int32_t level, sg_on_log function, void *context)
{
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    sg_config_set_timeout_ms(config, 10000);
    sg_config_set_base_url(config, sandbox.url);
    sg_config_set_proxy(config, "");
    sg_config_set_ca_file(config, sandbox.ca_file);
    if (level != 0 && sg_config_set_log(config, level, function, context) != SG_OK)
        check(false, "a log is set");
    if (sg_client_new(sandbox.key, SG_REGION_GLOBAL, config, &client) != SG_OK)
        check(false, "a client is made");
    sg_config_free(config);
    return client;
}

static void test_arguments(void)
{
    sg_config *config = sg_config_new();
    check(sg_config_set_log(NULL, SG_LOG_INFO, on_log, NULL) == SG_ERR_ARGUMENT, "a config that is NULL is refused");
    static const int32_t none[] = {INT32_MIN, -1, 0, 5, INT32_MAX};
    for (size_t i = 0; i < COUNT(none); i++)
        check(sg_config_set_log(config, none[i], on_log, NULL) == SG_ERR_ARGUMENT, "level %d is refused", (int)none[i]);
    check(sg_config_set_log(config, SG_LOG_DEBUG, NULL, NULL) == SG_OK, "no callback is none");
    sg_config_free(config);
}

static void test_levels(void)
{
    /* a call that goes well, one that is tried again, one that fails */
    static const struct {
        int32_t level;
        size_t lines[5];
    } cases[] = {
        {SG_LOG_ERROR, {0, 1, 0, 0, 0}},
        {SG_LOG_WARN, {0, 1, 1, 0, 0}},
        {SG_LOG_INFO, {0, 1, 1, 2, 0}},
        {SG_LOG_DEBUG, {0, 1, 1, 2, 8}},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        lines own = new_lines();
        char once[64];
        snprintf(once, sizeof once, "fault-once-503-log%d", (int)i);
        sg_client *origin = logged_client(cases[i].level, on_log, &own);
        sg_client *client = derived(origin, 0);
        sg_client_free(origin);
        get(client, NULL); /* opens the connection: its lines depend on the addresses of the host */
        memset(own.of_level, 0, sizeof own.of_level);
        get(client, "subuser-00001");
        get(client, once);
        get(client, "fault-echo-key");
        check(memcmp(own.of_level, cases[i].lines, sizeof own.of_level) == 0,
              "level %d has %zu errors, %zu warnings, %zu infos, %zu steps", (int)cases[i].level, own.of_level[1],
              own.of_level[2], own.of_level[3], own.of_level[4]);
        sg_client_free(client);
    }
}

static bool ignore(void *context, const char *username)
{
    (void)context;
    return username != NULL;
}

static void test_many(void)
{
    static const char *const names[] = {"subuser-00001", "subuser-00002", "fault-status-404", "subuser-00003"};
    lines own = new_lines();
    sg_client *client = logged_client(SG_LOG_INFO, on_log, &own);
    sg_code code = sg_client_get_many(client, names, COUNT(names), NULL, NULL, NULL);
    check(code == SG_ERR_PARTIAL && own.of_level[SG_LOG_INFO] == 3 && own.of_level[SG_LOG_ERROR] == 1,
          "each item of many has its end in the log: %zu and %zu", own.of_level[SG_LOG_INFO], own.of_level[SG_LOG_ERROR]);
    own.count = 0;
    check(sg_client_list_subusers(client, ignore, NULL, NULL) == SG_OK && own.count > 0, "so has each page of a list");
    check(!own.elsewhere, "on the caller's own thread");
    sg_client_free(client);
}

static void test_calls_within(void)
{
    static const char *const names[] = {"subuser-00001", "subuser-00002"};
    lines own = new_lines();
    sg_client *client = logged_client(SG_LOG_DEBUG, on_log, &own);
    own.calls = client;
    check_code(get(client, "subuser-00001"), SG_OK, "a callback may make calls");
    own.calls = client;
    check(sg_client_get_many(client, names, COUNT(names), NULL, NULL, NULL) == SG_OK, "in calls for many, too");
    own.calls = client;
    check(sg_client_list_subusers(client, ignore, NULL, NULL) == SG_OK && own.wrong == 0, "and in lists");
    sg_client *other = derived(client, 0);
    own.cancels = other;
    check_code(get(other, "subuser-00001"), SG_ERR_CANCELLED, "it may cancel the very call");
    own.cancels = NULL;
    sg_client_free(other);
    check_code(get(client, NULL), SG_OK, "and its origin goes on");
    sg_client_free(client);
}

static void test_fork(void)
{
    static const char *const names[] = {"subuser-00001", "subuser-00002", "subuser-00003"};
    static const char *const events[] = {"lookup", "connected", "tls", "sent", "retry"};
    for (size_t i = 0; i < 2 * COUNT(events); i++) {
        lines own = new_lines();
        const char *event = events[i / 2];
        bool many = i % 2 == 1;
        char once[64];
        snprintf(once, sizeof once, "fault-once-503-fork%d", (int)i);
        if (many && strcmp(event, "retry") == 0)
            continue;
        sg_client *client = logged_client(SG_LOG_DEBUG, on_log, &own);
        own.forks_at = event;
        sg_code code = many ? sg_client_get_many(client, names, COUNT(names), NULL, NULL, NULL) : (sg_code)get(client, once).code;
        if (own.child == 0) {
            bool good = code == SG_ERR_CANCELLED && get(client, NULL).code == SG_OK;
            _exit(good ? 0 : 1);
        }
        int status = -1;
        check(code == SG_OK, "a fork in on_log at %s does not disturb the parent's call%s", event, many ? " for many" : "");
        bool ended = waitpid(own.child, &status, 0) == own.child;
        check(ended && WIFEXITED(status) && WEXITSTATUS(status) == 0,
              "in the child it is cancelled, and later ones work: status %d", status);
        sg_client_free(client);
    }
}

static void make_pipe(int ends[2])
{
    if (pipe(ends) != 0) {
        puts("Bail out! no pipe");
        exit(EXIT_FAILURE);
    }
}

/* Makes calls with standard error at `end` of a pipe, and SG_OPEN_TRACKING_LOG as it is. */
static sg_code get_with_stderr(int end)
{
    int before = dup(STDERR_FILENO);
    if (end >= 0)
        dup2(end, STDERR_FILENO);
    else
        close(STDERR_FILENO);
    sg_client *client = logged_client(0, NULL, NULL);
    sg_code code = (sg_code)get(client, "subuser-00001").code;
    sg_client_free(client);
    dup2(before, STDERR_FILENO);
    close(before);
    return code;
}

static void test_environment(void)
{
    static const struct {
        const char *value, *first, *last;
    } cases[] = {
        {"info", "event=end level=info call=", " enabled="},
        {"DEBUG", "event=lookup level=debug call=", " enabled="},
        {"error", "", ""},
        {"off", "", ""},
        {"", "", ""},
        {"loud\"", "event=config level=warn why=\"SG_OPEN_TRACKING_LOG is loud: expected ", "debug\""},
    };
    char text[65536];
    int ends[2];
    for (size_t i = 0; i < COUNT(cases); i++) {
        setenv("SG_OPEN_TRACKING_LOG", cases[i].value, 1);
        make_pipe(ends);
        sg_code code = get_with_stderr(ends[1]);
        close(ends[1]);
        size_t length = 0;
        ssize_t got;
        while ((got = read(ends[0], text + length, sizeof text - 1 - length)) > 0)
            length += (size_t)got;
        text[length] = 0;
        close(ends[0]);
        char *last = NULL;
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
            last = line;
        bool told = cases[i].first[0] == 0
                        ? length == 0
                        : strncmp(text, cases[i].first, strlen(cases[i].first)) == 0 && strstr(last, cases[i].last) != NULL;
        check(code == SG_OK && told, "SG_OPEN_TRACKING_LOG=%s begins with \"%s\"", cases[i].value, text);
    }

    setenv("SG_OPEN_TRACKING_LOG", "debug", 1);
    make_pipe(ends);
    fcntl(ends[1], F_SETFL, O_NONBLOCK);
    memset(text, 'x', sizeof text);
    while (write(ends[1], text, sizeof text) > 0 || write(ends[1], text, 1) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    check(get_with_stderr(ends[1]) == SG_OK, "a pipe that is full holds nothing up");
    close(ends[0]);
    check(get_with_stderr(ends[1]) == SG_OK, "one that nobody reads ends nothing");
    close(ends[1]);
    check(get_with_stderr(-1) == SG_OK, "nor is standard error needed");

    lines own = new_lines();
    setenv("SG_OPEN_TRACKING_LOG", "info", 1);
    make_pipe(ends);
    int before = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    sg_client *client = logged_client(SG_LOG_INFO, on_log, &own);
    get(client, NULL);
    dup2(before, STDERR_FILENO);
    close(before);
    ssize_t got = read(ends[0], text, sizeof text - 1);
    text[got > 0 ? got : 0] = 0;
    check(own.count > 0 && strstr(text, own.last) != NULL, "callback and environment get the same line: %s", own.last);
    sg_client_free(client);
    close(ends[0]);
    close(ends[1]);
    unsetenv("SG_OPEN_TRACKING_LOG");
}

int main(void)
{
    bool with_sandbox = find_sandbox();
    test_arguments();
    if (with_sandbox) {
        test_levels();
        test_many();
        test_calls_within();
        test_fork();
        test_environment();
    } else {
        skip("all that needs a server", "SANDBOX_URL and its kin are not set");
    }
    return sum_up();
}
