/* Where what a register holds may come from. Inside src/code only. */
#ifndef CODE_ARM64_ORIGIN_H
#define CODE_ARM64_ORIGIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

/* Whether what the call at this offset returns is what is looked for. */
typedef bool (*hvc_arm64_is_wanted)(void *context, uint32_t at);

/* Whether register reg, before the instruction at offset at, may hold what a call that is wanted
 * returned, or a pointer behind that. code: a function, or (whole: false) a part of one. Goes by
 * the last writes before, in the order of the bytes: what is loaded from elsewhere than the frame
 * most likely is no result of the function's own calls. In doubt it may. wanted: NULL when every
 * call is. */
bool hvc_arm64_may_be_result(hvc_span code, bool whole, uint32_t at, unsigned reg,
                             hvc_arm64_is_wanted wanted, void *context);

#endif
