"""Started by JupyterHub: serves the pages under the service's address to who is signed in there."""

import os
import re
import sys
import tempfile
from pathlib import Path
from urllib.parse import quote, urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated
from tornado.netutil import bind_sockets
from tornado.web import RequestHandler, authenticated

from classroom.present import class_pages, gate, pythons
from classroom.present.server import Front, Server, new_token


class HubsDoor(gate.Door):
    """Sends whoever is not known yet to sign in at the hub."""

    def __init__(self, token, port, prefix):
        super().__init__(token, port)
        self._prefix = prefix

    def turn_away(self, handler, was_wrong):
        page = handler.request.path.removeprefix(self._prefix)
        handler.redirect(f"{self._prefix}sign-in?to={quote(page)}")


class SignIn(HubOAuthenticated, RequestHandler):
    """Lets in whoever the hub says may use this service, to the page that was asked for."""

    def initialize(self, door):
        super().initialize()
        self.door = door

    @authenticated
    def get(self):
        self.door.admit(self)
        page = self.get_query_argument("to", "")
        self.redirect(page if re.fullmatch(r"\w+(\.html)?", page) else "./")


def main():
    """Get the Pythons ready, and serve where the hub expects it, until the hub ends this."""
    found = class_pages.class_pages(sys.argv[1:])
    os.environ[pythons.CHOSEN] = " ".join(sys.argv[1:])
    place, prefix = (os.environ[f"JUPYTERHUB_SERVICE_{name}"] for name in ("URL", "PREFIX"))
    here = urlsplit(place)
    door = HubsDoor(new_token(), here.port, prefix)
    handlers = ("sign-in", SignIn, {"door": door}), ("oauth_callback", HubOAuthCallbackHandler)
    public = os.environ.get("JUPYTERHUB_PUBLIC_URL") or prefix
    with tempfile.TemporaryDirectory(prefix="first-epochs-") as folder:
        class_pages.write(Path(folder), found)
        pythons.warm_up()
        server = Server(
            folder,
            ip=here.hostname,
            port=here.port,
            places=pythons.places(),
            questions=[one for page in found for one in page.questions()],
            front=Front(prefix, public, door, handlers),
        )
    sockets = bind_sockets(here.port, here.hostname)
    server.serve(sockets, lambda: print(f"Votes: {server.instructor_address}", flush=True))


if __name__ == "__main__":
    main()
