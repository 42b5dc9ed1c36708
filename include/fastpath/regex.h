/*
 * fastpath/regex.h - regular expressions with RE2's syntax and semantics, as Envoy uses them (RegexMatcher with
 * google_re2): leftmost-first, Perl classes, `.` is anything but a newline unless (?s). No back references, no
 * look-around, and no text for which time is more than linear in its length.
 *
 *   pattern -> syntax tree -> program --> DFA, built beforehand: full match, sets
 *                                     --> threads of the program, one pass: search, and where a DFA would be too large
 *
 * A regex and a set are immutable and shared. Everything here may be called from any thread, and matching allocates
 * only where it says so.
 */
#ifndef FASTPATH_REGEX_H
#define FASTPATH_REGEX_H

#include <fastpath/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* [cffi] */

#define FASTPATH_REGEX_ID_END 0xffffffffu /* above every id of a set */

/* What characters are. */
typedef enum fp_regex_encoding {
  FASTPATH_REGEX_UTF8 = 0,  /* code points; text that is no UTF-8 matches nothing but itself */
  FASTPATH_REGEX_LATIN1 = 1 /* bytes, in the pattern and in the text: what Envoy gives RE2 for paths and headers */
} fp_regex_encoding;

/* How a pattern is read, and what a regex or a set may grow to. Plain data, the caller's. */
typedef struct fp_regex_limits {
  uint8_t encoding;          /* fp_regex_encoding: UTF-8. Of no account for sets */
  uint32_t max_pattern;      /* bytes of a pattern: 1 MiB */
  uint32_t max_nesting;      /* parentheses within parentheses: 1000 */
  uint32_t max_instructions; /* of a program: 350,000, about what RE2 allows with its 8 MiB */
  uint32_t max_dfa_states;   /* of one DFA: 10,000. A regex that needs more is matched by its program. 0: no DFA */
  size_t max_dfa_bytes;      /* of one regex's DFA, also while it is built: 1 MiB */
  size_t max_set_bytes;      /* of all DFAs of a set together: 256 MiB. Beyond it regexes are matched one by one */
} fp_regex_limits;

/* Shared, atomic count; immutable. */
typedef struct fp_regex fp_regex;

/* Shared, atomic count; immutable; holds a reference to each of its regexes. */
typedef struct fp_regex_set fp_regex_set;

/* Where a group matched: text[begin .. end). begin is SIZE_MAX for a group that took no part. */
typedef struct fp_regex_group {
  size_t begin;
  size_t end;
} fp_regex_group;

/* The defaults given above. Threads: any, here and below. */
void fp_regex_limits_default(fp_regex_limits *limits);

/*
 * Compile a pattern, which is copied, into a regex with one reference. limits may be NULL. What RE2 refuses is refused,
 * and what passes a limit. Errors: CONFIG_REGEX (position: offset in the pattern; the message names
 * what is not supported or not well-formed), MEMORY.
 */
fp_status fp_regex_new(const uint8_t *pattern, size_t len, const fp_regex_limits *limits, fp_regex **regex,
                       fp_error *error);
fp_regex *fp_regex_ref(fp_regex *regex);
void fp_regex_unref(fp_regex *regex); /* NULL is allowed */

/* What was compiled, valid as long as the regex. */
fp_span fp_regex_pattern(const fp_regex *regex);

/* Bytes that the regex holds. */
size_t fp_regex_size(const fp_regex *regex);

/* Instructions of the program. RE2's has a few more, as it counts each range of a class. */
uint32_t fp_regex_program_size(const fp_regex *regex);

/* Capturing groups, the whole match not counted. */
uint32_t fp_regex_group_count(const fp_regex *regex);

/* The name of group `index` (from 1), valid as long as the regex; data is NULL for one without a name. */
fp_span fp_regex_group_name(const fp_regex *regex, uint32_t index);

