"""The reading edition: a page a notebook, to be read where there is no Python."""
