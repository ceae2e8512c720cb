"""The settings of Ray that a run and its nodes share: tokens, and when a node counts as lost."""

import os
from collections.abc import MutableMapping

# A node whose link is cut counts as lost after some ten seconds; by Ray's own settings its tasks
# waited for minutes. Whatever the environment sets already is kept.
SETTINGS = {
    "RAY_AUTH_MODE": "token",
    "RAY_grpc_client_keepalive_time_ms": "10000",
    "RAY_grpc_client_keepalive_timeout_ms": "10000",
    "RAY_health_check_period_ms": "2000",
    "RAY_health_check_timeout_ms": "3000",
    "RAY_health_check_failure_threshold": "3",
    # Three tries; a head that refuses a token would be asked for half a minute.
    "RAY_CLIENT_INITIAL_CONNECTION_TIMEOUT_S": "3",
    "RAY_CLIENT_MAX_CONNECTION_TIMEOUT_S": "3",
    # A head starts a process for each run by a fork; gRPC's own handlers of forks can break it.
    "GRPC_ENABLE_FORK_SUPPORT": "0",
    # Nothing is reported to anybody.
    "RAY_USAGE_STATS_ENABLED": "0",
}


def apply_settings(environment: MutableMapping[str, str] = os.environ) -> None:
    """Set what is not set; Ray reads the environment when it is imported and started."""
    for name, value in SETTINGS.items():
        environment.setdefault(name, value)


def has_tokens(environment: MutableMapping[str, str] = os.environ) -> bool:
    """Whether nodes ask each other for a token; `RAY_AUTH_MODE=disabled` is the way out."""
    return environment.get("RAY_AUTH_MODE", "").lower() == "token"
