/* Variables that are written through pointers which lie in memory for a while: in the image's data,
 * in the frame, in a structure that is handed on by its address. Only pointers that were handed on
 * as such counted. */
#include "kernel.h"
IMPORT ULONG NTAPI RtlRandomEx(ULONG *seed);
typedef struct node {
    struct node *next;
    ULONG value;
} node;
typedef struct context {
    ULONG *out;
    ULONG number;
} context;
typedef struct outer {
    ULONG number;
    context *inner;
} outer;
typedef struct handler {
    void (*call)(ULONG type);
} handler;
static ULONG seed;
static ULONG a = 0x200, b = 0x200, c = 0x200, d = 0x200, e = 0x200, f = 0x200, g = 0x200;
static node tail = {0, 0x200}, head = {&tail, 0x200};

static NOINLINE ULONG input(void)
{
    return RtlRandomEx(&seed);
}
static NOINLINE void by_structure(context *to)
{
    *to->out = input();
}
static NOINLINE void by_two(outer *to)
{
    *to->inner->out = input();
}
static NOINLINE void through(ULONG *to)
{
    context x = {to, 1};
    by_structure(&x);
}
static NOINLINE void choose(ULONG **to)
{
    if (input() & 1)
        *to = &g;
}
static NOINLINE void structure(void)
{
    context x = {&a, 1};
    by_structure(&x);
}
static NOINLINE void structures(void)
{
    context x = {&b, 1};
    outer y = {2, &x};
    by_two(&y);
}
static NOINLINE void in_array(void)
{
    ULONG *p[2] = {&d, &e};
    *p[input() & 1] = input();
}
static NOINLINE void changed(void)
{
    ULONG *p = &f;
    choose(&p);
    *p = input();
}
static NOINLINE void listed(void)
{
    for (node *n = &head; n != 0; n = n->next)
        n->value = input();
}
static NOINLINE void handle(ULONG type)
{
    ExAllocatePoolWithTag(type, 64, 1);
}
static NOINLINE void run(handler *with)
{
    with->call(input());
}
static NOINLINE void handled(void)
{
    handler x = {handle};
    run(&x);
}
NTSTATUS NTAPI DriverEntry(DRIVER_OBJECT *driver, UNICODE_STRING *path)
{
    (void)driver;
    seed = (ULONG)(ULONG_PTR)path;
    structure();
    structures();
    through(&c);
    in_array();
    changed();
    listed();
    handle(0x200);
    handled();
    ExAllocatePool(a, 64);
    ExAllocatePool(b, 65);
    ExAllocatePool(c, 66);
    ExAllocatePool(d, 67);
    ExAllocatePool(e, 68);
    ExAllocatePool(f, 69);
    ExAllocatePool(g, 70);
    ExAllocatePool(tail.value, 71);
    ExAllocatePool(0x200, 72);
    return 0;
}
