/* What x86 and x64 instructions are lowered to. That the operations mean what a processor does is
 * shown by tests/tools/isa_emulate.c; here is that they are as precise as the analysis needs, class
 * by class. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "isa_text.h"

#define ADDRESS UINT64_C(0x401000)

typedef struct lowering {
    const char *bytes; /* in hexadecimal */
    const char *text;  /* in assembly language, for the reader */
    const char *operations;
} lowering;

static const lowering moves[] = {
    {"b800020000", "mov eax, 0x200", "r0:4 = 0x200"},
    {"48c7c1ffffffff", "mov rcx, -1", "r1:8 = 0xffffffffffffffff"},
    {"48baf0debc9a78563412", "movabs rdx, 0x123456789abcdef0", "r2:8 = 0x123456789abcdef0"},
    {"4889d8", "mov rax, rbx", "r0:8 = r3"},
    {"89d1", "mov ecx, edx", "r1:4 = r2"},
    {"b005", "mov al, 5", "r0:1m = 0x5"},
    {"b405", "mov ah, 5", "t0:1 = 0x5; t0:2 = shl t0, 0x8; t3:2 = and r0, 0xff; r0:2m = or t0, t3"},
    {"88e1", "mov cl, ah", "t0:2 = shr r0, 0x8; r1:1m = t0"},
    {"66b80500", "mov ax, 5", "r0:2m = 0x5"},
    {"4889442428", "mov qword ptr [rsp+0x28], rax", "store8 [r4+0x28], r0"},
    {"c744242040000000", "mov dword ptr [rsp+0x20], 0x40", "store4 [r4+0x20], 0x40"},
    {"885488f8", "mov byte ptr [rax+rcx*4-8], dl", "store1 [r0+r1*4-0x8], r2"},
    {"66c7030700", "mov word ptr [rbx], 7", "store2 [r3], 0x7"},
    {"488b0510000000", "mov rax, qword ptr [rip+0x10]", "r0:8 = load8 [0x401017]"},
    {"438b84ec00010000", "mov eax, dword ptr [r12+r13*8+0x100]", "r0:4 = load4 [r12+r13*8+0x100]"},
    {"8a1f", "mov bl, byte ptr [rdi]", "r3:1m = load1 [r7]"},
    {"a18877665544332211", "movabs eax, dword ptr [0x1122334455667788]",
     "r0:4 = load4 [0x1122334455667788]"},
    {"65488b042588010000", "mov rax, qword ptr gs:[0x188]", "r0:8 = load8 segment[0x188]"},
    {"64488911", "mov qword ptr fs:[rcx], rdx", "store8 segment[r1], r2"},
    {"678b01", "mov eax, dword ptr [ecx]", "escape0 [0x0]; r0:8 = ?"},
    {"678901", "mov dword ptr [ecx], eax", "memory anywhere"},
};

static const lowering extensions[] = {
    {"0fb6c1", "movzx eax, cl", "r0:4 = zero-extend r1, 0x8"},
    {"0fb6c5", "movzx eax, ch", "t0:2 = shr r1, 0x8; r0:4 = zero-extend t0, 0x8"},
    {"0fb74a02", "movzx ecx, word ptr [rdx+2]", "r1:4 = load2 [r2+0x2]"},
    {"0fbec2", "movsx eax, dl", "r0:4 = sign-extend r2, 0x8"},
    {"480fbe06", "movsx rax, byte ptr [rsi]", "r0:8 = load1s [r6]"},
    {"4863ca", "movsxd rcx, edx", "r1:8 = sign-extend r2, 0x20"},
    {"48630a", "movsxd rcx, dword ptr [rdx]", "r1:8 = load4s [r2]"},
    {"4898", "cdqe", "r0:8 = sign-extend r0, 0x20"},
    {"98", "cwde", "r0:4 = sign-extend r0, 0x10"},
    {"6698", "cbw", "r0:2m = sign-extend r0, 0x8"},
    {"99", "cdq", "r2:4 = sar r0, 0x1f"},
    {"4899", "cqo", "r2:8 = sar r0, 0x3f"},
};

