# The C ABI as Cython sees it: one file for each header in fastpath/include/fastpath.
