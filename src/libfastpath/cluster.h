/* cluster.h - the cell of a cluster, for its pickers. */
#ifndef FASTPATH_INTERNAL_CLUSTER_H
#define FASTPATH_INTERNAL_CLUSTER_H

#include <fastpath/cluster.h>
#include <fastpath/snapshot.h>

/* Borrowed. Its snapshots are host sets. */
fp_snapshot_cell *fp_cluster_cell(fp_cluster *cluster);

#endif
