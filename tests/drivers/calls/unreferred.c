/* @title   imports a function that no code refers to: how it is called, if at all, is not known
 * @calls
 * @lld[x64,arm64] /include:__imp_ExAllocatePoolWithTag
 * @lld[x86] /include:__imp__ExAllocatePoolWithTag@12
 * @libs    ntoskrnl-calls
 */
#include "calls.h"

FIXTURE

DRIVER("verdict.verifier", "undetermined")
DRIVER("undetermined.execute_pool_type", "1")
EXPECT(-, "ExAllocatePoolWithTag", "open *", "undetermined", "reference")
CALL_EXPECT(plain_good, "ExAllocatePool", "0x200", "ok", "iat", ExAllocatePool(NonPagedPoolNx, 8))
