/* chunked_state.h - what the files of the chunked decoder share: its states and how it fails. */
#ifndef FASTPATH_INTERNAL_CHUNKED_STATE_H
#define FASTPATH_INTERNAL_CHUNKED_STATE_H

#include <fastpath/chunked.h>

enum {
  CHUNKED_SIZE = 0, /* digits of a size line */
  CHUNKED_EXTENSION_NAME,
  CHUNKED_EXTENSION_VALUE,
  CHUNKED_EXTENSION_TOKEN,
  CHUNKED_EXTENSION_QUOTED,
  CHUNKED_EXTENSION_PAIR,
  CHUNKED_EXTENSION_END,
  CHUNKED_SIZE_LF,
  CHUNKED_BODY,
  CHUNKED_BODY_CR,
  CHUNKED_BODY_LF,
  CHUNKED_TRAILER_START, /* at the beginning of a line; this and what follows is the trailer section */
  CHUNKED_TRAILER_NAME,
  CHUNKED_TRAILER_VALUE,
  CHUNKED_TRAILER_LF,
  CHUNKED_TRAILER_END_LF,
  CHUNKED_ENDED
};

/* Record the refusal that every later call returns. fault counts from the first byte of the body. Returns code. */
fp_status fp_chunked_fail(fp_chunked *decoder, fp_status code, int http_status, uint64_t fault, const char *reason);

/*
 * Look at the trailer section data[0 .. len), whose first decoder->scanned bytes were looked at before. OK when its
 * blank line has been seen (decoder->scanned is its length then), NEED_MORE, or the refusal.
 */
fp_status fp_chunked_scan_trailers(fp_chunked *decoder, const uint8_t *data, size_t len);

#endif
