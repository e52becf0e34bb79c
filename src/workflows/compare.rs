//! What changed between two runs, from their folders.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::metrics::{self, MetricId, Place, Reads};
use crate::report::{self, ReportError};
use crate::result::*;
use crate::stats::interval;
use crate::store::{Kind, StoreError, Stored, Target};

use super::run::read_evaluation;

/// Why two runs are not compared.
#[derive(Debug, thiserror::Error)]
pub enum CompareError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("{path}: {why}: name two folders that `leadoff run` left, such as `leadoff compare reports/q2 reports/q3`", path = path.display())]
    NotARun { path: PathBuf, why: String },
    #[error(
        "the champion of the first run is {}, of the second {}: what is said against different champions cannot be compared; run the second again with the champion of the first",
        named(a),
        named(b)
    )]
    OtherChampion { a: Option<String>, b: Option<String> },
    #[error(transparent)]
    Report(#[from] ReportError),
}

fn named(champion: &Option<String>) -> String {
    champion.as_ref().map_or("none".into(), |champion| format!("`{champion}`"))
}

/// Compares the results in two folders of `leadoff run`, of this or of older versions.
///
/// # Errors
/// When a folder holds no run, or the two have different champions.
pub fn compare(a: &Path, b: &Path) -> Result<Changes, CompareError> {
    let (first, second) = (Kept::read(a)?, Kept::read(b)?);
    let champion = |kept: &Kept| kept.evaluation.setting.champion.clone();
    if champion(&first) != champion(&second) {
        return Err(CompareError::OtherChampion { a: champion(&first), b: champion(&second) });
    }
    let names = names(a, b);
    Ok(changes((&names.0, &first), (&names.1, &second)))
}

/// The comparison as JSON.
pub fn to_json(changes: &Changes) -> String {
    serde_json::to_string_pretty(changes).expect("a comparison has only plain values") + "\n"
}

/// Writes the comparison in every format: `compare.json`, `compare.html`, `compare.md`, `compare.xlsx`.
///
/// # Errors
/// When a file cannot be written.
pub fn store(changes: &Changes, target: &Target) -> Result<Stored, CompareError> {
    let mut folder = target.draft()?;
    folder.write("compare.json", to_json(changes))?;
    for (name, bytes) in report::files(&report::changes(changes), "compare")? {
        folder.write(&name, bytes)?;
    }
    Ok(folder.finish()?)
}

/// What a folder keeps of a run.
struct Kept {
    evaluation: Evaluation,
    run: Result<RunFile, NoRun>,
}

#[derive(Deserialize)]
struct RunFile {
    leadoff: String,
    inputs: Vec<Input>,
}

#[derive(Deserialize)]
struct Input {
    path: String,
    sha256: String,
}

/// Why nothing is known of the files behind a result.
#[derive(Clone, Copy)]
enum NoRun {
    Missing,
    Unreadable,
}

impl NoRun {
    fn of(self, side: &str) -> InputsUnknown {
        match self {
            Self::Missing => InputsUnknown::NoRunFile { side: side.into() },
            Self::Unreadable => InputsUnknown::Unreadable { side: side.into() },
        }
    }
}

impl Kept {
    fn read(path: &Path) -> Result<Self, CompareError> {
        let refused = |why: &str| CompareError::NotARun { path: path.into(), why: why.into() };
        let file = if path.is_dir() { path.join("evaluation.json") } else { path.to_path_buf() };
        if !path.exists() {
            return Err(refused("there is no such folder"));
        }
        if !file.is_file() {
            return Err(match Kind::in_folder(path) {
                Some((other, _)) => refused(&format!("it holds {}, and runs are compared", other.in_words())),
                None => refused("it holds no `evaluation.json`"),
            });
        }
        let evaluation = read_evaluation(&file)?;
        let beside = file.with_file_name("run.json");
        let run = std::fs::read_to_string(&beside).map_err(|_| NoRun::Missing);
        let run = run.and_then(|text| serde_json::from_str(&text).map_err(|_| NoRun::Unreadable));
        Ok(Self { evaluation, run })
    }
}

/// What the two are called: by their folders, or by their paths where those are alike.
fn names(a: &Path, b: &Path) -> (String, String) {
    let last = |path: &Path| {
        let folder = if path.is_dir() { Some(path) } else { path.parent() };
        let name = folder.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        name.unwrap_or_else(|| path.display().to_string())
    };
    match (last(a), last(b)) {
        (first, second) if first != second => (first, second),
        _ => (a.display().to_string(), b.display().to_string()),
    }
}

