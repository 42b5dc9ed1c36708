/* Buckets, windows and breakers taken from by several threads: no more is let in than there is, and nothing is lost. */
#include <fastpath/fastpath.h>
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"

enum {
  THREADS = 8,
  ROUNDS = 20000,
  WINDOW = 2000, /* 10 in all: the threads' clocks are never 16 apart */
  LIMIT = 5
};

static fp_token_bucket *bucket;
static fp_sliding_window *window;
static fp_circuit_breaker *breaker;
static _Atomic uint64_t taken, counted, passed;
static _Atomic int64_t inside;

static void *take(void *context) {
  (void)context;
  for (int64_t i = 0; i < ROUNDS; i++) {
    if (fp_token_bucket_take(bucket, 1 + (uint64_t)i % 2, i) == FASTPATH_OK) taken += 1 + (uint64_t)i % 2;
    if (fp_sliding_window_take(window, 1, i) == FASTPATH_OK) counted++;
    if (fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_REQUESTS) == FASTPATH_OK) {
      CHECK(++inside <= LIMIT);
      inside--;
      passed++;
      CHECK_EQ(fp_circuit_breaker_release(breaker, FASTPATH_BREAKER_REQUESTS), FASTPATH_OK);
    }
  }
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  fp_breaker_thresholds thresholds;
  fp_breaker_stats stats;
  fp_breaker_thresholds_default(&thresholds);
  thresholds.max[FASTPATH_BREAKER_REQUESTS] = LIMIT;
  CHECK_EQ(fp_circuit_breaker_new(&thresholds, &breaker, NULL), FASTPATH_OK);
  CHECK_EQ(fp_token_bucket_new(1000, 1, 4, 0, &bucket, NULL), FASTPATH_OK);
  CHECK_EQ(fp_sliding_window_new(100, WINDOW, 0, &window, NULL), FASTPATH_OK);
  for (int i = 0; i < THREADS; i++) CHECK_EQ(pthread_create(&threads[i], NULL, take, NULL), 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(taken >= 1000);
  CHECK(taken <= 1000 + ROUNDS / 4 + 1);
  CHECK(counted >= 100 && counted <= 100 * (ROUNDS / WINDOW));
  fp_circuit_breaker_stats_get(breaker, FASTPATH_BREAKER_REQUESTS, &stats);
  CHECK_EQ(stats.active, 0);
  CHECK_EQ(stats.overflow + passed, (uint64_t)THREADS * ROUNDS);
  fp_token_bucket_free(bucket);
  fp_sliding_window_free(window);
  fp_circuit_breaker_unref(breaker);
  return 0;
}
