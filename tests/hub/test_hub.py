"""The pages of `make present` behind JupyterHub, with users who need no account."""

import os
import shutil
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest

from classroom import chromium
from classroom.notebooks import ROOT
from classroom.private_lab import free_port
from classroom.robot import until

PASSWORD = "for all of them"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hub")
    public, api, proxy = (free_port() for _ in range(3))
    options = {
        "JupyterHub.authenticator_class": "shared-password",
        "SharedPasswordAuthenticator.user_password": PASSWORD,
        "Authenticator.allow_all": True,
        "JupyterHub.spawner_class": "simple",
        "JupyterHub.bind_url": f"http://127.0.0.1:{public}",
        "JupyterHub.hub_port": api,
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{proxy}",
    }
    config = ROOT / "classroom" / "hub" / "jupyterhub_config.py"
    command = [shutil.which("jupyterhub"), "-f", config]
    command += [f"--{name}={value}" for name, value in options.items()]
    log = folder / "hub.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"CLASSROOM_PORT": str(free_port())},
            stdout=written,
            stderr=subprocess.STDOUT,
        )

    def answers():
        assert process.poll() is None, log.read_text()
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{public}/hub/login", timeout=10)
        except urllib.error.URLError:
            return None

    try:
        until(answers, 60, "JupyterHub's first answer").close()
        yield f"http://127.0.0.1:{public}"
    finally:
        process.terminate()
        process.wait(60)


@pytest.fixture(scope="module")
def browser():
    with chromium.started() as browser:
        yield browser


@pytest.mark.parametrize("student", ["ada", "emmy"])
def test_each_student_has_pages_that_move_and_ask_no_other_host(hub, browser, student):
    context, asked = browser.new_context(viewport={"width": 1280, "height": 720}), []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(f"{hub}/services/first-epochs/02_decay_rate.html")
    page.fill("#username_input", student)
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_url(f"{hub}/services/first-epochs/02_decay_rate.html", timeout=60_000)
    figure = page.locator(".rd-figure").first
    figure.scroll_into_view_if_needed()
    page.locator(".rd-live .fe").first.wait_for(timeout=60_000)
    figure.get_by_role("button", name="Show me anyway").click()
    sentence = figure.locator(".fe-sentence")
    until(sentence.inner_text, 20, "the sentence")
    before = sentence.inner_text()
    figure.locator(".fe-control input").first.press("ArrowRight")
    until(lambda: sentence.inner_text() != before, 20, "another sentence")
    hosts = {urlsplit(url).netloc for url in asked if url.startswith("http")}
    assert hosts == {urlsplit(hub).netloc}
    context.close()


def test_who_is_not_signed_in_is_asked_to_and_gets_no_python(hub, browser):
    context = browser.new_context()
    page = context.new_page()
    for path in ("", "02_decay_rate.html", "vote"):
        page.goto(f"{hub}/services/first-epochs/{path}")
        assert "/hub/login" in page.url
    refused = context.request.get(f"{hub}/services/first-epochs/live", max_redirects=0)
    assert refused.status == 302
    context.close()
