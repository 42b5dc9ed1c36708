/*
 * Every allocation of every exported function fails once: no crash, nothing leaked, and the object can be used on.
 * An exported function that no scenario calls fails the test.
 */
#include "sweep.h"

unsigned char exported_called[EXPORTED_COUNT];
const char *const exported_names[EXPORTED_COUNT] = {EXPORTED_NAMES};

static const struct {
  const char *name;
  sweep_scenario run;
} scenarios[] = {
    {"base", sweep_base},
    {"buffer growth", sweep_buffer_growth},
    {"buffer moves", sweep_buffer_moves},
    {"buffer reading", sweep_buffer_reading},
    {"buffer receiving", sweep_buffer_receiving},
    {"http heads", sweep_http_parse},
    {"http heads in pieces", sweep_http_head_reader},
    {"chunked bodies", sweep_chunked},
    {"http heads written", sweep_http_write},
    {"paths", sweep_path},
    {"routers of paths", sweep_path_router},
    {"connection, exchange", sweep_connection_exchange},
    {"connection, refusal", sweep_connection_refusal},
    {"connection, switch of protocols", sweep_connection_switch},
    {"connection, forwarding", sweep_connection_forward},
    {"regex", sweep_regex},
    {"regex without a DFA", sweep_regex_without_dfa},
    {"regex set", sweep_regex_set},
    {"route table", sweep_route_table},
    {"route builder, abandoned", sweep_route_builder_abandoned},
    {"route conditions", sweep_route_conditions},
    {"long paths", sweep_route_long_path},
    {"trees of matchers", sweep_route_matcher},
    {"templates of paths", sweep_route_templates},
    {"large regexes of routes", sweep_route_large_regexes},
    {"inspecting", sweep_inspect},
    {"authorities", sweep_authority},
    {"filter chains", sweep_filter_chains},
    {"snapshot", sweep_snapshot},
    {"cluster", sweep_cluster},
    {"policies", sweep_policies},
    {"zones and slow start", sweep_zones},
    {"subsets", sweep_subsets},
    {"one call", sweep_dispatch},
    {"health", sweep_health},
    {"admission", sweep_admission},
    {"hashing", sweep_hashing},
};

void sweep_base(void) {
  CHECK_EQ(fp_version(), FASTPATH_VERSION_MAJOR << 16 | FASTPATH_VERSION_MINOR << 8 | FASTPATH_VERSION_PATCH);
  CHECK_EQ(fp_abi_version(), FASTPATH_ABI_VERSION);
  CHECK(strcmp(fp_status_name(FASTPATH_ERR_MEMORY), "memory") == 0);
}

static size_t sweep(sweep_scenario run, const char *name) {
  failing_memory_arm(0);
  run();
  size_t allocations = failing_memory_count();
  CHECK_EQ(failing_memory_live(), 0);
  for (size_t number = 1; number <= allocations; number++) {
    failing_memory_arm(number);
    run();
    if (failing_memory_fired() && failing_memory_live() == 0) continue;
    fprintf(stderr, "%s: allocation %zu of %zu: %zu blocks left\n", name, number, allocations, failing_memory_live());
    exit(1);
  }
  return allocations;
}

int main(void) {
  size_t total = 0;
  for (size_t i = 0; i < sizeof scenarios / sizeof *scenarios; i++) total += sweep(scenarios[i].run, scenarios[i].name);
  int missing = 0;
  for (size_t i = 0; i < EXPORTED_COUNT; i++) {
    if (exported_called[i]) continue;
    fprintf(stderr, "the sweep does not call %s\n", exported_names[i]);
    missing++;
  }
  printf("       %zu allocations failed, one at a time; %d of %d exported functions called\n", total,
         EXPORTED_COUNT - missing, EXPORTED_COUNT);
  return missing > 0;
}
