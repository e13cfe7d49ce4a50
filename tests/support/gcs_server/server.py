"""The fake as a whole: its listeners, and what its folder holds (data/, credentials/, log/requests.log)."""
import pathlib

from support.gcs_server import service
from support.gcs_server.batch import Batch
from support.gcs_server.blobs import Store
from support.gcs_server.control import Control, Faults
from support.gcs_server.credentials import Credentials
from support.gcs_server.front import Front
from support.gcs_server.inserts import Inserts
from support.gcs_server.journal import Journal
from support.gcs_server.json_api import JsonApi
from support.gcs_server.multipart import Multipart
from support.gcs_server.resumable import Resumable
from support.gcs_server.tokens import Tokens
from support.gcs_server.world import World
from support.gcs_server.xml_api import XmlApi

LISTENERS = {service.STORAGE: "GCS_ENDPOINT", service.ANONYMOUS_STORAGE: "GCS_ANONYMOUS_ENDPOINT",
             service.NO_XML_STORAGE: "GCS_NO_XML_ENDPOINT", service.ACCOUNTS: "GCS_ACCOUNTS",
             service.METADATA: "GCS_METADATA_HOST", service.CONTROL: "GCS_CONTROL"}


class Server:
    """Listens on free ports. `tls`: an ssl.SSLContext for the TLS endpoint, `ca_file` what its clients need to trust.
    `settings` is what clients need to know."""

    def __init__(self, folder, tls=None, ca_file=None):
        folder = pathlib.Path(folder).resolve()
        self.tokens, self.world = Tokens(), World(Store(folder / "data"))
        self.journal = Journal(str(folder / "log/requests.log"), self.tokens)
        faults, resumable, multipart = Faults(), Resumable(self.world), Multipart(self.world)
        self.service = service.Service(self.tokens, faults, self.journal)
        json_api = JsonApi(self.world)
        self.service.apis = {"json": json_api, "inserts": Inserts(self.world, resumable), "batch": Batch(json_api),
                             "xml": XmlApi(self.world, multipart), "xml_without_multipart": XmlApi(self.world, None)}
        self.service.control = Control(self.world, self.tokens, faults, resumable, multipart)
        self.front = Front(self.service)
        self.settings = {setting: f"http://127.0.0.1:{self.front.listen(name)}"
                         for name, setting in LISTENERS.items()}
        self.settings["GCS_METADATA_HOST"] = self.settings["GCS_METADATA_HOST"].removeprefix("http://")
        if tls:
            port = self.front.listen(service.STORAGE, tls)
            self.settings |= {"GCS_ENDPOINT_TLS": f"https://localhost:{port}", "GCS_CA": str(ca_file)}
        credentials = Credentials(folder / "credentials", self.settings["GCS_ACCOUNTS"], self.tokens)
        self.service.oauth, self.service.federation = credentials.oauth, credentials.federation
        self.service.metadata_server = credentials.metadata_server
        self.settings |= {**credentials.settings, "GCS_REQUESTS_LOG": self.journal.path}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.front.close()
        self.journal.close()