static const lowering addresses[] = {
    {"488d0520000000", "lea rax, [rip+0x20]", "r0:8 = 0x401027"},
    {"8d4a01", "lea ecx, [rdx+1]", "r1:4 = add r2, 0x1"},
    {"488d4c2440", "lea rcx, [rsp+0x40]", "r1:8 = add r4, 0x40"},
    {"8d0449", "lea eax, [rcx+rcx*2]", "t0:4 = shl r1, 0x1; r0:4 = add r1, t0"},
    {"488d04cd00000000", "lea rax, [rcx*8]", "r0:8 = shl r1, 0x3"},
    {"488d048d10000000", "lea rax, [rcx*4+0x10]", "t0:8 = shl r1, 0x2; r0:8 = add t0, 0x10"},
    {"488d040b", "lea rax, [rbx+rcx]", "r0:8 = add r3, r1"},
    {"488d44cbff", "lea rax, [rbx+rcx*8-1]",
     "t0:8 = shl r1, 0x3; t0:8 = add r3, t0; r0:8 = add t0, 0xffffffffffffffff"},
    {"488d03", "lea rax, [rbx]", "r0:8 = r3"},
    {"8d042534120000", "lea eax, [0x1234]", "r0:4 = 0x1234"},
};

static const lowering arithmetic[] = {
    {"83c005", "add eax, 5", "r0:4 = add r0, 0x5; result:4 r0"},
    {"480301", "add rax, qword ptr [rcx]", "t1:8 = load8 [r1]; r0:8 = add r0, t1; result:8 r0"},
    {"0101", "add dword ptr [rcx], eax",
     "t0:4 = load4 [r1]; t0:4 = add t0, r0; result:4 t0; store4 [r1], t0"},
    {"4883ec28", "sub rsp, 0x28", "compare:8 r4, 0x28; r4:8 = sub r4, 0x28"},
    {"29c8", "sub eax, ecx", "compare:4 r0, r1; r0:4 = sub r0, r1"},
    {"29c0", "sub eax, eax", "r0:4 = 0x0; test:4 r0, r0"},
    {"31c9", "xor ecx, ecx", "r1:4 = 0x0; test:4 r1, r1"},
    {"4531c8", "xor r8d, r9d", "r8:4 = xor r8, r9; test:4 r8, r8"},
    {"83c8ff", "or eax, -1", "r0:4 = 0xffffffff; test:4 r0, r0"},
    {"4181c900020000", "or r9d, 0x200", "r9:4 = or r9, 0x200; test:4 r9, r9"},
    {"83e100", "and ecx, 0", "r1:4 = 0x0; test:4 r1, r1"},
    {"25ff000000", "and eax, 0xff", "r0:4 = and r0, 0xff; test:4 r0, r0"},
    {"19c0", "sbb eax, eax", "r0:4 = ult ? 0xffffffff : 0x0; flags"},
    {"83d8ff", "sbb eax, -1",
     "t2:4 = sub r0, 0xffffffff; t3:4 = sub t2, 0x1; r0:4 = ult ? t3 : t2; flags"},
    {"11d1", "adc ecx, edx", "t2:4 = add r1, r2; t3:4 = add t2, 0x1; r1:4 = ult ? t3 : t2; flags"},
    {"f7d0", "not eax", "r0:4 = not r0"},
    {"f7d9", "neg ecx", "compare:4 0x0, r1; r1:4 = neg r1"},
    {"ffc0", "inc eax", "r0:4 = add r0, 0x1; result:4 r0"},
    {"48ff08", "dec qword ptr [rax]",
     "t0:8 = load8 [r0]; t0:8 = sub t0, 0x1; result:8 t0; store8 [r0], t0"},
};

static const lowering shifts[] = {
    {"c1e004", "shl eax, 4", "r0:4 = shl r0, 0x4; result:4 r0"},
    {"48c1e80c", "shr rax, 12", "r0:8 = shr r0, 0xc; result:8 r0"},
    {"c1f91f", "sar ecx, 31", "r1:4 = sar r1, 0x1f; result:4 r1"},
    {"c1c803", "ror eax, 3", "r0:4 = ror r0, 0x3; flags"},
    {"c1c003", "rol eax, 3", "r0:4 = ror r0, 0x1d; flags"},
    {"49d1c0", "rol r8, 1", "r8:8 = ror r8, 0x3f; flags"},
    {"d1d0", "rcl eax, 1", "r0:8 = ?; flags"},
    {"d3e0", "shl eax, cl", "t1:4 = and r1, 0x1f; r0:4 = shl r0, t1; flags"},
    {"d2e0", "shl al, cl", "r0:1m = ?; flags"},
    {"c1e000", "shl eax, 0", "r0:8 = ?; flags"},
};

