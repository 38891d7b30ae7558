"""Every private name of botocore that the library relies on. Look here after an upgrade.

Held against botocore 1.40.10 to 1.44.5 by the tests. Each function says what it needs, and
what happens where a later botocore no longer has it.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

Handler = Callable[..., Any]

CONTROL_TIMEOUT = 5.0
"""Seconds to connect, and to wait for an answer, of DescribeTable and UpdateTable."""

_RETRY_HANDLER_ID = "retry-config-dynamodb"
_TO_WIRE_TYPES_ID = "dynamodb-attr-value-input"
_MAKE_API_CALL = "_make_api_call"
_SEEN = "_dynoresilience_class"


def retry_handler(events: Any) -> Handler | None:
    """The handler with which botocore decides on retries, in ``legacy`` or ``standard`` mode.

    botocore registers it under a unique id, but the event system has no way to ask for it.
    None: not found; then botocore's own retries run beside ours and spend its retry quota.
    """
    emitter = getattr(events, "_emitter", events)
    entry = getattr(emitter, "_unique_id_handlers", {}).get(_RETRY_HANDLER_ID)
    return entry["handler"] if entry is not None else None


def forget_retry_handler(events: Any) -> None:
    """Take botocore's retry handler off these events."""
    events.unregister("needs-retry.dynamodb", unique_id=_RETRY_HANDLER_ID)


def restore_retry_handler(events: Any, handler: Handler) -> None:
    """Undo `forget_retry_handler`."""
    events.register("needs-retry.dynamodb", handler, unique_id=_RETRY_HANDLER_ID)


def rate_limiter(events: Any) -> Any | None:
    """The ``adaptive`` mode's limiter: ``on_sending_request``, ``on_receiving_response``.

    None: the client is not in that mode (or botocore keeps its handlers elsewhere by now; then
    the limiter hears of throttles that we answer, and climbs back slowly after a raise).
    """
    trie = getattr(getattr(events, "_emitter", events), "_handlers", None)
    if trie is None:
        return None
    for handler in trie.prefix_search("before-send.dynamodb.PutItem"):
        owner = getattr(handler, "__self__", None)
        if type(owner).__name__ == "ClientRateLimiter":
            return owner
    return None


def is_asynchronous(base_classes: Sequence[type]) -> bool:
    """Whether a client with these base classes is aiobotocore's: its calls are coroutines."""
    calls = (getattr(base, "_make_api_call", None) for base in base_classes)
    return any(inspect.iscoroutinefunction(call) for call in calls)


def without_retries(client: Any) -> Any:
    """A second client with the same endpoint and credentials that tries each call once.

    The control plane wants this: botocore would retry ``LimitExceededException`` of UpdateTable,
    which is an answer. It shares everything with the original (signer, proxies, TLS
    settings, the owner's handlers) but the events, of which it has a copy without retries, the
    connections, whose timeouts are `CONTROL_TIMEOUT`, and tracing, in which it does not appear.
    """
    events = events_copy(client)
    forget_retry_handler(events)
    limiter = rate_limiter(events)
    if limiter is not None:
        events.unregister("before-send", limiter.on_sending_request)
        events.unregister("needs-retry", limiter.on_receiving_response)
    twin = with_events(client, events)
    see_errors_no_more(twin)
    twin._endpoint.http_session = _impatient(client._endpoint.http_session)
    _past_instrumentation(twin, "_make_api_call")
    _past_instrumentation(twin._endpoint, "prepare_request")
    return twin


def client_like(client: Any, service: str) -> Any:
    """A client of another service with this one's credentials, region, TLS and proxies.

    It tries each call once, waits for `CONTROL_TIMEOUT`, and tracing does not see it. Credentials
    that are refreshed stay so: the object is shared. Endpoints set in files and the environment
    hold; a profile that was chosen for the client's session is not known here.

    Raises whatever botocore raises, and AttributeError where a later one is built otherwise.
    """
    from botocore.config import Config
    from botocore.session import Session

    credentials = client._request_signer._credentials
    known = client.meta.config
    options = {name: getattr(known, name, None) for name in _SHARED_OPTIONS}
    config = Config(
        connect_timeout=CONTROL_TIMEOUT,
        read_timeout=CONTROL_TIMEOUT,
        max_pool_connections=2,
        retries={"total_max_attempts": 1},
        **{name: value for name, value in options.items() if value is not None},
    )
    session = Session()
    session.register_component("data_loader", client._loader)  # has read most of it already
    session.register_component("credential_provider", _Given(credentials))
    made: Any = session.create_client(
        service,
        region_name=client.meta.region_name,
        config=config,
        verify=client._endpoint.http_session._verify,
    )
    _past_instrumentation(made, "_make_api_call")
    _past_instrumentation(made._endpoint, "prepare_request")
    return made


def account_of(client: Any) -> tuple[str | None, str, str | None]:
    """What tells two clients apart that may mean other tables by the same names.

    Region, endpoint and access key. Does not fetch credentials; the key is None until they are.
    """
    credentials = getattr(getattr(client, "_request_signer", None), "_credentials", None)
    known = getattr(credentials, "__dict__", {})  # a property would fetch them
    key = known.get("_access_key") or known.get("access_key")
    return client.meta.region_name, client.meta.endpoint_url, key if isinstance(key, str) else None


