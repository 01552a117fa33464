"""A business register, Maskinporten and KS Fiks on a local port, in the shapes that they document.

Numbers and names are real ones (docs/data-sources.md), but for those that begin with 313, which nobody has.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

KOMMUNE, DEPARTMENT = "958935420", "876819872"
FROGNER, SAGENE = "874778702", "974778726"
UNIT_IN_SAGENE = "313000109"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
).decode()


def unit(number: str, name: str, parent: str | None, form: str = "ORGL", **more: Any) -> dict[str, Any]:
    row = {"organisasjonsnummer": number, "navn": name, "organisasjonsform": {"kode": form}, **more}
    return {**row, "overordnetEnhet": parent} if parent else row


def sub_unit(number: str, name: str, parent: str | None, **more: Any) -> dict[str, Any]:
    return unit(number, name, parent, "BEDR", **more)


UNITS = (
    unit(KOMMUNE, "OSLO KOMMUNE", None, "KOMM"),
    unit(DEPARTMENT, "OSLO KOMMUNE, BYRÅDSAVDELING FOR HELSE, ELDRE OG INNBYGGERTJENESTER", KOMMUNE),
    unit(FROGNER, "OSLO KOMMUNE BYDEL 5 FROGNER", DEPARTMENT),
    unit(SAGENE, "OSLO KOMMUNE BYDEL 3 SAGENE", DEPARTMENT),
    unit(UNIT_IN_SAGENE, "SAGENE BARNEHAGEENHET", SAGENE),
)
SUB_UNITS = (
    sub_unit("975016684", "FROGNER BARNEHAGE", FROGNER),
    sub_unit("975016528", "ASKELADDEN BARNEHAGE", SAGENE),
    sub_unit("975315878", "LILLEBORG BARNEHAGE", UNIT_IN_SAGENE),
)


@dataclass
class Registers:
    """What the registers hold, and every request that came."""

    url: str = ""
    units: dict[str, dict[str, Any]] = field(default_factory=dict)
    sub_units: dict[str, dict[str, Any]] = field(default_factory=dict)
    removed: set[str] = field(default_factory=set)
    receiving: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    types: list[str] = field(default_factory=lambda: ["Byggesak", "Barnevern"])
    faults: list[tuple[int, bytes]] = field(default_factory=list)  # answered instead, one each
    requests: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def fresh(self) -> "Registers":
        self.units = {row["organisasjonsnummer"]: dict(row) for row in UNITS}
        self.sub_units = {row["organisasjonsnummer"]: dict(row) for row in SUB_UNITS}
        self.removed, self.receiving = set(), {}
        self.faults, self.requests, self.refused = [], [], []
        return self

    @property
    def variables(self) -> dict[str, str]:
        return {"WEBSAKCTL_REGISTER_URL": f"{self.url}/brreg"}

    @property
    def fiks_variables(self) -> dict[str, str]:
        return {
            **self.variables,
            "WEBSAKCTL_FIKS_URL": f"{self.url}/fiks",
            "WEBSAKCTL_FIKS_ISSUER": f"{self.url}/",
            "WEBSAKCTL_FIKS_CLIENT_ID": "the-client",
            "WEBSAKCTL_FIKS_KEY_ID": "the-key",
            "WEBSAKCTL_FIKS_INTEGRATION_ID": "the-integration",
            "WEBSAKCTL_FIKS_PASSWORD": "a-password-nobody-sees",
            "WEBSAKCTL_FIKS_PRIVATE_KEY": PEM,
        }

    def answer(self, path: str, query: dict[str, str], headers: Any) -> tuple[int, Any]:
        match path.strip("/").split("/"):
            case ["brreg", ("enheter" | "underenheter") as what]:
                return self._page(what, query)
            case ["brreg", ("enheter" | "underenheter") as what, number]:
                return self._one(what, number)
            case ["fiks", "api", "v2", ("mottakersystem" | "forsendelsestyper") as what]:
                let_in = (headers["Authorization"], headers["IntegrasjonId"], headers["IntegrasjonPassord"])
                if let_in != ("Bearer the-token", "the-integration", "a-password-nobody-sees"):
                    return 401, {"status": 401, "error": "Unauthorized", "message": "no"}
                if what == "forsendelsestyper":
                    return 200, {"forsendelsestyper": self.types}
                return 200, {"mottakersystemer": self.receiving.get(query["organisasjonsnummer"], [])}
        return 500, {"message": f"nobody should ask for {path}"}

    def _page(self, what: str, query: dict[str, str]) -> tuple[int, Any]:
        page, size = int(query.get("page", 0)), int(query.get("size", 20))
        if (page + 1) * size > 10_000:
            return 400, {"feilmelding": "page * size"}
        held = self.units if what == "enheter" else self.sub_units
        rows = [row for row in held.values() if row.get("overordnetEnhet") == query["overordnetEnhet"]]
        shown = rows[page * size : (page + 1) * size]
        about = {"size": size, "totalElements": len(rows), "totalPages": -(-len(rows) // size), "number": page}
        return 200, {"_embedded": {what: shown}, "page": about} if shown else {"page": about}

    def _one(self, what: str, number: str) -> tuple[int, Any]:
        if len(number) != 9:
            return 400, {"feilmelding": "organisasjonsnummer"}
        if number in self.removed:
            return 410, {"organisasjonsnummer": number}
        row = (self.units if what == "enheter" else self.sub_units).get(number)
        return (200, row) if row else (404, None)

    def token(self, form: dict[str, str]) -> tuple[int, Any]:
        grant = form["assertion"]
        claims = jwt.decode(grant, KEY.public_key(), algorithms=["RS256"], audience=f"{self.url}/", issuer="the-client")
        known = {"aud", "iss", "scope", "iat", "exp", "jti"}
        as_agreed = (
            set(claims) == known
            and claims["exp"] - claims["iat"] <= 120
            and claims["scope"] == "ks:fiks"
            and jwt.get_unverified_header(grant)["kid"] == "the-key"
            and form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer"
        )
        if not as_agreed:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "the-token", "expires_in": 119, "token_type": "Bearer"}


def _handler(registers: Registers) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True  # head and body are two writes

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            registers.requests.append(f"GET {self.path}")
            if registers.faults:
                self._send(*registers.faults.pop(0))
                return
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            status, body = registers.answer(parts.path, query, self.headers)
            self._send(status, b"" if body is None else json.dumps(body, ensure_ascii=False).encode())

        def do_POST(self) -> None:
            registers.requests.append(f"POST {self.path}")
            form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            try:
                status, body = registers.token({name: values[0] for name, values in form.items()})
            except jwt.PyJWTError as error:
                status, body = 400, {"error": "invalid_grant"}
                registers.refused.append(repr(error))
            self._send(status, json.dumps(body).encode())

        def _send(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler


@contextmanager
def serving() -> Iterator[Registers]:
    registers = Registers()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(registers))
    server.daemon_threads = True
    registers.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    yield registers
    server.shutdown()
    server.server_close()
    thread.join()