static const lowering products[] = {
    {"0fafc1", "imul eax, ecx", "r0:4 = mul r0, r1; flags"},
    {"6bc10c", "imul eax, ecx, 12", "r0:4 = mul r1, 0xc; flags"},
    {"486b0264", "imul rax, qword ptr [rdx], 100", "t0:8 = load8 [r2]; r0:8 = mul t0, 0x64; flags"},
    {"48f7e1", "mul rcx", "r0:8 = mul r0, r1; r2:8 = ?; flags"},
    {"f7e9", "imul ecx", "r0:4 = mul r0, r1; r2:4 = ?; flags"},
    {"f6e1", "mul cl", "r0:2m = ?; flags"},
    {"f7f1", "div ecx", "r0:4 = ?; r2:4 = ?; flags"},
};

static const lowering bits[] = {
    {"410fbae909", "bts r9d, 9", "r9:4 = or r9, 0x200; flags"},
    {"0fbaf003", "btr eax, 3", "r0:4 = and r0, 0xfffffff7; flags"},
    {"0fbaf81f", "btc eax, 31", "r0:4 = xor r0, 0x80000000; flags"},
    {"0fba2903", "bts dword ptr [rcx], 3",
     "t0:4 = load4 [r1]; t0:4 = or t0, 0x8; store4 [r1], t0; flags"},
    {"0fab01", "bts dword ptr [rcx], eax", "escape4 [r1]; memory anywhere; flags"},
    {"0fbae003", "bt eax, 3", "flags"},
    {"0fc8", "bswap eax", "r0:4 = byte-swap r0"},
};

static const lowering conditional[] = {
    {"0f95c0", "setne al", "r0:1m = ne ? 0x1 : 0x0"},
    {"0f9401", "sete byte ptr [rcx]", "t0:1 = eq ? 0x1 : 0x0; store1 [r1], t0"},
    {"0f92c4", "setb ah",
     "t0:1 = ult ? 0x1 : 0x0; t0:2 = shl t0, 0x8; t3:2 = and r0, 0xff; r0:2m = or t0, t3"},
    {"0f45c1", "cmovne eax, ecx", "r0:4 = ne ? r1 : r0"},
    {"480f4201", "cmovb rax, qword ptr [rcx]", "t0:8 = load8 [r1]; r0:8 = ult ? t0 : r0"},
};

static const lowering compares[] = {
    {"83f805", "cmp eax, 5", "compare:4 r0, 0x5"},
    {"83790407", "cmp dword ptr [rcx+4], 7", "t0:4 = load4 [r1+0x4]; compare:4 t0, 0x7"},
    {"3a02", "cmp al, byte ptr [rdx]", "t1:1 = load1 [r2]; compare:1 r0, t1"},
    {"85c0", "test eax, eax", "test:4 r0, r0"},
    {"f60101", "test byte ptr [rcx], 1", "t0:1 = load1 [r1]; test:1 t0, 0x1"},
    {"4885d1", "test rcx, rdx", "test:8 r1, r2"},
};

static const lowering stack[] = {
    {"53", "push rbx", "store8 [r4-0x8], r3; r4:8 = add r4, 0xfffffffffffffff8"},
    {"54", "push rsp", "store8 [r4-0x8], r4; r4:8 = add r4, 0xfffffffffffffff8"},
    {"6a05", "push 5", "store8 [r4-0x8], 0x5; r4:8 = add r4, 0xfffffffffffffff8"},
    {"ff742408", "push qword ptr [rsp+8]",
     "t0:8 = load8 [r4+0x8]; store8 [r4-0x8], t0; r4:8 = add r4, 0xfffffffffffffff8"},
    {"5b", "pop rbx", "r3:8 = load8 [r4]; r4:8 = add r4, 0x8"},
    {"5c", "pop rsp", "r4:8 = load8 [r4]"},
    {"8f442408", "pop qword ptr [rsp+8]",
     "t0:8 = load8 [r4]; r4:8 = add r4, 0x8; store8 [r4+0x8], t0"},
    {"6650", "push ax", "store2 [r4-0x2], ?; r4:8 = add r4, 0xfffffffffffffffe"},
    {"9c", "pushfq", "store8 [r4-0x8], ?; r4:8 = add r4, 0xfffffffffffffff8"},
    {"9d", "popfq", "escape8 [r4]; r4:8 = add r4, 0x8; flags"},
};

