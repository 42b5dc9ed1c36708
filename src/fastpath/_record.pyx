"""The free list of records that the modules of heads share: what uses it stands in _record.pxd."""

free_records.first = NULL
free_records.count = 0
