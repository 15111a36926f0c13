"""The lock of ids and fingerprints: what is published can never mean anything else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import fastavro
import pytest

from schemas import catalogue, publish
from schemas.codec import Codec
from schemas.compatibility import problems

CHANGED = "is published and was changed: undo that, and write version 2"


def messages() -> list[tuple[str, int]]:
    return [(name, version) for name, versions in catalogue.read_lock().items() for version in versions]


def test_every_id_is_given_once() -> None:
    ids = [entry.schema_id for versions in catalogue.read_lock().values() for entry in versions.values()]

    assert len(ids) == len(set(ids))


def test_every_schema_file_is_a_published_message_or_part_of_one() -> None:
    lock = catalogue.read_lock()
    parts = {part for versions in lock.values() for entry in versions.values() for part in entry.uses.items()}
    known = set(messages()) | parts

    assert {(name, version) for name, versions in catalogue.read_types().items() for version in versions} == known


@pytest.mark.parametrize(("name", "version"), messages())
def test_a_published_schema_says_what_it_said_when_it_was_published(name: str, version: int) -> None:
    """Where this fails, a published file was edited: undo it and add a version (`python -m schemas.publish`)."""
    entry = catalogue.read_lock()[name][version]
    schema, uses = catalogue.whole(name, version, catalogue.read_types(), entry.uses)

    assert catalogue.fingerprint(schema) == entry.sha256
    assert uses == entry.uses


@pytest.mark.parametrize("schema", catalogue.load().values(), ids=lambda schema: f"{schema.name}.{schema.version}")
def test_the_text_of_a_schema_stands_alone_and_is_avro(schema: catalogue.MessageSchema) -> None:
    written = json.loads(schema.text)

    fastavro.parse_schema(written)
    assert f"{written['namespace']}.{written['name']}" == f"sagaline.{schema.name}"
    assert written["doc"]


def test_every_version_reads_what_all_earlier_ones_wrote() -> None:
    types, lock = catalogue.read_types(), catalogue.read_lock()
    for name, versions in lock.items():
        whole = {version: catalogue.whole(name, version, types, entry.uses)[0] for version, entry in versions.items()}
        for newer, reader in whole.items():
            assert [problems(reader, whole[older]) for older in range(1, newer)] == [[]] * (newer - 1)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Give a copy of the published schemas that a test may change."""
    shutil.copytree(catalogue.ROOT / "avro", tmp_path / "avro")
    shutil.copy(catalogue.ROOT / "ids.json", tmp_path / "ids.json")
    return tmp_path


def edit(root: Path, file: str, **changes: Any) -> None:
    path = root / "avro" / file
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def add_version(root: Path, name: str, *fields: dict[str, Any], without: str = "") -> None:
    context, _, record = name.partition(".")
    written = json.loads((root / "avro" / context / f"{record}.1.avsc").read_text())
    written["fields"] = [one for one in written["fields"] if one["name"] != without] + list(fields)
    (root / "avro" / context / f"{record}.2.avsc").write_text(json.dumps(written))


def test_publishing_what_is_published_changes_nothing(root: Path) -> None:
    before = (root / "ids.json").read_text()

    assert publish.main([], root) == 0
    assert (root / "ids.json").read_text() == before


@pytest.mark.parametrize("file", ["payment/PaymentCaptured.1.avsc", "saga/ReplyMeta.1.avsc"])
def test_a_published_file_cannot_be_edited_nor_one_that_it_uses(
    root: Path, file: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (root / "ids.json").read_text()
    fields = json.loads((root / "avro" / file).read_text())["fields"]
    edit(root, file, fields=[*fields, {"name": "more", "type": "string", "default": ""}])

    assert publish.main([], root) == 1
    assert CHANGED in capsys.readouterr().err
    assert (root / "ids.json").read_text() == before


def test_an_explanation_may_be_improved(root: Path) -> None:
    edit(root, "payment/PaymentCaptured.1.avsc", doc="Better said.")

    assert publish.main([], root) == 0


def test_a_new_version_gets_the_next_id_of_its_context_and_reads_what_the_old_one_wrote(root: Path) -> None:
    fields = {"meta": reply_meta(), "charge_id": "ch_1", "amount_minor": 5, "currency": "GBP"}
    old = Codec(root).encode("payment.PaymentCaptured", fields)
    add_version(root, "payment.PaymentCaptured", {"name": "network", "type": "string", "default": "none"})

    assert publish.main([], root) == 0
    versions = catalogue.read_lock(root)["payment.PaymentCaptured"]
    assert (versions[1].schema_id, versions[2].schema_id) == (302, 305)
    catalogue.load.cache_clear()
    catalogue.latest.cache_clear()
    codec = Codec(root)
    assert codec.decode(old) == ("payment.PaymentCaptured", {**fields, "network": "none"})
    new = codec.encode("payment.PaymentCaptured", {**fields, "network": "visa"})
    assert codec.decode(new).fields["network"] == "visa"


def reply_meta() -> dict[str, Any]:
    ids = {"saga_id": "ord_a", "command_id": "ord_a:x:0", "token": "ord_a:x", "step": "x", "attempt": 0}
    return {**ids, "participant": "payment", "completed_at": 1}


def test_a_new_version_of_a_part_leaves_published_messages_as_they_are(root: Path) -> None:
    add_version(root, "saga.ReplyMeta", {"name": "host", "type": "string", "default": ""})
    add_version(root, "payment.PaymentCaptured", {"name": "network", "type": "string", "default": ""})

    assert publish.main([], root) == 0
    lock = catalogue.read_lock(root)
    assert lock["payment.PaymentCaptured"][1].uses == {"saga.ReplyMeta": 1}
    assert lock["payment.PaymentCaptured"][2].uses == {"saga.ReplyMeta": 2}
    assert lock["payment.PaymentRefunded"][1].uses == {"saga.ReplyMeta": 1}


def test_a_version_that_cannot_read_the_earlier_one_is_refused(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    add_version(root, "payment.PaymentCaptured", {"name": "network", "type": "string"})

    assert publish.main([], root) == 1
    assert "version 2 cannot read version 1: .network: is new and has no default" in capsys.readouterr().err


def test_a_new_message_is_published_by_its_name(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = json.loads((root / "avro/payment/RefundPayment.1.avsc").read_text())
    (root / "avro/payment/VoidPayment.1.avsc").write_text(json.dumps({**written, "name": "VoidPayment"}))

    assert publish.main(["payment.VoidPayment"], root) == 0
    assert catalogue.read_lock(root)["payment.VoidPayment"][1].schema_id == 305
    assert publish.main(["payment.NoSuch"], root) == 1
    assert "there is no schema of payment.NoSuch" in capsys.readouterr().err


def test_a_published_version_whose_file_is_gone_is_named(root: Path) -> None:
    (root / "avro/payment/RefundPayment.1.avsc").unlink()

    with pytest.raises(ValueError, match=r"payment\.RefundPayment version 1, but its \.avsc file is missing"):
        catalogue.load(root)
