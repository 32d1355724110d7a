/* Why a plan is not to be carried out, unless somebody who knows better says so by name. */
#include <inttypes.h>
#include <string.h>

#include "base/error.h"
#include "base/span.h"
#include "machine/plan.h"

enum { MAX_LISTED = 8 };

static const hvc_refusal_info infos[] = {
    {"version", "this Windows is not known to have these settings"},
    {"architecture", "memory integrity needs a 64-bit Windows"},
    {"boot-drivers", "a boot-start driver is incompatible or was not examined: no start, perhaps"},
    {"policy", "group policy manages these settings and wins"},
    {"uefi-lock", "the settings are locked in UEFI: the registry does not switch them off"},
    {"hibernated", "the system is hibernated or was shut down with fast startup"},
    {"stale-hive", "the newest data of the registry is missing or damaged"},
    {"control-set", "it is not clear which control set the next start uses"},
};

const hvc_refusal_info *hvc_refusals(size_t *ret_count)
{
    *ret_count = sizeof(infos) / sizeof(*infos);
    return infos;
}

bool hvc_plan_overrides_known(const hvc_plan_request *request, hvc_error *error)
{
    for (size_t i = 0; i < request->override_count; i++) {
        bool known = false;
        for (size_t j = 0; j < sizeof(infos) / sizeof(*infos); j++)
            known = known || strcmp(infos[j].name, request->overrides[i]) == 0;
        if (!known) {
            hvc_fail(error, HVC_E_ARGUMENT, "there is no refusal \"%s\" to override",
                     request->overrides[i]);
            return false;
        }
    }
    return true;
}

static void refuse(hvc_plan_builder *builder, const char *name, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void refuse(hvc_plan_builder *builder, const char *name, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = hvc_arena_vprintf(&builder->arena, format, args);
    va_end(args);
    hvc_refusal *refusal = hvc_vector_add(&builder->arena, &builder->refusals);
    if (refusal == NULL)
        return;
    *refusal = (hvc_refusal){name, text, false};
    for (size_t i = 0; i < builder->request->override_count; i++)
        refusal->overridden =
            refusal->overridden || strcmp(builder->request->overrides[i], name) == 0;
}

static void check_version(hvc_plan_builder *builder)
{
    const hvc_fact *major = hvc_fact_of(builder->facts, HVC_FACT_OS_MAJOR);
    if (builder->plan.build == 0)
        refuse(builder, "version",
               "the version of Windows is not known: the settings are those of "
               "Windows 10 1607 and later");
    else if (builder->plan.build < HVC_BUILD_1507 ||
             (major->state == HVC_FACT_KNOWN && major->number < 10))
        refuse(builder, "version", "build %" PRIu64 " is older than Windows 10",
               builder->plan.build);
}

/* An undo file can turn it on too: when what is undone turned it off. */
static bool turns_hvci_on(const hvc_plan_builder *builder)
{
    if (builder->plan.action == HVC_PLAN_ENABLE)
        return builder->plan.hvci;
    for (size_t i = 0; i < builder->changes.count; i++) {
        const hvc_change *change = &builder->changes.items[i];
        if (change->kind == HVC_CHANGE_SET_VALUE && change->new_value.size == 4 &&
            hvc_le32(change->new_value.data) != 0 &&
            (hvc_registry_compare(change->name, "EnableVirtualizationBasedSecurity") == 0 ||
             hvc_registry_compare(change->name, "HypervisorEnforcedCodeIntegrity") == 0 ||
             hvc_registry_compare(change->name, "Enabled") == 0))
            return true;
    }
    return false;
}

static void check_architecture(hvc_plan_builder *builder)
{
    const hvc_fact *fact = hvc_fact_of(builder->facts, HVC_FACT_OS_ARCHITECTURE);
    if (turns_hvci_on(builder) && fact->state == HVC_FACT_KNOWN && strcmp(fact->text, "x86") == 0)
        refuse(builder, "architecture", "this is a 32-bit Windows");
}

static void check_drivers(hvc_plan_builder *builder)
{
    const hvc_facts *facts = builder->facts;
    if (!turns_hvci_on(builder))
        return;
    if (!facts->has_drivers) {
        refuse(builder, "boot-drivers",
               "the drivers that Windows needs to start were not examined");
        return;
    }
    size_t listed = 0, more = 0, undetermined = 0, others = 0;
    for (size_t i = 0; i < facts->driver_count; i++) {
        const hvc_machine_driver *driver = &facts->drivers[i];
        bool fails = driver->examined && !driver->windows_signed &&
                     (driver->load == HVC_VERDICT_FAIL || driver->verifier == HVC_VERDICT_FAIL);
        if (!driver->boot_start) {
            others += fails ? 1 : 0;
            continue;
        }
        if (driver->examined && !fails) {
            undetermined += driver->load == HVC_VERDICT_UNDETERMINED ||
                                    driver->verifier == HVC_VERDICT_UNDETERMINED
                                ? 1
                                : 0;
            continue;
        }
        if (listed == MAX_LISTED) {
            more++;
            continue;
        }
        listed++;
        const char *reason = driver->examined ? driver->reason : driver->error;
        refuse(builder, "boot-drivers", "boot-start driver %s %s%s%s", driver->module,
               driver->examined ? "is incompatible" : "could not be examined",
               reason != NULL ? ": " : "", reason != NULL ? reason : "");
    }
    if (more > 0)
        refuse(builder, "boot-drivers", "and %zu boot-start drivers more", more);
    if (undetermined > 0)
        hvc_plan_note(builder, "%zu boot-start driver%s could not be determined either way.",
                      undetermined, undetermined == 1 ? "" : "s");
    if (others > 0)
        hvc_plan_note(builder,
                      "%zu incompatible driver%s that is no boot-start driver will not "
                      "work with memory integrity on.",
                      others, others == 1 ? "" : "s");
}

static void check_policy(hvc_plan_builder *builder)
{
    static const struct {
        const char *name;
        bool hvci, cg;
    } values[] = {
        {"EnableVirtualizationBasedSecurity", true, true},
        {"RequirePlatformSecurityFeatures", true, true},
        {"HypervisorEnforcedCodeIntegrity", true, false},
        {"LsaCfgFlags", false, true},
    };
    const hvc_facts *facts = builder->facts;
    for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++) {
        if (!(values[i].hvci && builder->plan.hvci) && !(values[i].cg && builder->plan.cg))
            continue;
        if (hvc_facts_value(facts, HVC_KEY_POLICY, values[i].name) != NULL)
            refuse(builder, "policy", "policy sets %s (HKLM\\" HVC_KEY_POLICY ")", values[i].name);
    }
    hvc_fact any = hvc_facts_dword(facts, HVC_KEY_POLICY, values[0].name);
    if (any.state == HVC_FACT_UNAVAILABLE &&
        hvc_facts_value(facts, HVC_KEY_POLICY, values[0].name) == NULL)
        hvc_plan_note(builder, "Whether group policy manages these settings is not known: %s.",
                      any.why);
}

