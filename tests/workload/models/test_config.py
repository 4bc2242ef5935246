"""Files of models that are wrong, odd or hostile: one message for each problem, nothing is run."""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from accelsim.errors import InputError
from accelsim.workload.models import Transformer, load_model

FOLDER = Path(__file__).parents[3] / "workloads" / "models"
ADVICE = "give the config.json of a model as it was published"
WHOLE = "must be a whole number from 1 to 2,147,483,648"
LLAMA: dict[str, Any] = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_attention_heads": 8,
    "num_hidden_layers": 3,
    "vocab_size": 100,
    "torch_dtype": "float16",
}

Problems = Callable[..., list[str]]
Read = Callable[..., Transformer]


def test_the_base_of_these_tests_is_sound(read: Read) -> None:
    assert read().heads == 8
    assert read().notes == ()


@pytest.mark.parametrize(
    "key",
    ["hidden_size", "intermediate_size", "num_attention_heads", "num_hidden_layers", "vocab_size"],
)
def test_missing_key(problems: Problems, key: str) -> None:
    left = {name: value for name, value in LLAMA.items() if name != key}
    assert problems(left) == [f"F:1:1: model: key '{key}' is missing; add it"]
    assert problems(LLAMA, **{key: None}) == [f"F:1:1: model: key '{key}' is missing; add it"]


def test_all_missing_keys_at_once(problems: Problems) -> None:
    found = problems({"model_type": "gpt2", "n_embd": "x"})
    keys = ["n_layer", "n_head", "vocab_size", "n_positions"]
    missing = [f"F:1:1: model: key '{key}' is missing; add it" for key in keys]
    assert sorted(found) == sorted([f'F:3:2: model: n_embd is "x", {WHOLE}', *missing])


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (True, "true"),
        (False, "false"),
        ("4096", '"4096"'),
        (-1, "-1"),
        (0, "0"),
        (64.0, "64.0"),
        (2**31 + 1, "2147483649"),
        (10**300, "1" + "0" * 59 + "..."),
        ([64], "[64]"),
        ({}, "{}"),
        ("x" * 5000, '"' + "x" * 59 + "..."),
    ],
)
@pytest.mark.parametrize("key", ["hidden_size", "num_hidden_layers", "head_dim"])
def test_no_whole_number(problems: Problems, key: str, value: object, shown: str) -> None:
    line = list({**LLAMA, key: value}).index(key) + 2
    assert problems(LLAMA, **{key: value}) == [f"F:{line}:2: model: {key} is {shown}, {WHOLE}"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", f"F:1:1: is not JSON: expecting value; {ADVICE}"),
        ("[]", f"F:1:1: model must be an object of keys; {ADVICE}"),
        ("null", f"F:1:1: model must be an object of keys; {ADVICE}"),
        ('{"a": 1', f"F:1:8: is not JSON: expecting ',' delimiter; {ADVICE}"),
        ('{\n "a": }', f"F:2:7: is not JSON: expecting value; {ADVICE}"),
        ('{"a": 1e400, "b": NaN}', "F: holds NaN, which is not JSON, must be a number or null"),
        ('{"a": -Infinity}', "F: holds -Infinity, which is not JSON, must be a number or null"),
        ('{"a": 1, "a": 1}', "F: key \"a\" is written twice; keep one"),
        ('{"b": {"a": 1, "a": 1}}', "F: key \"a\" is written twice; keep one"),
        ("[" * 100_000, f"F: is nested too deeply; {ADVICE}"),
        ('{"a":' * 100_000, f"F: is nested too deeply; {ADVICE}"),
        ('{"a": ' + "9" * 5000 + "}", f"F: holds a number of too many digits; {ADVICE}"),
        ("'a'", f"F:1:1: is not JSON: expecting value; {ADVICE}"),
        ("# yaml\na: 1", f"F:1:1: is not JSON: expecting value; {ADVICE}"),
        ("{}", f"F:1:1: model: key 'model_type' is missing, must be a text such as \"llama\"; "
         f"{ADVICE}"),
        ('{"model_type": 3}', "F:1:1: model: key 'model_type' is missing, must be a text such as "
         f"\"llama\"; {ADVICE}"),
    ],
    ids=range(16),
)  # fmt: skip
def test_no_json(problems: Problems, text: str, message: str) -> None:
    assert problems(text) == [message]


