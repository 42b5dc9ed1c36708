/*
 * A long part of a's and a b against a text of a's is where trying every place costs the product of the two lengths,
 * and the text is a stranger's. So long parts are found by the two-way algorithm (Crochemore and Perrin, "Two-way
 * string-matching", 1991): the part is cut where its local period is its period; what stands right of the cut is
 * compared first, and each comparison that fails there tells how far to go on.
 */
#include "text_find.h"

#include <string.h>

#include "http_chars.h"

enum {
  SHORT = 16 /* trying every place of parts up to this costs at most so many times the text */
};

static inline uint8_t read(const uint8_t *text, size_t at, bool fold) {
  return fold ? fp_http_lower(text[at]) : text[at];
}

static inline bool stands_at(const uint8_t *text, fp_span part, bool fold) {
  if (!fold) return memcmp(text, part.data, part.len) == 0;
  for (size_t i = 0; i < part.len; i++) {
    if (fp_http_lower(text[i]) != part.data[i]) return false;
  }
  return true;
}

static bool find_short(fp_span text, fp_span part, bool fold) {
  for (size_t at = 0; at + part.len <= text.len; at++) {
    if (!fold) {
      const uint8_t *first = memchr(text.data + at, part.data[0], text.len - part.len - at + 1);
      if (first == NULL) return false;
      at = (size_t)(first - text.data);
    }
    if (stands_at(text.data + at, part, fold)) return true;
  }
  return false;
}

/* Where the greatest suffix begins, in the order of bytes or the opposite one, and that suffix's period. */
static size_t greatest_suffix(fp_span of, bool opposite, size_t *period) {
  size_t start = 0, candidate = 1, matched = 0;
  *period = 1;
  while (candidate + matched < of.len) {
    const uint8_t a = of.data[candidate + matched], b = of.data[start + matched];
    if (a == b) {
      matched++;
      if (matched == *period) {
        candidate += *period;
        matched = 0;
      }
    } else if ((a < b) != opposite) {
      candidate += matched + 1;
      matched = 0;
      *period = candidate - start;
    } else {
      start = candidate++;
      matched = 0;
      *period = 1;
    }
  }
  return start;
}

static bool find_long(fp_span text, fp_span part, bool fold) {
  size_t period, other_period, at = 0, known = 0;
  size_t cut = greatest_suffix(part, false, &period);
  const size_t other = greatest_suffix(part, true, &other_period);
  bool periodic;
  if (other > cut) {
    cut = other;
    period = other_period;
  }
  periodic = cut + period <= part.len && memcmp(part.data, part.data + period, cut) == 0;
  if (!periodic) period = (cut > part.len - cut ? cut : part.len - cut) + 1;
  while (at + part.len <= text.len) {
    size_t right = cut > known ? cut : known, left = cut;
    while (right < part.len && part.data[right] == read(text.data, at + right, fold)) right++;
    if (right < part.len) {
      at += right - cut + 1;
      known = 0;
      continue;
    }
    while (left > known && part.data[left - 1] == read(text.data, at + left - 1, fold)) left--;
    if (left <= known) return true;
    at += period;
    known = periodic ? part.len - period : 0; /* these bytes have been compared one period ago */
  }
  return false;
}

bool fp_text_contains(fp_span text, fp_span part, bool fold) {
  if (part.len == 0) return true;
  if (part.len > text.len) return false;
  return part.len <= SHORT ? find_short(text, part, fold) : find_long(text, part, fold);
}
