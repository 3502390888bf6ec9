"""The pages of `make present` as a service of JupyterHub. See README.md beside it."""
