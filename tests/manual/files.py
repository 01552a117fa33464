"""A small config with every kind that people set."""

from tests.cli.command_line import SMALL

MANUAL = {
    **SMALL,
    "config/around.yaml": """\
integrations:
  MOTTAK: {name: Acos Mottak, purpose: Tar imot post, direction: in, responsible: Byarkivet}
  SVARINN: {name: SvarInn, purpose: Post inn, direction: in, through: MOTTAK, responsible: Dokumentsenteret}
specialist_systems:
  GERICA: {name: Gerica, archive: paper}
forms:
  KONTAKT: {name: Kontaktskjema, target: websak, automatic: false, unit: OPPV, integration: MOTTAK}
  HJELP:
    name: Søknad om hjelp
    target: specialist-system
    specialist_system: GERICA
    automatic: true
    exceptions:
      sagene: {what: Går til en annen enhet, reason: Egen ordning, owner: Bydel Sagene, unit: HELSE}
""",
    "config/committees.yaml": """\
each_district:
  committees:
    BU: {name: Bydelsutvalget, unit: OPPV}
    ELDR: {name: Eldrerådet}
  historical_bases:
    SAKARKIV: {name: Gammel base, readers: [Arkivar]}
""",
}
