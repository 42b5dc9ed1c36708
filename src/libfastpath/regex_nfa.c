#include "memory.h"
#include "regex.h"

/*
 * Full match without a DFA: all threads of the program go through the text side by side. A thread is an instruction,
 * and no instruction is in a set twice, so that the time is at most that of the program for each byte.
 */

#define STACK_INSTS 512

typedef struct thread_set {
  uint32_t *members;
  uint32_t *places; /* by instruction: where it would be in members */
  uint32_t count;
} thread_set;

static bool add(thread_set *set, uint32_t inst) {
  uint32_t place = set->places[inst];
  if (place < set->count && set->members[place] == inst) return false;
  set->places[inst] = set->count;
  set->members[set->count++] = inst;
  return true;
}

/* Follow what needs no byte. Members wait in the set itself for their turn. */
static void close_over(const fp_regex_program *program, thread_set *set, uint32_t holding) {
  for (uint32_t i = 0; i < set->count; i++) {
    const fp_regex_inst *inst = &program->insts[set->members[i]];
    switch ((fp_regex_opcode)inst->op) {
      case REGEX_INST_SPLIT:
        (void)add(set, inst->out);
        (void)add(set, inst->arg);
        break;
      case REGEX_INST_CAPTURE: (void)add(set, inst->out); break;
      case REGEX_INST_ASSERT:
        if (inst->arg & holding) (void)add(set, inst->out);
        break;
      default: break;
    }
  }
}

static void step(const fp_regex_program *program, const thread_set *from, thread_set *to, uint8_t byte) {
  to->count = 0;
  for (uint32_t i = 0; i < from->count; i++) {
    const fp_regex_inst *inst = &program->insts[from->members[i]];
    if (inst->op == REGEX_INST_BYTE) {
      if (byte >= inst->low && byte <= inst->high) (void)add(to, inst->out);
    } else if (inst->op == REGEX_INST_RANGES) {
      const fp_regex_byte_range *range = program->ranges + inst->arg, *end = range + inst->out;
      while (range < end && range->high < byte) range++;
      if (range < end && range->low <= byte) (void)add(to, range->out);
    }
  }
}

static fp_status run(const fp_regex_program *program, const uint8_t *text, size_t len, thread_set *now,
                     thread_set *next) {
  (void)add(now, program->start);
  for (size_t at = 0;; at++) {
    close_over(program, now, program->asserts == 0 ? 0 : fp_regex_asserts_at(text, len, at));
    if (at == len || now->count == 0) break;
    step(program, now, next, text[at]);
    thread_set *passed = now;
    now = next;
    next = passed;
  }
  for (uint32_t i = 0; i < now->count; i++) {
    if (program->insts[now->members[i]].op == REGEX_INST_MATCH) return FASTPATH_OK;
  }
  return FASTPATH_NONE;
}

fp_status fp_regex_run(const fp_regex_program *program, const uint8_t *text, size_t len) {
  uint32_t small[4 * STACK_INSTS], *room = small, count = program->inst_count;
  if (count > STACK_INSTS) {
    room = fp_memory_alloc((size_t)count * 4 * sizeof *room);
    if (room == NULL) return FASTPATH_ERR_MEMORY;
  }
  /* Places may hold anything, but reading what was never written is not defined. */
  for (uint32_t i = 0; i < count; i++) room[i] = room[count + i] = 0;
  thread_set now = {.places = room, .members = room + 2 * (size_t)count};
  thread_set next = {.places = room + count, .members = room + 3 * (size_t)count};
  fp_status status = run(program, text, len, &now, &next);
  if (room != small) fp_memory_free(room);
  return status;
}
