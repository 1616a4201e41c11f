/* The key is in this process's memory while a client lives, and nowhere after it is freed. The
 * program reads all of its own memory that can be written: heaps, every thread's stack and
 * thread-local storage, the data of every library. It never holds the key itself in one piece but
 * for the calls that need it. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

enum { LEAST = 32, MOST = 512, PART = 16 };

static unsigned char masked[MOST]; /* the key, each byte turned by MASK */
static size_t length;
static const unsigned char MASK = 0xA5;

/* Takes the keys out of the environment, and out of the memory that they had there. */
static void take_key(void)
{
    static const char *const keys[] = {"SANDBOX_KEY", "SANDBOX_EU_KEY", "SANDBOX_READ_KEY", "SANDBOX_UPDATE_KEY"};
    const char *key = getenv("SANDBOX_KEY");
    if (strlen(key) < LEAST || strlen(key) > MOST) {
        printf("Bail out! the key is too short to be looked for\n");
        exit(EXIT_FAILURE);
    }
    length = strlen(key);
    for (size_t i = 0; i < length; i++)
        masked[i] = (unsigned char)key[i] ^ MASK;
    /* The other keys have much in common with it. */
    for (size_t i = 0; i < COUNT(keys); i++)
        memset(getenv(keys[i]), 0, strlen(getenv(keys[i])));
    sandbox.key = sandbox.eu_key = sandbox.read_key = sandbox.update_key = NULL;
}

static void write_key(volatile char *key)
{
    for (size_t i = 0; i < length; i++)
        key[i] = (char)(masked[i] ^ MASK);
    key[length] = 0;
}

static void wipe(volatile char *key)
{
    for (size_t i = 0; i <= MOST; i++)
        key[i] = 0;
}

/* How often PART bytes of the key in a row are found there. */
static long find_in(const unsigned char *bytes, size_t count)
{
    long found = 0;
    for (size_t at = 0; at + PART <= count; at++)
        for (size_t from = 0; from + PART <= length; from += PART) {
            size_t same = 0;
            while (same < PART && (bytes[at + same] ^ MASK) == masked[from + same])
                same++;
            found += same == PART;
        }
    return found;
}

/* The same in all memory of this process that can be written, but for what it is read into. */
static long find_in_memory(const char *when)
{
    static unsigned char buffer[1 << 20];
    const unsigned long own = (unsigned long)buffer, own_end = own + sizeof buffer;
    char line[512];
    long found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    while (maps != NULL && memory >= 0 && fgets(line, sizeof line, maps) != NULL) {
        unsigned long at, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &at, &end, rights) != 3 || rights[0] != 'r' || rights[1] != 'w')
            continue;
        while (at < end) {
            unsigned long until = at < own && own < end ? own : end;
            if (at >= own && at < own_end) {
                at = own_end;
                continue;
            }
            size_t want = until - at < sizeof buffer ? until - at : sizeof buffer;
            ssize_t got = pread(memory, buffer, want, (off_t)at);
            long here = got > 0 ? find_in(buffer, (size_t)got) : 0;
            if (here > 0)
                printf("# %s: %ld in %s", when, here, line);
            found += here;
            memset(buffer, 0, sizeof buffer);
            at += want == sizeof buffer ? want - PART : want; /* what lies across two pieces is found, too */
        }
    }
    if (memory >= 0)
        close(memory);
    if (maps != NULL)
        fclose(maps);
    return found;
}

static void ignore(void *context, int32_t level, const char *line)
{
    (void)context, (void)level, (void)line;
}

/* A client that tells all it does, perhaps one that goes by a proxy and tries again. */
static sg_client *client_with_options(const char *proxy, uint32_t retries)
{
    static char key[MOST + 1];
    sg_client *client = NULL;
    sg_config *config = sg_config_new();
    sg_config_set_timeout_ms(config, retries > 0 ? 5000 : 1000);
    sg_config_set_max_retries(config, retries);
    sg_config_set_base_url(config, sandbox.url);
    sg_config_set_proxy(config, proxy);
    sg_config_set_ca_file(config, sandbox.ca_file);
    sg_config_set_log(config, SG_LOG_DEBUG, ignore, NULL);
    write_key(key);
    if (sg_client_new(key, SG_REGION_GLOBAL, config, &client) != SG_OK)
        check(false, "a client is made");
    wipe(key);
    sg_config_free(config);
    return client;
}

static sg_client *client_with_key(void)
{
    return client_with_options("", 0);
}

static void check_gone(const char *when)
{
    long found = find_in_memory(when);
    check(found == 0, "%s: no part of the key is left (%ld)", when, found);
}

static pthread_barrier_t all_called, client_freed;

static void *call_and_live_on(void *argument)
{
    const sg_client *client = (const sg_client *)argument;
    static const char *const names[] = {NULL, "subuser-00001", "fault-chunked", "fault-close", "nobody"};
    for (size_t i = 0; i < COUNT(names); i++) {
        get(client, names[i]);
        update(client, true, names[i]);
    }
    pthread_barrier_wait(&all_called);
    pthread_barrier_wait(&client_freed);
    return NULL;
}

static void check_threads(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    pthread_barrier_init(&all_called, NULL, THREADS + 1);
    pthread_barrier_init(&client_freed, NULL, THREADS + 1);
    sg_client *client = client_with_key();
    for (int i = 0; i < THREADS; i++)
        start(&threads[i], call_and_live_on, client);
    pthread_barrier_wait(&all_called);
    sg_client_free(client);
    check_gone("after calls on threads that live on");
    pthread_barrier_wait(&client_freed);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    check_gone("after they ended");
}

