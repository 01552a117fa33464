"""A small repository with three districts in one batch, and files of HR with made-up users."""

from collections.abc import Iterable
from pathlib import Path

DISTRICTS = {
    "frogner": ("Frogner", "05", "874778702", "BFR", "FR"),
    "sagene": ("Sagene", "03", "974778726", "BSA", "SA"),
    "ullern": ("Ullern", "06", "971022051", "BUN", "UN"),
}
HOLE = "{name: Frogner barnehage, unit: OPPV, channel: altinn, readers: [Styrer], arrives: altinn}"
WHOLE = HOLE.replace("}", ", daily_routine: Leses hver dag kl. 9}")
GATES = """\
gates:
  ORGANISASJON: {name: Tre, check: org-tree}
  BRUKERE: {name: Brukere, check: users}
  LISENSER: {name: Lisenser, check: licences}
  POSTRUTER: {name: Ruter, check: mail-routes}
  OPPLAERING: {name: Opplæring, next: Hold kurset}
"""
FILES = {
    "config/websak.yaml": 'organisation: {name: Oslo kommune, orgnr: "958935420"}\n',
    "config/gates.yaml": GATES,
    "config/units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    HELSE: {name: Helse og mestring}
  committees:
    BU: {name: Bydelsutvalget}
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BYDEL, channel: svarinn, arrives: svarinn}
""",
    "config/roles.yaml": """\
user_roles:
  CASEWORKER: {name: Saksbehandler, template_id: "20001", licences: [WEBSAK-PLUS]}
  LEADER: {name: Leder, template_id: "20002", licences: [WEBSAK-PLUS]}
""",
    "config/rollout.yaml": """\
rollout_batches:
  PULJE-1:
    name: Første pulje   # the owners decide
    go_live: 2027-02-01
    districts: [frogner, sagene, ullern]
  PULJE-2: {name: Andre pulje}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 600}
preparations:
  OPPLAERING: {name: Lære opp ledere, responsible: Opplæringsansvarlig, before: 3, days: 5, gate: OPPLAERING}
""",
    "districts/frogner/numbers.yaml": f'sub_orgs:\n  "975016684": {WHOLE}\n',
}
for _slug, (_name, _number, _orgnr, _short, _prefix) in DISTRICTS.items():
    FILES[f"districts/{_slug}/district.yaml"] = (
        f'district: {{name: Bydel {_name}, number: "{_number}", orgnr: "{_orgnr}", short_name: {_short}, prefix: {_prefix}}}\n'
    )
    FILES[f"districts/{_slug}/attested.yaml"] = (
        "attestations:\n  OPPLAERING: {by: Opplæringsansvarlig, on: 2026-01-05, evidence: sak 26/1}\n"
        "  ORGANISASJON: {by: Bydelsdirektøren, on: 2026-01-06, evidence: sak 26/2}\n"
        "  POSTRUTER: {by: Dokumentsenteret, on: 2026-01-07, evidence: sak 26/3}\n"
    )

HEADERS = ("Bydel", "Navn", "Rolle", "Avdeling", "Brukernavn", "E-post")
FIRST = ("Alvhild", "Bergljot", "Dagrun", "Eivor", "Gudlaug", "Halldis", "Ingvar", "Jorunn", "Ketil", "Liv")
LAST = ("Fjellvåg", "Grønnlid", "Hauksen", "Myrdal-Ås", "Nordvik", "Sæterdal", "Tjernøy", "Ulveland")


def people(each: int) -> Iterable[tuple[str, ...]]:
    """So many users for each of the three districts; no real person, and no two alike."""
    for district, (_, _, _, short, _) in DISTRICTS.items():
        for n in range(each):
            login = f"{short.lower()}{n:03}"
            name = f"{FIRST[n % len(FIRST)]} {LAST[n // len(FIRST) % len(LAST)]}"
            role = "Leder" if n % 20 == 0 else "Saksbehandler"
            yield (district, name, role, "OPPV" if n % 2 else "HELSE", login, f"{login}@oslo.example")


def workbook(path: Path, each: int) -> Path:
    """Write them as an office program would."""
    from openpyxl import Workbook

    book = Workbook(write_only=True)
    sheet = book.create_sheet("Ansatte")
    sheet.append(HEADERS)
    for row in people(each):
        sheet.append(row)
    book.save(path)
    return path
