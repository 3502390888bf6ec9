"""The notebooks as pages for a class: `make present`."""
