#include "regex_join.h"

#include <string.h>

#include "grow.h"
#include "sort.h"

/*
 * Programs are walked in step. A tuple is a set of instructions, one each of some of the programs, that do the same:
 * take the same bytes, make a choice, ask the same. It becomes one instruction, and what its members lead to becomes
 * tuples again, one for each kind of what is there:
 *
 *   (1.BYTE a, 2.BYTE a, 3.BYTE a) -> (1.BYTE b, 2.BYTE b) or (3.MATCH)
 *
 * Tuples are known by their members, so that a loop in all programs is a loop here. Loops whose bodies part company
 * can make more tuples than there are instructions; the programs are then put side by side instead.
 */

#define FREE UINT32_MAX

/* An instruction of one of the programs: numbers are counted through all of them. */
typedef uint32_t member_id;

typedef struct join_tuple {
  uint32_t first, count; /* its members */
  uint32_t inst;         /* what it becomes */
} join_tuple;

typedef struct keyed_member {
  uint64_t key; /* of what it does: equal for alike */
  member_id member;
} keyed_member;

typedef struct program_joiner {
  const fp_regex_program *const *programs;
  const uint32_t *ids;
  fp_regex_program *joined;
  uint32_t *bases;  /* of the programs: the number of their first instruction; one more stands for the end */
  uint32_t *owners; /* by instruction: its program */
  size_t count;
  join_tuple *tuples;
  member_id *members;
  keyed_member *keyed;
  uint32_t *slots; /* tuples by their members */
  uint32_t tuple_count, tuple_capacity, member_count, member_capacity, keyed_capacity, slot_mask;
  uint64_t budget; /* members that tuples may have in all */
  bool crowded;    /* the budget is spent */
} program_joiner;

static const fp_regex_inst *inst_of(const program_joiner *joiner, member_id member) {
  uint32_t owner = joiner->owners[member];
  return &joiner->programs[owner]->insts[member - joiner->bases[owner]];
}

static const fp_regex_byte_range *ranges_of(const program_joiner *joiner, member_id member) {
  return joiner->programs[joiner->owners[member]]->ranges + inst_of(joiner, member)->arg;
}

/* The member that instruction `number` of the same program is, captures passed over. */
static member_id neighbour(const program_joiner *joiner, member_id from, uint32_t number) {
  member_id to = joiner->bases[joiner->owners[from]] + number;
  while (inst_of(joiner, to)->op == REGEX_INST_CAPTURE)
    to = joiner->bases[joiner->owners[to]] + inst_of(joiner, to)->out;
  return to;
}

/* ---- which members are alike */

static uint64_t mix(uint64_t hash, uint64_t value) {
  hash = (hash ^ value) * UINT64_C(0x9e3779b97f4a7c15);
  return hash ^ hash >> 32;
}

static uint64_t key_of(const program_joiner *joiner, member_id member) {
  const fp_regex_inst *inst = inst_of(joiner, member);
  uint64_t key = inst->op;
  if (inst->op == REGEX_INST_MATCH) return mix(key, member);
  if (inst->op == REGEX_INST_ASSERT) return mix(key, inst->arg);
  if (inst->op == REGEX_INST_BYTE) return mix(key, inst->low | (uint64_t)inst->high << 8);
  for (uint32_t i = 0; inst->op == REGEX_INST_RANGES && i < inst->out; i++) {
    const fp_regex_byte_range *range = &ranges_of(joiner, member)[i];
    key = mix(key, range->low | (uint64_t)range->high << 8);
  }
  return mix(key, 0);
}

static bool is_alike(const program_joiner *joiner, member_id a, member_id b) {
  const fp_regex_inst *left = inst_of(joiner, a), *right = inst_of(joiner, b);
  if (left->op != right->op) return false;
  switch ((fp_regex_opcode)left->op) {
    case REGEX_INST_MATCH: return a == b;
    case REGEX_INST_ASSERT: return left->arg == right->arg;
    case REGEX_INST_BYTE: return left->low == right->low && left->high == right->high;
    case REGEX_INST_RANGES:
      if (left->out != right->out) return false;
      for (uint32_t i = 0; i < left->out; i++) {
        const fp_regex_byte_range *one = &ranges_of(joiner, a)[i], *other = &ranges_of(joiner, b)[i];
        if (one->low != other->low || one->high != other->high) return false;
      }
      return true;
    default: return true;
  }
}

static int compare_keyed(const void *a, const void *b, const void *context) {
  const keyed_member *left = a, *right = b;
  (void)context;
  if (left->key != right->key) return left->key < right->key ? -1 : 1;
  return left->member < right->member ? -1 : left->member > right->member;
}

/* ---- tuples by their members */

static uint64_t hash_members(const member_id *members, uint32_t count) {
  uint64_t hash = count;
  for (uint32_t i = 0; i < count; i++) hash = mix(hash, members[i]);
  return hash;
}

