"""An OpenAPI document as a file, JSON or YAML."""

import json
from pathlib import Path
from typing import Any

LARGEST = 30_000_000  # bytes; the vendor's whole document has a tenth of a million


class OpenApiFileError(ValueError):
    """A file that holds no OpenAPI document."""


def read_openapi(path: Path) -> dict[str, Any]:
    """Read a document.

    Raises:
        FileNotFoundError: If there is no such file.
        OpenApiFileError: If it cannot be read, or holds something else.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        if path.stat().st_size > LARGEST:
            raise OpenApiFileError(f"{path} cannot be read: it is larger than {LARGEST // 1_000_000} MB")
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise
    except OSError as error:
        raise OpenApiFileError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise OpenApiFileError(f"{path} cannot be read: it is not text in UTF-8") from None
    try:
        result = json.loads(text)
    except ValueError:
        try:
            result = YAML(typ="safe", pure=True).load(text)
        except (YAMLError, RecursionError, ValueError) as error:
            raise OpenApiFileError(f"{path} cannot be read: {str(error).splitlines()[0]}") from None
    if not isinstance(result, dict) or not isinstance(result.get("paths"), dict):
        raise OpenApiFileError(f"{path} is not an OpenAPI document: it has no paths")
    return result
