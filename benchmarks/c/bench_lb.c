/*
 * Picks by weighted round robin: ours against the plain binary heap that the same order is usually made with.
 * Prints nanoseconds per pick, the least of some rounds.
 */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/cluster.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PICKS 2000000
#define ROUNDS 7

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1e9 + (double)time.tv_nsec;
}

typedef struct heap_entry {
  double deadline;
  uint64_t order;
  uint32_t host;
} heap_entry;

typedef struct heap {
  heap_entry *entries;
  const fp_endpoint *endpoints;
  uint32_t count;
  uint64_t order;
} heap;

static int before(const heap_entry *a, const heap_entry *b) {
  return a->deadline < b->deadline || (a->deadline == b->deadline && a->order < b->order);
}

static void sift_down(heap *self, uint32_t at) {
  const heap_entry entry = self->entries[at];
  for (;;) {
    uint32_t child = 2 * at + 1;
    if (child >= self->count) break;
    if (child + 1 < self->count && before(&self->entries[child + 1], &self->entries[child])) child++;
    if (!before(&self->entries[child], &entry)) break;
    self->entries[at] = self->entries[child];
    at = child;
  }
  self->entries[at] = entry;
}

static uint32_t heap_pick(heap *self) {
  const uint32_t host = self->entries[0].host;
  self->entries[0].deadline += 1.0 / self->endpoints[host].weight;
  self->entries[0].order = self->order++;
  sift_down(self, 0);
  return host;
}

static double time_heap(const fp_endpoint *endpoints, uint32_t count, uint64_t *sink) {
  heap plain = {malloc(count * sizeof(heap_entry)), endpoints, count, count};
  double best = 1e18;
  for (uint32_t i = 0; i < count; i++) plain.entries[i] = (heap_entry){1.0 / endpoints[i].weight, i, i};
  for (uint32_t i = count; i-- > 0;) sift_down(&plain, i);
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (int i = 0; i < PICKS; i++) *sink += heap_pick(&plain);
    if (now() - start < best) best = now() - start;
  }
  free(plain.entries);
  return best / PICKS;
}

static double time_picker(const fp_endpoint *endpoints, uint32_t count, uint64_t *sink) {
  const fp_cluster_config config = {.policy = fp_lb_policy_get(FASTPATH_LB_ROUND_ROBIN), .panic_threshold = 50};
  fp_cluster *cluster;
  fp_picker *picker;
  double best = 1e18;
  if (fp_cluster_new(&config, endpoints, count, &cluster, NULL) < 0) abort();
  picker = fp_picker_new(cluster, 1);
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (int i = 0; i < PICKS; i++) {
      fp_host *host;
      if (fp_picker_pick(picker, NULL, &host, NULL) != FASTPATH_OK) abort();
      *sink += (uintptr_t)host;
    }
    if (now() - start < best) best = now() - start;
  }
  fp_picker_free(picker);
  fp_cluster_unref(cluster);
  return best / PICKS;
}

int main(void) {
  static const uint32_t counts[] = {10, 100, 1000, 10000};
  static const uint32_t spreads[] = {1, 3, 100, 1000000}; /* weights 1 .. spread: from one class to one class each */
  uint64_t random = 1, sink = 0;
  printf("%8s %12s %12s %12s %8s\n", "hosts", "weights", "fastpath ns", "heap ns", "ratio");
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    for (size_t j = 0; j < sizeof spreads / sizeof spreads[0]; j++) {
      fp_endpoint *endpoints = calloc(counts[i], sizeof *endpoints);
      double ours, heaps;
      for (uint32_t k = 0; k < counts[i]; k++) {
        endpoints[k].address = (fp_span){(const uint8_t *)"10.0.0.1", 8};
        endpoints[k].port = (uint16_t)(k + 1);
        endpoints[k].weight = (uint32_t)(fp_lb_random(&random) % spreads[j]) + 1;
        endpoints[k].locality = k; /* so that the sum of weights is not limited */
      }
      ours = time_picker(endpoints, counts[i], &sink);
      heaps = time_heap(endpoints, counts[i], &sink);
      printf("%8u %6u..%-7u %9.1f %12.1f %8.1f\n", counts[i], 1, spreads[j], ours, heaps, heaps / ours);
      free(endpoints);
    }
  }
  return sink == 42; /* uses what was picked */
}
