/*
 * regex_program.h - a pattern as a program for a machine with threads, over bytes.
 *
 *   a(b|\x{e9})*   0 MATCH
 *                  2 SPLIT 3 0             first choice, second choice
 *                  3 CAPTURE 2 -> 4
 *                  ...
 *
 * Code points are spelled out as the bytes that encode them. As in RE2, a class that reaches from 0x80 or below to the
 * last code point takes any lead byte with the continuation bytes that belong to it, overlong forms and all.
 */
#ifndef FASTPATH_INTERNAL_REGEX_PROGRAM_H
#define FASTPATH_INTERNAL_REGEX_PROGRAM_H

#include "regex_ast.h"

typedef enum fp_regex_opcode {
  REGEX_INST_MATCH,   /* arg: id of the regex */
  REGEX_INST_BYTE,    /* a byte low .. high, then out */
  REGEX_INST_RANGES,  /* a byte of ranges[arg .. arg + out), then where that range says */
  REGEX_INST_SPLIT,   /* out, or else arg */
  REGEX_INST_CAPTURE, /* the position goes to slot arg, then out */
  REGEX_INST_ASSERT   /* the assertion arg holds, then out */
} fp_regex_opcode;

typedef struct fp_regex_inst {
  uint8_t op; /* fp_regex_opcode */
  uint8_t low, high;
  uint32_t out, arg;
} fp_regex_inst;

/* Of one instruction: ascending, with no overlap. */
typedef struct fp_regex_byte_range {
  uint8_t low, high;
  uint32_t out;
} fp_regex_byte_range;

typedef struct fp_regex_program {
  fp_regex_inst *insts;
  fp_regex_byte_range *ranges;
  uint32_t inst_count, inst_capacity;
  uint32_t range_count, range_capacity;
  uint32_t start;
  uint32_t asserts; /* those that occur */
  bool latin1;      /* code points are bytes; those above 0xff do not occur */
} fp_regex_program;

/* A zeroed program is filled in; it has to be cleared also after an error. Errors: CONFIG_REGEX (too large), MEMORY. */
fp_status fp_regex_compile(const fp_regex_ast *ast, const fp_regex_limits *limits, fp_regex_program *program,
                           fp_error *error);
void fp_regex_program_clear(fp_regex_program *program);

/* New instructions; false when out of memory. */
bool fp_regex_emit(fp_regex_program *program, fp_regex_inst inst, uint32_t *number);

/* Instructions for a class, which continue with `next`. false when out of memory. */
bool fp_regex_emit_class(fp_regex_program *program, const fp_regex_range *ranges, uint32_t count, uint32_t next,
                         uint32_t *number);

static inline bool fp_regex_is_word(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'z') || byte == '_';
}

/* The assertions that hold at text[at]. */
static inline uint32_t fp_regex_asserts_at(const uint8_t *text, size_t len, size_t at) {
  bool before = at > 0 && fp_regex_is_word(text[at - 1]), behind = at < len && fp_regex_is_word(text[at]);
  uint32_t holding = before != behind ? REGEX_WORD_BOUNDARY : REGEX_NOT_WORD_BOUNDARY;
  if (at == 0) holding |= REGEX_BEGIN_TEXT | REGEX_BEGIN_LINE;
  if (at == len) holding |= REGEX_END_TEXT | REGEX_END_LINE;
  if (at > 0 && text[at - 1] == '\n') holding |= REGEX_BEGIN_LINE;
  if (at < len && text[at] == '\n') holding |= REGEX_END_LINE;
  return holding;
}

#endif
