"""A user as it is asked for: what a POST and a PUT hold. A PUT erases what it does not hold."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from websakctl.live.adapter import Units
from websakctl.live.days import moment_of
from websakctl.live.errors import LiveError
from websakctl.live.users import People
from websakctl.live.zones import Zones
from websakctl.model.address import Address
from websakctl.redaction import withheld

ORDINARY = "B"  # userType
# Kept by the server under the same name in answers and requests; a PUT clears what it does not name.
_SENT_BACK = [
    "nationalNo",
    "code",
    "name",
    "title",
    "countryId",
    "postalNo",
    "contact",
    "addr",
    "addr2",
    "addr3",
    "addr4",
    "phone",
    "phone2",
    "mobile",
    "emailAddr",
    "emailAddr2",
    "languageId",
    "accountNumber",
    "note",
    "place",
    "municipalityNo",
    "visitingAddress",
    "misc1",
    "misc2",
    "misc3",
    "misc4",
    "misc5",
    "leaveFrom",
    "leaveTo",
    "categoryId",
    "defaultArchiveSectionId",
    "defaultDepartmentId",
    "defaultJournalUnit",
    "validFrom",
]
_SAME_NAME = ("name", "title", "phone", "mobile", "username")
REPLACED = frozenset(
    {*_SAME_NAME, "role", "unit", "email", "other_emails", "zones", "national_no", "leave", "valid_from"}
)  # a PUT is sent for these


class UserRequests:
    """Makes bodies from config, journal and what was read right before."""

    def __init__(self, units: Units, people: People, zones: Zones, version: Callable[[], str]) -> None:
        self._units, self._people, self._zones, self._version = units, people, zones, version

    def body(self, raw: Mapping[str, Any], fields: Mapping[str, Any], address: Address) -> dict[str, Any]:
        """The whole user: as it was read (``raw``; empty for a new one), with the given fields put in."""
        body = {name: raw[name] for name in _SENT_BACK if raw.get(name) not in (None, "")}
        body |= {name: fields[name] for name in _SAME_NAME if name in fields}
        body |= {
            "code": body.get("code") or address.key,
            "userType": ORDINARY,
            "externalDepartmentId": self._unit(fields["unit"]),
            "accessTemplateId": self._template(fields["role"]) if "role" in fields else raw.get("accessTemplateId"),
            "lookupField": "Id" if raw else "Code",
        }
        if email := fields.get("email"):
            addresses = list(dict.fromkeys([email, *(fields.get("other_emails") or ())]))
            body |= {"mailAddresses": addresses, "emailAddr": email, "emailAddr2": ([*addresses, None])[1]}
        if self._is_secondary(address):
            body["isSecondaryUser"] = True
        if fields.get("leave") is not None:
            body |= {
                "leaveFrom": _moment(fields["leave"].get("first_day")),
                "leaveTo": _moment(fields["leave"].get("last_day")),
            }
        if fields.get("valid_from") is not None:
            body["validFrom"] = moment_of(fields["valid_from"])
        if fields.get("national_no"):
            body["nationalNo"] = fields["national_no"]
        if fields.get("logins") and (not raw or self._version() == "3.0"):  # 3.3 has a route of their own for later
            body["userAccesses"] = accesses(fields["logins"])
        if fields.get("zones") is not None:
            body["accessToZones"] = self._zone_ids(fields["zones"])
        cleared = {name: "" for name in _SAME_NAME if raw.get(name) and name in fields and fields[name] is None}
        return {name: value for name, value in body.items() if value is not None} | cleared

    def held(self, raw: Mapping[str, Any], address: Address) -> dict[str, Any]:
        """What a PUT must hold of what the API never reports, from the config and from what was read right before.

        Raises:
            LiveError: If something is missing that the PUT would erase.
        """
        held = {**self._zones_of(raw), **self._given(address)}
        if self._is_secondary(address):
            needed = ["email", "zones"]
        else:
            needed = ["username", "email", "zones", *(["logins"] if self._version() == "3.0" else [])]
        if raw.get("emailAddr2"):  # of more than two addresses the API reports two
            needed.append("other_emails")
        if missing := [
            name for name in needed if held.get(name) in (None, "") or (name != "other_emails" and not held[name])
        ]:
            raise LiveError(
                f"{address} is not replaced: {' and '.join(missing)} would be erased",
                "say them in the district's file of users, or change the user in Websak",
            )
        return held

    def _is_secondary(self, address: Address) -> bool:
        return self._people.desired.get(address.key, {}).get("primary") is not None

    def _zone_ids(self, zones: Iterable[str | int]) -> list[int]:
        """Ids of environments: by name, or as a single read reported them."""
        return [result for zone in zones for result in ([zone] if isinstance(zone, int) else self._zones.ids([zone]))]

    def _zones_of(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The zones that the user is let into now, where the API reports them with certainty."""
        reported = self._zones.ids_of_zones(raw.get("availableZones"))
        return {} if reported is None else {"zones": reported}

    def _given(self, address: Address) -> dict[str, Any]:
        """What the config holds of the fields that the API never tells; what was taken out before it was kept is not held."""
        desired = self._people.desired.get(address.key, {})
        names = ("username", "email", "other_emails", "zones", "logins", "national_no")
        return {name: desired[name] for name in names if desired.get(name) is not None and not withheld(desired[name])}

    def _unit(self, key: str | None) -> str:
        if key is None or key not in self._units.ids:
            raise LiveError(f"the unit {key} is not in Websak, and the user would get the template's")
        return key

    def _template(self, role: str | None) -> str | None:
        if role is None or role not in self._people.roles:
            raise LiveError(f"there is no user role {role} in the config")
        return str(self._people.roles[role]["template_id"])


def _moment(day: str | None) -> str | None:
    return moment_of(day) if day is not None else None


def accesses(logins: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Login mappings as they are sent; the first is the primary one."""
    return [
        {"provider": login["provider"], "key": login["key"], "domain": login.get("domain"), "isPrimary": number == 0}
        for number, login in enumerate(logins)
    ]
