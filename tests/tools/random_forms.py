"""What drivers are made of besides plain arithmetic and branches: forms that random_program.py puts
into its programs. Each function of STATEMENTS takes the program and what is in scope, may add
definitions before the function that is being written (program.lines) and returns the lines of a
statement; each of VALUES returns an expression of type ULONG. Like everything there they are defined
whatever a compiler does with them."""


def lines(text, **values):
    """The lines of a form: names in capitals between bars stand for values."""
    for name, value in values.items():
        text = text.replace('|%s|' % name, str(value))
    return text.strip('\n').split('\n')


def fill(program, scope, text, **more):
    """A statement, with fresh names, values and calls of interest for what stands between bars."""
    values = {'N': program.name('')}
    for name in 'ABCD':
        values[name] = program.value(scope, 1)
        values['LEAF' + name] = program.leaf(scope)
        values['NUMBER' + name] = program.number()
    values['IF'] = program.condition(scope, 1)
    values['IF2'] = program.condition(scope, 1)
    values['K'] = program.random.randrange(1, 8)
    values['G'] = program.global_of()
    values['W'] = program.arrays[0][0]
    values['O'] = program.pairs[0][:-1]
    values.update(more)
    return lines(text, **values)


def nothing():
    """The scope of what stands outside of functions."""
    return {'numbers': [], 'pointers': [], 'pairs': [], 'arrays': []}


def form(definitions, statement, *sinks):
    """A statement form from its texts: |S0|, |S1|... are calls that sinks' expressions go to."""
    def make(program, scope):
        values = {'N': program.name('')}
        for i, value in enumerate(sinks):
            values['S%d' % i] = program.sink(nothing(), value.replace('|N|', values['N']))
        if definitions:
            program.before += fill(program, nothing(), definitions, **values)
        return fill(program, scope, statement, **values)
    return make


FIELD_BY_ADDRESS = form('''
static NOINLINE void set|N|(pair *p, ULONG value)
{
    if (value & 1)
        p->first = value | |NUMBERA|;
    p->kind = (UCHAR)value;
}
''', '''
{
    pair s|N| = {|A|, 1, 2, |NUMBERB|, 3};
    set|N|(&s|N|, |B|);
    |S0|
    |S1|
}
''', 's|N|.first', 's|N|.second')

FIELD_ADDRESS = form('''
static NOINLINE void put|N|(ULONG *p, ULONG value)
{
    *p = value;
}
''', '''
{
    pair s|N| = {|NUMBERA|, 1, 2, |NUMBERB|, 3};
    put|N|(|IF| ? &s|N|.first : &s|N|.second, |A|);
    |S0|
    |S1|
}
''', 's|N|.first', 's|N|.second')

BEYOND_FIELD = form('''
static NOINLINE void both|N|(ULONG *p, ULONG value)
{
    p[0] = value;
    p[2] = value ^ |NUMBERA|;
}
''', '''
{
    pair s|N| = {|NUMBERB|, 1, 2, |NUMBERC|, 3};
    both|N|(&s|N|.first, |A|);
    |S0|
}
''', 's|N|.second')

BOUNDED_INDEX = form('''
static const ULONG few|N|[6] = {|NUMBERA|, |NUMBERB|, 1, 2, |NUMBERC|, 0};
''', '''
{
    ULONG n|N| = |A|;
    if (n|N| < |K| && n|N| < 6) {
        |S0|
    } else if (n|N| - |K| < 3) {
        |S1|
    }
}
''', 'few|N|[n|N|]', 'few|N|[n|N| & 3]')

BYTE_TABLE = form('''
static const UCHAR small|N|[8] = {1, 2, 0x80, 4, 0x40, 0, 0xff, 32};
static const short half|N|[4] = {1, -2, 0x200, -32768};
''', '''
{
    ULONG n|N| = |A|;
    if ((LONG)n|N| >= 0 && (LONG)n|N| <= 3) {
        |S0|
        |S1|
    }
}
''', '(ULONG)small|N|[n|N| + 1]', '(ULONG)(LONG)half|N|[n|N|]')

CALLBACK_TABLE = form('''
static NOINLINE ULONG one|N|(ULONG a)
{
    return a | |NUMBERA|;
}
static NOINLINE ULONG two|N|(ULONG a)
{
    |S0|
    return a + 2;
}
static const struct { ULONG (*call)(ULONG); ULONG argument; } ops|N|[3] = {
    {one|N|, |NUMBERB|}, {two|N|, |NUMBERC|}, {one|N|, 4}};
''', '''
for (ULONG i|N| = 0; i|N| < 3; i|N|++) {
    ULONG r|N| = ops|N|[i|N|].call(ops|N|[i|N|].argument);
    |S1|
}
''', 'a', 'r|N|')

