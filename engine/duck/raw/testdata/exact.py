"""Makes raw files at random, and says which values of them arrive: an independent reading of the rule.

    python exact.py make FOLDER SEED FILES     FOLDER/N/{data,schema,format,rows}
    python exact.py check FOLDER               holds FOLDER/N/{loaded,inferred}/*.parquet and FOLDER/N/{bad,types} against them

Texts are read with the csv, json and decimal of Python, what was written with pyarrow. In an expected row a value is [text], the
type of its column says how; null is null."""

import csv
import datetime
import decimal
import io
import json
import math
import os
import random
import re
import struct
import sys

decimal.getcontext().prec = 1000

WHOLE = {"tinyint": 8, "smallint": 16, "int": 32, "bigint": 64}
NUMBERS = ["0", "1", "-1", "19.99", "19.00", "1.555", "0.1", "-0.5", "1e3", "1E-3", "127", "128", "-128", "-129", "32768", "2147483647", "2147483648", "9007199254740992", "9007199254740993",
           "9223372036854775807", "9223372036854775808", "-9223372036854775808", "12345678901234567890", "12345678901234567.8912", "1e400", "1e-400", "16777217", "99999999.99", "123456789012.345",
           "99999999999999999999999999999999999999", "100000000000000000000000000000000000000", "0.00000000000000000000000000000000000001", "-0.0", "5e-1", "10e-1", "3.0000000000000000000000001"]
TEXT_NUMBERS = NUMBERS + ["007", "+5", " 7 ", ".5", "5.", "1_000", "0x10", "true", "abc", "1,5", "--1", "NaN", "inf", "1.2.3", "e5", "-"]
DATES = ["2024-02-29", "2023-02-29", "1970-01-01", "0001-01-01", "9999-12-31", "1969-12-31", "2024-13-01", "2024-01-32", "hello", "2024-1-5", "20240105x", "1582-10-10"]
CLOCKS = ["2024-01-31 10:00:00", "2024-01-31T10:00:00", "2024-01-31 10:00:00.5", "1969-12-31 23:59:59.999999", "2024-01-31 10:00:00.1234567", "2024-01-31 10:00:00.123456000", "2024-01-31 25:00:00", "2024-02-30 10:00:00", "never",
          "2024-01-31 10:00:60", "0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"]
ZONES = ["", "Z", "+02", "+02:30", "-0800", "+00:00", " UTC"]
TEXTS = ["", "x", " spaces ", 'a "quoted" word', "comma, here", "two\nlines", "über", "日本語 and more than twelve bytes", "NULL", "01067", "\t", "\\", "'", "{\"a\": 1}", "2024-01-01", "1.50"]
BOOLEANS = ["true", "false", "TRUE", "False", "t", "no", "1", "0", "2", "maybe"]
PLAIN = list(WHOLE) + ["decimal(10,2)", "decimal(38,4)", "decimal(38,0)", "double", "float", "boolean", "date", "timestamp", "timestamp_ntz", "string"]


class Refused(Exception):
    pass


def number(text):
    text = text.strip(" \t")
    if not re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?", text):
        raise Refused
    return decimal.Decimal(text)


def single(value):
    try:
        return struct.unpack("f", struct.pack("f", value))[0]
    except OverflowError:
        raise Refused


def cell(kind, text):
    """The value of a text, as Python has it; Refused where there is none."""
    if kind == "string":
        return text
    if kind in WHOLE or kind.startswith("decimal"):
        n = number(text)
        if kind in WHOLE:
            half = 1 << WHOLE[kind] - 1
            if n != n.to_integral_value() or not -half <= n < half:
                raise Refused
            return int(n)
        precision, scale = map(int, kind[8:-1].split(","))
        shifted = n.scaleb(scale)
        if shifted != shifted.to_integral_value() or abs(shifted) >= decimal.Decimal(10) ** precision:
            raise Refused
        return n
    if kind in ("double", "float"):
        bare = text.strip(" \t").lower().lstrip("+-")
        if bare in ("nan", "inf", "infinity"):
            return float(text)
        n = number(text)
        f = float(n)
        if kind == "float":
            f = single(f)
        if math.isinf(f) or f == 0 and n != 0 or re.fullmatch(r"[+-]?\d+", text.strip(" \t")) and decimal.Decimal(f) != n:
            raise Refused
        return f
    if kind == "boolean":
        words = {"true": True, "t": True, "yes": True, "y": True, "1": True, "false": False, "f": False, "no": False, "n": False, "0": False}
        if text.strip(" \t").lower() not in words:
            raise Refused
        return words[text.strip(" \t").lower()]
    m = re.fullmatch(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d\d):(\d\d):(\d\d)(?:\.(\d+))?)? ?(Z|UTC|[+-]\d\d(?::?\d\d)?)?", text)
    if not m or m[8] and not m[4]:
        raise Refused
    try:
        day = datetime.date(*map(int, m.group(1, 2, 3)))
        if kind == "date":
            if m[8] or m[4] and any(int(p or 0) for p in m.group(4, 5, 6, 7)):
                raise Refused
            return day
        micros = (m[7] or "").ljust(6, "0")
        if micros[6:].strip("0"):
            raise Refused
        at = datetime.datetime(day.year, day.month, day.day, *(int(p or 0) for p in m.group(4, 5, 6)), int(micros[:6]))
        if kind == "timestamp_ntz":
            if m[8]:
                raise Refused
            return at
        if m[8] and m[8][0] in "+-":
            digits = m[8][1:].replace(":", "").ljust(4, "0")
            offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
            at = at - offset if m[8][0] == "+" else at + offset
        return at.replace(tzinfo=datetime.timezone.utc)
    except (ValueError, OverflowError):
        raise Refused


