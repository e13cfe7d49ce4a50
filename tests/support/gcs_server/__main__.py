"""The fake as a daemon. usage: python3 -m support.gcs_server FOLDER/

With FOLDER/tls/server.crt, server.key and ca.crt there is a TLS endpoint as well. When everything listens,
FOLDER/settings holds KEY=VALUE lines.
"""
import os
import pathlib
import signal
import ssl
import sys

from support.gcs_server.server import Server


def main():
    folder = pathlib.Path(sys.argv[1])
    tls, ca_file = None, folder / "tls/ca.crt"
    if (folder / "tls/server.crt").exists():
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(folder / "tls/server.crt", folder / "tls/server.key")
    server = Server(folder, tls, ca_file.resolve())
    new = folder / "settings.new"
    new.write_text("".join(f"{name}={value}\n" for name, value in server.settings.items()))
    os.replace(new, folder / "settings")
    signal.sigwait({signal.SIGTERM, signal.SIGINT})
    os._exit(0)  # not waiting for those who are served


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    main()
