"""Times the reference job (benches/reference/experiment.yaml), and another program on the same files beside it.

usage: reference.py FOLDER [--leadoff BINARY] [--peer "COMMAND"] [--runs N]
       reference.py --sizes LEADS [LEADS …] [--events N] [--leadoff BINARY] [--runs N]

FOLDER holds leads.parquet, events.parquet and outcomes.parquet with the columns that the experiment names. The peer is
called as `COMMAND FOLDER OUT.json` and writes there its figures and the seconds of its parts; what both computed is
compared, and the ratios of the seconds are printed. Of N runs (3) the fastest counts.

With --sizes the same job runs on leads that `leadoff simulate` makes, with N events each (20): the seconds of every step,
those of drawing the report again from its result, and the peak memory by size. Ten million leads with 20 events take 20 GB
of memory to make, and 5 GB of disk where temporary files go. Needs Python 3.9, nothing else.
"""

import argparse
import json
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# The experiment's columns as `leadoff simulate` names them.
SIMULATED = [("vendor_score", "crm_score"), ("value: value", "value: amount"), ("train:    { from: 2024-01-01, to", "train:    { to")]
# The peer's part, and the steps of ours that do the same.
PARTS = {
    "replay+score": ["read leads", "read outcomes", "read events", "replay", "score"],
    "metrics + time to convert": ["cohort", "comparisons and metrics", "evidence"],
    "bootstrap": ["bootstrap"],
}

# From `evaluation.json`, as commands of their own.
RENDERED = {
    "HTML": ["--format", "html"],
    "Markdown": ["--format", "markdown"],
    "workbook": ["--format", "xlsx"],
    "all files, PNG too": [],
}


def timed(command, **options):
    start = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, **options)
    if done.returncode != 0:
        sys.exit(f"{command[0]} ended with {done.returncode}:\n{done.stderr.decode()[-2000:]}")
    return time.perf_counter() - start, done


def ours(binary, folder):
    """One run: seconds by step, the evaluation, and the peak memory in MiB."""
    with tempfile.TemporaryDirectory() as out:
        command = [binary, "run", "experiment.yaml", "--timings", "--no-png", "--out", f"{out}/report"]
        seconds, done = timed(command, cwd=folder)
        evaluation = json.loads(pathlib.Path(out, "report", "evaluation.json").read_text())
        render = {f"render {what}": timed([binary, "render", f"{out}/report", *of])[0] for what, of in RENDERED.items()}
    steps = {}
    memory = 0.0
    for line in done.stderr.decode().splitlines():
        name, _, rest = line.rstrip().rpartition("  ")
        if rest.strip().endswith(" s"):
            steps[name.strip()] = float(rest.strip().split()[0])
        if rest.strip().endswith(" MiB"):
            memory = float(rest.strip().split()[0])
    steps["other"] = seconds - steps.pop("in all")
    steps["in all"] = seconds
    steps.update(render)
    return steps, evaluation, memory


def fastest(runs):
    return min(runs, key=lambda run: run[0]["in all"])


def by_size(binary, sizes, events, runs):
    """Prints a column a size."""
    experiment = (HERE / "reference" / "experiment.yaml").read_text()
    for old, new in SIMULATED:
        if old not in experiment:
            sys.exit(f"the experiment no longer says `{old}`")
        experiment = experiment.replace(old, new)
    columns = []
    for leads in sizes:
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            made = ["simulate", "made", "--leads", str(leads), "--events", str(events), "--format", "parquet"]
            timed([binary, *made], cwd=folder)
            (folder / "made" / "experiment.yaml").write_text(experiment)
            columns.append(fastest([ours(binary, folder / "made") for _ in range(runs)]))
    print("| step | " + " | ".join(f"{leads:,} leads" for leads in sizes) + " |\n|---" + "|---" * len(sizes) + "|")
    for step in columns[-1][0]:
        print(f"| {step}, s | " + " | ".join(f"{steps.get(step, 0.0):.3f}" for steps, _, _ in columns) + " |")
    print("| peak memory, MiB | " + " | ".join(f"{memory:.0f}" for _, _, memory in columns) + " |")


def theirs(command, folder):
    """One run: seconds by part, and the figures."""
    with tempfile.TemporaryDirectory() as out:
        result = pathlib.Path(out, "result.json")
        seconds, _ = timed([*shlex.split(command), str(folder), str(result)])
        figures = json.loads(result.read_text())
    parts = figures.get("seconds", {})
    parts = {
        "replay+score": parts.get("replay+score"),
        "metrics + time to convert": parts.get("metrics", 0) + parts.get("time to convert", 0),
        "bootstrap": parts.get("bootstrap"),
        "in all": seconds,
    }
    return parts, figures


