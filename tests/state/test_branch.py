"""The branch at a real remote: one of several writers wins, and nothing that was seen goes unnoticed."""

import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from websakctl.state.branch import Result, Rewritten, StateError, Unreachable
from websakctl.state.git import Git, GitError

from .conftest import BRANCH, Remote, begun, branch_of, git


def test_a_first_commit_is_an_orphan_and_touches_neither_working_tree_nor_index(remote: Remote) -> None:
    clone = remote.clone("one")
    (clone / "README.md").write_text("edited\n", encoding="utf-8")
    before = (git(clone, "status", "--porcelain"), git(clone, "rev-parse", "HEAD"), git(clone, "branch", "--list"))
    branch = begun(clone)
    head = branch.seen
    assert head == remote.head()
    new = branch.commit(head, {"entries/00000001/000000.json": b"{}\n", "other": b"x"}, "add entries")
    assert branch.push(new, head).result is Result.WON
    assert git(remote.folder, "rev-list", "--count", f"refs/heads/{BRANCH}") == "2"
    assert sorted(branch.git.tree(new)) == ["entries/00000001/000000.json", "other", "state.json"]
    assert before == (
        git(clone, "status", "--porcelain"),
        git(clone, "rev-parse", "HEAD"),
        git(clone, "branch", "--list"),
    )


@pytest.mark.parametrize("options", [(), ("--depth=1",), ("--single-branch",)])
def test_another_clone_reads_it_all(remote: Remote, options: tuple[str, ...]) -> None:
    one = begun(remote.clone("one"))
    head = one.seen
    for number in range(3):
        new = one.commit(head, {f"entries/00000001/{number:06}.json": f"{number}\n".encode()}, "add entries")
        assert one.push(new, head).result is Result.WON
        head = new
    two = branch_of(remote.clone("two", *options))
    assert two.fetch() == head
    git(two.git.folder, "gc", "--quiet", "--prune=now")
    tree = two.git.tree(str(head))
    assert two.git.blobs([tree[path] for path in sorted(tree) if path.startswith("entries/")]) == [
        b"0\n",
        b"1\n",
        b"2\n",
    ]


def at_once(actions: list[Callable[[], Result]]) -> list[Result]:
    ready = threading.Barrier(len(actions))

    def begin(action: Callable[[], Result]) -> Result:
        ready.wait()
        return action()

    with ThreadPoolExecutor(len(actions)) as pool:
        return sorted(pool.map(begin, actions))


def test_of_concurrent_pushes_exactly_one_wins(remote: Remote) -> None:
    begun(remote.clone("first"))
    branches = [branch_of(remote.clone(f"clone{n}")) for n in range(3)]
    for number in range(3):
        head = branches[0].fetch()
        assert {branch.fetch() for branch in branches} == {head}
        path = f"entries/{number:08}/000000.json"
        news = [branch.commit(head, {path: f"{n}".encode()}, "add entries") for n, branch in enumerate(branches)]
        pushes = [partial(branch.push, new, head) for branch, new in zip(branches, news, strict=True)]
        assert at_once([lambda push=push: push().result for push in pushes]) == [Result.LOST] * 2 + [Result.WON]
    assert len([p for p in branches[0].git.tree(str(branches[0].fetch())) if p.startswith("entries/")]) == 3


