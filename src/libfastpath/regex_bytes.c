#include <string.h>

#include "grow.h"
#include "regex_program.h"

/*
 * Classes of code points as instructions over bytes: a tree over the lead byte and the continuation bytes, built from
 * left to right. Levels that are finished become instructions, and equal ones become the same instruction:
 *
 *   [\x{e0}-\x{ff}\x{3b1}]      c3 -> [a0-bf]        ce -> [b1]
 */

#define LEVELS 4
#define CACHE_SIZE 256

typedef struct level {
  fp_regex_byte_range ranges[256];
  uint32_t count;
} level;

typedef struct class_speller {
  fp_regex_program *program;
  uint32_t next; /* where the class continues */
  level levels[LEVELS];
  uint8_t path[LEVELS];  /* the bytes that lead to the level that is open deepest */
  uint32_t depth;        /* of that level */
  uint32_t cache[CACHE_SIZE]; /* instructions by a hash of their ranges */
} class_speller;

bool fp_regex_emit(fp_regex_program *program, fp_regex_inst inst, uint32_t *number) {
  if (!fp_grow(program->insts, &program->inst_capacity, program->inst_count)) return false;
  *number = program->inst_count;
  program->insts[program->inst_count++] = inst;
  return true;
}

static bool emit_ranges(fp_regex_program *program, const level *from, uint32_t *number) {
  if (from->count == 1) {
    const fp_regex_byte_range *only = &from->ranges[0];
    return fp_regex_emit(program, (fp_regex_inst){REGEX_INST_BYTE, only->low, only->high, only->out, 0}, number);
  }
  uint32_t first = program->range_count;
  if (!fp_grow_to(&program->ranges, &program->range_capacity, (size_t)first + from->count, sizeof *program->ranges))
    return false;
  if (!fp_regex_emit(program, (fp_regex_inst){REGEX_INST_RANGES, 0, 0, from->count, first}, number)) return false;
  for (uint32_t i = 0; i < from->count; i++) program->ranges[program->range_count++] = from->ranges[i];
  return true;
}

/* Is instruction `number` what `from` would become? */
static bool is_same(const fp_regex_program *program, uint32_t number, const level *from) {
  const fp_regex_inst *inst = &program->insts[number];
  if (inst->op == REGEX_INST_BYTE) {
    return from->count == 1 && inst->low == from->ranges[0].low && inst->high == from->ranges[0].high &&
           inst->out == from->ranges[0].out;
  }
  if (inst->op != REGEX_INST_RANGES || inst->out != from->count) return false;
  for (uint32_t i = 0; i < from->count; i++) {
    const fp_regex_byte_range *own = &program->ranges[inst->arg + i], *wanted = &from->ranges[i];
    if (own->low != wanted->low || own->high != wanted->high || own->out != wanted->out) return false;
  }
  return true;
}

/* The instruction for a level of continuation bytes, which may be there already. */
static bool finish_level(class_speller *spelling, const level *from, uint32_t *number) {
  uint32_t hash = from->count;
  for (uint32_t i = 0; i < from->count; i++) {
    const fp_regex_byte_range *range = &from->ranges[i];
    hash = (hash ^ range->low ^ (uint32_t)range->high << 8 ^ range->out << 16 ^ range->out) * 0x9e3779b1u;
    hash ^= hash >> 15;
  }
  uint32_t *slot = &spelling->cache[hash % CACHE_SIZE];
  if (*slot != UINT32_MAX && is_same(spelling->program, *slot, from)) {
    *number = *slot;
    return true;
  }
  if (!emit_ranges(spelling->program, from, number)) return false;
  *slot = *number;
  return true;
}

static void add_range(level *to, uint8_t low, uint8_t high, uint32_t out) {
  if (to->count > 0) {
    fp_regex_byte_range *last = &to->ranges[to->count - 1];
    if (last->out == out && last->high + 1 == low) {
      last->high = high;
      return;
    }
  }
  to->ranges[to->count++] = (fp_regex_byte_range){low, high, out};
}