static bool grow_slots(program_joiner *joiner) {
  if (joiner->slots != NULL && joiner->tuple_count < joiner->slot_mask / 2) return true;
  uint32_t mask = joiner->slots == NULL ? 63 : joiner->slot_mask * 2 + 1;
  uint32_t *slots = fp_memory_alloc(((size_t)mask + 1) * sizeof *slots);
  if (slots == NULL) return false;
  memset(slots, 0xff, ((size_t)mask + 1) * sizeof *slots);
  for (uint32_t i = 0; i < joiner->tuple_count; i++) {
    const join_tuple *tuple = &joiner->tuples[i];
    uint32_t at = (uint32_t)hash_members(joiner->members + tuple->first, tuple->count) & mask;
    while (slots[at] != FREE) at = (at + 1) & mask;
    slots[at] = i;
  }
  fp_memory_free(joiner->slots);
  joiner->slots = slots;
  joiner->slot_mask = mask;
  return true;
}

/* The instruction of the tuple that the members from `first` on are; a new one is added, to be filled in later. */
static bool find_tuple(program_joiner *joiner, uint32_t first, uint32_t *inst) {
  const member_id *members = joiner->members + first;
  uint32_t count = joiner->member_count - first;
  if (!grow_slots(joiner)) return false;
  uint32_t at = (uint32_t)hash_members(members, count) & joiner->slot_mask;
  for (; joiner->slots[at] != FREE; at = (at + 1) & joiner->slot_mask) {
    const join_tuple *known = &joiner->tuples[joiner->slots[at]];
    if (known->count == count && memcmp(joiner->members + known->first, members, count * sizeof *members) == 0) {
      joiner->member_count = first;
      *inst = known->inst;
      return true;
    }
  }
  if (!fp_grow(joiner->tuples, &joiner->tuple_capacity, joiner->tuple_count)) return false;
  if (!fp_regex_emit(joiner->joined, (fp_regex_inst){.op = REGEX_INST_MATCH}, inst)) return false;
  joiner->slots[at] = joiner->tuple_count;
  joiner->tuples[joiner->tuple_count++] = (join_tuple){first, count, *inst};
  if (joiner->member_count > joiner->budget) joiner->crowded = true;
  return true;
}

/* keyed[0 .. count) become tuples, one for each kind of members, and a choice among them: *inst. */
static bool divide(program_joiner *joiner, uint32_t count, uint32_t *inst) {
  fp_sort(joiner->keyed, count, sizeof *joiner->keyed, compare_keyed, NULL);
  bool chosen = false;
  for (uint32_t begin = 0, end; begin < count; begin = end) {
    uint32_t first = joiner->member_count, number;
    for (end = begin; end < count && is_alike(joiner, joiner->keyed[begin].member, joiner->keyed[end].member); end++) {
      if (end > begin && joiner->keyed[end].member == joiner->keyed[end - 1].member) continue;
      if (!fp_grow(joiner->members, &joiner->member_capacity, joiner->member_count)) return false;
      joiner->members[joiner->member_count++] = joiner->keyed[end].member;
    }
    if (!find_tuple(joiner, first, &number)) return false;
    if (!chosen) {
      *inst = number;
      chosen = true;
    } else if (!fp_regex_emit(joiner->joined, (fp_regex_inst){REGEX_INST_SPLIT, 0, 0, *inst, number}, inst)) {
      return false;
    }
  }
  return true;
}

static void key(program_joiner *joiner, uint32_t at, member_id member) {
  joiner->keyed[at] = (keyed_member){key_of(joiner, member), member};
}

/* Where the tuple's members lead by way of `which`: 0 and 1 are out and arg, 2 + i is range i. */
static bool follow(program_joiner *joiner, const join_tuple *tuple, uint32_t which, uint32_t *inst) {
  for (uint32_t i = 0; i < tuple->count; i++) {
    member_id from = joiner->members[tuple->first + i];
    const fp_regex_inst *own = inst_of(joiner, from);
    uint32_t to = which == 0 ? own->out : which == 1 ? own->arg : ranges_of(joiner, from)[which - 2].out;
    key(joiner, i, neighbour(joiner, from, to));
  }
  return divide(joiner, tuple->count, inst);
}

