/* Images that are put together by hand, and running one rule on them. */
#ifndef RULES_TEST_H
#define RULES_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "rules/checks.h"

#define COUNT(array) (sizeof(array) / sizeof(*(array)))

#define CODE (HVC_SCN_CNT_CODE | HVC_SCN_MEM_EXECUTE | HVC_SCN_MEM_READ)
#define DATA (HVC_SCN_CNT_INITIALIZED_DATA | HVC_SCN_MEM_READ | HVC_SCN_MEM_WRITE)
#define WX   (HVC_SCN_MEM_EXECUTE | HVC_SCN_MEM_READ | HVC_SCN_MEM_WRITE)

enum { MAX_SECTIONS = 8, FILE_SIZE = 0x10000 };

/* A clean x64 driver with .text at 0x1000 and .data at 0x2000: tests spoil it. */
typedef struct test_bench {
    hvc_image image;
    hvc_section sections[MAX_SECTIONS];
    hvc_evidence evidence;
    hvc_arena arena;
    hvc_findings findings;
} test_bench;

hvc_section *bench_add_section(test_bench *bench, const char *name, uint32_t rva, uint32_t size,
                               uint32_t characteristics);
void bench_init(test_bench *bench);
void bench_free(test_bench *bench);

/* Runs one rule on the bench, findings starting anew; returns how many there are. */
size_t bench_run(test_bench *bench, const char *id);
/* The nth finding of the last run. */
const hvc_finding *bench_finding(const test_bench *bench, size_t n);
uint64_t bench_counter(const test_bench *bench, hvc_counter counter);

#endif
