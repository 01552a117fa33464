"""Pages that neither repeat nor skip."""

from itertools import pairwise

import pytest

from .conftest import Api

KEYS = ["0", "9", "A", "B-1", "B.2", "Z", "a", "b", "z", "Æ", "Ø", "Å", "æ", "ø", "å"]


def _walk(api: Api, path: str, limit: int) -> list[list[str]]:
    pages, after = [], None
    while True:
        body = api.get(path, limit=limit, **({"after": after} if after is not None else {})).json()
        pages.append([item["code"] for item in body["items"]])
        after = body["next"]
        if after is None:
            return pages
        assert after == pages[-1][-1]


@pytest.mark.parametrize("limit", [1, 2, 4, 17, 18, 19, 1000])
def test_pages_add_up_in_the_order_of_code_points(api: Api, limit: int) -> None:
    for key in reversed(KEYS):
        api.made("/access-codes", {"code": key, "name": key})
    expected = sorted([*KEYS, "U", "XX", "Z9"])
    pages = _walk(api, "/access-codes", limit)
    assert [key for page in pages for key in page] == expected
    assert [len(page) for page in pages[:-1]] == [limit] * (len(pages) - 1)
    assert pages[-1]


def test_a_page_after_a_key_that_is_not_there(api: Api) -> None:
    assert [item["code"] for item in api.get("/access-codes", after="V").json()["items"]] == ["XX", "Z9"]
    assert api.get("/access-codes", after="å").json() == {"items": [], "next": None}


def test_others_may_write_between_two_pages(api: Api) -> None:
    first = api.get("/access-codes", limit=2).json()
    api.made("/access-codes", {"code": "A", "name": "før"})
    etag = api.get("/access-codes/U").json()["etag"]
    assert api.delete("/access-codes/U", etag).status_code == 204
    rest = api.get("/access-codes", after=first["next"]).json()
    assert [item["code"] for item in rest["items"]] == ["Z9"]


def test_many_are_loaded_in_seconds_and_refer_to_each_other(api: Api) -> None:
    desired = {"departments": 250, "sub_orgs": 2500, "access_codes": 10, "case_types": 30, "rollout_batches": 4}
    loaded = api.control.post("/_sandbox/load", json=desired)
    assert loaded.status_code == 200
    assert {kind: count for kind, count in loaded.json().items() if count} == desired
    listed, after = [], None
    while True:
        body = api.get("/sub-orgs", **({"after": after} if after else {})).json()
        listed += body["items"]
        after = body["next"]
        if after is None:
            break
    assert len(listed) == 2500
    assert all(one["orgnr"] < two["orgnr"] for one, two in pairwise(listed))
    assert {item["batch"] for item in listed} == {f"B-{i}" for i in range(1, 5)}
    # What was written past the rules keeps to them.
    one = listed[1234]
    assert api.put(f"/sub-orgs/{one['orgnr']}", one, one["etag"]).status_code == 200
    two = api.get("/case-types/B-17").json()
    assert api.put("/case-types/B-17", two, two["etag"]).status_code == 200


@pytest.mark.parametrize(
    "wanted", [{"cats": 1}, {"departments": -1}, {"departments": "1"}, {"sub_orgs": True}], ids=str
)
def test_a_load_that_makes_no_sense(api: Api, wanted: dict[str, object]) -> None:
    assert api.control.post("/_sandbox/load", json=wanted).status_code == 400
