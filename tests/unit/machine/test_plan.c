/* Plans: for each request and version of Windows, what changes; refusals; undo files. */
#include <stdio.h>
#include <string.h>

#include "machine_test.h"

#include "base/buffer.h"
#include "machine/plan.h"

#define GUARD HVC_KEY_DEVICE_GUARD

typedef struct test_machine {
    hvc_facts_builder builder;
    hvc_plan *plan;
} test_machine;

static test_machine begin(uint64_t build)
{
    test_machine machine = {.plan = NULL};
    hvc_facts_init(&machine.builder, "offline", "pc17");
    if (build != 0)
        hvc_fact_set_number(&machine.builder, HVC_FACT_OS_BUILD, build, "test");
    hvc_fact_set_text(&machine.builder, HVC_FACT_OS_ARCHITECTURE, "x64", "test");
    hvc_fact_set_bool(&machine.builder, HVC_FACT_OS_HIBERNATED, false, "test");
    hvc_facts_add_key(&machine.builder, GUARD, HVC_KEY_READ, NULL);
    hvc_facts_add_key(&machine.builder, HVC_KEY_LSA, HVC_KEY_READ, NULL);
    hvc_facts_add_key(&machine.builder, HVC_KEY_MEMORY, HVC_KEY_READ, NULL);
    machine.builder.facts.has_drivers = true;
    return machine;
}

static void key(test_machine *machine, const char *name, hvc_key_state state)
{
    hvc_facts_add_key(&machine->builder, name, state, "torn");
}

static const hvc_plan *plan(test_machine *machine, hvc_plan_request request)
{
    assert_int_equal(hvc_facts_finish(&machine->builder), HVC_OK);
    hvc_error error = {.message = ""};
    hvc_status status = hvc_plan_make(&machine->builder.facts, &request, &machine->plan, &error);
    if (status != HVC_OK)
        fail_msg("%s", error.message);
    return machine->plan;
}

static void end(test_machine *machine)
{
    hvc_plan_free(machine->plan);
    hvc_facts_free(&machine->builder);
}

/* A plan in one line: "+Name=value", "-Name", "/key", then the kinds of the other changes. */
static void describe(const hvc_plan *plan, char *text, size_t size)
{
    hvc_buffer out = HVC_BUFFER_INIT;
    for (size_t i = 0; i < plan->change_count; i++) {
        const hvc_change *change = &plan->changes[i];
        const char *tail = change->key != NULL ? strrchr(change->key, '\\') + 1 : "";
        hvc_buffer_puts(&out, i > 0 ? " " : "");
        if (change->kind == HVC_CHANGE_SET_VALUE) {
            hvc_buffer_printf(&out, "%s+%s=", tail, change->name);
            hvc_registry_value_text(&change->new_value, &out);
        } else if (change->kind == HVC_CHANGE_DELETE_VALUE) {
            hvc_buffer_printf(&out, "%s-%s", tail, change->name);
        } else if (change->kind == HVC_CHANGE_DELETE_KEY) {
            hvc_buffer_printf(&out, "/%s", tail);
        } else {
            hvc_buffer_puts(&out, hvc_change_kind_name(change->kind));
        }
    }
    assert_false(out.failed);
    snprintf(text, size, "%.*s", (int)out.size, out.size > 0 ? out.data : "");
    hvc_buffer_free(&out);
}

static void expect(test_machine *machine, hvc_plan_request request, const char *wanted)
{
    char found[1024];
    describe(plan(machine, request), found, sizeof(found));
    assert_string_equal(found, wanted);
}

#define VBS                                                                                        \
    "DeviceGuard+EnableVirtualizationBasedSecurity=1 "                                             \
    "DeviceGuard+RequirePlatformSecurityFeatures=1 "
#define SCENE   "HypervisorEnforcedCodeIntegrity"
#define FEATURE "enable-feature reboot"

