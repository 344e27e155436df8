"""Models of the hub: nothing is fetched unless it is asked for. The hub is a server of this process."""

import hashlib
import json
import os
import subprocess
import sys
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import numpy as np
import pytest

pytest.importorskip("torch", reason="the extra `neural` is not installed")
pytest.importorskip("transformers", reason="the extra `neural` is not installed")

from exonym.data import Sentence
from exonym.tag import load_tagger, train_neural
from test_neural_transformer import CORPUS, TEXT, options
from tiny_models import make_model

NAME, COMMIT, WORDS = "some-one/tiny", "0" * 40, ["Amina", "flew", "to", "Kano", "."]

OPEN = """
import json, sys
from exonym.data import Sentence
from exonym.errors import ExonymError
from exonym.tag import load_checkpoint
name, hub, *words = sys.argv[1:]
try:
    (found,) = load_checkpoint(name, hub=hub == "True").predict([Sentence(tuple(words))])
    print(json.dumps(found.tolist()))
except ExonymError as error:
    print(json.dumps(str(error)))
"""


class FakeHub(BaseHTTPRequestHandler):
    """Serves the files of one model as the hub does, and notes what was asked for."""

    def __init__(self, folder, asked, *rest):
        self.folder, self.asked = folder, asked
        super().__init__(*rest)

    def do_HEAD(self):
        self.asked.append(f"{self.command} {self.path}")
        model, _, file = self.path.replace(COMMIT, "main").partition("/resolve/main/")
        if self.path == f"/api/models/{NAME}":
            names = [{"rfilename": path.name} for path in sorted(self.folder.iterdir())]
            self.answer(json.dumps({"id": NAME, "sha": COMMIT, "tags": [], "siblings": names}).encode())
        elif model == f"/{NAME}" and (self.folder / file).is_file():
            self.answer((self.folder / file).read_bytes())
        else:
            self.answer(b"", 404)

    do_GET = do_HEAD

    def answer(self, content, status=200):
        self.send_response(status)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("Content-Length", str(len(content)))
        if status == 404:
            self.send_header("X-Error-Code", "EntryNotFound" if NAME in self.path else "RepoNotFound")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(tmp_path):
    """A folder that is served, the addresses asked for so far, and the environment of one who uses this hub."""
    folder, asked = tmp_path / "served", []
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(FakeHub, folder, asked))
    thread = Thread(target=server.serve_forever)
    thread.start()
    own = {name: value for name, value in os.environ.items() if not name.upper().startswith(("HF_", "HUGGING"))}
    own |= {"HF_HOME": str(tmp_path / "home"), "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}"}
    own |= {"HF_HUB_DISABLE_TELEMETRY": "1", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
    yield folder, asked, own
    server.shutdown()
    thread.join()
    server.server_close()


def opened(environment, name, *, hub):
    """What a fresh process finds under a name: probabilities, or the message of an error."""
    command = [sys.executable, "-c", OPEN, name, str(hub), *WORDS]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_hub_is_asked_only_if_allowed(hub, tmp_path):
    folder, asked, environment = hub
    tagger = train_neural(CORPUS, options(make_model(tmp_path / "base", "xlmr", TEXT), 1))
    tagger.save(folder)
    (expected,) = load_tagger(folder).predict([Sentence(tuple(WORDS))])

    refused = opened(environment, NAME, hub=False)
    assert NAME in refused
    assert "hub = true" in refused
    assert not asked

    np.testing.assert_allclose(opened(environment, NAME, hub=True), expected, atol=1e-6)
    assert any(line.startswith("GET") and line.endswith("model.safetensors") for line in asked)
    assert any(Path(environment["HF_HOME"]).rglob("model.safetensors"))
    asked.clear()

    np.testing.assert_allclose(opened(environment, NAME, hub=False), expected, atol=1e-6)
    assert not asked
