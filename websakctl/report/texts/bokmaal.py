"""Bokmål by the English sentence. Values in braces keep their names; ``|`` parts one from many."""

BOKMAAL: dict[str, str] = {
    # documents
    "nobody yet": "ingen ennå",
    "paper": "papir",
    "Local project plan, {district}": "Lokal prosjektplan, {district}",
    "Reading mail in Altinn, {unit}": "Lesing av post i Altinn, {unit}",
    "Hand-over to operations, {district}": "Overlevering til drift, {district}",
    # routes: what is missing
    "no unit: what comes through SvarInn ends on no desk": "enhet mangler: det som kommer gjennom SvarInn, havner ikke hos noen",
    "no readers: nobody is said to read it in Altinn": "lesere mangler: det er ikke sagt hvem som leser i Altinn",
    "no daily routine: nothing says that Altinn is read every day": "daglig rutine mangler: ingenting sier at Altinn blir lest hver dag",
    "no batch: nothing says when its mail moves": "pulje mangler: det er ikke sagt når posten legges om",
    "the route holds from {starts}, after {batch} is live ({day})": "postruten gjelder fra {starts}, etter at {batch} er i drift ({day})",
}
