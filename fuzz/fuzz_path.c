/*
 * fuzz_path.c - the path normaliser: once is enough, the query stays, the result holds what its options promise, and it
 * is what the naive normaliser says. The first byte chooses the options.
 */
#include <fastpath/path.h>
#include <string.h>

#include "../tests/c/naive_path.h"
#include "fuzz_check.h"

static int has(fp_span span, const char *text) {
  size_t len = strlen(text);
  for (size_t i = 0; i + len <= span.len; i++) {
    if (memcmp(span.data + i, text, len) == 0) return 1;
  }
  return 0;
}

static int is_hex(uint8_t byte) {
  return (byte >= '0' && byte <= '9') || ((byte | 0x20) >= 'a' && (byte | 0x20) <= 'f');
}

/* Does every '%' begin an escape? */
static int is_well_formed(fp_span path) {
  for (size_t i = 0; i < path.len; i++) {
    if (path.data[i] != '%') continue;
    if (i + 2 >= path.len || !is_hex(path.data[i + 1]) || !is_hex(path.data[i + 2])) return 0;
  }
  return 1;
}

static void check_promises(const fp_path_options *options, fp_span path) {
  FUZZ_CHECK(path.len > 0 && path.data[0] == '/');
  if (options->normalize) {
    FUZZ_CHECK(!has(path, "/./") && !has(path, "/../") && !has(path, "\\") && !has(path, "%2e") && !has(path, "%41"));
    FUZZ_CHECK(!(path.len >= 2 && memcmp(path.data + path.len - 2, "/.", 2) == 0));
    FUZZ_CHECK(!(path.len >= 3 && memcmp(path.data + path.len - 3, "/..", 3) == 0));
    FUZZ_CHECK(!has(path, "%00"));
  }
  if (options->merge_slashes == FASTPATH_PATH_MERGE_ON) FUZZ_CHECK(!has(path, "//"));
  if (options->strip_parameters) FUZZ_CHECK(!has(path, ";"));
  if (options->escaped_slashes != FASTPATH_PATH_KEEP_UNCHANGED) FUZZ_CHECK(!has(path, "%2f") && !has(path, "%5C"));
  if (options->reject_backslash)
    FUZZ_CHECK(!has(path, "\\") || options->escaped_slashes >= FASTPATH_PATH_UNESCAPE_AND_REDIRECT);
  if (options->reject_invalid) FUZZ_CHECK(is_well_formed(path));
}

static fp_status run(const fp_path_options *options, fp_span target, uint8_t **dst, fp_path *out) {
  fp_error error = {.code = 0};
  size_t capacity = fp_path_capacity(target.len);
  *dst = malloc(capacity > 0 ? capacity : 1);
  fp_status status = fp_path_normalize(options, target.data, target.len, *dst, capacity, out, &error);
  FUZZ_CHECK(status == FASTPATH_OK ||
             (error.code == status && error.http_status == 400 && error.position <= target.len));
  return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  fp_path_options options;
  fp_path out, twice;
  uint8_t *dst, *again;
  if (len < 1 || len > 1000) return 0;
  options = (fp_path_options){.escaped_slashes = data[0] & 3,
                              .normalize = data[0] >> 2 & 1,
                              .merge_slashes = (data[0] >> 3 & 3) % 3,
                              .strip_parameters = data[0] >> 5 & 1,
                              .reject_backslash = data[0] >> 6 & 1,
                              .reject_invalid = data[0] >> 7};
  uint8_t *exact = malloc(len); /* exactly sized, so that a read past the end shows */
  memcpy(exact, data + 1, len - 1);
  const fp_span target = {exact, len - 1};
  if (run(&options, target, &dst, &out) == FASTPATH_OK && target.data[0] == '/') {
    const uint8_t *question = memchr(target.data, '?', target.len);
    size_t path_len = question == NULL ? target.len : (size_t)(question - target.data);
    check_promises(&options, out.path);
    FUZZ_CHECK(out.whole.len - out.path.len == target.len - path_len);
    FUZZ_CHECK(memcmp(out.whole.data + out.path.len, target.data + path_len, target.len - path_len) == 0);
    FUZZ_CHECK((out.whole.data == target.data) == (out.action == FASTPATH_PATH_UNCHANGED));
    if (options.escaped_slashes >= FASTPATH_PATH_UNESCAPE_AND_REDIRECT) options.reject_backslash = 0;
    FUZZ_CHECK(run(&options, out.whole, &again, &twice) == FASTPATH_OK && twice.action == FASTPATH_PATH_UNCHANGED);
    free(again);
    if (is_well_formed((fp_span){target.data, path_len})) {
      char expected[NAIVE_MAX];
      memcpy(expected, target.data, target.len);
      expected[target.len] = '\0';
      naive_normalize(&options, expected);
      FUZZ_CHECK(strlen(expected) == out.whole.len && memcmp(expected, out.whole.data, out.whole.len) == 0);
    }
  }
  free(dst);
  free(exact);
  return 0;
}
