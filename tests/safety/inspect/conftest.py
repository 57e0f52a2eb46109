"""Nothing here may reach a network: a connection to anywhere but this machine is an error."""

import socket

import pytest


@pytest.fixture(autouse=True)
def _no_network(monkeypatch):
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def local(host):
        return host in (None, "localhost", "127.0.0.1", "::1", b"127.0.0.1", b"localhost")

    def connect_near(self, address):
        if isinstance(address, tuple) and not local(address[0]):
            raise OSError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    def look_up_near(host, *arguments, **more):
        if not local(host):
            raise OSError(f"a test tried to look up {host}")
        return look_up(host, *arguments, **more)

    monkeypatch.setattr(socket.socket, "connect", connect_near)
    monkeypatch.setattr(socket, "getaddrinfo", look_up_near)


@pytest.fixture(autouse=True)
def _own_folder(monkeypatch, tmp_path):
    """Inspect writes logs where it is run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("INSPECT_LOG_DIR", str(tmp_path / "logs"))
    monkeypatch.setenv("INSPECT_DISPLAY", "none")