fn changes((a_name, a): (&str, &Kept), (b_name, b): (&str, &Kept)) -> Changes {
    let (inputs, inputs_unknown) = inputs(a_name, &a.run, b_name, &b.run);
    let (one, two) = (&a.evaluation, &b.evaluation);
    Changes {
        schema: CHANGES_SCHEMA,
        a: side(a_name, a),
        b: side(b_name, b),
        inputs_unknown,
        inputs,
        settings: settings(one, two),
        ledger: ledger(&one.ledger, &two.ledger),
        models: models(one, two),
        metrics: metrics(one, two),
        brackets: brackets(one, two),
        verdict: VerdictChange { a: verdict(&one.verdict), b: verdict(&two.verdict) },
        gates: gates(one, two),
    }
}

fn side(name: &str, kept: &Kept) -> Side {
    let evaluation = &kept.evaluation;
    Side {
        name: name.into(),
        experiment: evaluation.experiment.clone(),
        leadoff: kept.run.as_ref().ok().map(|run| run.leadoff.clone()),
        evaluate: evaluation.setting.evaluate.clone(),
        until: evaluation.setting.until.clone(),
        champion: evaluation.setting.champion.clone(),
        leads: evaluation.readiness.leads,
        wins: evaluation.readiness.wins,
    }
}

/// Keys of either list, those of the first in its order, then what only the second has.
fn keys<'a, T>(a: &'a [T], b: &'a [T], key: impl Fn(&'a T) -> &'a str) -> Vec<&'a str> {
    let mut all: Vec<&str> = Vec::new();
    for key in a.iter().chain(b).map(key) {
        if !all.contains(&key) {
            all.push(key);
        }
    }
    all
}

fn inputs(
    a_name: &str,
    a: &Result<RunFile, NoRun>,
    b_name: &str,
    b: &Result<RunFile, NoRun>,
) -> (Vec<InputChange>, Option<InputsUnknown>) {
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (&a.inputs, &b.inputs),
        (Err(why), _) => return (Vec::new(), Some(why.of(a_name))),
        (_, Err(why)) => return (Vec::new(), Some(why.of(b_name))),
    };
    // A file that was only moved is the same file.
    let same =
        |one: &Input| b.iter().find(|two| two.path == one.path).or(b.iter().find(|two| two.sha256 == one.sha256));
    let mut lines: Vec<InputChange> = Vec::new();
    for one in a {
        let two = same(one).map(|two| two.sha256.clone());
        lines.push(InputChange { path: last(&one.path), a: Some(one.sha256.clone()), b: two });
    }
    let is_new = |two: &&Input| !a.iter().any(|one| one.path == two.path || one.sha256 == two.sha256);
    let new = |two: &Input| InputChange { path: last(&two.path), a: None, b: Some(two.sha256.clone()) };
    lines.extend(b.iter().filter(is_new).map(new));
    (lines, None)
}