class Number(str):
    """A number of JSON, as it is written."""


def parsed(kind, value):
    """The value of a value of JSON."""
    if value is None:
        return None
    if isinstance(kind, dict):
        if not isinstance(value, dict) or any(k not in kind for k in value):
            raise Refused
        return {k: parsed(t, value.get(k)) for k, t in kind.items()}
    if isinstance(kind, list):
        if not isinstance(value, list) or isinstance(value, Number):
            raise Refused
        return [parsed(kind[0], v) for v in value]
    if isinstance(value, bool):
        if kind == "boolean":
            return value
        if kind == "string":
            return json.dumps(value)
        raise Refused
    if isinstance(value, Number):
        if kind in ("boolean", "date", "timestamp", "timestamp_ntz"):
            raise Refused
        return cell(kind, str(value))
    if isinstance(value, (dict, list)):
        raise Refused  # into a string it is the text as it stands: not made here
    if value == "" and kind != "string":
        raise Refused
    return cell(kind, value)


def text_of(rnd, kind):
    if rnd.random() < 0.5:  # mostly what fits, so that rows do
        good = {"double": ["0.1", "1.5", "-2", "1e3"], "float": ["0.5", "2"], "boolean": ["true", "false"], "date": ["2024-02-29", "1969-12-31"], "timestamp": ["2024-01-31 10:00:00+02"], "timestamp_ntz": ["2024-01-31T10:00:00.25"], "string": TEXTS}
        return rnd.choice(good.get(kind, ["1", "-7", "19", "100"]))
    if kind in WHOLE or kind.startswith("decimal") or kind in ("double", "float"):
        return rnd.choice(TEXT_NUMBERS)
    if kind in ("timestamp", "timestamp_ntz"):
        return rnd.choice(CLOCKS) + rnd.choice(ZONES)
    return rnd.choice({"date": DATES + CLOCKS, "boolean": BOOLEANS, "string": TEXTS}[kind])


def json_of(rnd, kind):
    """A value of JSON, as text."""
    if rnd.random() < 0.1:
        return "null"
    if isinstance(kind, dict):
        fields = [json.dumps(k) + ": " + json_of(rnd, t) for k, t in kind.items() if rnd.random() < 0.9]
        rnd.shuffle(fields)
        return "{" + ", ".join(fields) + "}"
    if isinstance(kind, list):
        return "[" + ",".join(json_of(rnd, kind[0]) for _ in range(rnd.randrange(3))) + "]"
    text = text_of(rnd, kind)
    if re.fullmatch(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?", text) and rnd.random() < 0.8 and kind != "string":
        return text
    if text in ("true", "false") and rnd.random() < 0.7:
        return text
    return json.dumps(text, ensure_ascii=rnd.random() < 0.5)


def sql(kind):
    if isinstance(kind, dict):
        return "struct<" + ", ".join(f"{k}: {sql(t)}" for k, t in kind.items()) + ">"
    return f"array<{sql(kind[0])}>" if isinstance(kind, list) else kind


def make(folder, seed, files):
    for n in range(files):
        rnd = random.Random(seed * 1_000_000 + n)
        is_json = n % 2 == 1
        kinds = {f"c{i}": rnd.choice(PLAIN) for i in range(rnd.randrange(1, 5))}
        if is_json:
            kinds["l"] = [rnd.choice(PLAIN)]
            kinds["o"] = {"a": rnd.choice(PLAIN), "b": [{"c": rnd.choice(PLAIN)}]}
        rows, bad, out, line = [], [], io.StringIO(newline=""), 1
        if not is_json:
            out.write(",".join(["id", *kinds]) + "\n")
            line = 2
        for i in range(rnd.randrange(1, 40)):
            try:
                if is_json:
                    record = "{\"id\": %d%s}" % (i, "".join(f", {json.dumps(k)}: {json_of(rnd, t)}" for k, t in kinds.items()))
                    values = json.loads(record, parse_float=Number, parse_int=Number)
                    row = [i] + [parsed(t, values[k]) for k, t in kinds.items()]
                else:
                    texts = [text_of(rnd, t) if rnd.random() > 0.1 else "" for t in kinds.values()]
                    cells = io.StringIO(newline="")
                    csv.writer(cells, lineterminator="\n", quoting=rnd.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])).writerow([i, *texts])
                    record = cells.getvalue()[:-1]
                    row = [i] + [None if t == "" else cell(k, t) for k, t in zip(kinds.values(), texts)]
                rows.append(row)
            except Refused:
                bad.append(line)
            out.write(record + "\n")
            line += record.count("\n") + 1
        os.makedirs(f"{folder}/{n}")
        with open(f"{folder}/{n}/data", "w", newline="", encoding="utf-8") as f:
            f.write(out.getvalue())
        with open(f"{folder}/{n}/schema", "w") as f:
            f.write("id: int, " + ", ".join(f"{k}: {sql(t)}" for k, t in kinds.items()))
        with open(f"{folder}/{n}/format", "w") as f:
            f.write("json" if is_json else "csv")
        with open(f"{folder}/{n}/expected", "w") as f:
            f.write(repr((rows, bad)))


