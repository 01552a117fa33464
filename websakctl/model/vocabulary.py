"""The words of the field, Norwegian and English; ``docs/glossary.md`` and ``websakctl explain`` are made from them."""

from collections.abc import Iterable

import msgspec


class Word(msgspec.Struct, frozen=True, kw_only=True):
    """A Norwegian word, the English one used here, and what it means; fields and kinds stand in backticks."""

    norwegian: str
    english: str
    meaning: str


GLOSSARY: dict[str, tuple[Word, ...]] = {
    "The city and its Websak": (
        Word(norwegian="bydel", english="district", meaning="one of Oslo's fifteen; `district`"),
        Word(norwegian="bydelsutvalg", english="district council", meaning="the elected body of a district"),
        Word(
            norwegian="råd og utvalg",
            english="committees",
            meaning="elected and advisory bodies, run in the meeting module",
        ),
        Word(
            norwegian="Byarkivet",
            english="city archive",
            meaning="answers for the city's archives and administers the shared Websak",
        ),
        Word(
            norwegian="dokumentsenter",
            english="document centre",
            meaning="receives and registers mail for all districts",
        ),
        Word(
            norwegian="byrådsavdeling",
            english="city government department",
            meaning="stands between the city and a district in the business register",
        ),
        Word(norwegian="etat", english="agency", meaning="a city-wide municipal body"),
        Word(
            norwegian="virksomhet",
            english="municipal entity",
            meaning="a district, an agency or a municipal enterprise, each with an archive of its own",
        ),
        Word(
            norwegian="felles base, felles oppsett",
            english="shared base, shared setup",
            meaning="one database and one configuration for all districts",
        ),
        Word(norwegian="pulje", english="rollout batch", meaning="districts that go live together; `rollout_batch`"),
        Word(
            norwegian="klarsjekk",
            english="readiness gate",
            meaning="what must be in order before a district goes live; `gate`",
        ),
        Word(
            norwegian="tilsynsfunn",
            english="finding",
            meaning="what a supervisory report found, its deadline, and what closed it; `finding`",
        ),
        Word(norwegian="lisens", english="licence", meaning="the right to one seat of a product; `licence`"),
        Word(
            norwegian="fagsystem",
            english="specialist system",
            meaning="a system for one service, beside the case archive",
        ),
    ),
    "Units and people": (
        Word(
            norwegian="administrativ enhet, avdeling",
            english="org unit",
            meaning="a department in the tree; `org_unit`",
        ),
        Word(
            norwegian="tjenestested",
            english="service site",
            meaning="where a service is given, such as a kindergarten; a `unit_type`",
        ),
        Word(
            norwegian="kortnavn",
            english="abbreviation",
            meaning="a unit's short name, unique in the whole base; `abbreviation`",
        ),
        Word(
            norwegian="journalenhet",
            english="registry unit",
            meaning="who registers the documents; not the same as the org unit",
        ),
        Word(norwegian="bruker", english="user", meaning="a person with a service need; `user`"),
        Word(
            norwegian="brukerrolle",
            english="user role",
            meaning="what users of one sort are made from and may; `user_role`",
        ),
        Word(
            norwegian="malbruker",
            english="template user",
            meaning="the user in Websak that new ones are copied from; `template_id`",
        ),
        Word(norwegian="saksbehandler", english="caseworker", meaning="handles cases"),
        Word(norwegian="leder", english="leader", meaning="answers for a unit and its cases"),
        Word(norwegian="arkivar", english="archivist", meaning="registers, checks and keeps"),
        Word(
            norwegian="utvalgssekretær", english="committee secretary", meaning="prepares the meetings of a committee"
        ),
        Word(
            norwegian="malbruker, rettighetsmal", english="template user", meaning="a user whose rights a new user gets"
        ),
        Word(norwegian="rolle", english="role", meaning="what a user is in a unit"),
        Word(norwegian="rettighet", english="permission", meaning="what a user may do"),
        Word(
            norwegian="tilgangsgruppe",
            english="access group",
            meaning="users who may see what is shielded for the group; `access_group`",
        ),
        Word(
            norwegian="tilgangsfunksjon",
            english="access function",
            meaning="a right to use a function; not an access code",
        ),
        Word(norwegian="sone", english="zone", meaning="a part of Websak with its own protection, open or secure"),
        Word(norwegian="tjenstlig behov", english="service need", meaning="the ground for getting access at all"),
    ),
    "Cases, access and keeping": (
        Word(norwegian="sak, saksmappe", english="case, case file", meaning="what documents are gathered in"),
        Word(norwegian="saksnummer", english="case number", meaning="what a case is known by"),
        Word(
            norwegian="sakstype", english="case type", meaning="what a case is about and how it is treated; `case_type`"
        ),
        Word(norwegian="personalmappe", english="personnel file", meaning="a case file about an employee"),
        Word(norwegian="journalpost", english="registry entry", meaning="one registered document"),
        Word(norwegian="journalføring", english="registration", meaning="entering a document in the registry"),
        Word(
            norwegian="offentlig journal, postliste",
            english="public register",
            meaning="the registry as the public sees it",
        ),
        Word(norwegian="eInnsyn", english="eInnsyn", meaning="the national site for public registers"),
        Word(
            norwegian="innsyn, innsynskrav", english="access, access request", meaning="seeing documents, and asking to"
        ),
        Word(
            norwegian="meroffentlighet",
            english="enhanced openness",
            meaning="giving access though one need not; must be considered",
        ),
        Word(
            norwegian="unntatt offentlighet",
            english="exempt from public access",
            meaning="withheld with a statutory basis",
        ),
        Word(
            norwegian="offentleglova (offl.)", english="Freedom of Information Act", meaning="says what may be withheld"
        ),
        Word(
            norwegian="forvaltningsloven (fvl.)",
            english="Public Administration Act",
            meaning="holds the duty of confidentiality; a successor is adopted and not yet in force",
        ),
        Word(norwegian="taushetsplikt", english="duty of confidentiality", meaning="what must not be told"),
        Word(
            norwegian="hjemmel",
            english="statutory basis",
            meaning="the provision that allows withholding; `legal_basis`",
        ),
        Word(norwegian="tilgangskode", english="access code", meaning="who may read; `access_code`"),
        Word(norwegian="tilgangsrestriksjon", english="access restriction", meaning="the same idea in Noark 5 (M500)"),
        Word(
            norwegian="avskjermingskode",
            english="screening level",
            meaning="Websak's 1 to 3, from the text alone to the parties too; `screening_level`",
        ),
        Word(norwegian="skjerming", english="screening", meaning="hiding a title, a party or a document"),
        Word(
            norwegian="rettskilde",
            english="legal source",
            meaning="an act, a regulation or a decision that legal bases rest on, with the time it holds; `legal_source`",
        ),
        Word(
            norwegian="skjermingshjemmel",
            english="basis for screening",
            meaning="the provision named with it (Noark 5 M501)",
        ),
        Word(
            norwegian="gradering",
            english="classification marking",
            meaning="access code, screening level and section together",
        ),
        Word(norwegian="arkivskaper", english="records creator", meaning="the body whose archive it is"),
        Word(
            norwegian="arkivdel",
            english="series",
            meaning="a part of the archive with one ordering principle; `series`",
        ),
        Word(
            norwegian="arkivnøkkel",
            english="classification scheme",
            meaning="the list of classes, such as KS's K-koder",
        ),
        Word(
            norwegian="ordningsprinsipp, ordningsverdi",
            english="ordering principle, its value",
            meaning="what cases are ordered by, and the class, number or id itself; `ordering_principle`",
        ),
        Word(
            norwegian="klasse, klassering",
            english="class, classification",
            meaning="the subject code and giving it; `class_code`",
        ),
        Word(
            norwegian="fellesklasse, fagklasse",
            english="common class, subject class",
            meaning="the two halves of K-koder: administration and services",
        ),
        Word(norwegian="bevaring", english="preservation", meaning="kept for ever; `retention: B`"),
        Word(norwegian="kassasjon", english="disposal", meaning="destroyed as decided; `retention: K`"),
        Word(
            norwegian="kassasjonsvedtak", english="disposal decision", meaning="B preserve, K dispose, G decide later"
        ),
        Word(norwegian="bevaringstid", english="retention period", meaning="years before disposal; `retention_years`"),
        Word(
            norwegian="dokumentasjonsplan (før: arkivplan)",
            english="records management plan",
            meaning="the plan each archive must have",
        ),
        Word(
            norwegian="utgår, nedleggelse",
            english="discontinued, closure",
            meaning="no longer used; it is deactivated, not deleted",
        ),
    ),
    "Numbers and mail": (
        Word(
            norwegian="organisasjonsnummer",
            english="organisation number",
            meaning="nine digits, the last a check digit",
        ),
        Word(
            norwegian="organisasjonsledd",
            english="organisational unit (ORGL)",
            meaning="the register's form for a district",
        ),
        Word(norwegian="underenhet", english="sub-unit (BEDR)", meaning="an establishment with a number of its own"),
        Word(norwegian="overordnet enhet", english="parent unit", meaning="what a sub-unit belongs to in the register"),
        Word(
            norwegian="underorganisasjonsnummer",
            english="sub-org number",
            meaning="a sub-unit's number as a mail address; `sub_org`",
        ),
        Word(norwegian="forsendelse", english="shipment", meaning="one message with its documents"),
        Word(
            norwegian="forsendelsestype",
            english="message type",
            meaning="what a shipment is, used for routing; `message_types`",
        ),
        Word(norwegian="mottakersystem", english="receiving system", meaning="what fetches mail for given numbers"),
        Word(
            norwegian="SvarUt, SvarInn",
            english="SvarUt, SvarInn",
            meaning="KS's services for sending and receiving; `channel: svarinn`",
        ),
        Word(norwegian="Altinn", english="Altinn", meaning="the state's mailbox for organisations; `channel: altinn`"),
        Word(
            norwegian="Dokulink",
            english="Dokulink",
            meaning="forwards mail from Altinn to e-mail today; being shut down; `arrives: dokulink`",
        ),
        Word(norwegian="postmottak", english="mailroom", meaning="where mail comes in"),
        Word(norwegian="postfordeler", english="mail distributor", meaning="who passes a unit's mail on"),
    ),
}

