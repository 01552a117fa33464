"""The only place where files, settings, keyring, journal and connections are put together."""

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, date, datetime
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from websakctl import __version__
from websakctl.cli.call import Call
from websakctl.cli.exits import Exit, Problem, UnknownName
from websakctl.cli.terminal import Terminal
from websakctl.cli.today import day_in_oslo, day_of_oslo, seconds_in_words, time_in_oslo
from websakctl.files import STATE_DIR, make_state_dir, remove_abandoned_folders, remove_unfinished, write_whole
from websakctl.redaction import Secret, redact
from websakctl.report.view_models import DocumentReport, FindingsReport, Look, PlanReport, Subject

if TYPE_CHECKING:
    from websakctl.apply.journal import Journal
    from websakctl.apply.shared import SharedState
    from websakctl.live.clock import Clock
    from websakctl.live.network import Network
    from websakctl.live.runtime import Runtime
    from websakctl.live.websak import Connection
    from websakctl.model.address import Address
    from websakctl.model.resource import State
    from websakctl.operations.apply.run import Actor
    from websakctl.operations.change.read_setup import LiveSetup
    from websakctl.plan.change import Plan
    from websakctl.report.texts import Language
    from websakctl.settings import EnvironmentVariables, Target
    from websakctl.source.configuration import Configuration
    from websakctl.state.branch import StateBranch
    from websakctl.state.people import People, StateKey

_ALLOW_INSECURE = "write https://; for a Websak to practise on, `allow_insecure: true` in config/websak.yaml or WEBSAKCTL_ALLOW_INSECURE=1"


