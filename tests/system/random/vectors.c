/* Pointers that pass through vector registers: to a variable of the frame, to a global one, and to
 * a function of the kernel. Nothing was seen of them behind that. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

#if defined(__aarch64__)
#define PASS(to, pointer)                                                                          \
    __asm__ volatile("fmov d0, %1\n str d0, %0" : "=m"(to) : "r"(pointer) : "v0", "memory")
#define LOAD(to)                                                                                   \
    __asm__ volatile(                                                                              \
        "adrp x9, __imp_ExAllocatePool2\n ldr d0, [x9, :lo12:__imp_ExAllocatePool2]\n "            \
        "str d0, %0"                                                                               \
        : "=m"(to)                                                                                 \
        :                                                                                          \
        : "x9", "v0", "memory")
#define COPY(to, from)                                                                             \
    __asm__ volatile("ldr q0, %1\n str q0, %0" : "=m"(to) : "m"(from) : "v0", "memory")
#elif defined(__x86_64__)
#define PASS(to, pointer)                                                                          \
    __asm__ volatile("movq %1, %%xmm0\n movq %%xmm0, %0"                                           \
                     : "=m"(to)                                                                    \
                     : "r"(pointer)                                                                \
                     : "xmm0", "memory")
#define LOAD(to)                                                                                   \
    __asm__ volatile("movq __imp_ExAllocatePool2(%%rip), %%xmm0\n movq %%xmm0, %0"                 \
                     : "=m"(to)                                                                    \
                     :                                                                             \
                     : "xmm0", "memory")
#define COPY(to, from)                                                                             \
    __asm__ volatile("movups %1, %%xmm0\n movups %%xmm0, %0"                                       \
                     : "=m"(to)                                                                    \
                     : "m"(from)                                                                   \
                     : "xmm0", "memory")
#else
#define PASS(to, pointer)                                                                          \
    __asm__ volatile("movd %1, %%xmm0\n movd %%xmm0, %0" : "=m"(to) : "r"(pointer) : "memory")
#define LOAD(to)                                                                                   \
    __asm__ volatile("movd __imp__ExAllocatePool2@16, %%xmm0\n movd %%xmm0, %0"                    \
                     : "=m"(to)                                                                    \
                     :                                                                             \
                     : "memory")
#define COPY(to, from)                                                                             \
    __asm__ volatile("movups %1, %%xmm0\n movups %%xmm0, %0" : "=m"(to) : "m"(from) : "memory")
#endif

typedef struct holder {
    ULONG *p;
    ULONG n[4 - sizeof(void *) / 4];
} holder;

typedef NTSTATUS(NTAPI *protect)(MDL *, ULONG);
typedef void *(NTAPI *tagged)(ULONG, SIZE_T, ULONG);

static NOINLINE void put(holder *h)
{
    *h->p = RtlRandomEx(&seed) & 0x21;
}

static NOINLINE void in_frame(void)
{
    ULONG a = 0x200, b = 0x200, c = 0x200;
    holder from, to, other;
    from.p = &a;
    from.n[0] = 1;
    COPY(to, from);
    put(&to);
    ExAllocatePool(a, 64);
    other = to;
    PASS(other.p, &b);
    put(&other);
    ExAllocatePool(b, 64);
    ULONG *volatile p;
    PASS(p, &c);
    *p = 0x41;
    ExAllocatePool(c, 64);
}

static ULONG first = 0x200, second = 0x200;

static NOINLINE void global(void)
{
    holder from = {&first, {1}}, to;
    COPY(to, from);
    put(&to);
    ExAllocatePool(first, 64);
}

static NOINLINE void passed(void)
{
    holder to;
    PASS(to.p, &second);
    put(&to);
    ExAllocatePool(second, 64);
}

static NOINLINE void functions(void)
{
    protect call = MmProtectMdlSystemAddress;
    protect volatile other;
    PASS(other, call);
    call(0, 2);
    other(0, RtlRandomEx(&seed));
}

static NOINLINE void copied(void)
{
    struct {
        tagged call;
        ULONG n[4 - sizeof(void *) / 4];
    } from, to;
    from.call = ExAllocatePoolWithTag;
    from.n[0] = 1;
    COPY(to, from);
    from.call(0x200, 64, 1);
    to.call(RtlRandomEx(&seed), 64, 1);
}

typedef void *(NTAPI *flagged)(ULONG64, SIZE_T, ULONG);

static NOINLINE void loaded(void)
{
    flagged volatile call;
    LOAD(call);
    call(RtlRandomEx(&seed), 64, 1);
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    in_frame();
    global();
    passed();
    functions();
    copied();
    loaded();
    ExAllocatePool2(0x40, 64, 1);
    return 0;
}
