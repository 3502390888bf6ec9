"""Voilà with everything shut that a class does not need.

All of it is asked of Voilà and nbconvert by their own options, with the exception of what
`Classroom` adds to Voilà's settings and handlers.
"""

import asyncio
import ipaddress
import os
import secrets
import socket
from pathlib import Path

import jupyter_server
import nbformat
from jinja2 import FileSystemBytecodeCache
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from nbconvert.preprocessors import Preprocessor
from traitlets import Unicode
from traitlets.config import Config
from voila.app import Voila

from classroom.present import gate, overflow
from classroom.present.polling import Room

SHARE = Path(__file__).parent / "share"
READING = "reading"
AT_A_TIME = os.cpu_count() or 1  # pages that are being made
FORGOTTEN = 300  # s that a kernel lives on when no page is connected to it any more
LETTERS = "abcdefghjkmnpqrstuvwxyz"  # none that looks like another on a wall


class KeepCompiled(Preprocessor):
    """Keeps compiled templates: compiling them for each page was most of the server's work.

    It leaves the notebook alone. But it is called when the exporter of a page has its Jinja
    environment, and has not loaded a template yet.
    """

    folder = Unicode(config=True)

    def preprocess(self, notebook, resources):
        self.parent.environment.bytecode_cache = FileSystemBytecodeCache(self.folder)
        return notebook, resources


class Turns:
    """Lets so many tasks go on at a time. A turn ends with the task that has taken it."""

    def __init__(self, at_a_time):
        self._free = asyncio.Semaphore(at_a_time)

    async def take(self):
        await self._free.acquire()
        asyncio.current_task().add_done_callback(lambda _: self._free.release())


class InTurn(AsyncMappingKernelManager):
    """Starts a kernel when it is the page's turn.

    When a class opens a page all at once, the first has it soon, and the last no later than if all
    had been made side by side. The task that asks for a kernel is the one that makes the page.
    """

    def __init__(self, **options):
        super().__init__(**options)
        self._turns = Turns(AT_A_TIME)
        self._starting = 0

    async def start_kernel(self, **options):
        self._starting += 1
        try:
            await self._turns.take()
            return await super().start_kernel(**options)
        finally:
            self._starting -= 1

    def asked_for(self):
        """Return how many kernels there are, with those whose turn has not come."""
        return len(self.list_kernel_ids()) + self._starting


class Classroom(Voila):
    """Voilà serving a folder of classroom editions, with a first page that shows their titles.

    Voilà passes on only messages between sliders and figures ("comm"), never one that would
    execute code.
    """

    def init_settings(self):
        """Return Voilà's settings, that what is sent is compressed, and where error pages' icon is.

        5 MB a visitor would be much for a room's wireless. `Voila.tornado_settings` would be the
        place to say so, but Voilà looks there when Tornado's application has already been made,
        which asks for this only once. Without the icon, a page that says "not found" would end in
        a traceback.
        """
        return super().init_settings() | {
            "compress_response": True,
            "static_path": jupyter_server.DEFAULT_STATIC_FILES_PATH,
            "log_function": lambda handler: None,  # who has asked for what; errors are told anyway
        }

    room = None  # where votes are held, if there is something to vote on
    places = None  # how many live pages there is room for, if pages to read stand by

    def init_handlers(self):
        """Return Voilà's handlers, and before them what refuses, the vote's, and pages to read."""
        votes = self.room.rules() if self.room else []
        folder = Path(self.root_dir) / READING
        read = overflow.rules(self.kernel_manager, folder, self.places) if self.places else []
        return [*gate.rules(self.ip), *votes, *read, *super().init_handlers()]

    @property
    def address(self):
        """What to type into a browser in this room."""
        return self._address("/", self.token)

    @property
    def vote_address(self):
        """Where a class votes, on pages that need no Python."""
        return self._address("/vote", self.token)

    @property
    def instructor_address(self):
        """Where votes are held; None if there is nothing to vote on."""
        return self.room and self._address("/instructor", self.room.token)

    def _address(self, path, token):
        host = _address_in_the_room() if self.ip in ("", "0.0.0.0", "::") else self.ip
        return f"http://{host}:{self.port}{path}" + (f"?token={token}" if token else "")


def classroom(editions, folder, *, ip, port, questions=(), places=None):
    """Return a server of `editions`, {file name: notebook}, which it writes to `folder`.

    Anyone who can reach `ip` may look on if that is this machine alone. Otherwise a token is asked
    for, once in a browser, new each time the server is started. On `questions` votes can be held,
    by whoever has a second token. Who comes when so many pages are open as there are `places` gets
    the page to read, which has been written to the folder READING in `folder`.
    """
    for name, edition in editions.items():
        nbformat.write(edition, Path(folder) / name)
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        [str(SHARE), *filter(None, [os.environ.get("JUPYTER_PATH")])]
    )
    titles = {name: one.metadata.title for name, one in editions.items()}
    server = Classroom(config=_configuration(titles, folder, ip, port, bool(questions)))
    server.initialize([])
    server.places = places
    if questions:
        join = server.vote_address if server.token else None
        server.room = Room(questions, token=_new_token(), port=port, join=join)
    return server


def looks(titles, has_votes=False):
    """Return the settings of Voilà itself: what pages look like, and that none shows its code."""

    def with_titles(page_config, **of_the_page):
        page_config["titles"] = titles  # in place: for the first page that is all that counts
        page_config["votes"] = has_votes
        # Without an address Voilà's page draws formulas itself; else it would ask another host.
        page_config["fullMathjaxUrl"] = page_config["mathjaxConfig"] = None
        return page_config

    config = Config()
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
    config.VoilaConfiguration.page_config_hook = with_titles
    return config


def _configuration(titles, folder, ip, port, has_votes):
    config = looks(titles, has_votes)
    config.Voila.config_file_paths = []  # nobody's own configuration opens what is shut here
    config.Voila.ip = ip
    config.Voila.port = port
    config.Voila.port_retries = 0
    config.Voila.token = "" if _is_this_machine(ip) else _new_token()
    config.Voila.identity_provider_class = gate.Patient
    config.Voila.root_dir = str(folder)
    config.Voila.open_browser = False
    config.Voila.log_level = "ERROR"
    config.VoilaConfiguration.prelaunch_hook = _give_token
    config.VoilaConfiguration.multi_kernel_manager_class = InTurn
    config.VoilaExporter.preprocessors = [KeepCompiled]
    config.VoilaExporter.optimistic_validation = True  # the editions are valid, as a test says
    config.KeepCompiled.folder = str(folder)
    config.MappingKernelManager.cull_idle_timeout = FORGOTTEN
    config.MappingKernelManager.cull_interval = max(1, FORGOTTEN // 10)
    config.MappingKernelManager.cull_connected = False
    return config


def _give_token(request, notebook, cwd):
    """Give a page the token against cross-site requests: to read it is to set the cookie.

    Voilà's page sends it along with its last word, which ends its kernel. Without, it is refused.
    """
    _ = request.xsrf_token


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
