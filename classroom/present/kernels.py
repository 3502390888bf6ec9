"""Kernels that are forked, on Linux, from one process which has everything loaded and computed.

A class opens a page all at once. A kernel of its own for each of twenty students takes a second of
processor time and 150 MB of memory to get ready, and then the figures have to be computed. A fork
takes a few hundredths of a second, and shares what it does not change. macOS and Windows cannot
fork safely once such libraries are loaded: there, every page starts an ordinary kernel.
"""

import contextlib
import multiprocessing
import os
import signal
import sys
from importlib import import_module
from importlib.metadata import EntryPoint

from jupyter_client.provisioning import KernelProvisionerFactory, LocalProvisioner

CAN_FORK = sys.platform == "linux"

WARM = "classroom.present.warm"
CHOSEN = (
    "CLASSROOM_NOTEBOOKS"  # the variable that tells it which notebooks; unset or empty means all
)


def use_forks(preload=(WARM,)):
    """Let Jupyter fork its kernels from now on, and wait until there is something to fork from.

    The modules `preload` are imported once, in the process that is forked. On other systems than
    Linux this does nothing.
    """
    if not CAN_FORK:
        return
    # Jupyter's way to announce a provisioner is an entry point of an installed package. But every
    # Jupyter of the environment would list it, and it is of use in this process alone. So we put
    # it where Jupyter puts those that it has found.
    forks = KernelProvisionerFactory.instance(default_provisioner_name="fork")
    forks.provisioners["fork"] = EntryPoint("fork", f"{__name__}:ForkProvisioner", "")
    multiprocessing.set_forkserver_preload(list(preload))
    first = _forkserver().Process(target=_import, args=(preload,))
    try:
        first.start()
        first.join()
    except EOFError:  # the process to be forked has ended, with an error that it has told
        pass
    if first.exitcode != 0:
        raise SystemExit("What kernels are to be forked from can't be loaded; see above.")


def _forkserver():
    return multiprocessing.get_context("forkserver")


def _import(modules):
    """Import what is there already. Or say why it is not: whence we are forked, errors go lost."""
    for module in modules:
        import_module(module)


class ForkProvisioner(LocalProvisioner):
    """Starts a kernel as a fork, where Jupyter would start a new Python."""

    async def launch_kernel(self, cmd, **kwargs):
        """Return the connection of a forked kernel; `cmd`, which starts a new one, is not used."""
        self.process = _Fork(self.parent.connection_file, kwargs["cwd"], kwargs["env"])
        self.pid = self.process.pid
        return self.connection_info


class _Fork:
    """A forked kernel, with the methods of subprocess.Popen that a provisioner uses."""

    stdin = stdout = stderr = None

    def __init__(self, *arguments):
        self._process = _forkserver().Process(target=_serve, args=arguments, daemon=True)
        self._process.start()
        self.pid = self._process.pid

    def poll(self):
        return self._process.exitcode

    def wait(self):
        self._process.join()
        return self._process.exitcode

    def send_signal(self, number):
        with contextlib.suppress(ProcessLookupError):  # it has ended: that is no error to a Popen
            os.kill(self.pid, number)

    def terminate(self):
        self.send_signal(signal.SIGTERM)

    def kill(self):
        self.send_signal(signal.SIGKILL)


def _serve(connection_file, folder, environment):
    """Be a kernel, in the fork, until it is shut down or the process it came from ends."""
    from ipykernel.kernelapp import IPKernelApp

    from explorers.widget import teach

    os.setsid()  # so that Ctrl+C in the terminal reaches the server alone, which then ends us
    os.nice(5)  # the server goes first: everybody waits for it
    os.chdir(folder)
    os.environ.update(environment)
    options = {"parent_handle": os.getppid(), "log_level": "ERROR"}
    app = IPKernelApp.instance()
    app.initialize(["-f", connection_file, *(f"--IPKernelApp.{k}={v}" for k, v in options.items())])
    teach(app.shell)  # explorers was imported before there was a shell to be taught
    app.start()
