"""``python -m websakctl.sandbox.setupapi FILE``: write the OpenAPI document down again after a change."""

import sys
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import LiteralScalarString

from websakctl.sandbox.setupapi.document import build


def main() -> None:
    """Write the document as YAML to the file named on the command line."""
    yaml = YAML()
    yaml.width = 120
    yaml.representer.ignore_aliases = lambda _data: True
    document = build()
    document["info"]["description"] = LiteralScalarString(document["info"]["description"])
    with Path(sys.argv[1]).open("w", encoding="utf-8") as file:
        file.write("# Written by: python -m websakctl.sandbox.setupapi docs/api/setup.openapi.yaml\n")
        yaml.dump(document, file)


if __name__ == "__main__":
    main()