CALLBACK_CONTEXT = form('''
static NOINLINE void take|N|(void *context, ULONG value)
{
    ((pair *)context)->first |= value;
    |S0|
}
static NOINLINE void walk|N|(void (*call)(void *, ULONG), void *context, ULONG count)
{
    for (ULONG i = 0; i < (count & 3); i++)
        call(context, i + |K|);
}
''', '''
{
    pair s|N| = {|A|, 1, 2, |NUMBERB|, 3};
    walk|N|(take|N|, &s|N|, |B|);
    |S1|
}
''', '((pair *)context)->second', 's|N|.first')

WRAPPERS = form('''
static NOINLINE ULONG inner|N|(ULONG tag, ULONG type, ULONG_PTR size, ULONG more)
{
    if (size == 0)
        return 0;
    |S0|
    return tag + more;
}
static NOINLINE ULONG outer|N|(ULONG type, ULONG tag)
{
    if (tag == |NUMBERA|)
        return inner|N|(tag, type & |NUMBERB|, 64, type);
    return inner|N|(type, tag, 32, 1);
}
''', '''
outer|N|(|A|, |NUMBERC|);
outer|N|(|NUMBERD|, |B|);
inner|N|(1, |C|, |D|, 3);
''', 'type')

WRAPPER_STACK = form('''
static NOINLINE ULONG many|N|(ULONG a, ULONG b, ULONG c, ULONG d, ULONG e, ULONG f, ULONG g, ULONG h,
                              UCHAR i, USHORT j, signed char k, ULONG64 l)
{
    |S0|
    |S1|
    |S2|
    |S3|
    |S4|
    return a + b + c + d + e + f + g + h;
}
''', '''
many|N|(1, 2, 3, 4, |A|, 6, 7, 8, (UCHAR)|B|, (USHORT)|C|, (signed char)|D|, |NUMBERA|);
many|N|(1, 2, 3, 4, |NUMBERB|, 6, 7, 8, (UCHAR)|NUMBERC|, (USHORT)|LEAFA|, (signed char)|NUMBERD|, 5);
''', '(ULONG)i', '(ULONG)j', '(ULONG)(LONG)k', 'e', '(ULONG)(l >> 1)')

EARLY_RETURN = form('''
static NOINLINE NTSTATUS get|N|(ULONG *out, ULONG a)
{
    if (a == |NUMBERA|)
        return -1;
    *out = a & |NUMBERB|;
    if (a & 4)
        return 1;
    *out |= |NUMBERC|;
    return 0;
}
''', '''
{
    ULONG r|N| = |A|;
    if (get|N|(&r|N|, |B|) >= 0) {
        |S0|
    } else {
        |S1|
    }
}
''', 'r|N|', 'r|N|')

LOOP_CHANGES = form('', '''
{
    ULONG v|N| = |NUMBERA|;
    for (ULONG i|N| = 0; i|N| < |K|; i|N|++) {
        |S0|
        if (|IF|)
            continue;
        v|N| = (v|N| << 1) | (|A| & 1);
        if (v|N| == |NUMBERB|)
            break;
    }
    |S1|
}
''', 'v|N|', 'v|N|')

LOOP_DOWN = form('', '''
{
    ULONG v|N| = |K|;
    do {
        |S0|
        |G| = v|N|;
    } while (--v|N| != 0);
    |S1|
}
''', 'v|N|', 'v|N|')

LOOP_TWO = form('', '''
{
    ULONG a|N| = |NUMBERA|, b|N| = |NUMBERB|, c|N| = 0;
    while (c|N| < (|A| & 7)) {
        ULONG t|N| = a|N|;
        a|N| = b|N|;
        b|N| = t|N|;
        c|N|++;
        |S0|
    }
    |S1|
}
''', 'a|N|', 'b|N|')

FALLTHROUGH = form('', '''
{
    ULONG v|N| = |NUMBERA|;
    switch (|A| & 7) {
    case 0:
        v|N| = |NUMBERB|;
    case 1:
        v|N| |= 2;
    case 2:
        |S0|
        break;
    case 3:
    case 4:
        v|N| = |B|;
    default:
        v|N| += 1;
    case 6:
        |S1|
    }
    |S2|
}
''', 'v|N|', 'v|N|', 'v|N|')

SPARSE_SWITCH = form('', '''
{
    ULONG v|N|;
    switch (|A|) {
    case 0x222003:
        v|N| = 1;
        break;
    case 0x22200b:
        v|N| = |NUMBERA|;
        break;
    case 64:
        v|N| = |NUMBERB|;
        break;
    case 0x40000010:
        v|N| = |B|;
        break;
    case 1024:
        v|N| = 0x200;
        break;
    default:
        v|N| = |NUMBERC|;
        if (|IF|)
            goto out|N|;
    }
    |S0|
out|N|:;
}
''', 'v|N|')

