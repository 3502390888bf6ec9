"""JupyterHub with the dashboards, a server for each student. See README.md beside it."""

import os
from pathlib import Path

import nbformat

from classroom.present.edition import editions
from classroom.present.server import SHARE

HERE = Path(__file__).resolve().parent
FOLDER = Path(os.environ.get("DASHBOARDS", "dashboards")).resolve()

FOLDER.mkdir(parents=True, exist_ok=True)
for name, edition in editions().items():
    nbformat.write(edition, FOLDER / name)

c = get_config()  # noqa: F821 - JupyterHub has it
c.Spawner.notebook_dir = str(FOLDER)
c.Spawner.default_url = "/voila"
c.Spawner.environment = {"JUPYTER_PATH": str(SHARE), "JUPYTER_CONFIG_PATH": str(HERE)}
