/* avx2_begin.h - from here on, up to avx2_end.h, functions are for machines with AVX2, BMI, BMI2 and POPCNT. */
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,popcnt"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2,bmi,bmi2,popcnt")
#endif

#include <immintrin.h>
