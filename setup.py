"""Packages and C extensions; everything else stands in pyproject.toml."""

import sys
from pathlib import Path

from setuptools import Extension, find_packages, setup
from setuptools.command.build_ext import build_ext

# No fused operations: machines can differ only by the last place of their exp and log. Roots need not set errno, which
# nobody reads: so four are taken at once.
STRICT = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off", "-fno-math-errno"]


def extension(source):
    """Describe a C extension against the stable ABI of Python 3.11: `a/_b.c` becomes the module `a._b`."""
    return Extension(
        ".".join(source.with_suffix("").parts),
        [source.as_posix()],
        depends=sorted(header.as_posix() for header in source.parent.glob("_*.h")),
        define_macros=[("Py_LIMITED_API", "0x030B0000")],
        extra_compile_args=STRICT,
        py_limited_api=True,
    )


class BuildExtensions(build_ext):
    """Put extensions in place of old ones, never over them: a program that runs has those mapped, and would crash."""

    def copy_file(self, infile, outfile, *args, **kwargs):
        """Copy a file to a place that is free."""
        Path(outfile).unlink(missing_ok=True)
        return super().copy_file(infile, outfile, *args, **kwargs)


setup(
    cmdclass={"build_ext": BuildExtensions},
    # resources/ lies beside the package in the tree and inside it when installed.
    packages=[*find_packages(include=["escc_desktop*"]), "escc_desktop._resources"],
    package_dir={"escc_desktop._resources": "resources"},
    ext_modules=[extension(source) for source in sorted(Path("escc_desktop").rglob("_*.c"))],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
