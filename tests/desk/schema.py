"""Holds a value against a schema of an OpenAPI 3.1 document: as much of JSON Schema as the desk's document uses, and
an error for what it does not know, so that no rule is passed over in silence."""
import re

KNOWN = {"$ref", "type", "enum", "required", "properties", "additionalProperties", "items", "anyOf", "allOf",
         "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "description", "examples",
         "example", "default", "format"}
TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}


def is_type(value, name):
    if name == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if name == "number":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def resolve(document, schema):
    while "$ref" in schema:
        place = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            place = place[part]
        schema = place
    return schema


def faults(document, schema, value, where="$"):
    """Each rule the value breaks, with its place."""
    schema = resolve(document, schema)
    unknown = set(schema) - KNOWN
    if unknown:
        raise ValueError(f"schema at {where}: {sorted(unknown)} is not known here")
    if "anyOf" in schema:
        branches = [list(faults(document, one, value, where)) for one in schema["anyOf"]]
        if all(branches):
            yield f"{where}: fits none of anyOf, the first because {branches[0][0]}"
    for one in schema.get("allOf", []):
        yield from faults(document, one, value, where)
    if "type" in schema and not is_type(value, schema["type"]):
        yield f"{where}: {value!r:.60} is no {schema['type']}"
        return
    if "enum" in schema and value not in schema["enum"]:
        yield f"{where}: {value!r:.60} is none of {schema['enum']}"
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        for name in schema.get("required", []):
            if name not in value:
                yield f"{where}: {name} is missing"
        for name, inner in value.items():
            if name in properties:
                yield from faults(document, properties[name], inner, f"{where}.{name}")
            elif schema.get("additionalProperties") is False:
                yield f"{where}: {name} is not in the schema"
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)) or len(value) < schema.get("minItems", 0):
            yield f"{where}: {len(value)} items"
        for at, inner in enumerate(value):
            yield from faults(document, schema.get("items", {}), inner, f"{where}[{at}]")
    if isinstance(value, str):
        if len(value) < schema.get("minLength", 0) or len(value) > schema.get("maxLength", len(value)):
            yield f"{where}: {len(value)} characters"
        if "pattern" in schema and not re.search(schema["pattern"], value):
            yield f"{where}: {value!r:.60} does not match {schema['pattern']}"
    if is_type(value, "number"):
        if value < schema.get("minimum", value) or value > schema.get("maximum", value):
            yield f"{where}: {value} is out of range"
