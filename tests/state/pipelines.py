"""Runs the jobs of a generated pipeline: of GitHub's workflow and of GitLab's file, each step as it stands there.

Every job is a fresh, shallow clone; clones share nothing but the bare remote. A job's artifact is handed on as a file, by
the test for GitHub's own commands, and by a small API of GitLab's shape for the script that fetches it.
"""

import json
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

from ruamel.yaml import YAML

from tests.cli.command_line import Cli

from .clones import ENVIRONMENT, Machines
from .conftest import git

Host = Literal["github", "gitlab"]
TEMPLATES = Path(__file__).parents[2] / "templates/ci"
_FILES = {"github": "github/.github/workflows/websakctl.yml", "gitlab": "gitlab/.gitlab-ci.yml"}
_PROJECT, _TOKEN, _NOTE_TOKEN, _ME = "7", "glpat-of-the-project", "glpat-of-notes", 5  # made up


def script(host: Host, job: str) -> tuple[list[str], list[str]]:
    """A job's command lines, in order, and what follows if one of them fails; without what only the host can run."""
    pipeline = YAML(typ="safe", pure=True).load(TEMPLATES / _FILES[host])
    if host == "gitlab":
        return pipeline[job]["script"], pipeline[job].get("after_script", [])
    steps = [step for step in pipeline["jobs"][job]["steps"] if "run" in step]
    lines = [step["run"] for step in steps if not step.get("if")]
    after = [line for step in steps if step.get("if") == "failure()" for line in step["run"].splitlines()]
    return ([line for line in lines if line.startswith("websakctl ")], [line for line in after if "websakctl " in line])


@dataclass
class Job:
    """What one job left behind."""

    code: int
    out: str
    err: str
    root: Path

    def text(self, name: str) -> str:
        """A file that it wrote."""
        return (self.root / name).read_text(encoding="utf-8")


