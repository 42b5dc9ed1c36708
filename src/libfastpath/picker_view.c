#include "picker_view.h"

#include <string.h>

#include "bits.h"
#include "memory.h"
#include "retry_priority.h"

/* How often a strict pick asks the policy before it draws among the hosts that are left. */
#define STRICT_ATTEMPTS 16u

void fp_picker_view_init(fp_picker_view *view, uint64_t seed, uint64_t *random, fp_snapshot_reader *callers) {
  *view = (fp_picker_view){.seed = seed, .random = random, .callers = callers};
}

static void forget_cursor(fp_lb_state *state, const fp_lb_policy *policy) {
  if (state->cursor != NULL) policy->cursor_free(state->cursor);
  state->cursor = NULL;
  state->ready = 0;
}

/* The cursors belong to the group they were made for; the counters stay. */
static void forget_cursors(fp_picker_priority *priority) {
  const fp_lb_policy *policy = priority->hosts == NULL ? NULL : priority->hosts->policy;
  if (policy == NULL) return;
  for (int source = 0; source < FP_HOST_SOURCES; source++) forget_cursor(&priority->states[source], policy);
  for (int source = 0; source < FP_LOCALITY_SOURCES; source++) {
    for (uint32_t i = 0; i < priority->locality_counts[source]; i++)
      forget_cursor(&priority->locality_states[source][i], policy);
    fp_locality_turns_free(priority->turns[source]);
    priority->turns[source] = NULL;
  }
  fp_priority_hosts_unref(priority->hosts);
  priority->hosts = NULL;
}

