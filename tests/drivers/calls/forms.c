/* @title   the ways in which an import is reached
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
typedef void *(NTAPI *ALLOCATE)(ULONG type, SIZE_T size, ULONG tag);

/* Several calls: compilers keep the pointer in a register. */
EXPECT(hoisted_good, "ExAllocatePoolWithTag", "1, 0x200, 0x204", "ok", "iat sites=3")
ROOT(hoisted_good)
{
    KEEP(ALLOC(PagedPool));
    KEEP(ALLOC(NonPagedPoolNx));
    KEEP(ALLOC(0x204));
}
EXPECT(hoisted_mixed, "ExAllocatePoolWithTag", "0, 1, 2, 0x200", "possible", "iat sites=4")
ROOT(hoisted_mixed)
{
    KEEP(ALLOC(NonPagedPool));
    KEEP(ALLOC(PagedPool));
    if (UNKNOWN)
        KEEP(ALLOC(2));
    KEEP(ALLOC(NonPagedPoolNx));
}
EXPECT(hoisted_loop, "ExAllocatePoolWithTag", "0x200", "ok", "iat sites=1")
ROOT(hoisted_loop)
{
    for (ULONG i = 0; i < UNKNOWN; i++)
        KEEP(ExAllocatePoolWithTag(NonPagedPoolNx, i, TAG));
}
EXPECT(hoisted_by_hand, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat sites=2")
ROOT(hoisted_by_hand)
{
    ALLOCATE volatile allocate = ExAllocatePoolWithTag;
    KEEP(allocate(NonPagedPool, 24, TAG));
    KEEP(allocate(NonPagedPoolNx, 24, TAG));
}
/* Two functions at once, each with its own argument. */
EXPECT(hoisted_two, "ExAllocatePoolWithTag", "0, 0x200", "possible", "iat sites=2")
EXPECT(hoisted_two, "ExAllocatePool", "1, 4", "possible", "iat sites=2")
ROOT(hoisted_two)
{
    KEEP(ALLOC(NonPagedPool));
    KEEP(ExAllocatePool(PagedPool, 8));
    KEEP(ALLOC(NonPagedPoolNx));
    KEEP(ExAllocatePool(4, 8));
}
/* One of two functions, by a condition. */
EXPECT(either, "ExAllocatePoolWithTag", "0x200", "ok", "iat unexamined")
EXPECT(either, "ExAllocatePoolWithQuotaTag", "0x200", "ok", "iat unexamined")
ROOT(either)
{
    ALLOCATE allocate = UNKNOWN ? ExAllocatePoolWithTag : ExAllocatePoolWithQuotaTag;
    KEEP(allocate(NonPagedPoolNx, 24, TAG));
}

/* The call is the last thing: a jump, where the architecture allows it. */
EXPECT(tail_good, "ExAllocatePoolWithTag", "0x200", "ok", "iat")
void *tail_good(SIZE_T size);
APART void *tail_good(SIZE_T size)
{
    return ExAllocatePoolWithTag(NonPagedPoolNx, size, TAG);
}
EXPECT(tail_bad, "ExAllocatePoolWithTag", "0", "violation", "iat")
void *tail_bad(SIZE_T size);
APART void *tail_bad(SIZE_T size)
{
    return ExAllocatePoolWithTag(NonPagedPool, size, TAG);
}
/* The same with the argument that came in: its callers' calls may be told instead. */
EXPECT(tail_parameter, "ExAllocatePoolWithTag", "1, 0x200", "ok", "iat optional unexamined")
void *tail_parameter(ULONG type);
APART void *tail_parameter(ULONG type)
{
    return ExAllocatePoolWithTag(type, 99, TAG);
}
EXPECT(tail_root, "ExAllocatePoolWithTag", "1, 0x200", "ok", "thunk optional")
ROOT(tail_root)
{
    KEEP(tail_good(4));
    KEEP(tail_bad(4));
    KEEP(tail_parameter(NonPagedPoolNx));
    KEEP(tail_parameter(PagedPool));
}

/* Without dllimport: the import library's thunk. */
#if defined(__i386__)
#define SYMBOL(name, bytes) "_" #name "@" #bytes
#define SLOT(name, bytes)   "__imp__" #name "@" #bytes
#define LABEL(name, bytes)  "_" #name "@" #bytes
#else
#define SYMBOL(name, bytes) #name
#define SLOT(name, bytes)   "__imp_" #name
#define LABEL(name, bytes)  #name
#endif
void *NTAPI library_thunk(ULONG type, SIZE_T size) __asm__(SYMBOL(ExAllocatePoolWithQuota, 8));
CALL_EXPECT(thunk_good, "ExAllocatePoolWithQuota", "0x208", "ok", "thunk",
            library_thunk(NonPagedPoolNx | 8, 24))
CALL_EXPECT(thunk_bad, "ExAllocatePoolWithQuota", "8", "violation", "thunk",
            library_thunk(NonPagedPool | 8, 24))

/* Our own, and one more in front of it. */
#if defined(__i386__)
#define JUMP_IMPORT(name, bytes) "\tjmp *" SLOT(name, bytes) "\n"
#define JUMP(to, bytes)          "\tjmp " LABEL(to, bytes) "\n"
#elif defined(__x86_64__)
#define JUMP_IMPORT(name, bytes) "\tjmp *" SLOT(name, bytes) "(%rip)\n"
#define JUMP(to, bytes)          "\tjmp " LABEL(to, bytes) "\n"
#else
#define JUMP_IMPORT(name, bytes)                                                                   \
    "\tadrp x16, " SLOT(name, bytes) "\n"                                                          \
                                     "\tldr x16, [x16, :lo12:" SLOT(name, bytes) "]\n\tbr x16\n"
#define JUMP(to, bytes) "\tb " LABEL(to, bytes) "\n"
#endif
#define FUNCTION(name, bytes, code)                                                                \
    "\t.globl " LABEL(name, bytes) "\n\t.def " LABEL(                                              \
        name, bytes) "; .scl 2; .type 32; .endef\n\t.p2align 4\n" LABEL(name, bytes) ":\n" code
__asm__("\t.text\n" FUNCTION(own_thunk, 12, JUMP_IMPORT(ExAllocatePoolWithTag, 12))
            FUNCTION(chain_2, 12, JUMP(own_thunk, 12)) FUNCTION(chain_1, 12, JUMP(chain_2, 12)));
CARRIES(own_thunk)
CARRIES(chain_1)
CARRIES(chain_2)
void *NTAPI own_thunk(ULONG type, SIZE_T size, ULONG tag);
void *NTAPI chain_1(ULONG type, SIZE_T size, ULONG tag);
CALL_EXPECT(own_thunk_good, "ExAllocatePoolWithTag", "0x200", "ok", "thunk",
            own_thunk(NonPagedPoolNx, 24, TAG))
CALL_EXPECT(own_thunk_bad, "ExAllocatePoolWithTag", "0", "violation", "thunk",
            own_thunk(NonPagedPool, 24, TAG))
CALL_EXPECT(chain_good, "ExAllocatePoolWithTag", "0x200", "ok", "thunk",
            chain_1(NonPagedPoolNx, 24, TAG))
CALL_EXPECT(chain_bad, "ExAllocatePoolWithTag", "2", "violation", "thunk", chain_1(2, 24, TAG))

/* The pointer in a global variable. */
ALLOCATE global_allocate;
CARRIES(set_global)
ROOT(set_global)
{
    global_allocate = ExAllocatePoolWithTag;
}
CALL_EXPECT(global_good, "ExAllocatePoolWithTag", "0x200", "ok", "global",
            global_allocate(NonPagedPoolNx, 24, TAG))
CALL_EXPECT(global_bad, "ExAllocatePoolWithTag", "0", "violation", "global",
            global_allocate(NonPagedPool, 24, TAG))
EXPECT(global_checked, "ExAllocatePoolWithTag", "1", "ok", "global")
ROOT(global_checked)
{
    if (global_allocate)
        KEEP(global_allocate(PagedPool, 24, TAG));
}
/* In a table of functions. */
struct {
    void *(NTAPI *Other)(ULONG type, SIZE_T size);
    ALLOCATE Allocate;
} routines;
CARRIES(set_routines)
ROOT(set_routines)
{
    routines.Other = ExAllocatePool;
    routines.Allocate = ExAllocatePoolWithTag;
}
CALL_EXPECT(routine_good, "ExAllocatePoolWithTag", "0x200", "ok", "global",
            routines.Allocate(NonPagedPoolNx, 24, TAG))
CALL_EXPECT(routine_bad, "ExAllocatePool", "0", "violation", "global",
            routines.Other(NonPagedPool, 24))

/* Handed on: the calls are not seen, and this is said. */
void *hand_on(ALLOCATE allocate, ULONG type);
APART void *hand_on(ALLOCATE allocate, ULONG type)
{
    void *memory = allocate(type, 24, TAG);
    KEEP(memory);
    return memory;
}
EXPECT(handed_on, "ExAllocatePoolWithTag", "open *", "undetermined", "reference|hoisted unexamined")
ROOT(handed_on)
{
    KEEP(((ULONG(*)(ALLOCATE))sink)(ExAllocatePoolWithTag));
}
EXPECT(handed_to_memory, "ExAllocatePoolWithTag", "open *", "undetermined",
       "reference|hoisted unexamined")
ROOT(handed_to_memory)
{
    *(ALLOCATE *)sink = ExAllocatePoolWithTag;
}
ROOT(hand_on_root)
{
    KEEP(hand_on(0, NonPagedPoolNx));
}
