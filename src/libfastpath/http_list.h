/* http_list.h - members of a comma-separated list of tokens, as in Connection, Upgrade and TE (RFC 9110 5.6.1). */
#ifndef FASTPATH_INTERNAL_HTTP_LIST_H
#define FASTPATH_INTERNAL_HTTP_LIST_H

#include <string.h>

#include "http_chars.h"
#include "http_emit.h"

/* Take the next member that is not empty off *list: non-zero, and *member without the blanks around it. */
static inline int fp_list_next(fp_span *list, fp_span *member) {
  while (list->len > 0) {
    const uint8_t *comma = memchr(list->data, ',', list->len);
    size_t len = comma == NULL ? list->len : (size_t)(comma - list->data);
    *member = fp_trimmed((fp_span){list->data, len});
    size_t skip = comma == NULL ? len : len + 1;
    list->data += skip;
    list->len -= skip;
    if (member->len > 0) return 1;
  }
  return 0;
}

/* Is it this word, in any letter case? */
static inline int fp_list_is_exactly(fp_span member, const char *word) {
  return member.len == strlen(word) && fp_http_same_name(member.data, (const uint8_t *)word, member.len);
}

/* Is the member this lower-case word, whatever its parameters (";q=1")? */
static inline int fp_list_is(fp_span member, const char *word) {
  size_t len = strlen(word);
  return member.len >= len && (member.len == len || member.data[len] == ';' || member.data[len] == ' ') &&
         fp_http_same_name(member.data, (const uint8_t *)word, len);
}

static inline int fp_list_has(fp_span list, const char *word) {
  fp_span member;
  while (fp_list_next(&list, &member)) {
    if (fp_list_is(member, word)) return 1;
  }
  return 0;
}

#endif