NARROW = form('', '''
{
    UCHAR b|N| = (UCHAR)|A|;
    signed char c|N| = (signed char)|B|;
    short h|N| = (short)|C|;
    USHORT u|N| = (USHORT)(b|N| + |NUMBERA|);
    |S0|
    b|N| += 0x81;
    c|N| |= |K|;
    |S1|
    h|N| = (short)(c|N| * 2);
    |S2|
    u|N| >>= 3;
    |S3|
    |S4|
}
''', '(ULONG)b|N|', '(ULONG)(LONG)c|N|', '(ULONG)(LONG)h|N|', '(ULONG)u|N|', '(ULONG)b|N| << 4')

NARROW_STORES = form('''
static ULONG whole|N| = |NUMBERA|;
''', '''
{
    ULONG v|N| = |NUMBERB|;
    ((UCHAR *)&v|N|)[1] = (UCHAR)|A|;
    |S0|
    ((USHORT *)&whole|N|)[|K| & 1] = (USHORT)|B|;
    |S1|
    ((UCHAR *)&whole|N|)[|C| & 3] = |K|;
}
''', 'v|N|', 'whole|N|')

WIDE_STORES = form('''
static struct { ULONG64 align; ULONG low, high; } near|N| = {1, |NUMBERA|, |NUMBERB|};
''', '''
{
    |S0|
    *(volatile ULONG64 *)&near|N|.low = (ULONG64)|A| * 0x100000001ull;
    |S1|
}
''', 'near|N|.high', 'near|N|.low')

UNION = form('''
typedef union either|N| {
    ULONG whole;
    USHORT half[2];
    UCHAR byte[4];
    struct { ULONG low : 4, mid : 9, high : 19; } bits;
} either|N|;
''', '''
{
    either|N| u|N|;
    u|N|.whole = |A|;
    u|N|.byte[|B| & 3] = (UCHAR)|C|;
    |S0|
    u|N|.bits.mid = |NUMBERA|;
    |S1|
    u|N|.half[0] = |NUMBERB| & 0xffff;
    |S2|
    |S3|
}
''', 'u|N|.whole', 'u|N|.whole', 'u|N|.bits.mid', 'u|N|.whole')

BITFIELD_GLOBAL = form('''
static struct { ULONG type : 10, spare : 6; ULONG other : 16; } bits|N| = {|NUMBERA| & 1023, 1, 2};
''', '''
{
    if (|IF|)
        bits|N|.spare = |A|;
    bits|N|.other = |NUMBERB| & 0xffff;
    |S0|
    |S1|
}
''', '(ULONG)bits|N|.type', '(ULONG)bits|N|.other')

VOLATILE = form('', '''
{
    volatile ULONG v|N| = |A|;
    volatile UCHAR b|N| = 4;
    |S0|
    v|N| |= |NUMBERA|;
    b|N| <<= |K|;
    |S1|
    |S2|
}
''', 'v|N|', 'v|N|', '(ULONG)b|N|')

COPY = form('', '''
{
    pair s|N| = |O|, z|N|;
    s|N|.first = |NUMBERA|;
    memset(&z|N|, |K|, sizeof(z|N|));
    |S0|
    memcpy(&z|N|, &s|N|, |IF| ? sizeof(z|N|) : 4);
    |S1|
    |S2|
    |O| = z|N|;
}
''', 'z|N|.second', 'z|N|.first', 'z|N|.second')

ZERO = form('', '''
{
    struct { ULONG a, b, c, d, e, f; void *p; } s|N| = {0};
    |S0|
    if (|IF|)
        s|N|.e = |A|;
    s|N|.b = |NUMBERA|;
    |S1|
    |S2|
}
''', 's|N|.e', 's|N|.e', 's|N|.b')

BY_VALUE = form('''
static NOINLINE pair make|N|(pair given, ULONG value)
{
    |S0|
    given.second = given.first | value;
    given.first = |NUMBERA|;
    return given;
}
''', '''
{
    pair s|N| = {|A|, 1, 2, |NUMBERB|, 3};
    s|N| = make|N|(s|N|, |B|);
    |S1|
    s|N| = make|N|(|O|, 1);
    |S2|
}
''', 'given.first', 's|N|.first', 's|N|.second')

GOTO = form('', '''
{
    ULONG n|N| = 0, v|N| = |A|;
again|N|:
    |S0|
    if (|IF|) {
        v|N| = |NUMBERA|;
        goto middle|N|;
    }
    v|N| &= |NUMBERB|;
    |S1|
middle|N|:
    |S2|
    if (++n|N| < 4)
        goto again|N|;
}
''', 'v|N|', 'v|N|', 'v|N|')

