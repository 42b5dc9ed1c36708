#include "locality_turns.h"

#include "edf.h"
#include "memory.h"
#include "tournament.h"

struct fp_locality_turns {
  const fp_localities *localities;
  uint64_t next_order;
  fp_tournament due;
};

uint32_t fp_locality_turns_next(fp_locality_turns *turns) {
  const uint32_t turn = turns->due.winner;
  const double now = fp_tournament_deadline(turns->due.deadlines[turn]);
  fp_tournament_replay(&turns->due, fp_tournament_bits(now + 1.0 / turns->localities->weights[turn]),
                       turns->next_order++);
  return turns->localities->turns[turn];
}

/* As fp_edf_new. */
static void start(fp_locality_turns *turns, uint32_t picks) {
  const fp_localities *localities = turns->localities;
  double sum = 0.0;
  uint32_t done = 0;
  for (uint32_t i = 0; i < localities->turn_count; i++) sum += localities->weights[i] + FP_EDF_WEIGHT_NUDGE;
  for (uint32_t i = 0; i < localities->turn_count; i++) {
    const double weight = localities->weights[i] + FP_EDF_WEIGHT_NUDGE;
    const uint32_t share = fp_edf_share(weight, picks, sum);
    turns->due.deadlines[i] = fp_tournament_bits((share + 1) / weight);
    turns->due.orders[i] = i;
    done += share;
  }
  turns->next_order = localities->turn_count;
  fp_tournament_start(&turns->due);
  for (; done < picks; done++) (void)fp_locality_turns_next(turns);
}

fp_locality_turns *fp_locality_turns_new(const fp_localities *localities, uint64_t seed) {
  fp_locality_turns *turns = fp_memory_alloc(sizeof *turns + fp_tournament_size(localities->turn_count));
  if (turns == NULL) return NULL;
  turns->localities = localities;
  fp_tournament_init(&turns->due, localities->turn_count, turns + 1);
  start(turns, (uint32_t)seed % FP_EDF_MAX_PICKS_AHEAD);
  return turns;
}

void fp_locality_turns_free(fp_locality_turns *turns) { fp_memory_free(turns); }