static const lowering transfers[] = {
    {"e800000000", "call next", "store8 [r4-0x8], 0x401005; r4:8 = add r4, 0xfffffffffffffff8"},
    {"e810000000", "call", "call 0x401015"},
    {"ebfe", "jmp", "jump 0x401000"},
    {"e900010000", "jmp near", "jump 0x401105"},
    {"7410", "je", "eq -> 0x401012"},
    {"0f8710000000", "ja", "ugt -> 0x401016"},
    {"7010", "jo", "other -> 0x401012"},
    {"7810", "js", "neg -> 0x401012"},
    {"7f10", "jg", "sgt -> 0x401012"},
    {"e305", "jrcxz", "zero:8 r1 -> 0x401007"},
    {"e203", "loop", "r1:8 = sub r1, 0x1; not-zero:8 r1 -> 0x401005"},
    {"e003", "loopne", "r1:8 = sub r1, 0x1; other -> 0x401005"},
    {"ffd0", "call rax", "call r0"},
    {"ff1500100000", "call [rip]", "t0:8 = load8 [0x402006]; call t0"},
    {"48ff1500100000", "call with REX.W", "t0:8 = load8 [0x402007]; call t0"},
    {"ffe0", "jmp rax", "jump r0"},
    {"ff6008", "jmp qword ptr [rax+8]", "t0:8 = load8 [r0+0x8]; jump t0"},
    {"c3", "ret", "return 0"},
    {"c20800", "ret 8", "return 8"},
    {"f3c3", "repz ret", "return 0"},
    {"c9", "leave", "r4:8 = r5; r5:8 = load8 [r4]; r4:8 = add r4, 0x8"},
    {"c8200000", "enter 0x20, 0",
     "store8 [r4-0x8], r5; r4:8 = add r4, 0xfffffffffffffff8; r5:8 = r4; "
     "r4:8 = add r4, 0xffffffffffffffe0"},
    {"c8200001", "enter 0x20, 1", "memory anywhere; r4:8 = ?; r5:8 = ?"},
};

static const lowering exchanges[] = {
    {"4891", "xchg rax, rcx", "t0:8 = r1; r1:8 = r0; r0:8 = t0"},
    {"8711", "xchg dword ptr [rcx], edx", "t0:4 = load4 [r1]; store4 [r1], r2; r2:4 = t0"},
    {"0fc1c1", "xadd ecx, eax", "t1:4 = add r1, r0; r0:4 = r1; r1:4 = t1; result:4 t1"},
    {"f00fc101", "lock xadd dword ptr [rcx], eax", "escape4 [r1]; store4 [r1], ?; r0:8 = ?; flags"},
    {"f0480fb111", "lock cmpxchg qword ptr [rcx], rdx",
     "escape8 [r1]; escape:8 r2, r0; store8 [r1], ?; r0:8 = ?; flags"},
    {"f0ff01", "lock inc dword ptr [rcx]", "escape4 [r1]; store4 [r1], ?; flags"},
    {"480fc709", "cmpxchg16b xmmword ptr [rcx]",
     "escape16 [r1]; escape:8 r2, r0; escape:8 r1, r3; store16 [r1], ?; r2:8 = ?; r0:8 = ?; flags"},
};

static const lowering strings[] = {
    {"f348ab", "rep stosq", "escape:8 r0; memory [r7]; r1:8 = 0x0; r7:8 = ?"},
    {"f3a4", "rep movsb", "escape0 [r6]; memory [r7]; r1:8 = 0x0; r6:8 = ?; r7:8 = ?"},
    {"f3a6", "repe cmpsb", "r1:8 = ?; r6:8 = ?; r7:8 = ?; flags"},
    {"f2ae", "repne scasb", "r1:8 = ?; r7:8 = ?; flags"},
    {"ab", "stosd",
     "store4 [r7], r0; t2:8 = add r7, 0x4; t3:8 = sub r7, 0x4; r7:8 = other ? t2 : t3"},
    {"48a5", "movsq",
     "t0:8 = load8 [r6]; store8 [r7], t0; t2:8 = add r6, 0x8; t3:8 = sub r6, 0x8; "
     "r6:8 = other ? t2 : t3; t2:8 = add r7, 0x8; t3:8 = sub r7, 0x8; r7:8 = other ? t2 : t3"},
    {"ac", "lodsb",
     "r0:1m = load1 [r6]; t2:8 = add r6, 0x1; t3:8 = sub r6, 0x1; r6:8 = other ? t2 : t3"},
    {"ae", "scasb", "r7:8 = ?; flags"},
};

