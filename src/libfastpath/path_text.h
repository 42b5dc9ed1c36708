/*
 * path_text.h - a path that is read a word at a time, and where its segments end.
 *
 *   /users/17/posts?page=2
 *   ^     ^  ^     |          a bit of a word for each '/' among the first 64 bytes; those after them are searched for
 *                  len        the path is cut at '?' and '#'
 *
 * Nothing is read past the end of the caller's bytes: of less than 16 there is a copy, and a word that would reach past
 * the end of more is taken from before it. A text that holds its own copy must not be moved.
 */
#ifndef FASTPATH_INTERNAL_PATH_TEXT_H
#define FASTPATH_INTERNAL_PATH_TEXT_H

#include <fastpath/base.h>
#include <stdbool.h>

#include "bits.h"

#if defined(__SSE2__) && !defined(FASTPATH_PORTABLE)
#include <emmintrin.h>
#define FP_PATH_TEXT_SSE2 1
#endif

enum {
  FP_PATH_TEXT_BLOCK = 16,
  FP_PATH_TEXT_MARKED = 64
};

typedef struct fp_path_text {
  const uint8_t *bytes;
  size_t len;
  size_t last_word; /* where the last word that may be read begins */
  uint64_t slashes; /* and the end, if that is below 64 */
  uint8_t copy[FP_PATH_TEXT_BLOCK];
} fp_path_text;

/* Some of its bytes, and words that all of them are in when there are no more than 16. */
typedef struct fp_path_key {
  const uint8_t *bytes;
  size_t len;
  uint64_t first; /* up to 8 bytes, zeros behind them */
  uint64_t last;  /* the last 8 of more than 8; else 0 */
} fp_path_key;

/* Add a bit for each of the 16 bytes from `at` on that is '/', and for those that end a path. */
FASTPATH_INLINE void fp_path_text_mark(const uint8_t *path, size_t at, uint64_t *slashes, uint64_t *ends) {
#if FP_PATH_TEXT_SSE2
  const __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)(path + at));
  const __m128i ending =
      _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('?')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('#')));
  *slashes |= (uint64_t)(unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('/'))) << at;
  *ends |= (uint64_t)(unsigned)_mm_movemask_epi8(ending) << at;
#else
  const uint64_t low = load64(path + at), high = load64(path + at + 8);
  *slashes |= (equal_bytes(low, '/') | equal_bytes(high, '/') << 8) << at;
  *ends |= (equal_bytes(low, '?') | equal_bytes(low, '#') | (equal_bytes(high, '?') | equal_bytes(high, '#')) << 8)
           << at;
#endif
}

/* Where a byte stands from `at` on, or `len`. */
static inline size_t fp_path_text_find(const uint8_t *bytes, size_t len, size_t at, uint8_t byte) {
  const uint8_t *found = at < len ? memchr(bytes + at, byte, len - at) : NULL;
  return found == NULL ? len : (size_t)(found - bytes);
}

/* Cut a path and mark its slashes. Its bytes are borrowed. */
FASTPATH_INLINE void fp_path_text_read(fp_path_text *text, fp_span path) {
  uint64_t slashes, ends;
  size_t len = path.len;
  text->bytes = path.data;
  if (unlikely(len < FP_PATH_TEXT_BLOCK)) {
    memset(text->copy, 0, sizeof text->copy);
    copy_16(text->copy, path.data, len);
    text->bytes = text->copy;
    text->last_word = FP_PATH_TEXT_BLOCK - 8;
    slashes = ends = 0;
    fp_path_text_mark(text->copy, 0, &slashes, &ends);
  } else {
    /* The last block overlaps the one before it, and comes again when there are no others: that changes nothing. */
    const size_t last = (len < FP_PATH_TEXT_MARKED ? len : FP_PATH_TEXT_MARKED) - FP_PATH_TEXT_BLOCK;
    text->last_word = len - 8;
    slashes = ends = 0;
    fp_path_text_mark(path.data, 0, &slashes, &ends);
    fp_path_text_mark(path.data, last < 16 ? last : 16, &slashes, &ends);
    if (last > 16) {
      fp_path_text_mark(path.data, last < 32 ? last : 32, &slashes, &ends);
      fp_path_text_mark(path.data, last, &slashes, &ends);
    }
  }
  if (unlikely(ends != 0)) {
    len = first_bit(ends);
    slashes &= low_bits(len);
  } else if (unlikely(len > FP_PATH_TEXT_MARKED)) {
    len = fp_path_text_find(path.data, len, FP_PATH_TEXT_MARKED, '?');
    len = fp_path_text_find(path.data, len, FP_PATH_TEXT_MARKED, '#');
  }
  text->slashes = len < FP_PATH_TEXT_MARKED ? slashes | UINT64_C(1) << len : slashes;
  text->len = len;
}

/* The whole of a text that is no path: not cut, and without marks. */
static inline void fp_path_text_whole(fp_path_text *text, const uint8_t *bytes, size_t len) {
  *text = (fp_path_text){.bytes = bytes, .len = len, .last_word = len - 8};
  if (len >= FP_PATH_TEXT_BLOCK) return;
  copy_16(text->copy, bytes, len);
  text->bytes = text->copy;
  text->last_word = FP_PATH_TEXT_BLOCK - 8;
}

/* Where the segment that begins at `at`, up to the text's length, ends. */
FASTPATH_INLINE size_t fp_path_text_segment_end(const fp_path_text *text, size_t at) {
  const uint64_t after = text->slashes >> (at & 63) << (at & 63);
  if (likely(after != 0 && at < FP_PATH_TEXT_MARKED)) return first_bit(after);
  return fp_path_text_find(text->bytes, text->len, at < FP_PATH_TEXT_MARKED ? FP_PATH_TEXT_MARKED : at, '/');
}

/* A word's lowest 0 to 8 bytes. */
FASTPATH_HIDDEN extern const uint64_t fp_path_first_bytes[9];

/* The bytes from `at` up to `end`, which lie in the text. */
FASTPATH_INLINE fp_path_key fp_path_text_key(const fp_path_text *text, size_t at, size_t end) {
  const size_t len = end - at, from = at < text->last_word ? at : text->last_word;
  fp_path_key key = {.bytes = text->bytes + at, .len = len};
  /* Without branches: how long a segment is, nobody foresees. At the very end, where `at - from` is 8, there are none. */
  const uint64_t first = load64(text->bytes + from) >> (8 * (at - from) & 63);
  const uint64_t last = load64(text->bytes + (len > 8 ? end - 8 : 0));
  key.first = first & fp_path_first_bytes[len < 8 ? len : 8];
  key.last = last & (uint64_t)-(int64_t)(len > 8);
  return key;
}

#endif
