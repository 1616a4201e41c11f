#include "library.h"
#include "_cgo_export.h"

/* Of the call that this thread makes: what takes its lines. */
static _Thread_local uintptr_t listener;

void sgGoListen(uintptr_t handle)
{
    listener = handle;
}

void sgGoOnLog(void *context, int32_t level, const char *line)
{
    (void)context;
    if (listener)
        sgGoLine(listener, level, (char *)line);
}
