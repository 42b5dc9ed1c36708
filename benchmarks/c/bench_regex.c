/*
 * What matching regular expressions costs in C: one by one, with groups, and in sets of many.
 *   bench_regex [regexes...]
 * Prints a line for each pattern, ns per text; then one for each size of a set: ns per text, and what it took to make.
 */
#define _POSIX_C_SOURCE 200809L
#include <fastpath/regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"

enum {
  ROOM = 80,
  TEXTS = 1000,
  ROUNDS = 200
};

static fp_regex *compile(const char *pattern) {
  fp_regex *regex;
  if (fp_regex_new((const uint8_t *)pattern, strlen(pattern), NULL, &regex, NULL) == FASTPATH_OK) return regex;
  fprintf(stderr, "%s is refused\n", pattern);
  exit(1);
}

static void measure_single(const char *pattern, const char *text, const char *substitution) {
  fp_regex *regex = compile(pattern);
  const uint8_t *data = (const uint8_t *)text;
  const size_t len = strlen(text);
  uint8_t result[2 * ROOM];
  size_t wrong = 0, result_len;
  double best = 1e9, best_replace = 1e9;
  for (int round = 0; round < ROUNDS; round++) {
    const double start = now();
    for (int i = 0; i < TEXTS; i++) wrong += fp_regex_full_match(regex, data, len) != FASTPATH_OK;
    const double took = now() - start;
    if (took < best) best = took;
  }
  for (int round = 0; round < ROUNDS / 10; round++) {
    const double start = now();
    for (int i = 0; i < TEXTS; i++)
      wrong += fp_regex_replace_all(regex, (const uint8_t *)substitution, strlen(substitution), data, len, result,
                                    sizeof result, &result_len, NULL) != FASTPATH_OK;
    const double took = now() - start;
    if (took < best_replace) best_replace = took;
  }
  if (wrong > 0) exit(1);
  printf("%-40s %3zu bytes  full match %6.1f ns  replaced by groups %7.1f ns  %5zu bytes of memory\n", pattern, len,
         best / TEXTS * 1e9, best_replace / TEXTS * 1e9, fp_regex_size(regex));
  fp_regex_unref(regex);
}

/* The same as bench_regex.py gives its sets. */
static const char *const patterns[] = {"/api/v[0-9]+/team%zu/items/[^/]+", ".*\\.ext%zu", "/users%zu/(\\d+)/orders"};
static const char *const texts[] = {"/api/v2/team%zu/items/abcdef123", "/static/img/logo.ext%zu",
                                    "/users%zu/12345/orders"};

static char *filled(const char *format, size_t number, char *room) {
  const char *hole = strstr(format, "%zu");
  snprintf(room, ROOM, "%.*s%zu%s", (int)(hole - format), format, number, hole + 3);
  return room;
}

static void measure_set(size_t count) {
  fp_regex **regexes = malloc(count * sizeof *regexes);
  char room[ROOM], (*asked)[ROOM] = malloc(TEXTS * sizeof *asked);
  fp_regex_set *set = NULL;
  uint32_t ids[4];
  size_t found, wrong = 0;
  double best = 1e9, start = now();
  if (regexes == NULL || asked == NULL) exit(1);
  for (size_t i = 0; i < count; i++) regexes[i] = compile(filled(patterns[i % 3], i, room));
  const double compiled = now() - start;
  start = now();
  if (fp_regex_set_new(regexes, count, NULL, &set, NULL) < 0) exit(1);
  const double built = now() - start;
  for (size_t i = 0; i < TEXTS; i++) {
    const size_t number = i * 7919 % count;
    filled(texts[number % 3], number, asked[i]);
  }
  for (int round = 0; round < ROUNDS; round++) {
    start = now();
    for (size_t i = 0; i < TEXTS; i++)
      wrong += fp_regex_set_match(set, (const uint8_t *)asked[i], strlen(asked[i]), 0, FASTPATH_REGEX_ID_END, ids, 4,
                                  &found) != FASTPATH_OK;
    const double took = now() - start;
    if (took < best) best = took;
  }
  if (wrong > 0) exit(1);
  printf("%8zu regexes  %7.1f ns  compiled in %8.2f ms, the set in %8.2f ms  %6zu bytes per regex\n", count,
         best / TEXTS * 1e9, compiled * 1e3, built * 1e3, fp_regex_set_size(set) / count);
  fp_regex_set_unref(set);
  for (size_t i = 0; i < count; i++) fp_regex_unref(regexes[i]);
  free(regexes);
  free(asked);
}

int main(int argc, char **argv) {
  static const size_t sizes[] = {10, 100, 1000, 10000};
  if (argc == 1) {
    measure_single("/api/v[0-9]+/items/([^/]+)", "/api/v2/items/abcdef123", "/\\1");
    measure_single("/users/(\\d+)/orders/(\\d+)", "/users/12345/orders/678", "/\\2/\\1");
    measure_single(".*\\.(png|jpg|css|js)", "/static/assets/img/logo-large.jpg", "\\1");
    measure_single("(?i)/shop/[a-z0-9-]+/.*", "/Shop/blue-shoes-42/reviews/page/3", "/");
    measure_single("/(a|b)*a(a|b){12}", "/abababbabababbabababbbbaaab", "\\1");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) measure_set(sizes[i]);
  }
  for (int i = 1; i < argc; i++) measure_set((size_t)strtoull(argv[i], NULL, 10));
  return 0;
}
