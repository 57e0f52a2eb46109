from pathlib import Path

import jax
import pytest

from gnothi.learning import use_compilation_cache

SETTINGS = ("jax_compilation_cache_dir", "jax_persistent_cache_min_compile_time_secs")


@pytest.fixture
def untouched():
    before = {name: getattr(jax.config, name) for name in SETTINGS}
    jax.config.update("jax_compilation_cache_dir", None)
    yield
    for name, value in before.items():
        jax.config.update(name, value)


def folder() -> str | None:
    return jax.config.jax_compilation_cache_dir


def test_the_cache_is_in_the_users_cache_folder(untouched, monkeypatch, tmp_path):
    monkeypatch.delenv("GNOTHI_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    use_compilation_cache()
    assert folder() == str(tmp_path / "gnothi" / "jax")


def test_without_an_xdg_folder_it_is_below_home(untouched, monkeypatch, tmp_path):
    monkeypatch.delenv("GNOTHI_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    use_compilation_cache()
    assert folder() == str(tmp_path / ".cache" / "gnothi" / "jax")


def test_it_can_be_turned_off(untouched, monkeypatch):
    monkeypatch.setenv("GNOTHI_CACHE", "off")
    use_compilation_cache()
    assert folder() is None


def test_a_users_own_folder_is_left_alone(untouched, monkeypatch, tmp_path):
    monkeypatch.delenv("GNOTHI_CACHE", raising=False)
    jax.config.update("jax_compilation_cache_dir", str(tmp_path))
    use_compilation_cache()
    assert folder() == str(tmp_path)