static const lowering system[] = {
    {"0fa2", "cpuid", "r0:8 = ?; r3:8 = ?; r1:8 = ?; r2:8 = ?"},
    {"0f31", "rdtsc", "r0:8 = ?; r2:8 = ?"},
    {"0f32", "rdmsr", "r0:8 = ?; r2:8 = ?"},
    {"0f30", "wrmsr", ""},
    {"cc", "int3", "trap 0x3"},
    {"0f0b", "ud2", "trap 0x6"},
    {"cd29", "int 0x29", "trap 0x29"},
    {"cd2c", "int 0x2c", ""},
    {"cd2d", "int 0x2d", "r0:8 = ?; other -> 0x401003"},
    {"cd2e", "int 0x2e", "t0:8 = ?; call t0"},
    {"f4", "hlt", ""},
    {"fa", "cli", ""},
    {"0f05", "syscall", "t0:8 = ?; call t0; r3:8 = ?"},
    {"48cf", "iretq", "return 0"},
    {"0f22c0", "mov cr0, rax", "control 0, r0; escape:8 r0"},
    {"440f22c1", "mov cr8, rcx", "control 8, r1; escape:8 r1"},
    {"0f20c0", "mov rax, cr0", "r0:8 = ?"},
    {"0f23f8", "mov dr7, rax", "escape:8 r0"},
};

static const lowering vectors[] = {
    {"0f1101", "movups xmmword ptr [rcx], xmm0", "store16 [r1], ?"},
    {"f30f1101", "movss dword ptr [rcx], xmm0", "store4 [r1], ?"},
    {"660f6f01", "movdqa xmm0, xmmword ptr [rcx]", "escape16 [r1]"},
    {"660f7ec0", "movd eax, xmm0", "r0:8 = ?"},
    {"66480f7ec0", "movq rax, xmm0", "r0:8 = ?"},
    {"660fc5c001", "pextrw eax, xmm0, 1", "r0:8 = ?"},
    {"660f2ec1", "ucomisd xmm0, xmm1", "flags"},
    {"c5fe7f01", "vmovdqu ymmword ptr [rcx], ymm0", "store32 [r1], ?"},
    {"0fae442420", "fxsave [rsp+0x20]", "memory [r4+0x20]"},
    {"0fae8500feffff", "fxsave [rbp-0x200]", "memory [r5-0x200]"},
    {"0fae0408", "fxsave [rax+rcx]", "memory anywhere"},
    {"0fae0500010000", "fxsave [rip+0x100]", "memory anywhere"},
    {"f2480f2cc0", "cvttsd2si rax, xmm0", "r0:8 = ?"},
    {"660fd7c0", "pmovmskb eax, xmm0", "r0:8 = ?"},
};

static const lowering others[] = {
    {"0fbcc1", "bsf eax, ecx", "r0:8 = ?; flags"},
    {"0f1f00", "nop dword ptr [rax]", ""},
    {"f8", "clc", "flags"},
    {"0f01c1", "vmcall", "t0:8 = ?; call t0; r3:8 = ?"},
    {"f390", "pause", ""},
    {"6690", "xchg ax, ax", ""},
    {"06", "undefined", "invalid"},
};

