"""Worlds in which four places agree, and disagreements put into them; what is to be found is noted as each is put in.

It shares nothing with the program: what it expects is from docs/consistency.md.
"""

import csv
import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

KOMMUNE, DEPARTMENT = "958935420", "876819872"
ROOT = "OSLO"
PLACES = {"a": ("XA", "874778702"), "b": ("XB", "974778726"), "c": ("XC", "974778882")}
LEAVES = 7  # units of a district that nothing depends on
KINDERGARTENS = 12  # numbers of a district


def number(first: int) -> str:
    """The next valid organisation number from the range that nobody has. Source: the register's modulus 11."""
    while True:
        digits = f"{first:08}"
        rest = sum(int(d) * w for d, w in zip(digits, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
        if rest != 1:
            return digits + str((11 - rest) % 11)
        first += 1


@dataclass
class Expected:
    """One disagreement that is to be found where all of ``needs`` were heard, and these rows of an export were kept."""

    what: str
    key: str
    needs: frozenset[str]
    rows: frozenset[str] = frozenset()
    without: str = ""  # a row that was not kept


@dataclass
class World:
    """What the config says, and what each of the others has."""

    config_numbers: dict[str, dict[str, Any]] = field(default_factory=dict)
    config_units: dict[str, dict[str, Any]] = field(default_factory=dict)
    units: list[dict[str, Any]] = field(default_factory=list)
    routes: dict[str, dict[str, Any]] = field(default_factory=dict)
    enheter: dict[str, dict[str, Any]] = field(default_factory=dict)
    underenheter: dict[str, dict[str, Any]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    fiks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    expected: list[Expected] = field(default_factory=list)
    drawn: list[str] = field(default_factory=list)  # which disagreements
    next_number: int = 31_390_000
    next_id: int = 3_000

    def due(self, heard: Iterable[str], kept: Callable[[str], bool] = lambda _: True) -> set[tuple[str, str]]:
        """What is to be found where only some were heard, and only some rows kept."""
        known = frozenset(heard)
        return {
            (e.what, e.key)
            for e in self.expected
            if e.needs <= known and all(map(kept, e.rows)) and not (e.without and kept(e.without))
        }

    def unit(self, key: str) -> dict[str, Any]:
        return next(row for row in self.units if row["external_id"] == key)

    def fresh_number(self) -> str:
        result = number(self.next_number)
        self.next_number = int(result[:8]) + 1
        return result

    def fresh_id(self) -> str:
        self.next_id += 1
        return str(self.next_id)

    def expect(self, what: str, key: str, *needs: str, rows: Iterable[str] = (), without: str = "") -> None:
        self.expected.append(Expected(what, key, frozenset(needs), frozenset(rows), without))

    # --- what the places hold

    def files(self) -> dict[str, str]:
        """The config as YAML, which is JSON too."""
        batches = {
            "LIVE": {"name": "I drift", "go_live": "2020-02-03", "districts": ["a", "b"]},
            "LATER": {"name": "Senere", "go_live": "2099-02-02", "districts": ["c"]},
        }
        result = {
            "config/websak.yaml": "organisation: {name: Oslo kommune, orgnr: '958935420'}\n",
            "config/rollout.yaml": json.dumps({"rollout_batches": batches}),
        }
        for slug, (prefix, orgnr) in PLACES.items():
            district = {"name": f"Bydel {prefix}", "number": f"0{ord(slug) - 96}", "orgnr": orgnr, "short_name": f"B{prefix}", "prefix": prefix}  # fmt: skip
            units = {
                key.removeprefix(f"{prefix}-"): {
                    "name": unit["name"],
                    **({"parent": unit["parent"].removeprefix(f"{prefix}-")} if unit["parent"] else {}),
                }
                for key, unit in self.config_units.items()
                if unit["district"] == slug
            }
            numbers = {n: route for n, route in self.config_numbers.items() if route["district"] == slug}
            routes = {
                n: {
                    k: v
                    for k, v in {**route, "unit": route["unit"].removeprefix(f"{prefix}-")}.items()
                    if k != "district"
                }
                for n, route in numbers.items()
            }
            result[f"districts/{slug}/district.yaml"] = json.dumps({"district": district})
            result[f"districts/{slug}/units.yaml"] = json.dumps(
                {"org_units": units, "sub_orgs": routes}, ensure_ascii=False
            )
        return result

    def copy(self) -> dict[str, Any]:
        """Websak as the sandbox takes it: all rows at once, past the rules."""
        ids = {row["external_id"]: row["id"] for row in reversed(self.units)} | {ROOT: "1"}
        root = {"id": "1", "parent": None, "active": True, "external_id": ROOT, "code": ROOT, "name": ROOT}
        departments = [{**row, "code": f"K{row['id']}", "parent": ids[row["parent"]]} for row in self.units]
        batches = [{"code": "LIVE", "name": "I drift", "districts": ["a", "b"], "active": True}]
        setup = {"rollout_batch": batches, "sub_org": [{"orgnr": n, **row} for n, row in self.routes.items()]}
        return {"departments": [root, *departments], "templates": [], "users": [], "groups": [], "zones": [], "setup": setup}  # fmt: skip

    def tables(self, random: Random, keep: Callable[[str], bool]) -> dict[str, bytes]:
        """What somebody exported: columns in any order, some that nobody knows, headers in one language or the other."""
        units = [
            {
                random.choice(["Ekstern id", "externalId", "Kode"]): row["external_id"],
                random.choice(["Navn", "name"]): row["name"],
                random.choice(["Overordnet enhet", "parent"]): row["parent"],
                "Organisasjonsnummer": row["number"] or "",
                random.choice(["Til dato", "validToDate"]): "" if row["active"] else "2021-01-01",
            }
            for row in self.units
            if keep(row["external_id"])
        ]
        routes = [
            {
                "Orgnr": n,
                "Bydel": row["district"],
                "Navn": row["name"],
                "Enhet": row["unit"],
                "Kanal": row["channel"],
                "Til dato": "" if row["active"] else "2021-01-01",
            }
            for n, row in self.routes.items()
            if keep(n)
        ]
        fiks = [
            {
                "Organisasjonsnummer": row["organisasjonsnummer"],
                "Mottakersystem": row["mottakersystem"],
                "Forsendelsetype": row["forsendelseType"] or "",
            }
            for rows in self.fiks.values()
            for row in rows
            if keep(row["organisasjonsnummer"])
        ]
        tables = {"units.csv": units, "routes.csv": routes, "fiks.csv": fiks}
        return {name: as_csv(_same_headers(rows), random) for name, rows in tables.items()}

    def bulk(self, random: Random) -> dict[str, bytes]:
        """The register's bulk files."""
        return {
            f"{name}.json": json.dumps(
                [row for row in random.sample(rows, len(rows)) if "slettedato" not in row], ensure_ascii=False
            ).encode()
            for name, rows in (
                ("enheter", list(self.enheter.values())),
                ("underenheter", list(self.underenheter.values())),
            )
        }


def _same_headers(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Every row under the headers of the first: a file has one row of them."""
    names = list(rows[0])
    return [dict(zip(names, row.values(), strict=True)) for row in rows]


def as_csv(rows: list[dict[str, str]], random: Random) -> bytes:
    columns = list(rows[0])
    extra = random.sample(["Merknad", "Sist endret av", "Arkivdel", "Ansatte"], random.randint(0, 3))
    columns = random.sample([*columns, *extra], len(columns) + len(extra))
    out = io.StringIO()
    writer = csv.DictWriter(out, columns, delimiter=random.choice(",;"), restval="x")
    writer.writeheader()
    writer.writerows(random.sample(rows, len(rows)))
    return out.getvalue().encode(random.choice(["utf-8", "utf-8-sig"]))


def registration(n: str, system: str = "Websak", message_type: str | None = None) -> dict[str, Any]:
    return {"organisasjonsnummer": n, "forsendelseType": message_type, "mottakersystem": system, "mottakerId": "x", "niva": None}  # fmt: skip


def agreed() -> World:
    """All four agree."""
    w = World()
    for n, name, parent, form in (
        (KOMMUNE, "OSLO KOMMUNE", None, "KOMM"),
        (DEPARTMENT, "BYRÅDSAVDELING", KOMMUNE, "ORGL"),
    ):
        w.enheter[n] = _registered(n, name, parent, form)
    for slug, (prefix, orgnr) in PLACES.items():
        w.enheter[orgnr] = _registered(orgnr, f"OSLO KOMMUNE BYDEL {prefix}", DEPARTMENT, "ORGL")
        parents = {"BYDEL": "", "OPPV": "BYDEL", "HELSE": "BYDEL", "BHG": "OPPV"}
        parents |= {f"L{n}": "HELSE" for n in range(LEAVES)}
        for key, parent in parents.items():
            full = f"{prefix}-{key}"
            above = f"{prefix}-{parent}" if parent else ""
            name = f"Bydel {prefix}" if key == "BYDEL" else f"Enhet {key} i {prefix}"
            w.config_units[full] = {"name": name, "parent": above, "district": slug}
            w.units.append({"id": str(1000 + len(w.units)), "external_id": full, "name": name, "parent": above or ROOT, "active": True, "number": orgnr if key == "BYDEL" else None})  # fmt: skip
        _route(w, slug, orgnr, f"Bydel {prefix}", f"{prefix}-BYDEL", arrives="svarinn")
        for at in range(KINDERGARTENS):
            n = w.fresh_number()
            w.underenheter[n] = _registered(n, f"BARNEHAGE {at} {prefix}", orgnr, "BEDR")
            _route(w, slug, n, f"Barnehage {at} {prefix}", f"{prefix}-BHG", altinn=at % 3 == 0)
    return w


def _registered(n: str, name: str, parent: str | None, form: str) -> dict[str, Any]:
    row = {"organisasjonsnummer": n, "navn": name, "organisasjonsform": {"kode": form}}
    return {**row, "overordnetEnhet": parent} if parent else row


def _route(
    w: World, slug: str, n: str, name: str, unit: str, *, altinn: bool = False, arrives: str = "dokulink"
) -> None:
    channel = "altinn" if altinn else "svarinn"
    route: dict[str, Any] = {"name": name, "district": slug, "unit": unit, "channel": channel, "arrives": arrives}
    if altinn:
        route |= {"readers": ["Styrer"], "daily_routine": "Leses før kl. 10"}
    w.config_numbers[n] = route
    w.routes[n] = {**route, "active": True}
    w.fiks[n] = [registration(n)] if not altinn and (slug != "c" or arrives == "svarinn") else []


# --- disagreements


Put = Callable[[World, str, Random], None]


def register_renamed(w: World, n: str, _: Random) -> None:
    w.underenheter[n]["navn"] = "ET HELT ANNET NAVN"
    w.expect("renamed", n, "register")


def register_closed(w: World, n: str, _: Random) -> None:
    w.underenheter[n]["nedleggelsesdato"] = "2020-01-01"
    w.expect("closed", n, "register")
    w.expect("registered-gone", n, "register", "fiks", rows=[n])


def register_deleted(w: World, n: str, _: Random) -> None:
    w.underenheter[n] = {"organisasjonsnummer": n, "slettedato": "2021-05-01"}
    w.expect("closed", n, "register", "online")
    w.expect("not-listed", n, "register", "bulk")
    w.expect("registered-gone", n, "register", "online", "fiks", rows=[n])


def register_closing(w: World, n: str, _: Random) -> None:
    w.underenheter[n]["nedleggelsesdato"] = "2099-01-01"
    w.expect("closing", n, "register")


def register_removed(w: World, n: str, _: Random) -> None:
    del w.underenheter[n]
    w.removed.add(n)
    w.expect("removed", n, "register", "online")
    w.expect("not-listed", n, "register", "bulk")
    w.expect("registered-gone", n, "register", "online", "fiks", rows=[n])


def register_unknown(w: World, n: str, _: Random) -> None:
    del w.underenheter[n]
    w.expect("unknown", n, "register", "online")
    w.expect("not-listed", n, "register", "bulk")
    w.expect("registered-gone", n, "register", "online", "fiks", rows=[n])


def register_moved(w: World, n: str, _: Random) -> None:
    own = w.config_numbers[n]["district"]
    w.underenheter[n]["overordnetEnhet"] = next(orgnr for slug, (_, orgnr) in PLACES.items() if slug != own)
    w.expect("elsewhere", n, "register")


def register_outside(w: World, n: str, _: Random) -> None:
    w.underenheter[n]["overordnetEnhet"] = "313000206"
    w.expect("elsewhere", n, "register")


def not_in_config(w: World, n: str, random: Random) -> None:
    """Nobody has written it into the config; Websak and KS may know it all the same."""
    del w.config_numbers[n]
    w.expect("missing", n, "register")
    w.expect("registered-stranger", n, "fiks", "fiks_file", rows=[n])
    if random.random() < 0.5:
        del w.routes[n]
        w.expect("registered-stranger", n, "fiks", "register", rows=[n])
    else:
        w.expect("not-in-config", n, "routes", rows=[n])
        w.expect("registered-stranger", n, "fiks", "routes", rows=[n])
        w.expect("registered-stranger", n, "fiks", "register", rows=[n])


def ended_in_config(w: World, n: str, random: Random) -> None:
    w.config_numbers[n]["valid_to"] = "2021-01-01"
    w.expect("alive", n, "register")
    w.expect("registered-unplanned", n, "fiks", rows=[n])
    if random.random() < 0.5:
        w.routes[n]["active"] = False
    else:
        w.expect("still-in-websak", n, "routes", rows=[n])


def ended_everywhere(w: World, n: str, _: Random) -> None:
    """No disagreement at all."""
    w.config_numbers[n]["valid_to"] = "2021-01-01"
    w.routes[n]["active"] = False
    w.underenheter[n]["nedleggelsesdato"] = "2021-01-01"
    w.fiks[n] = []


def not_registered(w: World, n: str, _: Random) -> None:
    w.fiks[n] = []
    w.expect("not-registered", n, "fiks", "whole_fiks")


def registered_twice(w: World, n: str, _: Random) -> None:
    w.fiks[n].append(registration(n, "Noe annet"))
    w.expect("registered-twice", n, "fiks", rows=[n])


def registered_for_one_type(w: World, n: str, _: Random) -> None:
    w.fiks[n] = [registration(n, message_type="Byggesak")]
    w.expect("other-types", n, "fiks", rows=[n])


def registered_in_altinn(w: World, n: str, _: Random) -> None:
    w.fiks[n] = [registration(n)]
    w.expect("registered-unplanned", n, "fiks", rows=[n])


def registered_early(w: World, n: str, _: Random) -> None:
    w.fiks[n] = [registration(n)]
    w.expect("registered-early", n, "fiks", rows=[n])


def route_missing(w: World, n: str, _: Random) -> None:
    del w.routes[n]
    w.expect("not-in-websak", n, "routes", "whole_routes")


def route_ended(w: World, n: str, _: Random) -> None:
    w.routes[n]["active"] = False
    w.expect("ended-in-websak", n, "routes", rows=[n])


def route_to_another_unit(w: World, n: str, _: Random) -> None:
    prefix = PLACES[w.config_numbers[n]["district"]][0]
    w.routes[n]["unit"] = f"{prefix}-OPPV"
    w.expect("wrong-unit", n, "routes", rows=[n])


def route_by_another_way(w: World, n: str, _: Random) -> None:
    w.routes[n]["channel"] = "altinn" if w.routes[n]["channel"] == "svarinn" else "svarinn"
    w.expect("wrong-channel", n, "routes", rows=[n])


def route_renamed(w: World, n: str, _: Random) -> None:
    w.routes[n]["name"] = "Noe annet"
    w.expect("other-name", n, "routes", rows=[n])


def route_in_another_district(w: World, n: str, _: Random) -> None:
    own = w.config_numbers[n]["district"]
    slug = next(slug for slug in PLACES if slug != own)
    w.routes[n] |= {"district": slug, "unit": f"{PLACES[slug][0]}-BHG"}
    w.expect("wrong-district", n, "routes", rows=[n])


def same_but_for_capitals(w: World, n: str, _: Random) -> None:
    """No disagreement at all."""
    w.underenheter[n]["navn"] = f"OSLO KOMMUNE, BYDEL 5 {w.underenheter[n]['navn']}"


def unit_renamed(w: World, key: str, _: Random) -> None:
    w.unit(key)["name"] = "Noe annet"
    w.expect("other-name", key, "units", rows=[key])


def unit_moved(w: World, key: str, _: Random) -> None:
    w.unit(key)["parent"] = f"{key.partition('-')[0]}-OPPV"
    w.expect("wrong-parent", key, "units", rows=[key])


def unit_at_the_top(w: World, key: str, _: Random) -> None:
    w.unit(key)["parent"] = ROOT
    w.expect("wrong-parent", key, "units", rows=[key])


def unit_in_another_district(w: World, key: str, _: Random) -> None:
    prefix = next(p for p, _ in PLACES.values() if p != key.partition("-")[0])
    w.unit(key)["parent"] = f"{prefix}-OPPV"
    w.expect("wrong-district", key, "units", rows=[key])


def unit_missing(w: World, key: str, _: Random) -> None:
    w.units.remove(w.unit(key))
    w.expect("not-in-websak", key, "units", "whole_units")


def unit_ended(w: World, key: str, _: Random) -> None:
    w.unit(key)["active"] = False
    w.expect("ended-in-websak", key, "units", rows=[key])


def unit_doubled(w: World, key: str, _: Random) -> None:
    w.units.append({**w.unit(key), "id": w.fresh_id()})
    w.expect("doubled", key, "units", rows=[key])


def ended_double(w: World, key: str, _: Random) -> None:
    """No disagreement at all: an ended unit may keep the external id."""
    w.units.append({**w.unit(key), "id": w.fresh_id(), "active": False})


def unit_with_a_twin(w: World, key: str, _: Random) -> None:
    w.units.append({**w.unit(key), "id": w.fresh_id(), "external_id": f"{key}-NY"})
    w.expect("doubled", f"{key}-NY", "units", rows=[key, f"{key}-NY"])
    w.expect("not-in-config", f"{key}-NY", "units", rows=[f"{key}-NY"], without=key)


def stranger_below(w: World, key: str, _: Random) -> None:
    w.units.append({**w.unit(key), "id": w.fresh_id(), "external_id": f"{key}-UKJENT", "name": "Ukjent", "parent": key})  # fmt: skip
    w.expect("not-in-config", f"{key}-UKJENT", "units", rows=[f"{key}-UKJENT"])


def unit_with_anothers_number(w: World, key: str, _: Random) -> None:
    w.unit(key)["number"] = PLACES["a"][1] if not key.startswith("XA") else PLACES["b"][1]
    w.expect("wrong-number", key, "units", rows=[key])


def unit_with_a_dead_number(w: World, key: str, _: Random) -> None:
    n = w.fresh_number()
    w.removed.add(n)
    w.unit(key)["number"] = n
    w.expect("number-gone", key, "units", "register", "online", rows=[key])


def unit_with_a_persons_number(w: World, key: str, _: Random) -> None:
    """No disagreement at all, and never shown."""
    w.unit(key)["number"] = "01017012345"


LIVE = (register_renamed, register_closed, register_deleted, register_closing, register_removed, register_unknown,
        register_moved, register_outside, not_in_config, ended_in_config, ended_everywhere, not_registered,
        registered_twice, registered_for_one_type, route_missing, route_ended, route_to_another_unit,
        route_by_another_way, route_renamed, route_in_another_district, same_but_for_capitals)  # fmt: skip
ALTINN = (registered_in_altinn, register_renamed, register_moved, route_missing, route_ended, route_renamed, register_closing)  # fmt: skip
LATER = (registered_early, register_renamed, register_outside, route_missing, route_by_another_way, register_closing)
UNITS = (unit_renamed, unit_moved, unit_at_the_top, unit_in_another_district, unit_missing, unit_ended, unit_doubled,
         ended_double, unit_with_a_twin, stranger_below, unit_with_anothers_number, unit_with_a_dead_number,
         unit_with_a_persons_number)  # fmt: skip


def disagreeing(random: Random, share: float = 0.5) -> World:
    """A world in which some disagree: at most one disagreement for each unit and number."""
    w = agreed()
    numbers = [(n, route) for n, route in w.config_numbers.items() if n in w.underenheter]
    for n, route in numbers:
        if random.random() < share:
            kinds = ALTINN if route["channel"] == "altinn" else LATER if route["district"] == "c" else LIVE
            _put(w, random.choice(kinds), n, random)
    for key in [f"{prefix}-L{at}" for prefix, _ in PLACES.values() for at in range(LEAVES)]:
        if random.random() < share:
            _put(w, random.choice(UNITS), key, random)
    return w


def _put(w: World, put: Put, key: str, random: Random) -> None:
    put(w, key, random)
    w.drawn.append(put.__name__)
