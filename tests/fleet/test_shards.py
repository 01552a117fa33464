"""Parts of a fleet: every target is in exactly one, and results that are merged are as if they had never been apart."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from websakctl.cli.exits import Exit
from websakctl.fleet.job import Job, Result, environment_of
from websakctl.fleet.results import FROM_BEST, ResultFileError, merged, missing_shards, read_result, to_document, worst
from websakctl.fleet.target import Fleet, Shard, Target, chosen

names = st.lists(st.from_regex(r"[a-z]{1,6}", fullmatch=True), unique=True, max_size=40)


def fleet_of(of: list[str]) -> Fleet:
    here = Path("/nowhere")
    return Fleet(
        file=here / "fleet.yaml",
        targets=tuple(Target(name=name, root=here / name, environment="test", state_dir=here / name) for name in of),
    )


def result_of(target: Target, code: int) -> Result:
    summary = {"create": 1, "update": 2, "activate": 0, "deactivate": 0, "delete": 0}
    return Result(
        target=target.name, environment="test", exit_code=code, documents={"plan": {"summary": summary}}, attempts=1
    )


def document(fleet: Fleet, shard: Shard | None, codes: dict[str, int]) -> dict[str, object]:
    results = [result_of(t, codes[t.name]) for t in chosen(fleet.targets, (), shard)]
    return to_document("plan", fleet, shard, results, tool_version="1", created_at="2027-01-01T00:00:00Z")


@given(names, st.integers(1, 12))
def test_every_target_is_in_one_shard_and_shards_are_alike_large(of: list[str], count: int) -> None:
    fleet = fleet_of(of)
    parts = [chosen(fleet.targets, (), Shard(index=i, count=count)) for i in range(1, count + 1)]
    assert sorted(t.name for part in parts for t in part) == sorted(of)
    assert max(map(len, parts)) - min(map(len, parts)) <= 1


@given(names, st.integers(1, 5), st.data())
def test_merged_is_as_if_never_apart(of: list[str], count: int, data: st.DataObject) -> None:
    fleet = fleet_of(of)
    codes = {name: data.draw(st.sampled_from(FROM_BEST)) for name in of}
    parts = [(str(i), document(fleet, Shard(index=i, count=count), codes)) for i in range(1, count + 1)]
    order = data.draw(st.permutations(parts))
    complete = merged(order)
    assert complete == document(fleet, None, codes) | {"shards": [f"{i}/{count}" for i in range(1, count + 1)]}
    assert missing_shards(complete) == []
    left_out = data.draw(st.integers(0, count - 1))
    if count > 1:
        assert missing_shards(merged([p for p in parts if p[0] != str(left_out + 1)])) == [f"{left_out + 1}/{count}"]


def test_what_does_not_belong_together_is_refused() -> None:
    one, other = fleet_of(["a", "b"]), fleet_of(["a", "c"])
    part = document(one, Shard(index=1, count=2), {"a": 0, "b": 0})
    for wrong, why in (
        (part, "both hold a"),
        (document(other, Shard(index=2, count=2), {"a": 0, "c": 0}), "another fleet"),
        ({**document(one, Shard(index=2, count=2), {"a": 0, "b": 0}), "command": "drift"}, "another command"),
        (document(one, Shard(index=2, count=3), {"a": 0, "b": 0}), "another number of shards"),
    ):
        with pytest.raises(ResultFileError, match=why):
            merged([("x", part), ("y", wrong)])
    assert read_result(part, "x") == part
    a = part["targets"]["a"]  # type: ignore[index]
    odd = [{**a, "exit_code": None}, {**a, "summary": {"create": "many"}}, {**a, "documents": []}, {}]
    for broken in (
        [],
        None,
        {"targets": {}},
        {**part, "format_version": 2},
        {**part, "shards": ["x"]},
        {**part, "shards": ["3/2"]},
        *({**part, "targets": {"a": each}} for each in odd),
    ):
        with pytest.raises(ResultFileError, match="x is not a result of a fleet command"):
            read_result(broken, "x")


def test_the_worst_exit_code_is_the_one_with_most_to_do() -> None:
    assert sorted(FROM_BEST) == sorted(int(code) for code in Exit)
    assert worst([]) == 0
    assert worst([0, 3, 4]) == 4
    assert worst([7, 5, 1]) == 5
    assert worst([0, 99]) == 1


@pytest.mark.parametrize("said", ["", "1", "0/2", "3/2", "a/b", "1/2/3", "-1/2", "1/0", "²/3"])
def test_what_is_no_shard(said: str) -> None:
    with pytest.raises(ValueError):
        Shard.parse(said)


def test_a_job_sees_no_credentials_but_its_targets_own() -> None:
    job = Job(fleet="f", target="nord-by", root="/r", environment="test", state_dir="/s", steps=(("plan",),))
    around = {
        "PATH": "/bin",
        "WEBSAKCTL_CLIENT_SECRET": "of everybody",
        "WEBSAKCTL_BASE_URL": "https://elsewhere",
        "WEBSAKCTL_NORD_BY_CLIENT_SECRET": "own",
        "WEBSAKCTL_NORD_BY_TOKEN_URL": "https://own/token",
        "WEBSAKCTL_SOER_BY_CLIENT_SECRET": "another's",
    }
    assert environment_of(job, around) == {
        "PATH": "/bin",
        "WEBSAKCTL_CLIENT_SECRET": "own",
        "WEBSAKCTL_TOKEN_URL": "https://own/token",
        "WEBSAKCTL_STATE_DIR": "/s",
        "WEBSAKCTL_CREDENTIALS": "nord-by/test",
    }
