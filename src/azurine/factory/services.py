"""What the types of linked services mean: which kind of connection each is, and what can be read from what it says by itself.

https://learn.microsoft.com/azure/data-factory/concepts-linked-services
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

ACCOUNT = "azurine"
"""The storage account of every workspace that names no other."""
_FILES = (
    "AzureBlobStorage AzureStorage AzureBlobFS AzureFileStorage FileServer AzureDataLakeStore AmazonS3 AmazonS3Compatible GoogleCloudStorage"
    " OracleCloudStorage Sftp FtpServer Hdfs Lakehouse"
)
_SQL = (
    "AzureSqlDatabase AzureSqlMI AzureSqlDW SqlServer AzurePostgreSql PostgreSql PostgreSqlV2 AzureMySql MySql AzureMariaDB MariaDB Oracle"
    " Snowflake SnowflakeV2 Sqlite Odbc Db2 Teradata AmazonRedshift GoogleBigQuery GoogleBigQueryV2 Vertica Warehouse"
)
KINDS: Mapping[str, tuple[str, ...]] = {
    **{one.lower(): ("files",) for one in _FILES.split()},
    **{one.lower(): ("sql",) for one in _SQL.split()},
    # A folder may stand for what is fetched from a web server.
    "httpserver": ("http", "files"),
    "restservice": ("http", "files"),
    "web": ("http",),
    "odata": ("http",),
    "azurefunction": ("http",),
    "azuremlservice": ("workspace",),
    "azureml": ("http",),
}
"""Type, in small letters → the kinds of connection that it may be; its own one first. Types that are not here may be mapped to anything."""
_NAMED = re.compile(r"(?:^|;)\s*AccountName\s*=\s*([a-z0-9]+)", re.IGNORECASE)
_HOST = re.compile(r"([a-z0-9]+)\.(?:blob|dfs|file)\.", re.IGNORECASE)
_AUTHENTICATIONS = {
    "": "Anonymous",
    "anonymous": "Anonymous",
    "basic": "Basic",
    "windows": "Basic",
    "clientcertificate": "ClientCertificate",
    "managedserviceidentity": "MSI",
    "msi": "MSI",
    "aadserviceprincipal": "ServicePrincipal",
    "serviceprincipal": "ServicePrincipal",
}


def account(properties: Mapping[str, Any]) -> str:
    """The name of the storage account that a linked service to files speaks of; "" when it does not."""
    for key in ("connectionString", "url", "serviceEndpoint", "sasUri"):
        text = properties.get(key)
        if isinstance(text, Mapping):
            text = text.get("value")
        if not isinstance(text, str):
            continue
        found = _NAMED.search(text) if key == "connectionString" else _HOST.match(_host(text))
        if found is not None:
            return found[1].lower()
    return ""


def http(kind: str, properties: Mapping[str, Any], marked: Mapping[str, Any]) -> dict[str, Any] | None:
    """The connection of a linked service to a web server. properties: evaluated; marked: the same, with marks for secrets."""
    if kind == "azurefunction":
        url, headers = properties.get("functionAppUrl"), {"x-functions-key": marked["functionKey"]} if marked.get("functionKey") else {}
    elif kind == "azureml":
        url, headers = properties.get("mlEndpoint"), {}
    else:
        given = marked.get("authHeaders")
        url, headers = properties.get("url"), dict(given) if isinstance(given, Mapping) else {}
    if not isinstance(url, str) or not url.lower().startswith(("http://", "https://")):
        return None
    way = _AUTHENTICATIONS.get(str(properties.get("authenticationType") or properties.get("authentication") or "").lower())
    # parity: what was encrypted by another factory cannot be opened here; only a mapping helps.
    if properties.get("encryptedCredential") or (way is None and kind not in ("azurefunction", "azureml")):
        return None
    authentication = {
        "type": way or "Anonymous",
        "username": marked.get("userName") or marked.get("username"),
        "password": marked.get("password"),
        "resource": marked.get("aadResourceId"),
        "pfx": marked.get("embeddedCertData") or marked.get("pfx"),
    }
    # Azure's word for it differs from one connector to another.
    verify = str(properties.get("enableServerCertificateValidation", True)).lower() != "false"
    return {
        "kind": "http",
        "url": url,
        "headers": headers,
        "authentication": {key: value for key, value in authentication.items() if value is not None},
        "verify": verify,
    }


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""
