#include <hvcheck/version.h>

const char *hvc_version(void)
{
    return HVC_VERSION;
}
