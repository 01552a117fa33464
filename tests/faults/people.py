"""A user of the fault matrix, with what the config says of it."""

from websakctl.live.users import People

ROLE = {"template_id": "20001", "access_functions": None, "zones": ["Intern sone"]}
PERSON = {
    "name": "Kari Nordmann",
    "role": "CASEWORKER",
    "unit": "FR-OPPV",
    "username": "karnor",
    "email": "kari.nordmann@example.org",
    "zones": ["Intern sone"],
    "logins": [{"provider": "AD", "key": "S-1-5"}],
}
PEOPLE = People(
    roles={"CASEWORKER": ROLE},
    wanted={"KARNOR": PERSON, "B-1": {**PERSON, "username": "b-1"}},
    zones=frozenset(["Intern sone"]),
)
