#include <string.h>

#include "grow.h"
#include "regex_captures.h"

/*
 * A thread is an instruction and the slots on the way to it. Threads stand in order of preference; the first that
 * matches ends all behind it. A place that a preferred thread has reached is not taken again.
 */

typedef struct thread_list {
  uint32_t *members; /* instructions seen at this position, in order */
  uint32_t *places;  /* by instruction: where it would be in members */
  uint32_t *threads; /* of them, those that wait for a byte or match: instructions */
  size_t *slots;     /* slot_count for each thread */
  uint32_t count, thread_count, slot_capacity;
} thread_list;

/* Follow `inst`, or, when slot is not NO_SLOT, put a slot back to `value`. */
typedef struct pike_job {
  uint32_t inst, slot;
  size_t value;
} pike_job;

#define NO_SLOT UINT32_MAX

typedef struct pike_machine {
  const fp_regex_search_state *search;
  thread_list lists[2];
  pike_job *jobs;
  size_t *working; /* slots of the thread that is being followed */
  uint32_t job_count, job_capacity;
  uint32_t holding; /* assertions that hold at the position of the list being filled */
} pike_machine;

static bool push(pike_machine *machine, uint32_t inst, uint32_t slot, size_t value) {
  if (!fp_grow(machine->jobs, &machine->job_capacity, machine->job_count)) return false;
  machine->jobs[machine->job_count++] = (pike_job){inst, slot, value};
  return true;
}

static bool add_member(thread_list *list, uint32_t inst) {
  uint32_t place = list->places[inst];
  if (place < list->count && list->members[place] == inst) return false;
  list->places[inst] = list->count;
  list->members[list->count++] = inst;
  return true;
}

static bool add_thread(pike_machine *machine, thread_list *list, uint32_t inst) {
  uint32_t slots = machine->search->slot_count;
  size_t first = (size_t)list->thread_count * slots;
  if (!fp_grow_to(&list->slots, &list->slot_capacity, first + slots, sizeof *list->slots)) return false;
  memcpy(list->slots + first, machine->working, slots * sizeof *list->slots);
  list->threads[list->thread_count++] = inst;
  return true;
}

/* Everything that `first` reaches without a byte, in order of preference, with the working slots. */
static bool follow(pike_machine *machine, thread_list *list, uint32_t first, size_t at) {
  const fp_regex_inst *insts = machine->search->regex->program.insts;
  if (!push(machine, first, NO_SLOT, 0)) return false;
  while (machine->job_count > 0) {
    pike_job job = machine->jobs[--machine->job_count];
    if (job.slot != NO_SLOT) {
      machine->working[job.slot] = job.value;
      continue;
    }
    if (!add_member(list, job.inst)) continue;
    const fp_regex_inst *inst = &insts[job.inst];
    bool done = true;
    switch ((fp_regex_opcode)inst->op) {
      case REGEX_INST_SPLIT: done = push(machine, inst->arg, NO_SLOT, 0) && push(machine, inst->out, NO_SLOT, 0); break;
      case REGEX_INST_CAPTURE:
        if (inst->arg < machine->search->slot_count) {
          done = push(machine, 0, inst->arg, machine->working[inst->arg]);
          machine->working[inst->arg] = at;
        }
        done = done && push(machine, inst->out, NO_SLOT, 0);
        break;
      case REGEX_INST_ASSERT:
        if (inst->arg & machine->holding) done = push(machine, inst->out, NO_SLOT, 0);
        break;
      default: done = add_thread(machine, list, job.inst);
    }
    if (!done) return false;
  }
  return true;
}

/* Where a byte leads; UINT32_MAX for nowhere. */
static uint32_t step(const fp_regex_program *program, const fp_regex_inst *inst, uint8_t byte) {
  if (inst->op == REGEX_INST_BYTE) return byte >= inst->low && byte <= inst->high ? inst->out : UINT32_MAX;
  const fp_regex_byte_range *range = program->ranges + inst->arg, *end = range + inst->out;
  while (range < end && range->high < byte) range++;
  return range < end && range->low <= byte ? range->out : UINT32_MAX;
}

/* The threads of `now` take text[at]; a match is kept, and ends those behind it. */
static bool advance(pike_machine *machine, const thread_list *now, thread_list *next, size_t at, bool *matched) {
  const fp_regex_search_state *search = machine->search;
  const fp_regex_program *program = &search->regex->program;
  for (uint32_t i = 0; i < now->thread_count; i++) {
    const fp_regex_inst *inst = &program->insts[now->threads[i]];
    const size_t *slots = now->slots + (size_t)i * search->slot_count;
    if (inst->op == REGEX_INST_MATCH) {
      memcpy(search->slots, slots, search->slot_count * sizeof *slots);
      search->slots[1] = at;
      *matched = true;
      break;
    }
    uint32_t out = at < search->len ? step(program, inst, search->text[at]) : UINT32_MAX;
    if (out == UINT32_MAX) continue;
    memcpy(machine->working, slots, search->slot_count * sizeof *slots);
    if (!follow(machine, next, out, at + 1)) return false;
  }
  return true;
}

static fp_status run(pike_machine *machine) {
  const fp_regex_search_state *search = machine->search;
  const fp_regex_program *program = &search->regex->program;
  thread_list *now = &machine->lists[0], *next = &machine->lists[1];
  bool matched = false;
  size_t at = search->start, begin = fp_regex_next_begin(search, at);
  machine->holding = fp_regex_asserts_at(search->text, search->len, at);
  for (;; at++) {
    if (!matched) {
      if (begin < at) begin = fp_regex_next_begin(search, at);
      if (now->thread_count == 0) {
        if (begin == SIZE_MAX) break;
        if (begin != at) {
          now->count = 0; /* what led nowhere at `at` is not seen yet at `begin` */
          at = begin;
          machine->holding = fp_regex_asserts_at(search->text, search->len, at);
        }
      }
      if (begin == at) {
        for (uint32_t i = 0; i < search->slot_count; i++) machine->working[i] = SIZE_MAX;
        machine->working[0] = at;
        if (!follow(machine, now, program->start, at)) return FASTPATH_ERR_MEMORY;
      }
    }
    if (now->thread_count == 0 && matched) break;
    next->count = next->thread_count = 0;
    if (at < search->len) machine->holding = fp_regex_asserts_at(search->text, search->len, at + 1);
    if (!advance(machine, now, next, at, &matched)) return FASTPATH_ERR_MEMORY;
    if (at == search->len) break;
    thread_list *passed = now;
    now = next;
    next = passed;
  }
  return matched ? FASTPATH_OK : FASTPATH_NONE;
}

fp_status fp_regex_pike(const fp_regex_search_state *search) {
  pike_machine machine = {.search = search};
  fp_status status = FASTPATH_ERR_MEMORY;
  size_t insts = search->regex->program.inst_count;
  uint32_t *block = fp_memory_alloc(insts * 6 * sizeof *block);
  machine.working = fp_memory_alloc(search->slot_count * sizeof *machine.working);
  if (block != NULL && machine.working != NULL) {
    memset(block, 0, insts * 6 * sizeof *block);
    for (size_t i = 0; i < 2; i++) {
      machine.lists[i].members = block + 3 * i * insts;
      machine.lists[i].places = block + (3 * i + 1) * insts;
      machine.lists[i].threads = block + (3 * i + 2) * insts;
    }
    status = run(&machine);
  }
  fp_memory_free(machine.lists[0].slots);
  fp_memory_free(machine.lists[1].slots);
  fp_memory_free(machine.jobs);
  fp_memory_free(machine.working);
  fp_memory_free(block);
  return status;
}
