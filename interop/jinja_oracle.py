"""Renders templates with Python's Jinja2, as a second opinion on package binding/hass/jinja.

Reads JSON lines {"t": template, "v": payload, "vars": {...}} from standard input and writes one JSON line for each:
{"text": "..."} as a Home Assistant value template would give it, or {"error": "..."}. The environment is Jinja's own
sandbox with loop controls; the filters, tests and functions that Home Assistant adds are written out below from
their documentation.
"""

import base64
import json
import math
import re
import statistics
import sys
from datetime import datetime, timedelta, timezone

import jinja2
import jinja2.sandbox

MISSING = object()
NOW = datetime(2026, 3, 29, 13, 37, 42, 125000, tzinfo=timezone.utc)


def fallback(default, why):
    if default is MISSING:
        raise ValueError(why)
    return default


def ha_float(value, default=MISSING):
    try:
        return float(value)
    except (ValueError, TypeError):
        return fallback(default, "float")


def ha_int(value, default=MISSING, base=10):
    try:
        return int(value, base) if isinstance(value, str) else int(value)
    except (ValueError, TypeError):
        try:
            return int(float(value))
        except (ValueError, TypeError, OverflowError):
            return fallback(default, "int")


def ha_round(value, precision=0, method="common", default=MISSING):
    try:
        number = float(value)
        scale = float(10**precision)
        if method == "ceil":
            number = math.ceil(number * scale) / scale
        elif method == "floor":
            number = math.floor(number * scale) / scale
        elif method == "half":
            number = round(number * 2) / 2
        else:
            number = round(number, precision)
        return int(number) if precision == 0 else number
    except (ValueError, TypeError):
        return fallback(default, "round")


def arithmetic(operation):
    def run(value, amount, default=MISSING):
        try:
            return operation(float(value), amount)
        except (ValueError, TypeError):
            return fallback(default, "amount")

    return run


def ha_bool(value, default=MISSING):
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        word = value.lower().strip()
        if word in ("1", "true", "yes", "on", "enable"):
            return True
        if word in ("0", "false", "no", "off", "disable"):
            return False
    elif isinstance(value, (int, float)):
        return value != 0
    return fallback(default, "bool")


def iif(value, if_true=True, if_false=False, if_none=MISSING):
    if value is None and if_none is not MISSING:
        return if_none
    return if_true if value else if_false


def is_number(value):
    try:
        return math.isfinite(float(value))
    except (ValueError, TypeError):
        return False


def is_defined(value):
    if isinstance(value, jinja2.Undefined):
        value()
    return value


def flags(ignorecase):
    return re.IGNORECASE if ignorecase else 0


def regex_findall(value, find="", ignorecase=False):
    return re.compile(find, flags(ignorecase)).findall(str(value))


def to_json(value, ensure_ascii=False, pretty_print=False, sort_keys=False):
    if ensure_ascii:
        return json.dumps(value, indent=2 if pretty_print else None, sort_keys=sort_keys)
    separators = None if pretty_print else (",", ":")
    return json.dumps(value, ensure_ascii=False, indent=2 if pretty_print else None, sort_keys=sort_keys, separators=separators)


def whole(digits):
    """Home Assistant reads JSON with orjson, whose integers end at 64 bits; longer ones are floats."""
    number = int(digits)
    return number if -(2**63) <= number < 2**63 else float(number)


def load(text):
    return json.loads(text, parse_int=whole)


def from_json(value, default=MISSING):
    try:
        return load(value)
    except ValueError:
        return fallback(default, "from_json")


def timestamp_custom(value, date_format="%Y-%m-%d %H:%M:%S", local=True, default=MISSING):
    try:
        return datetime.fromtimestamp(value, timezone.utc).strftime(date_format)
    except (ValueError, TypeError):
        return fallback(default, "timestamp_custom")


def timestamp_iso(value, default=MISSING):
    try:
        return datetime.fromtimestamp(value, timezone.utc).isoformat()
    except (ValueError, TypeError):
        return fallback(default, "timestamp")


def as_datetime(value, default=MISSING):
    if isinstance(value, datetime):
        return value
    try:
        return datetime.fromtimestamp(float(value), timezone.utc)
    except (ValueError, TypeError):
        try:
            return datetime.fromisoformat(value)
        except (ValueError, TypeError):
            if default is MISSING and isinstance(value, str):
                return None
            return fallback(default, "as_datetime")


