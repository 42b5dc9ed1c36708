/*
 * tournament.h - who is due first: a tournament of losers over entries with a deadline and an order.
 *
 *   winner          c              Entries are leaves. Each match keeps its loser, and its winner plays on. When the
 *                 b   \            overall winner gets a new deadline, it plays its way up again against the losers
 *               /  \   e           that are there: a walk of fixed length, whose loads do not wait for its comparisons
 *   leaves     a    b c d e ...    and which nothing needs to predict.
 *
 * Deadlines are positive doubles, kept as bits, which compare as they do. Equal deadlines: the lower order is first.
 */
#ifndef FASTPATH_INTERNAL_TOURNAMENT_H
#define FASTPATH_INTERNAL_TOURNAMENT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define FP_TOURNAMENT_NOBODY UINT32_MAX

/* One owner; lives in memory that the owner gives. */
typedef struct fp_tournament {
  uint64_t *deadlines; /* by entry, [0 .. leaves - 1] */
  uint64_t *orders;
  uint32_t *losers; /* [1 .. leaves - 1]: entries; the children of match n are 2n and 2n + 1 */
  uint32_t winner;
  uint32_t leaves; /* a power of two, at least the number of entries; entry i enters at leaves + i */
} fp_tournament;

static inline uint32_t fp_tournament_leaves(uint32_t count) {
  uint32_t leaves = 1;
  while (leaves < count) leaves *= 2;
  return leaves;
}

/* Bytes, a multiple of 4, that a tournament of `count` entries needs, at most 2^31. */
static inline size_t fp_tournament_size(uint32_t count) {
  return fp_tournament_leaves(count) * (2 * sizeof(uint64_t) + sizeof(uint32_t));
}

/* Entries that are not set never win. memory is aligned for uint64_t. */
static inline void fp_tournament_init(fp_tournament *self, uint32_t count, void *memory) {
  self->leaves = fp_tournament_leaves(count);
  self->winner = 0;
  self->deadlines = memory;
  self->orders = self->deadlines + self->leaves;
  self->losers = (uint32_t *)(self->orders + self->leaves);
  memset(self->deadlines, 0xff, 2 * self->leaves * sizeof *self->deadlines);
}

static inline double fp_tournament_deadline(uint64_t bits) {
  double value;
  memcpy(&value, &bits, sizeof value);
  return value;
}

static inline uint64_t fp_tournament_bits(double deadline) {
  uint64_t bits;
  memcpy(&bits, &deadline, sizeof bits);
  return bits;
}

static inline int fp_tournament_before(uint64_t deadline, uint64_t order, uint64_t other_deadline,
                                       uint64_t other_order) {
#if defined(__SIZEOF_INT128__) /* without a branch: which one is first cannot be predicted */
  return ((unsigned __int128)deadline << 64 | order) < ((unsigned __int128)other_deadline << 64 | other_order);
#else
  return deadline < other_deadline || (deadline == other_deadline && order < other_order);
#endif
}

/* Gives the winner a new deadline and order, and lets it play its way up from its leaf. */
static inline void fp_tournament_replay(fp_tournament *self, uint64_t deadline, uint64_t order) {
  uint32_t winner = self->winner;
  self->deadlines[winner] = deadline;
  self->orders[winner] = order;
  for (uint32_t at = (self->leaves + winner) / 2; at > 0; at /= 2) {
    const uint32_t other = self->losers[at];
    const uint64_t other_deadline = self->deadlines[other], other_order = self->orders[other];
    const uint64_t lost = (uint64_t)0 - (uint64_t)fp_tournament_before(other_deadline, other_order, deadline, order);
    const uint32_t swapped = (winner ^ other) & (uint32_t)lost; /* lost: all ones, or 0 */
    self->losers[at] = other ^ swapped;
    winner ^= swapped;
    deadline ^= (deadline ^ other_deadline) & lost;
    order ^= (order ^ other_order) & lost;
  }
  self->winner = winner;
}

/* Plays all matches, once every entry has its deadline and order: an entry waits at the first match that has nobody
   yet, or plays on; the last one to enter leaves a winner. */
static inline void fp_tournament_start(fp_tournament *self) {
  memset(self->losers, 0xff, self->leaves * sizeof *self->losers);
  for (uint32_t i = 0; i < self->leaves; i++) {
    uint32_t winner = i, at = (self->leaves + i) / 2;
    for (; at > 0 && self->losers[at] != FP_TOURNAMENT_NOBODY; at /= 2) {
      const uint32_t other = self->losers[at];
      if (!fp_tournament_before(self->deadlines[other], self->orders[other], self->deadlines[winner],
                                self->orders[winner]))
        continue;
      self->losers[at] = winner;
      winner = other;
    }
    if (at > 0) self->losers[at] = winner;
    self->winner = winner;
  }
}

#endif
