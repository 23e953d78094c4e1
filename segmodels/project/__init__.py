"""The whole way: from a log to fits, tables and a page in a folder."""
