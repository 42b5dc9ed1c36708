/* picker.c - one worker's choices: which priority, which hosts of it, which host. */
#include <string.h>

#include "cluster.h"
#include "host_set.h"
#include "memory.h"

/* How often a strict pick asks the policy before it draws among the hosts that are left. */
#define STRICT_ATTEMPTS 16u

typedef struct picker_priority {
  fp_priority_hosts *hosts; /* referenced: what the states belong to; NULL before the first host set */
  fp_lb_state states[FP_HOST_SOURCES];
} picker_priority;

/* Where a pick looks: some hosts of one priority. */
typedef struct choice {
  const fp_host_group *group; /* NULL: none */
  fp_lb_state *state;
  uint32_t offset; /* of the priority's first host among all hosts of the set */
} choice;

struct fp_picker {
  fp_cluster *cluster;
  fp_snapshot_reader reader;
  fp_host_set *set;            /* what the rest agrees with; borrowed from the reader, NULL when it does not */
  const fp_lb_policy *policy;  /* of the set */
  choice sole;                 /* the one group that gets all load, if there is one */
  picker_priority *priorities; /* at least as many as the set has */
  uint32_t priority_count;     /* never shrinks: a priority that comes back goes on counting */
  uint64_t seed;
  uint64_t random;
};

fp_picker *fp_picker_new(fp_cluster *cluster, uint64_t seed) {
  fp_picker *picker = fp_memory_alloc(sizeof *picker);
  if (picker == NULL) return NULL;
  memset(picker, 0, sizeof *picker);
  picker->cluster = fp_cluster_ref(cluster);
  picker->seed = picker->random = seed;
  fp_snapshot_reader_init(&picker->reader, fp_cluster_cell(cluster));
  return picker;
}

/* The cursors belong to the group they were made for; the counters stay. */
static void forget_cursors(picker_priority *priority) {
  if (priority->hosts == NULL) return;
  for (int source = 0; source < FP_HOST_SOURCES; source++) {
    fp_lb_state *state = &priority->states[source];
    if (state->cursor != NULL) priority->hosts->policy->cursor_free(state->cursor);
    state->cursor = NULL;
    state->ready = 0;
  }
  fp_priority_hosts_unref(priority->hosts);
  priority->hosts = NULL;
}

void fp_picker_free(fp_picker *picker) {
  if (picker == NULL) return;
  for (uint32_t i = 0; i < picker->priority_count; i++) forget_cursors(&picker->priorities[i]);
  fp_memory_free(picker->priorities);
  fp_snapshot_reader_clear(&picker->reader);
  fp_cluster_unref(picker->cluster);
  fp_memory_free(picker);
}

fp_host_set *fp_picker_host_set(const fp_picker *picker) { return picker->set; }

static fp_status grow(fp_picker *picker, uint32_t count) {
  picker_priority *grown = fp_memory_resize(picker->priorities, count * sizeof *grown);
  if (grown == NULL) return FASTPATH_ERR_MEMORY;
  picker->priorities = grown;
  for (uint32_t i = picker->priority_count; i < count; i++) {
    memset(&grown[i], 0, sizeof grown[i]);
    for (int source = 0; source < FP_HOST_SOURCES; source++) {
      grown[i].states[source].counter = picker->seed;
      grown[i].states[source].random = &picker->random;
    }
  }
  picker->priority_count = count;
  return FASTPATH_OK;
}

static choice choice_of(const fp_picker *picker, const fp_host_set *set, uint32_t priority, fp_host_source source) {
  /* Policies that go by a hash never use degraded hosts. */
  if (set->policy->number == FASTPATH_LB_REQUEST_HASH && source == FP_HOST_SOURCE_DEGRADED)
    source = FP_HOST_SOURCE_HEALTHY;
  return (choice){&set->priorities[priority]->groups[source], &picker->priorities[priority].states[source],
                  set->offsets[priority]};
}

/* Makes the states agree with a new host set; those of priorities that did not change go on. */
static fp_status adopt(fp_picker *picker, fp_host_set *set) {
  picker->set = NULL;
  if (set->priority_count > picker->priority_count) {
    const fp_status status = grow(picker, set->priority_count);
    if (status < 0) return status;
  }
  for (uint32_t i = 0; i < picker->priority_count; i++) {
    picker_priority *priority = &picker->priorities[i];
    fp_priority_hosts *hosts = i < set->priority_count ? set->priorities[i] : NULL;
    if (priority->hosts == hosts) continue;
    forget_cursors(priority);
    if (hosts != NULL) priority->hosts = fp_priority_hosts_ref(hosts);
  }
  picker->policy = set->policy;
  picker->sole = (choice){NULL, NULL, 0};
  if (set->sole_priority < set->priority_count)
    picker->sole = choice_of(picker, set, set->sole_priority, set->sole_source);
  picker->set = set;
  return FASTPATH_OK;
}

static inline fp_status refresh(fp_picker *picker) {
  fp_host_set *set = fp_snapshot_read(&picker->reader);
  return set == picker->set ? FASTPATH_OK : adopt(picker, set);
}

static fp_status prepare(const fp_picker *picker, const choice *at) {
  if (picker->policy->cursor_new != NULL && at->group->count >= 2) {
    const fp_status status = picker->policy->cursor_new(at->group, picker->seed, &at->state->cursor);
    if (status < 0) return status;
  }
  at->state->offset = (uint32_t)(at->state->counter % at->group->count);
  at->state->ready = 1;
  return FASTPATH_OK;
}

