/* cpu.h - which instructions the processor has that not all of its kind have. */
#ifndef FASTPATH_INTERNAL_CPU_H
#define FASTPATH_INTERNAL_CPU_H

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__)) && !defined(FASTPATH_PORTABLE)
#define FP_CPU_AVX2 1 /* some may have it: see fp_cpu_has_avx2 */
#endif

#if FP_CPU_AVX2
#include <stdbool.h>

/* Whether what stands between avx2_begin.h and avx2_end.h may run: true of any x86-64-v3 machine. Reads what libgcc or
   compiler-rt found out at start-up; costs a load and a test. */
static inline bool fp_cpu_has_avx2(void) {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
}
#endif

#endif
