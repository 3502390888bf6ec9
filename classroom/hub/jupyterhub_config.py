"""JupyterHub with the pages of `make present` as a service. See README.md beside it."""

import os
import sys

NAME = "first-epochs"
PORT = os.environ.get("CLASSROOM_PORT", "8866")

c = get_config()  # noqa: F821 - JupyterHub has it
c.JupyterHub.services = [
    {
        "name": NAME,
        "display": True,
        "url": f"http://127.0.0.1:{PORT}",
        "command": [sys.executable, "-m", "classroom.hub"],
        "environment": {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
        "oauth_no_confirm": True,
    }
]
# Whoever can sign in to the hub has a place in this class.
c.JupyterHub.load_roles = [{"name": "user", "scopes": ["self", f"access:services!service={NAME}"]}]
