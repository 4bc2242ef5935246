"""Tensors in files: what is read, lazily; what is written, whole or not at all; what is refused."""

from __future__ import annotations

import json
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from accelsim.errors import InputError
from accelsim.quantization import SCHEMES, quantize
from accelsim.quantization.packing import pack_codes, unpack_codes
from accelsim.quantization.save import load_quantized, quantized_file
from accelsim.quantization.tensors import Tensor, open_tensors, why_left_out

safetensors = pytest.importorskip("safetensors.numpy")


def normal(*shape: int, seed: int = 2) -> Any:
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def same(found: Tensor, name: str, values: Any) -> None:
    assert (found.name, found.shape) == (name, values.shape)
    read = found.read()
    assert read.dtype == values.dtype
    np.testing.assert_array_equal(read, values)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, ml_dtypes.bfloat16])
def test_safetensors(tmp_path: Path, kind: Any) -> None:
    values = normal(3, 4).astype(kind)
    layers = {f"layer.{i}.weight": values * i for i in (10, 2)}
    safetensors.save_file(layers, tmp_path / "m.safetensors")
    found = open_tensors(tmp_path / "m.safetensors")
    same(found[0], "layer.2.weight", layers["layer.2.weight"])
    same(found[1], "layer.10.weight", layers["layer.10.weight"])
    assert all(each.is_float for each in found)


def test_numpy_files(tmp_path: Path) -> None:
    values = normal(3, 4)
    np.save(tmp_path / "w.npy", values)
    np.savez(tmp_path / "m.npz", a=values, b=np.arange(3))
    np.savez_compressed(tmp_path / "c.npz", **{"x/y": values})
    same(open_tensors(tmp_path / "w.npy")[0], "w", values)
    one, two = open_tensors(tmp_path / "m.npz")
    same(one, "a", values)
    assert (two.data_type, two.is_float) == ("int64", False)
    same(open_tensors(tmp_path / "c.npz")[0], "x/y", values)


def sharded(folder: Path, names: dict[str, str] | None = None) -> Path:
    for i in (1, 2):
        safetensors.save_file({f"w{i}": normal(2, 4, seed=i)}, folder / f"part-{i}.safetensors")
    places = {"w2": "part-2.safetensors", "w1": "part-1.safetensors"} if names is None else names
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"metadata": {}, "weight_map": places}))
    return index


def test_parts_of_a_model(tmp_path: Path) -> None:
    index = sharded(tmp_path)
    for path in (index, tmp_path):
        found = open_tensors(path)
        assert [each.name for each in found] == ["w2", "w1"]
        same(found[1], "w1", normal(2, 4, seed=1))
    index.unlink()
    assert [each.name for each in open_tensors(tmp_path)] == ["w1", "w2"]


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Path) -> None:
    """The values are cut off; names and shapes are still there."""
    np.savez(tmp_path / "m.npz", w=normal(64, 64))
    content = bytearray((tmp_path / "m.npz").read_bytes())
    content[5000] ^= 255  # In the middle of the values: a wrong checksum.
    (tmp_path / "m.npz").write_bytes(content)
    (found,) = open_tensors(tmp_path / "m.npz")
    assert found.shape == (64, 64)
    with pytest.raises(InputError, match="is broken or of another kind: Bad CRC"):
        found.read()


@pytest.mark.parametrize(
    ("shape", "kind", "name", "match", "reason"),
    [
        ((2, 3), "F16", "model.layers.0.mlp.weight", None, ""),
        ((2, 3, 4), "bfloat16", "conv", None, ""),
        ((3,), "F16", "norm.weight", None, "one axis"),
        ((), "F32", "scale", None, "one number"),
        ((2, 3), "I8", "codes", None, "no floats (I8)"),
        ((2, 3), "F8_E4M3", "w", None, "no floats (F8_E4M3)"),
        ((0, 3), "F16", "w", None, "empty"),
        ((2, 3), "F16", "model.embed_tokens.weight", None, "embedding"),
        ((2, 3), "F16", "transformer.wte.weight", None, "embedding"),
        ((2, 3), "F16", "lm_head.weight", None, ""),
        ((2, 3), "F16", "model.embed_tokens.weight", "*embed*", ""),
        ((2, 3), "F16", "a.weight", "b.*", "no match"),
        ((3,), "F16", "a.norm", "a.*", "one axis"),
    ],
)
def test_what_is_left_out(
    shape: tuple[int, ...], kind: str, name: str, match: str | None, reason: str
) -> None:
    tensor = Tensor(name, shape, kind, Path("x"), lambda: np.zeros(shape))
    assert why_left_out(tensor, match) == reason


def write(name: str, content: bytes | str) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return make


def pickled(folder: Path) -> Path:
    path = folder / "p.npy"
    np.save(path, np.array([{}], object), allow_pickle=True)
    return path


def empty_archive(folder: Path) -> Path:
    zipfile.ZipFile(folder / "e.npz", "w").close()
    return folder / "e.npz"


def twice(folder: Path) -> Path:
    for part in "ab":
        safetensors.save_file({"w": normal(2, 4)}, folder / f"{part}.safetensors")
    return folder