static void test_enable(void **state)
{
    (void)state;
    static const struct {
        uint64_t build;
        hvc_plan_request request;
        const char *wanted;
    } rows[] = {
        {22631,
         {.action = HVC_PLAN_ENABLE},
         VBS "DeviceGuard+Locked=0 Lsa+LsaCfgFlags=2 " SCENE "+Enabled=1 " SCENE
             "+Locked=0 " FEATURE},
        {14393,
         {.action = HVC_PLAN_ENABLE, .hvci = true},
         VBS "DeviceGuard+Locked=0 " SCENE "+Enabled=1 " SCENE "+Locked=0 " FEATURE},
        {19045,
         {.action = HVC_PLAN_ENABLE, .cg = true},
         VBS "DeviceGuard+Locked=0 Lsa+LsaCfgFlags=2 " FEATURE},
        {19045,
         {.action = HVC_PLAN_ENABLE, .dg = true, .policy = "p.p7b"},
         VBS "DeviceGuard+Locked=0 " SCENE "+Enabled=1 " SCENE "+Locked=0 copy-file " FEATURE},
        {19045,
         {.action = HVC_PLAN_ENABLE, .hvci = true, .policy = "p.p7b"},
         VBS "DeviceGuard+Locked=0 " SCENE "+Enabled=1 " SCENE "+Locked=0 " FEATURE},
        {19045,
         {.action = HVC_PLAN_ENABLE, .lock = true},
         VBS "DeviceGuard+Locked=1 Lsa+LsaCfgFlags=1 " SCENE "+Enabled=1 " SCENE
             "+Locked=1 " FEATURE},
        {10586,
         {.action = HVC_PLAN_ENABLE},
         VBS "DeviceGuard+Unlocked=1 Lsa+LsaCfgFlags=2 DeviceGuard+" SCENE
             "=1 enable-feature " FEATURE},
        {10240,
         {.action = HVC_PLAN_ENABLE, .hvci = true},
         VBS "DeviceGuard+Unlocked=1 DeviceGuard+" SCENE "=1 enable-feature " FEATURE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        test_machine machine = begin(rows[i].build);
        key(&machine, HVC_KEY_HVCI, HVC_KEY_ABSENT);
        expect(&machine, rows[i].request, rows[i].wanted);
        assert_false(machine.plan->refused);
        assert_int_equal(machine.plan->changes[0].old_state, HVC_OLD_ABSENT);
        end(&machine);
    }
}

static void add_enabled(test_machine *machine, uint32_t locked)
{
    hvc_facts_builder *builder = &machine->builder;
    key(machine, HVC_KEY_HVCI, HVC_KEY_READ);
    add_dword(builder, GUARD, "enablevirtualizationbasedsecurity", 1);
    add_dword(builder, GUARD, "RequirePlatformSecurityFeatures", 3);
    add_dword(builder, GUARD, "Locked", locked);
    add_dword(builder, HVC_KEY_HVCI, "Enabled", 1);
    add_dword(builder, HVC_KEY_HVCI, "Locked", locked);
    add_dword(builder, HVC_KEY_LSA, "LsaCfgFlags", locked == 1 ? 1 : 2);
}

static void test_enabled_already(void **state)
{
    (void)state;
    for (uint32_t locked = 0; locked < 2; locked++) {
        test_machine machine = begin(22631);
        add_enabled(&machine, locked);
        /* Nothing endangers a machine that is not changed: these would be refused otherwise. */
        hvc_fact_set_bool(&machine.builder, HVC_FACT_OS_HIBERNATED, true, "test");
        expect(&machine, (hvc_plan_request){.action = HVC_PLAN_ENABLE}, "");
        assert_false(machine.plan->refused);
        end(&machine);
    }
    /* One wrong value is one change. */
    test_machine machine = begin(22631);
    add_enabled(&machine, 0);
    machine.builder.values.items[3].data = (const uint8_t *)"\0\0\0\0";
    expect(&machine, (hvc_plan_request){.action = HVC_PLAN_ENABLE}, SCENE "+Enabled=1 " FEATURE);
    assert_int_equal(machine.plan->changes[0].old_state, HVC_OLD_KNOWN);
    assert_int_equal(machine.plan->changes[0].old_value.size, 4);
    end(&machine);
}

static void test_disable(void **state)
{
    (void)state;
#define BASE_GONE                                                                                  \
    "DeviceGuard-EnableVirtualizationBasedSecurity DeviceGuard-RequirePlatformSecurityFeatures "   \
    "DeviceGuard-Locked "
    static const struct {
        uint64_t build;
        hvc_plan_request request;
        const char *wanted;
    } rows[] = {
        {19045,
         {.action = HVC_PLAN_DISABLE, .installed_policy = HVC_POLICY_ABSENT},
         BASE_GONE "Lsa-LsaCfgFlags /" SCENE " disable-feature opt-out reboot"},
        {22631,
         {.action = HVC_PLAN_DISABLE, .installed_policy = HVC_POLICY_PRESENT},
         BASE_GONE "Lsa+LsaCfgFlags=0 /" SCENE " delete-file disable-feature opt-out reboot"},
        /* The other one stays on and needs virtualization-based security. */
        {19045, {.action = HVC_PLAN_DISABLE, .hvci = true}, "/" SCENE " reboot"},
        {19045, {.action = HVC_PLAN_DISABLE, .cg = true}, "Lsa-LsaCfgFlags reboot"},
        {19045,
         {.action = HVC_PLAN_DISABLE, .hvci = true, .cg = true},
         BASE_GONE "Lsa-LsaCfgFlags /" SCENE " reboot"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        test_machine machine = begin(rows[i].build);
        add_enabled(&machine, 0);
        expect(&machine, rows[i].request, rows[i].wanted);
        assert_false(machine.plan->refused);
        end(&machine);
    }
    test_machine old = begin(10586);
    add_dword(&old.builder, GUARD, "EnableVirtualizationBasedSecurity", 1);
    add_dword(&old.builder, GUARD, "Unlocked", 1);
    add_dword(&old.builder, GUARD, "NoLock", 1);
    add_dword(&old.builder, GUARD, SCENE, 1);
    expect(&old,
           (hvc_plan_request){.action = HVC_PLAN_DISABLE, .installed_policy = HVC_POLICY_ABSENT},
           "DeviceGuard-EnableVirtualizationBasedSecurity DeviceGuard-Unlocked DeviceGuard-NoLock "
           "DeviceGuard-" SCENE " disable-feature disable-feature opt-out reboot");
    end(&old);
    test_machine off = begin(19045);
    key(&off, HVC_KEY_HVCI, HVC_KEY_ABSENT);
    expect(&off,
           (hvc_plan_request){.action = HVC_PLAN_DISABLE, .installed_policy = HVC_POLICY_ABSENT},
           "");
    end(&off);
}

static void test_clear(void **state)
{
    (void)state;
    test_machine machine = begin(19045);
    key(&machine, HVC_KEY_CAPABILITIES, HVC_KEY_READ);
    add_dword(&machine.builder, HVC_KEY_MEMORY, "VerifyDriverLevel", 0x02000000);
    expect(&machine, (hvc_plan_request){.action = HVC_PLAN_CLEAR},
           "/Capabilities Memory Management-VerifyDriverLevel reboot");
    end(&machine);
    machine = begin(19045);
    key(&machine, HVC_KEY_CAPABILITIES, HVC_KEY_ABSENT);
    expect(&machine, (hvc_plan_request){.action = HVC_PLAN_CLEAR}, "");
    end(&machine);
    machine = begin(19045);
    machine.builder.facts.host = "windows";
    hvc_fact_set_bool(&machine.builder, HVC_FACT_VERIFIER_RUNNING, true, "test");
    key(&machine, HVC_KEY_CAPABILITIES, HVC_KEY_READ);
    expect(&machine, (hvc_plan_request){.action = HVC_PLAN_RESET_VERIFIER},
           "reset-verifier reboot");
    end(&machine);
}

static bool refused_for(const hvc_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->refusal_count; i++)
        if (strcmp(plan->refusals[i].name, name) == 0 && !plan->refusals[i].overridden)
            return true;
    return false;
}

static void add_driver(test_machine *machine, const char *module, bool boot, hvc_verdict load)
{
    const hvc_machine_driver driver = {.module = module,
                                       .boot_start = boot,
                                       .examined = true,
                                       .load = load,
                                       .verifier = HVC_VERDICT_PASS,
                                       .reason = "section rwx"};
    hvc_facts_add_driver(&machine->builder, &driver);
}

static void spoil(test_machine *machine, hvc_plan_request *request, const char *name)
{
    hvc_facts_builder *builder = &machine->builder;
    if (strcmp(name, "boot-drivers") == 0)
        add_driver(machine, "bad.sys", true, HVC_VERDICT_FAIL);
    else if (strcmp(name, "policy") == 0)
        add_dword(builder, HVC_KEY_POLICY, "HypervisorEnforcedCodeIntegrity", 2);
    else if (strcmp(name, "uefi-lock") == 0)
        add_dword(builder, GUARD, "Locked", 1);
    else if (strcmp(name, "stale-hive") == 0)
        request->stale_hive = "no log";
    else if (strcmp(name, "control-set") == 0)
        request->unclear_control_set = "Current is not Default";
}

static void test_refusals(void **state)
{
    (void)state;
    size_t count = 0;
    const hvc_refusal_info *infos = hvc_refusals(&count);
    for (size_t i = 0; i < count; i++) {
        const char *name = infos[i].name;
        for (int overridden = 0; overridden < 2; overridden++) {
            test_machine machine = begin(strcmp(name, "version") == 0 ? 0 : 19045);
            hvc_plan_request request = {.action = HVC_PLAN_ENABLE};
            if (strcmp(name, "hibernated") == 0 || strcmp(name, "architecture") == 0) {
                hvc_facts_free(&machine.builder);
                hvc_facts_init(&machine.builder, "offline", "");
                machine.builder.facts.has_drivers = true;
                hvc_fact_set_number(&machine.builder, HVC_FACT_OS_BUILD, 19045, "test");
                hvc_fact_set_bool(&machine.builder, HVC_FACT_OS_HIBERNATED, name[0] == 'h', "test");
                hvc_fact_set_text(&machine.builder, HVC_FACT_OS_ARCHITECTURE,
                                  name[0] == 'a' ? "x86" : "x64", "test");
            }
            spoil(&machine, &request, name);
            request.overrides = &name;
            request.override_count = (size_t)overridden;
            plan(&machine, request);
            assert_int_equal(refused_for(machine.plan, name), overridden == 0);
            assert_int_equal(machine.plan->refused, overridden == 0);
            assert_int_equal(machine.plan->refusal_count, 1);
            end(&machine);
        }
    }
    test_machine machine = begin(19045);
    const char *wrong = "everything";
    hvc_error error = {.message = ""};
    assert_int_equal(hvc_facts_finish(&machine.builder), HVC_OK);
    const hvc_plan_request request = {
        .action = HVC_PLAN_ENABLE, .overrides = &wrong, .override_count = 1};
    assert_int_equal(hvc_plan_make(&machine.builder.facts, &request, &machine.plan, &error),
                     HVC_E_ARGUMENT);
    assert_null(machine.plan);
    end(&machine);
}

static void test_drivers(void **state)
{
    (void)state;
    const struct {
        hvc_plan_request request;
        bool examined, boot;
        hvc_verdict load;
        bool refused;
    } rows[] = {
        {{.action = HVC_PLAN_ENABLE}, true, true, HVC_VERDICT_FAIL, true},
        {{.action = HVC_PLAN_ENABLE}, true, true, HVC_VERDICT_PASS, false},
        {{.action = HVC_PLAN_ENABLE}, true, true, HVC_VERDICT_UNDETERMINED, false},
        {{.action = HVC_PLAN_ENABLE}, true, false, HVC_VERDICT_FAIL, false},
        {{.action = HVC_PLAN_ENABLE}, false, true, HVC_VERDICT_PASS, true},
        /* Neither Credential Guard nor switching off loads drivers differently. */
        {{.action = HVC_PLAN_ENABLE, .cg = true}, true, true, HVC_VERDICT_FAIL, false},
        {{.action = HVC_PLAN_DISABLE}, true, true, HVC_VERDICT_FAIL, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        test_machine machine = begin(19045);
        if (rows[i].request.action == HVC_PLAN_DISABLE)
            add_enabled(&machine, 0);
        if (rows[i].examined)
            add_driver(&machine, "x.sys", rows[i].boot, rows[i].load);
        else
            machine.builder.facts.has_drivers = false;
        assert_int_equal(plan(&machine, rows[i].request)->refused, rows[i].refused);
        end(&machine);
    }
}

static void test_unknown_is_not_absent(void **state)
{
    (void)state;
    hvc_facts_builder builder;
    hvc_facts_init(&builder, "linux", "");
    test_machine machine = {builder, NULL};
    expect(&machine, (hvc_plan_request){.action = HVC_PLAN_ENABLE, .cg = true},
           VBS "DeviceGuard+Locked=0 Lsa+LsaCfgFlags=2 " FEATURE);
    assert_int_equal(machine.plan->changes[0].old_state, HVC_OLD_UNKNOWN);
    end(&machine);
}

static void test_lock_on_1511(void **state)
{
    (void)state;
    test_machine machine = begin(10586);
    assert_int_equal(hvc_facts_finish(&machine.builder), HVC_OK);
    const hvc_plan_request request = {.action = HVC_PLAN_ENABLE, .lock = true};
    assert_int_equal(hvc_plan_make(&machine.builder.facts, &request, &machine.plan, NULL),
                     HVC_E_UNSUPPORTED);
    end(&machine);
}

static void test_undo_round_trip(void **state)
{
    (void)state;
    /* What a plan writes as .reg reads back as the same changes. */
    test_machine before = begin(19045);
    add_enabled(&before, 0);
    key(&before, HVC_KEY_CAPABILITIES, HVC_KEY_ABSENT);
    const hvc_plan_request disable = {.action = HVC_PLAN_DISABLE,
                                      .installed_policy = HVC_POLICY_ABSENT};
    char wanted[1024], found[1024];
    describe(plan(&before, disable), wanted, sizeof(wanted));
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_plan_write_reg(before.plan, &out);
    assert_false(out.failed);
    assert_memory_equal(out.data, "\xFF\xFEW\0i\0", 6);
    const hvc_plan_request undo = {.action = HVC_PLAN_UNDO};
    hvc_plan *again = NULL;
    hvc_error error = {.message = ""};
    hvc_status status =
        hvc_plan_undo(&before.builder.facts, &undo, out.data, out.size, &again, &error);
    if (status != HVC_OK)
        fail_msg("%s", error.message);
    describe(again, found, sizeof(found));
    *strstr(wanted, " disable-feature") = '\0';
    *strstr(found, " reboot") = '\0';
    assert_string_equal(found, wanted);
    hvc_plan_free(again);
    /* Every truncation is an error or a shorter plan, never a crash. */
    for (size_t size = 0; size < out.size; size++) {
        again = NULL;
        status = hvc_plan_undo(&before.builder.facts, &undo, out.data, size, &again, NULL);
        assert_int_equal(status == HVC_OK, again != NULL);
        hvc_plan_free(again);
    }
    hvc_buffer_free(&out);
    end(&before);
}

static void put_utf16(hvc_buffer *out, const char *text)
{
    for (; *text != '\0'; text++)
        hvc_buffer_put(out, (char[]){*text, '\0'}, 2);
}

static void test_undo_touches_its_own_only(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        hvc_status wanted;
    } rows[] = {
        {"[HKEY_LOCAL_MACHINE\\" HVC_KEY_LSA "]\n\"LsaCfgFlags\"=dword:00000002\n", HVC_OK},
        {"[HKEY_LOCAL_MACHINE\\" HVC_KEY_LSA "]\n\"RunAsPPL\"=dword:00000000\n", HVC_E_MALFORMED},
        {"[-HKEY_LOCAL_MACHINE\\" HVC_KEY_LSA "]\n", HVC_E_MALFORMED},
        {"[-HKEY_LOCAL_MACHINE\\" GUARD "X]\n", HVC_E_MALFORMED},
        {"[HKEY_CURRENT_USER\\" GUARD "]\n", HVC_E_MALFORMED},
        {"\"LsaCfgFlags\"=dword:00000002\n", HVC_E_MALFORMED},
        {"[HKEY_LOCAL_MACHINE\\" GUARD "]\n\"a\\\"b\\\\\"=hex(7):01,ff\n", HVC_OK},
        {"[HKEY_LOCAL_MACHINE\\" GUARD "]\n\"a\"=hex:\n@=-\n", HVC_OK},
        {"[HKEY_LOCAL_MACHINE\\" GUARD "]\n\"a\"=hex:0\n", HVC_E_MALFORMED},
        {"[HKEY_LOCAL_MACHINE\\" GUARD "]\n\"a\"=\"text\"\n", HVC_E_MALFORMED},
        {"[HKEY_LOCAL_MACHINE\\" GUARD "]\n\"a=-\n", HVC_E_MALFORMED},
        {"REGEDIT\n", HVC_E_MALFORMED},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        test_machine machine = begin(19045);
        assert_int_equal(hvc_facts_finish(&machine.builder), HVC_OK);
        hvc_buffer out = HVC_BUFFER_INIT;
        hvc_buffer_puts(&out, "\xFF\xFE");
        put_utf16(&out, "Windows Registry Editor Version 5.00\n\n");
        put_utf16(&out, rows[i].text);
        const hvc_plan_request request = {.action = HVC_PLAN_UNDO};
        hvc_status status = hvc_plan_undo(&machine.builder.facts, &request, out.data, out.size,
                                          &machine.plan, NULL);
        if (status != rows[i].wanted)
            fail_msg("row %zu: status %d", i, (int)status);
        if (i == 6) {
            assert_string_equal(machine.plan->changes[0].name, "a\"b\\");
            assert_int_equal(machine.plan->changes[0].new_value.type, 7);
            assert_memory_equal(machine.plan->changes[0].new_value.data, "\x01\xff", 2);
        }
        hvc_buffer_free(&out);
        end(&machine);
    }
}

static void test_undo_turning_on_is_checked(void **state)
{
    (void)state;
    test_machine machine = begin(19045);
    add_driver(&machine, "bad.sys", true, HVC_VERDICT_FAIL);
    assert_int_equal(hvc_facts_finish(&machine.builder), HVC_OK);
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_buffer_puts(&out, "\xFF\xFE");
    put_utf16(&out, "Windows Registry Editor Version 5.00\n[HKEY_LOCAL_MACHINE\\" HVC_KEY_HVCI
                    "]\n\"Enabled\"=dword:00000001\n");
    const hvc_plan_request request = {.action = HVC_PLAN_UNDO};
    assert_int_equal(
        hvc_plan_undo(&machine.builder.facts, &request, out.data, out.size, &machine.plan, NULL),
        HVC_OK);
    assert_true(refused_for(machine.plan, "boot-drivers"));
    hvc_buffer_free(&out);
    end(&machine);
}

static void test_text(void **state)
{
    (void)state;
    test_machine machine = begin(10586);
    plan(&machine, (hvc_plan_request){.action = HVC_PLAN_ENABLE, .hvci = true});
    hvc_buffer out = HVC_BUFFER_INIT;
    hvc_plan_write_text(machine.plan, NULL, &out);
    hvc_buffer_put(&out, "", 1);
    assert_false(out.failed);
    static const char *const lines[] = {
        "Enabling Device Guard and Credential Guard\nSetting RegKeys to enable DG/CG\n"
        "  HKLM\\SYSTEM\\CurrentControlSet\\Control\\DeviceGuard\n"
        "    EnableVirtualizationBasedSecurity  REG_DWORD: absent -> 1  (",
        "\nEnabling Hyper-V and IOMMU\n",
        "\nOS Not Redstone, enabling IsolatedUserMode separately\n",
        "\nPlease reboot the machine, for settings to be applied.\n",
        "\nNothing was changed: --apply carries this out.\n",
    };
    const char *from = out.data;
    for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
        from = strstr(from, lines[i]);
        if (from == NULL)
            fail_msg("\"%s\" is not in:\n%s", lines[i], out.data);
    }
    hvc_buffer_free(&out);
    end(&machine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_enable),
        cmocka_unit_test(test_enabled_already),
        cmocka_unit_test(test_disable),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_refusals),
        cmocka_unit_test(test_drivers),
        cmocka_unit_test(test_unknown_is_not_absent),
        cmocka_unit_test(test_lock_on_1511),
        cmocka_unit_test(test_undo_round_trip),
        cmocka_unit_test(test_undo_touches_its_own_only),
        cmocka_unit_test(test_undo_turning_on_is_checked),
        cmocka_unit_test(test_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
