"""A plan as a good script by hand makes it: PyYAML's C loader, requests over one session in pages, dictionaries compared.

    python hand.py ROOT BASE_URL SETUP_URL TOKEN_URL CLIENT_ID CLIENT_SECRET

It knows three kinds, no rules, no districts of a skeleton and no positions, and it writes how many objects differ.
"""

import sys
from pathlib import Path

import requests
import yaml

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEPARTMENT = {"name": "name", "abbreviation": "abbreviation", "unit": "unit_type", "addr": "address", "postalNo": "postal_no", "phone": "phone"}  # fmt: skip


def wanted(root: Path) -> dict[tuple[str, str], dict[str, object]]:
    """Objects by kind and key, as the files say."""
    result: dict[tuple[str, str], dict[str, object]] = {}
    prefixes: dict[Path, str] = {}
    for file in sorted(root.glob("districts/*/district.yaml")):
        prefixes[file.parent] = yaml.load(file.read_text(encoding="utf-8"), LOADER)["district"]["prefix"]
    for file in sorted(root.rglob("*.yaml")):
        for section, entries in yaml.load(file.read_text(encoding="utf-8"), LOADER).items():
            if section in ("org_units", "sub_orgs", "case_types"):
                prefix = f"{prefixes[file.parent]}-" if section == "org_units" else ""
                result.update({(section, prefix + key): fields for key, fields in entries.items()})
    return result


def live(
    base: str, setup: str, token_url: str, client_id: str, secret: str
) -> dict[tuple[str, str], dict[str, object]]:
    """The same objects, as the server has them."""
    session = requests.Session()
    form = {
        "grant_type": "client_credentials",
        "client_id": client_id,
        "client_secret": secret,
        "scope": "userapi setup",
    }
    token = session.post(token_url, data=form, timeout=60).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    result: dict[tuple[str, str], dict[str, object]] = {}
    for row in session.get(f"{base}/api/v2/departments/flat", timeout=300).json():
        if row["externalId"]:
            result["org_units", row["externalId"]] = {ours: row.get(theirs) for theirs, ours in DEPARTMENT.items()}
    for section, path, key in (("sub_orgs", "sub-orgs", "orgnr"), ("case_types", "case-types", "code")):
        after: dict[str, str] = {}
        while True:
            page = session.get(f"{setup}/{path}", params={"limit": "1000", **after}, timeout=300).json()
            result.update({(section, row[key]): row for row in page["items"]})
            if page["next"] is None:
                break
            after = {"after": page["next"]}
    return result


def main() -> None:
    """Compare, and print the number of differences."""
    root, *server = sys.argv[1:]
    existing = live(*server)
    differ = sum(
        any(
            name not in ("parent", "unit") and existing.get(key, {}).get(name) != value
            for name, value in fields.items()
        )
        for key, fields in wanted(Path(root)).items()
    )
    print(differ)


if __name__ == "__main__":
    main()
