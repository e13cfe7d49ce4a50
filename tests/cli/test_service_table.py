"""docs/s3-compatible.md says of each service what src/store/s3/s3_service.cpp makes of it."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs/s3-compatible.md"
SOURCE = ROOT / "src/store/s3/s3_service.cpp"
DEMANDED = ("AWS", "MinIO", "Ceph", "Cloudflare R2", "Backblaze B2", "Wasabi", "DigitalOcean Spaces",
            "Linode Object Storage", "Hetzner Object Storage", "OVHcloud", "Scaleway", "IBM Cloud Object Storage",
            "Oracle Cloud", "Alibaba OSS", "Google Cloud Storage", "Garage", "SeaweedFS", "NetApp ONTAP",
            "NetApp StorageGRID", "MinIO Gateway")
CONDITIONS = {"honoured": "relied on", "unknown": "looked", "refused": "refused"}


def documented():
    """[(name of the service, {column: text})] of the table."""
    lines = [[cell.strip() for cell in line.strip("|\n").split("|")] for line in PAGE.read_text().splitlines()
             if line.startswith("|")]
    head, _, *rows = lines
    assert all(len(row) == len(head) for row in rows)
    return [(row[0], dict(zip(head, row))) for row in rows]


def coded():
    """{constant: {field: text}} of the services that have a name."""
    found = {name: dict(re.findall(r"\.(\w+) = ([^,}]+)", fields))
             for name, fields in re.findall(r"constexpr S3Service (k\w+)\{(.*?)\};", SOURCE.read_text(), re.DOTALL)}
    return {name: fields for name, fields in found.items() if "name" in fields}


def row_of(name):
    rows = [row for title, row in documented() if title == name or title.startswith((f"{name},", f"{name} ("))]
    assert len(rows) == 1, f"{len(rows)} rows of {name} in {PAGE.name}"
    return rows[0]


def test_every_service_has_its_row():
    for name in DEMANDED:
        row_of(name)
    assert len(documented()) == len(DEMANDED)


def test_rows_say_what_the_code_does():
    services = coded()
    assert len(services) >= 13
    for fields in services.values():
        name = fields["name"].strip('"')
        row = row_of(name)
        assert row["addressing"].startswith("virtual" if fields.get("path_style") == "false" else "path"), name
        assert row["checksum headers (`auto`)"].startswith("yes" if fields.get("checksums") == "true" else "no"), name
        parts = fields.get("max_parts", "10'000").replace("'", ",")
        assert re.match(rf"{parts}\b", row["parts"]), name
        writes = row["conditional writes"]
        if name == "Google Cloud Storage":  # what it ignores is looked for like what is unknown
            writes = writes.replace("ignored: ", "")
        for field in ("conditional_put", "conditional_complete"):
            assert CONDITIONS[fields.get(field, "unknown")] in writes, f"{name}: {field}"


def test_every_host_of_the_code_is_in_a_row():
    """The end of it, behind what differs from region to region."""
    services = coded()
    hosts = re.findall(r'Endpoint\{"([^"]+)", &(k\w+)', SOURCE.read_text())
    assert len(hosts) > 30
    for host, service in hosts:
        row = row_of(services[service]["name"].strip('"'))
        known = row["endpoint"].replace("`", " ").lower()
        if service != "kAws":  # has too many forms for a table
            end = ".".join(host.rsplit(".", 2)[-2:])
            assert end in known, f"{host} is not in the row of {services[service]['name']}"


def test_tests_that_are_claimed_exist():
    scripted = (ROOT / "tests/support/scripted_services.py").read_text()
    classes = {"Cloudflare R2": "CloudflareR2", "Backblaze B2": "BackblazeB2", "OVHcloud": "Ovh", "Scaleway": "Scaleway",
               "IBM Cloud Object Storage": "IbmCos", "Alibaba OSS": "AlibabaOss", "MinIO": "Minio",
               "Google Cloud Storage": "GoogleInterop", "NetApp ONTAP": "NetappOntap", "NetApp StorageGRID": "Minio"}
    for title, row in documented():
        how = row["how tested"]
        assert how.startswith(("real server", "scripted server", "not tested")), title
        if how.startswith("scripted server") and title != "AWS":  # which has its tests in test_checksum_policy.py
            name = classes[title.split(",")[0]]
            assert re.search(rf"^class {name}\(", scripted, re.MULTILINE), title
