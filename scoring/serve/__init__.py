"""The HTTP service. It needs the extra `serve`, so only the command line imports it, when asked."""
