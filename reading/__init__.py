"""The reading edition: pages that need no Python, with figures that move all the same."""
