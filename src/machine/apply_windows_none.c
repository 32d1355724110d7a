/* Not on Windows. */
#include "base/error.h"
#include "machine/apply.h"

hvc_status hvc_apply_windows(const hvc_plan *plan, const hvc_apply_options *options,
                             hvc_apply_result *ret_result, hvc_error *error)
{
    (void)plan;
    (void)options;
    (void)ret_result;
    return hvc_fail(error, HVC_E_UNSUPPORTED,
                    "this is not Windows: --root names the folder of a Windows that does not run");
}

void hvc_running_policy(hvc_policy_state *ret_state, char ret_sha256[65])
{
    *ret_state = HVC_POLICY_UNKNOWN;
    ret_sha256[0] = '\0';
}

hvc_status hvc_restart_windows(hvc_error *error)
{
    return hvc_fail(error, HVC_E_UNSUPPORTED, "this is not Windows");
}
