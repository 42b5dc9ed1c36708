#include "locality_turns.h"

#include "edf.h"
#include "memory.h"
#include "tournament.h"

struct fp_locality_turns {
  const fp_localities *localities;
  uint64_t next_order;
  fp_tournament due;
  fp_lb_state states[];
};

uint32_t fp_locality_turns_next(fp_locality_turns *turns) {
  const uint32_t locality = turns->due.winner;
  const double now = fp_tournament_deadline(turns->due.deadlines[locality]);
  fp_tournament_replay(&turns->due, fp_tournament_bits(now + 1.0 / turns->localities->weights[locality]),
                       turns->next_order++);
  return locality;
}

/* As fp_edf_new. */
static void start(fp_locality_turns *turns, uint32_t picks) {
  const fp_localities *localities = turns->localities;
  double sum = 0.0;
  uint32_t done = 0;
  for (uint32_t i = 0; i < localities->count; i++) sum += localities->weights[i] + FP_EDF_WEIGHT_NUDGE;
  for (uint32_t i = 0; i < localities->count; i++) {
    const double weight = localities->weights[i] + FP_EDF_WEIGHT_NUDGE;
    const uint32_t share = fp_edf_share(weight, picks, sum);
    turns->due.deadlines[i] = fp_tournament_bits((share + 1) / weight);
    turns->due.orders[i] = i;
    done += share;
  }
  turns->next_order = localities->count;
  fp_tournament_start(&turns->due);
  for (; done < picks; done++) (void)fp_locality_turns_next(turns);
}

fp_locality_turns *fp_locality_turns_new(const fp_localities *localities, uint64_t seed, uint64_t *random) {
  const size_t states = localities->count * sizeof(fp_lb_state);
  fp_locality_turns *turns = fp_memory_alloc(sizeof *turns + states + fp_tournament_size(localities->count));
  if (turns == NULL) return NULL;
  turns->localities = localities;
  for (uint32_t i = 0; i < localities->count; i++) turns->states[i] = (fp_lb_state){.counter = seed, .random = random};
  fp_tournament_init(&turns->due, localities->count, turns->states + localities->count);
  start(turns, (uint32_t)seed % FP_EDF_MAX_PICKS_AHEAD);
  return turns;
}

void fp_locality_turns_free(fp_locality_turns *turns, const fp_lb_policy *policy) {
  if (turns == NULL) return;
  for (uint32_t i = 0; i < turns->localities->count; i++)
    if (turns->states[i].cursor != NULL) policy->cursor_free(turns->states[i].cursor);
  fp_memory_free(turns);
}

fp_lb_state *fp_locality_turns_state(fp_locality_turns *turns, uint32_t locality) { return &turns->states[locality]; }
