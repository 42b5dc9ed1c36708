/* Trees of matchers lead where going every way in them leads: random trees, random requests. */
#include "check.h"
#include "random_match_tree.h"

enum {
  TREES = 4000,
  REQUESTS = 20
};

int main(void) {
  static naive_table naive;
  random_source from = {.state = 1};
  int led = 0;
  for (int i = 0; i < TREES; i++) {
    const int found = compare_match_tree(&from, &naive, REQUESTS);
    CHECK(found >= 0);
    led += found;
  }
  printf("       %d of %d requests led to a list\n", led, TREES * REQUESTS);
  CHECK(led > TREES * REQUESTS / 5 && led < TREES * REQUESTS * 4 / 5);
  return 0;
}