void fp_picker_view_clear(fp_picker_view *view) {
  for (uint32_t i = 0; i < view->priority_count; i++) {
    forget_cursors(&view->priorities[i]);
    for (int source = 0; source < FP_LOCALITY_SOURCES; source++)
      fp_memory_free(view->priorities[i].locality_states[source]);
  }
  fp_memory_free(view->priorities);
  fp_zone_routes_clear(&view->routes);
  fp_host_set_unref(view->routed);
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

/* Those that take turns; NULL when none do. */
static const fp_localities *turns_of(const fp_host_set *set, uint32_t priority, fp_host_source source) {
  const fp_localities *localities;
  if (source >= FP_LOCALITY_SOURCES) return NULL;
  localities = &set->priorities[priority]->localities[source];
  return localities->turn_count > 0 ? localities : NULL;
}

/* Whether it may be that the pick's zone chooses a locality. */
static int is_routed(const fp_host_set *set, uint32_t priority, fp_host_source source) {
  return source < FP_LOCALITY_SOURCES && set->priorities[priority]->by_zone;
}

/* There is a state for each locality of a priority before one is chosen. */
static fp_status grow_localities(fp_picker_view *view, uint32_t priority, fp_host_source source) {
  fp_picker_priority *at = &view->priorities[priority];
  const uint32_t count = view->set->priorities[priority]->localities[source].count;
  fp_lb_state *grown;
  if (count <= at->locality_counts[source]) return FASTPATH_OK;
  grown = fp_memory_resize(at->locality_states[source], count * sizeof *grown);
  if (grown == NULL) return FASTPATH_ERR_MEMORY;
  for (uint32_t i = at->locality_counts[source]; i < count; i++)
    grown[i] = (fp_lb_state){.counter = view->seed, .random = view->random};
  at->locality_states[source] = grown;
  at->locality_counts[source] = count;
  return FASTPATH_OK;
}

static fp_picker_choice choice_in_locality(const fp_picker_view *view, uint32_t priority, fp_host_source source,
                                           uint32_t locality) {
  return (fp_picker_choice){&view->set->priorities[priority]->localities[source].groups[locality],
                            &view->priorities[priority].locality_states[source][locality],
                            view->set->offsets[priority]};
}

static void forget_routes(fp_picker_view *view) {
  fp_zone_routes_clear(&view->routes);
  fp_host_set_unref(view->routed);
  view->routed = NULL;
}

/* Makes the states agree with a new host set; those of priorities that did not change go on. */
fp_status fp_picker_view_adopt(fp_picker_view *view, fp_host_set *set) {
  view->set = NULL;
  forget_routes(view);
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
  if (set->sole_priority < set->priority_count && turns_of(set, set->sole_priority, set->sole_source) == NULL &&
      !is_routed(set, set->sole_priority, set->sole_source))
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
    at->turns[source] = fp_locality_turns_new(turns_of(view->set, priority, source), view->seed);
  return at->turns[source] == NULL ? FASTPATH_ERR_MEMORY : grow_localities(view, priority, source);
}

/* Makes the routes agree with the callers' current hosts. */
static fp_status prepare_routes(fp_picker_view *view) {
  fp_host_set *callers = fp_snapshot_read(view->callers);
  fp_status status;
  if (view->routed == callers) return FASTPATH_OK;
  forget_routes(view);
  status = fp_zone_routes_init(&view->routes, view->set, callers);
  if (status >= 0) view->routed = fp_host_set_ref(callers);
  return status;
}

/* Of a priority that zone routing is for: where it sends the pick. */
static fp_status choose_by_zone(fp_picker_view *view, uint32_t priority, fp_host_source source, fp_picker_choice *at) {
  uint32_t locality = 0;
  fp_status status = prepare_routes(view);
  fp_zone_route route;
  if (status < 0) return status;
  route = fp_zone_routes_next(&view->routes, view->random, &locality);
  *at = choice_of(view, view->set, priority, source);
  if (route == FP_ZONE_ANYWHERE) return FASTPATH_OK;
  if (route == FP_ZONE_NOWHERE) return FASTPATH_NONE;
  status = grow_localities(view, priority, source);
  if (status >= 0) *at = choice_in_locality(view, priority, source, locality);
  return status;
}

/* A priority's hosts, or those of one locality: whose turn it is, or where zone routing goes. */
static fp_status choose_group(fp_picker_view *view, uint32_t priority, fp_host_source source, fp_picker_choice *at) {
  fp_status status;
  if (turns_of(view->set, priority, source) == NULL) {
    if (is_routed(view->set, priority, source)) return choose_by_zone(view, priority, source, at);
    *at = choice_of(view, view->set, priority, source);
    return FASTPATH_OK;
  }
  status = prepare_turns(view, priority, source);
  if (status >= 0)
    *at = choice_in_locality(view, priority, source, fp_locality_turns_next(view->priorities[priority].turns[source]));
  return status;
}

/* Which of a priority's hosts are used, of those that the load is for. */
static fp_host_source source_in_use(const fp_host_set *set, uint32_t priority, fp_host_source source) {
  return set->loads[priority].panic ? FP_HOST_SOURCE_ALL : source;
}

static int gives_none(const fp_host_set *set, uint32_t priority) {
  return set->fail_on_panic && set->loads[priority].panic;
}

static uint32_t load_of(const fp_host_set *set, const fp_retry_priority *retry, uint32_t priority,
                        fp_host_source source) {
  const fp_priority_load *load = &set->loads[priority];
  if (retry != NULL)
    return source == FP_HOST_SOURCE_HEALTHY ? retry->healthy_load[priority] : retry->degraded_load[priority];
  return source == FP_HOST_SOURCE_HEALTHY ? load->healthy_load : load->degraded_load;
}

/* The group that the ticket, 1 to 100, falls to: healthy load by priority, then degraded load. */
static fp_status choose_by_load(fp_picker_view *view, const fp_retry_priority *retry, uint32_t ticket,
                                fp_picker_choice *at) {
  const fp_host_set *set = view->set;
  uint32_t reached = 0;
  for (int source = FP_HOST_SOURCE_HEALTHY; source <= FP_HOST_SOURCE_DEGRADED; source++) {
    for (uint32_t i = 0; i < set->priority_count; i++) {
      reached += load_of(set, retry, i, (fp_host_source)source);
      if (ticket > reached) continue;
      *at = choice_of(view, set, i, (fp_host_source)source);
      if (gives_none(set, i)) return FASTPATH_NONE;
      return choose_group(view, i, source_in_use(set, i, (fp_host_source)source), at);
    }
  }
  *at = choice_of(view, set, 0, FP_HOST_SOURCE_HEALTHY);
  return FASTPATH_OK;
}

/* By whose loads a retry goes; NULL: by the set's. */
static const fp_retry_priority *retry_of(const fp_picker_view *view, const fp_pick_options *options) {
  if (options == NULL || options->retry_priority == NULL || view->policy->number == FASTPATH_LB_REQUEST_HASH)
    return NULL;
  return fp_retry_priority_update(options->retry_priority, view->set) ? options->retry_priority : NULL;
}

/* One choice by the policy: its place in at->group. NONE when the group is empty. */
static inline fp_status pick_once(fp_picker_view *view, const fp_pick_options *options, const fp_lb_request *request,
                                  fp_picker_choice *at, uint32_t *place) {
  const fp_retry_priority *retry = retry_of(view, options);
  *at = retry == NULL ? view->sole : (fp_picker_choice){NULL, NULL, 0};
  if (at->group == NULL) {
    const int has_number = view->policy->number != FASTPATH_LB_NO_NUMBER;
    const uint64_t number = has_number ? request->number : fp_lb_random(view->random);
    const fp_status status = choose_by_load(view, retry, (uint32_t)(number % 100 + 1), at);
    if (status != FASTPATH_OK) return status;
  }
  if (at->group->count == 0) return FASTPATH_NONE;
  if (!at->state->ready) {
    const fp_status status = prepare(view, at);
    if (status < 0) return status;
  }
  *place = view->policy->pick(at->group, at->state, request);
  return *place < at->group->count ? FASTPATH_OK : fp_picker_status_without(*place);
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
  const fp_localities *localities = turns_of(view->set, priority, source);
  fp_status status;
  if (gives_none(view->set, priority)) return FASTPATH_NONE;
  if (localities == NULL) {
    *at = choice_of(view, view->set, priority, source);
    return draw_allowed(at->group, options, random, place) ? FASTPATH_OK : FASTPATH_NONE;
  }
  status = prepare_turns(view, priority, source);
  if (status < 0) return status;
  for (uint32_t i = 0; i < localities->turn_count; i++) {
    *at = choice_in_locality(view, priority, source, localities->turns[i]);
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
      const fp_host_source used = source_in_use(set, i, (fp_host_source)source);
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
    const fp_status status = pick_once(view, options, request, at, place);
    if (status != FASTPATH_OK) return status;
    if (!is_excluded(options, at->group->hosts[*place])) return FASTPATH_OK;
    if (view->policy->number == FASTPATH_LB_RANDOM_NUMBER) request->number = fp_lb_random(view->random);
    if (request->attempt == attempts) return strict ? search(view, options, request, at, place) : FASTPATH_OK;
  }
}

fp_status fp_picker_view_pick_anywhere(fp_picker_view *view, const fp_pick_options *options, fp_host **host,
                                       uint32_t *index) {
  fp_lb_request request = {fp_picker_view_number(view, options), 0};
  fp_picker_choice at;
  uint32_t place;
  const fp_status status = options == NULL || options->excluded_count == 0
                               ? pick_once(view, options, &request, &at, &place)
                               : pick_allowed(view, options, &request, &at, &place);
  if (status != FASTPATH_OK) return status;
  *host = at.group->hosts[place];
  *index = fp_picker_index_of(&at, place);
  return FASTPATH_OK;
}

static fp_status pick_one_by_one(fp_picker_view *view, const uint64_t *hashes, size_t count, uint32_t *indices) {
  fp_status status = FASTPATH_OK;
  fp_host *host;
  for (size_t i = 0; status == FASTPATH_OK && i < count; i++) {
    const fp_pick_options options = {.has_hash = hashes != NULL, .hash = hashes != NULL ? hashes[i] : 0};
    status = fp_picker_view_pick(view, &options, &host, &indices[i]);
  }
  return status;
}

fp_status fp_picker_view_pick_many(fp_picker_view *view, const uint64_t *hashes, size_t count, uint32_t *indices) {
  const fp_host_group *group = view->sole.group;
  fp_status status;
  if (count == 0 || hashes == NULL || view->policy->pick_many == NULL ||
      view->policy->number != FASTPATH_LB_REQUEST_HASH)
    return pick_one_by_one(view, hashes, count, indices);
  status = pick_one_by_one(view, hashes, 1, indices); /* makes what the others need */
  if (status != FASTPATH_OK) return status;
  if (!fp_picker_view_has_one_group(view)) return pick_one_by_one(view, hashes + 1, count - 1, indices + 1);
  view->policy->pick_many(group, view->sole.state, hashes + 1, count - 1, indices + 1);
  for (size_t i = 1; i < count; i++) {
    if (indices[i] >= group->count) return fp_picker_status_without(indices[i]);
    indices[i] = fp_picker_index_of(&view->sole, indices[i]);
  }
  return FASTPATH_OK;
}
