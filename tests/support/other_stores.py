"""Archives on Azure Blob Storage and on Google Cloud Storage: where they are, what a command needs in its environment,
and a look into them from outside. One interface for both, for tests that hold for either.
"""
import pathlib

# Variables that name a file. Commands run as another user, who may not see it where the server keeps it.
FILES = ("REQUESTS_CA_BUNDLE", "GOOGLE_APPLICATION_CREDENTIALS")


def with_files(environment, copy):
    """The environment with its files in reach: `copy(name, content)` makes one and returns its path."""
    found = {name: str(copy(pathlib.Path(environment[name]).name, pathlib.Path(environment[name]).read_bytes()))
             for name in FILES if environment.get(name)}
    return {**environment, **found}


class AzureArchive:
    """A container of the client `azure`, which nobody has made yet."""
    provider = "azure-blob-storage"

    def __init__(self, azure, container, environment):
        self.azure, self.container, self.environment = azure, container, environment
        self.root = f"{azure.url}/{container}/"
        self.options = ["--cloud-provider", self.provider]

    def exists(self):
        return self.azure.has_container(self.container)

    def keys(self, prefix=""):
        return self.azure.names(self.container, prefix)

    def tags(self, key):
        return self.azure.tags(self.container, key)

    def parts(self, key):
        """In how many parts it was uploaded; 0: in one request."""
        return len(self.azure.blocks(self.container, key)["committed"])

    def unfinished(self):
        return self.azure.uncommitted(self.container)

    def remove(self):
        self.azure.remove_container(self.container)


class GcsArchive:
    """A new bucket of the fake."""
    provider = "google-cloud-storage"

    def __init__(self, gcs, bucket, environment):
        self.gcs, self.bucket, self.environment = gcs, bucket, environment
        self.root = f"gs://{bucket}/"
        self.options = ["--cloud-provider", self.provider]
        gcs.create_bucket(bucket)
        self.began = gcs.mark()

    def exists(self):
        return self.gcs.has_bucket(self.bucket)

    def keys(self, prefix=""):
        return self.gcs.keys(self.bucket, prefix)

    def tags(self, key):
        """Metadata there, beside our checksums."""
        return {name: value for name, value in self.gcs.metadata(self.bucket, key).items()
                if not name.startswith("tapster-")}

    def parts(self, key):
        return sum("partNumber" in entry["query"] and entry["path"].endswith("/" + key)
                   for entry in self.gcs.requests(self.began, self.bucket, "PUT"))

    def unfinished(self):
        return self.gcs.unfinished(self.bucket)

    def remove(self):
        self.gcs.remove_bucket(self.bucket)
