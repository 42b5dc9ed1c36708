#include "picker_view.h"

#include <string.h>

#include "memory.h"

/* How often a strict pick asks the policy before it draws among the hosts that are left. */
#define STRICT_ATTEMPTS 16u

void fp_picker_view_init(fp_picker_view *view, uint64_t seed, uint64_t *random) {
  *view = (fp_picker_view){.seed = seed, .random = random};
}

/* The cursors belong to the group they were made for; the counters stay. */
static void forget_cursors(fp_picker_priority *priority) {
  if (priority->hosts == NULL) return;
  for (int source = 0; source < FP_HOST_SOURCES; source++) {
    fp_lb_state *state = &priority->states[source];
    if (state->cursor != NULL) priority->hosts->policy->cursor_free(state->cursor);
    state->cursor = NULL;
    state->ready = 0;
  }
  for (int source = 0; source < FP_LOCALITY_SOURCES; source++) {
    fp_locality_turns_free(priority->turns[source], priority->hosts->policy);
    priority->turns[source] = NULL;
  }
  fp_priority_hosts_unref(priority->hosts);
  priority->hosts = NULL;
}

void fp_picker_view_clear(fp_picker_view *view) {
  for (uint32_t i = 0; i < view->priority_count; i++) forget_cursors(&view->priorities[i]);
  fp_memory_free(view->priorities);
}

static fp_status grow(fp_picker_view *view, uint32_t count) {
  fp_picker_priority *grown = fp_memory_resize(view->priorities, count * sizeof *grown);
  if (grown == NULL) return FASTPATH_ERR_MEMORY;
  view->priorities = grown;
  for (uint32_t i = view->priority_count; i < count; i++) {
    memset(&grown[i], 0, sizeof grown[i]);
    for (int source = 0; source < FP_HOST_SOURCES; source++) {
      grown[i].states[source].counter = view->seed;
      grown[i].states[source].random = view->random;
    }
  }
  view->priority_count = count;
  return FASTPATH_OK;
}

static fp_picker_choice choice_of(const fp_picker_view *view, const fp_host_set *set, uint32_t priority,
                                  fp_host_source source) {
  /* Policies that go by a hash never use degraded hosts. */
  if (set->policy->number == FASTPATH_LB_REQUEST_HASH && source == FP_HOST_SOURCE_DEGRADED)
    source = FP_HOST_SOURCE_HEALTHY;
  return (fp_picker_choice){&set->priorities[priority]->groups[source], &view->priorities[priority].states[source],
                            set->offsets[priority]};
}

static const fp_localities *localities_of(const fp_host_set *set, uint32_t priority, fp_host_source source) {
  const fp_localities *localities;
  if (source >= FP_LOCALITY_SOURCES) return NULL;
  localities = &set->priorities[priority]->localities[source];
  return localities->count > 0 ? localities : NULL;
}

static fp_picker_choice choice_in_locality(const fp_picker_view *view, const fp_host_set *set, uint32_t priority,
                                           fp_host_source source, uint32_t locality) {
  return (fp_picker_choice){&set->priorities[priority]->localities[source].groups[locality],
                            fp_locality_turns_state(view->priorities[priority].turns[source], locality),
                            set->offsets[priority]};
}

/* Makes the states agree with a new host set; those of priorities that did not change go on. */
fp_status fp_picker_view_adopt(fp_picker_view *view, fp_host_set *set) {
  view->set = NULL;
  if (set->priority_count > view->priority_count) {
    const fp_status status = grow(view, set->priority_count);
    if (status < 0) return status;
  }
  for (uint32_t i = 0; i < view->priority_count; i++) {
    fp_picker_priority *priority = &view->priorities[i];
    fp_priority_hosts *hosts = i < set->priority_count ? set->priorities[i] : NULL;
    if (priority->hosts == hosts) continue;
    forget_cursors(priority);
    if (hosts != NULL) priority->hosts = fp_priority_hosts_ref(hosts);
  }
  view->policy = set->policy;
  view->sole = (fp_picker_choice){NULL, NULL, 0};
  if (set->sole_priority < set->priority_count && localities_of(set, set->sole_priority, set->sole_source) == NULL)
    view->sole = choice_of(view, set, set->sole_priority, set->sole_source);
  view->set = set;
  return FASTPATH_OK;
}

