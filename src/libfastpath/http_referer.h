/* http_referer.h - which Referers Envoy passes on (Http::Utility::isValidRefererValue); it removes the others. */
#ifndef FASTPATH_INTERNAL_HTTP_REFERER_H
#define FASTPATH_INTERNAL_HTTP_REFERER_H

#include <fastpath/http.h>
#include <stdbool.h>

/*
 * Whether the lines of Referer among these fields, as one list, are either "scheme://host[:port]" with more or nothing
 * behind it, without user and fragment, or a relative reference. True when there is none.
 */
bool fp_http_referer_is_valid(const uint8_t *data, const fp_http_field *fields, uint32_t count);

#endif
