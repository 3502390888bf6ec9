"""JupyterLab on localhost with nobody's settings: for slides, and for tests of the notebooks."""

import json
import os
import socket
import subprocess
import sys

from classroom.notebooks import ROOT

# A toast that asks about news would cover slides and buttons, and remember its answer.
NO_NEWS = {
    "@jupyterlab/apputils-extension/notification": {
        "fetchNews": "false",
        "checkForUpdates": False,
    }
}
PLACES = {
    "JUPYTER_CONFIG_DIR": "config",
    "JUPYTER_DATA_DIR": "data",
    "JUPYTER_RUNTIME_DIR": "runtime",
    "JUPYTERLAB_SETTINGS_DIR": "settings",
    "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    "IPYTHONDIR": "ipython",
}


def free_port():
    """Return a port of this machine that nobody has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def start(folder, shown, *, settings=None, options=(), environment=None, **process):
    """Start JupyterLab on the folder `shown`; return (process, its address).

    What it would keep in the reader's home goes into `folder`, with its log, server.log. `settings`
    come on top of those without news, {plugin: {name: value}}.
    """
    for name, content in (NO_NEWS | (settings or {})).items():
        file = folder / "settings" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content), encoding="utf-8")
    port = free_port()
    command = [
        sys.executable, "-m", "jupyterlab",
        "--no-browser",
        "--allow-root",  # in a container
        "--ServerApp.ip=127.0.0.1",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={shown}",
        *options,
    ]  # fmt: skip
    places = {name: str(folder / place) for name, place in PLACES.items()}
    ours = {"PYTHONPATH": str(ROOT)}  # this checkout, whatever is installed
    with (folder / "server.log").open("w") as log:
        running = subprocess.Popen(
            command,
            env=os.environ | places | ours | (environment or {}),
            cwd=shown,
            stdout=log,
            stderr=subprocess.STDOUT,
            **process,
        )
    return running, f"http://127.0.0.1:{port}"


def stop(running):
    """End it, by force if it does not end by itself."""
    running.terminate()
    try:
        running.wait(15)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait(15)
