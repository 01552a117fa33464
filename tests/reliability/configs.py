"""A small config before and after: the way between is about thirty writes of every sort."""


def number(eight: str) -> str:
    """A valid organisation number that begins with these eight digits."""
    rest = sum(int(digit) * weight for digit, weight in zip(eight, (3, 2, 7, 6, 5, 4, 3, 2), strict=True)) % 11
    assert rest != 1, f"no check digit fits {eight}"
    return eight + str((11 - rest) % 11)


SETTINGS = """\
organisation: {name: Oslo kommune, orgnr: "958935420"}
"""

_DISTRICTS = {
    "districts/frogner/district.yaml": """\
district: {name: Bydel Frogner, number: "05", orgnr: "874778702", short_name: BFR, prefix: FR}
""",
    "districts/sagene/district.yaml": """\
district: {name: Bydel Sagene, number: "03", orgnr: "974778726", short_name: BSA, prefix: SA}
""",
}

BEFORE = {
    **_DISTRICTS,
    "config/websak.yaml": SETTINGS,
    "config/units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    HELSE: {name: Helse og mestring}
    KULT: {name: Kultur, parent: OPPV}
    GML: {name: Gammelt prosjekt}
    PARK: {name: Parker, parent: KULT}
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: OPPV, channel: svarinn}
""",
    "config/registers.yaml": """\
access_codes:
  U: {name: Unntatt offentlighet, basis_chosen_per_case: true}
  P: {name: Personalsaker, legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]}
  N: {name: Ikke i bruk lenger, legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]}
case_types:
  PERS: {name: Personalmappe, series: PERS, ordering_principle: emne, access_code: P, retention: B}
  ELEV: {name: Elevmappe, series: ELEV, ordering_principle: emne, access_code: P, retention: B}
  GAMLE: {name: Gamle saker, series: SAK, ordering_principle: emne, access_code: N, retention: K, retention_years: 5, retention_basis: Bevarings- og kassasjonsplan}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 100, allotments: {frogner: 40, sagene: 50}}
  UTGAATT: {product: Gammel klient, bought: 10, allotments: {frogner: 10}}
rollout_batches:
  PULJE-1: {name: Første pulje, districts: [frogner]}
  PROEVE: {name: Prøvepulje, districts: [sagene]}
""",
    "districts/sagene/sub_orgs.yaml": f"""\
sub_orgs:
  "{number("97500002")}": {{name: Sagene prosjekt, unit: OPPV, channel: altinn, readers: [Arkivar]}}
  "{number("97500008")}": {{name: Grensen barnehage, unit: GRENSEN, channel: altinn, readers: [Styrer]}}
""",
    "districts/sagene/org_units.yaml": """\
org_units:
  GRENSEN: {name: Grensen barnehage, parent: OPPV}
""",
}

AFTER = {
    **_DISTRICTS,
    "config/websak.yaml": SETTINGS,
    "config/units.yaml": """\
each_district:
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst og læring, phone: "23470000"}
    HELSE: {name: "Helse, mestring og trygghet"}
    KULT: {name: Kultur, parent: HELSE}
    BHG: {name: Barnehager, parent: OPPV}
    UTE: {name: Parker og uteområder, parent: KULT, previously: [PARK]}
    BH1: {name: Første barnehage, parent: BHG}
  sub_orgs:
    "{district.orgnr}": {name: "{district.name}", unit: BHG, channel: svarinn}
""",
    "config/registers.yaml": """\
access_codes:
  U: {name: Unntatt offentlighet, legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]}
  P: {name: Personalsaker, legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]}
  FV: {name: Familievern, legal_basis: [{reference: offl. § 13, valid_from: 2009-01-01}]}
access_groups:
  ARKIVET: {}
  LEDERNE: {}
case_types:
  PERS: {name: Personalmapper, series: PERS, ordering_principle: emne, access_code: FV, retention: B}
  ELEV: {name: Elevmapper, series: ELEV, ordering_principle: emne, access_code: P, retention: B}
  BARN: {name: Barnevern, series: BARN, ordering_principle: emne, access_code: FV, retention: B}
