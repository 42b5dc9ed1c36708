/*
 * lb_rendezvous.c - the host that scores highest for the request (highest random weight): no table to speak of, and a
 * host that comes or goes moves only its own share of requests, weights included.
 *
 * A score is weight / -ln(x), where x is a hash of request and host between 0 and 1. The logarithm is an approximation
 * in basic arithmetic, so that every machine has the same scores; hash, approximation and retries are those of the
 * policy rendezvous_hash that is to come with an Envoy after 1.39.
 */
#include <fastpath/cluster.h>
#include <fastpath/hash.h>
#include <string.h>

#include "lb_policies.h"
#include "memory.h"

typedef struct contender {
  uint64_t hash;
  double weight; /* share of the sum */
} contender;

static fp_status rendezvous_table_new(const fp_host_group *group, void **table, fp_error *error) {
  contender *made = fp_memory_alloc(group->count * sizeof *made);
  uint64_t sum = 0;
  (void)error;
  if (made == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = 0; i < group->count; i++) sum += group->weights[i];
  for (uint32_t i = 0; i < group->count; i++) {
    const fp_span key = fp_host_hash_key(group->hosts[i]);
    made[i] = (contender){fp_hash_xxh64(key.data, key.len, 0), fp_lb_share(group, i, sum)};
  }
  *table = made;
  return FASTPATH_OK;
}

static void rendezvous_table_free(void *table) { fp_memory_free(table); }

/* 53 bits of a hash of both (xorshift*). */
static uint64_t mix(uint64_t request, uint64_t host) {
  uint64_t value = request ^ host;
  value ^= value >> 12;
  value ^= value << 25;
  value ^= value >> 27;
  return value * 2685821657736338717u & ((UINT64_C(1) << 53) - 1);
}

/* ln(bits / 2^53): the exponent, and a rational function of a mantissa between 3/4 and 3/2. */
static double logarithm(uint64_t bits) {
  const double x = (double)bits * (1.0 / 9007199254740992.0);
  double mantissa, t;
  uint64_t word, exponent;
  memcpy(&word, &x, sizeof word);
  exponent = 1023u ^ (word >> 51 & 1);
  word = (exponent << 52) | (word & ((UINT64_C(1) << 52) - 1));
  memcpy(&mantissa, &word, sizeof mantissa);
  memcpy(&word, &x, sizeof word);
  t = mantissa - 1.0;
  return (((double)(word >> 52 & 0x7ff) - (double)exponent) + t * (0.338953 * t + 2.198599) / (t + 1.523692)) *
         0.6931471805599453;
}

static uint32_t rendezvous_pick(const fp_host_group *group, fp_lb_state *state, const fp_lb_request *request) {
  const contender *contenders = group->table;
  const uint64_t hash = request->attempt == 0 ? request->number : request->number ^ (0 - (uint64_t)request->attempt);
  uint32_t best = 0;
  double highest;
  (void)state;
  if (contenders == NULL) return 0;
  highest = -contenders[0].weight / logarithm(mix(hash, contenders[0].hash));
  for (uint32_t i = 1; i < group->count; i++) {
    const double score = -contenders[i].weight / logarithm(mix(hash, contenders[i].hash));
    if (score <= highest) continue;
    best = i;
    highest = score;
  }
  return best;
}

const fp_lb_policy fp_lb_rendezvous = {
    .name = "RENDEZVOUS",
    .number = FASTPATH_LB_REQUEST_HASH,
    .table_new = rendezvous_table_new,
    .table_free = rendezvous_table_free,
    .pick = rendezvous_pick,
};
