#include <windows.h>

#include "base/pool.h"

unsigned hvc_processor_count(void)
{
    DWORD_PTR process = 0, system = 0;
    unsigned count = 0;
    if (GetProcessAffinityMask(GetCurrentProcess(), &process, &system))
        for (; process != 0; process &= process - 1)
            count++;
    return count > 0 ? count : 1;
}
