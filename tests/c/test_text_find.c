/* Whether a text contains another: against trying every place, and in linear time where that would not end. */
#include <stdint.h>
#include <stdlib.h>

#include "check.h"
#include "naive_condition.h"
#include "random_bytes.h"
#include "text_find.h"

/* Texts that repeat themselves, with errors: where the clever part of the search is at work. */
static void fill(random_source *from, uint8_t *text, size_t len, size_t letters, size_t period, size_t errors) {
  for (size_t i = 0; i < len; i++) {
    text[i] = (uint8_t)(i >= period && !one_in(from, errors) ? text[i - period] : 'a' + below(from, letters));
  }
}

static bool naive_contains(fp_span text, fp_span part, bool fold) {
  const fp_route_condition with = {
      .compare = FASTPATH_ROUTE_COMPARE_CONTAINS, .flags = fold ? FASTPATH_ROUTE_VALUE_IGNORE_CASE : 0, .value = part};
  return naive_value_matches(&with, text);
}

static void it_finds_what_trying_every_place_finds(void) {
  random_source from = {.state = 5};
  size_t found = 0, long_found = 0;
  for (int i = 0; i < 300000; i++) {
    const size_t part_len = below(&from, 60), len = below(&from, 160), letters = 1 + below(&from, 3);
    const size_t period = 1 + below(&from, 12), errors = 2 + below(&from, 60);
    const bool fold = one_in(&from, 2);
    uint8_t *text = malloc(len == 0 ? 1 : len), *part = malloc(part_len == 0 ? 1 : part_len);
    bool expected;
    CHECK(text != NULL && part != NULL);
    fill(&from, part, part_len, letters, period, errors);
    fill(&from, text, len, letters, period, errors);
    if (part_len > 0 && part_len <= len && one_in(&from, 2)) {
      const size_t at = below(&from, len - part_len + 1);
      memcpy(text + at, part, part_len);
      if (one_in(&from, 2)) text[at + below(&from, part_len)] = 'c';
    }
    for (size_t j = 0; fold && j < len; j++) text[j] = (uint8_t)(text[j] - (one_in(&from, 2) ? 32 : 0));
    expected = naive_contains((fp_span){text, len}, (fp_span){part, part_len}, fold);
    CHECK_EQ(fp_text_contains((fp_span){text, len}, (fp_span){part, part_len}, fold), expected);
    found += expected;
    long_found += expected && part_len > 16;
    free(text);
    free(part);
  }
  CHECK(found > 30000 && found < 270000 && long_found > 10000);
}

/* Trying every place takes 4 * 10^12 steps here. */
static void a_long_part_takes_no_longer_than_the_text(void) {
  const size_t len = (size_t)1 << 22, part_len = (size_t)1 << 21;
  uint8_t *text = malloc(len), *part = malloc(part_len);
  const size_t odd[] = {0, part_len / 2, part_len - 1};
  CHECK(text != NULL && part != NULL);
  memset(text, 'A', len);
  for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
    memset(part, 'a', part_len);
    part[odd[i]] = 'b';
    CHECK(!fp_text_contains((fp_span){text, len}, (fp_span){part, part_len}, true));
    text[len / 2] = 'B';
    CHECK_EQ(fp_text_contains((fp_span){text, len}, (fp_span){part, part_len}, true), 1);
    text[len / 2] = 'A';
  }
  free(text);
  free(part);
}

int main(void) {
  it_finds_what_trying_every_place_finds();
  a_long_part_takes_no_longer_than_the_text();
  return 0;
}
