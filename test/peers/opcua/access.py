"""Who may come in and what they may write: certificates of clients, user tokens, writes.

asyncua calls the user manager with the client's own certificate for anonymous users too; which token came is noted here, so that
"anonymous": false means what it says. Writes of clients are told as {"event": "written", …} with the answer they got.
"""
import contextvars
import dataclasses

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.crypto.uacrypto import der_from_x509
from asyncua.server.address_space import AttributeService
from asyncua.server.internal_session import InternalSession
from cryptography import x509

from .values import data_value, now, say, status_name

TOKENS = {
    "anonymous": ua.AnonymousIdentityToken,
    "user": ua.UserNameIdentityToken,
    "certificate": ua.X509IdentityToken,
}
token_kind = contextvars.ContextVar("token_kind", default="anonymous")


def read_certificate(path):
    with open(path, "rb") as file:
        data = file.read()
    pem = data.startswith(b"-----BEGIN")
    return x509.load_pem_x509_certificate(data) if pem else x509.load_der_x509_certificate(data)


class Users:
    """`users`: name → password; `userCertificates`: files; `readers`: names that may not write."""

    def __init__(self, options):
        self.anonymous = options.get("anonymous", True)
        self.passwords = options.get("users", {})
        self.readers = set(options.get("readers", []))
        self.certificates = {der_from_x509(read_certificate(path)) for path in options.get("userCertificates", [])}

    def tokens(self):
        wanted = {"anonymous": self.anonymous, "user": bool(self.passwords), "certificate": bool(self.certificates)}
        return [TOKENS[name] for name, on in wanted.items() if on]

    def get_user(self, _server, username=None, password=None, certificate=None):
        kind = token_kind.get()
        if kind == "anonymous":
            return User(UserRole.User, "anonymous") if self.anonymous else None
        if kind == "certificate":
            return User(UserRole.User, "certificate") if certificate in self.certificates else None
        if self.passwords.get(username) != password or username is None:
            raise ServiceError(ua.StatusCodes.BadIdentityTokenRejected)
        return User(UserRole.User, username)


class Trust:
    """`trusted`: files of client certificates; absent: every client is trusted. The ones that were refused are told."""

    def __init__(self, paths):
        self.certificates = None if paths is None else {der_from_x509(read_certificate(path)) for path in paths}

    async def __call__(self, certificate, description):
        der = der_from_x509(certificate)
        if self.certificates is None or der in self.certificates:
            return
        say({"event": "untrusted", "uri": description.ApplicationUri, "subject": certificate.subject.rfc4514_string()})
        raise ServiceError(ua.StatusCodes.BadCertificateUntrusted)


def install(plant, users):
    """Hooks into asyncua: tokens, the refusals of nodes, and what was written."""
    activate = InternalSession.activate_session
    write = AttributeService.write

    def noting(self, params, certificate):
        kinds = [name for name, token in TOKENS.items() if isinstance(params.UserIdentityToken, token)]
        token_kind.set(kinds[0] if kinds else "anonymous")
        return activate(self, params, certificate)

    async def guarded(self, params, user=User(role=UserRole.Admin)):
        if user.role == UserRole.Admin:
            return await write(self, params, user)
        results = []
        for item in params.NodesToWrite:
            code = refusal(plant, users, item, user)
            if code is None:
                one = ua.WriteParameters()
                one.NodesToWrite = [stamped(item)]
                code = (await write(self, one, user))[0]
            results.append(code)
            tell(item, code, user)
        return results

    InternalSession.activate_session = noting
    AttributeService.write = guarded


def refusal(plant, users, item, user):
    """The status of a write that a node or a right forbids, else nothing."""
    value = item.Value
    name = item.NodeId.Identifier if item.NodeId.NamespaceIndex == plant.index else None
    if user.name in users.readers:
        return ua.StatusCode(ua.StatusCodes.BadUserAccessDenied)
    if item.IndexRange:
        # asyncua would put the part in the place of the whole array.
        return ua.StatusCode(ua.StatusCodes.BadWriteNotSupported)
    if name == "ReadOnly":
        return ua.StatusCode(ua.StatusCodes.BadNotWritable)
    if name == "Writable/ValueOnly":
        extra = value.SourceTimestamp or value.ServerTimestamp or (value.StatusCode and value.StatusCode.value != 0)
        return ua.StatusCode(ua.StatusCodes.BadWriteNotSupported) if extra else None
    if name == "Writable/Limited" and not 0 <= value.Value.Value <= 100:
        return ua.StatusCode(ua.StatusCodes.BadOutOfRange)
    return None


def stamped(item):
    """A server stamps what a client did not: asyncua would leave the value without a time."""
    value = item.Value
    time = value.SourceTimestamp or now()
    item.Value = dataclasses.replace(value, SourceTimestamp=time, ServerTimestamp=now(), StatusCode=value.StatusCode or ua.StatusCode())
    return item


def tell(item, code, user):
    attribute = ua.AttributeIds(item.AttributeId).name
    about = {"node": item.NodeId.to_string(), "attribute": attribute, "user": user.name, "result": status_name(code.value)}
    say({"event": "written", **data_value(item.Value), **about, "range": item.IndexRange})