static void check_many(void)
{
    static const char *const names[] = {"subuser-00001", "subuser-00002", "nobody",        "fault-once-503-wiped",
                                        "subuser-00003", "fault-close",   "subuser-00004", "fault-malformed-json"};
    sg_client *client = client_with_options("", 2);
    sg_code code = sg_client_update_many(client, true, names, COUNT(names), NULL, NULL, NULL);
    check(code == SG_ERR_PARTIAL, "some of many fail: code %d", (int)code);
    check_code(get(client, "fault-once-503-retry-after-1-wiped"), SG_OK, "a call is tried again");
    sg_client_free(client);
    check_gone("after many, and retries");
}

/* In a child nothing of the parent's is closed, but its copy of the key is wiped. */
static void check_child(void)
{
    int status = -1;
    sg_client *client = client_with_key();
    get(client, NULL);
    pid_t child = fork();
    if (child == 0) {
        get(client, NULL);
        sg_client_free(client);
        _exit(find_in_memory("in a child") == 0 ? 0 : 1);
    }
    waitpid(child, &status, 0);
    check(status == 0, "a child that frees the client has no part of the key left");
    sg_client_free(client);
}

/* A proxy that connects to the sandbox, whatever it is asked for, one connection after another. */
static void *be_proxy(void *argument)
{
    static const char consent[] = "HTTP/1.1 200 Connection established\r\n\r\n";
    int listener = *(int *)argument, ends[2];
    char bytes[4096];
    while ((ends[0] = accept(listener, NULL, NULL)) >= 0) {
        struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(strrchr(sandbox.url, ':') + 1))};
        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ends[1] = socket(AF_INET, SOCK_STREAM, 0);
        bool open = connect(ends[1], (struct sockaddr *)&to, sizeof to) == 0 && recv(ends[0], bytes, sizeof bytes, 0) > 0 &&
                    send(ends[0], consent, sizeof consent - 1, MSG_NOSIGNAL) > 0;
        while (open) {
            struct pollfd polled[2] = {{.fd = ends[0], .events = POLLIN}, {.fd = ends[1], .events = POLLIN}};
            poll(polled, 2, -1);
            for (int i = 0; i < 2 && open; i++)
                if (polled[i].revents != 0) {
                    ssize_t got = recv(ends[i], bytes, sizeof bytes, 0);
                    open = got > 0 && send(ends[1 - i], bytes, (size_t)got, MSG_NOSIGNAL) == got;
                }
        }
        close(ends[0]);
        close(ends[1]);
    }
    return NULL;
}

static void check_proxy(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    char proxy[64];
    pthread_t thread;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (bind(listener, (struct sockaddr *)&at, sizeof at) != 0 || listen(listener, 8) != 0 ||
        getsockname(listener, (struct sockaddr *)&at, &size) != 0) {
        check(false, "a proxy listens");
        return;
    }
    snprintf(proxy, sizeof proxy, "http://user:pass@127.0.0.1:%d", ntohs(at.sin_port));
    start(&thread, be_proxy, &listener);
    sg_client *client = client_with_options(proxy, 0);
    check_code(get(client, NULL), SG_OK, "a call by a proxy");
    get(client, "fault-reset");
    check_code(update(client, true, "subuser-00001"), SG_OK, "and one on a fresh connection");
    sg_client_free(client);
    check_gone("after calls by a proxy");
    shutdown(listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(listener);

    client = client_with_options(proxy, 1);
    check_code(get(client, NULL), SG_ERR_PROXY, "a proxy that is gone");
    sg_client_free(client);
    check_gone("after a proxy that is gone");
}

int main(void)
{
    need_sandbox();
    setenv("SG_OPEN_TRACKING_BASE_URL", sandbox.url, 1);
    setenv("SSL_CERT_FILE", sandbox.ca_file, 1);
    take_key();
    check_gone("before anything");

    sg_client *client = client_with_key();
    check(find_in_memory("a client lives") > 0, "while a client lives the key is found: the search works");
    sg_client_free(client);
    check_gone("after a client that made no call");

    client = client_with_key();
    for (int i = 0; i < 20; i++)
        if (get(client, i % 2 == 0 ? NULL : "subuser-00001").code != SG_OK)
            check(false, "a call goes well");
    sg_client *kin = derived(client, 0);
    update(kin, false, NULL);
    sg_client_free(client);
    check(find_in_memory("kin live") > 0, "while kin live the key is found");
    sg_client_free(kin);
    check_gone("after 21 calls");

    static const char *const faults[] = {"fault-silent", "fault-close", "fault-reset", "fault-not-http", "fault-drip-500"};
    for (size_t i = 0; i < COUNT(faults); i++) {
        client = client_with_key();
        get(client, faults[i]);
        sg_client_free(client);
    }
    check_gone("after calls that failed");

    client = client_with_key();
    sg_client *cut_off = derived(client, 200);
    get(cut_off, "fault-silent");
    sg_client_free(cut_off);
    sg_client_free(client);
    check_gone("after a call that was cut off");

    static char key[MOST + 1];
    bool enabled;
    for (int i = 0; i < 3; i++) {
        write_key(key);
        sg_open_tracking_get(key, SG_REGION_GLOBAL, NULL, &enabled);
        sg_open_tracking_update(key, true, SG_REGION_GLOBAL, "subuser-00001", NULL);
        wipe(key);
    }
    check_gone("after one-shot calls, whose connections are kept");

    check_threads();
    check_many();
    check_proxy();
    check_child();

    write_key(key);
    key[length - 1] = '\n';
    sg_client *none = NULL;
    sg_client_new(key, SG_REGION_GLOBAL, NULL, &none);
    wipe(key);
    check_gone("after a key that was refused");
    return sum_up();
}