@dataclass
class Pipeline:
    """The jobs of one host's pipeline on a remote."""

    host: Host
    machines: Machines
    plans: dict[str, Path] = field(default_factory=dict)  # the artifact of each request to merge, by its branch
    api: str = ""
    merged: dict[str, str] = field(default_factory=dict)  # branches by the commit that merged them
    notes: list[dict[str, Any]] = field(default_factory=list)  # of the one merge request that has any
    count: int = 0

    def job(self, name: str, branch: str = "main", before: Path | None = None, message: str = "merged") -> Job:
        """Run a job in a clone of ``branch`` that nobody used before; ``before``: the artifact that it is handed."""
        self.count += 1
        runner = f"runner{self.count}-{name}"
        requested = name in ("validate", "plan") and branch != "main"
        depth = [] if requested else ["--depth", "1" if self.host == "github" else "20"]
        cli = self.machines.machine(runner, *depth, "--branch", branch)
        git(cli.root, "checkout", "--quiet", "--detach")
        if before is not None and self.host == "github":
            (cli.root / "websak.plan.json").write_bytes(before.read_bytes())
        lines, after = script(self.host, name)
        env = {**cli.surroundings(), "CI": "true", "WEBSAKCTL_ENVIRONMENT": ENVIRONMENT}
        if requested:
            base = git(cli.root, "merge-base", "origin/main", "HEAD")
            env["BASE" if self.host == "github" else "CI_MERGE_REQUEST_DIFF_BASE_SHA"] = base
        if self.host == "github":
            env["MESSAGE"] = message
        else:
            commit = git(cli.root, "rev-parse", "HEAD")
            env |= {"CI_API_V4_URL": self.api, "CI_PROJECT_ID": _PROJECT, "API_TOKEN": _TOKEN}
            env |= {"CI_COMMIT_SHA": commit, "CI_COMMIT_TITLE": message}
            env |= {"CI_MERGE_REQUEST_IID": "3", "NOTE_TOKEN": _NOTE_TOKEN} if name == "plan" and self.notes else {}
        done = _run(cli.root, lines, env)
        status = "success" if done.code == 0 else "failed"
        if self.host == "gitlab" or done.code:
            _run(cli.root, after, {**env, "CI_JOB_STATUS": status})
        return done

    def request(self, branch: str, edits: Mapping[str, tuple[str, str]]) -> Job:
        """Push a branch with edits, and run what a request to merge it runs."""
        author = self.machines.remote.home / "author"
        git(author, "fetch", "--quiet", "origin")
        git(author, "checkout", "--quiet", "-B", branch, "origin/main")
        for name, (old, new) in edits.items():
            text = (author / name).read_text(encoding="utf-8")
            assert old in text
            (author / name).write_text(text.replace(old, new), encoding="utf-8")
        git(author, "commit", "--quiet", "--all", "-m", branch)
        git(author, "push", "--quiet", "--force", "origin", branch)
        assert self.job("validate", branch).code == 0
        job = self.job("plan", branch)
        if job.code == 0:
            self.plans[branch] = job.root / "websak.plan.json"
        return job

    def merge(self, branch: str) -> Job:
        """Merge the branch, and run what a push to main runs."""
        author = self.machines.remote.home / "author"
        git(author, "fetch", "--quiet", "origin")
        git(author, "checkout", "--quiet", "-B", "main", "origin/main")
        git(author, "merge", "--quiet", "--no-ff", "--no-edit", f"origin/{branch}")
        git(author, "push", "--quiet", "origin", "main")
        self.merged[git(author, "rev-parse", "HEAD")] = branch
        return self.again(branch)

    def again(self, branch: str) -> Job:
        """Run the apply job of a merge, which may have failed before."""
        return self.job("apply", before=self.plans[branch], message=branch)

    # --- GitLab's API

    def answer(self, path: str) -> bytes | None:
        """What GitLab answers to a read below the project; a request, its pipeline and its job have one number here."""
        branches = list(self.plans)
        parts = path.strip("/").split("/")
        if parts[:2] == ["repository", "commits"] and parts[3:] == ["merge_requests"]:
            branch = self.merged.get(parts[2])
            return _json([{"iid": branches.index(branch)}] if branch is not None else [])
        if parts[0] == "merge_requests" and parts[2:] == ["pipelines"]:
            return _json([{"id": int(parts[1])}])
        if parts[0] == "pipelines" and parts[2:] == ["jobs"]:
            return _json([{"id": 99, "name": "validate"}, {"id": int(parts[1]), "name": "plan"}])
        if parts[0] == "jobs" and parts[2:] == ["artifacts", "websak.plan.json"]:
            return self.plans[branches[int(parts[1])]].read_bytes()
        return None

    def note(self, method: str, path: str, body: str = "") -> bytes | None:
        """What GitLab answers to whoever may write notes; a page holds two."""
        where, _, query = path.partition("?")
        if (method, where) == ("GET", "/user"):
            return _json({"id": _ME})
        below = where.removeprefix(f"/projects/{_PROJECT}/merge_requests/3/notes")
        if method == "GET" and below == "":
            page = int(query.rpartition("=")[2])
            return _json(self.notes[2 * (page - 1) : 2 * page])
        if method == "POST" and below == "":
            self.notes.append({"id": len(self.notes), "body": body, "author": {"id": _ME}})
            return _json(self.notes[-1])
        if method == "PUT" and self.notes[int(below[1:])]["author"]["id"] == _ME:
            self.notes[int(below[1:])]["body"] = body
            return _json({})
        return None


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def _run(root: Path, lines: list[str], env: Mapping[str, str]) -> Job:
    program = shlex.quote(sys.executable)
    done = Job(0, "", "", root)
    for line in lines:
        words = re.sub(r"(^|\|\| )websakctl ", rf"\1{program} -m websakctl ", line, count=1)
        words = re.sub(r"^python ", f"{program} ", words)
        ended = subprocess.run(
            ["sh", "-ec", words], cwd=root, env=dict(env), capture_output=True, text=True, timeout=120, check=False
        )
        assert "Traceback" not in ended.stderr, ended.stderr
        done = Job(ended.returncode, done.out + ended.stdout, done.err + ended.stderr, root)
        if ended.returncode:
            break
    return done


@contextmanager
def gitlab_api(pipeline: Pipeline) -> Iterator[None]:
    """Serve the API of GitLab for a pipeline."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            token = self.headers.get("PRIVATE-TOKEN")
            below = self.path.removeprefix(f"/api/v4/projects/{_PROJECT}")
            content = pipeline.answer(below) if token == _TOKEN and below != self.path else None
            if token == _NOTE_TOKEN:
                size = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(size))["body"] if size else ""
                content = pipeline.note(self.command, self.path.removeprefix("/api/v4"), body)
            self.send_response(404 if content is None else 200)
            self.end_headers()
            self.wfile.write(content or b"")

        do_POST = do_PUT = do_GET

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    pipeline.api = f"http://127.0.0.1:{server.server_port}/api/v4"
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def author_of(machines: Machines) -> Cli:
    """Who writes the config."""
    return Cli(machines.remote.home / "author")
