/* text_find.h - whether a text contains another, in time linear in the first, whatever they are. */
#ifndef FASTPATH_INTERNAL_TEXT_FIND_H
#define FASTPATH_INTERNAL_TEXT_FIND_H

#include <fastpath/base.h>
#include <stdbool.h>

/* Whether `part` stands somewhere in `text`. With `fold` ASCII letter case does not count, and `part` is in lower case. */
bool fp_text_contains(fp_span text, fp_span part, bool fold);

#endif
