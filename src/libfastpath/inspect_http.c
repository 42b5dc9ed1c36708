/*
 * Which HTTP a connection begins with. A request line is read as generously as Envoy's http_inspector reads it: whether
 * it is one that may be answered is for the connection to say.
 */
#include <fastpath/inspect.h>
#include <stdbool.h>
#include <string.h>

#include "error.h"
#include "http_chars.h"

enum {
  EARLY_METHOD = 32 /* bytes of a method that tell other protocols before the line is complete */
};

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static bool is_blank(uint8_t byte) { return byte <= ' '; }
static bool is_space(uint8_t byte) { return byte == ' ' || (byte >= '\t' && byte <= '\r'); }
static bool is_word(uint8_t byte) { return byte > ' '; }
static bool is_visible(uint8_t byte) { return byte > ' ' && byte < 0x7f; }
static bool is_digit(uint8_t byte) { return (uint8_t)(byte - '0') < 10; }
static bool is_letter(uint8_t byte) { return (uint8_t)((byte | 0x20) - 'a') < 26; }
static bool is_host(uint8_t byte) {
  return is_digit(byte) || is_letter(byte) || (is_visible(byte) && strchr("!$%&'()*+,-.:;=@[]_~", byte) != NULL);
}

/* Take the leading bytes of that kind. */
static fp_span take_run(fp_span *from, bool (*is_kind)(uint8_t)) {
  fp_span run = {from->data, 0};
  while (run.len < from->len && is_kind(run.data[run.len])) run.len++;
  from->data += run.len;
  from->len -= run.len;
  return run;
}

static bool is_text(fp_span span, const char *text) {
  return span.len == strlen(text) && memcmp(span.data, text, span.len) == 0;
}

static bool take_scheme(fp_span *target) {
  size_t len = 1;
  if (target->len == 0 || !is_letter(target->data[0])) return false;
  while (len < target->len && (is_letter(target->data[len]) || is_digit(target->data[len]) ||
                               (target->data[len] != 0 && strchr("+-.", target->data[len]) != NULL))) {
    len++;
  }
  if (target->len - len < 3 || memcmp(target->data + len, "://", 3) != 0) return false;
  target->data += len + 3;
  target->len -= len + 3;
  return true;
}

/* A path, "*", or scheme, host and path; without a scheme for CONNECT. */
static bool is_target(fp_span target, bool is_connect) {
  if (target.len == 0) return false;
  if (target.data[0] != '/' && target.data[0] != '*') {
    fp_span host;
    if (!is_connect && !take_scheme(&target)) return false;
    host = take_run(&target, is_host);
    for (size_t i = 1; i < host.len; i++) {
      if (host.data[i] == '@' && host.data[i - 1] == '@') return false;
    }
    if (target.len > 0 && target.data[0] != '/' && target.data[0] != '?') return false;
  }
  (void)take_run(&target, is_visible);
  return target.len == 0;
}

/* The version that a request line, without its end, has; 0 when it is none. */
static int version_of(fp_span line) {
  fp_span rest = line, method = take_run(&rest, is_word), target;
  if (method.len == 0 || fp_http_run(method.data, method.len, HTTP_CHAR_TOKEN) < method.len) return 0;
  (void)take_run(&rest, is_blank);
  target = take_run(&rest, is_word);
  if (!is_target(target, is_text(method, "CONNECT"))) return 0;
  (void)take_run(&rest, is_blank);
  if (rest.len == 0) { /* without a version, blanks are space, tab and CR only */
    for (size_t i = 0; i < line.len; i++) {
      if (line.data[i] < ' ' && line.data[i] != '\t' && line.data[i] != '\r') return 0;
    }
  }
  while (rest.len > 0 && is_blank(rest.data[rest.len - 1])) rest.len--;
  if (rest.len > 0 && (rest.len != 8 || memcmp(rest.data, "HTTP/", 5) != 0 || !is_digit(rest.data[5]) ||
                       rest.data[6] != '.' || !is_digit(rest.data[7]))) {
    return 0;
  }
  if (rest.len == 0) { /* Envoy asks what the line ends with, even if that is its target */
    while (line.data[line.len - 1] == '\r') line.len--;
    rest = line.len < 8 ? rest : (fp_span){line.data + line.len - 8, 8};
  }
  return is_text(rest, "HTTP/1.1") ? FASTPATH_HTTP_1_1 : FASTPATH_HTTP_1_0;
}

/* Can a method begin like this? */
static bool is_method_so_far(const uint8_t *data, size_t len) {
  const size_t most = len < EARLY_METHOD ? len : EARLY_METHOD, run = fp_http_run(data, most, HTTP_CHAR_TOKEN);
  return run == most || (run > 0 && is_space(data[run]));
}

fp_status fp_http_detect(const uint8_t *data, size_t len, size_t *looked, fp_http_version *version, fp_error *error) {
  const size_t preface_len = sizeof preface - 1, common = len < preface_len ? len : preface_len;
  const size_t most = len < FASTPATH_HTTP_LINE_MAX ? len : FASTPATH_HTTP_LINE_MAX;
  const size_t from = looked == NULL || *looked > most ? 0 : *looked;
  const uint8_t *end;
  int found;
  if (common == 0) return FASTPATH_NEED_MORE;
  if (memcmp(data, preface, common) == 0) {
    if (common < preface_len) return FASTPATH_NEED_MORE;
    *version = FASTPATH_HTTP_2;
    return FASTPATH_OK;
  }
  if (!is_method_so_far(data, most)) return FASTPATH_NONE;
  end = memchr(data + from, '\n', most - from);
  if (end == NULL) {
    if (looked != NULL) *looked = most;
    if (most < FASTPATH_HTTP_LINE_MAX) return FASTPATH_NEED_MORE;
    return fp_error_set(error, FASTPATH_ERR_INSPECT_HTTP, 0, most, "the request line is longer than 65536 bytes");
  }
  found = version_of((fp_span){data, (size_t)(end - data)});
  if (found == 0) return FASTPATH_NONE;
  *version = (fp_http_version)found;
  return FASTPATH_OK;
}
