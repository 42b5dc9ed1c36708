/* pool.h - how segments come from and go back to a pool. */
#ifndef FASTPATH_INTERNAL_POOL_H
#define FASTPATH_INTERNAL_POOL_H

#include <fastpath/buffer.h>

/* A fresh segment of the pool's block size; it holds a reference to the pool. NULL when out of memory. Threads: any. */
fp_segment *fp_pool_take(fp_pool *pool);

/* Called for a pooled segment whose last reference is gone. Threads: any. */
void fp_pool_give(fp_segment *segment);

#endif
