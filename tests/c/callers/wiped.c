/* The key is in this process's memory while a client lives, and nowhere after it is freed. The
 * program reads all of its own memory, and never holds the key itself in one piece but for the
 * calls that need it. */
#define _POSIX_C_SOURCE 200809L
#include <stdatomic.h>

#include "traffic.h"

#include <fcntl.h>

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

/* The same in all memory of this process that can be written. */
static long find_in_memory(const char *when)
{
    static unsigned char buffer[1 << 20];
    char line[512];
    long found = 0;
    FILE *maps = fopen("/proc/self/maps", "r");
    int memory = open("/proc/self/mem", O_RDONLY);
    while (maps != NULL && memory >= 0 && fgets(line, sizeof line, maps) != NULL) {
        unsigned long begin, end;
        char rights[5];
        if (sscanf(line, "%lx-%lx %4s", &begin, &end, rights) != 3 || rights[0] != 'r' || rights[1] != 'w')
            continue;
        for (unsigned long at = begin; at < end; at += sizeof buffer - PART) {
            if ((unsigned char *)at >= buffer && (unsigned char *)at < buffer + sizeof buffer)
                continue;
            size_t want = end - at < sizeof buffer ? end - at : sizeof buffer;
            ssize_t got = pread(memory, buffer, want, (off_t)at);
            long here = got > 0 ? find_in(buffer, (size_t)got) : 0;
            if (here > 0)
                printf("# %s: %ld in %s", when, here, line);
            found += here;
            memset(buffer, 0, sizeof buffer);
            if (want < sizeof buffer)
                break;
        }
    }
    if (memory >= 0)
        close(memory);
    if (maps != NULL)
        fclose(maps);
    return found;
}

static sg_client *client_with_key(void)
{
    static char key[MOST + 1];
    write_key(key);
    sg_client *client = new_client(key, SG_REGION_GLOBAL, sandbox.url, 1000);
    wipe(key);
    return client;
}

static void check_gone(const char *when)
{
    long found = find_in_memory(when);
    check(found == 0, "%s: no part of the key is left (%ld)", when, found);
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

    write_key(key);
    key[length - 1] = '\n';
    sg_client *none = NULL;
    sg_client_new(key, SG_REGION_GLOBAL, NULL, &none);
    wipe(key);
    check_gone("after a key that was refused");
    return sum_up();
}