static fp_status prepare(const fp_picker_view *view, const fp_picker_choice *at) {
  if (view->policy->cursor_new != NULL && at->group->count >= 2) {
    const fp_status status = view->policy->cursor_new(at->group, view->seed, &at->state->cursor);
    if (status < 0) return status;
  }
  at->state->offset = (uint32_t)(at->state->counter % at->group->count);
  at->state->ready = 1;
  return FASTPATH_OK;
}

/* The turns of a priority's localities, which are not NULL. */
static fp_status prepare_turns(fp_picker_view *view, uint32_t priority, fp_host_source source) {
  fp_picker_priority *at = &view->priorities[priority];
  if (at->turns[source] == NULL)
    at->turns[source] = fp_locality_turns_new(localities_of(view->set, priority, source), view->seed, view->random);
  return at->turns[source] == NULL ? FASTPATH_ERR_MEMORY : FASTPATH_OK;
}

/* A priority's hosts, or those of the locality whose turn it is. */
static fp_status choose_group(fp_picker_view *view, uint32_t priority, fp_host_source source, fp_picker_choice *at) {
  fp_status status;
  if (localities_of(view->set, priority, source) == NULL) {
    *at = choice_of(view, view->set, priority, source);
    return FASTPATH_OK;
  }
  status = prepare_turns(view, priority, source);
  if (status < 0) return status;
  *at = choice_in_locality(view, view->set, priority, source,
                           fp_locality_turns_next(view->priorities[priority].turns[source]));
  return FASTPATH_OK;
}

/* The group that the ticket, 1 to 100, falls to: healthy load by priority, then degraded load. */
static fp_status choose_by_load(fp_picker_view *view, uint32_t ticket, fp_picker_choice *at) {
  const fp_host_set *set = view->set;
  uint32_t reached = 0;
  for (int source = FP_HOST_SOURCE_HEALTHY; source <= FP_HOST_SOURCE_DEGRADED; source++) {
    for (uint32_t i = 0; i < set->priority_count; i++) {
      const fp_priority_load *load = &set->loads[i];
      reached += source == FP_HOST_SOURCE_HEALTHY ? load->healthy_load : load->degraded_load;
      if (ticket <= reached)
        return choose_group(view, i, load->panic ? FP_HOST_SOURCE_ALL : (fp_host_source)source, at);
    }
  }
  *at = choice_of(view, set, 0, FP_HOST_SOURCE_HEALTHY);
  return FASTPATH_OK;
}

/* One choice by the policy: its place in at->group. NONE when the group is empty. */
static inline fp_status pick_once(fp_picker_view *view, const fp_lb_request *request, fp_picker_choice *at,
                                  uint32_t *place) {
  *at = view->sole;
  if (at->group == NULL) {
    const int has_number = view->policy->number != FASTPATH_LB_NO_NUMBER;
    const uint64_t number = has_number ? request->number : fp_lb_random(view->random);
    const fp_status status = choose_by_load(view, (uint32_t)(number % 100 + 1), at);
    if (status < 0) return status;
  }
  if (at->group->count == 0) return FASTPATH_NONE;
  if (!at->state->ready) {
    const fp_status status = prepare(view, at);
    if (status < 0) return status;
  }
  *place = view->policy->pick(at->group, at->state, request);
  if (*place < at->group->count) return FASTPATH_OK;
  return *place == FASTPATH_LB_NO_HOST ? FASTPATH_NONE : FASTPATH_ERR_STATE;
}

static uint64_t number_of(fp_picker_view *view, const fp_pick_options *options) {
  switch (view->policy->number) {
    case FASTPATH_LB_NO_NUMBER: return 0;
    case FASTPATH_LB_RANDOM_NUMBER: break;
    case FASTPATH_LB_REQUEST_HASH:
      if (options != NULL && options->has_hash) return options->hash;
      break;
  }
  return fp_lb_random(view->random);
}

