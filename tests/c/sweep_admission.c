/* Scenarios of the failing-allocation sweep: what is let in. */
#include "sweep.h"

void sweep_admission(void) {
  fp_token_bucket *bucket = NULL;
  fp_sliding_window *window = NULL;
  fp_circuit_breaker *breaker = NULL;
  fp_breaker_thresholds thresholds;
  fp_breaker_stats stats;
  fp_error error;
  TRY(fp_token_bucket_new(3, 1, 1000, 0, &bucket, &error), bucket == NULL);
  CHECK_EQ(fp_token_bucket_take(bucket, 3, 0), FASTPATH_OK);
  CHECK_EQ(fp_token_bucket_take(bucket, 1, 0), FASTPATH_NONE);
  CHECK_EQ(fp_token_bucket_wait(bucket, 1, 0), 1000);
  CHECK_EQ(fp_token_bucket_available(bucket, 2500), 2);
  fp_token_bucket_free(bucket);

  TRY(fp_sliding_window_new(2, 1000, 0, &window, &error), window == NULL);
  CHECK_EQ(fp_sliding_window_take(window, 2, 0), FASTPATH_OK);
  CHECK_EQ(fp_sliding_window_count(window, 0), 2);
  fp_sliding_window_free(window);

  fp_breaker_thresholds_default(&thresholds);
  TRY(fp_circuit_breaker_new(&thresholds, &breaker, &error), breaker == NULL);
  thresholds.max[FASTPATH_BREAKER_PENDING_REQUESTS] = 1;
  CHECK_EQ(fp_circuit_breaker_configure(breaker, &thresholds, &error), FASTPATH_OK);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_PENDING_REQUESTS), FASTPATH_OK);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_PENDING_REQUESTS), FASTPATH_NONE);
  fp_circuit_breaker_stats_get(breaker, FASTPATH_BREAKER_PENDING_REQUESTS, &stats);
  CHECK_EQ(stats.overflow, 1);
  CHECK_EQ(fp_circuit_breaker_release(breaker, FASTPATH_BREAKER_PENDING_REQUESTS), FASTPATH_OK);
  fp_circuit_breaker_add(breaker, FASTPATH_BREAKER_PENDING_REQUESTS);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_PENDING_REQUESTS), FASTPATH_NONE);
  CHECK(fp_circuit_breaker_ref(breaker) == breaker);
  fp_circuit_breaker_unref(breaker);
  fp_circuit_breaker_unref(breaker);
}