class Session:
    """What one command works with, each part made when it is first needed."""

    no_state_key = ""  # why the keyring could not be asked for it

    def __init__(self, call: Call) -> None:
        self.call = call
        self.terminal = Terminal(quiet=call.quiet, no_color=call.no_color, out=call.out)
        self._pulled = False  # whether the shared state was taken in

    # --- config

    @cached_property
    def around(self) -> "EnvironmentVariables":
        """The WEBSAKCTL_* variables."""
        from websakctl.settings import InvalidVariable, read_environment_variables

        try:
            return read_environment_variables()
        except InvalidVariable as names:
            raise Problem(
                f"invalid environment variable ({names})",
                Exit.USAGE,
                "correct it or unset it; the README lists the variables",
            ) from None

    @cached_property
    def root(self) -> Path:
        """The config repository: as said, else the nearest folder upwards that holds config/."""
        variable = os.environ.get("WEBSAKCTL_ROOT")  # by itself: pydantic-settings takes longer to load than the config
        given = self.call.root or (Path(variable) if variable else None)
        if given is not None:
            if not given.is_dir():
                raise Problem(
                    f"the root {given} is not a folder", Exit.USAGE, "name the folder that holds config/ and districts/"
                )
            return given.resolve()
        here = Path.cwd()
        for folder in (here, *here.parents):
            if (folder / "config").is_dir() and (
                (folder / "districts").is_dir() or (folder / "config" / "websak.yaml").is_file()
            ):
                return folder
        return here

    @cached_property
    def state_dir(self) -> Path:
        """Where the tool keeps its own things; owner-only. It may be one that cannot be written: see ``state_unwritable``."""
        folder = self.root / (self.around.state_dir or STATE_DIR)
        with suppress(OSError):
            make_state_dir(folder)
        remove_unfinished(folder, folder / "worklists", folder / "snapshots")
        remove_abandoned_folders(folder)
        return folder

    @cached_property
    def state_unwritable(self) -> str:
        """Why nothing can be written in the state directory; empty where it can."""
        try:
            make_state_dir(self.state_dir)
        except OSError as error:
            return f"cannot make {self.state_dir}: {error.strerror}"
        return "" if os.access(self.state_dir, os.W_OK | os.X_OK) else f"cannot write in {self.state_dir}"

    def require_writable_state(self) -> None:
        """End a command that must keep something, before it does anything.

        Raises:
            Problem: If nothing can be written in the state directory.
        """
        if self.state_unwritable:
            raise Problem(
                self.state_unwritable, what_next="set WEBSAKCTL_STATE_DIR to a folder that can be written", code="file"
            )

    @property
    def has_config(self) -> bool:
        """Whether the root is a config repository."""
        return any((self.root / name).is_dir() for name in ("config", "districts"))

    @cached_property
    def config(self) -> "Configuration":
        """The config, valid or not.

        Raises:
            Problem: If there is none here.
        """
        from websakctl.source.load import load_configuration

        remove_unfinished(self.root / "users", self.root, Path.cwd())
        if not self.has_config:
            raise Problem(
                f"there is no config in {self.root}: neither config/ nor districts/",
                Exit.INVALID,
                "go to the config repository, or name it with --root DIR",
            )
        return load_configuration(self.root, self.today)

    def valid_config(self) -> "Configuration":
        """The config, or the end of the command with all that is wrong with it on stderr."""
        config = self.config
        if not config.valid:
            self.show_findings(config, to_stderr=True)
            raise Problem(
                "the config is not valid; nothing was done",
                Exit.INVALID,
                "fix the errors above; `websakctl validate` checks it again",
                findings=config.findings,
            )
        return config

    def show_findings(self, config: "Configuration", *, to_stderr: bool) -> None:
        """Write every finding."""
        from websakctl.report.formats.text import FORMAT

        report = FindingsReport(findings=config.findings, texts=config.texts, headline="", valid=config.valid)
        if config.findings and to_stderr:
            sys.stderr.write(redact(FORMAT.render(report, self.terminal.look(sys.stderr))) + "\n")
            sys.stderr.flush()

    def findings_headline(self, config: "Configuration") -> str:
        """How many errors and warnings there are, in how many files."""
        from websakctl.diagnostics import errors_in

        errors = errors_in(config.findings)
        warnings = len(config.findings) - errors
        result = f"{errors} error{'s' * (errors != 1)}, {warnings} warning{'s' * (warnings != 1)}"
        state = "valid" if config.valid else "not valid"
        return f"The config is {state}: {result} ({len(config.state)} resources in {config.files} files)."

    # --- the Websak

    @property
    def today(self) -> date:
        """The day that it is in Oslo, by the clock."""
        return day_of_oslo(self.clock.now())

    @cached_property
    def clock(self) -> "Clock":
        """The machine's."""
        from websakctl.live.clock import SystemClock

        return SystemClock()

    @cached_property
    def runtime(self) -> "Runtime":
        """Time, identifiers and threads: the process's own; connections as the environment says."""
        from functools import partial

        from websakctl.live.runtime import Runtime, open_transport

        return Runtime(
            clock=self.clock,
            transport=partial(open_transport, self.network, self.clock),
            notify=self.terminal.say,
            reading=self.terminal.reading,
        )

    @cached_property
    def network(self) -> "Network":
        """Proxies and certificate authorities."""
        from websakctl.live.network import NetworkError, read_network

        try:
            return read_network(os.environ)
        except NetworkError as error:
            raise Problem(str(error), Exit.USAGE, f"correct {error.variable}, or unset it") from None

    @cached_property
    def target(self) -> "Target":
        """The environment."""
        from websakctl.settings import BadAddress, InsecureAddress, UnknownEnvironment, choose_target

        try:
            return choose_target(self.call.environment, self.around, self.config.settings)
        except BadAddress as error:
            insecure = isinstance(error, InsecureAddress) and not error.protected
            raise Problem(str(error), Exit.USAGE, _ALLOW_INSECURE if insecure else "correct the address") from None
        except UnknownEnvironment as error:
            raise Problem(
                str(error),
                Exit.USAGE,
                "add it under environments: in config/websak.yaml, or set WEBSAKCTL_BASE_URL",
                code="unknown-name",
            ) from None

    def secure(self, url: str) -> str:
        """The same address of a register.

        Raises:
            Problem: If it is http:// beyond this machine, and no variable allows that.
        """
        from websakctl.urls import parse_url

        if parse_url(url).insecure and not self.around.allow_insecure:
            raise Problem(
                f"{url} is http:// beyond this machine", Exit.USAGE, "write https://, or set WEBSAKCTL_ALLOW_INSECURE=1"
            )
        return url

    @property
    def has_setup_api(self) -> bool:
        """Whether this Websak has a Setup API; nothing is started or asked for it."""
        if self.target.embedded:
            return self.around.setup_url != ""
        return bool(self.target.described.setup_url)

    @cached_property
    def connection(self) -> "Connection":
        """Where the Websak is and how to get in; the embedded sandbox is started when it does not run."""
        from websakctl.live.websak import Connection

        target = self.target
        described = target.described
        if target.embedded:
            return self._embedded()
        client_id, client_secret = self._credentials()
        return Connection(
            base_url=described.base_url,
            setup_url=described.setup_url,
            token_url=described.token_url,
            client_id=client_id,
            client_secret=client_secret,
            root_unit=described.root_unit,
            api_version=described.api_version,
            concurrency=described.concurrency,
            rate=described.rate,
            runtime=self.runtime,
        )

    def pace(self, concurrency: int | None, rate: float | None) -> None:
        """What the command line says of speed wins."""
        from msgspec.structs import replace

        if concurrency is not None:
            self.connection = replace(self.connection, concurrency=concurrency)
        if rate is not None:
            self.connection = replace(self.connection, rate=rate)

    def _embedded(self) -> "Connection":
        from websakctl.live.websak import Connection
        from websakctl.sandbox.process import SandboxError, SandboxMissing, ensure_server, kept_alive

        described = self.target.described
        try:
            server = kept_alive(self.state_dir)
            if server is None:
                self.require_writable_state()
                self.terminal.say("Starting the embedded sandbox …")
                server = ensure_server(self.state_dir, api_version=described.api_version or "3.3")
        except SandboxMissing as error:
            raise Problem(
                str(error), Exit.FAILED, "pip install 'websakctl[sandbox]', or set WEBSAKCTL_BASE_URL to a Websak"
            ) from None
        except SandboxError as error:
            raise Problem(
                f"the embedded sandbox does not start: {error}",
                Exit.UNREACHABLE,
                f"see {self.state_dir}/sandbox/server.log",
            ) from None
        setup_url = described.setup_url or server.setup_url
        if self.around.setup_url == "":
            setup_url = ""  # said on purpose: pretend that there is no Setup API
        return Connection(
            base_url=server.base_url,
            setup_url=setup_url,
            token_url=server.token_url,
            client_id=server.client_id,
            client_secret=Secret(server.client_secret),
            root_unit=described.root_unit,
            concurrency=described.concurrency,
            rate=described.rate,
            runtime=self.runtime,
        )

    def _credentials(self) -> "tuple[str, Secret]":
        """Client id and secret, if the secret may be sent to where tokens come from."""
        described, secret = self.target.described, self.target.client_secret
        if secret is not None and described.client_id:
            self._check_host("", "WEBSAKCTL_CLIENT_SECRET is set, and only config/websak.yaml says that it goes to")
            return described.client_id, secret
        from websakctl.secrets import KeyringUnavailable, stored

        unasked = ""
        try:
            result = stored(self.keyring_entry)
        except KeyringUnavailable as error:
            result, unasked = None, f"; the keyring cannot be asked ({error})"
        client_id = described.client_id or (result.client_id if result else "")
        client_secret = secret or (result.client_secret if result else None)
        if not client_id or not client_secret:
            raise Problem(
                f"there are no client credentials for {self.target.name}{unasked}",
                Exit.NOT_PERMITTED,
                f"{self._log_in}, or set WEBSAKCTL_CLIENT_ID and WEBSAKCTL_CLIENT_SECRET",
            )
        if result is not None and secret is None:
            whose = (
                f"for {result.token_host}" if result.token_host else "by an older version, for no host in particular"
            )
            self._check_host(
                result.token_host,
                f"the secret of {self.target.name} was stored {whose}; config/websak.yaml sends it to",
            )
        else:
            self._check_host("", "WEBSAKCTL_CLIENT_SECRET is set, and only config/websak.yaml says that it goes to")
        return client_id, client_secret

    def _check_host(self, stored_for: str, why: str) -> None:
        """Let no file of the config, alone, send a secret to another host.

        Raises:
            Problem: If the token endpoint is neither on the host that the secret was stored for nor on one that a variable names.
        """
        from websakctl.settings import host_of

        host = host_of(self.target.described.token_url)
        if host not in (stored_for, self.target.token_host):
            raise Problem(
                f"{why} {host}; nothing was sent",
                Exit.NOT_PERMITTED,
                f"if {host} is right: {self._log_in}, or WEBSAKCTL_TOKEN_URL={self.target.described.token_url}",
            )

    @cached_property
    def state_key(self) -> "StateKey | None":
        """The key that plans are signed and people's data is digested with, from the variable or the keyring."""
        from websakctl.secrets import KeyringUnavailable, stored_secret
        from websakctl.state.branch import StateError
        from websakctl.state.people import StateKey

        result = self.around.state_key
        if result is None:
            try:
                result = stored_secret(self.state_key_name)
            except KeyringUnavailable as error:
                self.no_state_key = f"the keyring cannot be asked ({error})"
                return None
        try:
            return StateKey(result.reveal()) if result else None
        except StateError as error:
            raise Problem(str(error), Exit.USAGE, error.what_next) from None

    @property
    def state_key_name(self) -> str:
        """Under which name the keyring has the state key."""
        return f"state-key:{self.target.name}"

    def required_state_key(self) -> "StateKey":
        """The state key, where nothing goes on without it."""
        if self.state_key is None:
            raise Problem(
                f"the state key of {self.target.name} is not on this machine: {self.no_state_key}"
                if self.no_state_key
                else f"the state key of {self.target.name} is not on this machine",
                Exit.NOT_PERMITTED,
                f"ask a colleague for it, and store it: keyring set websakctl {self.state_key_name} (or set WEBSAKCTL_STATE_KEY)",
            )
        return self.state_key

    @property
    def keyring_entry(self) -> str:
        """Under which name the keyring has the client's credentials."""
        return self.around.credentials or self.target.name

    @property
    def _log_in(self) -> str:
        named = f"WEBSAKCTL_CREDENTIALS={self.around.credentials} " if self.around.credentials else ""
        return f"{named}websakctl auth login --environment {self.target.name}"

    @cached_property
    def journal(self) -> "Journal":
        """The record of runs and of what is managed."""
        from sqlite3 import Error

        from websakctl.apply.journal import Journal, JournalUntrusted

        path, environment = self.state_dir / "journal.db", self._shared_environment
        if self.state_unwritable:
            self.terminal.say(f"note: {self.state_unwritable}; its journal is only read, and nothing can be applied")
        try:
            if environment is None:
                journal = Journal(path, self.clock, read_only=self.state_unwritable)
            else:
                from websakctl.apply.shared import SharedJournal

                journal = SharedJournal(
                    path,
                    self.clock,
                    environment=environment,
                    key=self.state_key,
                    read_only=self.state_unwritable,
                )
        except JournalUntrusted as error:
            raise Problem(str(error), Exit.REFUSED, error.what_next) from None
        except (Error, OSError) as error:
            raise Problem(
                f"the journal {path} cannot be opened: {error}",
                what_next="restore it from a copy, or move it away: what was applied is then not known",
            ) from None
        import atexit

        atexit.register(journal.close)
        return journal

    @contextmanager
    def journal_copy(self, path: Path) -> "Iterator[Journal]":
        """A copy of the journal at ``path``, to be written to without anybody knowing of it."""
        from websakctl.apply.journal import Journal
        from websakctl.apply.shared import SharedJournal

        self.journal.copy_to(path)
        if isinstance(self.journal, SharedJournal):
            copy: Journal = SharedJournal(
                path, self.clock, environment=self.journal.environment, key=self.state_key, gate=_open
            )
        else:
            copy = Journal(path, self.clock)
        with copy:
            yield copy

    @property
    def _shared_environment(self) -> str | None:
        """The environment, where its state is shared; the sandbox's never is, nor that of none."""
        try:
            target = self.target
        except Problem:
            return None  # nothing can be applied to what is not there
        return target.name if target.described.state == "git" and not target.embedded else None

    @cached_property
    def state_branch(self) -> "StateBranch | None":
        """The branch on which the environment's state is shared; ``None``: it is this machine's alone."""
        from websakctl.state.branch import StateBranch, StateError
        from websakctl.state.git import Git

        name = self._shared_environment
        if name is None:
            return None
        described = self.target.described
        try:
            return StateBranch(
                Git(self.root), described.state_remote, described.state_branch or f"websakctl-state/{name}"
            )
        except StateError as error:
            raise Problem(f"environment {name}: {error}", Exit.INVALID, error.what_next) from None

    @cached_property
    def shared_state(self) -> "SharedState | None":
        """The environment's shared state; ``None``: it is this machine's alone."""
        if self._shared_environment is None:
            return None
        from websakctl.apply.shared import SharedJournal, SharedState

        if not isinstance(self.journal, SharedJournal) or self.state_branch is None:
            return None
        return SharedState(
            self.journal,
            self.state_branch,
            key=self.state_key,
            clone=self._place(),
            runtime=self.runtime,
            pause=self.target.described.state_pause,
        )

    @property
    def people_in(self) -> "Callable[[Iterable[State]], People] | None":
        """Finds the users of a shared journal in states; ``None``: the journal holds none but its own."""
        from websakctl.state.people import People

        key = self.state_key if self.shared_state is not None else None
        return (lambda states: People(key, states)) if key is not None else None

    def pull_state(self) -> None:
        """Take in, once a command, what others have pushed; who only reads goes on with what was seen last, and is told."""
        from websakctl.state.branch import Unreachable

        if self._pulled or self.shared_state is None:
            return
        self._pulled = True
        try:
            with self.state_problems():
                self.shared_state.pull()
        except Problem as problem:
            if not isinstance(problem.__cause__, Unreachable) or self.shared_state.branch.seen is None:
                raise
            self.terminal.warn(f"the shared state is as it was seen last: {problem}")

    @contextmanager
    def state_problems(self) -> Iterator[None]:
        """What the shared state cannot do ends the command."""
        from websakctl.state.branch import StateError, Unreachable

        try:
            yield
        except StateError as error:
            code = Exit.UNREACHABLE if isinstance(error, Unreachable) else Exit.REFUSED
            raise Problem(str(error), code, error.what_next) from error

    @contextmanager
    def alone(self, purpose: str, break_held: str | None = None, reason: str = "") -> Iterator[None]:
        """One apply at a time to this environment: from this state directory, and from all that share its state.

        Raises:
            Problem: If another is under way, or the shared lock cannot be had.
        """
        import socket

        with ExitStack() as held:
            held.enter_context(self.alone_here())
            if self.shared_state is not None:
                self.required_state_key()  # before anything about people is written that could not be shared
                if break_held and not reason:
                    raise Problem("a lock is not broken without a reason", Exit.USAGE, "say why with --reason TEXT")
                lock = self.shared_state.hold(
                    owner=self.owner,
                    machine=socket.gethostname(),
                    purpose=purpose,
                    note=self.terminal.warn,
                    break_held=break_held or "",
                    reason=reason,
                )
                with self.state_problems():
                    held.enter_context(lock)
                self._pulled = True
            yield

    @contextmanager
    def alone_here(self) -> Iterator[None]:
        """One apply at a time from this state directory.

        Raises:
            Problem: If another is under way.
        """
        from filelock import FileLock, Timeout

        self.require_writable_state()
        lock = FileLock(self._lock_path, timeout=0.2)  # a plan that looks whether it is held holds it for a moment
        owner = self._lock_path.with_suffix(".owner")
        try:
            lock.acquire(poll_interval=0.02)
        except Timeout:
            raise Problem(
                f"an apply to {self.target.name} is under way: {_told_by(owner)}",
                Exit.REFUSED,
                "wait until it has ended",
            ) from None
        try:
            owner.write_text(
                f"{user_name()}, process {os.getpid()}, since {datetime.now():%H:%M:%S}\n", encoding="utf-8"
            )
            yield
        finally:
            owner.unlink(missing_ok=True)
            lock.release()

    @property
    def _lock_path(self) -> Path:
        from websakctl.apply.lock import lock_path

        return lock_path(self.state_dir, self.target.name)

    def apply_under_way(self) -> bool:
        """Whether somebody holds the lock of this environment now."""
        from filelock import FileLock, Timeout

        if self.shared_state is not None and self.shared_state.holder() is not None:
            return True
        if self.state_unwritable:
            return self._lock_path.with_suffix(".owner").exists()  # whoever holds the lock says so there
        lock = FileLock(self._lock_path, timeout=0)
        try:
            with lock:
                return False
        except Timeout:
            return True

    @cached_property
    def owner(self) -> str:
        """Who we are to others who want to apply: the same for every run that our file lock keeps apart."""
        import hashlib
        import socket

        place = hashlib.sha256(f"{self._place()}/{self.target.name}".encode()).hexdigest()[:6]
        return f"{user_name()}@{socket.gethostname()} ({place})"

    def actor(self, reason: str, typed: str) -> "Actor":
        """Who applies, and in which pipeline; ``typed``: what of the reason somebody typed."""
        from websakctl.operations.apply.run import Actor

        pipelines = ("GITHUB_RUN_ID", "CI_JOB_URL", "BUILD_URL")
        ci = next((f"{name}={os.environ[name]}" for name in pipelines if os.environ.get(name)), None)
        return Actor(user=user_name(), owner=self.owner, ci=ci, reason=reason, typed=typed)

    def _place(self) -> str:
        """A name of this state directory that no other has, be it on a machine of the same name at the same path."""
        import secrets

        path = self.state_dir / "place"
        if not path.exists():
            if self.state_unwritable:
                return secrets.token_hex(16)  # nobody is told it
            write_private(path, secrets.token_hex(16))
        return path.read_text(encoding="utf-8")

    # --- selection and output

    def write(
        self, subject: Subject, *, expand: bool = False, secrets_allowed: bool = False, language: "Language" = "en"
    ) -> None:
        """Write the result in the format that was asked for; ``language``: of a page."""
        from importlib import import_module

        format_ = import_module(f"websakctl.report.formats.{self.call.format}").FORMAT
        look = self.terminal.look_of_result(expand=expand)
        if self.call.format == "html":
            from msgspec.structs import replace

            from websakctl.report.texts.filed import filed_in

            subject = filed_in(subject, language) if isinstance(subject, DocumentReport) else subject
            look = replace(look, language=language, head=self.page_head(language))
        text = format_.render(subject, look)
        if self.call.format == "json" and not secrets_allowed:
            self.terminal.keep_back(text)
            return
        self.terminal.result(text, secrets_allowed=secrets_allowed, is_json=self.call.format in ("json", "sarif"))

    def page_head(self, language: "Language") -> list[tuple[str, str]]:
        """What every page says about itself: environment, commit, time and version; nothing is asked for it."""
        from websakctl.report.texts import text, translated
        from websakctl.report.texts.dates import moment

        facts = []
        if self.has_config:  # a page about several Websaks is of no environment
            asked = "connection" in self.__dict__  # else the sandbox would be started to name its address
            url = self.connection.base_url if asked else self.target.described.base_url
            facts = [(text("Environment", language), f"{self.target.name} ({url})" if url else self.target.name)]
        if self.commit:
            facts.append((text("Config", language), translated(self.commit, language)))
        facts.append((text("Made", language), moment(datetime.now(UTC).isoformat(), language)))
        return [*facts, (text("Tool", language), f"websakctl {__version__}")]

    def say_plan(self, report: PlanReport, *, expand: bool = False) -> None:
        """Show a plan on stderr, where stdout is for something else."""
        from websakctl.report.formats.text import FORMAT

        self.terminal.say(FORMAT.render(report, self.terminal.look(sys.stderr, expand=expand)))

    @cached_property
    def commit(self) -> str:
        """Which commit the config is at, and whether it was changed since; empty where git does not say."""
        from websakctl.state.git import Git, GitError

        git = Git(self.root, deadline=5.0)
        try:
            commit = git.line("rev-parse", "--short", "HEAD")
            changed = git.line("status", "--porcelain", "--", "config", "districts")
        except GitError:
            return ""
        return f"{commit} with uncommitted changes" if changed else commit

    def plan_report(
        self,
        plan: "Plan",
        live: "LiveSetup | None" = None,
        *,
        drift: bool = False,
        compared: bool = False,
        basis: str = "",
    ) -> PlanReport:
        """A plan with its JSON document, and what was compared.

        Args:
            plan: What was found.
            live: What was read for it, which tells how long applying it takes; ``None``: it is not to be applied.
            drift: It tells what happened since the last apply.
            compared: It tells what lies between two states.
            basis: What was compared; if omitted: the config, or what was last applied, with Websak as it is now.
        """
        from websakctl.plan.document import to_document

        shown = self.call.format != "json"
        if shown and not basis:
            ours = (
                "what was last applied" if drift else f"config {f'at {self.commit}' if self.commit else 'not in git'}"
            )
            basis = f"Compared: {ours}, with Websak as read {time_in_oslo(zone=True)}"
        applied_at = self.journal.applied_at(self.target.name, (c.address for c in plan.by_hand)) if shown else {}
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        created = cache(lambda: to_document(plan, tool_version=__version__, created_at=now))
        return PlanReport(
            plan=plan,
            made=created,
            drift=drift,
            origin=self.connection.base_url,
            compared=compared,
            basis=basis,
            since={address: day_in_oslo(at) for address, at in applied_at.items()},
            estimate=self._estimate(plan, live) if live is not None and shown else "",
        )

    def _estimate(self, plan: "Plan", live: "LiveSetup") -> str:
        """How many writes are ahead, and roughly how long they will take."""
        from websakctl.operations.change.read_setup import count_writes

        count = count_writes(plan.changes)
        about = seconds_in_words(live.seconds_to_write(plan.changes, self.connection))
        return f"{count} write{'s' * (count != 1)}, roughly {about}." if count else ""