/* What the tuple does as one instruction. */
static bool fill_in(program_joiner *joiner, uint32_t number) {
  const join_tuple tuple = joiner->tuples[number];
  member_id example = joiner->members[tuple.first];
  fp_regex_inst inst = *inst_of(joiner, example);
  fp_regex_program *joined = joiner->joined;
  switch ((fp_regex_opcode)inst.op) {
    case REGEX_INST_MATCH: inst.arg = joiner->ids[joiner->owners[example]]; break;
    case REGEX_INST_SPLIT: {
      uint32_t out, arg;
      if (!follow(joiner, &tuple, 0, &out) || !follow(joiner, &tuple, 1, &arg)) return false;
      inst.out = out;
      inst.arg = arg;
      break;
    }
    case REGEX_INST_RANGES: {
      const fp_regex_byte_range *ranges = ranges_of(joiner, example);
      uint32_t first = joined->range_count;
      if (!fp_grow_to(&joined->ranges, &joined->range_capacity, (size_t)first + inst.out, sizeof *joined->ranges))
        return false;
      joined->range_count += inst.out;
      for (uint32_t i = 0; i < inst.out; i++) {
        uint32_t out;
        if (!follow(joiner, &tuple, 2 + i, &out)) return false;
        joined->ranges[first + i] = (fp_regex_byte_range){ranges[i].low, ranges[i].high, out};
      }
      inst.arg = first;
      break;
    }
    default: {
      uint32_t out;
      if (!follow(joiner, &tuple, 0, &out)) return false;
      inst.out = out;
    }
  }
  joined->insts[tuple.inst] = inst;
  return true;
}

/* ---- all programs */

static bool walk(program_joiner *joiner) {
  for (size_t i = 0; i < joiner->count; i++) {
    member_id base = joiner->bases[i];
    key(joiner, (uint32_t)i, neighbour(joiner, base, joiner->programs[i]->start));
  }
  if (!divide(joiner, (uint32_t)joiner->count, &joiner->joined->start)) return false;
  for (uint32_t i = 0; i < joiner->tuple_count && !joiner->crowded; i++) {
    if (!fill_in(joiner, i)) return false;
  }
  return true;
}

/* One behind the other, and a choice among them. */
static bool put_side_by_side(program_joiner *joiner) {
  fp_regex_program *joined = joiner->joined;
  uint32_t start = FREE;
  joined->inst_count = joined->range_count = 0;
  for (size_t i = 0; i < joiner->count; i++) {
    const fp_regex_program *program = joiner->programs[i];
    uint32_t inst_base = joined->inst_count, range_base = joined->range_count, number;
    if (!fp_grow_to(&joined->ranges, &joined->range_capacity, (size_t)range_base + program->range_count,
                    sizeof *joined->ranges))
      return false;
    for (uint32_t j = 0; j < program->inst_count; j++) {
      fp_regex_inst inst = program->insts[j];
      if (inst.op == REGEX_INST_MATCH) inst.arg = joiner->ids[i];
      if (inst.op == REGEX_INST_RANGES) inst.arg += range_base;
      if (inst.op != REGEX_INST_MATCH && inst.op != REGEX_INST_RANGES) inst.out += inst_base;
      if (inst.op == REGEX_INST_SPLIT) inst.arg += inst_base;
      if (!fp_regex_emit(joined, inst, &number)) return false;
    }
    for (uint32_t j = 0; j < program->range_count; j++) {
      fp_regex_byte_range range = program->ranges[j];
      range.out += inst_base;
      joined->ranges[joined->range_count++] = range;
    }
    fp_regex_inst choice = {REGEX_INST_SPLIT, 0, 0, inst_base + program->start, start};
    if (start == FREE) {
      start = choice.out;
    } else if (!fp_regex_emit(joined, choice, &start)) {
      return false;
    }
  }
  joined->start = start;
  return true;
}

static bool prepare(program_joiner *joiner) {
  size_t insts = 0;
  for (size_t i = 0; i < joiner->count; i++) insts += joiner->programs[i]->inst_count;
  if (insts > UINT32_MAX / 4) return false;
  joiner->bases = fp_memory_alloc((joiner->count + insts + 1) * sizeof *joiner->bases);
  if (joiner->bases == NULL ||
      !fp_grow_to(&joiner->keyed, &joiner->keyed_capacity, joiner->count + 1, sizeof *joiner->keyed))
    return false;
  joiner->owners = joiner->bases + joiner->count;
  joiner->budget = 2 * (uint64_t)insts + 1024;
  uint32_t base = 0;
  for (size_t i = 0; i < joiner->count; i++) {
    joiner->bases[i] = base;
    for (uint32_t j = 0; j < joiner->programs[i]->inst_count; j++) joiner->owners[base++] = (uint32_t)i;
    joiner->joined->asserts |= joiner->programs[i]->asserts;
  }
  return true;
}

bool fp_regex_join(const fp_regex_program *const *programs, const uint32_t *ids, size_t count,
                   fp_regex_program *joined) {
  program_joiner joiner = {.programs = programs, .ids = ids, .count = count, .joined = joined, .crowded = count == 1};
  bool done = prepare(&joiner) && (joiner.crowded || walk(&joiner)) && (!joiner.crowded || put_side_by_side(&joiner));
  fp_memory_free(joiner.bases);
  fp_memory_free(joiner.keyed);
  fp_memory_free(joiner.tuples);
  fp_memory_free(joiner.members);
  fp_memory_free(joiner.slots);
  return done;
}
