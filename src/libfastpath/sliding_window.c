/* sliding_window.c - two windows in one word: which one it is, and what came in it and in the one before. */
#include <fastpath/admission.h>

#include <stdatomic.h>

#include "error.h"
#include "memory.h"

#define COUNT_BITS 20
#define COUNT_MASK ((UINT64_C(1) << COUNT_BITS) - 1)
#define NUMBER_MASK ((UINT64_C(1) << (64 - 2 * COUNT_BITS)) - 1)
#define BACK 16 /* windows: a step so far back is told from a long time without a request */
#define MAX_WINDOW (UINT64_C(1) << 53)

struct fp_sliding_window {
  _Atomic uint64_t state; /* number of the window, count of the one before, count */
  int64_t start;
  uint64_t window;
  uint32_t limit;
};

typedef struct counts {
  uint64_t number; /* modulo NUMBER_MASK + 1 */
  uint64_t before;
  uint64_t current;
  double covered; /* share of the window before that still counts */
} counts;

fp_status fp_sliding_window_new(uint32_t limit, uint64_t window, int64_t now, fp_sliding_window **made,
                                fp_error *error) {
  fp_sliding_window *built;
  if (limit == 0 || limit > FASTPATH_SLIDING_WINDOW_MAX || window == 0 || window > MAX_WINDOW)
    return fp_error_set(error, FASTPATH_ERR_CONFIG, 0, SIZE_MAX, "a limit of 1 to %d within 1 ns to 104 days",
                        FASTPATH_SLIDING_WINDOW_MAX);
  built = fp_memory_alloc(sizeof *built);
  if (built == NULL) return fp_error_set(error, FASTPATH_ERR_MEMORY, 0, 0, "out of memory");
  atomic_init(&built->state, 0);
  built->start = now;
  built->window = window;
  built->limit = limit;
  *made = built;
  return FASTPATH_OK;
}

void fp_sliding_window_free(fp_sliding_window *window) { fp_memory_free(window); }

static uint64_t pack(counts of) { return of.number << 2 * COUNT_BITS | of.before << COUNT_BITS | of.current; }

/* The state as it is at `now`: older windows have passed. */
static counts at(const fp_sliding_window *window, uint64_t state, int64_t now) {
  const uint64_t time = now > window->start ? (uint64_t)now - (uint64_t)window->start : 0;
  const uint64_t number = time / window->window & NUMBER_MASK;
  counts found = {state >> 2 * COUNT_BITS, state >> COUNT_BITS & COUNT_MASK, state & COUNT_MASK, 1.0};
  const uint64_t passed = (number - found.number) & NUMBER_MASK;
  if (passed > NUMBER_MASK - BACK) return found; /* the clock went back: the window has just begun */
  if (passed > 0) found = (counts){number, passed == 1 ? found.current : 0, 0, 0.0};
  found.covered = 1.0 - (double)(time % window->window) / (double)window->window;
  return found;
}

fp_status fp_sliding_window_take(fp_sliding_window *window, uint32_t count, int64_t now) {
  uint64_t state = atomic_load_explicit(&window->state, memory_order_relaxed);
  counts next;
  do {
    next = at(window, state, now);
    if (count > window->limit || (double)next.before * next.covered + (double)next.current + count > window->limit)
      return FASTPATH_NONE;
    next.current += count;
  } while (!atomic_compare_exchange_weak_explicit(&window->state, &state, pack(next), memory_order_relaxed,
                                                  memory_order_relaxed));
  return FASTPATH_OK;
}

uint32_t fp_sliding_window_count(const fp_sliding_window *window, int64_t now) {
  const counts found = at(window, atomic_load_explicit(&window->state, memory_order_relaxed), now);
  const double before = (double)found.before * found.covered;
  const uint32_t whole = (uint32_t)before;
  return (uint32_t)found.current + whole + (before > (double)whole ? 1 : 0);
}
