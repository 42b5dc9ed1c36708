#include <string.h>

#include "error.h"
#include "regex.h"

#define GROUPS 10 /* \0 .. \9 */

/* The largest group that a substitution asks for, -1 for none. */
static fp_status scan(const fp_regex *regex, const uint8_t *substitution, size_t len, int *largest, fp_error *error) {
  *largest = -1;
  for (size_t i = 0; i < len; i++) {
    if (substitution[i] != '\\') continue;
    if (i + 1 == len)
      return fp_error_set(error, FASTPATH_ERR_CONFIG_REGEX, 0, i, "a substitution may not end with a backslash");
    uint8_t byte = substitution[++i];
    if (byte == '\\') continue;
    if (byte < '0' || byte > '9')
      return fp_error_set(error, FASTPATH_ERR_CONFIG_REGEX, 0, i - 1,
                          "in a substitution only a digit or a backslash may follow a backslash");
    if ((uint32_t)(byte - '0') > regex->group_count)
      return fp_error_set(error, FASTPATH_ERR_CONFIG_REGEX, 0, i - 1,
                          "the substitution asks for group %d, but the regular expression has %u", byte - '0',
                          (unsigned)regex->group_count);
    if (byte - '0' > *largest) *largest = byte - '0';
  }
  return FASTPATH_OK;
}

fp_status fp_regex_check_substitution(const fp_regex *regex, const uint8_t *substitution, size_t len, fp_error *error) {
  int largest;
  return scan(regex, substitution, len, &largest, error);
}

/* What was written, whether there was room for it or not. */
typedef struct replace_output {
  uint8_t *dst;
  size_t capacity, len;
  bool overflow;
} replace_output;

static void put(replace_output *output, const uint8_t *data, size_t len) {
  if (len == 0) return;
  if (len > SIZE_MAX - output->len) {
    output->overflow = true;
    return;
  }
  if (output->len <= output->capacity && len <= output->capacity - output->len)
    memcpy(output->dst + output->len, data, len);
  output->len += len;
}

static void put_substitution(replace_output *output, const uint8_t *substitution, size_t len, const uint8_t *text,
                             const fp_regex_group *groups) {
  for (size_t i = 0; i < len; i++) {
    size_t begin = i;
    while (i < len && substitution[i] != '\\') i++;
    put(output, substitution + begin, i - begin);
    if (i + 1 >= len) break;
    uint8_t byte = substitution[++i];
    if (byte == '\\') {
      put(output, &byte, 1);
    } else {
      const fp_regex_group *group = &groups[byte - '0'];
      if (group->begin != SIZE_MAX) put(output, text + group->begin, group->end - group->begin);
    }
  }
}

/* Bytes to pass over at text[at]: those of a code point, or one. */
static size_t point_length(const uint8_t *text, size_t left) {
  uint8_t first = text[0];
  size_t len = first < 0xc2 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 1;
  if (len == 1 || len > left) return 1;
  for (size_t i = 1; i < len; i++) {
    if ((text[i] & 0xc0) != 0x80) return 1;
  }
  bool overlong = (first == 0xe0 && text[1] < 0xa0) || (first == 0xf0 && text[1] < 0x90);
  return overlong || (first == 0xf4 && text[1] > 0x8f) ? 1 : len;
}

fp_status fp_regex_replace_all(const fp_regex *regex, const uint8_t *substitution, size_t substitution_len,
                               const uint8_t *text, size_t len, uint8_t *dst, size_t capacity, size_t *result_len,
                               size_t *replaced) {
  fp_regex_group groups[GROUPS];
  replace_output output = {.dst = dst, .capacity = capacity};
  int largest;
  size_t at = 0, last_end = SIZE_MAX, count = 0;
  if (scan(regex, substitution, substitution_len, &largest, NULL) < 0) return FASTPATH_ERR_ARGUMENT;
  while (at <= len) {
    fp_status status = fp_regex_search(regex, text, len, at, groups, largest < 0 ? 1 : (size_t)largest + 1);
    if (status < 0) return status;
    if (status == FASTPATH_NONE) break;
    put(&output, text + at, groups[0].begin - at);
    if (groups[0].begin == groups[0].end && groups[0].begin == last_end) {
      /* An empty match at the end of the one before does not count: a character is passed over instead. */
      at = groups[0].begin;
      if (at == len) break;
      size_t passed = regex->program.latin1 ? 1 : point_length(text + at, len - at);
      put(&output, text + at, passed);
      at += passed;
      continue;
    }
    put_substitution(&output, substitution, substitution_len, text, groups);
    at = last_end = groups[0].end;
    count++;
  }
  if (output.overflow) return FASTPATH_ERR_OVERFLOW;
  if (count > 0 && at < len) put(&output, text + at, len - at);
  if (output.overflow) return FASTPATH_ERR_OVERFLOW;
  *result_len = count > 0 ? output.len : len;
  if (replaced != NULL) *replaced = count;
  return count > 0 ? FASTPATH_OK : FASTPATH_NONE;
}
