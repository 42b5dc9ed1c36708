#include <string.h>

#include "grow.h"
#include "regex_captures.h"

/*
 * Depth first, with a bit for each instruction at each position: a place that was left without a match is not tried
 * again, from whatever beginning, which bounds the time. For the short texts of routes this is the fastest way to the
 * groups.
 */

#define VISITED_BITS 131072 /* 16 KiB, on the stack */
#define STACK_JOBS 256

/* Try `inst` at `at`, or, when slot is not NONE, put a slot back to `at`. */
typedef struct backtrack_job {
  uint32_t inst, slot;
  size_t at;
} backtrack_job;

#define NO_SLOT UINT32_MAX

typedef struct backtracker {
  const fp_regex_search_state *search;
  uint64_t visited[VISITED_BITS / 64];
  backtrack_job small[STACK_JOBS];
  backtrack_job *jobs;
  uint32_t count, capacity;
} backtracker;

bool fp_regex_may_backtrack(const fp_regex_search_state *search) {
  size_t positions = search->len - search->start + 1;
  return positions <= VISITED_BITS / search->regex->program.inst_count;
}

static bool push(backtracker *machine, uint32_t inst, uint32_t slot, size_t at) {
  if (machine->count == machine->capacity) {
    backtrack_job *jobs = machine->jobs == machine->small ? NULL : machine->jobs;
    uint32_t capacity = jobs == NULL ? 0 : machine->capacity;
    if (!fp_grow_to(&jobs, &capacity, (size_t)machine->count + STACK_JOBS, sizeof *jobs)) return false;
    if (machine->jobs == machine->small) memcpy(jobs, machine->small, sizeof machine->small);
    machine->jobs = jobs;
    machine->capacity = capacity;
  }
  machine->jobs[machine->count++] = (backtrack_job){inst, slot, at};
  return true;
}

/* Is this the first time here? */
static bool visit(backtracker *machine, uint32_t inst, size_t at) {
  const fp_regex_search_state *search = machine->search;
  size_t bit = (at - search->start) * search->regex->program.inst_count + inst;
  uint64_t mask = UINT64_C(1) << (bit & 63);
  if (machine->visited[bit >> 6] & mask) return false;
  machine->visited[bit >> 6] |= mask;
  return true;
}

/* Where a byte leads; UINT32_MAX for nowhere. */
static uint32_t follow(const fp_regex_program *program, const fp_regex_inst *inst, uint8_t byte) {
  if (inst->op == REGEX_INST_BYTE) return byte >= inst->low && byte <= inst->high ? inst->out : UINT32_MAX;
  const fp_regex_byte_range *range = program->ranges + inst->arg, *end = range + inst->out;
  while (range < end && range->high < byte) range++;
  return range < end && range->low <= byte ? range->out : UINT32_MAX;
}

/* The path from (inst, at) up to where it ends or matches; choices not taken become jobs. */
static fp_status try_path(backtracker *machine, uint32_t number, size_t at) {
  const fp_regex_search_state *search = machine->search;
  const fp_regex_program *program = &search->regex->program;
  while (visit(machine, number, at)) {
    const fp_regex_inst *inst = &program->insts[number];
    switch ((fp_regex_opcode)inst->op) {
      case REGEX_INST_MATCH: search->slots[1] = at; return FASTPATH_OK;
      case REGEX_INST_SPLIT:
        if (!push(machine, inst->arg, NO_SLOT, at)) return FASTPATH_ERR_MEMORY;
        number = inst->out;
        break;
      case REGEX_INST_CAPTURE:
        if (inst->arg < search->slot_count) {
          if (!push(machine, 0, inst->arg, search->slots[inst->arg])) return FASTPATH_ERR_MEMORY;
          search->slots[inst->arg] = at;
        }
        number = inst->out;
        break;
      case REGEX_INST_ASSERT:
        if (!(inst->arg & fp_regex_asserts_at(search->text, search->len, at))) return FASTPATH_NONE;
        number = inst->out;
        break;
      case REGEX_INST_BYTE:
      case REGEX_INST_RANGES:
        if (at == search->len) return FASTPATH_NONE;
        number = follow(program, inst, search->text[at++]);
        if (number == UINT32_MAX) return FASTPATH_NONE;
    }
  }
  return FASTPATH_NONE;
}

static fp_status try_begin(backtracker *machine, size_t begin) {
  const fp_regex_search_state *search = machine->search;
  search->slots[0] = begin;
  machine->count = 0;
  fp_status status = try_path(machine, search->regex->program.start, begin);
  while (status == FASTPATH_NONE && machine->count > 0) {
    backtrack_job job = machine->jobs[--machine->count];
    if (job.slot == NO_SLOT) {
      status = try_path(machine, job.inst, job.at);
    } else {
      search->slots[job.slot] = job.at;
    }
  }
  return status;
}

fp_status fp_regex_backtrack(const fp_regex_search_state *search) {
  backtracker machine;
  size_t bits = (search->len - search->start + 1) * search->regex->program.inst_count;
  size_t begin = fp_regex_next_begin(search, search->start);
  fp_status status = FASTPATH_NONE;
  if (begin == SIZE_MAX) return status;
  machine.search = search;
  machine.jobs = machine.small;
  machine.count = 0;
  machine.capacity = STACK_JOBS;
  memset(machine.visited, 0, (bits + 63) / 64 * sizeof *machine.visited);
  for (; status == FASTPATH_NONE && begin != SIZE_MAX; begin = fp_regex_next_begin(search, begin + 1))
    status = try_begin(&machine, begin);
  if (machine.jobs != machine.small) fp_memory_free(machine.jobs);
  return status;
}
