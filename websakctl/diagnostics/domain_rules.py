"""Rules of the field: what archive, law and mail ask of a setup that is well-formed. Each may be set and exempted."""

from websakctl.diagnostics.diagnostic import Severity
from websakctl.diagnostics.rule import Rule


def _error(name: str, summary: str, why: str, bad: str, good: str) -> Rule:
    return Rule(name=name, summary=summary, why=why, bad=bad, good=good, severity=Severity.ERROR, settable=True)


def _warning(name: str, summary: str, why: str, bad: str, good: str) -> Rule:
    return Rule(name=name, summary=summary, why=why, bad=bad, good=good, severity=Severity.WARNING, settable=True)


OF_THE_FIELD = (
    _error(
        "sub-org-without-route",
        "Mail to a sub-org number ends on no desk.",
        "Mail that nobody reads is lost in silence, deadlines and all. A number needs SvarInn with a unit, or Altinn with "
        "readers or a named daily routine.",
        '"975016684": {name: Frogner barnehage, channel: altinn}',
        '"975016684": {name: Frogner barnehage, channel: altinn, readers: [Styrer]}',
    ),
    _error(
        "form-without-target",
        "What is sent in with a form ends nowhere.",
        "A form for a specialist system must name the system. One that is received, registered and distributed without hands "
        "must say as which case type; without it nobody would know that it came.",
        "LEDSAGER: {name: Ledsagerbevis, target: websak, automatic: true}",
        "LEDSAGER: {name: Ledsagerbevis, target: websak, automatic: true, case_type: LEDSAGER}",
    ),
    _error(
        "access-code-without-basis",
        "An access code withholds without a statutory basis.",
        "Nothing may be withheld without a provision that allows it (Noark 5 M501). A code where the caseworker picks the "
        "section says `basis_chosen_per_case: true`; a code that is publishable and hides nothing needs none.",
        "P: {name: Personalsaker, screening_level: 3}",
        "P: {name: Personalsaker, screening_level: 3, "
        "legal_basis: [{reference: offl. § 13 første ledd, valid_from: 2009-01-01}]}",
    ),
    _warning(
        "basis-not-in-force",
        "No statutory basis of an access code is in force today.",
        "What is withheld under a provision that has ended, or has not begun, is withheld without a basis. It is an error for a "
        "code that the change at hand adds or edits (`validate --changed-since`): no day alone makes a config invalid.",
        "legal_basis: [{reference: barnevernloven (1992) § 6-7, valid_from: 1993-01-01, valid_to: 2022-12-31}]",
        "legal_basis: [{reference: barnevernsloven § 13-1, valid_from: 2023-01-01}]",
    ),
    _warning(
        "basis-ended",
        "One statutory basis of an access code has ended, and none took its place.",
        "Laws move. The old basis stays for the old documents; the new one must be said too, with the day it began. "
        "It is an error for a code that the change at hand adds or edits (`validate --changed-since`).",
        "{reference: sosialtjenesteloven (1991) § 8-8, valid_from: 1993-01-01, valid_to: 2009-12-31}   (and nothing newer)",
        "{reference: sosialtjenesteloven § 44, valid_from: 2010-01-01}   (below it)",
    ),
    _warning(
        "legal-basis-ended",
        "A legal basis rests on a provision that has ended, or has not come into force.",
        "`legal_sources:` says how long each act, regulation and section holds. It is an error for an entry that the change at "
        "hand adds or edits (`validate --changed-since`): no day alone makes a config invalid.",
        "PERS: {legal_basis: barnevernloven (1992) § 6-7, …}   (it ended 2022-12-31)",
        "PERS: {legal_basis: barnevernsloven § 13-1, …}",
    ),
    _warning(
        "legal-basis-ending",
        "A legal basis rests on a provision that will end.",
        "There is time to find out what takes its place. The setting `law_days_ahead` says how long before its last day it is told.",
        "PERS: {legal_basis: fvl. § 13, …}   (`legal_sources:` says that it ends soon)",
        "PERS: {legal_basis: forvaltningsloven (2025) § 40, …}",
    ),
    _warning(
        "legal-basis-unregistered",
        "A legal basis cites what `legal_sources:` does not have.",
        "Nobody can tell whether it holds: it may be misspelt, repealed, or never have been. Each act is one row, with the sections "
        "that are cited. It is an error for an entry that the change at hand adds or edits. Nothing is looked up where the config "
        "has no `legal_sources:` at all.",
        "PERS: {legal_basis: forvaltningsloven 1899 § 1, …}",
        "PERS: {legal_basis: fvl. § 13, …}",
    ),
    _warning(
        "legal-basis-predates-source",
        "A legal basis is said to hold from before its act or section did.",
        "One of the two days is wrong, and documents of that time would be withheld under something that was not there.",
        "{reference: offl. § 13, valid_from: 1970-01-01}   (offentleglova is from 2009)",
        "{reference: offl. § 13, valid_from: 2009-01-01}",
    ),
    _error(
        "period-reversed",
        "Something ends before it begins.",
        "It would never hold.",
        "valid_from: 2027-01-01, valid_to: 2026-12-31",
        "valid_from: 2026-01-01, valid_to: 2026-12-31",
    ),
    _warning(
        "noark-code-collision",
        "An access code is one of Noark's letters and means something else.",
        "On Noark 5's list B, K and H are gradings under the Security Act and F one under the Protection Instruction; an "
        "export with another meaning reads as classified. Source: Noark 5 service interface, code list of access "
        "restrictions.",
        "B: {name: Barnehagebarn, …}",
        "BB: {name: Barnehagebarn, …}",
    ),
    _error(
        "temporary-without-end",
        "A temporary access code has no end.",
        "A document that is withheld until it has been judged stays withheld when nothing ends it. An end is "
        "`screening_years` (Noark 5 M504: each document's screening then ends) or a `valid_to` on every basis (the code "
        "itself then ends). XX is temporary by Noark's list, whether it says so or not.",
        "XX: {name: Midlertidig unntatt, temporary: true, …}",
        "XX: {name: Midlertidig unntatt, temporary: true, screening_years: 1, …}",
    ),
    _error(
        "personal-data-published",
        "A case type with personal data publishes automatically.",
        "Confidential information and special categories of personal data may never be on the internet "
        "(offentlegforskrifta § 7).",
        "PERS: {personal_data: true, publish: true, …}",
        "PERS: {personal_data: true, …}",
    ),
    _error(
        "client-file-unscreened",
        "Cases that are ordered by national identity number are not screened.",
        "The number and that somebody is a client would stand in the public register. Such a case type needs an access "
        "code and a screening level, its own or the code's.",
        "LEDSAGER: {ordering_principle: fødselsnummer, …}",
        "LEDSAGER: {ordering_principle: fødselsnummer, access_code: KL, screening_level: 3, …}",
    ),
    _warning(
        "client-file-screened-too-little",
        "Cases that are ordered by national identity number are screened below level 3.",
        "Levels 1 and 2 hide the text and the second line of the title; only 3 hides the party and the classification, "
        "which here is the number.",
        "LEDSAGER: {ordering_principle: fødselsnummer, access_code: KL, screening_level: 1, …}",
        "LEDSAGER: {ordering_principle: fødselsnummer, access_code: KL, screening_level: 3, …}",
    ),
    _error(
        "retention-years",
        "The retention and its years do not go together.",
        "K is disposed of after a number of years (Noark 5 M450, M451); without it nothing ever is. B is kept for ever and "
        "G is not decided yet: years there would be read as a decision to destroy.",
        "retention: B, retention_years: 10",
        "retention: K, retention_years: 10",
    ),
    _warning(
        "disposal-without-basis",
        "A case type is disposed of, and no decision is named.",
        "Public archives may be destroyed only as decided; the decision belongs beside the years (Noark 5 M453).",
        "retention: K, retention_years: 10",
        "retention: K, retention_years: 10, retention_basis: RA-forskrift § 7-26",
    ),
    _warning(
        "einnsyn-code-differs",
        "A unit's abbreviation is not its code in eInnsyn.",
        "eInnsyn finds the unit of a journal entry by its abbreviation in Websak; if they differ, requests for access go "
        "astray.",
        "OPPV: {name: Oppvekst, abbreviation: OPPVEKST, einnsyn_code: OPPV}",
        "OPPV: {name: Oppvekst, abbreviation: OPPV, einnsyn_code: OPPV}",
    ),
    _warning(
        "personal-email",
        "An e-mail address that looks like a person's stands in the config.",
        "Persons change jobs and git forgets nothing; the setup names roles and shared mailboxes. An address is taken for "
        "a person's when it is written first.last and no part of it is a word for an office.",
        "contact: kari.nordmann@example.no",
        "contact: postmottak@example.no",
    ),
    _warning(
        "reader-is-a-person",
        "A person is named where a role should be.",
        "Whoever reads a number's mail in Altinn changes jobs and goes on holiday; a role stays, and somebody always holds "
        "it. A reader is taken for a person when it is an e-mail address, or two or more words that all begin with a capital "
        "and none of which is a word for an office.",
        "readers: [Kari Nordmann]",
        "readers: [Styrer, Assisterende styrer]",
    ),
    _warning(
        "reader-is-altinn-role",
        "What Altinn gives is named where somebody who reads should be.",
        "Roles of Altinn 2, such as Post/arkiv and Taushetsbelagt post, ended with it on 19 June 2026. Access packages took "
        "their place, one for ordinary and one for confidential mail; the config names the roles in the district whose "
        "holders read, and an export of Altinn's access management shows who holds the packages (`suborgs check altinn`).",
        "readers: [Post/arkiv]",
        "readers: [Styrer, Assisterende styrer]",
    ),
    _error(
        "allotment-over-bought",
        "More seats are allotted than were bought.",
        "Somebody would not get in.",
        "bought: 10, allotments: {frogner: 11}",
        "bought: 11, allotments: {frogner: 11}",
    ),
    _warning(
        "waiver-expired",
        "The waiver of a gate has ended.",
        "The gate is closed again since that day, and its batch does not run: what was put off must be done, or decided again.",
        "OPPLAERING-LEDERE: {waived: {by: Prosjekteier, why: Kurset er flyttet, until: 2020-01-01}}",
        "OPPLAERING-LEDERE: {by: Opplæringsansvarlig, on: 2020-01-15, evidence: sak 20/1}",
    ),
    _warning(
        "access-segregation",
        "Somebody both approves and administers.",
        "Who administers can give himself any access; the same person should approve nothing. What approves, the settings say "
        "(`approving_role_types` and `approving_functions` of `access_model:`).",
        'OLANOR: {role: LEADER, access_functions: ["0", "30"], …}   (30 approves)',
        'OLANOR: {role: LEADER, access_functions: ["30"], …}',
    ),
    _warning(
        "access-beyond-role",
        "A user's own entry gives more than the role.",
        "Access that no role explains stays when the reason is gone, and nobody finds it again.",
        'KARNOR: {role: CASEWORKER, access_functions: ["10", "40"], …}   (and the role has 10 only)',
        "KARNOR: {role: ARCHIVIST, …}",
    ),
    _warning(
        "access-group-without-owner",
        "Nobody answers for an access group that lets its members read.",
        "Somebody must decide who is in it. Which groups open which access codes, the settings say (`group_codes` of "
        "`access_model:`).",
        "BARNEVERN: {}",
        "BARNEVERN: {owner: Leder av barneverntjenesten}",
    ),
    _warning(
        "sensitive-code-readers",
        "A sensitive access code can be read by nobody in its units, or by everybody in a district.",
        "Where nobody can read it, cases lie still or are registered with another code; where everybody can, the code protects "
        "nothing. Its units are those of `read_in`, else all.",
        "F: {sensitive: true, read_in: [BV], …}   (and no role of the users in BV names F)",
        "F: {sensitive: true, read_in: [BV], …}   (and the caseworkers in BV have a role with grades: [F])",
    ),
    _warning(
        "override-expired",
        "An override is past its `until`.",
        "It still holds; somebody meant to look at it again.",
        "until: 2020-01-01",
        "a later date, or no override",
    ),
)

ABOUT_IGNORING = (
    Rule(
        name="ignore-without-reason",
        summary="A comment exempts a line from a rule and does not say why.",
        why="Nobody can tell later whether the exemption still holds.",
        bad="# websakctl: ignore[noark-code-collision]",
        good="# websakctl: ignore[noark-code-collision] Byarkivet keeps B; the export translates it",
    ),
    Rule(
        name="ignore-unused",
        summary="A comment exempts a line from a rule that finds nothing there.",
        why="It would hide the next mistake on that line.",
        bad="P: {…} # websakctl: ignore[noark-code-collision] P is ours",
        good="P: {…}",
        severity=Severity.WARNING,
    ),
)
