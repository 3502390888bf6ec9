"""The dashboards behind JupyterHub, with users who need no account and servers on this machine."""

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
        "Spawner.args": "--allow-root" if os.getuid() == 0 else "",
        "Spawner.http_timeout": 120,
        "JupyterHub.bind_url": f"http://127.0.0.1:{public}",
        "JupyterHub.hub_port": api,
        "ConfigurableHTTPProxy.api_url": f"http://127.0.0.1:{proxy}",
    }
    config = ROOT / "classroom" / "hub" / "jupyterhub_config.py"
    command = [shutil.which("jupyterhub"), "-f", config]
    command += [f"--{name}={value}" for name, value in options.items() if value != ""]
    log = folder / "hub.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=os.environ | {"DASHBOARDS": str(folder / "dashboards")},
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
def test_each_student_has_dashboards_that_move_and_ask_no_other_host(hub, browser, student):
    context, asked = browser.new_context(viewport={"width": 1280, "height": 720}), []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.goto(f"{hub}/hub/login")
    page.fill("#username_input", student)
    page.fill("#password_input", PASSWORD)
    page.click("#login_submit")
    page.wait_for_url(f"{hub}/user/{student}/**", timeout=120_000)
    page.get_by_role("link", name="Claim 2").click()
    page.wait_for_selector("mjx-container", timeout=120_000)  # formulas are drawn
    figure = page.locator(".fe").first
    figure.get_by_role("button", name="Show me anyway").click()
    sentence = figure.locator(".fe-sentence")
    until(sentence.inner_text, 20, "the sentence")
    before = sentence.inner_text()
    figure.locator(".fe-control input").first.press("ArrowRight")
    until(lambda: sentence.inner_text() != before, 20, "another sentence")
    assert urlsplit(page.url).path.startswith(f"/user/{student}/voila/render/02")
    hosts = {urlsplit(url).netloc for url in asked if url.startswith("http")}
    assert hosts == {urlsplit(hub).netloc}
    assert page.locator(".jp-InputArea-editor").count() == 0  # no code is shown
    context.close()