def _open(run: str, address: "Address") -> None:
    """Any run may send what it has to."""


def _told_by(owner: Path) -> str:
    """Who says that they hold the lock; they may be about to say it."""
    for _ in range(10):
        with suppress(OSError):
            if reported := owner.read_text(encoding="utf-8").strip():
                return reported
        time.sleep(0.05)
    return "somebody"


def user_name() -> str:
    """Who runs this; ``unknown`` where the system does not say."""
    import getpass

    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def render(subject: Subject, format_name: str) -> str:
    """Write a subject in a format, for a file: no colours."""
    from importlib import import_module

    return redact(str(import_module(f"websakctl.report.formats.{format_name}").FORMAT.render(subject, Look())))


def write_text(path: Path, text: str) -> None:
    """Write a file that others may read: findings about the config hold no live data."""
    _keep_config(path)
    path.write_text(text, encoding="utf-8")


def _keep_config(path: Path) -> None:
    if path.suffix in (".yaml", ".yml") and path.exists():
        raise Problem(f"{path} is there and is YAML, which no result is: it is left", what_next="name another file")


def write_private(path: Path, text: str, *, redacted_before: bool = False) -> None:
    """Write a file that only its owner can read; it is whole or not there. What was redacted value by value stays as it is."""
    _keep_config(path)
    if path.exists() and not path.is_file():
        raise Problem(f"cannot write {path}: it is there and is no file", what_next="name a file")
    try:
        write_whole(path, (text if redacted_before else redact(text)).encode())
    except OSError as error:
        raise Problem(
            f"cannot write {path}: {error.strerror}", what_next="name a file in a folder that can be written"
        ) from None