def pairs(evaluation, figures):
    """Every figure that both programs state: a name, ours, theirs."""
    ledger = figures["ledger"]
    yield "leads evaluated", evaluation["ledger"]["evaluated"], ledger["evaluated"]
    yield "leads for training", evaluation["ledger"]["training"], ledger["train"]
    for model in evaluation["models"]:
        name, peer = model["name"], figures["models"][model["name"]]
        yield f"{name}: AUC", model["ranking"]["auc"]["point"], peer["auc"]
        auc = model["ranking"]["auc"]
        yield f"{name}: AUC's standard error", (auc["high"] - auc["low"]) / 2 / 1.959963984540054, peer["auc_se"]
        yield f"{name}: average precision", model["ranking"]["average_precision"], peer["ap"]
        yield f"{name}: KS", model["ranking"]["ks"], peer["ks"]
        for top in model["top"]:
            yield f"{name}: lift at {top['share']}", top["lift"]["expected"], peer["lift"][str(top["share"])]
        calibration = model["calibration"]
        yield f"{name}: Brier score", calibration["brier"], peer["brier"]
        yield f"{name}: log loss", calibration["log_loss"], peer["log_loss"]
        yield f"{name}: calibration slope", calibration["slope"]["point"], peer["cal_slope"]
        yield f"{name}: mean prediction", calibration["mean_predicted"], peer["mean_p"]
        for row, other in zip(model["brackets"]["rows"], peer["brackets"]):
            if row["leads"] == 0:
                continue
            label = f"{name}, {row['label']}"
            yield f"{label}: leads", row["leads"], other["n"]
            yield f"{label}: conversions", row["wins"], other["conversions"]
            yield f"{label}: rate's lower bound", row["rate"]["low"], other["wilson"][0]
            yield f"{label}: rate's upper bound", row["rate"]["high"], other["wilson"][1]
            yield f"{label}: value", row["value"], other["value"]
        for curve, other in zip(model["time_to_convert"]["curves"], peer["time_to_convert"]):
            if other is not None:
                yield f"{name}, {curve['label']}: incidence at 90 days", curve["incidence"]["point"], other["cif"][3]
    for comparison in evaluation["comparisons"]:
        peer = figures["compare"][comparison["challenger"]]
        auc = next(one for one in comparison["differences"] if one["metric"] == "auc")
        yield f"{comparison['challenger']}: difference of AUC", auc["difference"]["point"], peer["auc_diff"]
        low, high = auc["difference"]["low"], auc["difference"]["high"]
        yield f"{comparison['challenger']}: its standard error", (high - low) / 2 / 1.959963984540054, peer["se"]


def compare(evaluation, figures):
    worst, count = ("", 0.0), 0
    for name, ours_, theirs_ in pairs(evaluation, figures):
        difference = abs(ours_ - theirs_) / max(1.0, abs(theirs_))
        count += 1
        if difference > worst[1]:
            worst = (name, difference)
    return count, worst


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1])
    parser.add_argument("folder", type=pathlib.Path, nargs="?")
    parser.add_argument("--sizes", type=int, nargs="+")
    parser.add_argument("--events", type=int, default=20)
    parser.add_argument("--leadoff", default=str(HERE.parent / "target" / "release" / "leadoff"))
    parser.add_argument("--peer")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if (options.folder is None) == (options.sizes is None):
        parser.error("either FOLDER or --sizes")
    if options.sizes:
        by_size(str(pathlib.Path(options.leadoff).resolve()), options.sizes, options.events, options.runs)
        return
    shutil.copy(HERE / "reference" / "experiment.yaml", options.folder / "experiment.yaml")
    binary = str(pathlib.Path(options.leadoff).resolve())
    # One after the other and not all of one first: how fast the machine is changes with the hour.
    own, other = [], []
    for _ in range(options.runs):
        own.append(ours(binary, options.folder))
        if options.peer:
            other.append(theirs(options.peer, options.folder))
    steps, evaluation, memory = fastest(own)
    if not options.peer:
        for step, seconds in steps.items():
            print(f"{step:<28} {seconds:8.3f} s")
        print(f"{'peak memory':<28} {memory:8.0f} MiB")
        return
    parts, figures = fastest(other)
    print(f"| part | leadoff, s | peer, s | peer / leadoff |\n|---|---|---|---|")
    for part, own in [*PARTS.items(), ("in all", ["in all"])]:
        seconds = sum(steps.get(step, 0.0) for step in own)
        print(f"| {part} | {seconds:.2f} | {parts[part]:.2f} | {parts[part] / seconds:.1f} |")
    count, (name, difference) = compare(evaluation, figures)
    print(f"\npeak memory {memory:.0f} MiB; {count} figures of both differ by at most {difference:.1e} ({name})")
    if difference > 1e-9:
        sys.exit("the two programs do not say the same")


if __name__ == "__main__":
    main()
