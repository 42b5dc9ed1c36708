/* Conditions on metadata and filter state: what each looks at, when it is refused. The answers are a real Envoy's. */
#include "route_fixture.h"

enum {
  INVERT = FASTPATH_ROUTE_INVERT,
  FOLD = FASTPATH_ROUTE_VALUE_IGNORE_CASE,
  EXACT = FASTPATH_ROUTE_COMPARE_EXACT,
  REGEX = FASTPATH_ROUTE_COMPARE_REGEX
};

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define TEST(name) FASTPATH_VALUE_TEST_##name

/* ---- what the request has ---- */

static fp_value text(const char *name, const char *content) {
  return (fp_value){.kind = FASTPATH_VALUE_TEXT, .name = span_of(name), .text = span_of(content)};
}

static fp_value number(const char *name, double content) {
  return (fp_value){.kind = FASTPATH_VALUE_NUMBER, .name = span_of(name), .number = content};
}

static fp_value several(fp_value_kind kind, const char *name, const fp_value *items, size_t count) {
  return (fp_value){.kind = (uint8_t)kind, .name = span_of(name), .items = items, .count = count};
}

/* Whether the condition holds for a request with
 *   f: {s: "text", n: 1.5, t: true, z: null, o: {s: "deep"}, l: ["one", 2, ["in"]], s: "second"}
 *   words: "Hello", v4: 10.1.2.3, v6: fd00::1, mute: no text */
static int holds(fp_route_condition condition) {
  const fp_value inner[] = {text("s", "deep")}, in[] = {text("", "in")};
  const fp_value list[] = {text("", "one"), number("", 2), several(FASTPATH_VALUE_LIST, "", in, COUNT(in))};
  const fp_value fields[] = {
      text("s", "text"),
      number("n", 1.5),
      {.kind = FASTPATH_VALUE_BOOL, .name = span_of("t"), .truth = 1},
      {.kind = FASTPATH_VALUE_NULL, .name = span_of("z")},
      several(FASTPATH_VALUE_STRUCT, "o", inner, COUNT(inner)),
      several(FASTPATH_VALUE_LIST, "l", list, COUNT(list)),
      text("s", "second"),
  };
  const fp_value metadata[] = {several(FASTPATH_VALUE_STRUCT, "f", fields, COUNT(fields))};
  const fp_filter_state state[] = {
      {.key = span_of("words"), .text = span_of("Hello")},
      {.key = span_of("v4"), .text = span_of("10.1.2.3:0"), .address = {.family = 4, .address = {10, 1, 2, 3}}},
      {.key = span_of("v6"), .address = {.family = 6, .address = {0xfd, [15] = 1}}},
      {.key = span_of("mute")},
  };
  const fp_route_attributes attributes = {metadata, COUNT(metadata), state, COUNT(state)};
  fp_route_request request = {.authority = span_of("h"), .path = span_of("/"), .attributes = &attributes};
  fp_route_table *table = table_of(condition);
  const int found = route_for(table, &request) == 0;
  fp_route_table_unref(table);
  return found;
}

/* ---- metadata ---- */

static fp_route_condition metadata_of(const fp_span *path, size_t len, const fp_value_test *tests, size_t count) {
  return (fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_METADATA,
                              .name = span_of("f"),
                              .path = path,
                              .path_len = len,
                              .tests = tests,
                              .test_count = count};
}

/* The field of f passes the test. */
static int passes(const char *field, fp_value_test test) {
  const fp_span path = span_of(field);
  return holds(metadata_of(&path, 1, &test, 1));
}

static fp_value_test equals(const char *wanted) {
  return (fp_value_test){.kind = TEST(TEXT), .compare = EXACT, .text = span_of(wanted)};
}

static void a_value_must_be_of_the_kind_asked_for(void) {
  const fp_value_test there = {.kind = TEST(PRESENT), .truth = 1}, never = {.kind = TEST(PRESENT)};
  CHECK(passes("s", equals("text")) && !passes("s", equals("tex")) && !passes("s", equals("second")));
  CHECK(passes("s", (fp_value_test){.kind = TEST(TEXT), .compare = REGEX, .text = span_of("te.*")}));
  CHECK(passes("s", (fp_value_test){.kind = TEST(TEXT), .compare = EXACT, .text = span_of("TEXT"), .flags = FOLD}));
  CHECK(!passes("n", equals("1.5")) && !passes("none", equals("")));
  CHECK(passes("n", (fp_value_test){.kind = TEST(NUMBER), .start = 1.5}));
  CHECK(!passes("n", (fp_value_test){.kind = TEST(NUMBER), .start = 1}));
  CHECK(!passes("t", (fp_value_test){.kind = TEST(NUMBER), .start = 1}));
  CHECK(passes("n", (fp_value_test){.kind = TEST(RANGE), .start = 1.5, .end = 2}));
  CHECK(!passes("n", (fp_value_test){.kind = TEST(RANGE), .start = 1, .end = 1.5}));
  CHECK(passes("t", (fp_value_test){.kind = TEST(BOOL), .truth = 1}));
  CHECK(!passes("t", (fp_value_test){.kind = TEST(BOOL)}) && !passes("z", (fp_value_test){.kind = TEST(BOOL)}));
  CHECK(passes("z", (fp_value_test){.kind = TEST(NULL)}) && !passes("none", (fp_value_test){.kind = TEST(NULL)}));
  CHECK(passes("z", there) && passes("o", there) && passes("l", there) && !passes("none", there));
  CHECK(!passes("s", never) && !passes("none", never));
}

