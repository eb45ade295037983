"""Packages and C extensions; everything else stands in pyproject.toml."""

import sys

from setuptools import Extension, find_packages, setup

# No fused operations: machines can differ only by the last place of their exp and log.
STRICT = ["/O2", "/fp:precise"] if sys.platform == "win32" else ["-O3", "-ffp-contract=off"]


def extension(module, source):
    """Describe a C extension against the stable ABI of Python 3.11."""
    return Extension(
        module,
        [source],
        define_macros=[("Py_LIMITED_API", "0x030B0000")],
        extra_compile_args=STRICT,
        py_limited_api=True,
    )


setup(
    # resources/ lies beside the package in the tree and inside it when installed.
    packages=[*find_packages(include=["escc_desktop*"]), "escc_desktop._resources"],
    package_dir={"escc_desktop._resources": "resources"},
    ext_modules=[extension("escc_desktop.stats._coxnet", "escc_desktop/stats/_coxnet.c")],
    options={"bdist_wheel": {"py_limited_api": "cp311"}},
)
