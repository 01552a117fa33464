"""What is shared about people: digests that only the state key ties to somebody."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.model.address import Address
from websakctl.model.resource import Resource, State
from websakctl.redaction import redacted, withheld
from websakctl.state.branch import StateError
from websakctl.state.entries import AcceptedRow, Batch, Entry, KnownRow, Transaction, decode, encode
from websakctl.state.people import People, Sharing, StateKey, is_digest, reveal

KEY = StateKey("0f" * 32)
KARI = {"name": "Kari Nordmann", "unit": "FR-OPPV", "email": "kari.nordmann@example.org", "zones": [1, 2]}


def change(address: str, **fields: Any) -> dict[str, Any]:
    kind, scope, key = address.split("/", 2)
    return {
        "address": address,
        "kind": kind,
        "scope": scope,
        "key": key,
        "action": "update",
        "fields": [{"path": p, "before": b, "after": a} for p, (b, a) in fields.items()],
        "reason": "Kari asked for it" if kind == "user" else "",
        "source": {"file": "users/frogner.yaml", "line": 3, "column": 1} if kind == "user" else None,
        "requires": ["user/frogner/OLANOR", "org_unit/frogner/FR-OPPV"],
        "shared": 0,
    }


def everything() -> Transaction:
    start = {
        "environment": "test",
        "reason": "user/frogner/KARNOR moves",
        "allowed": ["protected:user/frogner/KARNOR=1"],
        "changes": [
            change("user/frogner/KARNOR", name=("Kari Nordmann", "Kari Hansen"), active=(True, False)),
            change("org_unit/frogner/FR-OPPV", name=("a", "user/frogner/b")),
        ],
        "secret_thing": "Kari Nordmann",
    }
    result = {
        "action": "update",
        "status": "failed",
        "detail": "KARNOR is not as planned: Kari Nordmann",
        "fields": [["name", "Kari Nordmann", "Kari Hansen"], ["active", True, False], ["title", None, "Leder"]],
    }
    return Transaction(
        number=7,
        entries=(
            Entry(run="r", at="t", what="start", body=start),
            Entry(run="r", at="t", what="intent", address="user/frogner/KARNOR", body={"fields": result["fields"]}),
            Entry(run="r", at="t", what="outcome", address="user/frogner/KARNOR", body={"detail": "KARNOR"}),
            Entry(run="r", at="t", what="result", address="user/frogner/KARNOR", body=result),
            Entry(run="r", at="t", what="normalised", address="user/frogner/KARNOR", body={"path": "name", "wanted": "Kari Hansen", "made": "KARI"}),
            Entry(run="r", at="t", what="announced", body={"addresses": ["user/frogner/KARNOR", "org_unit/frogner/X"]}),
        ),
        applied=(KnownRow(address="user/frogner/KARNOR", fields=KARI, protected=True),),
        gone=("user/frogner/OLANOR",),
        accepted=(AcceptedRow(address="user/frogner/KARNOR", path="name", wanted="Kari Hansen", made="KARI"),),
    )  # fmt: skip


def test_nothing_about_people_is_left_and_their_changes_can_still_be_told_apart() -> None:
    shared = Sharing(KEY).transaction(everything())
    assert shared is not None and shared.number == 7
    text = encode(Batch(environment="test", clone="c", transactions=(shared,))).decode()
    for value in ("KARNOR", "OLANOR", "Kari", "Hansen", "KARI", "kari.nordmann", "Leder", "[1,2]", "frogner.yaml"):
        assert value not in text, value
    start, result, _, announced = shared.entries
    name = KEY.code("KARNOR")
    assert start.body["changes"][0]["address"] == f"user/frogner/{name}" == str(result.address)
    assert start.body["changes"][0]["requires"] == [f"user/frogner/{KEY.code('OLANOR')}", "org_unit/frogner/FR-OPPV"]
    assert start.body["changes"][1]["fields"][0]["after"] == "user/frogner/b"  # a value of a unit, and no address
    assert start.body["allowed"] == [f"protected:user/frogner/{name}=1"]
    assert announced.body["addresses"] == [f"user/frogner/{name}", "org_unit/frogner/X"]
    fields = {path: (before, after) for path, before, after in result.body["fields"]}
    assert fields["active"] == (True, False)
    assert fields["title"][0] is None and is_digest(fields["title"][1])
    assert fields["name"] == (KEY.value("KARNOR", "name", "Kari Nordmann"), KEY.value("KARNOR", "name", "Kari Hansen"))
    assert shared.applied[0].protected and set(shared.applied[0].fields) == set(KARI)
    assert shared.gone == (f"user/frogner/{KEY.code('OLANOR')}",)


def test_what_was_shared_is_shared_again_as_it_is() -> None:
    once = Sharing(KEY).transaction(everything())
    assert once is not None
    assert Sharing(KEY).transaction(once) == once


def test_without_the_key_nothing_about_people_is_shared() -> None:
    with pytest.raises(StateError, match="state key is not here"):
        Sharing(None).transaction(everything())
    unit = Transaction(gone=("org_unit/frogner/FR-OPPV",))
    assert Sharing(None).transaction(unit) == unit
    assert Sharing(None).transaction(Transaction(entries=(Entry(run="r", at="t", what="intent"),))) is None


def test_equal_values_of_two_people_or_two_fields_do_not_look_equal() -> None:
    digests = {KEY.value(code, path, "Leder") for code in ("A", "B") for path in ("title", "name")}
    assert len(digests) == 4
    assert KEY.value("A", "title", "Leder") == KEY.value(KEY.code("A"), "title", "Leder")
    assert StateKey("1f" * 32).value("A", "title", "Leder") not in digests
    assert KEY.check != StateKey("1f" * 32).check


@given(st.text(min_size=1), st.recursive(st.text() | st.integers() | st.booleans(), st.lists), st.text())
def test_a_digest_is_one_whatever_it_is_made_of(code: str, value: Any, path: str) -> None:
    digest = KEY.value(code, path, value)
    assert is_digest(digest) and withheld(digest) and redacted(digest) == digest
    assert len(digest) == len("[digest ]") + 16
    assert redacted(KEY.code(code)) == KEY.code(code)
    assert reveal(KEY, code, path, digest, [None, "other", value]) == value
    assert reveal(KEY, code, path, digest, ["another value"]) in (digest, "another value")


def test_whoever_has_key_and_config_or_websak_can_tell_who_it_is() -> None:
    shared = Sharing(KEY).transaction(everything())
    assert shared is not None
    row = shared.applied[0]
    at, here = Address.parse(row.address), Address("user", "frogner", "KARNOR")

    def told(*states: State) -> tuple[Address, dict[str, Any]]:
        people = People(KEY, states)
        return people.address(at), {name: people.value(at, name, value) for name, value in row.fields.items()}

    live = {here: Resource(address=here, fields={**KARI, "name": "Kari Hansen"})}
    assert told(live) == (here, {**KARI, "name": KEY.value("KARNOR", "name", "Kari Nordmann")})  # it is another one now
    assert told({here: Resource(address=here, fields=KARI)}, live) == (here, KARI)
    assert told({}) == (at, row.fields)
    unit = Address("org_unit", "frogner", "X")
    assert People(KEY, [live]).address(unit) == unit
    assert People(KEY, [live]).value(unit, "name", KEY.code("KARNOR")) == KEY.code("KARNOR")


def test_a_key_is_64_hexadecimal_digits() -> None:
    for text in ("", "0f", "0g" * 32, "0f" * 33):
        with pytest.raises(StateError, match="64 hexadecimal digits"):
            StateKey(text)
    assert KEY.signed("text", KEY.sign("text"))
    assert not KEY.signed("text", KEY.sign("other")) and not KEY.signed("text", "æ")


def test_a_batch_reads_as_it_was_written_and_says_what_is_wrong_with_another() -> None:
    batch = Batch(environment="test", clone="c", transactions=(everything(),))
    assert decode(encode(batch), "p", "test") == batch
    for content, reported in (
        (b"nonsense", "cannot be read"),
        (b'{"environment": 1}', "cannot be read"),
        (encode(Batch(format_version=9, environment="test", clone="c", transactions=())), "format version 9"),
        (
            encode(msgspec.structs.replace(batch, environment="x")),
            "environment x, not test",
        ),
    ):
        with pytest.raises(StateError, match=reported):
            decode(content, "p", "test")
