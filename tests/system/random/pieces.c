/* Pointers that are copied in pieces, by repeated string moves, exchanged, or chosen by an index
 * among several in the frame: what they lead to was believed to stay as it was. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);

static ULONG seed;

typedef struct holder {
    ULONG *p;
    ULONG n[4];
} holder;

#if defined(__aarch64__)
#define COPY(to, from)                                                                             \
    for (unsigned i = 0; i < sizeof(holder) / 4; i++)                                              \
    ((volatile ULONG *)&to)[i] = ((volatile ULONG *)&from)[i]
#define EXCHANGE(p, to)                                                                            \
    __asm__ volatile("ldxr x9, [%0]\n stxr w10, %1, [%0]"                                          \
                     :                                                                             \
                     : "r"(&p), "r"(to)                                                            \
                     : "x9", "x10", "memory")
#define HALVES(to, from)                                                                           \
    __asm__ volatile("ldr w9, [%1]\n str w9, [%0]\n ldr w9, [%1, #4]\n str w9, [%0, #4]"           \
                     :                                                                             \
                     : "r"(&to), "r"(&from)                                                        \
                     : "x9", "memory")
#else
#if defined(__x86_64__)
#define WORD "q"
#define EXCHANGE(p, to)                                                                            \
    __asm__ volatile("movq (%1), %%rax\n lock cmpxchgq %0, (%1)"                                   \
                     :                                                                             \
                     : "r"(to), "r"(&p)                                                            \
                     : "rax", "memory")
#else
#define WORD "l"
#define EXCHANGE(p, to)                                                                            \
    __asm__ volatile("movl (%1), %%eax\n lock cmpxchgl %0, (%1)"                                   \
                     :                                                                             \
                     : "r"(to), "r"(&p)                                                            \
                     : "eax", "memory")
#endif
#define COPY(to, from)                                                                             \
    do {                                                                                           \
        void *d = &to, *s = &from;                                                                 \
        SIZE_T count = sizeof(holder) / sizeof(void *);                                            \
        __asm__ volatile("cld\n rep movs" WORD : "+D"(d), "+S"(s), "+c"(count) : : "memory");      \
    } while (0)
#define HALVES(to, from)                                                                           \
    do {                                                                                           \
        void *d = &to, *s = &from;                                                                 \
        for (unsigned i = 0; i < sizeof(void *) / 4; i++)                                          \
            __asm__ volatile("movsl" : "+D"(d), "+S"(s) : : "memory");                             \
    } while (0)
#endif

static NOINLINE void put(holder *h)
{
    *h->p = RtlRandomEx(&seed) & 0x21;
}

static ULONG first = 0x200, second = 0x200, third = 0x200, fourth = 0x200;

static NOINLINE void copied(void)
{
    ULONG a = 0x200;
    holder from, to;
    from.p = &a;
    COPY(to, from);
    put(&to);
    ExAllocatePool(a, 64);
    from.p = &first;
    COPY(to, from);
    put(&to);
    ExAllocatePool(first, 64);
}

static NOINLINE void halves(void)
{
    ULONG a = 0x200;
    holder from, to;
    from.p = &a;
    HALVES(to, from);
    put(&to);
    ExAllocatePool(a, 65);
}

static NOINLINE void global_halves(void)
{
    holder from, to;
    from.p = &second;
    HALVES(to, from);
    put(&to);
    ExAllocatePool(second, 65);
}

static NOINLINE void exchanged(void)
{
    ULONG a = 0x200;
    holder to;
    EXCHANGE(to.p, &a);
    put(&to);
    ExAllocatePool(a, 66);
    EXCHANGE(to.p, &third);
    put(&to);
    ExAllocatePool(third, 66);
}

static NOINLINE void chosen(ULONG n)
{
    ULONG a = 0x200, b = 0x200;
    ULONG *volatile p[2];
    holder to;
    p[0] = &a;
    p[1] = &b;
    *p[n & 1] = 0x41;
    ExAllocatePool(a, 67);
    ExAllocatePool(b, 67);
    p[0] = &fourth;
    p[1] = 0;
    to.p = p[n & 1];
    if (to.p != 0)
        put(&to);
    ExAllocatePool(fourth, 67);
}

static NOINLINE void handed(void)
{
    typedef NTSTATUS(NTAPI * protect)(MDL *, ULONG);
    protect volatile table[2];
    protect call = MmProtectMdlSystemAddress;
    table[0] = call;
    table[1] = call;
    call(0, 2);
    table[RtlRandomEx(&seed) & 1](0, RtlRandomEx(&seed));
}

NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    copied();
    halves();
    global_halves();
    exchanged();
    chosen(RtlRandomEx(&seed));
    chosen(1);
    handed();
    return 0;
}
