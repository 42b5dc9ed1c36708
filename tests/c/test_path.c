/* test_path.c - the path normaliser: what each option does, what is refused, and that doing it twice does no more. */
#include <fastpath/path.h>

#include "check.h"
#include "naive_path.h"

static uint8_t dst[8192], again[8192 * 3];
static fp_path out;
static fp_error error;

static fp_status normalize(const fp_path_options *options, const char *target, size_t len) {
  fp_status status = fp_path_normalize(options, (const uint8_t *)target, len, dst, sizeof dst, &out, &error);
  if (status == FASTPATH_OK) {
    fp_path twice;
    CHECK_EQ(fp_path_normalize(options, out.whole.data, out.whole.len, again, sizeof again, &twice, &error),
             FASTPATH_OK);
    CHECK_EQ(twice.action, FASTPATH_PATH_UNCHANGED);
  }
  return status;
}

#define CHECK_PATH(options, target, expected)                                       \
  do {                                                                              \
    CHECK_EQ(normalize(options, target, sizeof(target) - 1), FASTPATH_OK);          \
    CHECK_BYTES(out.whole.data, out.whole.len, expected);                           \
    CHECK_EQ(out.action != FASTPATH_PATH_UNCHANGED, strcmp(target, expected) != 0); \
    CHECK_EQ(out.whole.data == dst, out.action != FASTPATH_PATH_UNCHANGED);         \
  } while (0)

#define CHECK_REFUSED(options, target, expected_code, expected_position)     \
  do {                                                                       \
    CHECK_EQ(normalize(options, target, sizeof(target) - 1), expected_code); \
    CHECK_EQ(error.position, expected_position);                             \
  } while (0)

static void passes_ordinary_paths_untouched(void) {
  CHECK_PATH(NULL, "/", "/");
  CHECK_PATH(NULL, "*", "*");
  CHECK_PATH(NULL, "/a/b-c_d~e/f.g/", "/a/b-c_d~e/f.g/");
  CHECK_PATH(NULL, "/a!$&'()*+,=:@;v", "/a!$&'()*+,=:@;v");
  CHECK_PATH(NULL, "/%20%C3%A9%3b", "/%20%C3%A9%3b");
  CHECK_PATH(NULL, "/.well-known/..a/...", "/.well-known/..a/...");
  CHECK_PATH(NULL, "/a?", "/a?");
  CHECK_PATH(NULL, "/a?//../%2f;%zz|", "/a?//../%2f;%zz|");
}

static void splits_path_and_query(void) {
  CHECK_EQ(normalize(NULL, "/a/../b?c?d", 11), FASTPATH_OK);
  CHECK_BYTES(out.path.data, out.path.len, "/b");
  CHECK_BYTES(out.query.data, out.query.len, "c?d");
  CHECK_EQ(normalize(NULL, "/a", 2), FASTPATH_OK);
  CHECK(out.query.data == NULL && out.query.len == 0);
  CHECK_EQ(normalize(NULL, "/a?", 3), FASTPATH_OK);
  CHECK(out.query.data != NULL && out.query.len == 0);
}

static void canonicalises(void) {
  CHECK_PATH(NULL, "/%41%7e%2D%5f", "/A~-_");
  CHECK_PATH(NULL, "/a|b{}\"<>^`", "/a%7Cb%7B%7D%22%3C%3E%5E%60");
  CHECK_PATH(NULL, "/a/./b/.", "/a/b/");
  CHECK_PATH(NULL, "/a/../b/..", "/");
  CHECK_PATH(NULL, "/../../a", "/a");
  CHECK_PATH(NULL, "/a/%2e%2E/b/%2e", "/b/");
  CHECK_PATH(NULL, "/a/.%2e/b", "/b");
  CHECK_PATH(NULL, "/a/..;x/b/.;", "/b/");
  CHECK_PATH(NULL, "/a/%2e%2e;/b", "/b");
  CHECK_PATH(NULL, "//a///b//", "/a/b/");
  CHECK_PATH(NULL, "//", "/");
  CHECK_PATH(NULL, "/a//../b", "/a/b");
}

