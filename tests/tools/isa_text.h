/* Operations as text, for tests to compare: "r0:8 = add r0, 0x8; result:8 r0". Registers by their
 * numbers (t0..t3 are temporaries), ":size" behind what is written or compared, "m" behind it when
 * the rest of the register is kept. */
#ifndef TESTS_ISA_TEXT_H
#define TESTS_ISA_TEXT_H

#include <stddef.h>

#include "code/isa.h"

/* Writes the operations of insn, "; " between them, or "invalid". Cut at size. */
void isa_text(const hvc_insn *insn, char *buffer, size_t size);

/* The bytes that hexadecimal digits stand for, at most size of them; returns how many. */
size_t isa_bytes(const char *digits, uint8_t *bytes, size_t size);

#endif
