"""JSON Schemas of the files that accelsim reads and writes, for editors and other programs.

A schema accepts every file that accelsim accepts. It knows keys, types and bounds; what needs the
whole file (names that must exist, sizes that must fit) is found by accelsim alone.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from accelsim.architecture.devices.schema import DeviceFile
from accelsim.architecture.schema import ArchitectureFile
from accelsim.errors import InputError, unknown_name
from accelsim.mapping.schema import MapperFile
from accelsim.model.result_file import ResultFile
from accelsim.study.schema import StudyFile
from accelsim.workload.schema import CascadeFile, NetworkFile

__all__ = ["KINDS", "json_schema"]

KINDS = {
    "workload": "a cascade or a network, as in workloads/",
    "architecture": "a machine, or changes to one (extends)",
    "mapper": "a dataflow, as in mappers/",
    "device": "a real chip: memory and peak rates, as in accelsim/architecture/devices/",
    "study": "a design-space study: parameters, what is simulated, objectives",
    "result": "what accelsim simulate --json writes",
}
"""What can be asked for, with a line each."""

Schema = dict[str, Any]

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
# YAML 1.1 reads 1e9 as text, and checked models turn such text into a number.
_FLOAT_TEXT = r"^\s*[-+]?(\d[\d_]*\.?[\d_]*|\.\d[\d_]*)([eE][-+]?\d+)?\s*$"
_WHOLE_TEXT = r"^\s*[-+]?\d[\d_]*(\.0*)?\s*$"


class _Generator(GenerateJsonSchema):
    """Without a title for each field: it would only repeat the key."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


class _YamlGenerator(_Generator):
    """Numbers may be text that reads as one; a size may be any number or expression."""

    def float_schema(self, schema: Any) -> Schema:
        return {
            **super().float_schema(schema),
            "type": ["number", "string"],
            "pattern": _FLOAT_TEXT,
        }

    def int_schema(self, schema: Any) -> Schema:
        text = {"type": ["integer", "string"], "pattern": _WHOLE_TEXT}
        return {**super().int_schema(schema), **text}

    def union_schema(self, schema: Any) -> Schema:
        choices = [each if isinstance(each, dict) else each[0] for each in schema["choices"]]
        if sorted(choice["type"] for choice in choices) == ["float", "int", "str"]:
            return {"type": ["number", "string"]}
        return super().union_schema(schema)


def json_schema(kind: str) -> Schema:
    """The JSON Schema (draft 2020-12) of one kind of file.

    Args:
        kind: one of ``KINDS``.

    Raises:
        InputError: where it is none of them.

    Example:
        >>> json_schema("mapper")["title"]
        'accelsim mapper'
    """
    if kind not in KINDS:
        raise InputError(unknown_name("kind of schema", kind, KINDS))
    head = {"$schema": _DIALECT, "title": f"accelsim {kind}", "description": KINDS[kind]}
    return {**head, **_BODIES[kind]()}


def _definitions(generator: type[GenerateJsonSchema], *models: type[BaseModel]) -> Schema:
    _, schema = models_json_schema(
        [(model, "validation") for model in models], schema_generator=generator
    )
    return {name: _standard(each) for name, each in schema["$defs"].items()}


_BOUNDS = {"ge": "minimum", "le": "maximum", "gt": "exclusiveMinimum", "lt": "exclusiveMaximum"}


def _standard(schema: Any) -> Any:
    """Bounds behind a validator of our own keep pydantic's names; JSON Schema has others."""
    if isinstance(schema, list):
        return [_standard(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        _BOUNDS.get(key, key) if isinstance(each, int | float) else key: _standard(each)
        for key, each in schema.items()
    }


def _reference(model: str) -> Schema:
    return {"$ref": f"#/$defs/{model}"}


def _workload() -> Schema:
    """A file with the key ``layers`` is a network, as when it is loaded."""
    return {
        "if": {"type": "object", "required": ["layers"]},
        "then": _reference("NetworkFile"),
        "else": _reference("CascadeFile"),
        "$defs": _definitions(_YamlGenerator, CascadeFile, NetworkFile),
    }


def _architecture() -> Schema:
    """A file that extends another holds changes: nothing is required, and null removes."""
    definitions = _definitions(_YamlGenerator, ArchitectureFile)
    changes = {f"{name}Change": _as_change(definitions[name]) for name in _CHANGEABLE}
    extends = {"extends": {"type": "string"}}
    return {
        "if": {"type": "object", "required": ["extends"], "properties": extends},
        "then": _reference("ArchitectureFileChange"),
        "else": _reference("ArchitectureFile"),
        "$defs": {**definitions, **changes},
    }


_CHANGEABLE = ("ArchitectureFile", "MemoryFile", "ArrayFile", "LinkFile", "AccessEnergy")
"""Models that are laid over those of the base key by key; an operation is replaced whole."""


def _as_change(schema: Schema) -> Schema:
    """Of the schema of a whole thing, that of changes to one."""
    name = schema.get("$ref", "").rsplit("/", 1)[-1]
    if name in _CHANGEABLE:
        return {**schema, **_reference(f"{name}Change")}
    left_out = ("required", "minProperties", "discriminator", "default", "oneOf")
    change = {key: value for key, value in schema.items() if key not in left_out}
    for union in ("anyOf", "oneOf"):
        if union in schema:
            change["anyOf"] = [_as_change(branch) for branch in schema[union]]
    if "properties" in schema:
        fields = schema["properties"].items()
        change["properties"] = {field: _or_null(_as_change(each)) for field, each in fields}
    if isinstance(schema.get("additionalProperties"), dict):
        change["additionalProperties"] = _or_null(_as_change(schema["additionalProperties"]))
    return change


def _or_null(schema: Schema) -> Schema:
    if {"type": "null"} in schema.get("anyOf", ()):
        return schema
    text = {"description": schema["description"]} if "description" in schema else {}
    rest = {key: value for key, value in schema.items() if key != "description"}
    return {**text, "anyOf": [rest, {"type": "null"}]}


def _mapper() -> Schema:
    return {**_reference("MapperFile"), "$defs": _definitions(_YamlGenerator, MapperFile)}


def _device() -> Schema:
    return {**_reference("DeviceFile"), "$defs": _definitions(_YamlGenerator, DeviceFile)}


def _study() -> Schema:
    return {**_reference("StudyFile"), "$defs": _definitions(_YamlGenerator, StudyFile)}


def _result() -> Schema:
    return {**_reference("ResultFile"), "$defs": _definitions(_Generator, ResultFile)}


_BODIES = {
    "workload": _workload,
    "architecture": _architecture,
    "mapper": _mapper,
    "device": _device,
    "study": _study,
    "result": _result,
}
