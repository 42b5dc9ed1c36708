/*
 * What threads may share: segments, of which they race for the same free room, and a pool that blocks return to from
 * whatever thread drops them last. Made for ThreadSanitizer.
 */
#define _POSIX_C_SOURCE 200809L /* barriers */

#include <pthread.h>

#include <fastpath/buffer.h>

#include "check.h"

#define THREADS 4
#define ROUNDS 2000

static fp_buffer *buffers[THREADS];
static pthread_barrier_t barrier;

/* Each thread grows its own buffer over the segment they all share, at the same time. */
static void *grow(void *argument) {
  size_t self = *(const size_t *)argument;
  char mine[16];
  memset(mine, 'a' + (int)self, sizeof mine);
  for (int round = 0; round < ROUNDS; round++) {
    pthread_barrier_wait(&barrier);
    CHECK_EQ(fp_buffer_append(buffers[self], mine, sizeof mine), FASTPATH_OK);
    pthread_barrier_wait(&barrier);
    uint8_t bytes[24];
    CHECK_EQ(fp_buffer_copy_out(buffers[self], 0, bytes, sizeof bytes), FASTPATH_OK);
    CHECK(memcmp(bytes, "together", 8) == 0 && memcmp(bytes + 8, mine, sizeof mine) == 0);
    pthread_barrier_wait(&barrier);
    if (self == 0) {
      CHECK_EQ(fp_buffer_clear(buffers[0]), FASTPATH_OK);
      CHECK_EQ(fp_buffer_append(buffers[0], "together", 8), FASTPATH_OK);
      for (size_t other = 1; other < THREADS; other++) {
        CHECK_EQ(fp_buffer_clear(buffers[other]), FASTPATH_OK);
        CHECK_EQ(fp_buffer_share(buffers[other], buffers[0], 0, 8), FASTPATH_OK);
      }
    }
  }
  return NULL;
}

static fp_slice mailbox[THREADS];

/* Each thread fills a block and hands it to its neighbour, who drops the last reference. */
static void *pass_on(void *argument) {
  size_t self = *(const size_t *)argument;
  for (int round = 0; round < ROUNDS; round++) {
    char line[32];
    int len = snprintf(line, sizeof line, "thread %zu round %d", self, round);
    CHECK_EQ(fp_buffer_append(buffers[self], line, (size_t)len), FASTPATH_OK);
    CHECK_EQ(fp_buffer_take(buffers[self], (size_t)len, &mailbox[self]), FASTPATH_OK);
    pthread_barrier_wait(&barrier);
    size_t other = (self + 1) % THREADS;
    len = snprintf(line, sizeof line, "thread %zu round %d", other, round);
    CHECK(mailbox[other].len == (size_t)len && memcmp(mailbox[other].data, line, (size_t)len) == 0);
    fp_segment_unref(mailbox[other].segment);
    pthread_barrier_wait(&barrier);
  }
  return NULL;
}

static void run(void *(*body)(void *)) {
  pthread_t threads[THREADS];
  size_t numbers[THREADS];
  pthread_barrier_init(&barrier, NULL, THREADS);
  for (size_t i = 0; i < THREADS; i++) {
    numbers[i] = i;
    CHECK_EQ(pthread_create(&threads[i], NULL, body, &numbers[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) CHECK_EQ(pthread_join(threads[i], NULL), 0);
  pthread_barrier_destroy(&barrier);
}

int main(void) {
  fp_pool *pool;
  CHECK_EQ(fp_pool_new(256, 3, &pool), FASTPATH_OK);
  for (size_t i = 0; i < THREADS; i++) CHECK((buffers[i] = fp_buffer_new(pool)) != NULL);
  CHECK_EQ(fp_buffer_append(buffers[0], "together", 8), FASTPATH_OK);
  for (size_t i = 1; i < THREADS; i++) CHECK_EQ(fp_buffer_share(buffers[i], buffers[0], 0, 8), FASTPATH_OK);
  run(grow);
  for (size_t i = 0; i < THREADS; i++) CHECK_EQ(fp_buffer_clear(buffers[i]), FASTPATH_OK);
  CHECK_EQ(fp_pool_in_use(pool), 0);
  run(pass_on);
  CHECK_EQ(fp_pool_in_use(pool), 0);
  CHECK(fp_pool_cached(pool) <= 3);
  for (size_t i = 0; i < THREADS; i++) fp_buffer_free(buffers[i]);
  fp_pool_unref(pool);
  return 0;
}
