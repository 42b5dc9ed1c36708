/*
 * latency_average.h - how long a host takes to answer, by a moving average that rises at once and falls by and by.
 *
 * A latency above the average becomes the average; one below it draws the average down, the more the longer the last one
 * is ago: average * w + latency * (1 - w), w = exp(-time / decay). Seen from later the average is average * w: a host
 * that is not asked gets attractive again.
 *
 * The value and the moment of the last latency share a word, so that nobody who adds or reads waits: a float, and
 * milliseconds modulo 2^32. A host that was last asked a multiple of 49.7 days ago looks as if that were now.
 */
#ifndef FASTPATH_INTERNAL_LATENCY_AVERAGE_H
#define FASTPATH_INTERNAL_LATENCY_AVERAGE_H

#include <stdint.h>

/* Zero bytes: there is none. Threads: any. */
typedef _Atomic uint64_t fp_latency_average;

/* latency, now and decay in nanoseconds; latency not negative, decay above 0. */
void fp_latency_average_add(fp_latency_average *average, int64_t latency, int64_t now, int64_t decay);

/* Nanoseconds; negative when there is none. */
double fp_latency_average_get(const fp_latency_average *average, int64_t now, int64_t decay);

#endif
