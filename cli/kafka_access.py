"""Makes a cluster's users and access list those of the one table, and shows the table."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined] # documented names, but not re-exported for mypy
    AclBinding,
    AclBindingFilter,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialAlteration,
    UserScramCredentialUpsertion,
)

from cli.failure import ExitCode, Failure
from cli.kafka_secrets import KafkaSecrets, read_password
from schemas.access import ACCESS, PRINCIPALS, Acl, Kind, Operation, acls
from streams.kafka_security import connection

TIMEOUT_S = 30.0
ITERATIONS = 8_192
_SALT_BYTES = 24

_KINDS = {
    Kind.TOPIC: ResourceType.TOPIC,
    Kind.GROUP: ResourceType.GROUP,
    Kind.TRANSACTION: ResourceType.TRANSACTIONAL_ID,
}
_OPERATIONS = {
    Operation.READ: AclOperation.READ,
    Operation.WRITE: AclOperation.WRITE,
    Operation.DESCRIBE: AclOperation.DESCRIBE,
}


def grant(bootstrap: str, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Make the access list that of the table: add what is missing, delete what our principals have beside it.

    `environ` says who asks; without it, the process's own environment. Other principals' entries stay. Raises Failure.
    """
    client = _client(bootstrap, environ)
    wanted = {_binding(acl) for acl in acls()}
    held = {
        binding
        for access in ACCESS
        for binding in _answer(bootstrap, client.describe_acls(_all_of(access.principal), request_timeout=TIMEOUT_S))
    }
    for future in client.create_acls(list(wanted - held), request_timeout=TIMEOUT_S).values() if wanted - held else ():
        _answer(bootstrap, future)
    surplus = [_exactly(binding) for binding in held - wanted]
    for future in client.delete_acls(surplus, request_timeout=TIMEOUT_S).values() if surplus else ():
        _answer(bootstrap, future)
    yield f"access list: {len(wanted)} entries, {len(wanted - held)} new, {len(surplus)} deleted"


def set_passwords(bootstrap: str, kept: KafkaSecrets, environ: Mapping[str, str] | None = None) -> Iterator[str]:
    """Give every principal the password in its file; one that had another loses it. Raises Failure."""
    client = _client(bootstrap, environ)
    method = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, ITERATIONS)
    changes: list[UserScramCredentialAlteration] = [
        UserScramCredentialUpsertion(
            principal, method, read_password(kept, principal).encode(), secrets.token_bytes(_SALT_BYTES)
        )
        for principal in PRINCIPALS
    ]
    for future in client.alter_user_scram_credentials(changes, request_timeout=TIMEOUT_S).values():
        _answer(bootstrap, future)
    yield f"users: {len(PRINCIPALS)} have the passwords of {kept.root}"


def described() -> Iterator[Mapping[str, str]]:
    """Yield the entries of the table in the words of Kafka's own tool, kafka-acls."""
    for acl in acls():
        yield {
            "principal": f"User:{acl.principal}",
            "resource": acl.kind.value,
            "name": acl.name,
            "pattern": "prefixed" if acl.by_prefix else "literal",
            "operation": acl.operation.value,
        }


def _client(bootstrap: str, environ: Mapping[str, str] | None) -> AdminClient:
    return AdminClient({**connection(bootstrap, environ), "log_level": 0})


def _binding(acl: Acl) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if acl.by_prefix else ResourcePatternType.LITERAL
    allow = AclPermissionType.ALLOW
    return AclBinding(
        _KINDS[acl.kind], acl.name, pattern, f"User:{acl.principal}", "*", _OPERATIONS[acl.operation], allow
    )


def _all_of(principal: str) -> AclBindingFilter:
    return AclBindingFilter(
        ResourceType.ANY, None, ResourcePatternType.ANY, f"User:{principal}", None, AclOperation.ANY,  # type: ignore[arg-type]  # the stub forgets that None is any
        AclPermissionType.ANY,
    )  # fmt: skip


def _exactly(held: AclBinding) -> AclBindingFilter:
    return AclBindingFilter(
        held.restype, held.name, held.resource_pattern_type, held.principal, held.host, held.operation,
        held.permission_type,
    )  # fmt: skip


def _answer(bootstrap: str, future: Future[Any]) -> Any:
    try:
        return future.result(TIMEOUT_S)
    except (KafkaException, TimeoutError) as error:
        why = error.args[0].str() if isinstance(error, KafkaException) else "no answer"
        raise Failure(
            f"The cluster on {bootstrap} did not change its access list or users: {why}.",
            "The broker needs an authorizer, and this client the rights of an administrator: docs/kafka-security.md.",
            ExitCode.CLUSTER_UNREACHABLE,
        ) from error