static const lowering x86_only[] = {
    {"a134124080", "mov eax, dword ptr [0x80401234]", "r0:4 = load4 [0x80401234]"},
    {"8945fc", "mov dword ptr [ebp-4], eax", "store4 [r5-0x4], r0"},
    {"64a118000000", "mov eax, dword ptr fs:[0x18]", "r0:4 = load4 segment[0x18]"},
    {"41", "inc ecx", "r1:4 = add r1, 0x1; result:4 r1"},
    {"4a", "dec edx", "r2:4 = sub r2, 0x1; result:4 r2"},
    {"53", "push ebx", "store4 [r4-0x4], r3; r4:4 = add r4, 0xfffffffc"},
    {"6800020000", "push 0x200", "store4 [r4-0x4], 0x200; r4:4 = add r4, 0xfffffffc"},
    {"ff7508", "push dword ptr [ebp+8]",
     "t0:4 = load4 [r5+0x8]; store4 [r4-0x4], t0; r4:4 = add r4, 0xfffffffc"},
    {"5e", "pop esi", "r6:4 = load4 [r4]; r4:4 = add r4, 0x4"},
    {"ff1500504080", "call [abs]", "t0:4 = load4 [0x80405000]; call t0"},
    {"ff2500504080", "jmp [abs]", "t0:4 = load4 [0x80405000]; jump t0"},
    {"8b048d00204080", "mov eax, dword ptr [ecx*4+0x80402000]", "r0:4 = load4 [r1*4-0x7fbfe000]"},
    {"8d65f4", "lea esp, [ebp-0xc]", "r4:4 = add r5, 0xfffffff4"},
    {"c9", "leave", "r4:4 = r5; r5:4 = load4 [r4]; r4:4 = add r4, 0x4"},
    {"c20c00", "ret 0xc", "return 12"},
    {"e8fbeff0ff", "call backwards", "call 0x310000"},
    {"e900f0bfff", "jmp below zero", "jump 0x5"},
    {"60", "pushad",
     "store4 [r4-0x4], r0; store4 [r4-0x8], r1; store4 [r4-0xc], r2; store4 [r4-0x10], r3; "
     "store4 [r4-0x14], r4; store4 [r4-0x18], r5; store4 [r4-0x1c], r6; store4 [r4-0x20], r7; "
     "r4:4 = add r4, 0xffffffe0"},
    {"61", "popad",
     "r0:4 = load4 [r4+0x1c]; r1:4 = load4 [r4+0x18]; r2:4 = load4 [r4+0x14]; "
     "r3:4 = load4 [r4+0x10]; r5:4 = load4 [r4+0x8]; r6:4 = load4 [r4+0x4]; r7:4 = load4 [r4]; "
     "r4:4 = add r4, 0x20"},
    {"6660", "pushaw",
     "escape:8 r0, r1; escape:8 r2, r3; escape:8 r4, r5; escape:8 r6, r7; r4:4 = add r4, "
     "0xfffffff0; memory [r4]"},
    {"6661", "popaw",
     "escape16 [r4]; r4:4 = add r4, 0x10; r0:4 = ?; r1:4 = ?; r2:4 = ?; r3:4 = ?; r5:4 = ?; "
     "r6:4 = ?; r7:4 = ?"},
    {"9c", "pushfd", "store4 [r4-0x4], ?; r4:4 = add r4, 0xfffffffc"},
    {"9d", "popfd", "escape4 [r4]; r4:4 = add r4, 0x4; flags"},
    {"6606", "push es", "store2 [r4-0x2], ?; r4:4 = add r4, 0xfffffffe"},
    {"661f", "pop ds", "escape2 [r4]; r4:4 = add r4, 0x2"},
    {"a5", "movsd",
     "t0:4 = load4 [r6]; store4 [r7], t0; t2:4 = add r6, 0x4; t3:4 = sub r6, 0x4; "
     "r6:4 = other ? t2 : t3; t2:4 = add r7, 0x4; t3:4 = sub r7, 0x4; r7:4 = other ? t2 : t3"},
    {"f3ab", "rep stosd", "escape:8 r0; memory [r7]; r1:4 = 0x0; r7:4 = ?"},
    {"0f34", "sysenter", "t0:4 = ?; call t0; r3:4 = ?"},
    {"e305", "jecxz", "zero:4 r1 -> 0x401007"},
    {"e203", "loop", "r1:4 = sub r1, 0x1; not-zero:4 r1 -> 0x401005"},
    {"c401", "les eax, [ecx]", "escape6 [r1]; r0:4 = ?"},
    {"99", "cdq", "r2:4 = sar r0, 0x1f"},
    {"31ff", "xor edi, edi", "r7:4 = 0x0; test:4 r7, r7"},
    {"668908", "mov word ptr [eax], cx", "store2 [r0], r1"},
    {"ff18", "lcall [eax]", "t0:4 = ?; call t0"},
    {"6201", "bound eax, [ecx]", "escape8 [r1]; escape:8 r0"},
    {"678b00", "mov eax, [bx+si]", "escape0 [0x0]; r0:4 = ?"},
    {"678900", "mov [bx+si], eax", "escape:8 r0; memory anywhere"},
    {"66e80000", "call rel16", "store2 [r4-0x2], ?; r4:4 = add r4, 0xfffffffe; jump 0x1004"},
};

