"""Connect to Kafka: the options of every client, with TLS and a password where they are configured.

aiokafka and kafka-python take the same options. With TLS, the broker's certificate and its name are always checked;
there is no setting to leave that out.
"""

from __future__ import annotations

import ssl
from typing import Any

from firstword.runtimes.kafka.settings import KafkaSettings
from services.common.errors import BadInput

__all__ = ["connection_options", "explain_tls_error", "tls_context"]


def connection_options(settings: KafkaSettings) -> dict[str, Any]:
    """Return the options by which a client finds the brokers, and by which both sides prove who they are.

    Raises:
        BadInput: the certificates can't be read.
    """
    options: dict[str, Any] = {"bootstrap_servers": [server.strip() for server in settings.brokers.split(",")]}
    context = tls_context(settings)
    if context is None:
        return options
    options |= {"security_protocol": "SSL", "ssl_context": context}
    if settings.username is not None and settings.password is not None:
        options |= {
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": settings.sasl,
            "sasl_plain_username": settings.username,
            "sasl_plain_password": settings.password.get_secret_value(),
        }
    return options


def tls_context(settings: KafkaSettings) -> ssl.SSLContext | None:
    """Return what checks the brokers' certificates; None without TLS.

    Raises:
        BadInput: the certificates can't be read.
    """
    if settings.security == "plaintext":
        return None
    try:
        context = ssl.create_default_context(cafile=settings.ca)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or "it holds no certificate"
        raise BadInput(
            f"FIRSTWORD_KAFKA_CA: {settings.ca} can't be read: {reason}.",
            fix="Name a file with the certificate of the authority that signed the brokers' certificates (PEM).",
        ) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def explain_tls_error(error: ssl.SSLError) -> tuple[str, str]:
    """Return what went wrong when TLS was set up, and what to do."""
    if isinstance(error, ssl.SSLCertVerificationError):
        fix = (
            "Give the certificate of the authority that signed the broker's in FIRSTWORD_KAFKA_CA, and name the broker "
            "as its certificate does."
        )
        return f"its certificate is not trusted ({error.verify_message})", fix
    fix = "Name the port on which it speaks TLS, or set FIRSTWORD_KAFKA_SECURITY=plaintext if it does not."
    reason = getattr(error, "reason", None) or error
    return f"it does not speak TLS here ({reason})", fix
