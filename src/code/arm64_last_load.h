/* Where a register was written last. Inside src/code only. */
#ifndef CODE_ARM64_LAST_LOAD_H
#define CODE_ARM64_LAST_LOAD_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Whether what was written to reg last before the instruction at offset at, in the order of the
 * bytes, was loaded from elsewhere than the stack, or from where the function stores nothing (a
 * parameter): then it most likely is not what a call returned. */
bool hvc_arm64_last_is_load(hvc_span code, uint32_t at, unsigned reg);

#endif
