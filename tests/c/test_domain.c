/* Virtual hosts by domain: precedence, wildcards, letter case, ports, duplicates, long names. */
#include <fastpath/route.h>
#include <stdio.h>
#include <stdlib.h>

#include "check.h"

static const uint8_t *bytes(const char *text) { return (const uint8_t *)text; }

/* A builder in which domain i belongs to virtual host i. */
static fp_route_builder *builder_of(const char *const *domains, size_t count) {
  fp_route_builder *builder = fp_route_builder_new();
  CHECK(builder != NULL);
  for (size_t i = 0; i < count; i++) {
    CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
    CHECK_EQ(fp_route_builder_add_domain(builder, bytes(domains[i]), strlen(domains[i]), NULL), FASTPATH_OK);
  }
  return builder;
}

static fp_route_table *table_of(const char *const *domains, size_t count, uint32_t flags) {
  fp_route_builder *builder = builder_of(domains, count);
  fp_route_table *table = NULL;
  CHECK_EQ(fp_route_builder_build(builder, flags, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  return table;
}

#define TABLE(flags, ...) \
  table_of((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *), flags)

static uint32_t host_of_bytes(const fp_route_table *table, const uint8_t *host, size_t len) {
  uint8_t *exact = malloc(len + 1);
  fp_route_match match;
  fp_route_request request;
  CHECK(exact != NULL);
  if (len > 0) memcpy(exact + 1, host, len);
  request = (fp_route_request){.authority = {exact + 1, len}, .path = {bytes("/"), 1}};
  CHECK_EQ(fp_route_table_match(table, &request, &match), FASTPATH_NONE);
  free(exact);
  return match.virtual_host;
}

static uint32_t host_of(const fp_route_table *table, const char *host) {
  return host_of_bytes(table, bytes(host), strlen(host));
}

#define NONE FASTPATH_ROUTE_INDEX_NONE

static void precedence_is_exact_suffix_prefix_any(void) {
  fp_route_table *table = TABLE(0, "*", "*.example.com", "*.b.example.com", "a.*", "a.b.*", "a.example.com", "*com");
  CHECK_EQ(host_of(table, "a.example.com"), 5);
  CHECK_EQ(host_of(table, "x.example.com"), 1);
  CHECK_EQ(host_of(table, "a.b.example.com"), 2);
  CHECK_EQ(host_of(table, "x.y.b.example.com"), 2);
  CHECK_EQ(host_of(table, "example.com"), 6);
  CHECK_EQ(host_of(table, "a.other"), 3);
  CHECK_EQ(host_of(table, "a.b.other"), 4);
  CHECK_EQ(host_of(table, "other"), 0);
  CHECK_EQ(host_of(table, ""), 0);
  fp_route_table_unref(table);
}

static void a_wildcard_stands_for_at_least_one_byte(void) {
  fp_route_table *table = TABLE(0, "*-bar.foo.com", "foo.*", "**", "*a*");
  CHECK_EQ(host_of(table, "-bar.foo.com"), NONE);
  CHECK_EQ(host_of(table, "x-bar.foo.com"), 0);
  CHECK_EQ(host_of(table, "foo."), NONE);
  CHECK_EQ(host_of(table, "foo.x"), 1);
  CHECK_EQ(host_of(table, "*"), NONE);
  CHECK_EQ(host_of(table, "x*"), 2); /* only the first star is a wildcard */
  CHECK_EQ(host_of(table, "xa*"), 3);
  CHECK_EQ(host_of(table, "xab"), NONE);
  CHECK_EQ(host_of(table, "*-bar.foo.com"), 0);
  fp_route_table_unref(table);
}

static void letter_case_does_not_matter(void) {
  fp_route_table *table = TABLE(0, "ExAmPlE.com", "*.Wild.COM", "Pre.*", "[FE80::1]", "\xc3\x89.com");
  CHECK_EQ(host_of(table, "EXAMPLE.COM"), 0);
  CHECK_EQ(host_of(table, "eXaMpLe.cOm"), 0);
  CHECK_EQ(host_of(table, "A.wILD.com"), 1);
  CHECK_EQ(host_of(table, "PRE.x"), 2);
  CHECK_EQ(host_of(table, "[fe80::1]"), 3);
  CHECK_EQ(host_of(table, "\xc3\x89.COM"), 4);
  CHECK_EQ(host_of(table, "\xc3\xa9.com"), NONE); /* ASCII only */
  CHECK_EQ(host_of(table, "example@com"), NONE);
  fp_route_table_unref(table);
}

static void folding_changes_the_26_letters_only(void) {
  for (unsigned byte = 1; byte < 256; byte++) {
    const char domain[] = {'-', (char)byte, '-', '\0'};
    fp_route_table *table;
    if (byte == '\r' || byte == '\n') continue;
    table = TABLE(0, domain);
    for (unsigned other = 0; other < 256; other++) {
      const uint8_t host[] = {'-', (uint8_t)other, '-'};
      const unsigned a = byte >= 'A' && byte <= 'Z' ? byte + 32 : byte;
      const unsigned b = other >= 'A' && other <= 'Z' ? other + 32 : other;
      CHECK_EQ(host_of_bytes(table, host, 3), a == b ? 0 : NONE);
    }
    fp_route_table_unref(table);
  }
}

static void ports_are_ignored_when_asked(void) {
  static const char *const domains[] = {"a.com", "a.com:8080", "[::1]", "*:1", "b:2:*"};
  fp_route_table *table = table_of(domains, 5, 0);
  CHECK_EQ(host_of(table, "a.com:8080"), 1);
  CHECK_EQ(host_of(table, "a.com:80"), NONE);
  CHECK_EQ(host_of(table, "a.com:1"), 3);
  fp_route_table_unref(table);
  table = table_of(domains, 5, FASTPATH_ROUTE_TABLE_IGNORE_PORT);
  CHECK_EQ(host_of(table, "a.com:8080"), 0);
  CHECK_EQ(host_of(table, "a.com:"), 0);
  CHECK_EQ(host_of(table, "a.com"), 0);
  CHECK_EQ(host_of(table, "[::1]"), 2);
  CHECK_EQ(host_of(table, "[::1]:80"), 2);
  CHECK_EQ(host_of(table, "b:2:x:3"), 4); /* the last colon only */
  CHECK_EQ(host_of(table, ":80"), NONE);
  fp_route_table_unref(table);
}

static void the_host_is_not_read_when_any_will_do(void) {
  fp_route_table *any = TABLE(0, "*"), *more = TABLE(0, "*", "a");
  const fp_route_request request = {.authority = {NULL, 0}, .path = {bytes("/"), 1}};
  fp_route_match match;
  (void)fp_route_table_match(any, &request, &match);
  CHECK_EQ(match.virtual_host, 0);
  (void)fp_route_table_match(more, &request, &match);
  CHECK_EQ(match.virtual_host, NONE);
  CHECK_EQ(host_of(more, ""), 0);
  fp_route_table_unref(any);
  fp_route_table_unref(more);
}

static void an_empty_domain_is_an_empty_host(void) {
  fp_route_table *table = TABLE(0, "", "a");
  CHECK_EQ(host_of(table, ""), 0);
  CHECK_EQ(host_of(table, "b"), NONE);
  fp_route_table_unref(table);
}

static void refuse(const char *const *domains, size_t count, size_t position) {
  fp_route_builder *builder = builder_of(domains, count);
  fp_route_table *table = NULL;
  fp_error error;
  CHECK_EQ(fp_route_builder_build(builder, 0, &table, &error), FASTPATH_ERR_CONFIG_DUPLICATE_DOMAIN);
  CHECK_EQ(error.position, position);
  CHECK(table == NULL);
  fp_route_builder_free(builder);
}

static void a_domain_occurs_once(void) {
  refuse((const char *const[]){"a", "b", "A"}, 3, 2);
  refuse((const char *const[]){"*", "b", "*"}, 3, 2);
  refuse((const char *const[]){"*.a", "*.A"}, 2, 1);
  refuse((const char *const[]){"a.*", "b", "A.*"}, 3, 2);
  refuse((const char *const[]){"", "b", ""}, 3, 2);
}

static void names_of_every_length_up_to_the_limit(void) {
  static uint8_t name[2 * FASTPATH_ROUTE_DOMAIN_MAX];
  memset(name, 'n', sizeof name);
  for (size_t len = 1; len <= FASTPATH_ROUTE_DOMAIN_MAX; len++) {
    static const char *const sorts[] = {"exact", "suffix", "prefix"};
    for (size_t sort = 0; sort < sizeof sorts / sizeof *sorts; sort++) {
      fp_route_builder *builder = fp_route_builder_new();
      fp_route_table *table = NULL;
      const size_t star = sort == 1 ? 0 : len - 1;
      CHECK(builder != NULL);
      CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
      if (sort > 0) name[star] = '*';
      CHECK_EQ(fp_route_builder_add_domain(builder, name, len, NULL), FASTPATH_OK);
      CHECK_EQ(fp_route_builder_build(builder, 0, &table, NULL), FASTPATH_OK);
      fp_route_builder_free(builder);
      name[star] = 'n';
      CHECK_EQ(host_of_bytes(table, name, len), 0);
      CHECK_EQ(host_of_bytes(table, name, len + 1), sort == 0 ? NONE : 0);
      CHECK_EQ(host_of_bytes(table, name, sizeof name), sort == 0 ? NONE : 0);
      if (sort == 0) CHECK_EQ(host_of_bytes(table, name, len - 1), NONE);
      name[star] = 'N';
      CHECK_EQ(host_of_bytes(table, name, len), 0);
      name[star] = 'n';
      fp_route_table_unref(table);
    }
  }
}

static void a_longer_name_is_refused(void) {
  static uint8_t name[FASTPATH_ROUTE_DOMAIN_MAX + 1];
  fp_route_builder *builder = fp_route_builder_new();
  fp_error error;
  CHECK(builder != NULL);
  memset(name, 'n', sizeof name);
  CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
  CHECK_EQ(fp_route_builder_add_domain(builder, name, sizeof name, &error), FASTPATH_ERR_CONFIG_DOMAIN);
  CHECK_EQ(error.position, FASTPATH_ROUTE_DOMAIN_MAX);
  fp_route_builder_free(builder);
}

static void five_thousand_domains_of_each_sort(void) {
  enum {
    COUNT = 5000
  };
  fp_route_builder *builder = fp_route_builder_new();
  fp_route_table *table = NULL;
  char name[64];
  CHECK(builder != NULL);
  for (int i = 0; i < COUNT; i++) {
    static const char *const formats[] = {"host%d.example.com", "*.suffix%d.com", "prefix%d.*"};
    for (int sort = 0; sort < 3; sort++) {
      const int len = snprintf(name, sizeof name, formats[sort], i);
      CHECK_EQ(fp_route_builder_add_virtual_host(builder, NULL), FASTPATH_OK);
      CHECK_EQ(fp_route_builder_add_domain(builder, bytes(name), (size_t)len, NULL), FASTPATH_OK);
    }
  }
  CHECK_EQ(fp_route_builder_build(builder, 0, &table, NULL), FASTPATH_OK);
  fp_route_builder_free(builder);
  for (uint32_t i = 0; i < COUNT; i++) {
    snprintf(name, sizeof name, "Host%u.example.com", i);
    CHECK_EQ(host_of(table, name), 3 * i);
    snprintf(name, sizeof name, "www.Suffix%u.com", i);
    CHECK_EQ(host_of(table, name), 3 * i + 1);
    snprintf(name, sizeof name, "Prefix%u.net", i);
    CHECK_EQ(host_of(table, name), 3 * i + 2);
  }
  CHECK_EQ(host_of(table, "host5000.example.com"), NONE);
  fp_route_table_unref(table);
}

int main(void) {
  precedence_is_exact_suffix_prefix_any();
  a_wildcard_stands_for_at_least_one_byte();
  letter_case_does_not_matter();
  folding_changes_the_26_letters_only();
  ports_are_ignored_when_asked();
  the_host_is_not_read_when_any_will_do();
  an_empty_domain_is_an_empty_host();
  a_domain_occurs_once();
  names_of_every_length_up_to_the_limit();
  a_longer_name_is_refused();
  five_thousand_domains_of_each_sort();
  return 0;
}