WIDE = form('''
static ULONG64 flags|N| = 0x40ull << |K|;
''', '''
{
    ULONG64 w|N| = (ULONG64)|A| << (|B| & 63);
    |S0|
    w|N| += |NUMBERA| * 0x10001ull;
    |S1|
    ExAllocatePool2(w|N| | flags|N|, 64, 1);
    ExAllocatePool2(|IF| ? 0x40ull : flags|N|, 64, 1);
    w|N| = w|N| < |NUMBERB| * 2ull ? 0x80ull - |K| : (w|N| >> |K|) & 0xff0000000full;
    ExAllocatePool2(w|N|, 64, 1);
    if (|IF2|)
        flags|N| += 0xfffffffful;
    ExAllocatePool2(flags|N| - |LEAFA|, 64, 1);
}
''', '(ULONG)w|N|', '(ULONG)(w|N| >> 32)')

CONVENTIONS = form('''
#if defined(__i386__)
#define FAST|N| __attribute__((fastcall))
#define STD|N| __attribute__((stdcall))
#define REG|N| __attribute__((regparm(3)))
#else
#define FAST|N|
#define STD|N|
#define REG|N|
#endif
static NOINLINE ULONG FAST|N| fast|N|(ULONG a, ULONG *b, ULONG c)
{
    *b = a + c;
    |S0|
    return a;
}
static NOINLINE ULONG STD|N| std|N|(ULONG a, ULONG b)
{
    ULONG v = b;
    fast|N|(a, &v, b);
    |S1|
    return v;
}
static NOINLINE ULONG REG|N| reg|N|(ULONG a, ULONG b, ULONG c, ULONG *d)
{
    |S2|
    *d |= c;
    return std|N|(b, a);
}
''', '''
{
    ULONG v|N| = |A|;
    reg|N|(|NUMBERA|, |B|, |NUMBERB|, &v|N|);
    |S3|
}
''', 'c', 'v', 'b', 'v|N|')

RECURSION = form('''
static NOINLINE ULONG deep|N|(ULONG type, ULONG depth, ULONG *out)
{
    ULONG own = type;
    if (depth > 4) {
        *out = type;
        return type;
    }
    |S0|
    ULONG r = deep|N|(type | |NUMBERA|, depth + 1, depth & 1 ? &own : out);
    |S1|
    return r & |NUMBERB|;
}
''', '''
{
    ULONG v|N| = |NUMBERC|;
    ULONG r|N| = deep|N|(|A|, |B| & 3, &v|N|);
    |S2|
    |S3|
}
''', 'type', 'own', 'v|N|', 'r|N|')

TAIL = form('''
static NOINLINE ULONG last|N|(ULONG a, ULONG b)
{
    |S0|
    return a ^ b;
}
static NOINLINE ULONG swap|N|(ULONG a, ULONG b)
{
    if (a & 1)
        return last|N|(b, a);
    return last|N|(b | |NUMBERA|, a);
}
static NOINLINE void *direct|N|(ULONG a, ULONG b)
{
    if (b)
        return ExAllocatePool(a | |NUMBERB|, 64);
    return ExAllocatePoolWithTag(a, 64, 1);
}
''', '''
swap|N|(|A|, |NUMBERC|);
direct|N|(swap|N|(|NUMBERD|, |B|), |C|);
direct|N|(|NUMBERA|, 1);
''', 'a')

VARARGS = form('''
static NOINLINE ULONG variadic|N|(ULONG count, ...)
{
    __builtin_va_list list;
    ULONG v = |NUMBERA|;
    __builtin_va_start(list, count);
    for (ULONG i = 0; i < count; i++)
        v = __builtin_va_arg(list, ULONG);
    __builtin_va_end(list);
    |S0|
    return v;
}
''', '''
variadic|N|(|A| & 1, |B|, |C|);
variadic|N|(5, 1, 2, 3, 4, |D|);
''', 'v')

SELECTED_CALL = form('''
static NOINLINE ULONG yes|N|(ULONG a)
{
    |S0|
    return a | |NUMBERA|;
}
static NOINLINE ULONG no|N|(ULONG a)
{
    |S1|
    return a & |NUMBERB|;
}
''', '''
{
    ULONG (*f|N|)(ULONG) = |IF| ? yes|N| : no|N|;
    ULONG r|N| = f|N|(|A|);
    |S2|
    if (|IF2|)
        f|N| = no|N|;
    f|N|(|NUMBERC|);
}
''', 'a', 'a', 'r|N|')

