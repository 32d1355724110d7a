#include "machine/settings.h"

#define ENABLE  HVC_PLAN_ENABLE
#define DISABLE HVC_PLAN_DISABLE
#define BASE    HVC_PART_BASE
#define HVCI    HVC_PART_HVCI
#define CG      HVC_PART_CG
#define SET     HVC_CHANGE_SET_VALUE
#define DELETE  HVC_CHANGE_DELETE_VALUE

/* In the order in which the readiness tool writes them. Versions from 1607 on know locks per
 * setting; 1511 and 1507 have one value that says "not locked". */
const hvc_setting hvc_settings[] = {
    {ENABLE, BASE, 0, 0, SET, HVC_KEY_DEVICE_GUARD, "EnableVirtualizationBasedSecurity", 1, 1, 1,
     "starts virtualization-based security"},
    {ENABLE, BASE, 0, 0, SET, HVC_KEY_DEVICE_GUARD, "RequirePlatformSecurityFeatures", 1, 1, 3,
     "requires Secure Boot (3: and DMA protection)"},
    {ENABLE, BASE, HVC_BUILD_1607, 0, SET, HVC_KEY_DEVICE_GUARD, "Locked", 0, 1, 1,
     "UEFI lock of virtualization-based security"},
    {ENABLE, BASE, 0, HVC_BUILD_1607 - 1, SET, HVC_KEY_DEVICE_GUARD, "Unlocked", 1, 1, 1,
     "no UEFI lock (Windows 10 1511 and earlier)"},
    {ENABLE, CG, 0, 0, SET, HVC_KEY_LSA, "LsaCfgFlags", 2, 1, 1,
     "Credential Guard (1: with UEFI lock, 2: without)"},
    {ENABLE, HVCI, HVC_BUILD_1607, 0, SET, HVC_KEY_HVCI, "Enabled", 1, 1, 1, "memory integrity"},
    {ENABLE, HVCI, HVC_BUILD_1607, 0, SET, HVC_KEY_HVCI, "Locked", 0, 1, 1,
     "UEFI lock of memory integrity"},
    {ENABLE, HVCI, 0, HVC_BUILD_1607 - 1, SET, HVC_KEY_DEVICE_GUARD,
     "HypervisorEnforcedCodeIntegrity", 1, 1, 1, "memory integrity (Windows 10 1511 and earlier)"},

    {DISABLE, BASE, 0, 0, DELETE, HVC_KEY_DEVICE_GUARD, "EnableVirtualizationBasedSecurity", 0, 0,
     0, "virtualization-based security"},
    {DISABLE, BASE, 0, 0, DELETE, HVC_KEY_DEVICE_GUARD, "RequirePlatformSecurityFeatures", 0, 0, 0,
     "what virtualization-based security requires"},
    {DISABLE, BASE, HVC_BUILD_1607, 0, DELETE, HVC_KEY_DEVICE_GUARD, "Locked", 0, 0, 0,
     "lock of virtualization-based security"},
    {DISABLE, BASE, 0, HVC_BUILD_1607 - 1, DELETE, HVC_KEY_DEVICE_GUARD, "Unlocked", 0, 0, 0,
     "no UEFI lock (Windows 10 1511 and earlier)"},
    {DISABLE, BASE, 0, HVC_BUILD_1607 - 1, DELETE, HVC_KEY_DEVICE_GUARD, "NoLock", 0, 0, 0,
     "the readiness tool's other name for it"},
    {DISABLE, CG, 0, HVC_BUILD_22H2 - 1, DELETE, HVC_KEY_LSA, "LsaCfgFlags", 0, 0, 0,
     "Credential Guard"},
    /* Deleting it would bring the default back, which is on. */
    {DISABLE, CG, HVC_BUILD_22H2, 0, SET, HVC_KEY_LSA, "LsaCfgFlags", 0, 0, 0,
     "Credential Guard, which is on by default where the value is absent"},
    {DISABLE, HVCI, HVC_BUILD_1607, 0, HVC_CHANGE_DELETE_KEY, HVC_KEY_HVCI, NULL, 0, 0, 0,
     "memory integrity"},
    {DISABLE, HVCI, 0, HVC_BUILD_1607 - 1, DELETE, HVC_KEY_DEVICE_GUARD,
     "HypervisorEnforcedCodeIntegrity", 0, 0, 0, "memory integrity (Windows 10 1511 and earlier)"},

    {HVC_PLAN_CLEAR, HVC_PART_RESULTS, 0, 0, HVC_CHANGE_DELETE_KEY, HVC_KEY_CAPABILITIES, NULL, 0,
     0, 0, "results of the readiness steps"},
};
const size_t hvc_setting_count = sizeof(hvc_settings) / sizeof(*hvc_settings);
