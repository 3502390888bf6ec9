"""The notebooks as dashboards for a classroom: `make present`."""
