"""The embedded store: an SQLite database and a folder of files."""
