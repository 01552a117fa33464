"""What refers to what, and what cannot go while it does."""

import httpx

from .conftest import CASE_TYPE, SUB_ORG, Api, token


def _types(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["type"]


def test_an_access_code_in_use_can_neither_be_retired_nor_deleted(api: Api) -> None:
    code = api.get("/access-codes/U").json()
    case_type = api.made("/case-types", {**CASE_TYPE, "access_code": "U"})
    for answer in (
        api.put("/access-codes/U", {**code, "active": False}, code["etag"]),
        api.delete("/access-codes/U", code["etag"]),
    ):
        assert _types(answer) == (409, "/problems/still-referred-to")
        assert answer.json()["referrers"] == [{"kind": "case_type", "key": "PERS"}]
    assert api.get("/access-codes/U").json() == code

    retired = api.put("/case-types/PERS", {**case_type, "active": False}, case_type["etag"]).json()
    code = api.put("/access-codes/U", {**code, "active": False}, code["etag"]).json()
    assert code["active"] is False
    assert _types(api.delete("/access-codes/U", code["etag"])) == (409, "/problems/still-referred-to")
    assert api.delete("/case-types/PERS", retired["etag"]).status_code == 204
    assert api.delete("/access-codes/U", code["etag"]).status_code == 204


def test_what_is_retired_can_be_written_but_not_named_again(api: Api) -> None:
    code = api.get("/access-codes/U").json()
    case_type = api.made("/case-types", {**CASE_TYPE, "access_code": "U", "active": False})
    code = api.put("/access-codes/U", {**code, "active": False}, code["etag"]).json()
    renamed = api.put("/case-types/PERS", {**case_type, "name": "Ny"}, case_type["etag"])
    assert renamed.status_code == 200
    back = api.put("/case-types/PERS", {**case_type, "active": True}, renamed.headers["etag"])
    assert _types(back) == (422, "/problems/invalid")
    assert back.json()["errors"] == [{"pointer": "/access_code", "detail": "access_code U is not active"}]
    assert api.put("/access-codes/U", {**code, "name": "Ny"}, code["etag"]).status_code == 200


def test_a_batch_in_use(api: Api) -> None:
    batch = api.made("/rollout-batches", {"code": "PULJE-1", "name": "Pulje 1"})
    api.made("/sub-orgs", {**SUB_ORG, "batch": "PULJE-1"})
    answer = api.delete("/rollout-batches/PULJE-1", batch["etag"])
    assert _types(answer) == (409, "/problems/still-referred-to")
    assert answer.json()["referrers"] == [{"kind": "sub_org", "key": SUB_ORG["orgnr"]}]


def test_a_unit_is_a_department_of_the_other_api(api: Api) -> None:
    assert api.post("/sub-orgs", {**SUB_ORG, "unit": "FR-GAMMEL"}).status_code == 422  # a code is no external id
    created = api.made("/sub-orgs", {**SUB_ORG, "unit": "FR-OPPV"})
    user_api = httpx.Client(
        base_url=api.server.base_url, headers={"Authorization": f"Bearer {token(api.server, 'userapi')}"}
    )
    with user_api:
        department = user_api.get("/api/Departments/external/FR-OPPV").json()
        assert user_api.delete(f"/api/v2/departments/{department['id']}/activation").is_success
    answer = api.put(f"/sub-orgs/{SUB_ORG['orgnr']}", {**created, "name": "Ny"}, created["etag"])
    assert _types(answer) == (422, "/problems/invalid")
    assert answer.json()["errors"][0]["pointer"] == "/unit"