HUGE = struct.pack("<Q", 1 << 60) + b"{}"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda folder: folder / "no.npy", "does not exist; give .npy, .npz"),
        (lambda folder: folder, f"holds no .safetensors and no {'model.safetensors.index.json'}"),
        (write("w.bin", b"x"), "is of an unknown kind, must be .npy"),
        (write("w.npy", b""), "is broken or of another kind"),
        (write("w.npy", b"\x93NUMPY\x01\x00"), "is broken or of another kind"),
        (pickled, "is broken or of another kind: it has no numbers, or Python objects, which are"),
        (write("w.npy", b"junk"), "is broken or of another kind: it has no numbers, or Python"),
        (write("w.npz", b"PK"), "is broken or of another kind"),
        (empty_archive, "holds no tensor"),
        (write("w.safetensors", b""), "is broken or of another kind"),
        (write("w.safetensors", HUGE), "is broken or of another kind"),
        (write("w.index.json", "{"), "is broken or of another kind"),
        (write("w.index.json", "[" * 100_000), "is broken or of another kind"),
        (write("w.index.json", "[]"), "'weight_map' is not there, must map tensors to files"),
        (write("w.index.json", '{"weight_map": {}}'), "'weight_map' is not there"),
        (lambda folder: sharded(folder, {"w": 3}), "file of tensor 'w' is 3, must be the name"),
        (lambda folder: sharded(folder, {"w": "../x.safetensors"}), "is '../x.safetensors', must"),
        (lambda folder: sharded(folder, {"w": "no.safetensors"}), "no.safetensors' does not exist"),
        (lambda folder: sharded(folder, {"w9": "part-1.safetensors"}), "tensor 'w9' is not in 'pa"),
        (twice, "tensor 'w' is in "),
    ],
)
def test_files_that_are_refused(tmp_path: Path, make: Callable[[Path], Path], message: str) -> None:
    with pytest.raises(InputError) as caught:
        open_tensors(make(tmp_path))[0].read()
    (problem,) = caught.value.problems
    assert message in problem


@pytest.mark.parametrize("bits", range(1, 9))
@pytest.mark.parametrize("width", [1, 7, 8, 130])
def test_packed_codes_come_back(bits: int, width: int) -> None:
    codes = np.random.default_rng(0).integers(0, 2**bits, (3, width), np.uint8)
    packed = pack_codes(codes, bits)
    assert packed.shape == (3, -(-width * bits // 8))
    whole = int.from_bytes(packed[0].tobytes(), "little")
    assert [whole >> (j * bits) & (2**bits - 1) for j in range(width)] == codes[0].tolist()
    np.testing.assert_array_equal(unpack_codes(packed, width, bits), codes)


def test_packed_codes_must_be_as_many_as_needed() -> None:
    with pytest.raises(InputError, match=r"shape is \(1, 3\), must be \(channels, 2\)"):
        unpack_codes(np.zeros((1, 3), np.uint8), 4, 4)


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
@pytest.mark.parametrize("scale_bits", [8, None])
def test_what_is_written_is_read(tmp_path: Path, suffix: str, scale_bits: int | None) -> None:
    made = {
        name: quantize(normal(3, 5, 6), name, group=8, scale_bits=scale_bits, clips=(1.0,))
        for name in SCHEMES
    }
    contents = []
    for attempt in "ab":
        path = tmp_path / f"{attempt}{suffix}"
        with quantized_file(path) as out:
            for name, each in made.items():
                out.add(name, each)
        contents.append(path.read_bytes())
        found = load_quantized(path)
        assert list(found) == list(made)
        for name, each in made.items():
            got = found[name]
            assert (got.shape, got.group, got.scale_bits) == ((3, 5, 6), 8, scale_bits)
            assert got.bits_per_weight == each.bits_per_weight
            np.testing.assert_array_equal(got.codes, each.codes)
            np.testing.assert_array_equal(got.dequantize(), each.dequantize())
    assert contents[0] == contents[1]
    assert sorted(each.name for each in tmp_path.iterdir()) == [f"a{suffix}", f"b{suffix}"]


@pytest.mark.parametrize("suffix", [".npz", ".safetensors"])
def test_a_fault_leaves_what_was_there(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"out{suffix}"
    path.write_text("before")

    def fail() -> None:
        with quantized_file(path) as out:
            out.add("w", quantize(normal(2, 4)))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_names_are_written_once(tmp_path: Path) -> None:
    def add_twice() -> None:
        with quantized_file(tmp_path / "o.npz") as out:
            out.add("w", quantize(normal(2, 4)))
            out.add("w", quantize(normal(2, 4)))

    with pytest.raises(InputError, match="tensor 'w' is written twice"):
        add_twice()
    assert not list(tmp_path.iterdir())


def test_other_files_are_no_quantised_tensors(tmp_path: Path) -> None:
    np.savez(tmp_path / "m.npz", w=normal(2, 4))
    with pytest.raises(InputError, match=r"holds no 'accelsim\.quantized'"):
        load_quantized(tmp_path / "m.npz")
    table = np.frombuffer(b'{"schema_version": 1, "tensors": {"w": {}}}', np.uint8)
    np.savez(tmp_path / "b.npz", **{"accelsim.quantized": table})
    with pytest.raises(InputError, match="is broken: KeyError"):
        load_quantized(tmp_path / "b.npz")
    later = np.frombuffer(b'{"schema_version": 2, "tensors": {}}', np.uint8)
    np.savez(tmp_path / "l.npz", **{"accelsim.quantized": later})
    with pytest.raises(InputError, match="schema_version is 2, must be 1"):
        load_quantized(tmp_path / "l.npz")
