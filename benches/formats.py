"""Rows a second by format: `leadoff check` as a whole command, beside pandas, polars and DuckDB reading the same file.

python3 benches/formats.py FOLDER [--rows 1000000] [--sheet-rows 200000] [--leadoff target/release/leadoff]

Needs pandas, polars, duckdb, pyarrow, fastexcel, openpyxl, xlsxwriter. The files are made in FOLDER, in the shape of CRM leads:
an id, four texts, three numbers, two times and a flag. A peer reads all columns into memory, with its own types; `check`
reads them, finds their types, joins the outcome, and prints counts and findings. The best of three, every program in turn.
"""
import argparse, datetime as dt, pathlib, subprocess, sys, time

import numpy as np
import pandas as pd


def leads(rows):
    chance = np.random.default_rng(1)
    start = np.datetime64("2024-09-01T00:00:00")
    created = start + chance.integers(0, 700 * 86400, rows).astype("timedelta64[s]")
    won = chance.random(rows) < 0.08
    end = np.where(won, created + np.timedelta64(30, "D"), np.datetime64("NaT"))
    pick = lambda values: np.array(values)[chance.integers(0, len(values), rows)]
    return pd.DataFrame({
        "lead_id": [f"L{i:07d}" for i in range(rows)],
        "seniority": pick(["junior", "manager", "director", "vp"]),
        "industry": pick(["software", "retail", "finance", "health", "logistics"]),
        "country": pick(["DE", "US", "FR", "GB"]),
        "note": [f"remark {i % 1000} of {i}" for i in range(rows)],
        "employees": np.exp(chance.normal(4, 1.5, rows)).astype(int) + 1,
        "revenue": np.round(chance.lognormal(3, 1, rows), 2),
        "opens": chance.poisson(2, rows),
        "created_at": created.astype("datetime64[ms]"),
        "won_at": end.astype("datetime64[ms]"),
        "business": chance.random(rows) < 0.6,
    })


def write(frame, folder, kind):
    path = folder / f"leads.{kind}"
    if path.exists():
        return path
    if kind == "csv":
        frame.to_csv(path, index=False)
    elif kind == "csv.gz":
        frame.to_csv(path, index=False, compression={"method": "gzip", "compresslevel": 6})
    elif kind == "ndjson":
        frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%dT%H:%M:%S") for name in ["created_at", "won_at"]}).to_json(path, orient="records", lines=True)
    elif kind == "parquet":
        frame.to_parquet(path, index=False)
    elif kind == "arrow":
        frame.to_feather(path, compression="uncompressed")
    elif kind == "xlsx":
        frame.to_excel(path, index=False, engine="xlsxwriter")
    return path


PEERS = {
    ("pandas", "csv"): "import pandas as p; p.read_csv(F, parse_dates=['created_at','won_at'])",
    ("pandas", "csv.gz"): "import pandas as p; p.read_csv(F, parse_dates=['created_at','won_at'])",
    ("pandas", "ndjson"): "import pandas as p; p.read_json(F, lines=True)",
    ("pandas", "parquet"): "import pandas as p; p.read_parquet(F)",
    ("pandas", "arrow"): "import pandas as p; p.read_feather(F)",
    ("pandas", "xlsx"): "import pandas as p; p.read_excel(F)",
    ("polars", "csv"): "import polars as p; p.read_csv(F, try_parse_dates=True)",
    ("polars", "csv.gz"): "import polars as p; p.read_csv(F, try_parse_dates=True)",
    ("polars", "ndjson"): "import polars as p; p.read_ndjson(F)",
    ("polars", "parquet"): "import polars as p; p.read_parquet(F)",
    ("polars", "arrow"): "import polars as p; p.read_ipc(F, memory_map=False)",
    ("polars", "xlsx"): "import polars as p; p.read_excel(F)",
    ("DuckDB", "csv"): "import duckdb as d; d.sql(f\"create table t as select * from read_csv('{F}')\")",
    ("DuckDB", "csv.gz"): "import duckdb as d; d.sql(f\"create table t as select * from read_csv('{F}')\")",
    ("DuckDB", "ndjson"): "import duckdb as d; d.sql(f\"create table t as select * from read_json('{F}', format='newline_delimited')\")",
    ("DuckDB", "parquet"): "import duckdb as d; d.sql(f\"create table t as select * from '{F}'\")",
}

EXPERIMENT = """version: 1
experiment: formats
data:
  leads: {{ path: {file}, id: lead_id, created: created_at, known: at_creation }}
  outcomes: {{ converted: won_at }}
  until: 2026-11-30
replay: {{ as_of: created, horizon: 90d, evaluate: {{ from: 2025-09-01 }} }}
models: {{ m: {{ points: {{ criteria: [{{ name: Large, when: employees > 100, points: 5 }}] }} }} }}
"""


def seconds(command, runs=3):
    best = None
    for _ in range(runs):
        begun = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        took = time.perf_counter() - begun
        if done.returncode:
            sys.exit(f"{command}: {done.stderr[-400:]}")
        best = took if best is None else min(best, took)
    return best


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("folder", type=pathlib.Path)
    options.add_argument("--rows", type=int, default=1_000_000)
    options.add_argument("--sheet-rows", type=int, default=200_000)
    options.add_argument("--leadoff", default="target/release/leadoff")
    asked = options.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    frame = leads(asked.rows)
    print("| format | rows | " + " | ".join(f"{name}, s" for name in ["leadoff check", "pandas", "polars", "DuckDB"]) + " | thousand rows a second |")
    print("|---|---|---|---|---|---|---|")
    for kind in ["csv", "csv.gz", "ndjson", "parquet", "arrow", "xlsx"]:
        rows = asked.sheet_rows if kind == "xlsx" else asked.rows
        path = write(frame.head(rows), asked.folder, kind)
        experiment = asked.folder / "formats.yaml"
        experiment.write_text(EXPERIMENT.format(file=path.resolve()))
        took = {"leadoff": seconds([asked.leadoff, "check", str(experiment)])}
        for (peer, of), code in PEERS.items():
            if of == kind:
                took[peer] = seconds([sys.executable, "-c", f"F={str(path)!r}; {code}"], 1 if kind == "xlsx" else 3)
        cells = [f"{took[peer]:.2f}" if peer in took else "–" for peer in ["leadoff", "pandas", "polars", "DuckDB"]]
        print(f"| {kind} | {rows:,} | " + " | ".join(cells) + f" | {rows / took['leadoff'] / 1000:,.0f} |", flush=True)


main()
