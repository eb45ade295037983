"""Steps from one database schema to the next; every schema ever released stays openable."""