def test_a_number_beyond_all_floats(problems: Problems) -> None:
    text = json.dumps(LLAMA).replace('"hidden_size": 64', '"hidden_size": 1e400')
    assert problems(text) == [f"F:1:25: model: hidden_size is Infinity, {WHOLE}"]


def test_a_value_as_deep_as_can_be_read(problems: Problems) -> None:
    """What is shown of a wrong value must not be deeper than what shows it can go."""
    for depth in (100, 900, 950, 990):
        text = json.dumps(LLAMA).replace('"hidden_size": 64', f'"hidden_size": {"[" * depth}'
                                         + "]" * depth)  # fmt: skip
        (problem,) = problems(text)
        assert "hidden_size is [[[[" in problem or "nested too deeply" in problem


def test_bytes_that_are_no_text(problems: Problems) -> None:
    sound = json.dumps(LLAMA)
    assert problems(b"\xff\xfe" + sound.encode("utf-16-le")) == ["F: is not UTF-8 text (byte 0)"]
    latin = sound.replace("llama", "llamé").encode("latin-1")
    (problem,) = problems(latin)
    assert problem == f"F: is not UTF-8 text (byte {latin.index(0xE9)})"


def test_a_pickle_is_no_model(problems: Problems, tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[object, ...]:
            return (open, (str(tmp_path / "taken"), "w"))

    (problem,) = problems(pickle.dumps(Trap()))
    assert problem.startswith("F: is not UTF-8 text (byte 0)")
    (problem,) = problems(pickle.dumps(Trap(), protocol=0))
    assert "is not JSON" in problem
    assert not (tmp_path / "taken").exists()


def test_a_file_of_5_mb(problems: Problems) -> None:
    padded = json.dumps({**LLAMA, "note": "x" * 5_000_000})
    assert problems(padded) == [f"F: holds {len(padded)} bytes, must be at most 4 MiB"]


def test_a_byte_order_mark_and_other_scripts_are_read(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_text("\ufeff" + json.dumps({**LLAMA, "_name_or_path": "模型 مدل"}), encoding="utf-8")
    assert load_model(str(path)).hidden == 64


def test_a_folder_is_its_config(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    assert load_model(str(tmp_path)).name == str(tmp_path)
    (tmp_path / "config.json").write_text('{"a": 1')
    with pytest.raises(InputError, match=r"config.json:1:8: is not JSON"):
        load_model(str(tmp_path))


@pytest.mark.parametrize("name", ["nothing.json", "x\0.json", "x" * 5000 + ".json", "folder.json"])
def test_no_such_file(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(InputError, match=r"cannot be read: |is no regular file"):
        load_model(name)


@pytest.mark.parametrize("name", ["", "lama-2-7b", "Llama-2-7b", "x\0y", "..", "x" * 5000, "~"])
def test_unknown_name(name: str) -> None:
    with pytest.raises(InputError) as caught:
        load_model(name)
    (problem,) = caught.value.problems
    assert "is unknown; " in problem
    assert problem.endswith("; or the path of a config.json or of its folder")
    assert ("did you mean 'llama-2-7b'?" in problem) == (
        name.lower() in ("lama-2-7b", "llama-2-7b")
    )


def test_unknown_family_is_told_with_the_closest(problems: Problems) -> None:
    (problem,) = problems(LLAMA, model_type="lllama")
    assert problem.startswith(
        "F:2:2: model_type 'lllama' is unknown; did you mean 'llama'? valid: bert, gemma, gemma2, "
        "gemma3_text, gpt2, llama, mistral, opt, phi, phi3, qwen2, qwen3, vit"
    )
    (problem,) = problems(LLAMA, model_type="x" * 1000)
    assert problem.startswith(f"F:2:2: model_type '{'x' * 60}' is unknown; valid: bert")


def test_code_beside_a_config_is_never_run(tmp_path: Path, read: Read) -> None:
    """A repository of a model may hold Python; transformers runs it with trust_remote_code."""
    taken = tmp_path / "taken"
    for name in ("modeling_x", "configuration_x", "llama", "__init__", "sitecustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(taken)!r}, 'w').write('taken')\n")
    found = read(
        auto_map={"AutoConfig": "configuration_x.Config", "AutoModel": "modeling_x.Model"},
        trust_remote_code=True,
        custom_pipelines={"x": {"impl": "modeling_x.run"}},
        _commit_hash="__import__('os').system('true')",
        architectures=["__import__('modeling_x')ForCausalLM"],
        transformers_version="{0.__class__}",
    )
    assert found.hidden == 64
    assert load_model(str(tmp_path)).hidden == 64
    assert not taken.exists()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"hidden_act": "mish"}, "F:9:2: hidden_act 'mish' is unknown; did you mean 'swish'?"),
        ({"hidden_act": 3}, "F:9:2: model: hidden_act is 3, must be a text"),
        ({"tie_word_embeddings": 1}, "model: tie_word_embeddings is 1, must be true or false"),
        ({"attention_bias": "no"}, 'model: attention_bias is "no", must be true or false'),
        ({"architectures": "LlamaForCausalLM"}, "must be a list of texts"),
        ({"architectures": [3]}, "model: architectures is [3], must be a list of texts"),
        (
            {"architectures": ["LlamaForSequenceClassification"]},
            'model: architectures is ["LlamaForSequenceClassification"], must begin with a '
            "language model or a model without a head",
        ),
        ({"torch_dtype": "float8"}, 'F:8:2: model: torch_dtype is "float8", must be one of '),
        ({"quantization_config": 4}, "model: quantization_config is 4, must be an object"),
        ({"num_key_value_heads": 3}, "kv_heads is 3, must divide the 8 heads"),
        ({"model_type": "gemma3_text", "use_bidirectional_attention": True}, "must be false; only"),
        ({"model_type": "gemma2", "layer_types": ["full_attention"]}, "must have an entry for"),
        ({"model_type": "gemma2", "layer_types": "full"}, "must be a list of texts"),
        ({"model_type": "gemma2", "num_hidden_layers": 10_001}, "must be at most 10,000 where"),
        ({"model_type": "mistral", "sliding_window": True}, f"sliding_window is true, {WHOLE}"),
    ],
)  # fmt: skip
def test_wrong_values(problems: Problems, changed: dict[str, object], message: str) -> None:
    (problem,) = problems(LLAMA, **changed)
    assert problem.startswith("F:")
    assert message in problem


