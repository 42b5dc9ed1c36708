/* error.h - filling in an fp_error. */
#ifndef FASTPATH_INTERNAL_ERROR_H
#define FASTPATH_INTERNAL_ERROR_H

#include <fastpath/base.h>

/* Fills *error when it is not NULL and returns code, so that refusing is one line: `return fp_error_set(...)`. */
fp_status fp_error_set(fp_error *error, fp_status code, int http_status, size_t position, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 5, 6)))
#endif
    ;

#endif