/* Finish the levels below `depth`. */
static bool close_levels(class_speller *spelling, uint32_t depth) {
  for (; spelling->depth > depth; spelling->depth--) {
    uint32_t number;
    level *done = &spelling->levels[spelling->depth];
    if (!finish_level(spelling, done, &number)) return false;
    done->count = 0;
    uint8_t byte = spelling->path[spelling->depth - 1];
    add_range(&spelling->levels[spelling->depth - 1], byte, byte, number);
  }
  return true;
}

/* One sequence of byte ranges low[i] .. high[i], greater than all before it. */
static bool add_sequence(class_speller *spelling, const uint8_t *low, const uint8_t *high, uint32_t len) {
  uint32_t shared = 0, out = spelling->next;
  while (shared < spelling->depth && shared + 1 < len && low[shared] == high[shared] &&
         low[shared] == spelling->path[shared])
    shared++;
  if (!close_levels(spelling, shared)) return false;
  while (spelling->depth + 1 < len && low[spelling->depth] == high[spelling->depth]) {
    spelling->path[spelling->depth] = low[spelling->depth];
    spelling->depth++;
  }
  /* What is below a range of several bytes is full, and is not added to by other sequences. */
  for (uint32_t i = len - 1; i > spelling->depth; i--) {
    level full = {.count = 0};
    add_range(&full, low[i], high[i], out);
    if (!finish_level(spelling, &full, &out)) return false;
  }
  add_range(&spelling->levels[spelling->depth], low[spelling->depth], high[spelling->depth], out);
  return true;
}

static uint32_t encode(uint32_t point, uint8_t *bytes) {
  if (point < 0x80) {
    bytes[0] = (uint8_t)point;
    return 1;
  }
  uint32_t len = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  for (uint32_t i = len; i-- > 1; point >>= 6) bytes[i] = (uint8_t)(0x80 | (point & 0x3f));
  bytes[0] = (uint8_t)(0xf00 >> len | point); /* c0, e0, f0 */
  return len;
}

/* The largest code point from `low` to `high` up to which the encodings are a product of byte ranges. */
static uint32_t product_end(uint32_t low, uint32_t high) {
  static const uint32_t ends[] = {0x7f, 0x7ff, 0xffff};
  for (int i = 0; i < 3; i++) {
    if (low <= ends[i] && high > ends[i]) high = ends[i];
  }
  if (high < 0x80) return high;
  for (uint32_t bits = 6; bits <= 18; bits += 6) {
    uint32_t below = (UINT32_C(1) << bits) - 1;
    if ((low & ~below) == (high & ~below)) break;
    if ((low & below) != 0) return low | below;
    if ((high & below) != below) high = (high & ~below) - 1;
  }
  return high;
}

static bool add_points(class_speller *spelling, uint32_t low, uint32_t high) {
  if (spelling->program->latin1) {
    if (low <= 0xff)
      add_range(&spelling->levels[0], (uint8_t)low, (uint8_t)(high < 0xff ? high : 0xff), spelling->next);
    return true;
  }
  static const uint8_t leads[3][2] = {{0xc2, 0xdf}, {0xe0, 0xef}, {0xf0, 0xf4}};
  if (low <= 0x80 && high == REGEX_CODE_POINT_MAX) {
    if (low < 0x80 && !add_points(spelling, low, 0x7f)) return false;
    for (uint32_t i = 0; i < 3; i++) {
      uint8_t from[4] = {leads[i][0], 0x80, 0x80, 0x80}, to[4] = {leads[i][1], 0xbf, 0xbf, 0xbf};
      if (!add_sequence(spelling, from, to, i + 2)) return false;
    }
    return true;
  }
  while (low <= high) {
    uint8_t from[4], to[4];
    uint32_t end = product_end(low, high);
    uint32_t len = encode(low, from);
    (void)encode(end, to);
    if (!add_sequence(spelling, from, to, len)) return false;
    low = end + 1;
  }
  return true;
}

bool fp_regex_emit_class(fp_regex_program *program, const fp_regex_range *ranges, uint32_t count, uint32_t next,
                         uint32_t *number) {
  class_speller spelling = {.program = program, .next = next};
  memset(spelling.cache, 0xff, sizeof spelling.cache);
  for (uint32_t i = 0; i < count; i++) {
    if (!add_points(&spelling, ranges[i].low, ranges[i].high)) return false;
  }
  return close_levels(&spelling, 0) && emit_ranges(program, &spelling.levels[0], number);
}