@pytest.mark.parametrize(
    ("model", "changed", "message"),
    [
        (
            "bert-base-uncased",
            {"is_decoder": True},
            "is_decoder is true, must be false; BERT is an",
        ),
        (
            "bert-base-uncased",
            {"add_cross_attention": 1},
            "add_cross_attention is 1, must be false",
        ),
        (
            "bert-base-uncased",
            {"position_embedding_type": "relative_key"},
            'position_embedding_type is "relative_key", must be "absolute"',
        ),
        (
            "bert-base-uncased",
            {"architectures": ["BertForMaskedLm"]},
            "architecture 'BertForMaskedLm' is unknown; did you mean 'BertForMaskedLM'?",
        ),
        ("gpt2", {"add_cross_attention": True}, "add_cross_attention is true, must be false;"),
        ("opt-125m", {"layer_norm_elementwise_affine": False}, "must be true; norms have weights"),
        (
            "vit-b-16",
            {"image_size": [224]},
            "image_size is [224], must be a whole number, or a list",
        ),
        (
            "vit-b-16",
            {"image_size": [224, True]},
            "image_size is [224, true], must be a whole number",
        ),
        ("vit-b-16", {"patch_size": 225}, "the image is smaller than a patch; mend one"),
        ("vit-b-16", {"num_labels": 0}, f"num_labels is 0, {WHOLE}"),
    ],
)
def test_what_a_family_refuses(
    problems: Problems, model: str, changed: dict[str, object], message: str
) -> None:
    raw = json.loads((FOLDER / f"{model}.json").read_text())
    (problem,) = problems({**raw, **changed})
    assert message in problem


def test_a_place_in_a_file_written_on_one_line(problems: Problems) -> None:
    text = json.dumps({**LLAMA, "hidden_size": -4}, separators=(",", ":"))
    (problem,) = problems(text)
    column = text.index('"hidden_size"') + 1
    assert problem == f"F:1:{column}: model: hidden_size is -4, {WHOLE}"
