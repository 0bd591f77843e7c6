"""The transmitter of an installation without an access point: each e-invoice becomes a file in `e-invoices/` of the storage folder."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import unquote

from integrations.transmitters import Fate, Parcel, Reach, TransmitterError


class FolderTransmitter:
    """Writes `<number>.xml`, whole or not at all; a second time it replaces the file by the same bytes."""

    key = "folder"

    def __init__(self, storage_url: str) -> None:
        if not storage_url.startswith("folder://"):
            raise TransmitterError("STORAGE_URL is no folder://: e-invoices have nowhere to go")
        self.folder = Path(unquote(storage_url.removeprefix("folder://"))) / "e-invoices"

    def can_reach(self, endpoint: str, *, credit_note: bool) -> Reach:
        return Reach.UNKNOWN if ":" in endpoint else Reach.NO

    def send(self, parcel: Parcel) -> str:
        name = f"{parcel.number}.xml"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            draft = self.folder / f".{name}.{os.getpid()}"
            with draft.open("wb") as file:
                file.write(parcel.content)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self.folder / name)
        except OSError as error:
            raise TransmitterError(f"the folder of e-invoices cannot be written: {error}") from error
        return name

    def status(self, reference: str) -> Fate:
        return Fate.SENT if (self.folder / reference).is_file() else Fate.FAILED
