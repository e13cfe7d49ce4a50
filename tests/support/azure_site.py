"""The archive of support/site.py, in Azure Blob Storage."""
from support.backups import Place
from support.site import SERVER, Site

PROVIDER = ["--cloud-provider", "azure-blob-storage"]


class AzureSite(Site):
    """`endpoint` is the account's address (http://127.0.0.1:PORT/ACCOUNT), `bucket` a container."""

    def _arguments(self, options):
        return [*PROVIDER, *options, f"{self.endpoint}/{self.bucket}", SERVER]


class AzurePlace(Place):
    """Where one server's archive is: `url` is the container's, with a prefix."""

    @property
    def options(self):
        return PROVIDER

    def through(self, endpoint):
        """The same archive, reached by way of a proxy at http://host:port."""
        return AzurePlace(endpoint + "/" + self.url.split("/", 3)[3], server=self.server)
