"""Reads metrics as Prometheus would."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from streams.metrics import Read, registry_of

Scrape = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Scrape:
    """Return every sample of a scrape by its name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(*reads: Read) -> Scrape:
    """Return every sample of what is read."""
    return parsed(generate_latest(registry_of(*reads)).decode())


def total(scrape: Scrape, name: str, **labels: str) -> float:
    """Return the sum of the samples with a name and these labels among theirs."""
    return sum(value for (one, has), value in scrape.items() if one == name and labels.items() <= dict(has).items())
