/* Token buckets, sliding windows and circuit breakers, with a clock that the test turns. */
#include <fastpath/fastpath.h>
#include <math.h>

#include "check.h"

#define SECOND INT64_C(1000000000)

static fp_token_bucket *bucket_of(uint64_t max, uint64_t tokens, uint64_t interval, int64_t now) {
  fp_token_bucket *bucket = NULL;
  CHECK_EQ(fp_token_bucket_new(max, tokens, interval, now, &bucket, NULL), FASTPATH_OK);
  return bucket;
}

/* Envoy lets 102 of 300 requests pass that come within 1.5 s, and 10 more 6 s later. */
static void refill_is_continuous(void) {
  fp_token_bucket *bucket = bucket_of(100, 100, 60 * SECOND, 0);
  int passed = 0;
  for (int64_t i = 0; i < 300; i++)
    passed += fp_token_bucket_take(bucket, 1, i * (3 * SECOND / 2) / 299) == FASTPATH_OK;
  CHECK_EQ(passed, 102);
  passed = 0;
  for (int i = 0; i < 300; i++) passed += fp_token_bucket_take(bucket, 1, 3 * SECOND / 2 + 6 * SECOND) == FASTPATH_OK;
  CHECK_EQ(passed, 10);
  fp_token_bucket_free(bucket);
}

static void no_token_is_lost_to_rounding(void) {
  static const uint64_t rates[][2] = {{3, 10}, {7, 1000000007}, {999, 1000}, {1, 1}, {100, 60000000000}, {997, 99991}};
  for (size_t r = 0; r < sizeof rates / sizeof *rates; r++) {
    const uint64_t tokens = rates[r][0], interval = rates[r][1];
    fp_token_bucket *bucket = bucket_of(5, tokens, interval, -77);
    uint64_t taken = 0;
    int64_t now = -77;
    CHECK_EQ(fp_token_bucket_take(bucket, 5, now), FASTPATH_OK);
    for (int i = 0; i < 20000; i++) {
      const int64_t wait = fp_token_bucket_wait(bucket, 1, now);
      CHECK(wait > 0);
      CHECK_EQ(fp_token_bucket_take(bucket, 1, now + wait - 1), FASTPATH_NONE);
      now += wait;
      CHECK_EQ(fp_token_bucket_available(bucket, now), 1);
      CHECK_EQ(fp_token_bucket_take(bucket, 1, now), FASTPATH_OK);
      taken++;
    }
    /* Within a nanosecond of what the rate says, for each token. */
    CHECK(fabs((double)(now + 77) - (double)taken * (double)interval / (double)tokens) <= (double)taken);
    fp_token_bucket_free(bucket);
  }
}

static void buckets_under_jumping_clocks(void) {
  fp_token_bucket *bucket = bucket_of(10, 1, SECOND, 0);
  CHECK_EQ(fp_token_bucket_take(bucket, 11, INT64_MAX), FASTPATH_NONE);
  CHECK_EQ(fp_token_bucket_wait(bucket, 11, 0), INT64_MAX);
  CHECK_EQ(fp_token_bucket_take(bucket, 10, INT64_MAX), FASTPATH_OK);
  CHECK_EQ(fp_token_bucket_take(bucket, 1, INT64_MAX), FASTPATH_NONE);
  CHECK_EQ(fp_token_bucket_take(bucket, 1, INT64_MIN), FASTPATH_NONE);
  CHECK_EQ(fp_token_bucket_take(bucket, 0, INT64_MIN), FASTPATH_OK);
  CHECK_EQ(fp_token_bucket_available(bucket, 0), 0);
  fp_token_bucket_free(bucket);
  bucket = bucket_of(10, 1, SECOND, INT64_MIN / 2);
  CHECK_EQ(fp_token_bucket_take(bucket, 10, INT64_MIN / 2), FASTPATH_OK);
  CHECK_EQ(fp_token_bucket_take(bucket, 10, INT64_MAX), FASTPATH_OK);
  fp_token_bucket_free(bucket);
  bucket = NULL;
  CHECK_EQ(fp_token_bucket_new(10, 1, SECOND, INT64_MIN, &bucket, NULL), FASTPATH_ERR_ARGUMENT);
}

