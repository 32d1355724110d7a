/* The facts about imports against what is known independently of the table, and their look-up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <hvcheck/ddi.h>

#include "ddi/import_table.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

static const hvc_import_facts *facts_of(const char *name)
{
    return hvc_import_facts_of((hvc_text){.data = name, .size = strlen(name)});
}

static const hvc_import_facts *need(const char *name)
{
    const hvc_import_facts *facts = facts_of(name);
    if (facts == NULL)
        fail_msg("%s is missing", name);
    return facts;
}

/* Sizes of objects on 64-bit Windows, from their declarations. */
enum {
    HANDLE_SIZE = 8,
    POINTER_SIZE = 8,
    DISPATCHER_HEADER_SIZE = 24,
    KEVENT_SIZE = DISPATCHER_HEADER_SIZE,
    KSEMAPHORE_SIZE = DISPATCHER_HEADER_SIZE + 8,          /* a limit */
    KMUTEX_SIZE = DISPATCHER_HEADER_SIZE + 16 + 8 + 8,     /* list links, owner, flags */
    KTIMER_SIZE = DISPATCHER_HEADER_SIZE + 8 + 16 + 8 + 8, /* due time, links, DPC, period */
    UNICODE_STRING_SIZE = 2 + 2 + 4 + POINTER_SIZE,
    IO_STATUS_BLOCK_SIZE = POINTER_SIZE + 8,
    CLIENT_ID_SIZE = 2 * HANDLE_SIZE,
    OSVERSIONINFOEXW_SIZE = 5 * 4 + 128 * 2 + 2 + 2 + 2 + 1 + 1,
    ERESOURCE_SIZE = 104,
    TIME_FIELDS_SIZE = 8 * 2,
    GUID_SIZE = 16,
};

struct expected {
    const char *name;
    unsigned count;
    struct {
        unsigned argument, size;
    } outs[HVC_FACTS_OUTS];
};

static const struct expected written[] = {
    {"RtlInitUnicodeString", 2, {{0, UNICODE_STRING_SIZE}, {1, 0}}},
    {"RtlFreeUnicodeString", 1, {{0, UNICODE_STRING_SIZE}}},
    {"RtlStringFromGUID", 1, {{1, UNICODE_STRING_SIZE}}},
    {"RtlGUIDFromString", 1, {{1, GUID_SIZE}}},
    {"RtlTimeToTimeFields", 1, {{1, TIME_FIELDS_SIZE}}},
    {"RtlGetVersion", 1, {{0, OSVERSIONINFOEXW_SIZE}}},
    {"PsGetVersion", 4, {{0, 4}, {1, 4}, {2, 4}, {3, UNICODE_STRING_SIZE}}},
    {"KeInitializeEvent", 1, {{0, KEVENT_SIZE}}},
    {"KeSetEvent", 1, {{0, KEVENT_SIZE}}},
    {"KeClearEvent", 1, {{0, KEVENT_SIZE}}},
    {"KeInitializeSemaphore", 1, {{0, KSEMAPHORE_SIZE}}},
    {"KeInitializeMutex", 1, {{0, KMUTEX_SIZE}}},
    {"KeInitializeTimer", 1, {{0, KTIMER_SIZE}}},
    {"KeInitializeSpinLock", 1, {{0, POINTER_SIZE}}},
    {"KeInitializeDpc", 2, {{0, 0}, {2, 0}}},
    {"KeWaitForSingleObject", 1, {{0, 0}}},
    {"KeReleaseSpinLock", 1, {{0, POINTER_SIZE}}},
    {"ExInitializeResourceLite", 1, {{0, ERESOURCE_SIZE}}},
    {"ZwOpenKey", 1, {{0, HANDLE_SIZE}}},
    {"ZwQueryValueKey", 2, {{3, 0}, {5, 4}}},
    {"ZwCreateFile", 2, {{0, HANDLE_SIZE}, {3, IO_STATUS_BLOCK_SIZE}}},
    {"ZwReadFile", 3, {{3, 0}, {4, IO_STATUS_BLOCK_SIZE}, {5, 0}}},
    {"ZwMapViewOfSection", 3, {{2, POINTER_SIZE}, {5, 8}, {6, 8}}},
    {"ObReferenceObjectByHandle", 2, {{4, POINTER_SIZE}, {5, 8}}},
    {"PsCreateSystemThread", 3, {{0, HANDLE_SIZE}, {4, CLIENT_ID_SIZE}, {6, 0}}},
    {"IoCreateDevice", 2, {{0, 0}, {6, POINTER_SIZE}}},
    {"IoGetDeviceObjectPointer", 2, {{2, POINTER_SIZE}, {3, POINTER_SIZE}}},
    {"IoBuildDeviceIoControlRequest",
     4,
     {{2, 0}, {4, 0}, {7, KEVENT_SIZE}, {8, IO_STATUS_BLOCK_SIZE}}},
    {"IoQueueWorkItem", 2, {{0, 0}, {3, 0}}},
    {"memset", 1, {{0, 0}}},
    {"memcpy", 2, {{0, 0}, {1, 0}}},
    {"memmove", 2, {{0, 0}, {1, 0}}},
    {"strchr", 1, {{0, 0}}},
    {"_vsnwprintf", 1, {{0, 0}}},
};

