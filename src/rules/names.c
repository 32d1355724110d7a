/* What counters, verdicts and levels are called. */
#include <hvcheck/rule.h>

const char *hvc_counter_label(hvc_counter counter)
{
    static const char *const labels[HVC_COUNTER_COUNT] = {
        [HVC_COUNTER_POOL_TYPE] = "Execute Pool Type Count",
        [HVC_COUNTER_PAGE_PROTECTION] = "Execute Page Protection Count",
        [HVC_COUNTER_PAGE_MAPPING] = "Execute Page Mapping Count",
        [HVC_COUNTER_EXECUTE_WRITE] = "Execute-Write Section Count",
        [HVC_COUNTER_ALIGNMENT] = "Section Alignment Failures",
        [HVC_COUNTER_RELOCS] = "Unsupported Relocs Count",
        [HVC_COUNTER_IAT] = "IAT in Executable Section Count",
    };

    return (unsigned)counter < HVC_COUNTER_COUNT ? labels[counter] : NULL;
}

const char *hvc_counter_id(hvc_counter counter)
{
    static const char *const ids[HVC_COUNTER_COUNT] = {
        [HVC_COUNTER_POOL_TYPE] = "execute_pool_type",
        [HVC_COUNTER_PAGE_PROTECTION] = "execute_page_protection",
        [HVC_COUNTER_PAGE_MAPPING] = "execute_page_mapping",
        [HVC_COUNTER_EXECUTE_WRITE] = "execute_write_section",
        [HVC_COUNTER_ALIGNMENT] = "section_alignment",
        [HVC_COUNTER_RELOCS] = "unsupported_relocs",
        [HVC_COUNTER_IAT] = "iat_in_executable_section",
    };

    return (unsigned)counter < HVC_COUNTER_COUNT ? ids[counter] : NULL;
}

const char *hvc_verdict_name(hvc_verdict verdict)
{
    static const char *const names[HVC_VERDICT_COUNT] = {
        [HVC_VERDICT_PASS] = "pass",
        [HVC_VERDICT_FAIL] = "fail",
        [HVC_VERDICT_UNDETERMINED] = "undetermined",
        [HVC_VERDICT_NOT_APPLICABLE] = "not-applicable",
    };

    return (unsigned)verdict < HVC_VERDICT_COUNT ? names[verdict] : "unknown";
}

const char *hvc_level_name(hvc_level level)
{
    static const char *const names[HVC_LEVEL_COUNT] = {
        [HVC_LEVEL_ERROR] = "error",
        [HVC_LEVEL_WARNING] = "warning",
        [HVC_LEVEL_NOTE] = "note",
    };

    return (unsigned)level < HVC_LEVEL_COUNT ? names[level] : "unknown";
}