licences:
  WEBSAK-PLUS: {product: Websak+, bought: 120, allotments: {frogner: 45, sagene: 60}}
  EDIALOG: {product: eDialog, bought: 5, allotments: {sagene: 5}}
rollout_batches:
  PULJE-1: {name: Første pulje, districts: [frogner], go_live: 2027-03-01}
  PULJE-2: {name: Andre pulje, districts: [sagene]}
  PULJE-0: {name: Prøvepulje, districts: [sagene], previously: [PROEVE]}
""",
    "districts/frogner/sub_orgs.yaml": f"""\
sub_orgs:
  "{number("97500003")}": {{name: Frogner første barnehage, unit: BH1, channel: altinn, readers: [Styrer], batch: PULJE-1}}
  "{number("97500008")}": {{name: Grensen barnehage, unit: GRENSEN, channel: altinn, readers: [Styrer]}}
""",
    "districts/frogner/org_units.yaml": """\
org_units:
  GRENSEN: {name: Grensen barnehage, parent: BHG, previously: [org_unit/sagene/GRENSEN]}
""",
    "districts/sagene/sub_orgs.yaml": f"""\
sub_orgs:
  "{number("97500005")}": {{name: Sagene første barnehage, unit: BH1, channel: altinn, readers: [Styrer], batch: PULJE-2}}
""",
}
# What somebody switches off by hand between the two: bringing it back and renaming it is two requests.
RETIRED_BY_HAND = (
    ("department", "FR-HELSE", {"validToDate": "2026-01-31T00:00:00Z"}),
    ("department", "SA-HELSE", {"validToDate": "2026-01-31T00:00:00Z"}),
    ("case_type", "ELEV", {"active": False}),
)

# People, for a way of their own: made with roles, functions, groups and zones, changed, put at the head of a unit, retired.
_PEOPLE = {
    **_DISTRICTS,
    "config/websak.yaml": SETTINGS,
    "config/units.yaml": """\
each_district:
  access_groups: {LESERE: {}, POST: {}}
  org_units:
    BYDEL: {name: "{district.name}", abbreviation: "{district.short_name}", unit_type: Bydel}
    OPPV: {name: Oppvekst}
    HELSE: {name: Helse}
""",
    "config/roles.yaml": """\
user_roles:
  CASEWORKER:
    name: Saksbehandler
    template_id: "20001"
    access_functions: ["10", "60"]
    roles: {SB: {units: own, grades: [U]}}
    district_groups: [LESERE]
    zones: [Åpen sone]
  LEADER: {name: Leder, template_id: "20002", roles: {LD: {units: district, grades: [U]}}, zones: [Åpen sone]}
""",
}


def _user(code: str, role: str, unit: str, more: str = "") -> str:
    low = code.lower()
    logins = f"username: {low}, email: {low}@example.org, logins: [{{key: {low}}}]"
    return f"  {code}: {{name: Person {code}, role: {role}, unit: {unit}, {logins}{more}}}\n"


PEOPLE_BEFORE = {
    **_PEOPLE,
    "users/frogner.yaml": "users:\n" + _user("A1", "CASEWORKER", "OPPV") + _user("B1", "LEADER", "HELSE"),
    "users/sagene.yaml": "users:\n" + _user("C1", "CASEWORKER", "OPPV"),
}
PEOPLE_AFTER = {
    **_PEOPLE,
    "users/frogner.yaml": "users:\n"
    + _user("A1", "LEADER", "HELSE", ", title: Leder, manages: [HELSE]")
    + _user("D1", "CASEWORKER", "OPPV", ", leave: {first_day: 2027-02-01}"),
    "users/sagene.yaml": "users:\n" + _user("C1", "CASEWORKER", "OPPV", ", title: Rådgiver, district_groups: []"),
}