static void arguments_written_through(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(written); i++) {
        const hvc_import_facts *facts = need(written[i].name);
        if (!facts->outs_known || facts->pure || facts->out_count != written[i].count)
            fail_msg("%s: other arguments", written[i].name);
        for (unsigned k = 0; k < written[i].count; k++)
            if (facts->outs[k].argument != written[i].outs[k].argument ||
                facts->outs[k].size != written[i].outs[k].size)
                fail_msg("%s: argument %u: %u bytes", written[i].name, facts->outs[k].argument,
                         facts->outs[k].size);
    }
}

static void pure_functions(void **state)
{
    static const char *const names[] = {
        "ExAllocatePoolWithTag",
        "ExAllocatePool2",
        "MmGetSystemRoutineAddress",
        "MmMapIoSpace",
        "RtlCompareMemory",
        "KeGetCurrentIrql",
        "IoGetCurrentProcess",
        "RtlIsNtDdiVersionAvailable",
        "KeStallExecutionProcessor",
        "_wcsicmp",
        "_allmul",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        if (!need(names[i])->pure)
            fail_msg("%s is pure", names[i]);
}

static void nothing_through_arguments(void **state)
{
    static const char *const names[] = {
        "ExFreePoolWithTag",    "ZwClose",  "IoCreateSymbolicLink", "KeDelayExecutionThread",
        "ObfDereferenceObject", "DbgPrint", "MmUnmapIoSpace",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const hvc_import_facts *facts = need(names[i]);
        if (facts->pure || !facts->outs_known || facts->out_count != 0)
            fail_msg("%s writes through no argument, but is not pure", names[i]);
    }
}

/* Functions that follow pointers in memory, hand memory to other drivers, or keep more than they
 * show. */
static void nothing_is_claimed(void **state)
{
    static const char *const names[] = {
        "IofCallDriver",
        "IoCallDriver",
        "PoCallDriver",
        "IofCompleteRequest",
        "IoCompleteRequest",
        "RtlCopyUnicodeString",
        "RtlAppendUnicodeToString",
        "RtlUnicodeStringToAnsiString",
        "RtlQueryRegistryValues",
        "KeWaitForMultipleObjects",
        "KeSetTimer",
        "KeSetTimerEx",
        "ZwDeviceIoControlFile",
        "ZwQuerySystemInformation",
        "ZwQuerySymbolicLinkObject",
        "IoAllocateMdl",
        "WdfVersionBind",
        "ObRegisterCallbacks",
        "ExQueueWorkItem",
        "ExInterlockedInsertTailList",
        "KeAcquireInStackQueuedSpinLock",
        "FltRegisterFilter",
        "KeSynchronizeExecution",
        "ExAcquireFastMutex",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        const hvc_import_facts *facts = facts_of(names[i]);
        if (facts != NULL && (facts->outs_known || facts->pure))
            fail_msg("%s may write anything", names[i]);
    }
}

static void x86_stack_of_arguments(void **state)
{
    static const struct {
        const char *name;
        int bytes;
    } stacks[] = {
        {"IoCreateDevice", 7 * 4},
        {"ExAllocatePoolWithTag", 3 * 4},
        {"ExAllocatePool2", 8 + 2 * 4},
        {"ExAllocatePool3", 8 + 4 * 4},
        {"MmMapIoSpace", 8 + 2 * 4},
        {"MmMapIoSpaceEx", 8 + 2 * 4},
        {"MmAllocateContiguousMemorySpecifyCache", 4 + 3 * 8 + 4},
        {"KeSetTimer", 4 + 8 + 4},
        {"EtwWrite", 8 + 4 * 4},
        {"ZwCreateFile", 11 * 4},
        {"PsCreateSystemThread", 7 * 4},
        {"RtlInitUnicodeString", 2 * 4},
        {"KeGetCurrentIrql", 0},
        {"WdfVersionBind", 4 * 4},
        {"WdfVersionUnbind", 3 * 4},
        {"FltRegisterFilter", 3 * 4},
        {"NdisMRegisterMiniportDriver", 5 * 4},
        {"NdisMMapIoSpace", 4 + 4 + 8 + 4},
        {"StorPortGetDeviceBase", 3 * 4 + 8 + 2 * 4},
        {"_alldiv", 2 * 8},
        /* cdecl */
        {"DbgPrint", 0},
        {"DbgPrintEx", 0},
        {"memcpy", 0},
        {"_snwprintf", 0},
        {"StorPortNotification", 0},
        /* fastcall */
        {"IofCompleteRequest", 0},
        {"ObfDereferenceObject", 0},
        {"KfAcquireSpinLock", 0},
        {"InterlockedCompareExchange", 4},
        {"ExInterlockedPushEntrySList", 4},
        {"ExfInterlockedInsertTailList", 4},
        /* Not on x86, or sources that contradict each other. */
        {"KeAcquireSpinLockRaiseToDpc", -1},
        {"RtlUlonglongByteSwap", -1},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(stacks); i++)
        if (need(stacks[i].name)->x86_stack != stacks[i].bytes)
            fail_msg("%s: %d bytes", stacks[i].name, need(stacks[i].name)->x86_stack);
    assert_true(need("KfAcquireSpinLock")->x86_fastcall);
    assert_true(need("ExfInterlockedInsertTailList")->x86_fastcall);
    assert_false(need("StorPortNotification")->x86_fastcall);
    assert_false(need("ExAllocatePool")->x86_fastcall);
}

/* These change registers or the stack in ways that facts cannot say; a name without facts is safe.
 */
static void helpers_and_data_are_left_out(void **state)
{
    static const char *const names[] = {
        "_alloca_probe",        "_alldvrm",          "_aulldvrm",        "PsProcessType",
        "KeNumberProcessors",   "NtBuildNumber",     "InitSafeBootMode", "IoFileObjectType",
        "MmHighestUserAddress", "RtlRaiseException", "ExRaiseException",
    };

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        if (facts_of(names[i]) != NULL)
            fail_msg("%s is there", names[i]);
}

static void functions_that_never_return(void **state)
{
    static const char *const names[] = {
        "KeBugCheck",
        "KeBugCheckEx",
        "ExRaiseStatus",
        "ExRaiseAccessViolation",
        "ExRaiseDatatypeMisalignment",
        "RtlRaiseStatus",
        "longjmp",
    };
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        if (!need(names[i])->no_return)
            fail_msg("%s never returns", names[i]);
    for (size_t i = 0; i < hvc_import_count; i++)
        found += hvc_import_table[i].no_return;
    assert_int_equal(found, COUNT(names));
    assert_false(need("PsTerminateSystemThread")->no_return);
}

static void found_exactly(void **state)
{
    static const char text[] = "memcpy_s\0memset";

    (void)state;
    assert_null(hvc_import_facts_of((hvc_text){0}));
    assert_null(hvc_import_facts_of((hvc_text){.data = "", .size = 0}));
    assert_null(facts_of("iocreatedevice"));
    assert_null(facts_of("IoCreateDevic"));
    assert_null(facts_of("IoCreateDeviceX"));
    assert_null(facts_of("A"));
    assert_null(facts_of("zzz"));
    assert_null(facts_of("\xff\xfe"));
    assert_string_equal(hvc_import_facts_of((hvc_text){text, 6})->name, "memcpy");
    assert_string_equal(hvc_import_facts_of((hvc_text){text, 8})->name, "memcpy_s");
    assert_null(hvc_import_facts_of((hvc_text){text, 9}));
    assert_null(hvc_import_facts_of((hvc_text){text, 15}));
}

static void rows_are_sane(void **state)
{
    (void)state;
    assert_true(hvc_import_count > 4000);
    for (size_t i = 0; i < hvc_import_count; i++) {
        const hvc_import_facts *facts = &hvc_import_table[i];

        assert_ptr_equal(facts_of(facts->name), facts);
        if (i > 0)
            assert_true(strcmp(facts[-1].name, facts->name) < 0);
        assert_true(facts->x86_stack == -1 || (facts->x86_stack >= 0 && facts->x86_stack < 128));
        if (facts->x86_stack > 0)
            assert_int_equal(facts->x86_stack % 4, 0);
        assert_true(facts->out_count <= HVC_FACTS_OUTS);
        if (facts->pure || !facts->outs_known)
            assert_int_equal(facts->out_count, 0);
        if (facts->pure)
            assert_true(facts->outs_known);
        if (facts->no_return)
            assert_false(facts->outs_known);
        for (unsigned k = 1; k < facts->out_count; k++)
            assert_true(facts->outs[k - 1].argument < facts->outs[k].argument);
        assert_true(facts->x86_stack >= 0 || facts->no_return || facts->outs_known);
    }
}

/* The argument that decides lies within the arguments, and no DDI ends a function. */
static void agrees_with_the_table_of_ddis(void **state)
{
    size_t count, compared = 0;
    const hvc_ddi *ddis = hvc_ddis(&count);

    (void)state;
    for (size_t i = 0; i < count; i++) {
        const hvc_import_facts *facts = facts_of(ddis[i].name);
        if (ddis[i].via != HVC_VIA_IMPORT || facts == NULL)
            continue;
        assert_false(facts->no_return);
        if (ddis[i].x86_stack < 0 || facts->x86_stack < 0)
            continue;
        if (facts->x86_stack > 0 && facts->x86_stack < ddis[i].x86_stack + (ddis[i].wide ? 8 : 4))
            fail_msg("%s: its argument is not among %d bytes", ddis[i].name, facts->x86_stack);
        compared++;
    }
    assert_true(compared >= 15);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(arguments_written_through),
        cmocka_unit_test(pure_functions),
        cmocka_unit_test(nothing_through_arguments),
        cmocka_unit_test(nothing_is_claimed),
        cmocka_unit_test(x86_stack_of_arguments),
        cmocka_unit_test(helpers_and_data_are_left_out),
        cmocka_unit_test(functions_that_never_return),
        cmocka_unit_test(found_exactly),
        cmocka_unit_test(rows_are_sane),
        cmocka_unit_test(agrees_with_the_table_of_ddis),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
