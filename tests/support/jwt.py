"""JSON Web Tokens (RFC 7515, RFC 7519), as far as tests of Azure's identities need them: made without a valid
signature, taken apart, and verified with a certificate's RSA key.
"""
import base64
import hashlib
import hmac
import json
import pathlib
import ssl
import subprocess
import tempfile

_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # DigestInfo of RFC 8017, 9.2


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def forge(claims, header=None):
    """A token that looks signed and is not."""
    parts = [header or {"typ": "JWT", "alg": "RS256", "kid": "forged"}, claims]
    return ".".join([*(encode(json.dumps(part).encode()) for part in parts), encode(b"no signature")])


def parse(token):
    """(header, claims, what is signed, signature). ValueError when it is not a token."""
    pieces = token.split(".")
    if len(pieces) != 3 or "=" in token:
        raise ValueError(f"{len(pieces)} pieces")
    header, claims, signature = (decode(piece) for piece in pieces)
    return json.loads(header), json.loads(claims), ".".join(pieces[:2]).encode(), signature


class ClientCertificate:
    """A self-signed certificate with its key, as applications log in with: `path` is a PEM file with both."""

    def __init__(self, folder):
        folder = pathlib.Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        self.path = folder / "client.pem"
        key, certificate = folder / "client.key", folder / "client.crt"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj",
                        "/CN=tapster test client", "-keyout", key, "-out", certificate], check=True,
                       capture_output=True)
        self.path.write_text(key.read_text() + certificate.read_text())
        der = ssl.PEM_cert_to_DER_cert(certificate.read_text())
        self.thumbprints = {"x5t": encode(hashlib.sha1(der).digest()), "x5t#S256": encode(hashlib.sha256(der).digest())}
        found = subprocess.run(["openssl", "x509", "-noout", "-modulus", "-in", certificate], check=True,
                               capture_output=True, text=True).stdout
        self.modulus = int(found.strip().partition("=")[2], 16)

    def verifies(self, algorithm, signed, signature):
        """`algorithm`: "RS256" or "PS256" (RFC 7518, sections 3.3 and 3.5)."""
        return {"RS256": self._verifies_pkcs1, "PS256": self._verifies_pss}[algorithm](signed, signature)

    def _verifies_pss(self, signed, signature):
        with tempfile.NamedTemporaryFile() as file:
            file.write(signature)
            file.flush()
            done = subprocess.run(["openssl", "dgst", "-sha256", "-prverify", self.path, "-signature", file.name, "-sigopt",
                                   "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32"], input=signed,
                                  capture_output=True, check=False)
        return done.returncode == 0

    def _verifies_pkcs1(self, signed, signature):
        """RSASSA-PKCS1-v1_5 with SHA-256 and the exponent 65537."""
        size = (self.modulus.bit_length() + 7) // 8
        if len(signature) != size:
            return False
        digest = _SHA256_INFO + hashlib.sha256(signed).digest()
        wanted = b"\0\1" + b"\xff" * (size - len(digest) - 3) + b"\0" + digest
        return hmac.compare_digest(pow(int.from_bytes(signature, "big"), 65537, self.modulus).to_bytes(size, "big"),
                                   wanted)
