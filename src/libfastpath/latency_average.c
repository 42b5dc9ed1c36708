#include "latency_average.h"

#include <math.h>
#include <stdatomic.h>
#include <string.h>

#define NANOSECONDS_PER_MILLISECOND 1000000

/* A moment that seems so much later is a little earlier: threads read the clock at different times. */
#define WENT_BACK (UINT32_MAX - (1u << 20))

static uint32_t moment(int64_t now) { return (uint32_t)(uint64_t)(now / NANOSECONDS_PER_MILLISECOND); }

static float value_of(uint64_t word) {
  const uint32_t bits = (uint32_t)(word >> 32);
  float value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static uint64_t word_of(float value, uint32_t since) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (uint64_t)bits << 32 | since;
}

/* What is left of the value after the time from then to now. */
static double left(uint32_t since, uint32_t now, int64_t decay) {
  const uint32_t passed = now - since;
  return passed > WENT_BACK ? 1.0 : exp(-(double)passed * NANOSECONDS_PER_MILLISECOND / (double)decay);
}

void fp_latency_average_add(fp_latency_average *average, int64_t latency, int64_t now, int64_t decay) {
  const double sample = latency > 0 ? (double)latency : 1.0; /* 0 stands for none */
  const uint32_t at = moment(now);
  uint64_t old = atomic_load_explicit(average, memory_order_relaxed), made;
  do {
    const double value = (double)value_of(old), part = left((uint32_t)old, at, decay);
    const double next = sample >= value ? sample : sample + (value - sample) * part;
    /* Where the clock went back, time does not: or it would count twice. */
    made = word_of((float)next, at - (uint32_t)old > WENT_BACK && old != 0 ? (uint32_t)old : at);
  } while (!atomic_compare_exchange_weak_explicit(average, &old, made, memory_order_relaxed, memory_order_relaxed));
}

double fp_latency_average_get(const fp_latency_average *average, int64_t now, int64_t decay) {
  const uint64_t word = atomic_load_explicit(average, memory_order_relaxed);
  return word == 0 ? -1.0 : (double)value_of(word) * left((uint32_t)word, moment(now), decay);
}
