/* random_pattern.h - random regexes and templates, each with a text that is likely to match it. */
#ifndef FASTPATH_TESTS_RANDOM_PATTERN_H
#define FASTPATH_TESTS_RANDOM_PATTERN_H

#include <stdio.h>

#include "random_bytes.h"

typedef struct {
  uint8_t text[200];
  size_t len;
} random_text;

static void put(random_text *to, uint8_t byte) {
  if (to->len < sizeof to->text) to->text[to->len++] = byte;
}

static void put_word(random_text *to, const char *word) {
  for (; *word != '\0'; word++) put(to, (uint8_t)*word);
}

static void put_all(random_text *to, const random_text *more) {
  for (size_t i = 0; i < more->len; i++) put(to, more->text[i]);
}

/* ---- regexes, of the sort that naive_regex.h knows ---- */

static void put_escaped(random_text *to, uint8_t byte) {
  if (byte < 0x80 && strchr("\\.[](){}*+?|^$", byte) != NULL) put(to, '\\');
  put(to, byte);
}

static void random_alternatives(random_source *from, const char *letters, int depth, random_text *pattern,
                                random_text *sample);

static void random_class(random_source *from, random_text *pattern, random_text *sample) {
  const uint8_t low = random_letter(from, "aAb/0");
  put(pattern, '[');
  if (one_in(from, 4)) put(pattern, '^');
  put(pattern, low);
  if (one_in(from, 2)) {
    put(pattern, '-');
    put(pattern, (uint8_t)(low + below(from, 3)));
  }
  if (one_in(from, 3)) put(pattern, 'z');
  put(pattern, ']');
  put(sample, low);
}

static void random_piece(random_source *from, const char *letters, int depth, random_text *pattern,
                         random_text *sample) {
  random_text atom = {.len = 0};
  size_t times = 1;
  switch (below(from, depth > 0 ? 8 : 7)) {
    case 5:
      put(pattern, '.');
      put(&atom, random_letter(from, letters));
      break;
    case 6: random_class(from, pattern, &atom); break;
    case 7:
      put(pattern, '(');
      random_alternatives(from, letters, depth - 1, pattern, &atom);
      put(pattern, ')');
      break;
    default: {
      const uint8_t letter = random_letter(from, letters);
      put_escaped(pattern, letter);
      put(&atom, letter);
    }
  }
  switch (below(from, 8)) {
    case 5:
      put(pattern, '*');
      times = below(from, 3);
      break;
    case 6:
      put(pattern, '+');
      times = 1 + below(from, 2);
      break;
    case 7:
      put(pattern, '?');
      times = below(from, 2);
      break;
    default: break;
  }
  while (times-- > 0) put_all(sample, &atom);
}

/* Keeps to about half of the room, so that nothing is cut off. */
static void random_alternatives(random_source *from, const char *letters, int depth, random_text *pattern,
                                random_text *sample) {
  const size_t ways = one_in(from, 3) ? 1 + below(from, 3) : 1, taken = below(from, ways);
  for (size_t way = 0; way < ways; way++) {
    random_text unused = {.len = 0};
    if (way > 0) put(pattern, '|');
    for (size_t more = below(from, 5); more > 0 && pattern->len < sizeof pattern->text / 2; more--) {
      random_piece(from, letters, depth, pattern, way == taken ? sample : &unused);
    }
  }
}

static void random_regex(random_source *from, const char *letters, random_text *pattern, random_text *sample) {
  pattern->len = sample->len = 0;
  random_alternatives(from, letters, 2, pattern, sample);
}

/* ---- templates ---- */

/* Segments before a wildcard that ends it; some are refused. `variables` are how many it may have. */
static void random_template(random_source *from, size_t variables, random_text *template, random_text *sample) {
  static const char *const words[] = {"a", "b", "ab", "a.b", "A"};
  const size_t segments = 1 + below(from, one_in(from, 8) ? 30 : 6);
  size_t made = 0;
  template->len = sample->len = 0;
  for (size_t i = 0; i < segments && template->len < sizeof template->text / 2; i++) {
    const char *word = random_word_of(from, words, sizeof words / sizeof *words);
    const char *taken = random_word_of(from, words, sizeof words / sizeof *words);
    const size_t sort = below(from, 9);
    char text[64];
    put(template, '/');
    put(sample, '/');
    if (sort < 3 || (sort > 3 && made == variables)) {
      put_word(template, word);
      put_word(sample, word);
      continue;
    }
    switch (sort) {
      case 3: snprintf(text, sizeof text, "*"); break;
      case 4: snprintf(text, sizeof text, "{v%zu}", made); break;
      case 5: snprintf(text, sizeof text, "%s{v%zu}", word, made); break;
      case 6: snprintf(text, sizeof text, "{v%zu=*}%s", made, word); break;
      case 7: snprintf(text, sizeof text, "{v%zu=%s/*}", made, word); break;
      default: snprintf(text, sizeof text, "%s{v%zu}%s", word, made, word); break;
    }
    put_word(template, text);
    if (sort == 5 || sort >= 7) put_word(sample, word);
    if (sort == 7) put(sample, '/');
    put_word(sample, taken);
    if (sort == 6 || sort == 8) put_word(sample, word);
    made += sort != 3;
  }
  switch (below(from, 8)) {
    case 4:
      put_word(template, "/**");
      put_word(sample, "/a/b");
      break;
    case 5:
      put_word(template, "/{rest=**}.x");
      put_word(sample, "/b//a.x");
      break;
    case 6:
      put_word(template, "/*.x");
      put_word(sample, "/b.x");
      break;
    case 7:
      put_word(template, "/");
      put_word(sample, "/");
      break;
    default: break;
  }
}

#endif
