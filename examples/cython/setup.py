"""Builds `decider`: pip install fastpath cython setuptools; python setup.py build_ext --inplace"""

from pathlib import Path

from Cython.Build import cythonize
from setuptools import Extension, setup

import fastpath

decider = Extension(
    "decider",
    ["decider.pyx"],
    include_dirs=[fastpath.get_include()],
    library_dirs=[fastpath.get_library_dir()],
    libraries=["fastpath", "llhttp"],
)
# Where the declarations to cimport are: the directory that holds the package.
declarations = str(Path(fastpath.__file__).parent.parent)
setup(name="decider", py_modules=[], ext_modules=cythonize(decider, include_path=[declarations]))
