"""Scores over HTTP: needs the extra `serve`; nothing outside imports it but the command line."""
