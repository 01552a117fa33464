"""Several clients at the same moment."""

from concurrent.futures import ThreadPoolExecutor

from .conftest import Api


def test_one_of_many_changes_of_the_same_version_wins(api: Api) -> None:
    etag = api.get("/access-codes/U").json()["etag"]

    def change(i: int) -> int:
        return api.put("/access-codes/U", {"code": "U", "name": f"Navn {i}"}, etag).status_code

    with ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(change, range(16)))
    assert statuses == [200] + [412] * 15
    assert api.effects() == [("setup.update", "access_code", "U")]


def test_a_request_sent_many_times_is_done_once(api: Api) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: api.post("/access-codes", {"code": "P", "name": "x"}, key="k"), range(16)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert len(api.effects()) == 1


def test_the_lease_is_taken_once(api: Api) -> None:
    def take(i: int) -> int:
        return api.http.post("/lease", json={"owner": f"o{i}", "purpose": "x", "ttl_seconds": 60}).status_code

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(take, range(16))) == [201] + [409] * 15


def test_what_is_referred_to_does_not_go_meanwhile(api: Api) -> None:
    etag = api.get("/access-codes/U").json()["etag"]
    body = {"name": "x", "series": "S", "ordering_principle": "e", "retention": "B", "access_code": "U"}

    def act(i: int) -> int:
        if i % 2:
            return api.post("/case-types", {**body, "code": f"C-{i}"}).status_code
        return api.delete("/access-codes/U", etag).status_code

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(act, range(24)))
    live = api.get("/access-codes/U").status_code == 200
    naming = [item for item in api.get("/case-types").json()["items"] if item["access_code"] == "U"]
    assert live or not naming
