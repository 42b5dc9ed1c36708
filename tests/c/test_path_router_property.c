/* Which template takes a path, and what its variables stand for, where trying every way leads: random ones. */
#include "check.h"
#include "random_path_router.h"

enum {
  ROUTERS = 3000,
  PATHS = 40
};

int main(void) {
  random_source from = {.state = 1};
  int taken = 0;
  for (int i = 0; i < ROUTERS; i++) {
    const int found = compare_path_router(&from, PATHS);
    CHECK(found >= 0);
    taken += found;
  }
  printf("       %d of %d paths were taken\n", taken, ROUTERS * PATHS);
  CHECK(taken > ROUTERS * PATHS / 5 && taken < ROUTERS * PATHS * 9 / 10);
  return 0;
}
