"""Invented documents of CSAF providers, of CISA's catalog and of EDGAR, for tests."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["advisory", "changes", "encoded", "kev", "kev_entry", "provider", "rolie", "vulnerability"]


def encoded(document: object) -> bytes:
    return json.dumps(document).encode()


def vulnerability(cve: str = "CVE-2026-10001", *, score: float | None = 9.8, **other: Any) -> dict[str, Any]:
    scores = [{"cvss_v3": {"baseScore": score, "version": "3.1"}, "products": ["P1"]}] if score is not None else []
    return {
        "cve": cve,
        "title": "Missing check of a length",
        "notes": [{"category": "description", "text": "A crafted packet lets anybody on the network run code."}],
        "product_status": {"known_affected": ["P1"], "fixed": ["P2"]},
        "scores": scores,
        "remediations": [{"category": "vendor_fix", "details": "Update to 4.2.1.", "product_ids": ["P1"]}],
        **other,
    }


def advisory(
    id: str = "HLD-SA-2026-001",
    *vulnerabilities: Mapping[str, Any],
    title: str = "Remote code execution in Halden Gateway",
    version: str = "1",
    released: str = "2026-03-04T10:00:00Z",
    initial: str = "2026-03-04T10:00:00Z",
    **head: Any,
) -> dict[str, Any]:
    return {
        "document": {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "lang": "en",
            "title": title,
            "publisher": {"category": "vendor", "name": "Halden PSIRT", "namespace": "https://halden.example"},
            "aggregate_severity": {"text": "Critical"},
            "notes": [{"category": "summary", "text": "Halden Gateway has a flaw in its remote console."}],
            "references": [
                {"category": "self", "summary": "file", "url": "https://halden.example/csaf/2026/file.json"},
                {"category": "self", "summary": "page", "url": "https://halden.example/advisories/1"},
            ],
            "tracking": {
                "id": id,
                "status": "final",
                "version": version,
                "initial_release_date": min(released, initial),
                "current_release_date": released,
                "revision_history": [
                    {"number": str(number), "date": released, "summary": f"Change {number}."}
                    for number in range(1, int(version) + 1)
                ],
            },
            **head,
        },
        "product_tree": {
            "branches": [
                {
                    "category": "vendor",
                    "name": "Halden",
                    "branches": [
                        {
                            "category": "product_name",
                            "name": "Gateway",
                            "branches": [
                                {
                                    "category": "product_version_range",
                                    "name": "vers:generic/<4.2.1",
                                    "product": {"product_id": "P1", "name": "Halden Gateway <4.2.1"},
                                },
                                {
                                    "category": "product_version",
                                    "name": "4.2.1",
                                    "product": {"product_id": "P2", "name": "Halden Gateway 4.2.1"},
                                },
                            ],
                        }
                    ],
                }
            ]
        },
        "vulnerabilities": list(vulnerabilities or [vulnerability()]),
    }


def provider(*feeds: str, directory: str | None = None) -> dict[str, Any]:
    rolie = {"rolie": {"feeds": [{"summary": "all", "tlp_label": "WHITE", "url": url} for url in feeds]}}
    return {
        "canonical_url": "https://halden.example/.well-known/csaf/provider-metadata.json",
        "last_updated": "2026-03-04T10:00:00Z",
        "metadata_version": "2.0",
        "role": "csaf_provider",
        "publisher": {"category": "vendor", "name": "Halden PSIRT", "namespace": "https://halden.example"},
        "distributions": [*([rolie] if feeds else []), *([{"directory_url": directory}] if directory else [])],
    }


def rolie(*advisories: tuple[str, str]) -> dict[str, Any]:
    """A ROLIE feed of advisories, each its address and when it was revised."""
    return {
        "feed": {
            "id": "halden-white",
            "title": "Halden advisories",
            "link": [{"rel": "self", "href": "https://halden.example/feed.json"}],
            "updated": "2026-03-04T10:00:00Z",
            "entry": [
                {
                    "id": url.rpartition("/")[2],
                    "title": "An advisory",
                    "link": [{"rel": "self", "href": url}],
                    "published": updated,
                    "updated": updated,
                    "content": {"type": "application/json", "src": url},
                }
                for url, updated in advisories
            ],
        }
    }


def changes(*advisories: tuple[str, str]) -> bytes:
    return "".join(f'"{path}","{updated}"\r\n' for path, updated in advisories).encode()


def kev_entry(cve: str = "CVE-2026-10001", added: str = "2026-03-04", **other: Any) -> dict[str, Any]:
    return {
        "cveID": cve,
        "vendorProject": "Halden",
        "product": "Gateway",
        "vulnerabilityName": "Halden Gateway Authentication Bypass Vulnerability",
        "dateAdded": added,
        "shortDescription": "Halden Gateway lets anybody sign in without a password.",
        "requiredAction": "Apply mitigations per vendor instructions.",
        "dueDate": "2026-03-25",
        "knownRansomwareCampaignUse": "Known",
        "notes": "https://halden.example/advisories/1",
        "cwes": ["CWE-287"],
        **other,
    }


def kev(*entries: Any) -> dict[str, Any]:
    return {
        "title": "CISA Catalog of Known Exploited Vulnerabilities",
        "catalogVersion": "2026.03.04",
        "dateReleased": "2026-03-04T15:00:00.000Z",
        "count": len(entries),
        "vulnerabilities": list(entries),
    }