def require_xlsx(path: Path) -> None:
    """End the command if a file that is to become a workbook is called, or is, anything else.

    Raises:
        Problem: If no workbook can be written there.
    """
    if path.suffix.lower() != ".xlsx":
        raise Problem(f"{path.name} does not end in .xlsx", Exit.USAGE, "name the workbook FILE.xlsx")
    if path.exists() and not path.is_file():
        raise Problem(f"{path} is there and is no file", Exit.USAGE, "name the workbook FILE.xlsx")


def write_workbook(path: Path, content: bytes) -> None:
    """Write a workbook whole, for its owner only.

    Raises:
        Problem: If it cannot be written.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise Problem(f"cannot write {path}: {error.strerror}", Exit.FAILED, "name a folder that can be written") from None  # fmt: skip


def require_file(path: Path, otherwise: str, suffix: str = "", *, what: str = "file") -> None:
    """End the command if a file that the command line names is not there.

    Args:
        path: The file; what is there and is none is left to whoever reads it.
        otherwise: What to do where no file beside it has nearly the same name.
        suffix: Suggest only files that end so.
        what: What the message calls it.

    Raises:
        UnknownName: If it is not there.
    """
    if path.exists():
        return
    folder = path.parent
    alongside = sorted(each.name for each in folder.iterdir()) if folder.is_dir() else []
    raise UnknownName(what, str(path), [str(path.with_name(n)) for n in alongside if n.endswith(suffix)], otherwise)


def read_json(path: Path, what: str = "a saved plan") -> object:
    """Read a JSON file that should be ``what``.

    Raises:
        Problem: If it cannot be read or is no JSON.
    """
    require_file(path, f"name the file that holds {what}", ".json")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Problem(
            f"cannot read {path}: {error.strerror}", Exit.FAILED, "check its permissions", code="file"
        ) from None
    except ValueError:
        hint = "save one with `websakctl plan --out FILE`" if what == "a saved plan" else ""
        raise Problem(f"{path} is not {what}: it is not JSON", Exit.REFUSED, hint) from None
