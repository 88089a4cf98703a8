"""Reads dashboard.json as Grafana's own model of a dashboard, by which nothing may get lost, and writes its queries as rules, for promtool
to read: dashboard.py RULES."""

import enum
import json
import pathlib
import sys
import typing

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard


def lost(given, read, where="dashboard"):
    """What the model does not know, or has otherwise. It adds its defaults."""
    if isinstance(given, dict) and isinstance(read, dict):
        return [l for key in given for l in lost(given[key], read.get(key), f"{where}.{key}")]
    if isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        return [l for n, pair in enumerate(zip(given, read)) for l in lost(*pair, f"{where}[{n}]")]
    return [] if given == read else [f"{where}: {given!r} became {read!r}"]


def unknown(of, where="dashboard"):
    """Words that are none of those that the model names; it takes any."""
    found = []
    for name, hint in typing.get_type_hints(type(of)).items() if type(of).__module__.startswith("grafana_foundation_sdk") else []:
        value, kinds = getattr(of, name), [hint, *typing.get_args(hint)]
        for kind in kinds:
            if isinstance(kind, type) and issubclass(kind, enum.Enum) and value is not None and value not in list(kind):
                found.append(f"{where}.{name}: {value!r} is no {kind.__name__}")
        found += unknown(value, f"{where}.{name}")
    for key, value in enumerate(of) if isinstance(of, list) else of.items() if isinstance(of, dict) else []:
        found += unknown(value, f"{where}[{key}]")
    return found


register_default_plugins()
given = json.loads(pathlib.Path(__file__).with_name("dashboard.json").read_text())
model = Dashboard.from_json(given)
if found := lost(given, json.loads(JSONEncoder().encode(model))) + unknown(model):
    sys.exit("\n".join(found))
queries = [target["expr"] for panel in given["panels"] for target in panel.get("targets", [])]
rules = [{"record": f"dashboard:query:{n}", "expr": query} for n, query in enumerate(queries)]
pathlib.Path(sys.argv[1]).write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