static void refuses_by_default(void) {
  CHECK_REFUSED(NULL, "/a%2fb", FASTPATH_ERR_HTTP_PATH, 2);
  CHECK_REFUSED(NULL, "/a%5Cb", FASTPATH_ERR_HTTP_PATH, 2);
  CHECK_REFUSED(NULL, "/a\\b", FASTPATH_ERR_HTTP_PATH, 2);
  CHECK_REFUSED(NULL, "/a%00", FASTPATH_ERR_HTTP_PATH, 2);
  CHECK_REFUSED(NULL, "/%", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%4", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%4g", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%u0041", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%c0%af", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/a%e0%80%af", FASTPATH_ERR_HTTP_PATH, 2);
  CHECK_REFUSED(NULL, "/%ed%a0%80", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%f4%90%80%80", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%80", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%c3", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "/%c3a", FASTPATH_ERR_HTTP_PATH, 1);
  CHECK_REFUSED(NULL, "", FASTPATH_ERR_HTTP_TARGET, 0);
  CHECK_REFUSED(NULL, "a", FASTPATH_ERR_HTTP_TARGET, 0);
  CHECK_REFUSED(NULL, "/a#b", FASTPATH_ERR_HTTP_TARGET, 2);
  CHECK_REFUSED(NULL, "/a?b#c", FASTPATH_ERR_HTTP_TARGET, 4);
  CHECK_REFUSED(NULL, "/a b", FASTPATH_ERR_HTTP_TARGET, 2);
  CHECK_REFUSED(NULL, "/\xc3\xa9", FASTPATH_ERR_HTTP_TARGET, 1);
  CHECK_REFUSED(NULL, "/a\0", FASTPATH_ERR_HTTP_TARGET, 2);
}

static void does_nothing_by_envoys_defaults(void) {
  fp_path_options options;
  fp_path_options_envoy(&options);
  CHECK_PATH(&options, "//a/../%2f\\%00%zz;x|?q", "//a/../%2f\\%00%zz;x|?q");
}

static void handles_escaped_slashes_as_told(void) {
  fp_path_options options;
  fp_path_options_envoy(&options);
  options.escaped_slashes = FASTPATH_PATH_REJECT_REQUEST;
  CHECK_REFUSED(&options, "/a%2F", FASTPATH_ERR_HTTP_PATH, 2);
  options.escaped_slashes = FASTPATH_PATH_UNESCAPE_AND_FORWARD;
  CHECK_PATH(&options, "/a%2F%5c..?%2f", "/a/\\..?%2f");
  options.normalize = 1;
  CHECK_PATH(&options, "/a%2F%5c..?%2f", "/a/?%2f");
  CHECK_EQ(out.action, FASTPATH_PATH_CHANGED);
  options.escaped_slashes = FASTPATH_PATH_UNESCAPE_AND_REDIRECT;
  CHECK_PATH(&options, "/a%2f../b", "/b");
  CHECK_EQ(out.action, FASTPATH_PATH_REDIRECT);
  CHECK_PATH(&options, "/a/../b", "/b");
  CHECK_EQ(out.action, FASTPATH_PATH_CHANGED);
  options.escaped_slashes = FASTPATH_PATH_KEEP_UNCHANGED;
  CHECK_PATH(&options, "/a%2f../%2e%2f", "/a%2f../.%2f");
}

static void keeps_malformed_escapes_harmless(void) {
  fp_path_options options;
  fp_path_options_envoy(&options);
  options.normalize = 1;
  CHECK_PATH(&options, "/%%32f", "/%252f");
  CHECK_PATH(&options, "/%2%35", "/%2525");
  CHECK_PATH(&options, "/%%%41", "/%%A");
  CHECK_PATH(&options, "/%2x/../%32b", "/2b");
}

static void strips_parameters(void) {
  fp_path_options options;
  fp_path_options_default(&options);
  options.strip_parameters = 1;
  CHECK_PATH(&options, "/a;x=1/b;/c;y;z", "/a/b/c");
  CHECK_PATH(&options, "/a/..;x/b", "/b");
  CHECK_PATH(&options, "/;x/a", "/a");
  CHECK_PATH(&options, "/a%3bx", "/a%3bx");
  options.normalize = 0;
  CHECK_PATH(&options, "/a/..;x/b", "/a/../b");
}

static void merges_as_envoy(void) {
  fp_path_options options;
  fp_path_options_envoy(&options);
  options.merge_slashes = FASTPATH_PATH_MERGE_AS_ENVOY;
  CHECK_PATH(&options, "///", "//");
  CHECK_PATH(&options, "//", "//");
  CHECK_PATH(&options, "//a//", "/a/");
  CHECK_PATH(&options, "//?//", "//?//");
}

/* Two hundred thousand paths drawn from awkward pieces, under options drawn as well. */
static void agrees_with_the_naive_normaliser(void) {
  static const char *const pieces[] = {"/",   "/",   "//",     ".",   "..",   "/./", "/../",    "%2e",
                                       "%2E", "%2f", "%2F",    "%5c", "%5C",  "\\",  "a",       "bc",
                                       "%41", "%7e", "%c3%a9", ";",   ";x=1", "..;", "|",       "^",
                                       "%3b", "%25", "%20",    "~",   "?",    "/.;", "%2e%2e;", "\"<"};
  uint32_t random = 20260101;
  unsigned changed = 0;
  for (int round = 0; round < 200000; round++) {
    char target[256] = "/", expected[NAIVE_MAX];
    fp_path_options options;
    random = random * 1664525 + 1013904223;
    uint32_t draw = random >> 8;
    fp_path_options_envoy(&options);
    options.escaped_slashes = draw & 1 ? FASTPATH_PATH_UNESCAPE_AND_FORWARD : FASTPATH_PATH_KEEP_UNCHANGED;
    options.normalize = draw >> 1 & 1;
    options.merge_slashes = (uint8_t)((draw >> 2 & 3) % 3);
    options.strip_parameters = (draw >> 4 & 3) == 0;
    for (uint32_t left = draw >> 6 & 7; left > 0; left--) {
      random = random * 1664525 + 1013904223;
      strcat(target, pieces[(random >> 16) % (sizeof pieces / sizeof pieces[0])]);
    }
    strcpy(expected, target);
    naive_normalize(&options, expected);
    CHECK_EQ(normalize(&options, target, strlen(target)), FASTPATH_OK);
    check_bytes(__FILE__, __LINE__, target, out.whole.data, out.whole.len, expected, strlen(expected));
    changed += out.action != FASTPATH_PATH_UNCHANGED;
  }
  CHECK(changed > 50000);
}

static void wants_enough_room(void) {
  CHECK_EQ(fp_path_normalize(NULL, (const uint8_t *)"/a", 2, NULL, 0, &out, &error), FASTPATH_OK);
  CHECK_EQ(fp_path_normalize(NULL, (const uint8_t *)"/|", 2, dst, 5, &out, &error), FASTPATH_ERR_ARGUMENT);
  CHECK_EQ(fp_path_normalize(NULL, (const uint8_t *)"/|", 2, dst, fp_path_capacity(2), &out, &error), FASTPATH_OK);
}

int main(void) {
  passes_ordinary_paths_untouched();
  splits_path_and_query();
  canonicalises();
  refuses_by_default();
  does_nothing_by_envoys_defaults();
  handles_escaped_slashes_as_told();
  keeps_malformed_escapes_harmless();
  strips_parameters();
  merges_as_envoy();
  agrees_with_the_naive_normaliser();
  wants_enough_room();
  return 0;
}