def as_timestamp(value, default=MISSING):
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if value.tzinfo is None:
            value = value.replace(tzinfo=timezone.utc)
        return value.timestamp()
    except (ValueError, TypeError, AttributeError):
        return fallback(default, "as_timestamp")


class Dict(dict):
    """dict, with the constructor from pairs that Zigbee2MQTT's event template calls."""

    @staticmethod
    def from_keys(pairs):
        return dict(pairs)


def flatten(value, levels=None):
    if isinstance(value, str):
        raise TypeError("flatten")
    out = []
    for item in value:
        if isinstance(item, (list, tuple, dict)) and levels != 0:
            out.extend(flatten(item, None if levels is None else levels - 1))
        else:
            out.append(item)
    return out


def environment():
    env = jinja2.sandbox.ImmutableSandboxedEnvironment(extensions=["jinja2.ext.loopcontrols", "jinja2.ext.do"])
    both = {
        "float": ha_float, "int": ha_int, "bool": ha_bool, "iif": iif, "is_number": is_number, "flatten": flatten,
        "as_datetime": as_datetime, "as_timestamp": as_timestamp, "as_local": lambda value: value,
        "clamp": lambda value, low, high: max(float(low), min(float(high), float(value))),
        "average": lambda values: statistics.fmean(values), "median": lambda values: statistics.median(values),
        "sqrt": lambda value: math.sqrt(float(value)), "log": lambda value, base=math.e: math.log(float(value), float(base)),
        "bitwise_and": lambda a, b: a & b, "bitwise_or": lambda a, b: a | b, "bitwise_xor": lambda a, b: a ^ b,
        "typeof": lambda value: value.__class__.__name__,
    }
    env.filters.update(both)
    env.globals.update(both)
    env.filters.update(
        round=ha_round, multiply=arithmetic(lambda a, b: a * b), add=arithmetic(lambda a, b: a + b), is_defined=is_defined,
        regex_findall=regex_findall,
        regex_findall_index=lambda value, find="", index=0, ignorecase=False: regex_findall(value, find, ignorecase)[index],
        regex_match=lambda value, find="", ignorecase=False: bool(re.match(find, str(value), flags(ignorecase))),
        regex_search=lambda value, find="", ignorecase=False: bool(re.search(find, str(value), flags(ignorecase))),
        regex_replace=lambda value="", find="", replace="", ignorecase=False: re.sub(find, replace, str(value), flags=flags(ignorecase)),
        to_json=to_json, from_json=from_json, ord=ord, timestamp_custom=timestamp_custom,
        timestamp_utc=timestamp_iso, timestamp_local=timestamp_iso, contains=lambda seq, value: value in seq,
        base64_encode=lambda value: base64.b64encode(value.encode()).decode(),
        base64_decode=lambda value: base64.b64decode(value).decode(),
    )
    env.tests.update(
        is_number=is_number, contains=lambda seq, value: value in seq,
        match=env.filters["regex_match"], search=env.filters["regex_search"],
        list=lambda value: isinstance(value, list), tuple=lambda value: isinstance(value, tuple),
        datetime=lambda value: isinstance(value, datetime), string_like=lambda value: isinstance(value, str),
    )
    env.globals.update(
        dict=Dict, zip=zip, now=lambda: NOW, utcnow=lambda: NOW, timedelta=timedelta, strptime=datetime.strptime, e=math.e, pi=math.pi, tau=math.tau,
        min=lambda *a, **k: env.filters["min"](env, a[0] if len(a) == 1 else a, **k),
        max=lambda *a, **k: env.filters["max"](env, a[0] if len(a) == 1 else a, **k),
        tuple=tuple, list=list,
    )
    return env


def main():
    env = environment()
    compiled = {}
    for line in sys.stdin:
        case = json.loads(line, parse_int=whole)
        values = dict(case.get("vars") or {})
        if case.get("v") is not None:
            values["value"] = case["v"]
            try:
                values["value_json"] = load(case["v"])
            except ValueError:
                pass
        source = case["t"]
        try:
            template = compiled.get(source)
            if template is None:
                template = compiled[source] = env.from_string(source)
            answer = {"text": template.render(values).strip()}
        except Exception as error:  # whatever a template can raise counts as one kind of answer
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer))


main()
