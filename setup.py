"""Packages and C extensions; everything else stands in pyproject.toml."""

from setuptools import find_packages, setup

setup(
    # resources/ lies beside the package in the tree and inside it when installed.
    packages=[*find_packages(include=["escc_desktop*"]), "escc_desktop._resources"],
    package_dir={"escc_desktop._resources": "resources"},
)