def same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return a == b or math.isnan(a) and math.isnan(b)
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    return a == b and type(a) is type(b) or isinstance(a, decimal.Decimal) and isinstance(b, decimal.Decimal) and a == b


def check(folder):
    import pyarrow as pa
    import pyarrow.parquet as pq

    failures = 0

    def fail(n, text):
        nonlocal failures
        failures += 1
        if failures < 20:
            print(f"file {n}: {text}")

    def table(path):
        files = sorted(os.listdir(path)) if os.path.isdir(path) else []
        return pa.concat_tables([pq.read_table(f"{path}/{f}") for f in files], promote_options="default") if files else None

    values = 0
    for n in sorted(int(d) for d in os.listdir(folder)):
        at = f"{folder}/{n}"
        rows, bad = eval(open(f"{at}/expected").read(), {"datetime": datetime, "Decimal": decimal.Decimal, "nan": math.nan, "inf": math.inf})
        got_bad = json.load(open(f"{at}/bad"))
        if got_bad != bad:
            fail(n, f"bad lines {got_bad}, want {bad}")
        loaded = table(f"{at}/loaded")
        got = sorted((list(r.values()) for r in (loaded.to_pylist() if loaded else [])), key=lambda r: r[0])
        if [r[0] for r in got] != [r[0] for r in rows]:
            fail(n, f"rows {[r[0] for r in got]}, want {[r[0] for r in rows]}")
        for a, b in zip(got, rows):
            values += len(a)
            if not same(a, b):
                fail(n, f"row {b[0]}: got {a}, want {b}")
        if open(f"{at}/format").read() != "csv":
            continue
        inferred = table(f"{at}/inferred")
        texts = list(csv.DictReader(open(f"{at}/data", newline="", encoding="utf-8")))
        got = sorted(inferred.to_pylist(), key=lambda r: r["id"])
        if len(got) != len(texts):
            fail(n, f"inferred: {len(got)} rows, want {len(texts)}")
        for row, text in zip(got, texts):
            for name, value in row.items():
                values += 1
                said = text[name]
                if value is None and said == "" or isinstance(value, str) and value == said:
                    continue
                if isinstance(value, bool):
                    ok = said.strip().lower() == str(value).lower()
                elif isinstance(value, float) and not math.isfinite(value):
                    ok = same(float(said), value)
                elif isinstance(value, (int, float, decimal.Decimal)):
                    exact = number(said)
                    ok = not re.match(r"\s*[+-]?0\d", said) and (decimal.Decimal(value) == exact or decimal.Decimal(repr(value)) == exact)
                elif isinstance(value, datetime.datetime):
                    ok = same(cell("timestamp" if value.tzinfo else "timestamp_ntz", said), value)
                elif isinstance(value, datetime.date):
                    ok = same(cell("date", said), value)
                else:
                    ok = False
                if not ok:
                    fail(n, f"inferred: row {row['id']}: {name} is {value!r}, its text is {said!r}")
    print(f"{values} values, {failures} failures")
    sys.exit(failures > 0)


if sys.argv[1] == "make":
    make(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
else:
    check(sys.argv[2])