IMPORT_POINTER = form('''
static NOINLINE void *NTAPI own|N|(ULONG type, SIZE_T size)
{
    return ExAllocatePoolWithTag(type | |NUMBERA|, size, 1);
}
static void *(NTAPI *pointer|N|)(ULONG, SIZE_T);
''', '''
{
    void *(NTAPI *local|N|)(ULONG, SIZE_T) = ExAllocatePool;
    pointer|N| = |IF| ? own|N| : ExAllocatePool;
    if (|IF2|)
        local|N| = pointer|N|;
    local|N|(|A|, 64);
    pointer|N|(|NUMBERB|, 64);
}
''')

IMPORT_HANDED_ON = form('''
static NOINLINE void *through|N|(void *(NTAPI *call)(ULONG, SIZE_T), ULONG type)
{
    return call(type, 64);
}
static struct { ULONG type; void *(NTAPI *call)(ULONG, SIZE_T); } kept|N|;
''', '''
{
    through|N|(ExAllocatePool, |A|);
    kept|N|.call = ExAllocatePool;
    kept|N|.type = |NUMBERA|;
    if (kept|N|.call)
        kept|N|.call(kept|N|.type | |LEAFA|, 64);
}
''')

GLOBAL_POINTER = form('''
static ULONG first|N| = |NUMBERA|, second|N| = |NUMBERB|;
static ULONG *at|N| = &first|N|;
''', '''
{
    |S0|
    if (|IF|)
        at|N| = &second|N|;
    *at|N| = |A|;
    |S1|
    |S2|
}
''', 'first|N|', 'second|N|', '*at|N|')

POINTER_RESULT = form('''
static ULONG here|N| = |NUMBERA|, there|N|[2] = {|NUMBERB|, |NUMBERC|};
static NOINLINE ULONG *choose|N|(ULONG i)
{
    return i & 1 ? &here|N| : &there|N|[i >> 1 & 1];
}
''', '''
{
    |S0|
    *choose|N|(|A|) = |B|;
    |S1|
    |S2|
}
''', 'here|N|', 'there|N|[0]', 'there|N|[1]')

POINTER_LOOP = form('''
static ULONG row|N|[4] = {|NUMBERA|, |NUMBERB|}, after|N| = |NUMBERC|;
''', '''
{
    ULONG *p|N| = row|N|;
    ULONG local|N|[3] = {|NUMBERD|, |A|, 4};
    for (ULONG *e|N| = row|N| + 4; p|N| < e|N|; p|N|++)
        *p|N| |= |K|;
    |S0|
    p|N| = local|N| + (|B| & 1);
    *p|N| = |C|;
    p|N|[1] ^= 2;
    |S1|
    |S2|
    |S3|
}
''', 'row|N|[3]', 'local|N|[0]', 'local|N|[2]', 'after|N|')

ARRAY_IN_STRUCTURE = form('', '''
{
    struct { ULONG head, a[4], tail; } z|N| = {|NUMBERA|, {|A|, 2, 3, |NUMBERB|}, |NUMBERC|};
    z|N|.a[|B| & 3] = |C|;
    |S0|
    |S1|
    |S2|
}
''', 'z|N|.head', 'z|N|.a[1]', 'z|N|.tail')

LIST = form('''
struct node|N| { struct node|N| *next; ULONG value; };
static struct node|N| tail|N| = {0, |NUMBERA|}, head|N| = {&tail|N|, |NUMBERB|};
''', '''
{
    struct node|N| top|N| = {&head|N|, |A|};
    for (struct node|N| *n|N| = &top|N|; n|N|; n|N| = n|N|->next) {
        |S0|
        n|N|->value ^= |K|;
    }
    |S1|
    |S2|
}
''', 'n|N|->value', 'top|N|.value', 'tail|N|.value')

ATOMIC = form('''
static volatile ULONG shared|N| = |NUMBERA|;
''', '''
{
    ULONG v|N| = |A|;
    ULONG old|N| = __sync_fetch_and_or(&shared|N|, |NUMBERB|);
    |S0|
    __sync_fetch_and_add(&v|N|, |K|);
    |S1|
    old|N| = __sync_val_compare_and_swap(&shared|N|, |NUMBERA|, |NUMBERC|);
    |S2|
    old|N| = __sync_lock_test_and_set(&v|N|, |NUMBERD|);
    |S3|
    |S4|
}
''', 'old|N|', 'v|N|', 'shared|N|', 'v|N|', 'old|N|')

SIGNED = form('', '''
{
    LONG v|N| = (LONG)|A|;
    |S0|
    |S1|
    |S2|
    if (v|N| > -3 && v|N| < |K|) {
        |S3|
    }
    if (v|N| < 0)
        v|N| = |K|;
    |S4|
}
''', '(ULONG)(v|N| >> 3)', '(ULONG)(v|N| / 4)', '(ULONG)(v|N| % 8)', '(ULONG)v|N|',
              '(ULONG)v|N| & 0x80000200u')

