"""A district: the facts that instantiate the skeleton."""

import msgspec


class District(msgspec.Struct, frozen=True, kw_only=True):
    """One of the city's districts (bydel). ``prefix`` stands before the keys of its units and groups."""

    slug: str
    name: str
    number: str
    orgnr: str
    short_name: str
    prefix: str

    def full_key(self, local: str) -> str:
        """Make the key that Websak sees from the key that the YAML says."""
        return f"{self.prefix}-{local}"

    def local_key(self, full: str) -> str:
        """Take the prefix off, where it is there."""
        return full.removeprefix(f"{self.prefix}-")

    def placeholders(self) -> dict[str, str]:
        """Values of ``{district.…}`` in templates."""
        return {
            "district.name": self.name,
            "district.short_name": self.short_name,
            "district.slug": self.slug,
            "district.prefix": self.prefix,
            "district.number": self.number,
            "district.orgnr": self.orgnr,
        }
