/* What ThreadSanitizer is still to report: callbacks of two calls at once that count without a lock. */
#include <pthread.h>
#include <sg_open_tracking.h>
#include <stdio.h>
#include <stdlib.h>

static sg_client *client;
static int counted;

static bool count(void *context, size_t index, const sg_result *result)
{
    (void)context, (void)index, (void)result;
    counted++;
    return true;
}

static void *read_all(void *unused)
{
    static const char *const NAMES[] = {"subuser-00001", "subuser-00002"};
    sg_client_get_many(client, NAMES, 2, count, NULL, NULL);
    return unused;
}

int main(void)
{
    pthread_t thread;
    if (sg_client_new(getenv("SENDGRID_API_KEY"), SG_REGION_GLOBAL, NULL, &client) != SG_OK ||
        pthread_create(&thread, NULL, read_all, NULL) != 0)
        return 2;
    read_all(NULL);
    pthread_join(thread, NULL);
    sg_client_free(client);
    return counted == 0;
}