static int is_excluded(const fp_pick_options *options, const fp_host *host) {
  for (size_t i = 0; i < options->excluded_count; i++)
    if (options->excluded[i] == host) return 1;
  return 0;
}

/* One of the group's hosts that are not excluded, by weight, as the random number says; 0 when there is none. */
static int draw_allowed(const fp_host_group *group, const fp_pick_options *options, uint64_t random, uint32_t *place) {
  uint64_t sum = 0;
  for (uint32_t i = 0; i < group->count; i++)
    if (!is_excluded(options, group->hosts[i])) sum += group->weights[i];
  if (sum == 0) return 0;
  random %= sum;
  for (uint32_t i = 0;; i++) {
    if (is_excluded(options, group->hosts[i])) continue;
    *place = i;
    if (random < group->weights[i]) return 1;
    random -= group->weights[i];
  }
}

/* One of a priority's hosts that are not excluded, whichever locality's turn it is. */
static fp_status draw_in_priority(fp_picker_view *view, uint32_t priority, fp_host_source source,
                                  const fp_pick_options *options, uint64_t random, fp_picker_choice *at,
                                  uint32_t *place) {
  const fp_localities *localities = localities_of(view->set, priority, source);
  fp_status status;
  if (localities == NULL) {
    *at = choice_of(view, view->set, priority, source);
    return draw_allowed(at->group, options, random, place) ? FASTPATH_OK : FASTPATH_NONE;
  }
  status = prepare_turns(view, priority, source);
  if (status < 0) return status;
  for (uint32_t i = 0; i < localities->count; i++) {
    *at = choice_in_locality(view, view->set, priority, source, i);
    if (draw_allowed(at->group, options, random, place)) return FASTPATH_OK;
  }
  return FASTPATH_NONE;
}

/* Any host that is in use and not excluded: the chosen group first, then by priority, healthy before degraded. */
static fp_status search(fp_picker_view *view, const fp_pick_options *options, const fp_lb_request *request,
                        fp_picker_choice *at, uint32_t *place) {
  const fp_host_set *set = view->set;
  const int has_hash = view->policy->number == FASTPATH_LB_REQUEST_HASH;
  const uint64_t random = has_hash ? request->number : fp_lb_random(view->random);
  if (draw_allowed(at->group, options, random, place)) return FASTPATH_OK;
  for (int source = FP_HOST_SOURCE_HEALTHY; source <= FP_HOST_SOURCE_DEGRADED; source++) {
    for (uint32_t i = 0; i < set->priority_count; i++) {
      const fp_host_source used = set->loads[i].panic ? FP_HOST_SOURCE_ALL : (fp_host_source)source;
      const fp_status status = draw_in_priority(view, i, used, options, random, at, place);
      if (status != FASTPATH_NONE) return status;
    }
  }
  return FASTPATH_NONE;
}

static fp_status pick_allowed(fp_picker_view *view, const fp_pick_options *options, fp_lb_request *request,
                              fp_picker_choice *at, uint32_t *place) {
  const int strict = options->max_attempts == FASTPATH_PICK_STRICT;
  const uint32_t attempts = strict ? STRICT_ATTEMPTS : options->max_attempts;
  for (;; request->attempt++) {
    const fp_status status = pick_once(view, request, at, place);
    if (status != FASTPATH_OK) return status;
    if (!is_excluded(options, at->group->hosts[*place])) return FASTPATH_OK;
    if (view->policy->number == FASTPATH_LB_RANDOM_NUMBER) request->number = fp_lb_random(view->random);
    if (request->attempt == attempts) return strict ? search(view, options, request, at, place) : FASTPATH_OK;
  }
}

fp_status fp_picker_view_pick(fp_picker_view *view, const fp_pick_options *options, fp_host **host, uint32_t *index) {
  fp_lb_request request = {number_of(view, options), 0};
  fp_picker_choice at;
  uint32_t place;
  const fp_status status = options == NULL || options->excluded_count == 0
                               ? pick_once(view, &request, &at, &place)
                               : pick_allowed(view, options, &request, &at, &place);
  if (status != FASTPATH_OK) return status;
  *host = at.group->hosts[place];
  *index = at.offset + at.group->positions[place];
  return FASTPATH_OK;
}