# By field, or by kind and field where the same field means something of its own.
FIELDS: dict[str, Word] = {
    "name": Word(norwegian="navn", english="name", meaning="what people see; at most 70 letters, the server cuts longer ones"),
    "previously": Word(norwegian="tidligere nøkler", english="previously", meaning="keys it had before: it is renamed in place, not recreated"),
    "protected": Word(norwegian="vernet", english="protected", meaning="its removal must be allowed by name"),
    "valid_from": Word(norwegian="gyldig fra", english="valid from", meaning="the first day that it holds"),
    "valid_to": Word(norwegian="gyldig til", english="valid to", meaning="the last day that it holds; if omitted, no end is known"),
    "status": Word(norwegian="status", english="status", meaning="`example`: made up to show the setup; no gate is passed by it until somebody confirms it"),
    "preparation.code": Word(norwegian="aktivitetskode", english="preparation code", meaning="the preparation's key"),
    "preparation.responsible": Word(norwegian="ansvarlig", english="responsible", meaning="who does it: a role, not a person's name"),
    "preparation.before": Word(norwegian="virkedager før", english="before", meaning="working days from its end to go-live"),
    "preparation.days": Word(norwegian="virkedager", english="days", meaning="working days that it takes"),
    "preparation.gate": Word(norwegian="klarsjekk", english="gate", meaning="the gate that tells whether it is done"),
    "legal_source.code": Word(norwegian="rettskildekode", english="legal source code", meaning="the key of the row, which other rows name as successor"),
    "legal_source.name": Word(norwegian="tittel", english="title", meaning="the title of the act, the regulation or the decision, or what a date is about"),
    "legal_source.type": Word(norwegian="type", english="type", meaning="act, regulation, decision of the city's own, or a date that binds: deadline"),
    "legal_source.number": Word(norwegian="lovnummer", english="number", meaning="as lovdata.no has it, or the case number of a decision"),
    "legal_source.cited_as": Word(norwegian="siteres som", english="cited as", meaning="what legal bases call it, before the section; number and key are known anyhow"),
    "legal_source.sections": Word(norwegian="paragrafer", english="sections", meaning="the sections that the config cites, each with what is known of it; if omitted, any section is taken"),
    "legal_source.commencement": Word(norwegian="ikrafttredelse", english="commencement", meaning="`undecided`: adopted, and the day it comes into force is not decided"),
    "legal_source.successor": Word(norwegian="avløses av", english="successor", meaning="the row that takes its place"),
    "legal_source.source": Word(norwegian="kilde", english="source", meaning="where the facts of the row are from"),
    "legal_source.confirmed": Word(norwegian="bekreftet", english="confirmed", meaning="who looked it up in its source, and when; if omitted, the row is to be confirmed"),
    "legal_source.unsettled": Word(norwegian="uavklart", english="unsettled", meaning="what of it nobody has confirmed; while it stands, the row is to be confirmed"),
    "legal_source.binds_rollout": Word(norwegian="binder innføringen", english="binds the rollout", meaning="`rollout check` and the status page warn of its days"),
    "legal_source.next": Word(norwegian="neste steg", english="next", meaning="what to do about it"),
    "specialist_system.owner": Word(norwegian="systemeier", english="owner", meaning="who answers for the system"),
    "access_code.code": Word(norwegian="tilgangskode", english="access code", meaning="the code itself, as it stands in the register"),
    "access_code.name": Word(norwegian="navn", english="name", meaning="what the code is called where it is chosen"),
    "access_code.description": Word(norwegian="beskrivelse", english="description", meaning="when to use it, for those who choose"),
    "access_code.legal_basis": Word(norwegian="hjemmel", english="statutory basis", meaning="the provisions that allow withholding (Noark 5 M501), each with the time it holds"),
    "access_code.basis_chosen_per_case": Word(norwegian="hjemmel velges i saken", english="basis chosen per case", meaning="the caseworker picks the section, so none is fixed here"),
    "screening_level": Word(norwegian="avskjermingskode", english="screening level", meaning="1 hides the text, 2 the second line of the title too, 3 also the parties and the classification"),
    "access_code.screening_years": Word(norwegian="skjermingsvarighet", english="screening years", meaning="after how many years the screening ends (Noark 5 M504)"),
    "access_code.publishable": Word(norwegian="publiserbar", english="publishable", meaning="whether documents with it may be published: yes, no or partly"),
    "access_code.temporary": Word(norwegian="midlertidig", english="temporary", meaning="to be judged and lifted; it must have an end"),
    "access_code.sensitive": Word(norwegian="sensitiv", english="sensitive", meaning="who may read it is guarded: a plan that lets more people read it says so"),
    "access_group.name": Word(norwegian="tilgangsgruppe", english="access group", meaning="the group's name, which is its key"),
    "case_type.code": Word(norwegian="sakstypekode", english="case type code", meaning="the key that cases of the type bear"),
    "case_type.series": Word(norwegian="arkivdel", english="series", meaning="the part of the archive that the cases belong to"),
    "case_type.ordering_principle": Word(norwegian="ordningsprinsipp", english="ordering principle", meaning="what the cases are ordered by: subject, object, national identity number"),
    "case_type.class_code": Word(norwegian="klasse", english="class", meaning="the code in the classification scheme, such as KS's K-koder; quote it"),
    "case_type.access_code": Word(norwegian="tilgangskode", english="access code", meaning="the code that a case of the type gets"),
    "case_type.legal_basis": Word(norwegian="hjemmel", english="statutory basis", meaning="the provision that a case of the type gets, as text"),
    "case_type.retention": Word(norwegian="kassasjonsvedtak", english="retention", meaning="B preserve, K dispose of, G decide later (Noark 5 M450)"),
    "case_type.retention_years": Word(norwegian="bevaringstid", english="retention period", meaning="years from the case's end to its disposal (Noark 5 M451); for K only"),
    "case_type.retention_basis": Word(norwegian="kassasjonshjemmel", english="basis for disposal", meaning="the decision or section that says so (Noark 5 M453)"),
    "case_type.publish": Word(norwegian="publiser i eInnsyn", english="publish", meaning="whether cases of the type are published automatically"),
    "case_type.personal_data": Word(norwegian="personopplysninger", english="personal data", meaning="the cases hold personal data and are never published automatically"),
    "gate.code": Word(norwegian="klarsjekk", english="gate code", meaning="the gate's key"),
    "gate.name": Word(norwegian="navn", english="name", meaning="the preparation, as districts know it"),
    "gate.check": Word(norwegian="automatisk sjekk", english="check", meaning="how the tool judges it, from config and Websak; if omitted, it is attested or has an expression"),
    "gate.match": Word(norwegian="uttrykk", english="match", meaning="an expression (JMESPath) over the district; what it finds is in the way"),
    "gate.after": Word(norwegian="etter", english="after", meaning="the gate that must be passed before this one"),
    "gate.next": Word(norwegian="neste steg", english="next", meaning="what to do while it is not passed"),
    "retirement.retired": Word(norwegian="avviklet", english="retired", meaning="what goes: a unit's key, or the address of anything else"),
    "retirement.heir": Word(norwegian="arving", english="heir", meaning="what takes over users, children, routes and all else that refers to it"),
    "retirement.reason": Word(norwegian="begrunnelse", english="reason", meaning="why it goes"),
    "finding.code": Word(norwegian="funnkode", english="finding code", meaning="the finding's key"),
    "finding.name": Word(norwegian="funn", english="finding", meaning="what was found, in a sentence"),
    "finding.source": Word(norwegian="kilde", english="source", meaning="the report: who wrote it, its day and case number"),
    "finding.reported": Word(norwegian="rapportert", english="reported", meaning="the day of the report"),
    "finding.districts": Word(norwegian="bydeler", english="districts", meaning="whom it is about, by slug; none: all"),
    "finding.responsible": Word(norwegian="ansvarlig", english="responsible", meaning="who sees to it: a role or a unit of the city, never a person"),
    "finding.deadline": Word(norwegian="frist", english="deadline", meaning="the day by which it is to be mended"),
    "finding.measure": Word(norwegian="tiltak", english="measure", meaning="what is done about it"),
    "finding.evidence": Word(norwegian="dokumentasjon", english="evidence", meaning="a link or a case number that shows the measure"),
    "finding.closed": Word(norwegian="lukket", english="closed", meaning="the day from which it is closed; without measure and evidence it is closed without evidence"),
    "attestation.gate": Word(norwegian="klarsjekk", english="gate", meaning="the gate that it is about"),
    "attestation.by": Word(norwegian="bekreftet av", english="by", meaning="who says so: a role, or who can be asked"),
    "attestation.on": Word(norwegian="dato", english="on", meaning="the day from which it is so"),
    "attestation.evidence": Word(norwegian="dokumentasjon", english="evidence", meaning="a link or a case number that shows it"),
    "attestation.waived": Word(norwegian="fritak", english="waived", meaning="the gate is let pass: by whom, why, and until when; after that day it is not"),
    "licence.code": Word(norwegian="lisensnøkkel", english="licence code", meaning="the pool's key"),
    "licence.product": Word(norwegian="produkt", english="product", meaning="what the seats are of"),
    "licence.bought": Word(norwegian="kjøpt antall", english="bought", meaning="seats that were bought"),
    "licence.allotments": Word(norwegian="fordeling", english="allotments", meaning="seats of each district, by slug; together at most what was bought"),
    "org_unit.key": Word(norwegian="ekstern id", english="external id", meaning="what integrations know the unit by"),
    "org_unit.parent": Word(norwegian="overordnet enhet", english="parent unit", meaning="the local key of the unit above"),
    "org_unit.abbreviation": Word(norwegian="kortnavn", english="abbreviation", meaning="the short name, unique in the whole base"),
    "org_unit.unit_type": Word(norwegian="enhetstype", english="unit type", meaning="what kind of unit it is; the API cannot change it"),
    "org_unit.address": Word(norwegian="adresse", english="address", meaning="the first line of the postal address"),
    "org_unit.address2": Word(norwegian="adresse, linje 2", english="address, second line", meaning="the second line of the postal address"),
    "org_unit.postal_no": Word(norwegian="postnummer", english="postal code", meaning="four digits; quote it"),
    "org_unit.contact": Word(norwegian="kontakt", english="contact", meaning="a role or a shared mailbox, never a person"),
    "org_unit.phone": Word(norwegian="telefon", english="phone", meaning="the unit's number"),
    "org_unit.visiting_address": Word(norwegian="besøksadresse", english="visiting address", meaning="where people come to; User API 3.3"),
    "org_unit.emails": Word(norwegian="e-postadresser", english="e-mail addresses", meaning="the unit's own mailboxes, never a person's; User API 3.3"),
    "org_unit.mail_group": Word(norwegian="postfordelergruppe", english="mail distribution group", meaning="the access group whose members distribute the unit's mail, the district's own by local key or one of the base; 3.0 reports it and cannot write it"),
    "org_unit.admin_group": Word(norwegian="lokal administratorgruppe", english="local admin access group", meaning="the access group of the unit's local administrators, the district's own by local key or one of the base; User API 3.3"),
    "org_unit.einnsyn_code": Word(norwegian="enhetskode i eInnsyn", english="eInnsyn code", meaning="what eInnsyn knows the unit by; compared with the abbreviation"),
    "rollout_batch.code": Word(norwegian="puljenøkkel", english="batch code", meaning="the batch's key"),
    "rollout_batch.go_live": Word(norwegian="produksjonssetting", english="go live", meaning="the day on which the districts start"),
    "rollout_batch.districts": Word(norwegian="bydeler", english="districts", meaning="slugs of the districts that go live together"),
    "rollout_batch.paused": Word(norwegian="satt på vent", english="paused", meaning="nothing is onboarded while it is; nothing is lost"),
    "rollout_batch.pause_reason": Word(norwegian="grunn til pausen", english="pause reason", meaning="why, for those who ask later"),
    "sub_org.orgnr": Word(norwegian="underorganisasjonsnummer", english="sub-org number", meaning="nine digits, the last a check digit; quote it"),
    "sub_org.unit": Word(norwegian="administrativ enhet", english="org unit", meaning="the local key of the unit whose desk the mail ends on"),
    "sub_org.channel": Word(norwegian="kanal", english="channel", meaning="where the mail is to come in: svarinn into Websak, altinn into its own inbox"),
    "sub_org.message_types": Word(norwegian="forsendelsestyper", english="message types", meaning="what is routed so; none said: all"),
    "sub_org.level": Word(norwegian="sikkerhetsnivå", english="security level", meaning="3 or 4"),
    "sub_org.readers": Word(norwegian="lesere", english="readers", meaning="roles that read Altinn every day, never persons"),
    "sub_org.confidential_readers": Word(norwegian="lesere av taushetsbelagt post", english="confidential readers", meaning="roles that read the confidential mail in Altinn, never persons"),
    "sub_org.daily_routine": Word(norwegian="daglig rutine", english="daily routine", meaning="how the mail is read every day where it does not come into Websak"),
    "sub_org.arrives": Word(norwegian="kommer i dag gjennom", english="arrives", meaning="where the mail comes in today"),
    "user.code": Word(norwegian="brukerkode", english="user code", meaning="the unique code (initials) that cases bear; the key"),
    "user.name": Word(norwegian="navn", english="name", meaning="the person's full name"),
    "user.role": Word(norwegian="brukerrolle", english="user role", meaning="the role whose template user the user is made from"),
    "user.unit": Word(norwegian="administrativ enhet", english="org unit", meaning="the local key of the unit that the user belongs to"),
    "user.title": Word(norwegian="stillingstittel", english="title", meaning="the person's position"),
    "user.phone": Word(norwegian="telefon", english="phone", meaning="the person's number at work"),
    "user.mobile": Word(norwegian="mobil", english="mobile", meaning="the person's mobile number at work"),
    "user.username": Word(norwegian="brukernavn", english="username", meaning="the login; the API takes it and never tells it"),
    "user.email": Word(norwegian="e-post", english="e-mail", meaning="the address at work; the API takes it and never tells it"),
    "user.valid_from": Word(norwegian="startdato", english="start date", meaning="the first day at work; before it the user is not made, but for the days ahead that the settings say"),
    "user.valid_to": Word(norwegian="sluttdato", english="end date", meaning="the last day at work; after it the user is deactivated"),
    "user.manages": Word(norwegian="leder for", english="manages", meaning="local keys of the units whose head the user is; omitted, they are left as they are"),
    "user.distributes": Word(norwegian="postfordeler for", english="distributes", meaning="local keys of the units whose mail the user passes on; each needs a mail distribution group"),
    "user.primary": Word(norwegian="hovedbruker", english="primary user", meaning="code of the person's first user, for a secondary user (User API 3.3): another post of the same person, without a login of its own"),
    "user.leave": Word(norwegian="permisjon", english="leave", meaning="the days on which the person is away, both included; `{}`: none"),
    "user.other_emails": Word(norwegian="andre e-postadresser", english="other e-mail addresses", meaning="all after the first; the API tells one of them at the most"),
    "user.logins": Word(norwegian="pålogging", english="logins", meaning="keys at identity providers (userAccesses); if omitted, they are left as they are"),
    "user.zones": Word(norwegian="soner", english="zones", meaning="names of the zones that the user is let into; if omitted, the role's"),
    "user.national_no": Word(norwegian="fødselsnummer", english="national identity number", meaning="only where the import is set to take it; never shown or kept"),
    "user.access_functions": Word(norwegian="tilgangsfunksjoner", english="access functions", meaning="codes of what the user may do; if omitted, the role's"),
    "user.roles": Word(norwegian="roller", english="roles", meaning="Websak's roles by id, and where each holds; if omitted, the role's"),
    "user.groups": Word(norwegian="tilgangsgrupper", english="access groups", meaning="groups of the base; if omitted, the role's"),
    "user.district_groups": Word(norwegian="bydelens tilgangsgrupper", english="district's access groups", meaning="local keys of the district's own groups; if omitted, the role's"),
    "user_role.code": Word(norwegian="rollekode", english="role code", meaning="the role's key"),
    "user_role.name": Word(norwegian="navn", english="name", meaning="what people call the role"),
    "user_role.template_id": Word(norwegian="malbruker", english="template user", meaning="Websak's id of the template user; the vendor gives it"),
    "user_role.licences": Word(norwegian="lisenser", english="licences", meaning="pools in which one user of the role takes a seat"),
    "user_role.access_functions": Word(norwegian="tilgangsfunksjoner", english="access functions", meaning="codes of what users of the role may do; if omitted, the template's"),
    "user_role.roles": Word(norwegian="roller", english="roles", meaning="Websak's roles by id: units own, district or none, archives, journal units, grades"),
    "user_role.groups": Word(norwegian="tilgangsgrupper", english="access groups", meaning="groups of the base that users of the role are in"),
    "user_role.district_groups": Word(norwegian="bydelens tilgangsgrupper", english="district's access groups", meaning="local keys of the groups that each district has of its own"),
    "user_role.zones": Word(norwegian="soner", english="zones", meaning="names of the zones that users of the role are let into; if omitted, the database's default"),
    "user_role.aliases": Word(norwegian="andre navn", english="aliases", meaning="what files from HR call the role"),
    "sub_org.batch": Word(norwegian="pulje", english="rollout batch", meaning="the batch that moves the number"),
    "committee.key": Word(norwegian="utvalgsnøkkel", english="committee key", meaning="the committee's local key; the district's prefix is put before it"),
    "committee.unit": Word(norwegian="sekretariat", english="org unit", meaning="the local key of the unit that keeps its secretariat"),
    "committee.secretaries": Word(norwegian="utvalgssekretærer", english="secretaries", meaning="the local key of the access group of those who prepare its meetings"),
    "committee.case_type": Word(norwegian="sakstype", english="case type", meaning="what its own cases are filed as"),
    "committee.portal": Word(norwegian="møteportal", english="meeting portal", meaning="whether members get their papers in Møteportalen"),
    "committee.external_members": Word(norwegian="eksterne medlemmer", english="external members", meaning="members who are not employed log in with MinID"),
    "committee.publish": Word(norwegian="publiseres", english="publish", meaning="whether agenda and minutes are published"),
    "exceptions": Word(norwegian="unntak", english="exceptions", meaning="what differs in a district, by slug: what, reason, owner, and its own unit if another one is responsible there"),
    "form.code": Word(norwegian="skjemanøkkel", english="form code", meaning="the form's key"),
    "form.target": Word(norwegian="mottaker", english="target", meaning="where it goes: websak, a specialist-system, or the grants scheme"),
    "form.specialist_system": Word(norwegian="fagsystem", english="specialist system", meaning="which one, where that is the target"),
    "form.integration": Word(norwegian="integrasjon", english="integration", meaning="what carries it there"),
    "form.automatic": Word(norwegian="automatisk journalføring", english="automatic registration", meaning="received, registered and distributed without hands"),
    "form.case_type": Word(norwegian="sakstype", english="case type", meaning="what the case becomes in Websak"),
    "form.unit": Word(norwegian="ansvarlig enhet", english="responsible unit", meaning="the local key of a unit that every district has"),
    "historical_base.key": Word(norwegian="basenøkkel", english="base key", meaning="the base's local key; the district's prefix is put before it"),
    "historical_base.system": Word(norwegian="system", english="system", meaning="what the old base ran on"),
    "historical_base.lookup": Word(norwegian="oppslag", english="look-up", meaning="arranged until it is migrated, or not-needed"),
    "historical_base.readers": Word(norwegian="lesere", english="readers", meaning="roles that look things up, never persons"),
    "historical_base.migration": Word(norwegian="migrering", english="migration", meaning="how far it has come on its way into Websak"),
    "historical_base.migrate_by": Word(norwegian="migreres innen", english="migrate by", meaning="the day by which it is to be migrated"),
    "historical_base.deposit": Word(norwegian="deponering", english="deposit", meaning="whether it ends as a long-term deposit at the city archive"),
    "integration.code": Word(norwegian="integrasjonsnøkkel", english="integration code", meaning="the integration's key"),
    "integration.purpose": Word(norwegian="formål", english="purpose", meaning="what it is for, in a line"),
    "integration.direction": Word(norwegian="retning", english="direction", meaning="whether documents come in, go out, or both"),
    "integration.through": Word(norwegian="går gjennom", english="through", meaning="the integration that carries it"),
    "integration.case_types": Word(norwegian="sakstyper", english="case types", meaning="what documents that come in are filed as"),
    "integration.responsible": Word(norwegian="ansvarlig", english="responsible", meaning="a role or a unit of the city, never a person"),
    "note": Word(norwegian="merknad", english="note", meaning="what else those who set it up should know"),
    "specialist_system.code": Word(norwegian="fagsystemnøkkel", english="specialist system code", meaning="the system's key"),
    "specialist_system.archive": Word(norwegian="arkivstatus", english="archive", meaning="whether its archive is approved, in-approval, kept on paper, or unknown"),
    "specialist_system.small": Word(norwegian="lite omfang", english="small", meaning="it holds few cases"),
    "specialist_system.used_for": Word(norwegian="brukes til", english="used for", meaning="which case work is done in it"),
    "specialist_system.integration": Word(norwegian="integrasjon", english="integration", meaning="what connects it with Websak"),
}  # fmt: skip


def word_for(kind: str, field: str) -> Word | None:
    """The word for a kind's field, if there is one."""
    return FIELDS.get(f"{kind}.{field}") or FIELDS.get(field)


def field_named(norwegian: str, fields: Iterable[str]) -> str | None:
    """The one of some fields that a Norwegian word names: ``navn`` is ``name``, ``overordnet`` is ``parent``."""
    word = norwegian.replace("_", " ").casefold()
    known = set(fields)
    for address, entry in FIELDS.items():
        field = address.rpartition(".")[2]
        if field in known and (entry.norwegian.casefold() == word or entry.norwegian.casefold().startswith(f"{word} ")):
            return field
    return None
