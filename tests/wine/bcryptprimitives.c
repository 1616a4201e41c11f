/* The one function of bcryptprimitives.dll that Rust's standard library calls, for a wine that has
 * no such DLL. Windows has its own since Windows 8: this one is for the tests only. */
#include <windows.h>

BOOLEAN NTAPI SystemFunction036(PVOID buffer, ULONG length); /* RtlGenRandom */

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE buffer, SIZE_T length)
{
    return SystemFunction036(buffer, (ULONG)length);
}
