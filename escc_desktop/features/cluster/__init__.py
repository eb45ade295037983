"""The same extraction on the computers of a Dask cluster; the one importer of dask and distributed.

Voxels never travel: a task names its files, and the worker that takes it finds them on a share or in a folder of its
own and checks their SHA-256 before it reads them. Every connection is TLS with certificates on both sides.
"""
