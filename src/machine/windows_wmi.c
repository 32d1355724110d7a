/* What only WMI tells: Win32_DeviceGuard, and the role in a domain. Classes and properties have the
 * same names in every language of Windows. */
#define COBJMACROS
#include <windows.h>

#include <wbemidl.h>

#include "machine/probe_windows.h"

enum { MAX_NUMBERS = 64, MILLISECONDS = 20000 };

/* The namespaces and classes, as BSTRs. */
typedef struct wmi {
    hvc_facts_builder *builder;
    IWbemLocator *locator;
    const char *why; /* why nothing can be asked */
} wmi;

static const char *failed(hvc_facts_builder *builder, const char *what, HRESULT code)
{
    const char *why =
        hvc_arena_printf(&builder->arena, "%s: WMI answers 0x%08lX", what, (unsigned long)code);
    return why != NULL ? why : what;
}

/* The first object of a class; NULL with the reason. */
static IWbemClassObject *first_object(wmi *self, const wchar_t *space, const wchar_t *query,
                                      const char *name, const char **ret_why)
{
    IWbemServices *services = NULL;
    IEnumWbemClassObject *list = NULL;
    IWbemClassObject *object = NULL;
    BSTR where = SysAllocString(space), language = SysAllocString(L"WQL");
    BSTR what = SysAllocString(query);
    HRESULT code =
        IWbemLocator_ConnectServer(self->locator, where, NULL, NULL, NULL,
                                   WBEM_FLAG_CONNECT_USE_MAX_WAIT, NULL, NULL, &services);
    if (SUCCEEDED(code))
        code =
            CoSetProxyBlanket((IUnknown *)services, RPC_C_AUTHN_WINNT, RPC_C_AUTHZ_NONE, NULL,
                              RPC_C_AUTHN_LEVEL_CALL, RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE);
    if (SUCCEEDED(code))
        code = IWbemServices_ExecQuery(services, language, what,
                                       WBEM_FLAG_FORWARD_ONLY | WBEM_FLAG_RETURN_IMMEDIATELY, NULL,
                                       &list);
    ULONG count = 0;
    if (SUCCEEDED(code))
        code = IEnumWbemClassObject_Next(list, MILLISECONDS, 1, &object, &count);
    if (FAILED(code))
        *ret_why = failed(self->builder, name, code);
    else if (count == 0)
        *ret_why = "WMI has no such object, or does not answer in time";
    if (list != NULL)
        IEnumWbemClassObject_Release(list);
    if (services != NULL)
        IWbemServices_Release(services);
    SysFreeString(where);
    SysFreeString(language);
    SysFreeString(what);
    return SUCCEEDED(code) && count > 0 ? object : NULL;
}

static void number_fact(wmi *self, IWbemClassObject *object, const wchar_t *property,
                        hvc_fact_id id, const char *source)
{
    VARIANT value;
    VariantInit(&value);
    HRESULT code = IWbemClassObject_Get(object, property, 0, &value, NULL, NULL);
    if (SUCCEEDED(code) && (V_VT(&value) == VT_I4 || V_VT(&value) == VT_UI4) && V_I4(&value) >= 0)
        hvc_fact_set_number(self->builder, id, (uint64_t)V_I4(&value), source);
    else if (SUCCEEDED(code) && V_VT(&value) == VT_UI1)
        hvc_fact_set_number(self->builder, id, V_UI1(&value), source);
    else
        hvc_fact_set_unavailable(self->builder, id, "this version of Windows does not tell it");
    VariantClear(&value);
}

static void numbers_fact(wmi *self, IWbemClassObject *object, const wchar_t *property,
                         hvc_fact_id id, const char *source)
{
    VARIANT value;
    VariantInit(&value);
    uint64_t numbers[MAX_NUMBERS];
    size_t count = 0;
    bool fine = SUCCEEDED(IWbemClassObject_Get(object, property, 0, &value, NULL, NULL)) &&
                (V_VT(&value) & VT_ARRAY) != 0;
    LONG low = 0, high = -1;
    if (fine)
        fine = SUCCEEDED(SafeArrayGetLBound(V_ARRAY(&value), 1, &low)) &&
               SUCCEEDED(SafeArrayGetUBound(V_ARRAY(&value), 1, &high)) &&
               SafeArrayGetElemsize(V_ARRAY(&value)) == sizeof(LONG) && high - low < MAX_NUMBERS;
    for (LONG i = low; fine && i <= high; i++) {
        LONG number = 0;
        fine = SUCCEEDED(SafeArrayGetElement(V_ARRAY(&value), &i, &number)) && number >= 0;
        if (fine)
            numbers[count++] = (uint64_t)number;
    }
    if (fine)
        hvc_fact_set_numbers(self->builder, id, numbers, count, source);
    else
        hvc_fact_set_unavailable(self->builder, id, "this version of Windows does not tell it");
    VariantClear(&value);
}