/// A file's name without the folders of the machine.
fn last(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

fn settings(a: &Evaluation, b: &Evaluation) -> Vec<SettingChange> {
    let (one, two) = (values(a), values(b));
    let change = |((what, a), (_, b))| SettingChange { what, a, b };
    one.into_iter().zip(two).map(change).collect()
}

/// The settings of a result, in the order in which they are told.
fn values(evaluation: &Evaluation) -> Vec<(SettingName, Option<SettingValue>)> {
    let setting = &evaluation.setting;
    let text = |text: &str| Some(SettingValue::Text(text.to_owned()));
    let maybe = |text: &Option<String>| text.clone().map(SettingValue::Text);
    let capacity = setting.capacity.as_ref();
    let capacity = capacity.map(|one| SettingValue::Capacity { leads: one.leads, per_days: one.per_days });
    vec![
        (SettingName::Experiment, text(&evaluation.experiment)),
        (SettingName::Evaluate, text(&setting.evaluate)),
        (SettingName::Train, maybe(&setting.train)),
        (SettingName::AsOf, text(&setting.as_of)),
        (SettingName::Horizon, Some(setting.horizon_days.map_or(SettingValue::Ever, SettingValue::Days))),
        (SettingName::Until, maybe(&setting.until)),
        (SettingName::Capacity, capacity),
        (SettingName::Champion, maybe(&setting.champion)),
        (SettingName::Timezone, text(&setting.timezone)),
        (SettingName::Currency, maybe(&setting.currency)),
        (SettingName::Seed, text(&setting.seed.to_string())),
    ]
}

fn ledger(a: &Ledger, b: &Ledger) -> Vec<CountChange> {
    let line = |what: LedgerLine, of: fn(&Ledger) -> u64| CountChange { what, a: Some(of(a)), b: Some(of(b)) };
    let mut lines = vec![
        line(LedgerLine::Read, |ledger| ledger.read),
        line(LedgerLine::Evaluated, |ledger| ledger.evaluated),
        line(LedgerLine::Immature, |ledger| ledger.immature),
        line(LedgerLine::Training, |ledger| ledger.training),
    ];
    let of = |ledger: &Ledger, reason: &str| {
        ledger.exclusions.iter().find(|one| one.reason == reason).map_or(0, |one| one.leads)
    };
    for reason in keys(&a.exclusions, &b.exclusions, |one| &one.reason) {
        let what = LedgerLine::LeftOut { reason: reason.into() };
        lines.push(CountChange { what, a: Some(of(a, reason)), b: Some(of(b, reason)) });
    }
    lines
}

fn models(a: &Evaluation, b: &Evaluation) -> Vec<ModelChange> {
    let change = |name: &str| {
        let find = |all: &'_ [ModelEvaluation]| all.iter().position(|model| model.name == name);
        let change = |fate, kinds, parts| ModelChange { name: name.into(), fate, kinds, parts };
        match (find(&a.models), find(&b.models)) {
            (Some(one), Some(two)) => {
                let (one, two) = (&a.models[one], &b.models[two]);
                let kinds = (one.kind != two.kind).then(|| (one.kind.clone(), two.kind.clone()));
                let parts = parts(&one.card, &two.card);
                let is_same = kinds.is_none() && parts.is_empty() && one.scale == two.scale;
                change(if is_same { ModelFate::Same } else { ModelFate::Changed }, kinds, parts)
            }
            (Some(_), None) => change(ModelFate::Removed, None, Vec::new()),
            _ => change(ModelFate::Added, None, Vec::new()),
        }
    };
    keys(&a.models, &b.models, |model| &model.name).into_iter().map(change).collect()
}

fn parts(a: &[CardLine], b: &[CardLine]) -> Vec<PartChange> {
    let of = |all: &[CardLine], name: &str| {
        let line = all.iter().find(|line| line.name == name)?;
        Some(PartSide { what: line.what.clone(), weight: line.weight.point.clone() })
    };
    let part = |name: &str| PartChange { name: name.into(), a: of(a, name), b: of(b, name) };
    keys(a, b, |line| &line.name).into_iter().map(part).filter(|part| part.a != part.b).collect()
}

/// What is compared of every model: the metrics that the table shows among changes.
fn measures(evaluation: &Evaluation, model: &ModelEvaluation) -> Vec<(MetricId, Estimate)> {
    let at_capacity = model.capacity.is_some() && evaluation.setting.capacity.is_some();
    let all = metrics::shown_in(|place| place == Place::Changes).into_iter().map(|(metric, _)| metric);
    let told = all.filter(|metric| at_capacity || metric.reads != Reads::HandedOver);
    told.filter_map(|metric| Some((metric.id, model.metrics.get(&metric.id)?.clone()))).collect()
}

fn metrics(a: &Evaluation, b: &Evaluation) -> Vec<MetricChange> {
    let mut all = vec![metric(None, None, &a.readiness.rate, &b.readiness.rate)];
    for one in &a.models {
        let Some(two) = b.models.iter().find(|two| two.name == one.name) else { continue };
        let theirs = measures(b, two);
        for (id, before) in measures(a, one) {
            if let Some((_, after)) = theirs.iter().find(|(other, _)| *other == id) {
                all.push(metric(Some(&one.name), Some(id), &before, after));
            }
        }
    }
    all
}

fn metric(model: Option<&String>, metric: Option<MetricId>, a: &Estimate, b: &Estimate) -> MetricChange {
    let difference = difference(a, b);
    MetricChange {
        model: model.cloned(),
        metric,
        within: within(a, b),
        shift: shift(a, b, &difference),
        a: a.clone(),
        b: b.clone(),
        difference,
    }
}

/// B less A with the interval that holds when the two rest on different leads.
fn difference(a: &Estimate, b: &Estimate) -> Estimate {
    let (before, after) = match (&a.point, &b.point) {
        (Number::Value(a), Number::Value(b)) => (*a, *b),
        (Number::Undefined(reason), _) | (_, Number::Undefined(reason)) => return Estimate::undefined(reason.as_str()),
    };
    if !(after - before).is_finite() {
        return Estimate::undefined("not finite on both sides");
    }
    match (a.interval(), b.interval()) {
        (Some(low), Some(high)) => Estimate::new(after - before, interval::of_difference((before, low), (after, high))),
        _ => {
            let none = Number::undefined("no interval on both sides");
            Estimate { point: (after - before).into(), low: none.clone(), high: none }
        }
    }
}

fn within(a: &Estimate, b: &Estimate) -> Within {
    let (Some(before), Some(after)) = (a.point.finite(), b.point.finite()) else { return Within::Unknown };
    let (Some(first), Some(second)) = (a.interval(), b.interval()) else { return Within::Unknown };
    match (first.contains(after), second.contains(before)) {
        (true, true) => Within::Both,
        (false, false) => Within::Neither,
        _ => Within::One,
    }
}

fn shift(a: &Estimate, b: &Estimate, difference: &Estimate) -> Shift {
    if a == b && a.point.value().is_some() {
        return Shift::Same;
    }
    match difference.interval() {
        Some(interval) if interval.low > 0.0 => Shift::Higher,
        Some(interval) if interval.high < 0.0 => Shift::Lower,
        Some(_) => Shift::WithinChance,
        None => Shift::Unknown,
    }
}

fn brackets(a: &Evaluation, b: &Evaluation) -> Vec<BracketChange> {
    let mut all = Vec::new();
    for one in &a.models {
        let Some(two) = b.models.iter().find(|two| two.name == one.name) else { continue };
        for before in one.brackets.rows.iter().rev() {
            let Some(after) = two.brackets.rows.iter().find(|row| row.label == before.label) else { continue };
            let difference = difference(&before.rate, &after.rate);
            all.push(BracketChange {
                model: one.name.clone(),
                bracket: before.label.clone(),
                leads: (before.leads, after.leads),
                shift: shift(&before.rate, &after.rate, &difference),
                a: before.rate.clone(),
                b: after.rate.clone(),
                difference,
            });
        }
    }
    all
}

fn verdict(verdict: &Verdict) -> VerdictSide {
    VerdictSide {
        decision: verdict.decision,
        model: verdict.model.clone(),
        challenger: verdict.challenger.clone(),
        metric: verdict.metric,
        hand_over: verdict.hand_over.clone(),
        difference: verdict.difference.clone(),
    }
}

/// Gates are held against each other by what they ask in words: those of older results have nothing else.
fn gates(a: &Evaluation, b: &Evaluation) -> Vec<GateChange> {
    let key = |gate: &GateEvidence| (gate.challenger.clone(), report::gate(&gate.asked));
    let outcome = |gates: &[GateEvidence], own: &GateEvidence| {
        gates.iter().find(|gate| key(gate) == key(own)).map(|gate| gate.outcome)
    };
    let (one, two) = (&a.evidence.gates, &b.evidence.gates);
    let mut all: Vec<&GateEvidence> = Vec::new();
    for gate in one.iter().chain(two) {
        if !all.iter().any(|known| key(known) == key(gate)) {
            all.push(gate);
        }
    }
    let line = |gate: &GateEvidence| GateChange {
        challenger: gate.challenger.clone(),
        asked: gate.asked.clone(),
        a: outcome(one, gate),
        b: outcome(two, gate),
    };
    all.into_iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Interval;

    fn of(point: f64, low: f64, high: f64) -> Estimate {
        Estimate::new(point, Interval::new(low, high))
    }

    fn told(a: &Estimate, b: &Estimate) -> (Within, Shift) {
        let change = metric(None, None, a, b);
        (change.within, change.shift)
    }

    #[test]
    fn a_change_is_held_against_both_intervals_and_against_chance() {
        let before = of(0.70, 0.66, 0.74);
        assert_eq!(told(&before, &before), (Within::Both, Shift::Same));
        assert_eq!(told(&before, &of(0.72, 0.68, 0.76)), (Within::Both, Shift::WithinChance));
        assert_eq!(told(&before, &of(0.75, 0.70, 0.80)), (Within::One, Shift::WithinChance));
        assert_eq!(told(&before, &of(0.80, 0.77, 0.83)), (Within::Neither, Shift::Higher));
        assert_eq!(told(&of(0.80, 0.77, 0.83), &before), (Within::Neither, Shift::Lower));
        let none = Estimate::undefined("one class only");
        assert_eq!(told(&none, &before), (Within::Unknown, Shift::Unknown));
        assert_eq!(told(&none, &none), (Within::Unknown, Shift::Unknown));
    }

    #[test]
    fn what_only_one_side_has_is_named_once() {
        let card = |name: &str, points: f64| CardLine {
            name: name.into(),
            what: format!("{points} points"),
            weight: Estimate::new(points, Interval::new(points, points)),
            fires: 0.5.into(),
        };
        let found = parts(
            &[card("a", 5.0), card("b", 5.0), card("c", 1.0)],
            &[card("b", 10.0), card("c", 1.0), card("d", 2.0)],
        );
        let told: Vec<(&str, bool, bool)> =
            found.iter().map(|part| (part.name.as_str(), part.a.is_some(), part.b.is_some())).collect();
        assert_eq!(told, [("a", true, false), ("b", true, true), ("d", false, true)]);
    }
}
