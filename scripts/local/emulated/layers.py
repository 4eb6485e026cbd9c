"""Layers, unpacked once for all processes that use them, as they only read them."""

import hashlib
import io
import tempfile
import threading
import zipfile


class Layers:
    def __init__(self) -> None:
        self._folders: dict[str, str] = {}
        self._lock = threading.Lock()

    def folder(self, content: bytes) -> str:
        """Where it is unpacked, below the folder for temporary files."""
        digest = hashlib.sha256(content).hexdigest()
        with self._lock:
            if digest not in self._folders:
                folder = tempfile.mkdtemp(prefix="layer-")
                with zipfile.ZipFile(io.BytesIO(content)) as file:
                    file.extractall(folder)
                self._folders[digest] = folder
            return self._folders[digest]
