/* @title   arguments that come from other functions
 * @calls
 * @tool    lld mingw
 * @opt     O0 O1 O2 Os
 * @cflags[mingw] -fno-ipa-icf
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

#define UNKNOWN     ((ULONG)sink)
#define ALLOC(type) ExAllocatePoolWithTag(type, 24, TAG)
/* Functions that only this image calls; the result is used so that no call is a jump. */
#define WRAPPER(name, ...)                                                                         \
    void *name(__VA_ARGS__);                                                                       \
    APART void *name(__VA_ARGS__)
#define KEPT(expression)                                                                           \
    void *memory = (expression);                                                                   \
    KEEP(memory);                                                                                  \
    return memory

/* A parameter, settled at the callers. */
EXPECT(wrap_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
WRAPPER(wrap_good, ULONG type, SIZE_T size)
{
    KEPT(ExAllocatePoolWithTag(type, size, TAG));
}
ROOT(wrap_good_1)
{
    KEEP(wrap_good(NonPagedPoolNx, 16));
}
ROOT(wrap_good_2)
{
    KEEP(wrap_good(NonPagedPoolNx, UNKNOWN));
}

EXPECT(wrap_mixed, "ExAllocatePoolWithTag", "0, 1, 0x200", "possible", "iat")
WRAPPER(wrap_mixed, ULONG type, SIZE_T size)
{
    KEPT(ExAllocatePoolWithTag(type, size, TAG));
}
ROOT(wrap_mixed_1)
{
    KEEP(wrap_mixed(NonPagedPool, 16));
    KEEP(wrap_mixed(PagedPool, 17));
}
ROOT(wrap_mixed_2)
{
    KEEP(wrap_mixed(NonPagedPoolNx, 18));
}

EXPECT(wrap_bad, "ExAllocatePoolWithTag", "0", "violation", "iat")
WRAPPER(wrap_bad, SIZE_T size, ULONG tag, ULONG type)
{
    KEPT(ExAllocatePoolWithTag(type, size, tag));
}
ROOT(wrap_bad_1)
{
    KEEP(wrap_bad(UNKNOWN, 1, NonPagedPool));
}

/* The sixth parameter is on the stack everywhere but on ARM64, where the tenth is. */
EXPECT(wrap_stack, "ExAllocatePoolWithTag", "0x200, 0x204", "ok", "iat")
WRAPPER(wrap_stack, ULONG a, ULONG b, ULONG c, ULONG d, ULONG e, ULONG type)
{
    KEPT(ExAllocatePoolWithTag(type, a + b + c + d + e, TAG));
}
ROOT(wrap_stack_1)
{
    KEEP(wrap_stack(1, 2, 3, 4, 5, NonPagedPoolNx));
}
ROOT(wrap_stack_2)
{
    KEEP(wrap_stack(0, UNKNOWN, 0, 0, 0, 0x204));
}

EXPECT(wrap_stack_far, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat")
WRAPPER(wrap_stack_far, ULONG a, ULONG b, ULONG c, ULONG d, ULONG e, ULONG f, ULONG g, ULONG h,
        ULONG i, ULONG type)
{
    KEPT(ExAllocatePoolWithTag(type, a + b + c + d + e + f + g + h + i, TAG));
}
ROOT(wrap_stack_far_1)
{
    KEEP(wrap_stack_far(1, 2, 3, 4, 5, 6, 7, 8, 9, NonPagedPoolNx));
}
ROOT(wrap_stack_far_2)
{
    KEEP(wrap_stack_far(UNKNOWN, 0, 0, 0, 0, 0, 0, 0, 0, NonPagedPool));
}

/* What the wrapper makes of it. */
EXPECT(wrap_or, "ExAllocatePoolWithTag", "0x400, 0x600", "possible",
       "iat written=ExAllocatePoolZero")
WRAPPER(wrap_or, ULONG type)
{
    KEPT(ALLOC(type | POOL_ZERO_ALLOCATION));
}
ROOT(wrap_or_1)
{
    KEEP(wrap_or(NonPagedPoolNx));
    KEEP(wrap_or(NonPagedPool));
}

EXPECT(wrap_flag, "ExAllocatePoolWithTag", "1, 0x200", "ok", "iat")
WRAPPER(wrap_flag, UCHAR paged)
{
    KEPT(ALLOC(paged ? PagedPool : NonPagedPoolNx));
}
ROOT(wrap_flag_1)
{
    KEEP(wrap_flag((UCHAR)UNKNOWN));
}

EXPECT(wrap_kept, "ExAllocatePoolWithTag", "1, 0x200", "ok", "iat")
WRAPPER(wrap_kept, ULONG type)
{
    KEEP(KeGetCurrentProcessorNumberEx(0));
    if (UNKNOWN)
        KEEP(KeGetCurrentProcessorNumberEx(0));
    KEPT(ALLOC(type));
}
ROOT(wrap_kept_1)
{
    KEEP(wrap_kept(UNKNOWN ? PagedPool : NonPagedPoolNx));
}

/* Wrappers of wrappers. */
EXPECT(deep_4, "ExAllocatePoolWithTag", "0x200, 0x201", "ok", "iat")
WRAPPER(deep_4, ULONG type, SIZE_T size)
{
    KEPT(ExAllocatePoolWithTag(type, size, TAG));
}
WRAPPER(deep_3, SIZE_T size, ULONG type)
{
    KEPT(deep_4(type, size + 1));
}
WRAPPER(deep_2, ULONG zero, SIZE_T size, ULONG type)
{
    KEPT(deep_3(size + zero, type));
}
WRAPPER(deep_1, ULONG type)
{
    KEPT(deep_2(0, 12, type));
}
ROOT(deep_root)
{
    KEEP(deep_1(NonPagedPoolNx));
    KEEP(deep_3(8, 0x201));
}

/* Calls in place of returns. */
EXPECT(jumped, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
WRAPPER(jumped, ULONG type, SIZE_T size)
{
    KEPT(ExAllocatePoolWithTag(type, size, TAG));
}
WRAPPER(jumps, ULONG type, SIZE_T size)
{
    return jumped(type, size + 4);
}
ROOT(jumps_root)
{
    KEEP(jumps(NonPagedPoolNx, 4));
}

/* Recursion. */
EXPECT(recursive, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
WRAPPER(recursive, ULONG type, ULONG depth)
{
    if (depth > 3)
        KEEP(recursive(type, depth - 1));
    KEPT(ALLOC(type));
}
ROOT(recursive_root)
{
    KEEP(recursive(NonPagedPoolNx, UNKNOWN));
}

EXPECT(recursive_changes, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat")
WRAPPER(recursive_changes, ULONG type, ULONG depth)
{
    if (depth > 3)
        KEEP(recursive_changes(NonPagedPool, depth - 1));
    KEPT(ALLOC(type));
}
ROOT(recursive_changes_root)
{
    KEEP(recursive_changes(NonPagedPoolNx, UNKNOWN));
}

void *mutual_2(ULONG depth, ULONG type);
EXPECT(mutual_1, "ExAllocatePoolWithTag", "1, 0x200", "ok", "iat")
WRAPPER(mutual_1, ULONG type, ULONG depth)
{
    if (depth)
        KEEP(mutual_2(depth - 1, type));
    KEPT(ALLOC(type));
}
APART void *mutual_2(ULONG depth, ULONG type)
{
    KEPT(mutual_1(type, depth / 2));
}
ROOT(mutual_root)
{
    KEEP(mutual_1(NonPagedPoolNx, UNKNOWN));
    KEEP(mutual_2(7, PagedPool));
}

/* Returned values. */
ULONG type_nx(void);
APART ULONG type_nx(void)
{
    KEEP(1);
    return NonPagedPoolNx;
}
ULONG type_some(void);
APART ULONG type_some(void)
{
    return UNKNOWN ? NonPagedPool : PagedPool;
}
ULONG type_same(ULONG type);
APART ULONG type_same(ULONG type)
{
    KEEP(2);
    return type;
}
ULONG type_zeroed(ULONG type);
APART ULONG type_zeroed(ULONG type)
{
    KEEP(3);
    return type | POOL_ZERO_ALLOCATION;
}
ULONG type_deep(void);
APART ULONG type_deep(void)
{
    ULONG unknown = UNKNOWN, type = type_nx();
    KEEP(4);
    return unknown ? type : type_same(PagedPool);
}
#define RETURNED(function, values, judgement, type)                                                \
    CALL_EXPECT(function, "ExAllocatePoolWithTag", values, judgement, "iat", ALLOC(type))
RETURNED(returned_good, "0x200", "ok", type_nx())
RETURNED(returned_some, "0, 1", "possible", type_some())
RETURNED(returned_same_good, "0x200", "ok", type_same(NonPagedPoolNx))
RETURNED(returned_same_bad, "0", "violation", type_same(NonPagedPool))
RETURNED(returned_zeroed_good, "0x600", "ok", type_zeroed(NonPagedPoolNx))
RETURNED(returned_zeroed_bad, "0x400", "violation", type_zeroed(NonPagedPool))
RETURNED(returned_deep, "1, 0x200", "ok", type_deep())
RETURNED(returned_masked, "0, 0x200", "possible", type_same(UNKNOWN ? 0x400 : 0x600) & 0x200)

/* Through a pointer, and in a structure that is passed by address. */
void type_out(volatile ULONG *type);
APART void type_out(volatile ULONG *type)
{
    *type = NonPagedPoolNx;
}
EXPECT(out_good, "ExAllocatePoolWithTag", "0x200 or open", "ok|possible|undetermined", "iat")
ROOT(out_good)
{
    volatile ULONG type = NonPagedPool;
    type_out(&type);
    KEEP(ALLOC(type));
}

typedef struct REQUEST {
    ULONG Size, Type, Tag;
} REQUEST;
EXPECT(by_address, "ExAllocatePoolWithTag", "0x200 or open", "ok|undetermined", "iat")
WRAPPER(by_address, const REQUEST *request)
{
    KEPT(ExAllocatePoolWithTag(request->Type, request->Size, request->Tag));
}
ROOT(by_address_root)
{
    volatile REQUEST request;
    request.Size = 16;
    request.Type = NonPagedPoolNx;
    request.Tag = TAG;
    KEEP(by_address((const REQUEST *)&request));
}

const REQUEST read_only_request = {24, PagedPool, TAG};
EXPECT(by_constant_address, "ExAllocatePoolWithTag", "1 or open", "ok|undetermined", "iat")
WRAPPER(by_constant_address, const REQUEST *request)
{
    KEPT(ExAllocatePoolWithTag(request->Type, request->Size, request->Tag));
}
ROOT(by_constant_address_root)
{
    KEEP(by_constant_address(&read_only_request));
}

EXPECT(by_value, "ExAllocatePoolWithTag", "0x200 or open", "ok|undetermined", "iat")
WRAPPER(by_value, REQUEST request)
{
    KEPT(ExAllocatePoolWithTag(request.Type, request.Size, request.Tag));
}
ROOT(by_value_root)
{
    REQUEST request;
    request.Size = 16;
    request.Type = NonPagedPoolNx;
    request.Tag = TAG;
    KEEP(by_value(request));
}

/* What stays open, and why. */
EXPECT(exported, "ExAllocatePoolWithTag", "open parameter", "undetermined|possible", "iat")
__declspec(dllexport) void *exported(ULONG type);
APART void *exported(ULONG type)
{
    KEPT(ALLOC(type));
}
ROOT(exported_root)
{
    KEEP(exported(NonPagedPoolNx));
}

EXPECT(exported_deep, "ExAllocatePoolWithTag", "open parameter", "undetermined|possible", "iat")
WRAPPER(exported_deep, ULONG type)
{
    KEPT(ALLOC(type));
}
__declspec(dllexport) void *exported_outer(ULONG type);
APART void *exported_outer(ULONG type)
{
    KEPT(exported_deep(type));
}

EXPECT(exported_or, "ExAllocatePoolWithTag", "open parameter", "ok", "iat")
__declspec(dllexport) void *exported_or(ULONG type);
APART void *exported_or(ULONG type)
{
    KEPT(ALLOC(type | NonPagedPoolNx));
}

EXPECT(taken, "ExAllocatePoolWithTag", "open parameter", "undetermined|possible", "iat")
WRAPPER(taken, ULONG type)
{
    KEPT(ALLOC(type));
}
ROOT(taken_root)
{
    KEEP(taken(NonPagedPoolNx));
    KEEP(&taken);
}

EXPECT(taken_in_data, "ExAllocatePoolWithTag", "open parameter", "undetermined|possible", "iat")
WRAPPER(taken_in_data, ULONG type)
{
    KEPT(ALLOC(type));
}
void *(*const taken_table[])(ULONG) = {taken_in_data};
ROOT(taken_in_data_root)
{
    KEEP(taken_in_data(NonPagedPoolNx));
    KEEP(taken_table[UNKNOWN & 0](PagedPool));
}

CALL_EXPECT(from_pointer, "ExAllocatePoolWithTag", "open memory", "undetermined", "iat",
            ALLOC(*(ULONG *)sink))
CALL_EXPECT(from_pointer_or, "ExAllocatePoolWithTag", "open memory", "ok", "iat",
            ALLOC(*(ULONG *)sink | NonPagedPoolNx))
CALL_EXPECT(from_unknown_call, "ExAllocatePoolWithTag", "open call|returned", "undetermined", "iat",
            ALLOC(((ULONG(*)(void))sink)()))
CALL_EXPECT(from_import, "ExAllocatePoolWithTag", "open call|returned", "undetermined", "iat",
            ALLOC(KeGetCurrentProcessorNumberEx(0)))

EXPECT(from_callers_memory, "ExAllocatePoolWithTag", "open memory", "undetermined|possible", "iat")
WRAPPER(from_callers_memory, ULONG type)
{
    KEPT(ALLOC(type));
}
ROOT(from_callers_memory_1)
{
    KEEP(from_callers_memory(NonPagedPoolNx));
}
ROOT(from_callers_memory_2)
{
    KEEP(from_callers_memory(*(ULONG *)sink));
}
