"""The port of `dynoresilience.tables` on a boto3 client: any operation, one attempt each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

from dynoresilience.aws.credential_faults import meaning
from dynoresilience.aws.table_control import translated
from dynoresilience.ports import TableBusy, TableNotFound
from dynoresilience.ports.tables import NotSupported, Refused

_UNKNOWN = frozenset({"UnknownOperationException", "UnknownOperation", "NotImplemented"})
_NO_TABLE = frozenset({"TableNotFoundException", "ResourceNotFound"})  # moto's, of some operations

_MOTO = frozenset(
    {"table_class", "sse", "kms_key", "max_read_request_units", "max_write_request_units"}
)
_DYNAMODB_LOCAL = _MOTO | {"warm_read_units_per_second", "warm_write_units_per_second"}
_FORGETFUL = {"amazon.com": _MOTO, "Werkzeug": _MOTO, "Jetty": _DYNAMODB_LOCAL}
"""What emulators forget of a table, by the ``Server`` that they say they are (AWS: "Server")."""


class BotoTableAdmin:
    """`ports.tables.TableAdmin` on a client that makes a single attempt."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self._cannot_keep: frozenset[str] = frozenset()

    @property
    def region(self) -> str:
        return str(self._client.meta.region_name)

    @property
    def endpoint(self) -> str:
        return str(self._client.meta.endpoint_url)

    @property
    def cannot_keep(self) -> frozenset[str]:
        return self._cannot_keep

    def ask(self, operation: str, request: Mapping[str, Any]) -> dict[str, Any]:
        method = getattr(self._client, xform_name(operation), None)
        if method is None:
            raise NotSupported(f"the installed botocore has no {operation}: upgrade boto3")
        try:
            answer: dict[str, Any] = method(**request)
        except ParamValidationError as error:
            raise NotSupported(f"{operation}: {error} (a newer boto3 may know it)") from error
        except NotImplementedError as error:  # moto, in the process
            raise NotSupported(f"{operation}: {error}") from error
        except Exception as error:
            raise _translated(error, operation) from error
        server = _server(answer.pop("ResponseMetadata", {}))
        if operation == "DescribeTable":  # what it tells; a proxy may pass others on to an emulator
            self._cannot_keep = _FORGETFUL.get(server, frozenset())
        return answer


def _server(metadata: Mapping[str, Any]) -> str:
    """What the endpoint says that it is, without its version."""
    said = str(metadata.get("HTTPHeaders", {}).get("server", ""))
    return said.partition("(")[0].partition("/")[0]


def _translated(error: Exception, operation: str) -> Exception:
    action = f"dynamodb:{operation}"
    if isinstance(error, (BotoCoreError, ClientError)):
        meant = meaning(error, None)
        if meant.kind in ("clock", "expired", "invalid", "missing"):
            return meant  # no other try would end otherwise
    if not isinstance(error, ClientError):
        return translated(error, action)
    code = error.response.get("Error", {}).get("Code", "")
    if code in _UNKNOWN:
        return NotSupported(str(error))
    if code == "500" and _server(error.response.get("ResponseMetadata", {})) == "Werkzeug":
        return NotSupported(f"moto's server has no {operation}")  # an HTML page, at a 500
    if code in _NO_TABLE:
        return TableNotFound(str(error))
    if code == "ValidationException":
        return Refused(str(error))
    if code == "LimitExceededException" and "being updated" in str(error):
        return TableBusy(str(error))  # its tags, for some seconds after each change of them
    return translated(error, action)
