/* What the tests of the machine need of cmocka, and values in a line. */
#ifndef MACHINE_TEST_H
#define MACHINE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "machine/facts.h"

static inline void add_dword(hvc_facts_builder *builder, const char *key, const char *name,
                             uint32_t number)
{
    const uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 24)};
    const hvc_registry_value value = {key, name, 4, bytes, sizeof(bytes)};
    hvc_facts_add_value(builder, &value);
}

#endif