static void lists_and_alternatives_take_the_tests_that_follow(void) {
  const fp_span l = span_of("l"), s = span_of("s");
  const fp_value_test item[] = {{.kind = TEST(ANY_ITEM)}, {.kind = TEST(NUMBER), .start = 2}};
  const fp_value_test nested[] = {{.kind = TEST(ANY_ITEM)}, {.kind = TEST(ANY_ITEM)}, equals("in")};
  const fp_value_test other[] = {{.kind = TEST(ANY_ITEM)}, equals("two")};
  const fp_value_test either[] = {
      {.kind = TEST(ANY_OF), .count = 3}, {.kind = TEST(ANY_ITEM)}, equals("one"), equals("no"), equals("text")};
  CHECK(holds(metadata_of(&l, 1, item, COUNT(item))) && !holds(metadata_of(&s, 1, item, COUNT(item))));
  CHECK(holds(metadata_of(&l, 1, nested, COUNT(nested))));
  CHECK(!holds(metadata_of(&l, 1, other, COUNT(other))));
  CHECK(holds(metadata_of(&l, 1, either, COUNT(either))) && holds(metadata_of(&s, 1, either, COUNT(either))));
}

static void a_path_leads_through_structs(void) {
  const fp_span deep[] = {span_of("o"), span_of("s")}, through_text[] = {span_of("s"), span_of("s")};
  const fp_value_test deep_text = equals("deep"), there = {.kind = TEST(PRESENT), .truth = 1};
  fp_route_condition condition = metadata_of(through_text, 2, &there, 1);
  CHECK(holds(metadata_of(deep, 2, &deep_text, 1)));
  CHECK(!holds(condition));
  condition.flags = INVERT;
  CHECK(holds(condition));
  condition.name = span_of("g"); /* no such filter */
  CHECK(holds(condition));
}

/* ---- filter state ---- */

static int object_is(const char *key, const char *wanted, unsigned flags) {
  return holds(condition_of(FASTPATH_ROUTE_CONDITION_FILTER_STATE, key, FASTPATH_ROUTE_COMPARE_EXACT, wanted, flags));
}

static int in_range(const char *key, const fp_cidr *ranges, size_t count, unsigned flags) {
  return holds((fp_route_condition){.kind = FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS,
                                    .flags = (uint8_t)flags,
                                    .name = span_of(key),
                                    .ranges = ranges,
                                    .range_count = count});
}

static void the_text_of_an_object_is_compared(void) {
  CHECK(object_is("words", "Hello", 0) && !object_is("words", "hello", 0) && object_is("words", "HELLO", FOLD));
  CHECK(object_is("v4", "10.1.2.3:0", 0));
  CHECK(!object_is("none", "", 0) && !object_is("mute", "", 0));
  CHECK(object_is("words", "x", INVERT) && !object_is("none", "x", INVERT) && !object_is("mute", "x", INVERT));
}

static void an_address_lies_in_a_range(void) {
  const fp_cidr ranges[] = {{.family = 4, .prefix_len = 15, .address = {10, 1}},
                            {.family = 6, .prefix_len = 7, .address = {0xfc}}};
  const fp_cidr other = {.family = 4, .prefix_len = 16, .address = {10, 0}}, all = {.family = 4};
  const fp_cidr host = {.family = 4, .prefix_len = 200, .address = {10, 1, 2, 3}};
  CHECK(in_range("v4", ranges, 2, 0) && in_range("v6", ranges, 2, 0) && !in_range("v6", ranges, 1, 0));
  CHECK(!in_range("v4", &other, 1, 0) && in_range("v4", &other, 1, INVERT));
  CHECK(in_range("v4", &all, 1, 0) && !in_range("v6", &all, 1, 0) && in_range("v4", &host, 1, 0));
  CHECK(!in_range("v4", NULL, 0, 0) && in_range("v4", NULL, 0, INVERT));
  CHECK(!in_range("words", &other, 1, INVERT) && !in_range("none", &other, 1, INVERT));
}