typedef struct property_row {
    const wchar_t *property;
    hvc_fact_id id;
    bool list;
} property_row;

static const property_row device_guard_rows[] = {
    {L"VirtualizationBasedSecurityStatus", HVC_FACT_DG_VBS_STATUS, false},
    {L"AvailableSecurityProperties", HVC_FACT_DG_AVAILABLE, true},
    {L"RequiredSecurityProperties", HVC_FACT_DG_REQUIRED, true},
    {L"SecurityServicesConfigured", HVC_FACT_DG_CONFIGURED, true},
    {L"SecurityServicesRunning", HVC_FACT_DG_RUNNING, true},
    {L"CodeIntegrityPolicyEnforcementStatus", HVC_FACT_DG_CI_POLICY, false},
    {L"UsermodeCodeIntegrityPolicyEnforcementStatus", HVC_FACT_DG_UMCI_POLICY, false},
    {L"SmmIsolationLevel", HVC_FACT_DG_SMM_LEVEL, false},
};

enum { DEVICE_GUARD_ROWS = sizeof(device_guard_rows) / sizeof(*device_guard_rows) };

/* These two are known to other sources too, which are asked later. */
static bool has_other_source(hvc_fact_id id)
{
    return id == HVC_FACT_DG_VBS_STATUS || id == HVC_FACT_DG_RUNNING;
}

static void device_guard(wmi *self)
{
    static const char source[] = "Win32_DeviceGuard";
    const char *why = self->why;
    IWbemClassObject *object = NULL;
    if (self->locator != NULL)
        object = first_object(self, L"ROOT\\Microsoft\\Windows\\DeviceGuard",
                              L"SELECT * FROM Win32_DeviceGuard", source, &why);
    for (size_t i = 0; i < DEVICE_GUARD_ROWS; i++) {
        const property_row *row = &device_guard_rows[i];
        if (object == NULL && !has_other_source(row->id))
            hvc_fact_set_unavailable(self->builder, row->id, why);
        else if (object != NULL && row->list)
            numbers_fact(self, object, row->property, row->id, source);
        else if (object != NULL)
            number_fact(self, object, row->property, row->id, source);
    }
    if (object != NULL)
        IWbemClassObject_Release(object);
}

static void computer_system(wmi *self)
{
    static const char source[] = "Win32_ComputerSystem";
    const char *why = NULL;
    IWbemClassObject *object = NULL;
    VARIANT value;
    if (self->locator != NULL)
        object = first_object(self, L"ROOT\\CIMV2", L"SELECT DomainRole FROM Win32_ComputerSystem",
                              source, &why);
    if (object == NULL)
        return; /* the registry tells most of it */
    VariantInit(&value);
    if (SUCCEEDED(IWbemClassObject_Get(object, L"DomainRole", 0, &value, NULL, NULL)) &&
        (V_VT(&value) == VT_I4 || V_VT(&value) == VT_UI4))
        hvc_fact_set_number(self->builder, HVC_FACT_OS_DOMAIN_ROLE, (uint64_t)V_UI4(&value),
                            source);
    VariantClear(&value);
    IWbemClassObject_Release(object);
}

void hvc_zones_wmi(hvc_facts_builder *builder)
{
    wmi self = {.builder = builder, .why = "WMI is not there"};
    HRESULT initialised = CoInitializeEx(NULL, COINIT_MULTITHREADED);
    HRESULT code = initialised;
    if (SUCCEEDED(code) || code == RPC_E_CHANGED_MODE) {
        /* A program that uses the library may have set this already. */
        CoInitializeSecurity(NULL, -1, NULL, NULL, RPC_C_AUTHN_LEVEL_DEFAULT,
                             RPC_C_IMP_LEVEL_IMPERSONATE, NULL, EOAC_NONE, NULL);
        code = CoCreateInstance(&CLSID_WbemLocator, NULL, CLSCTX_INPROC_SERVER, &IID_IWbemLocator,
                                (void **)&self.locator);
    }
    if (FAILED(code)) {
        self.locator = NULL;
        self.why = failed(builder, "starting", code);
    }
    device_guard(&self);
    computer_system(&self);
    if (self.locator != NULL)
        IWbemLocator_Release(self.locator);
    if (SUCCEEDED(initialised))
        CoUninitialize();
}