def test_hooks_and_prompts_of_the_clone_are_left_alone(remote: Remote) -> None:
    clone = remote.clone("one")
    for name in ("pre-push", "post-commit", "reference-transaction", "pre-commit"):
        hook = clone / ".git" / "hooks" / name
        hook.write_text("#!/bin/sh\necho ran >> ../ran\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)
    branch = begun(clone)
    assert branch.fetch() == remote.head()
    assert not (remote.home / "ran").exists()


def test_a_deleted_branch_is_noticed_and_put_back(remote: Remote) -> None:
    branch = begun(remote.clone("one"))
    git(remote.folder, "update-ref", "-d", f"refs/heads/{BRANCH}")
    with pytest.raises(Rewritten, match="is gone from origin: somebody deleted it") as caught:
        branch.fetch()
    assert "state push --restore" in caught.value.what_next
    assert branch.restore() == remote.head()
    assert branch.fetch() == remote.head()
    with pytest.raises(StateError, match="nothing to put back"):
        branch.restore()


def test_a_branch_that_was_mirrored_over_with_an_older_one_is_noticed_and_put_back(remote: Remote) -> None:
    branch = begun(remote.clone("one"))
    old = branch.seen
    mirror = remote.clone("mirror", "--mirror")
    new = branch.commit(old, {"entries/00000001/000000.json": b"{}"}, "add entries")
    assert branch.push(new, old).result is Result.WON
    git(mirror, "push", "--quiet", "--mirror", remote.folder.as_uri())
    with pytest.raises(Rewritten, match="was reset to an older commit"):
        branch.fetch()
    assert branch.restore() == new == remote.head()


def test_a_rewritten_history_is_noticed_and_not_put_back_by_itself(remote: Remote) -> None:
    one, two = begun(remote.clone("one")), branch_of(remote.clone("two"))
    two.fetch()
    other = two.commit(None, {"state.json": b"{}"}, "begin again")
    two.git.run("push", "--force", "origin", f"{other}:refs/heads/{BRANCH}")
    with pytest.raises(Rewritten, match="does not go on from") as caught:
        one.fetch()
    assert "git push --force-with-lease" in caught.value.what_next
    with pytest.raises(Rewritten):
        one.restore()
    assert remote.head() == other


def test_entries_that_a_later_commit_takes_away_are_noticed(remote: Remote) -> None:
    """A protected branch takes it for a fast-forward."""
    one, two = begun(remote.clone("one")), branch_of(remote.clone("two"))
    first = one.commit(one.seen, {"entries/00000001/000000.json": b"{}"}, "add entries")
    assert one.push(first, one.seen).result is Result.WON
    two.fetch()
    for change in (None, b"[]"):
        worse = one.commit(first, {"entries/00000001/000000.json": change}, "tidy up")
        git(one.git.folder, "push", "--quiet", "--force", "origin", f"{worse}:refs/heads/{BRANCH}")
        with pytest.raises(Rewritten, match=r"entries/00000001/000000\.json .* was changed or removed"):
            two.fetch()


def test_a_remote_that_refuses_leaves_the_branch_as_it_was(remote: Remote) -> None:
    branch = begun(remote.clone("one"))
    head = branch.seen
    remote.hook("pre-receive", "echo 'the branch is protected' >&2; exit 1")
    new = branch.commit(head, {"x": b"x"}, "add")
    pushed = branch.push(new, head)
    assert pushed.result is Result.REFUSED
    assert "the branch is protected" in pushed.detail
    assert branch.unpushed == new
    assert branch.seen == head == remote.head()


def test_a_remote_that_is_gone_is_no_empty_one(remote: Remote) -> None:
    branch = begun(remote.clone("one"))
    head = branch.seen
    away = remote.folder.rename(remote.home / "away")
    for action in (branch.remote_head, branch.fetch):
        with pytest.raises(Unreachable):
            action()
    new = branch.commit(head, {"x": b"x"}, "add")
    assert branch.push(new, head).result is Result.UNKNOWN
    away.rename(remote.folder)
    assert branch.push(new, head).result is Result.WON  # the very same push, again


def test_a_push_that_timed_out_is_unknown_until_the_ref_tells(remote: Remote) -> None:
    clone = remote.clone("one")
    head = begun(clone).seen
    branch = branch_of(clone, deadline=1.0)
    late = remote.hook("pre-receive", "sleep 3")
    new = branch.commit(head, {"x": b"x"}, "add")
    pushed = branch.push(new, head)
    assert pushed.result in (Result.UNKNOWN, Result.WON), pushed.detail
    assert branch.unpushed == new or pushed.result is Result.WON
    late.unlink()
    assert branch.push(new, head).result is Result.WON
    assert remote.head() == new


def test_a_push_that_arrived_though_its_answer_was_lost_has_won(remote: Remote) -> None:
    clone = remote.clone("one")
    head = begun(clone).seen
    branch = branch_of(clone, deadline=1.0)
    remote.hook("post-receive", "sleep 3 >/dev/null 2>&1")
    new = branch.commit(head, {"x": b"x"}, "add")
    assert branch.push(new, head).result is Result.WON
    assert branch.seen == new


def test_who_pushed_on_top_of_ours_does_not_make_it_lost(remote: Remote) -> None:
    one, two = begun(remote.clone("one")), branch_of(remote.clone("two"))
    head = one.seen
    mine = one.commit(head, {"x": b"x"}, "add")
    one.git.run("push", "origin", f"{mine}:refs/heads/{BRANCH}")
    two.fetch()
    theirs = two.commit(mine, {"y": b"y"}, "add")
    assert two.push(theirs, mine).result is Result.WON
    assert one.push(mine, head).result is Result.WON


def test_whether_this_user_could_delete_or_rewrite_the_branch(remote: Remote) -> None:
    branch = begun(remote.clone("one"))
    assert branch.could_rewrite() == (True, True)
    git(remote.folder, "config", "receive.denyDeletes", "true")
    git(remote.folder, "config", "receive.denyNonFastForwards", "true")
    assert branch.could_rewrite() == (False, False)
    assert branch.could_rewrite() == (False, False)  # with what the first look left behind
    remote.hook("pre-receive", "exit 1")
    git(remote.folder, "update-ref", "-d", f"refs/heads/{BRANCH}-probe")
    with pytest.raises(StateError, match="takes no new branch"):
        branch.could_rewrite()


def test_a_name_is_never_an_option_or_a_path_out(remote: Remote) -> None:
    clone = remote.clone("one")
    for name in ("--upload-pack=x", "../main", "a..b", "", "a b", "x.lock", "/x", "x/"):
        with pytest.raises(StateError, match="is not a name"):
            branch_of(clone, branch=name)


def test_a_login_in_the_address_of_a_remote_is_not_shown(tmp_path: Path) -> None:
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "remote", "add", "origin", "http://ola:hemmelig@127.0.0.1:9/x.git")
    with pytest.raises(Unreachable) as caught:
        branch_of(tmp_path).remote_head()
    assert "hemmelig" not in str(caught.value)


def test_without_git_there_is_a_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="git cannot be started"):
        Git(tmp_path).run("version")
    assert Git(tmp_path).remotes() == []


def test_a_command_that_is_stopped_leaves_nothing_running(remote: Remote) -> None:
    git_ = Git(remote.clone("one"), deadline=0.5)
    with pytest.raises(GitError) as caught:
        git_.run("-c", "alias.wait=!sleep 77", "wait")
    assert caught.value.timed_out
    running = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert "sleep 77" not in running