static void a_request_without_any_has_none(void) {
  const fp_span path = span_of("s");
  const fp_value_test there = {.kind = TEST(PRESENT), .truth = 1};
  fp_route_condition condition = metadata_of(&path, 1, &there, 1);
  fp_route_table *table = table_of(condition);
  CHECK_EQ(route_with(table, "/", ""), -1);
  fp_route_table_unref(table);
  condition.flags = INVERT;
  table = table_of(condition);
  CHECK_EQ(route_with(table, "/", ""), 0);
  fp_route_table_unref(table);
  table = table_of(condition_of(FASTPATH_ROUTE_CONDITION_FILTER_STATE, "k", FASTPATH_ROUTE_COMPARE_EXACT, "", INVERT));
  CHECK_EQ(route_with(table, "/", ""), -1);
  fp_route_table_unref(table);
}

/* ---- refusals ---- */

static fp_status added(fp_route_condition condition) {
  fp_route_builder *builder = new_builder();
  fp_error error = {.message = ""};
  fp_status status;
  add_route(builder, FASTPATH_ROUTE_PATH_PREFIX, "/", 0);
  status = fp_route_builder_add_condition(builder, &condition, &error);
  CHECK_EQ(status < 0, error.message[0] != '\0');
  fp_route_builder_free(builder);
  return status;
}

static fp_status test_added(const fp_value_test *tests, size_t count) {
  const fp_span path = span_of("s");
  return added(metadata_of(&path, 1, tests, count));
}

static void what_is_no_test_is_refused(void) {
  const fp_span good = span_of("s"), empty = span_of(""), split = span_of("a\nb");
  const fp_value_test there = {.kind = TEST(PRESENT), .truth = 1};
  const fp_value_test two[] = {there, there}, open[] = {equals("a"), {.kind = TEST(ANY_ITEM)}};
  const fp_value_test few[] = {{.kind = TEST(ANY_OF), .count = 2}, equals("regex kept until here")};
  const fp_value_test none = {.kind = 8}, present = {.kind = TEST(TEXT)};
  const fp_value_test range = {.kind = TEST(TEXT), .compare = FASTPATH_ROUTE_COMPARE_RANGE};
  const fp_value_test flags = {.kind = TEST(TEXT), .compare = EXACT, .flags = INVERT};
  const fp_value_test bad[] = {{.kind = TEST(ANY_OF), .count = 2},
                               {.kind = TEST(TEXT), .compare = REGEX, .text = span_of("a+")},
                               {.kind = TEST(TEXT), .compare = REGEX, .text = span_of("a(")}};
  const fp_value_test line = {.kind = TEST(TEXT), .compare = EXACT, .text = span_of("\n")};
  const fp_cidr family = {.family = 5};
  fp_value_test deep[FASTPATH_VALUE_TEST_DEPTH_MAX + 1];
  fp_route_condition condition = {
      .kind = FASTPATH_ROUTE_CONDITION_FILTER_STATE_ADDRESS, .name = span_of("k"), .ranges = &family, .range_count = 1};
  for (size_t i = 0; i < COUNT(deep); i++) deep[i] = (fp_value_test){.kind = TEST(ANY_ITEM)};
  deep[COUNT(deep) - 1] = there;
  CHECK_EQ(test_added(&there, 1), FASTPATH_OK);
  CHECK_EQ(test_added(deep + 1, COUNT(deep) - 1), FASTPATH_OK);
  CHECK_EQ(test_added(deep, COUNT(deep)), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(test_added(NULL, 0), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(two, 2), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(open + 1, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(few, 2), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(&none, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(&present, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(&range, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(&flags, 1), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(test_added(bad, 3), FASTPATH_ERR_CONFIG_REGEX);
  CHECK_EQ(test_added(&line, 1), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(added(metadata_of(&good, 0, &there, 1)), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(added(metadata_of(&empty, 1, &there, 1)), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(added(metadata_of(&split, 1, &there, 1)), FASTPATH_ERR_CONFIG_CONDITION);
  CHECK_EQ(added(condition), FASTPATH_ERR_ARGUMENT);
  condition.range_count = SIZE_MAX;
  CHECK_EQ(added(condition), FASTPATH_ERR_OVERFLOW);
  condition = metadata_of(&good, 1, &there, 1);
  condition.name.len = 0;
  CHECK_EQ(added(condition), FASTPATH_ERR_CONFIG_CONDITION);
}

int main(void) {
  a_value_must_be_of_the_kind_asked_for();
  lists_and_alternatives_take_the_tests_that_follow();
  a_path_leads_through_structs();
  the_text_of_an_object_is_compared();
  an_address_lies_in_a_range();
  a_request_without_any_has_none();
  what_is_no_test_is_refused();
  return 0;
}