MANY_BOUNDS = form('', '''
{
    ULONG v|N| = |A|;
    if (v|N| >= |K| && v|N| <= |K| + 4) {
        |S0|
        v|N| -= 2;
        |S1|
    }
    v|N| = |B| & 0x1f;
    if (v|N| != 4 && v|N| > 2 && v|N| < 6) {
        |S2|
    }
}
''', 'v|N|', 'v|N| * 8', 'v|N|')

OUT_OF_KERNEL = form('', '''
{
    ULONG v|N| = |NUMBERA|, *p|N| = &v|N|, w|N| = |NUMBERB|;
    pair s|N| = {|NUMBERC|, 1, 2, 3, 4};
    if (|IF|)
        p|N| = &w|N|;
    RtlRandomEx(p|N|);
    |S0|
    |S1|
    RtlRandomEx(&s|N|.second);
    |S2|
    |S3|
}
''', 'v|N|', 'w|N|', 's|N|.first', 's|N|.second')

VARIABLE_STACK = form('''
static NOINLINE ULONG sized|N|(ULONG n, ULONG value)
{
    ULONG keep = value, a[(n & 7) + 1];
    a[0] = value;
    a[n & 7] = |NUMBERA|;
    |S0|
    |S1|
    return a[0];
}
''', '''
{
    ULONG r|N| = sized|N|(|A|, |NUMBERB|);
    |S2|
}
''', 'a[0]', 'keep', 'r|N|')

POINTER_ARRAY = form('''
static ULONG far|N| = |NUMBERA|;
''', '''
{
    ULONG x|N| = |NUMBERB|, y|N| = |A|, *p|N|[3] = {&x|N|, &y|N|, &far|N|};
    *p|N|[|B| % 3] = |C|;
    |S0|
    |S1|
    |S2|
}
''', 'x|N|', 'y|N|', 'far|N|')

COPIED_POINTERS = form('''
typedef struct refer|N| { ULONG *to; ULONG64 more[2]; } refer|N|;
static ULONG far|N| = |NUMBERA|;
static NOINLINE void set|N|(refer|N| *r, ULONG value)
{
    *r->to = value ^ (ULONG)r->more[1];
}
''', '''
{
    ULONG x|N| = |NUMBERB|;
    refer|N| r|N| = {|IF| ? &x|N| : &far|N|, {1, |K|}}, s|N| = r|N|, t|N|[2];
    t|N|[0] = s|N|;
    t|N|[1] = r|N|;
    set|N|(&s|N|, |A|);
    |S0|
    |S1|
    *t|N|[|B| & 1].to |= |C|;
    |S0|
    |S1|
}
''', 'x|N|', 'far|N|')

CONTAINER = form('''
static NOINLINE void of|N|(ULONG *second, ULONG value)
{
    pair *p = (pair *)((UCHAR *)second - __builtin_offsetof(pair, second));
    p->first ^= value;
    |S2|
}
''', '''
{
    pair s|N| = {|NUMBERA|, 1, 2, |A|, 3};
    of|N|(&s|N|.second, |B|);
    |S0|
    |S1|
}
''', 's|N|.first', 's|N|.second', 'p->first')

FROM_END = form('''
static NOINLINE ULONG *down|N|(ULONG *end, ULONG count, ULONG value)
{
    while (count-- != 0)
        *--end = value << (count & 7);
    return end;
}
''', '''
{
    ULONG a|N|[4] = {|NUMBERA|, |NUMBERB|, |A|, |NUMBERC|};
    ULONG *p|N| = down|N|(a|N| + 4, |B| & 3, |C|);
    |S0|
    |S1|
    if (p|N| != a|N|)
        p|N|[-1] = |D|;
    |S2|
    |S3|
}
''', 'a|N|[0]', 'a|N|[3]', 'a|N|[1]', 'a|N|[2]')

EXCHANGED_POINTER = form('''
static ULONG far|N| = |NUMBERA|;
''', '''
{
    ULONG x|N| = |NUMBERB|, y|N| = |NUMBERC|, *p|N| = &far|N|, *q|N|;
    if (|IF|)
        (void)__sync_bool_compare_and_swap(&p|N|, &far|N|, &x|N|);
    q|N| = __sync_lock_test_and_set(&p|N|, &y|N|);
    *q|N| = |A|;
    |S0|
    |S1|
    *p|N| |= |B|;
    |S2|
}
''', 'x|N|', 'far|N|', 'y|N|')

UNION_POINTER = form('', '''
{
    union { ULONG *p; ULONG half[2]; UCHAR bytes[8]; ULONG64 all; } u|N|, t|N| = {0};
    ULONG x|N| = |NUMBERA|;
    u|N|.all = 0;
    u|N|.p = &x|N|;
    for (ULONG i|N| = 0; i|N| < |PIECES|; i|N|++)
        t|N|.|PIECE|[i|N|] = u|N|.|PIECE|[i|N|];
    *t|N|.p = |A|;
    |S0|
}
''', 'x|N|')


