"""Voilà with everything shut that a class does not need."""

import asyncio
import ipaddress
import os
import secrets
import socket
from pathlib import Path

import nbformat
import voila.notebook_renderer
from jinja2 import FileSystemBytecodeCache
from traitlets.config import Config
from voila.app import Voila
from voila.exporter import VoilaExporter
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler

SHARE = Path(__file__).parent / "share"
FORGOTTEN = 300  # s that a kernel lives on when no page is connected to it any more
LETTERS = "abcdefghjkmnpqrstuvwxyz"  # none that looks like another on a wall


class QuickExporter(VoilaExporter):
    """Keeps its compiled templates: compiling them for each page was most of the server's work."""

    compiled = None  # a jinja2.BytecodeCache

    @property
    def environment(self):
        environment = super().environment
        environment.bytecode_cache = self.compiled
        return environment


class InTurn(TornadoVoilaHandler):
    """Makes as many pages at a time as there are processors.

    When a class opens a page all at once, the first has it soon, and the last no later than if all
    had been made side by side.
    """

    _turn = asyncio.Semaphore(os.cpu_count() or 1)

    async def get(self, path=None):
        async with self._turn:
            await super().get(path)


class Goodbye(VoilaShutdownKernelHandler):
    """Ends the kernel of a page that is being closed.

    Voilà's pages send no token against cross-site requests with their last word, and so it would
    be refused. It needs none: it names a kernel, by an id that nobody else can guess.
    """

    def check_xsrf_cookie(self):
        """Let it pass."""


class Classroom(Voila):
    """Voilà serving a folder of classroom editions, with a first page that shows their titles.

    Voilà passes on only messages between sliders and figures ("comm"), never one that would
    execute code.
    """

    def __init__(self, editions, **options):
        super().__init__(**options)
        self._titles = {name: one.metadata.title for name, one in editions.items()}

    def init_settings(self):
        settings = super().init_settings()
        settings["voila_jinja2_env"].globals["titles"] = self._titles
        settings["compress_response"] = True  # 5 MB a visitor would be much for a room's wireless
        return settings

    def init_handlers(self):
        ours = {VoilaShutdownKernelHandler: Goodbye, TornadoVoilaHandler: InTurn}
        return [
            (path, ours.get(handler, handler), *arguments)
            for path, handler, *arguments in super().init_handlers()
        ]

    @property
    def address(self):
        """What to type into a browser in this room."""
        host = _address_in_the_room() if self.ip in ("", "0.0.0.0", "::") else self.ip
        return f"http://{host}:{self.port}/" + (f"?token={self.token}" if self.token else "")


def classroom(editions, folder, *, ip, port):
    """Return a server of `editions`, {file name: notebook}, which it writes to `folder`.

    Anyone who can reach `ip` may look on if that is this machine alone. Otherwise a token is asked
    for, once in a browser, new each time the server is started.
    """
    for name, edition in editions.items():
        nbformat.write(edition, Path(folder) / name)
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        [str(SHARE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    )
    QuickExporter.compiled = FileSystemBytecodeCache(str(folder))
    voila.notebook_renderer.VoilaExporter = QuickExporter  # Voilà has no option for it
    server = Classroom(editions, config=_configuration(folder, ip, port))
    server.initialize([])
    return server


def _configuration(folder, ip, port):
    config = Config()
    config.Voila.config_file_paths = []  # nobody's own configuration opens what is shut here
    config.Voila.ip = ip
    config.Voila.port = port
    config.Voila.port_retries = 0
    config.Voila.token = "" if _is_this_machine(ip) else _new_token()
    config.Voila.root_dir = str(folder)
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.VoilaConfiguration.template = "classroom"
    config.VoilaConfiguration.allow_template_override = "NO"
    config.VoilaConfiguration.allow_theme_override = "NO"
    config.VoilaConfiguration.classic_tree = True
    config.VoilaConfiguration.strip_sources = True
    config.VoilaConfiguration.show_tracebacks = False
    config.VoilaConfiguration.file_allowlist = []
    config.VoilaConfiguration.extension_allowlist = [
        "@jupyter-widgets/jupyterlab-manager",
        "@voila-dashboards/widgets-manager8",
        "anywidget",
    ]
    config.MappingKernelManager.cull_idle_timeout = FORGOTTEN
    config.MappingKernelManager.cull_interval = max(1, FORGOTTEN // 10)
    config.MappingKernelManager.cull_connected = False
    return config


def _is_this_machine(ip):
    try:
        return ip == "localhost" or ipaddress.ip_address(ip).is_loopback
    except ValueError:  # a name: who knows who can reach it
        return False


def _new_token():
    return "".join(secrets.choice(LETTERS) for _ in range(8))


def _address_in_the_room():
    """Return the address under which this machine is seen by others; nothing is sent to find it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # an address reserved for documentation
            return probe.getsockname()[0]
        except OSError:  # no network at all
            return socket.gethostname()
