/*
 * fastpath/fastpath.h - the whole C ABI in one include. Conventions are told in fastpath/base.h.
 */
#ifndef FASTPATH_FASTPATH_H
#define FASTPATH_FASTPATH_H

#include <fastpath/admission.h>
#include <fastpath/authority.h>
#include <fastpath/base.h>
#include <fastpath/buffer.h>
#include <fastpath/chunked.h>
#include <fastpath/cluster.h>
#include <fastpath/dispatch.h>
#include <fastpath/filter_chain.h>
#include <fastpath/hash.h>
#include <fastpath/health.h>
#include <fastpath/http.h>
#include <fastpath/http_connection.h>
#include <fastpath/http_write.h>
#include <fastpath/inspect.h>
#include <fastpath/lb.h>
#include <fastpath/path.h>
#include <fastpath/path_router.h>
#include <fastpath/regex.h>
#include <fastpath/route.h>
#include <fastpath/route_attributes.h>
#include <fastpath/route_matcher.h>
#include <fastpath/snapshot.h>
#include <fastpath/stats.h>
#include <fastpath/subset.h>

#endif