def union_pointer(program, scope):
    piece, pieces = program.random.choice([('half', 2), ('bytes', 8)])
    return [line.replace('|PIECES|', str(pieces)).replace('|PIECE|', piece)
            for line in UNION_POINTER(program, scope)]


ITEMS = form('''
static pair items|N|[4] = {{|NUMBERA|, 1, 2, |NUMBERB|, 3}, {|NUMBERC|, 1, 2, 4, 3}};
''', '''
{
    pair own|N|[3] = {{|NUMBERD|, 1, 2, |A|, 3}, {|NUMBERA|, 1, 2, 5, 3}, {4, 1, 2, |NUMBERC|, 3}};
    pair *p|N| = items|N|, *q|N| = own|N| + 2;
    for (ULONG i|N| = |B| & 3; i|N| != 0; i|N|--)
        p|N|++;
    for (ULONG i|N| = |C| & 1; i|N| != 0; i|N|--)
        q|N|--;
    p|N|->first = |D|;
    q|N|->second ^= |K|;
    items|N|[|A| & 3].second = q|N|->first;
    |S0|
    |S1|
    |S2|
    |S3|
    |S4|
}
''', 'items|N|[1].first', 'items|N|[3].second', 'own|N|[0].second', 'own|N|[1].second',
             'own|N|[2].first')

VARIABLE_POINTERS = form('''
static NOINLINE void all|N|(ULONG count, ...)
{
    __builtin_va_list list;
    __builtin_va_start(list, count);
    while (count-- != 0) {
        ULONG *to = __builtin_va_arg(list, ULONG *);
        *to |= count << |K|;
    }
    __builtin_va_end(list);
}
static ULONG far|N| = |NUMBERA|;
''', '''
{
    ULONG x|N| = |NUMBERB|, y|N| = |A|;
    all|N|(|B| & 3, &x|N|, &far|N|, &y|N|);
    |S0|
    |S1|
    |S2|
}
''', 'x|N|', 'y|N|', 'far|N|')

DEEP = form('''
static NOINLINE void deep|N|(ULONG *to, ULONG depth)
{
    ULONG own = *to | |NUMBERA|;
    if (depth != 0) {
        deep|N|(depth & 1 ? &own : to, depth - 1);
        *to ^= own;
    }
    |S0|
}
''', '''
{
    ULONG x|N| = |NUMBERB|;
    deep|N|(&x|N|, |A| & 3);
    |S1|
}
''', 'own', 'x|N|')

SWITCHED_POINTER = form('''
static ULONG far|N| = |NUMBERA|;
''', '''
{
    ULONG x|N| = |NUMBERB|, y|N| = |NUMBERC|, *p|N| = &x|N|;
    for (ULONG i|N| = 0; i|N| < |K|; i|N|++) {
        switch (input() & 7) {
        case 0:
            p|N| = &y|N|;
        case 1:
            *p|N| ^= |A|;
            break;
        case 2:
            p|N| = &far|N|;
        case 3:
            *p|N| = |B|;
            |S0|
            break;
        case 4:
            |S1|
        case 5:
            p|N| = &x|N|;
            break;
        default:
            *p|N| |= |NUMBERD|;
        }
    }
    |S2|
    |S3|
}
''', '*p|N|', 'x|N|', 'y|N|', 'far|N|')

LABELS = form('', '''
{
    static void *const labels|N|[3] = {&&first|N|, &&second|N|, &&third|N|};
    ULONG x|N| = |NUMBERA|, n|N| = 0;
again|N|:
    goto *labels|N|[input() % 3];
first|N|:
    x|N| = |A|;
second|N|:
    |S0|
    x|N| ^= |K|;
    if (n|N|++ < 3)
        goto again|N|;
third|N|:
    |S1|
}
''', 'x|N|', 'x|N| | 0x200u')

COPIED_ARRAY = form('', '''
{
    ULONG a|N|[8] = {|NUMBERA|, |A|, |NUMBERB|, 3, |NUMBERC|, 5, |B|, |NUMBERD|}, b|N|[8];
    b|N|[7] = |K|;
    __builtin_memcpy(b|N| + (|C| & 1), a|N| + 1, 6 * sizeof(ULONG));
    |S0|
    |S1|
    for (ULONG i|N| = 7; i|N| > (|K| & 3); i|N|--)
        a|N|[i|N|] = a|N|[i|N| - 1];
    |S2|
    |S3|
}
''', 'b|N|[3]', 'b|N|[7]', 'a|N|[0]', 'a|N|[4]')

