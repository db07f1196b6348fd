"""Tokens: JWTs signed with the server's own key (RS256), shaped as Azure's are.

`check` is called for every request, so a token that was found good is remembered until it expires; the memory is
bounded and holds nothing that a restart would miss. A token of a principal that was deleted stops working at once.
A step token belongs to one running job: it lives longer and can be renewed while it is valid.
"""

import base64
import hashlib
import json
import math
import threading
import uuid
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from azurine.identity import keeping
from azurine.identity.directory import Directory, Principal
from azurine.model import errors
from azurine.model.clock import Clock, system

AZURE_ML = "https://ml.azure.com"
"""What azure-ai-ml must find as `aud` (its `aml_resource_id`) before it submits a job; also the audience of step tokens."""

AUDIENCES = (
    AZURE_ML,
    "https://management.azure.com",
    "https://management.core.windows.net",
    "https://storage.azure.com",
    "https://datafactory.azure.com",
)
LIFETIME = 24 * 3600  # as Azure gives managed identities
STEP_LIFETIME = 14 * 24 * 3600
LEEWAY = 60
MAX_LENGTH = 16 * 1024
_REMEMBERED = 4096
_LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Tokens:
    def __init__(self, folder: Path, directory: Directory, hosts: tuple[str, ...] = (), clock: Clock = system) -> None:
        """folder: where the signing key is kept (made at first start). hosts: further names the server is reached by."""
        self.issuer = f"https://azurine.localhost/{directory.tenant}/v2.0"
        self._key = _signing_key(keeping.folder(folder) / "signing.pem")
        self._public = self._key.public_key()
        self._key_id = _key_id(self._public)
        self._directory = directory
        self._hosts = (*_LOCAL, *(host.lower() for host in hosts))
        self._clock = clock
        self._good: dict[str, tuple[Principal, float]] = {}
        self._guard = threading.Lock()

    def issue(self, principal: Principal, audience: str = AZURE_ML, lifetime: float = LIFETIME) -> str:
        """A token for this principal. audience: what it is for, see `known_audience`."""
        now = int(self._clock())
        claims: dict[str, Any] = {
            "aud": audience,
            "iss": self.issuer,
            "iat": now,
            "nbf": now,
            "exp": now + int(lifetime),
            "oid": principal.oid,
            "sub": principal.oid,
            "appid": principal.app_id,
            "azp": principal.app_id,
            "app_displayname": principal.name,
            "idtyp": "app",
            "tid": self._directory.tenant,
            "uti": uuid.uuid4().hex[:22],
            "ver": "2.0",
        }
        if principal.job:
            claims["azurine_job"] = principal.job
        return jwt.encode(claims, self._key, algorithm="RS256", headers={"kid": self._key_id})

    def issue_step(self, job: str, oid: str, lifetime: float = STEP_LIFETIME) -> str:
        """A token for a running job, which acts for the principal `oid` who submitted it (the owner, when they are not known)."""
        author = self._directory.find(oid) or self._directory.owner
        return self.issue(Principal(author.oid, author.app_id, author.name, "step", job), AZURE_ML, lifetime)

    def renew(self, token: str, lifetime: float = STEP_LIFETIME) -> str:
        """A fresh step token for one that is still valid."""
        principal = self.check(token)
        if principal.kind != "step":
            raise errors.Unauthenticated("Only a step's token can be renewed; sign in again instead.", code="invalid_grant")
        return self.issue(principal, AZURE_ML, lifetime)

    def check(self, token: str) -> Principal:
        """Whose token this is. Raises errors.Unauthenticated, saying why, for anything that is not a valid token of ours."""
        known = self._good.get(token)
        if known is None:
            known = self._examine(token)
            self._remember(token, known)
        principal, until = known
        if self._clock() >= until + LEEWAY:
            self._good.pop(token, None)
            raise errors.Unauthenticated("The access token has expired. Sign in again.", code="ExpiredAuthenticationToken")
        if self._directory.find(principal.oid) is None:
            raise errors.Unauthenticated("The principal of this access token is not in the directory any more.", code="InvalidAuthenticationToken")
        return principal

    def known_audience(self, audience: str) -> bool:
        """Azure's own resource names, and this server by any of its names (whatever the port: it may change between starts)."""
        bare = audience.rstrip("/").lower()
        if bare in AUDIENCES:
            return True
        scheme, _, rest = bare.partition("://")
        host = rest.split("/")[0]
        name = host.rsplit(":", 1)[0] if ":" in host and not host.endswith("]") else host
        return scheme == "https" and (name in self._hosts or name.endswith(".localhost"))

    def key_set(self) -> dict[str, Any]:
        """The public key, as JWKS."""
        numbers = self._public.public_numbers()
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": self._key_id,
            "n": _base64(numbers.n),
            "e": _base64(numbers.e),
            "issuer": self.issuer,
        }
        return {"keys": [key]}

    def _examine(self, token: str) -> tuple[Principal, float]:
        claims = self._claims(token)
        if not isinstance(claims.get("aud"), str) or not self.known_audience(claims["aud"]):
            raise _refused("it is meant for another audience", "InvalidAuthenticationTokenAudience")
        if claims["nbf"] > self._clock() + LEEWAY:
            raise _refused("it is not valid yet: look at the clocks of both machines")
        principal = self._directory.find(str(claims["oid"]))
        if principal is None:
            raise _refused("its principal is not in the directory")
        job = claims.get("azurine_job")
        if job:
            principal = Principal(principal.oid, principal.app_id, principal.name, "step", str(job))
        return principal, float(claims["exp"])

    def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_LENGTH:
            raise _refused(f"it is longer than {MAX_LENGTH} characters")
        # Times are checked by our own clock; the audience by our own rule.
        options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
        options["require"] = ["aud", "exp", "nbf", "iat", "iss", "oid", "tid"]
        try:
            claims: dict[str, Any] = jwt.decode(token, self._public, algorithms=["RS256"], issuer=self.issuer, options=options)
        except jwt.InvalidIssuerError as problem:
            raise _refused(f"its issuer is not this server ({self.issuer})") from problem
        except jwt.InvalidAlgorithmError as problem:
            raise _refused("it is not signed with RS256") from problem
        except jwt.InvalidSignatureError as problem:
            raise _refused("it is not signed by this server") from problem
        except jwt.MissingRequiredClaimError as problem:
            raise _refused(f"it has no claim '{problem.claim}'") from problem
        except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as problem:
            raise _refused("it is not a well-formed JSON web token") from problem
        if not all(type(claims[name]) in (int, float) and math.isfinite(claims[name]) for name in ("exp", "nbf", "iat")):
            raise _refused("its times are not numbers")
        return claims

    def _remember(self, token: str, known: tuple[Principal, float]) -> None:
        with self._guard:
            while len(self._good) >= _REMEMBERED:
                self._good.pop(next(iter(self._good)))
            self._good[token] = known