static bool is_one(const hvc_plan_builder *builder, const char *key, const char *name)
{
    hvc_fact fact = hvc_facts_dword(builder->facts, key, name);
    return fact.state == HVC_FACT_KNOWN && fact.number == 1;
}

static void check_lock(hvc_plan_builder *builder)
{
    if (is_one(builder, HVC_KEY_DEVICE_GUARD, "Locked"))
        refuse(builder, "uefi-lock", "virtualization-based security is locked (Locked = 1)");
    if (builder->plan.hvci && is_one(builder, HVC_KEY_HVCI, "Locked"))
        refuse(builder, "uefi-lock", "memory integrity is locked (Locked = 1)");
    if (builder->plan.cg && is_one(builder, HVC_KEY_LSA, "LsaCfgFlags"))
        refuse(builder, "uefi-lock", "Credential Guard is locked (LsaCfgFlags = 1)");
}

static void check_target(hvc_plan_builder *builder)
{
    const hvc_plan_request *request = builder->request;
    const hvc_fact *hibernated = hvc_fact_of(builder->facts, HVC_FACT_OS_HIBERNATED);
    if (strcmp(builder->facts->host, "offline") == 0) {
        if (hibernated->state == HVC_FACT_KNOWN && hibernated->flag)
            refuse(builder, "hibernated",
                   "the system volume holds a hibernated Windows, whose "
                   "memory has the registry: shut it down fully first");
        else if (hibernated->state == HVC_FACT_UNAVAILABLE)
            hvc_plan_note(builder, "Whether the system is hibernated is not known: %s.",
                          hibernated->why);
    }
    if (request->stale_hive != NULL)
        refuse(builder, "stale-hive", "the SYSTEM hive is dirty: %s", request->stale_hive);
    if (request->unclear_control_set != NULL)
        refuse(builder, "control-set", "%s", request->unclear_control_set);
}

static void add_warnings(hvc_plan_builder *builder)
{
    const hvc_facts *facts = builder->facts;
    const hvc_fact *role = hvc_fact_of(facts, HVC_FACT_OS_DOMAIN_ROLE);
    if (builder->plan.action != HVC_PLAN_ENABLE)
        return;
    if (builder->plan.cg && role->state == HVC_FACT_KNOWN && role->number >= 4)
        hvc_plan_note(builder, "This PC is a domain controller: Credential Guard is "
                               "not supported there.");
    if (is_one(builder, HVC_KEY_DEVICE_GUARD, "Mandatory"))
        hvc_plan_note(builder, "Mandatory is set: Windows does not start when virtualization-based "
                               "security cannot.");
    if (builder->plan.lock)
        hvc_plan_note(builder,
                      "With UEFI lock, the registry cannot switch this off again: somebody "
                      "has to confirm it at the machine.");
    if (turns_hvci_on(builder))
        hvc_plan_note(builder,
                      "Should Windows not start any more: in the recovery environment, load "
                      "the system's own SYSTEM hive (not the environment's) and set "
                      "Enabled = 0, or put the backup back.");
}

void hvc_plan_refuse(hvc_plan_builder *builder)
{
    /* What changes nothing endangers nothing. */
    bool registry = false;
    for (size_t i = 0; i < builder->changes.count; i++)
        registry = registry || hvc_change_is_registry(&builder->changes.items[i]);
    if (builder->changes.count == 0)
        return;
    check_target(builder);
    if (builder->plan.action == HVC_PLAN_UNDO) {
        check_drivers(builder);
        check_lock(builder);
    }
    if (builder->plan.action == HVC_PLAN_ENABLE || builder->plan.action == HVC_PLAN_DISABLE) {
        check_version(builder);
        check_architecture(builder);
        check_drivers(builder);
        check_policy(builder);
        if (registry)
            check_lock(builder);
        add_warnings(builder);
    }
}