POINTER_TABLE = form('''
static ULONG one|N| = |NUMBERA|, two|N| = |NUMBERB|, three|N|[2] = {|NUMBERC|, |NUMBERD|};
static ULONG *to|N|[3] = {&one|N|, &two|N|, three|N| + 1};
''', '''
{
    *to|N|[|A| % 3] = |B|;
    if (|IF|)
        to|N|[0] = three|N|;
    |S0|
    |S1|
    |S2|
    |S3|
}
''', 'one|N|', 'two|N|', 'three|N|[0]', 'three|N|[1]')

WIDE_PAIR = form('''
static ULONG64 both|N| = |NUMBERA|;
''', '''
{
    ULONG64 w|N| = ((ULONG64)|A| << 32 | |NUMBERB|) + |B|;
    both|N| = (both|N| << |K|) - w|N|;
    if (w|N| > ((ULONG64)|NUMBERC| << 32))
        w|N| = (w|N| ^ both|N|) >> (|C| & 63);
    |S0|
    |S1|
    |S2|
    |S3|
}
''', '(ULONG)w|N|', '(ULONG)(w|N| >> 32)', '(ULONG)both|N|', '(ULONG)(both|N| >> 32)')

VARIABLE_BITS = form('''
static ULONG bits|N| = |NUMBERA|;
''', '''
{
    ULONG n|N| = |A| & 31, v|N| = |NUMBERB|;
    v|N| |= 1u << n|N|;
    bits|N| &= ~(1u << (|B| & 31));
    if (bits|N| >> n|N| & 1)
        v|N| ^= 1u << (n|N| & 7);
    |S0|
    |S1|
    |S2|
}
''', 'v|N|', 'bits|N|', '(v|N| << 3) | (bits|N| >> n|N|)')

STATEMENTS = [
    FIELD_BY_ADDRESS, FIELD_ADDRESS, BEYOND_FIELD, BOUNDED_INDEX, BYTE_TABLE, CALLBACK_TABLE,
    CALLBACK_CONTEXT, WRAPPERS, WRAPPER_STACK, EARLY_RETURN, LOOP_CHANGES, LOOP_DOWN, LOOP_TWO,
    FALLTHROUGH, SPARSE_SWITCH, NARROW, NARROW_STORES, WIDE_STORES, UNION, BITFIELD_GLOBAL, VOLATILE,
    COPY, ZERO, BY_VALUE, GOTO, WIDE, CONVENTIONS, RECURSION, TAIL, VARARGS, SELECTED_CALL,
    IMPORT_POINTER, IMPORT_HANDED_ON, GLOBAL_POINTER, POINTER_RESULT, POINTER_LOOP,
    ARRAY_IN_STRUCTURE, LIST, ATOMIC, SIGNED, MANY_BOUNDS, OUT_OF_KERNEL, VARIABLE_STACK,
    POINTER_ARRAY, COPIED_POINTERS, CONTAINER, FROM_END, EXCHANGED_POINTER, union_pointer, ITEMS,
    VARIABLE_POINTERS, DEEP, SWITCHED_POINTER, LABELS, COPIED_ARRAY, POINTER_TABLE, WIDE_PAIR,
    VARIABLE_BITS,
]

# |A| and |B| stand for values, |K| for a small number
VALUES = [
    '((|A| << |K|) | (|A| >> (32 - |K|)))',
    '((|A| << (|B| & 31)) | (|A| >> (-|B| & 31)))',
    '(ULONG)((LONG)|A| >> |K|)',
    '(ULONG)((ULONG64)|A| * |B| >> 32)',
    '(ULONG)(((ULONG64)|A| << 32 | |B|) >> |K|)',
    '(ULONG)((LONG)(short)|A| * |K|)',
    '(ULONG)((UCHAR)|A| + (signed char)|B|)',
    '((UCHAR)(|A| + |K|) < 4 ? |B| : 1u)',
    '(|A| < |B| ? |A| : |B|)',
    '((LONG)|A| > (LONG)|B| ? |A| : |B|)',
    '__builtin_bswap32(|A|)',
    '(ULONG)__builtin_ctz(|A| | 0x400u)',
    '(ULONG)__builtin_clz(|A| | |K|)',
    '((|A| >> |K|) & 15)',
    '((|A| & ~0xf0u) | (|K| << 4))',
    '(0u - (|A| == |B|))',
    '(|A| + |B| < |A| ? 1u : 4u)',
    '(|A| ? |A| & -|A| : 2u)',
]


def statement(program, scope):
    return program.random.choice(STATEMENTS)(program, scope)


def value(program, scope):
    values = {'A': program.leaf(scope), 'B': program.leaf(scope),
              'K': program.random.randrange(1, 8)}
    return ' '.join(lines(program.random.choice(VALUES), **values))
