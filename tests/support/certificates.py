"""Test authorities and server certificates, made by openssl."""
import pathlib
import ssl
import subprocess


class Authority:
    """A root, an intermediate below it, and a certificate for localhost that the intermediate signed.

    root.crt, intermediate.crt, server.crt, server.key in `folder`; the server presents its own
    certificate and the intermediate's, as servers do.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-keyout", "root.key", "-out",
                      "root.crt", "-subj", f"/CN=tapster test root {self.folder.name}", "-addext",
                      "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
        self._sign("intermediate", "/CN=tapster test intermediate", "root",
                   "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n")
        self._sign("server", "/CN=localhost", "intermediate",
                   "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n"
                   "subjectAltName=DNS:localhost,DNS:wals.localhost,IP:127.0.0.1,"
                   "DNS:s3.us-east-1.amazonaws.com,DNS:*.s3.us-east-1.amazonaws.com,"
                   "DNS:*.blob.core.windows.net,DNS:*.blob.core.chinacloudapi.cn,DNS:login.microsoftonline.com\n")
        self.root = str(self.folder / "root.crt")
        self.intermediate = str(self.folder / "intermediate.crt")

    def server_context(self, *hosts):
        """For localhost and AWS's names; for these hosts and what is one label below them, when they are given."""
        name = "server"
        if hosts:
            name = f"server-{hosts[0]}"
            names = ",".join(f"DNS:{host},DNS:*.{host}" for host in hosts)
            self._sign(name, "/CN=tapster test server", "intermediate",
                       f"basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\nsubjectAltName={names}\n")
        chain = self.folder / f"{name}.chain"
        chain.write_text((self.folder / f"{name}.crt").read_text() + (self.folder / "intermediate.crt").read_text())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, self.folder / f"{name}.key")
        return context

    def _sign(self, name, subject, by, extensions):
        (self.folder / f"{name}.ext").write_text(extensions)
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", f"{name}.key", "-out", f"{name}.csr",
                      "-subj", subject)
        self._openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{by}.crt", "-CAkey", f"{by}.key",
                      "-CAcreateserial", "-days", "30", "-extfile", f"{name}.ext", "-out", f"{name}.crt")

    def _openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