/*
 * The bytes with which every text begins that matches in full; may be empty. Valid as long as the regex. Only what is
 * certain to the letter case is in it.
 */
fp_span fp_regex_literal_prefix(const fp_regex *regex);

/* 1 when nothing but the literal prefix itself matches in full. */
int fp_regex_is_literal(const fp_regex *regex);

/*
 * OK when the whole of text matches (RE2::FullMatch), else NONE. With a DFA nothing is allocated; without one, a
 * program of more than a few hundred instructions needs memory for the call. Errors: MEMORY.
 */
fp_status fp_regex_full_match(const fp_regex *regex, const uint8_t *text, size_t len);

/*
 * The leftmost match that begins at `start` or later, and of those the one that a backtracking matcher would find
 * first. Text before start is seen by ^, \b and \B. groups[0] becomes the whole match, groups[i] group i; count may be
 * less or more than there are. OK or NONE; groups are written only with OK. Errors: ARGUMENT (start > len), MEMORY.
 */
fp_status fp_regex_search(const fp_regex *regex, const uint8_t *text, size_t len, size_t start, fp_regex_group *groups,
                          size_t count);

/*
 * May the substitution be used with this regex? \0 is the whole match, \1 .. \9 a group, \\ a backslash. Errors:
 * CONFIG_REGEX (another escape, a backslash at the end, a group that the regex has not; position: offset in it).
 */
fp_status fp_regex_check_substitution(const fp_regex *regex, const uint8_t *substitution, size_t len, fp_error *error);

/*
 * RE2::GlobalReplace: every match that does not overlap one before it is replaced, from the left. An empty match at
 * the end of the one before is passed over. Each search for the next match takes linear time. The result goes to dst, which may not overlap its sources; *result_len
 * becomes its length also when that is above capacity, and dst then holds nothing of use: call again with more room.
 * *replaced (may be NULL) becomes the number of replacements. OK, or NONE when nothing matched, and then dst is not
 * written and *result_len is len. Errors: ARGUMENT (a substitution that the check refuses), OVERFLOW, MEMORY.
 */
fp_status fp_regex_replace_all(const fp_regex *regex, const uint8_t *substitution, size_t substitution_len,
                               const uint8_t *text, size_t len, uint8_t *dst, size_t capacity, size_t *result_len,
                               size_t *replaced);

/*
 * Make one matcher, with one reference, of many regexes; regexes[i] has id i. NULL entries are refused (ARGUMENT).
 * Regexes share DFAs as long as these stay small: the memory is linear in the sum of the programs, and the time too,
 * but for a logarithm. What will not fit is matched one by one. limits may be NULL. Errors: MEMORY, OVERFLOW.
 */
fp_status fp_regex_set_new(fp_regex *const *regexes, size_t count, const fp_regex_limits *limits, fp_regex_set **set,
                           fp_error *error);
fp_regex_set *fp_regex_set_ref(fp_regex_set *set);
void fp_regex_set_unref(fp_regex_set *set); /* NULL is allowed */
size_t fp_regex_set_count(const fp_regex_set *set);

/* Bytes that the set holds beside its regexes. */
size_t fp_regex_set_size(const fp_regex_set *set);

/*
 * The ids of the regexes that match all of text, ascending: those in [from, below), at most `capacity` of them, the
 * lowest first. *count of them are written. A *count of capacity means that there may be more: ask again with `from`
 * one above the last. FASTPATH_REGEX_ID_END as `below` asks for all. OK, or NONE when there is none. Time is one pass
 * over the text for each group of regexes that share a DFA; groups without an id in the range are skipped. Allocates
 * only for a regex without a DFA, as fp_regex_full_match. Errors: MEMORY.
 */
fp_status fp_regex_set_match(const fp_regex_set *set, const uint8_t *text, size_t len, uint32_t from, uint32_t below,
                             uint32_t *ids, size_t capacity, size_t *count);

/* [/cffi] */

#ifdef __cplusplus
}
#endif
#endif
