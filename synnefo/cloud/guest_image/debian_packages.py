"""Takes files out of Debian packages without installing them, so that no root is needed."""

from __future__ import annotations

import os
from pathlib import Path

from synnefo.cloud import commands
from synnefo.cloud.errors import CloudError

TOOL_FOLDERS = ("usr/bin", "usr/sbin", "bin", "sbin")


class PackageStore:
    """A folder of downloaded and unpacked packages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._refreshed = False

    def unpacked(self, package: str) -> Path:
        """The folder with the content of the package, downloaded at first use."""
        target = self.folder / package
        if not target.exists():
            archive = self._download(package)
            partial = self.folder / f"{package}.partial"
            commands.run(["dpkg-deb", "-x", archive, partial])
            partial.rename(target)
            archive.unlink()
        return target

    def tool(self, name: str, package: str) -> str:
        """The path of a program: the machine's own, else the one in the package."""
        installed = commands.find(name)
        if installed:
            return installed
        root = self.unpacked(package)
        for folder in TOOL_FOLDERS:
            if (root / folder / name).exists():
                return str(root / folder / name)
        raise CloudError(f"the package {package} holds no program {name}")

    def dependency(self, package: str, prefix: str) -> str:
        """The name of the package starting with prefix that a meta package stands for."""
        for line in self._apt("apt-cache", "depends", package).splitlines():
            words = line.split()
            if len(words) == 2 and words[0] == "Depends:" and words[1].startswith(prefix):
                return words[1]
        raise CloudError(f"the package {package} names no {prefix}…: run apt-get update")

    def _download(self, package: str) -> Path:
        inbox = self.folder / "download"
        inbox.mkdir(parents=True, exist_ok=True)
        self._apt("apt-get", "download", package, cwd=inbox)
        found = sorted(inbox.glob(f"{package}_*.deb"))
        if not found:
            raise CloudError(f"apt-get downloaded no {package}")
        return found[-1]

    def _apt(self, *argv: str, cwd: Path | None = None) -> str:
        """Run an apt command; where the machine's lists do not know the package, with our own."""
        environment = {**os.environ, "LC_ALL": "C", "PATH": commands.SEARCH_PATH}
        if not self._refreshed:
            try:
                output = commands.run(argv, cwd=cwd, env=environment)
                if output.strip() or cwd is not None:
                    return output
            except CloudError:
                pass
            self._refresh(environment)
        return commands.run([argv[0], *self._private(), *argv[1:]], cwd=cwd, env=environment)

    def _refresh(self, environment: dict[str, str]) -> None:
        """Fetch package lists into our folder: a plain user may not write the machine's."""
        for part in ("lists/partial", "cache/archives/partial"):
            (self.folder / "apt" / part).mkdir(parents=True, exist_ok=True)
        commands.run(["apt-get", *self._private(), "-q", "update"], env=environment)
        self._refreshed = True

    def _private(self) -> list[str]:
        apt = self.folder / "apt"
        return ["-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache"]