def credentials_source(client: Any) -> str | None:
    """Where a client's credentials are from ("env", "sso"...), as botocore calls it.

    Does not fetch them. None: there are none, or a later botocore does not say.
    """
    credentials = getattr(getattr(client, "_request_signer", None), "_credentials", None)
    method = getattr(credentials, "method", None)
    return method if isinstance(method, str) else None


_SHARED_OPTIONS = (
    "signature_version",
    "proxies",
    "proxies_config",
    "client_cert",
    "ignore_configured_endpoint_urls",
    "tcp_keepalive",
    "use_dualstack_endpoint",
    "use_fips_endpoint",
    "user_agent_extra",
    "user_agent_appid",
)


class _Given:
    """In the place of botocore's search for credentials: these, or none."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    def load_credentials(self) -> Any:
        return self._credentials


def _past_instrumentation(owner: Any, name: str) -> None:
    """Let ``owner.name(...)`` be botocore's own method, without what tracers wrap around it.

    OpenTelemetry, X-Ray and others wrap these two on the class, with wrapt. Our calls are not the
    program's, and most come from a thread in which no trace is open: X-Ray's SDK logs an error for
    each then, or makes it fail, and what was raised would never be lowered.
    """

    def call(*args: Any, **kwargs: Any) -> Any:
        method = getattr(type(owner), name)
        while type(method) is not FunctionType and hasattr(method, "__wrapped__"):
            method = method.__wrapped__
        return method(owner, *args, **kwargs)

    owner.__dict__[name] = call


def _impatient(session: Any) -> Any:
    """The client's HTTP session with the same TLS and proxy settings and short timeouts.

    A table that is slow to describe must not hold up a throttled call, or other tables. Where a
    later botocore is built otherwise, the client's own session serves.
    """
    from urllib3 import PoolManager, Timeout

    try:
        twin = _shallow_copy(session)
        twin._timeout = Timeout(connect=CONTROL_TIMEOUT, read=CONTROL_TIMEOUT)
        twin._max_pool_connections = 2
        twin._proxy_managers = {}
        twin._manager = PoolManager(**twin._get_pool_manager_kwargs())
        twin._manager.pool_classes_by_scheme = twin._pool_classes_by_scheme
    except (AttributeError, TypeError):
        return session
    return twin


def with_events(client: Any, events: Any) -> Any:
    """A shallow copy of a client that emits its events on ``events``."""
    twin = _shallow_copy(client)
    twin.meta = _shallow_copy(client.meta)
    twin.meta.events = events
    twin._endpoint = _shallow_copy(client._endpoint)
    twin._endpoint._event_emitter = events
    return twin


def _shallow_copy(original: Any) -> Any:
    # Not copy.copy(): before Python 3.11 it asks an empty client for __setstate__, and the
    # client's __getattr__ never returns from that.
    twin = object.__new__(type(original))
    twin.__dict__.update(original.__dict__)
    return twin


def events_copy(client: Any) -> Any:
    """The client's events, to be changed without changing the client's."""
    return copy.copy(client.meta.events)


def speaks_python(client: Any) -> bool:
    """Whether boto3's resource layer has made the client speak Python types, not wire types.

    Where a later boto3 does so otherwise, every client is taken for one of wire types.
    """
    emitter = getattr(client.meta.events, "_emitter", client.meta.events)
    return _TO_WIRE_TYPES_ID in getattr(emitter, "_unique_id_handlers", {})


def original_of(client: Any) -> object:
    """What a client has in common with its copies (`with_events`), and with no other client.

    Where a later botocore has no such thing, the client itself.
    """
    return getattr(client, "_request_signer", client)


def see_errors(client: Any, see: Callable[[Exception], object]) -> None:
    """Have ``see(error)`` called with each exception in which a call of the client ends.

    botocore makes it after its last event, in ``_make_api_call``. The client gets a class of its
    own that overrides this method and calls what it would have called before, so that those who
    wrap or replace the method in botocore's class, before or afterwards, still do. A copy of the
    client calls itself, as an attribute of the object would not have it. Where a later botocore
    has no such method, or one that takes something else, nothing is seen.
    """
    own = type(client)
    try:
        takes = list(inspect.signature(own._make_api_call).parameters)
    except (AttributeError, TypeError, ValueError):
        return
    if takes != ["self", "operation_name", "api_params"]:
        return

    def make_api_call(self: Any, operation_name: str, api_params: Any) -> Any:
        call = own._make_api_call
        try:
            if type(call) is FunctionType:  # as a rule; the rest binds a wrapper, or a mock
                return call(self, operation_name, api_params)
            bound = call.__get__(self, own) if hasattr(call, "__get__") else call
            return bound(operation_name, api_params)
        except Exception as error:
            see(error)
            raise

    members = {_MAKE_API_CALL: make_api_call, _SEEN: own, "__doc__": own.__doc__}
    members |= {"__module__": own.__module__, "__qualname__": own.__qualname__}
    client.__class__ = type(own.__name__, (own,), members)


def see_errors_no_more(client: Any) -> None:
    """Undo `see_errors`. Nothing happens to a client that it was not done to."""
    own = vars(type(client)).get(_SEEN)
    if own is not None:
        client.__class__ = own
