"""Times scikit-learn and lifelines on the leads that `benches/statistics.rs` made, and prints the ratios.

    LEADOFF_BENCH_DATA=/tmp/leads cargo bench --bench statistics
    python3 -m venv venv && venv/bin/pip install numpy scikit-learn lifelines
    venv/bin/python benches/peers.py /tmp/leads
"""

import csv
import sys
import time
import warnings
from pathlib import Path

import numpy as np
from lifelines import AalenJohansenFitter, KaplanMeierFitter
from lifelines.utils import concordance_index
from scipy.stats import kendalltau
from sklearn.metrics import roc_auc_score

warnings.filterwarnings("ignore")

# Beyond this many leads a peer takes minutes or all memory.
LIMIT = {"incidence": 1_000_000, "concordance": 1_000_000}


def column(folder, name, rows):
    return np.fromfile(folder / f"{name}_{rows}.f64", dtype="<f8")


def auc(c):
    return roc_auc_score(c["converted"], c["a"])


def kaplan_meier(c):
    return KaplanMeierFitter().fit(c["time"], c["end"] == 1).predict(60.0)


def incidence(c):
    # Ties are otherwise jittered at random.
    fit = AalenJohansenFitter(calculate_variance=True, seed=1).fit(c["time"], c["end"], event_of_interest=1)
    return fit.predict(60.0)


def kendall(c):
    return kendalltau(c["a"], c["b"]).statistic


def concordance(c):
    # Lost leads are censored here: lifelines knows no competing end.
    return concordance_index(c["time"], -c["a"], c["end"] == 1)


PEERS = {
    "auc": ("scikit-learn roc_auc_score", auc),
    "kaplan_meier": ("lifelines KaplanMeierFitter", kaplan_meier),
    "incidence": ("lifelines AalenJohansenFitter", incidence),
    "kendall": ("scipy kendalltau", kendall),
    "concordance": ("lifelines concordance_index", concordance),
}


def main(folder):
    print("| statistic | leads | peer | peer seconds | ours | peer / ours | peer's value |\n|---|---|---|---|---|---|---|")
    with open(folder / "leadoff.csv") as table:
        for row in csv.DictReader(table):
            name, rows = row["statistic"], int(row["rows"])
            if name not in PEERS or rows > LIMIT.get(name, rows):
                continue
            label, run = PEERS[name]
            columns = {c: column(folder, c, rows) for c in ("a", "b", "converted", "time", "end")}
            start = time.perf_counter()
            value = run(columns)
            peer, ours = time.perf_counter() - start, float(row["seconds"])
            print(f"| {name} | {rows} | {label} | {peer:.3f} | {ours:.3f} | {peer / ours:.1f} | {float(value):.6f} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
