/* Filter chain tables: random ones against comparing all chains, and what a builder refuses. */
#include <fastpath/filter_chain.h>

#include "chains_input.h"
#include "check.h"

static fp_span span_of(const char *text) { return (fp_span){(const uint8_t *)text, strlen(text)}; }

static uint64_t state = 0x9e3779b97f4a7c15u;

static uint8_t random_byte(void) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint8_t)(state >> 24);
}

static void random_tables_choose_as_comparing_all_chains_does(void) {
  uint8_t bytes[300];
  size_t chosen = 0;
  for (int round = 0; round < 40000; round++) {
    const size_t size = 20 + random_byte();
    for (size_t i = 0; i < size; i++)
      bytes[i] = random_byte() & random_byte() & (round % 3 == 0 ? 0xff : random_byte()); /* for shorter lists */
    chosen += chains_run(bytes, size);
  }
  CHECK(chosen > 150000);
}

static fp_status add(const fp_filter_chain_match *match, fp_error *error) {
  fp_filter_chain_builder *builder = fp_filter_chain_builder_new();
  fp_status status = fp_filter_chain_builder_add(builder, match, error);
  fp_filter_chain_builder_free(builder);
  return status;
}

static void what_cannot_be_asked_for_is_refused(void) {
  static uint8_t long_name[256];
  static const uint16_t no_port[] = {0};
  static uint16_t ports[2000];
  fp_span names[600];
  const fp_cidr nowhere = {.family = 5};
  fp_error error;
  for (size_t i = 0; i < sizeof long_name; i++) long_name[i] = 'a';
  names[0] = (fp_span){long_name, 256};
  CHECK_EQ(add(&(fp_filter_chain_match){.server_names = names, .server_name_count = 1}, &error),
           FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  names[0].len = 255;
  CHECK_EQ(add(&(fp_filter_chain_match){.server_names = names, .server_name_count = 1}, &error), FASTPATH_OK);
  names[0] = span_of("a.*");
  CHECK_EQ(add(&(fp_filter_chain_match){.server_names = names, .server_name_count = 1}, NULL),
           FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  CHECK_EQ(add(&(fp_filter_chain_match){.destination_port = 65536}, &error), FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  CHECK_EQ(add(&(fp_filter_chain_match){.source_type = 3}, &error), FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  CHECK_EQ(add(&(fp_filter_chain_match){.sources = &nowhere, .source_count = 1}, &error),
           FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  CHECK_EQ(add(&(fp_filter_chain_match){.source_ports = no_port, .source_port_count = 1}, &error),
           FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  for (size_t i = 0; i < 600; i++) names[i] = span_of("a");
  CHECK_EQ(add(
               &(fp_filter_chain_match){
                   .server_names = names, .server_name_count = 600, .source_ports = ports, .source_port_count = 2000},
               &error),
           FASTPATH_ERR_CONFIG_FILTER_CHAIN);
  CHECK(strcmp(error.message, "the lists have too many combinations") == 0);
}

static void a_table_of_nothing_matches_nothing(void) {
  fp_filter_chain_builder *builder = fp_filter_chain_builder_new();
  fp_filter_chain_table *table = NULL;
  CHECK_EQ(fp_filter_chain_builder_build(builder, &table, NULL), FASTPATH_OK);
  CHECK_EQ(fp_filter_chain_table_match(table, &(fp_connection_info){.destination_port = 1}),
           FASTPATH_FILTER_CHAIN_NONE);
  CHECK(fp_filter_chain_table_context(table) == NULL);
  fp_filter_chain_table_unref(table);
  fp_filter_chain_builder_free(builder);
}

static void a_name_of_many_labels_finds_its_longest_suffix(void) {
  static const char *const suffixes[] = {"*.a", "*.a.a", "*.a.a.a"};
  fp_filter_chain_builder *builder = fp_filter_chain_builder_new();
  fp_filter_chain_table *table = NULL;
  fp_connection_info connection = {.destination_port = 1};
  uint8_t name[255];
  for (size_t i = 0; i < 3; i++) {
    const fp_span suffix = span_of(suffixes[i]);
    CHECK_EQ(fp_filter_chain_builder_add(
                 builder, &(fp_filter_chain_match){.server_names = &suffix, .server_name_count = 1}, NULL),
             FASTPATH_OK);
  }
  CHECK_EQ(fp_filter_chain_builder_build(builder, &table, NULL), FASTPATH_OK);
  for (size_t i = 0; i < sizeof name; i++) name[i] = i % 2 == 0 ? 'A' : '.';
  for (size_t labels = 1; labels <= 128; labels++) {
    connection.server_name = (fp_span){name, 2 * labels - 1};
    CHECK_EQ(fp_filter_chain_table_match(table, &connection), labels == 1   ? FASTPATH_FILTER_CHAIN_NONE
                                                              : labels == 2 ? 0
                                                              : labels == 3 ? 1
                                                                            : 2);
  }
  fp_filter_chain_table_unref(table);
  fp_filter_chain_builder_free(builder);
}

int main(void) {
  random_tables_choose_as_comparing_all_chains_does();
  what_cannot_be_asked_for_is_refused();
  a_table_of_nothing_matches_nothing();
  a_name_of_many_labels_finds_its_longest_suffix();
  return 0;
}
