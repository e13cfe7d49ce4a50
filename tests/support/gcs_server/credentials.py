"""The key files that clients are given, and what the token services know of them."""
import json
import pathlib
import secrets
import subprocess

from support.gcs_server.federation import AWS_REQUEST, SUBJECT_HEADER, TOKEN_TYPES, Federation
from support.gcs_server.metadata_server import MetadataServer
from support.gcs_server.oauth import OAuth

PROJECT = "tapster-test"
EMAIL = f"backup@{PROJECT}.iam.gserviceaccount.com"
USER = "someone@example.com"
_AUDIENCE = "//iam.googleapis.com/projects/123456789012/locations/global/workloadIdentityPools/pool/providers/provider"


class Credentials:
    """Makes FOLDER/*.json and the services that honour them; `accounts` is the address of the token services."""

    def __init__(self, folder, accounts, tokens):
        self.folder, self.accounts = pathlib.Path(folder), accounts
        self.folder.mkdir(parents=True, exist_ok=True)
        self.settings = {}
        self.aws = {"access_key": "AKIDGCSFAKE", "secret_key": secrets.token_urlsafe(30),
                    "session_token": secrets.token_urlsafe(60), "region": "us-east-2", "role": "workload"}
        subject_token = secrets.token_urlsafe(90)
        self.oauth = OAuth(tokens, self._service_account(), self._user())
        self.federation = Federation(tokens, _AUDIENCE, subject_token, EMAIL, self.aws)
        self.metadata_server = MetadataServer(tokens, EMAIL, PROJECT)
        self._external_accounts(subject_token)
        self._write("GCS_EMPTY_KEY_FILE", "empty.json", "")
        self.settings |= {"GCS_PROJECT": PROJECT, "GCS_EMAIL": EMAIL, "GCS_USER": USER,
                          "GCS_AWS_ACCESS_KEY_ID": self.aws["access_key"],
                          "GCS_AWS_SECRET_ACCESS_KEY": self.aws["secret_key"],
                          "GCS_AWS_SESSION_TOKEN": self.aws["session_token"], "GCS_AWS_REGION": self.aws["region"]}

    def _write(self, setting, name, content):
        path = self.folder / name
        path.touch(0o600)
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
        if setting:
            self.settings[setting] = str(path.resolve())
        return str(path.resolve())

    def _service_account(self):
        key = subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"], check=True,
                             capture_output=True, text=True).stdout
        modulus = subprocess.run(["openssl", "rsa", "-noout", "-modulus"], input=key, check=True, capture_output=True,
                                 text=True).stdout.partition("=")[2]
        account = {"email": EMAIL, "key_id": secrets.token_hex(20), "modulus": int(modulus, 16), "exponent": 65537,
                   "audience": f"{self.accounts}/token"}
        self._write("GCS_KEY_FILE", "service-account.json", {
            "type": "service_account", "project_id": PROJECT, "private_key_id": account["key_id"], "private_key": key,
            "client_email": EMAIL, "client_id": "123456789012345678901",
            "auth_uri": "https://accounts.google.com/o/oauth2/auth", "token_uri": account["audience"],
            "universe_domain": "googleapis.com"})
        return account

    def _user(self):
        user = {"name": USER, "client_id": "1234567890-tapster.apps.googleusercontent.com",
                "client_secret": secrets.token_urlsafe(24), "refresh_token": "1//" + secrets.token_urlsafe(60)}
        self._write("GCS_AUTHORIZED_USER_FILE", "authorized-user.json", {
            "type": "authorized_user", "client_id": user["client_id"], "client_secret": user["client_secret"],
            "refresh_token": user["refresh_token"], "token_uri": f"{self.accounts}/token", "quota_project_id": PROJECT,
            "universe_domain": "googleapis.com"})
        return user

    def _external_accounts(self, subject_token):
        def write(setting, name, source, token_type=TOKEN_TYPES[0], **more):
            self._write(setting, name, {
                "type": "external_account", "audience": _AUDIENCE, "subject_token_type": token_type,
                "token_url": f"{self.accounts}/v1/token", "credential_source": source, "universe_domain": "googleapis.com",
                **more})
        file = {"file": self._write(None, "subject-token", subject_token)}
        impersonation = f"{self.accounts}/v1/projects/-/serviceAccounts/{EMAIL}:generateAccessToken"
        write("GCS_EXTERNAL_ACCOUNT_FILE", "external-account.json", file)
        write("GCS_EXTERNAL_ACCOUNT_JSON_FILE", "external-account-json.json", {
            "file": self._write(None, "subject-token.json", {"other": 1, "id_token": subject_token}),
            "format": {"type": "json", "subject_token_field_name": "id_token"}})
        write("GCS_EXTERNAL_ACCOUNT_URL_FILE", "external-account-url.json", {
            "url": f"{self.accounts}/subject-token", "headers": {SUBJECT_HEADER[0]: SUBJECT_HEADER[1]},
            "format": {"type": "json", "subject_token_field_name": "id_token"}})
        write("GCS_EXTERNAL_ACCOUNT_IMPERSONATED_FILE", "external-account-impersonated.json", file,
              service_account_impersonation_url=impersonation,
              service_account_impersonation={"token_lifetime_seconds": 1800})
        write("GCS_EXTERNAL_ACCOUNT_AWS_FILE", "external-account-aws.json", {
            "environment_id": "aws1", "region_url": f"{self.accounts}/latest/meta-data/placement/availability-zone",
            "url": f"{self.accounts}/latest/meta-data/iam/security-credentials",
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
            "imdsv2_session_token_url": f"{self.accounts}/latest/api/token"}, AWS_REQUEST)
