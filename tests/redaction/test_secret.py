"""A secret shows nowhere: not in a repr, a log, a traceback, a report or JSON, whichever value holds it."""

import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from rich.console import Console
from rich.pretty import pretty_repr
from rich.traceback import Traceback

from websakctl.cli.terminal import Terminal
from websakctl.live.fiks import Fiks, FiksConnection
from websakctl.live.runtime import Runtime
from websakctl.live.tokens import ClientCredentials, SignedGrant
from websakctl.live.websak import Connection
from websakctl.redaction import SECRET, Secret, redact
from websakctl.registry import scan
from websakctl.report.formats.json import FORMAT as JSON
from websakctl.report.view_models import Look, TableReport
from websakctl.secrets import Credentials
from websakctl.settings import Target, choose_target, read_environment_variables
from websakctl.source.settings_file import SettingsFile

PLANTED = 'pl4nted "hemmelig" & <more>'
URL = "http://127.0.0.1:9"


@pytest.fixture
def holders(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """Every value of the product that holds a secret, each with the planted one."""
    for name in ("CLIENT_SECRET", "FIKS_PASSWORD", "FIKS_PRIVATE_KEY"):
        monkeypatch.setenv(f"WEBSAKCTL_{name}", PLANTED)
    monkeypatch.setenv("WEBSAKCTL_BASE_URL", URL)
    variables = read_environment_variables()
    target = choose_target(None, variables, SettingsFile())
    assert isinstance(target, Target)
    fiks = FiksConnection(
        url=URL,
        issuer=URL,
        client_id="c",
        key_id="k",
        integration_id="i",
        integration_password=Secret(PLANTED),
        private_key=Secret(PLANTED),
    )
    with Fiks(fiks, Runtime()) as asked:
        yield {
            "secret": Secret(PLANTED),
            "credentials": Credentials(client_id="c", client_secret=Secret(PLANTED)),
            "connection": Connection(
                base_url=URL, setup_url="", token_url=URL, client_id="c", client_secret=Secret(PLANTED)
            ),
            "variables": variables,
            "target": target,
            "fiks": fiks,
            "asked": asked,
            "client credentials": ClientCredentials(URL, "c", Secret(PLANTED), "userapi", Runtime()),
            "signed grant": SignedGrant(URL, "c", "k", Secret(PLANTED), "ks:fiks", Runtime()),
        }


def spellings() -> set[str]:
    """The secret as it would stand in text, JSON and a repr."""
    return {PLANTED, json.dumps(PLANTED)[1:-1], json.dumps(PLANTED, ensure_ascii=False)[1:-1], repr(PLANTED)[1:-1]}


def hidden(text: str) -> None:
    assert text
    for spelling in (*spellings(), "pl4nted"):
        assert spelling not in text


def test_the_secret_itself_is_given_to_whoever_asks_for_it() -> None:
    assert Secret(PLANTED).reveal() == PLANTED
    assert Secret(PLANTED) == Secret(PLANTED) != Secret("another one")
    assert Secret(PLANTED) != PLANTED
    assert bool(Secret("x")) and not Secret("")


def test_texts_of_what_holds_it(holders: dict[str, Any]) -> None:
    for value in holders.values():
        for text in (
            repr(value),
            str(value),
            f"{value}",
            f"{value!r:>200}",
            f"{value} {value!r}",
            pretty_repr(value),
        ):
            hidden(text)
        hidden(repr([value]) + repr({"x": value}))
    assert str(Secret(PLANTED)) == SECRET


ENCODERS: list[Callable[[Any], Any]] = [
    json.dumps, msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, pickle.dumps, copy.deepcopy,
]  # fmt: skip


def test_what_holds_it_goes_into_no_file(holders: dict[str, Any]) -> None:
    """It is refused rather than written as stars: a file with half of what it should hold is no use either."""
    for name in ("secret", "credentials", "connection", "target", "fiks", "client credentials", "signed grant"):
        for encode in ENCODERS:
            with pytest.raises(TypeError) as error:
                encode(holders[name])
            hidden("".join(traceback.format_exception(error.value)))


def test_reports_of_it(holders: dict[str, Any]) -> None:
    formats = [f for f in scan("websakctl.report.formats", "FORMAT").values() if TableReport in f.renders]
    assert len(formats) > 3
    for value in holders.values():
        report = TableReport(
            headline=f"as {value}", columns=("a", "b"), rows=[(str(value), repr(value))], data={"shown": str(value)}
        )
        for format_ in formats:
            hidden(format_.render(report, Look()))
    with pytest.raises(TypeError) as error:
        JSON.render(TableReport(headline="", columns=(), rows=(), data={"secret": holders["secret"]}), Look())
    hidden("".join(traceback.format_exception(error.value)))


def test_logs_of_it(holders: dict[str, Any]) -> None:
    stream = io.StringIO()
    logger = logging.getLogger("planted")
    logger.propagate = False
    logger.addHandler(handler := logging.StreamHandler(stream))
    try:
        for name, value in holders.items():
            logger.error("%s is %s, or %r", name, value, value)
            try:
                raise ValueError(value)
            except ValueError:
                logger.exception("failed with %s", name)
    finally:
        logger.removeHandler(handler)
    hidden(stream.getvalue())


def test_tracebacks_that_show_every_local_value(holders: dict[str, Any]) -> None:
    def fails(value: Any) -> None:
        held = {"value": value, "list": [value]}
        raise RuntimeError(f"with {value}", held)

    for value in holders.values():
        try:
            fails(value)
        except RuntimeError as error:
            hidden("".join(traceback.TracebackException.from_exception(error, capture_locals=True).format()))
            console = Console(file=io.StringIO(), width=400)
            console.print(Traceback.from_exception(RuntimeError, error, error.__traceback__, show_locals=True))
            assert isinstance(console.file, io.StringIO)
            hidden(console.file.getvalue())


def test_whoever_has_it_in_clear_cannot_print_it_either(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """What is made a secret is known to the redaction of everything that is printed, in each way that it can be written."""
    plain = Secret(PLANTED).reveal()
    for text in (plain, json.dumps({"x": plain}), repr(plain)):
        hidden(redact(f"before {text} after"))
    Terminal(quiet=False, no_color=True).say(f"so it is {plain}")
    reported = capsys.readouterr()
    hidden(reported.out + reported.err)