/* The group that the ticket, 1 to 100, falls to: healthy load by priority, then degraded load. */
static choice choose_by_load(const fp_picker *picker, uint32_t ticket) {
  const fp_host_set *set = picker->set;
  uint32_t reached = 0;
  for (int source = FP_HOST_SOURCE_HEALTHY; source <= FP_HOST_SOURCE_DEGRADED; source++) {
    for (uint32_t i = 0; i < set->priority_count; i++) {
      const fp_priority_load *load = &set->loads[i];
      reached += source == FP_HOST_SOURCE_HEALTHY ? load->healthy_load : load->degraded_load;
      if (ticket <= reached)
        return choice_of(picker, set, i, load->panic ? FP_HOST_SOURCE_ALL : (fp_host_source)source);
    }
  }
  return choice_of(picker, set, 0, FP_HOST_SOURCE_HEALTHY);
}

/* One choice by the policy: its place in at->group. NONE when the group is empty. */
static inline fp_status pick_once(fp_picker *picker, const fp_lb_request *request, choice *at, uint32_t *place) {
  *at = picker->sole;
  if (at->group == NULL) {
    const int has_number = picker->policy->number != FASTPATH_LB_NO_NUMBER;
    const uint64_t number = has_number ? request->number : fp_lb_random(&picker->random);
    *at = choose_by_load(picker, (uint32_t)(number % 100 + 1));
  }
  if (at->group->count == 0) return FASTPATH_NONE;
  if (!at->state->ready) {
    const fp_status status = prepare(picker, at);
    if (status < 0) return status;
  }
  *place = picker->policy->pick(at->group, at->state, request);
  return FASTPATH_OK;
}

static uint64_t number_of(fp_picker *picker, const fp_pick_options *options) {
  switch (picker->policy->number) {
    case FASTPATH_LB_NO_NUMBER: return 0;
    case FASTPATH_LB_RANDOM_NUMBER: break;
    case FASTPATH_LB_REQUEST_HASH:
      if (options != NULL && options->has_hash) return options->hash;
      break;
  }
  return fp_lb_random(&picker->random);
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

/* Any host that is in use and not excluded: the chosen group first, then by priority, healthy before degraded. */
static fp_status search(fp_picker *picker, const fp_pick_options *options, const fp_lb_request *request, choice *at,
                        uint32_t *place) {
  const fp_host_set *set = picker->set;
  const int has_hash = picker->policy->number == FASTPATH_LB_REQUEST_HASH;
  const uint64_t random = has_hash ? request->number : fp_lb_random(&picker->random);
  if (draw_allowed(at->group, options, random, place)) return FASTPATH_OK;
  for (int source = FP_HOST_SOURCE_HEALTHY; source <= FP_HOST_SOURCE_DEGRADED; source++) {
    for (uint32_t i = 0; i < set->priority_count; i++) {
      *at = choice_of(picker, set, i, set->loads[i].panic ? FP_HOST_SOURCE_ALL : (fp_host_source)source);
      if (draw_allowed(at->group, options, random, place)) return FASTPATH_OK;
    }
  }
  return FASTPATH_NONE;
}

static fp_status pick_allowed(fp_picker *picker, const fp_pick_options *options, fp_lb_request *request, choice *at,
                              uint32_t *place) {
  const int strict = options->max_attempts == FASTPATH_PICK_STRICT;
  const uint32_t attempts = strict ? STRICT_ATTEMPTS : options->max_attempts;
  for (;; request->attempt++) {
    const fp_status status = pick_once(picker, request, at, place);
    if (status != FASTPATH_OK) return status;
    if (!is_excluded(options, at->group->hosts[*place])) return FASTPATH_OK;
    if (picker->policy->number == FASTPATH_LB_RANDOM_NUMBER) request->number = fp_lb_random(&picker->random);
    if (request->attempt == attempts) return strict ? search(picker, options, request, at, place) : FASTPATH_OK;
  }
}

fp_status fp_picker_pick(fp_picker *picker, const fp_pick_options *options, fp_host **host, size_t *index) {
  fp_lb_request request = {0, 0};
  choice at;
  uint32_t place;
  fp_status status = refresh(picker);
  if (status < 0) return status;
  request.number = number_of(picker, options);
  status = options == NULL || options->excluded_count == 0 ? pick_once(picker, &request, &at, &place)
                                                           : pick_allowed(picker, options, &request, &at, &place);
  if (status != FASTPATH_OK) return status;
  *host = at.group->hosts[place];
  if (index != NULL) *index = at.offset + at.group->positions[place];
  return FASTPATH_OK;
}

fp_status fp_picker_pick_many(fp_picker *picker, const uint64_t *hashes, size_t count, uint32_t *indices) {
  fp_status status = refresh(picker);
  for (size_t i = 0; status == FASTPATH_OK && i < count; i++) {
    const fp_pick_options options = {.has_hash = hashes != NULL, .hash = hashes != NULL ? hashes[i] : 0};
    const fp_lb_request request = {number_of(picker, &options), 0};
    choice at;
    uint32_t place;
    status = pick_once(picker, &request, &at, &place);
    if (status == FASTPATH_OK) indices[i] = at.offset + at.group->positions[place];
  }
  return status;
}
