/* The settings that a request means, for each version of Windows: one table. */
#ifndef MACHINE_SETTINGS_H
#define MACHINE_SETTINGS_H

#include <hvcheck/plan.h>

/* Keys, as facts spell them. */
#define HVC_KEY_DEVICE_GUARD "SYSTEM\\CurrentControlSet\\Control\\DeviceGuard"
#define HVC_KEY_HVCI         HVC_KEY_DEVICE_GUARD "\\Scenarios\\HypervisorEnforcedCodeIntegrity"
#define HVC_KEY_CAPABILITIES HVC_KEY_DEVICE_GUARD "\\Capabilities"
#define HVC_KEY_LSA          "SYSTEM\\CurrentControlSet\\Control\\Lsa"
#define HVC_KEY_POLICY       "SOFTWARE\\Policies\\Microsoft\\Windows\\DeviceGuard"
#define HVC_KEY_MEMORY       "SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Memory Management"
#define HVC_FILE_POLICY      "Windows\\System32\\CodeIntegrity\\SIPolicy.p7b"

/* Builds at which the settings change. */
enum {
    HVC_BUILD_1507 = 10240,
    HVC_BUILD_1511 = 10586,
    HVC_BUILD_1607 = 14393,
    HVC_BUILD_22H2 = 22621, /* of Windows 11: Credential Guard is on by default */
};

/* What a setting belongs to. */
enum {
    HVC_PART_BASE = 1, /* virtualization-based security itself */
    HVC_PART_HVCI = 2,
    HVC_PART_CG = 4,
    HVC_PART_POLICY = 8,
    HVC_PART_RESULTS = 16, /* what the readiness tool wrote */
    HVC_PART_VERIFIER = 32,
};

typedef struct hvc_setting {
    hvc_plan_action action;
    unsigned part;
    uint32_t first_build, last_build; /* 0: no bound */
    hvc_change_kind kind;
    const char *key, *name;
    uint32_t value, locked; /* DWORDs, without and with UEFI lock */
    uint32_t also;          /* as good when it is there already and no lock is asked for */
    const char *why;
} hvc_setting;

extern const hvc_setting hvc_settings[];
extern const size_t hvc_setting_count;

#endif