static void check(const hvc_isa *isa, const lowering *wanted, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t bytes[16];
        size_t size = isa_bytes(wanted[i].bytes, bytes, sizeof(bytes));
        hvc_insn insn;
        char text[512];
        isa->decode((hvc_span){bytes, size}, ADDRESS, &insn);
        isa_text(&insn, text, sizeof(text));
        if (strcmp(text, wanted[i].operations) != 0)
            fail_msg("%s (%s): %s\n  instead of %s", wanted[i].text, wanted[i].bytes, text,
                     wanted[i].operations);
        if (insn.valid)
            assert_int_equal(insn.length, size);
    }
}

static void test_moves(void **state)
{
    (void)state;
    check(&hvc_isa_x64, moves, sizeof(moves) / sizeof(moves[0]));
}

static void test_extensions(void **state)
{
    (void)state;
    check(&hvc_isa_x64, extensions, sizeof(extensions) / sizeof(extensions[0]));
}

static void test_addresses(void **state)
{
    (void)state;
    check(&hvc_isa_x64, addresses, sizeof(addresses) / sizeof(addresses[0]));
}

static void test_arithmetic(void **state)
{
    (void)state;
    check(&hvc_isa_x64, arithmetic, sizeof(arithmetic) / sizeof(arithmetic[0]));
}

static void test_shifts(void **state)
{
    (void)state;
    check(&hvc_isa_x64, shifts, sizeof(shifts) / sizeof(shifts[0]));
}

static void test_products(void **state)
{
    (void)state;
    check(&hvc_isa_x64, products, sizeof(products) / sizeof(products[0]));
}

static void test_bits(void **state)
{
    (void)state;
    check(&hvc_isa_x64, bits, sizeof(bits) / sizeof(bits[0]));
}

static void test_conditional(void **state)
{
    (void)state;
    check(&hvc_isa_x64, conditional, sizeof(conditional) / sizeof(conditional[0]));
}

static void test_compares(void **state)
{
    (void)state;
    check(&hvc_isa_x64, compares, sizeof(compares) / sizeof(compares[0]));
}

static void test_stack(void **state)
{
    (void)state;
    check(&hvc_isa_x64, stack, sizeof(stack) / sizeof(stack[0]));
}

static void test_transfers(void **state)
{
    (void)state;
    check(&hvc_isa_x64, transfers, sizeof(transfers) / sizeof(transfers[0]));
}

static void test_exchanges(void **state)
{
    (void)state;
    check(&hvc_isa_x64, exchanges, sizeof(exchanges) / sizeof(exchanges[0]));
}

static void test_strings(void **state)
{
    (void)state;
    check(&hvc_isa_x64, strings, sizeof(strings) / sizeof(strings[0]));
}

static void test_system(void **state)
{
    (void)state;
    check(&hvc_isa_x64, system, sizeof(system) / sizeof(system[0]));
}

static void test_vectors(void **state)
{
    (void)state;
    check(&hvc_isa_x64, vectors, sizeof(vectors) / sizeof(vectors[0]));
}

static void test_others(void **state)
{
    (void)state;
    check(&hvc_isa_x64, others, sizeof(others) / sizeof(others[0]));
}

static void test_x86_only(void **state)
{
    (void)state;
    check(&hvc_isa_x86, x86_only, sizeof(x86_only) / sizeof(x86_only[0]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_moves),     cmocka_unit_test(test_extensions),
        cmocka_unit_test(test_addresses), cmocka_unit_test(test_arithmetic),
        cmocka_unit_test(test_shifts),    cmocka_unit_test(test_products),
        cmocka_unit_test(test_bits),      cmocka_unit_test(test_conditional),
        cmocka_unit_test(test_compares),  cmocka_unit_test(test_stack),
        cmocka_unit_test(test_transfers), cmocka_unit_test(test_exchanges),
        cmocka_unit_test(test_strings),   cmocka_unit_test(test_system),
        cmocka_unit_test(test_vectors),   cmocka_unit_test(test_others),
        cmocka_unit_test(test_x86_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
