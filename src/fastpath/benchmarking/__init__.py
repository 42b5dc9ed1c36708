"""Benchmarks that come with the library: `fastpath bench`. Needs the extra fastpath[bench]."""
