"""Fixtures of the fake of Google Cloud Storage that tests/servers/gcs-up started; tests/conftest.py hands them out."""
import uuid

import pytest

from support.gcs import Gcs


@pytest.fixture
def gcs(gcs_settings):
    """A look at the fake's buckets, by its door without authorization."""
    return Gcs(gcs_settings)


@pytest.fixture
def gcs_bucket(gcs):
    """A bucket of the test's own, removed with what is in it."""
    name = "tests-" + uuid.uuid4().hex[:12]
    gcs.create_bucket(name)
    yield name
    gcs.remove_bucket(name)
