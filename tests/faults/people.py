"""A user of the fault matrix, with what the config says of it."""

from websakctl.live.users import People

TEMPLATE = "20001"  # a user of the sandbox's seed
ROLE = {"template_id": TEMPLATE, "access_functions": None, "zones": ["Intern sone"]}
PERSON = {
    "name": "Kari Nordmann",
    "role": "CASEWORKER",
    "unit": "FR-OPPV",
    "username": "karnor",
    "email": "kari.nordmann@example.org",
    "zones": ["Intern sone"],
    "logins": [{"provider": "AD", "key": "S-1-5"}],
}
HELD = {"SB": {"units": ["FR-HELSE"], "archives": [], "journal_units": [], "grades": ["U"]}}
ACCESS = {  # what is looked at of a user whose access is written
    "roles": HELD,
    "access_functions": ["10"],
    "manages": ["FR-OPPV"],
    "distributes": ["FR-HELSE"],
}
PEOPLE = People(
    roles={"CASEWORKER": ROLE},
    desired={
        "KARNOR": PERSON,
        "B-1": {**PERSON, "username": "b-1"},
        "B-4": {**PERSON, **ACCESS, "unit": "FR-HELSE", "username": "b-4"},
        "MAL-LEDER": {"roles": {}},
    },
    zones=frozenset(["Intern sone"]),
)