def _refused(why: str, code: str = "InvalidAuthenticationToken") -> errors.Unauthenticated:
    return errors.Unauthenticated(f"The access token is invalid: {why}.", code=code)


def _signing_key(path: Path) -> rsa.RSAPrivateKey:
    with keeping.locked(path.parent / ".lock"):
        content = keeping.read(path)
        if content is None:
            key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
            pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
            keeping.write(path, pem)
            return key
    try:
        found = serialization.load_pem_private_key(content, None)
    except ValueError as problem:
        raise errors.Invalid(f"{path} is damaged. Delete it; the next start makes a new key, and everybody signs in again.") from problem
    if not isinstance(found, rsa.RSAPrivateKey):
        raise errors.Invalid(f"{path} is not an RSA key. Delete it; the next start makes a new key, and everybody signs in again.")
    return found


def _key_id(key: rsa.RSAPublicKey) -> str:
    """The key's thumbprint (RFC 7638)."""
    numbers = key.public_numbers()
    canonical = json.dumps({"e": _base64(numbers.e), "kty": "RSA", "n": _base64(numbers.n)}, separators=(",", ":"), sort_keys=True)
    return base64.urlsafe_b64encode(hashlib.sha256(canonical.encode()).digest()).rstrip(b"=").decode()


def _base64(number: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes((number.bit_length() + 7) // 8, "big")).rstrip(b"=").decode()
