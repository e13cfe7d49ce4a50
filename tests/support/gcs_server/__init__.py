"""A strict fake of Google Cloud Storage: the JSON API (v1), the XML API, the token services and the
metadata server, over one set of objects. It runs as a daemon (tests/servers/gcs-up) or inside a test:

    with Server(folder) as fake: ...fake.settings["GCS_ENDPOINT"]...

It refuses what Google refuses, in Google's words and forms as far as they are documented, and some things
that Google lets pass but that no client should send (unknown parameters, bodies where none belongs).

What is where:
    wire.py, front.py   HTTP/1.1 and sockets; bodies go straight to and from files
    service.py          one request through faults, authorization, routes and the journal
    server.py           the listeners and what FOLDER holds; __main__.py is the daemon
    refusals.py         errors in the forms of the JSON API, the XML API, OAuth and the front end
    world.py            buckets, objects, generations, conditions; blobs.py their bytes; crc32c.py
    json_api.py         buckets and objects; resources.py and fields.py how they are shown; inserts.py,
                        resumable.py their uploads; batch.py
    xml_api.py          objects; multipart.py their uploads in parts
    tokens.py           who may do what; oauth.py, federation.py, metadata_server.py how one gets there
    control.py          what only tests may ask; journal.py the log of requests
"""
from support.gcs_server.server import Server

__all__ = ["Server"]