static void what_makes_no_sense_is_refused(void) {
  fp_token_bucket *bucket = NULL;
  fp_sliding_window *window = NULL;
  fp_circuit_breaker *breaker = NULL;
  fp_breaker_thresholds thresholds;
  CHECK_EQ(fp_token_bucket_new(0, 1, 1, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_token_bucket_new(1, 0, 1, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_token_bucket_new(1, 1, 0, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_token_bucket_new(1, 2, 1, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_token_bucket_new(UINT64_MAX, 1, 1, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_token_bucket_new(1, 1, UINT64_MAX, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_token_bucket_new(1 << 30, 1, UINT64_C(1) << 50, 0, &bucket, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_sliding_window_new(0, 1, 0, &window, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_sliding_window_new(1, 0, 0, &window, NULL), FASTPATH_ERR_CONFIG);
  CHECK_EQ(fp_sliding_window_new(FASTPATH_SLIDING_WINDOW_MAX + 1, 1, 0, &window, NULL), FASTPATH_ERR_CONFIG);
  fp_breaker_thresholds_default(&thresholds);
  thresholds.budget_percent = NAN;
  CHECK_EQ(fp_circuit_breaker_new(&thresholds, &breaker, NULL), FASTPATH_ERR_CONFIG);
  thresholds.budget_percent = 100.5;
  CHECK_EQ(fp_circuit_breaker_new(&thresholds, &breaker, NULL), FASTPATH_ERR_CONFIG);
  CHECK(bucket == NULL && window == NULL && breaker == NULL);
}

static void windows_slide(void) {
  fp_sliding_window *window = NULL;
  CHECK_EQ(fp_sliding_window_new(10, 100, 1000, &window, NULL), FASTPATH_OK);
  CHECK_EQ(fp_sliding_window_take(window, 10, 1050), FASTPATH_OK);
  CHECK_EQ(fp_sliding_window_take(window, 1, 1099), FASTPATH_NONE);
  CHECK_EQ(fp_sliding_window_take(window, 1, 1100), FASTPATH_NONE);
  CHECK_EQ(fp_sliding_window_take(window, 2, 1119), FASTPATH_NONE);
  CHECK_EQ(fp_sliding_window_take(window, 2, 1120), FASTPATH_OK); /* 80 % of 10, and 2 */
  CHECK_EQ(fp_sliding_window_count(window, 1120), 10);
  CHECK_EQ(fp_sliding_window_count(window, 1125), 10); /* 9.5 */
  CHECK_EQ(fp_sliding_window_take(window, 1, 1000), FASTPATH_NONE); /* back in time */
  CHECK_EQ(fp_sliding_window_take(window, 10, 1300), FASTPATH_OK);
  CHECK_EQ(fp_sliding_window_take(window, 11, INT64_MAX), FASTPATH_NONE);
  CHECK_EQ(fp_sliding_window_take(window, 10, INT64_MAX), FASTPATH_OK);
  fp_sliding_window_free(window);
}

static void breakers_open_at_their_thresholds(void) {
  fp_breaker_thresholds thresholds;
  fp_circuit_breaker *breaker = NULL;
  fp_breaker_stats stats;
  fp_breaker_thresholds_default(&thresholds);
  CHECK_EQ(fp_circuit_breaker_new(&thresholds, &breaker, NULL), FASTPATH_OK);
  for (int i = 0; i < 1024; i++) CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_REQUESTS), FASTPATH_OK);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_REQUESTS), FASTPATH_NONE);
  for (int i = 0; i < 3; i++) CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_RETRIES), FASTPATH_OK);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_RETRIES), FASTPATH_NONE);
  thresholds.has_retry_budget = 1;
  CHECK_EQ(fp_circuit_breaker_configure(breaker, &thresholds, NULL), FASTPATH_OK);
  fp_circuit_breaker_stats_get(breaker, FASTPATH_BREAKER_RETRIES, &stats);
  CHECK_EQ(stats.max, 204); /* 20 % of 1024 */
  CHECK_EQ(stats.active, 3);
  CHECK_EQ(stats.overflow, 1);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_RETRIES), FASTPATH_OK);
  for (int i = 0; i < 1024; i++) CHECK_EQ(fp_circuit_breaker_release(breaker, FASTPATH_BREAKER_REQUESTS), FASTPATH_OK);
  CHECK_EQ(fp_circuit_breaker_release(breaker, FASTPATH_BREAKER_REQUESTS), FASTPATH_ERR_STATE);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_RETRIES), FASTPATH_NONE); /* at least 3, and 4 are */
  thresholds.max[FASTPATH_BREAKER_CONNECTIONS] = 0;
  CHECK_EQ(fp_circuit_breaker_configure(breaker, &thresholds, NULL), FASTPATH_OK);
  CHECK_EQ(fp_circuit_breaker_acquire(breaker, FASTPATH_BREAKER_CONNECTIONS), FASTPATH_NONE);
  fp_circuit_breaker_unref(breaker);
}

int main(void) {
  refill_is_continuous();
  no_token_is_lost_to_rounding();
  buckets_under_jumping_clocks();
  what_makes_no_sense_is_refused();
  windows_slide();
  breakers_open_at_their_thresholds();
  return 0;
}
