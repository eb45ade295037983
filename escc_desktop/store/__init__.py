"""The project folder on disk: database, blobs, accounts, audit."""
