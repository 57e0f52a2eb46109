import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import gnothi as gn
from gnothi.learning import load, save


def make(seed=0, hidden=(4,), members=3):
    k1, k2 = jax.random.split(jax.random.key(seed))
    nets, twins = (gn.nn.stack(lambda key: gn.nn.MLP(2, hidden, 2, key=key), members, key=k) for k in (k1, k2))
    return gn.enn.WithPrior(
        gn.enn.Ensemble(nets, first=jnp.array(6)), gn.enn.MatchedPrior(twins, jnp.array(3.0), jnp.array(6))
    )


@pytest.fixture(scope="module")
def network():
    return make()


def test_a_network_comes_back_bit_for_bit(tmp_path, network):
    odd = jax.tree.map(lambda leaf: leaf.at[..., 0].set(jnp.nan) if leaf.ndim > 1 else leaf, network)
    save(tmp_path / "new" / "net", odd, about={"made": ["with", {"care": 1.5}]})
    found, about = load(tmp_path / "new" / "net", like=make(seed=1))
    assert about == {"made": ["with", {"care": 1.5}]}
    assert jax.tree.structure(found) == jax.tree.structure(odd)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(odd), strict=True):
        assert a.dtype == b.dtype and np.asarray(a).tobytes() == np.asarray(b).tobytes()
    assert sorted(p.name for p in (tmp_path / "new").iterdir()) == ["net.json", "net.safetensors"]


def test_numpy_arrays_and_turned_arrays_are_kept(tmp_path):
    tree = {"a": np.arange(6.0, dtype=np.float32).reshape(2, 3).T, "b": [jnp.arange(6).reshape(2, 3).T, None, "word"]}
    save(tmp_path / "net", tree)
    found, _ = load(tmp_path / "net", {"a": np.zeros((3, 2), np.float32), "b": [jnp.zeros((3, 2), int), None, "word"]})
    np.testing.assert_array_equal(found["a"], tree["a"])
    np.testing.assert_array_equal(found["b"][0], tree["b"][0])


def test_saving_again_replaces(tmp_path, network):
    save(tmp_path / "net", network)
    other = make(seed=2)
    save(tmp_path / "net", other)
    jax.tree.map(np.testing.assert_array_equal, load(tmp_path / "net", network)[0], other)


def test_a_failed_save_leaves_the_old_one(tmp_path, network, monkeypatch):
    save(tmp_path / "net", network)

    def full(arrays, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("gnothi.learning.checkpoint.save_file", full)
    with pytest.raises(OSError, match="No space"):
        save(tmp_path / "net", make(seed=2))
    jax.tree.map(np.testing.assert_array_equal, load(tmp_path / "net", network)[0], network)


def test_another_size_is_refused(tmp_path, network):
    save(tmp_path / "net", network)
    with pytest.raises(
        ValueError, match=r"another size: .*weights/0 is float32\[3, 4, 2\] there, float32\[3, 5, 2\] here"
    ):
        load(tmp_path / "net", like=make(hidden=(5,)))


def test_another_type_of_number_is_refused(tmp_path):
    save(tmp_path / "net", {"a": jnp.zeros(3)})
    with pytest.raises(ValueError, match=r"a is float32\[3\] there, int32\[3\] here"):
        load(tmp_path / "net", like={"a": jnp.zeros(3, int)})


def test_another_kind_is_refused(tmp_path, network):
    save(tmp_path / "net", network)
    with pytest.raises(ValueError, match=r"holds another kind of network: .* is in one and not in the other"):
        load(tmp_path / "net", like=network.network)


@pytest.mark.parametrize("ending", [".json", ".safetensors"])
def test_a_missing_file_is_named(tmp_path, network, ending):
    save(tmp_path / "net", network)
    (tmp_path / f"net{ending}").unlink()
    with pytest.raises(FileNotFoundError, match=f"net{ending}"):
        load(tmp_path / "net", like=network)


def test_there_is_no_pickle_in_the_files(tmp_path, network):
    """A safetensors file is a length, a JSON header of so many bytes, and raw numbers: nothing that runs."""
    save(tmp_path / "net", network)
    content = (tmp_path / "net.safetensors").read_bytes()
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    numbers = sum(end - start for start, end in (entry["data_offsets"] for entry in header.values()))
    assert len(content) == 8 + size + numbers
    assert numbers == sum(leaf.nbytes for leaf in jax.tree.leaves(network))
    described = json.loads((tmp_path / "net.json").read_text())["arrays"]
    assert described.keys() == header.keys()
    assert all(described[name]["shape"] == header[name]["shape"] for name in header)
