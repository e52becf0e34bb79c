//! What changed between two runs, from their folders.

use std::path::Path;

use serde::Deserialize;

use crate::report;
use crate::result::*;
use crate::stats::interval;
use crate::store::{Kind, StoreError, write_file};

use super::RunError;
use super::run::read_evaluation;

/// Compares the results in two folders of `leadoff run`, of this or of older versions.
///
/// # Errors
/// When a folder holds no run, or the two have different champions.
pub fn compare(a: &Path, b: &Path) -> Result<Changes, RunError> {
    let (first, second) = (Kept::read(a)?, Kept::read(b)?);
    let champion = |kept: &Kept| kept.evaluation.setting.champion.clone();
    if champion(&first) != champion(&second) {
        return Err(RunError::OtherChampion { a: champion(&first), b: champion(&second) });
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
pub fn store(changes: &Changes, folder: &Path) -> Result<(), RunError> {
    std::fs::create_dir_all(folder).map_err(|source| StoreError::Io { path: folder.into(), source })?;
    write_file(&folder.join("compare.json"), to_json(changes))?;
    for (name, bytes) in report::files(&report::changes(changes), "compare")? {
        write_file(&folder.join(name), bytes)?;
    }
    Ok(())
}

/// What a folder keeps of a run.
struct Kept {
    evaluation: Evaluation,
    run: Result<RunFile, String>,
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

impl Kept {
    fn read(path: &Path) -> Result<Self, RunError> {
        let refused = |why: &str| RunError::NotARun { path: path.into(), why: why.into() };
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
        let run = std::fs::read_to_string(&beside).map_err(|_| "there is no `run.json` beside it".to_owned());
        let run = run.and_then(|text| serde_json::from_str(&text).map_err(|_| "its `run.json` cannot be read".into()));
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
    a: &Result<RunFile, String>,
    b_name: &str,
    b: &Result<RunFile, String>,
) -> (Vec<InputChange>, Option<String>) {
    let (a, b) = match (a, b) {
        (Ok(a), Ok(b)) => (&a.inputs, &b.inputs),
        (Err(why), _) => return (Vec::new(), Some(format!("`{a_name}`: {why}"))),
        (_, Err(why)) => return (Vec::new(), Some(format!("`{b_name}`: {why}"))),
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
    let days = |setting: &Setting| Some(setting.horizon_days.map_or("ever".into(), report::text::days));
    let capacity = |setting: &Setting| {
        let capacity = setting.capacity.as_ref()?;
        let leads = report::text::quantity(capacity.leads, report::text::Unit::Count);
        Some(format!("{leads} leads every {}", report::text::days(capacity.per_days)))
    };
    let (one, two) = (&a.setting, &b.setting);
    let line = |what: &str, a: Option<String>, b: Option<String>| SettingChange { what: what.into(), a, b };
    vec![
        line("Experiment", Some(a.experiment.clone()), Some(b.experiment.clone())),
        line("Leads evaluated", Some(one.evaluate.clone()), Some(two.evaluate.clone())),
        line("Fitted on leads of", one.train.clone(), two.train.clone()),
        line("Scored", Some(one.as_of.clone()), Some(two.as_of.clone())),
        line("A win counts within", days(one), days(two)),
        line("Outcomes as known on", one.until.clone(), two.until.clone()),
        line("Capacity", capacity(one), capacity(two)),
        line("Champion", one.champion.clone(), two.champion.clone()),
        line("Time zone", Some(one.timezone.clone()), Some(two.timezone.clone())),
        line("Currency", one.currency.clone(), two.currency.clone()),
        line("Seed", Some(one.seed.to_string()), Some(two.seed.to_string())),
    ]
}

fn ledger(a: &Ledger, b: &Ledger) -> Vec<CountChange> {
    let line = |what: &str, of: fn(&Ledger) -> u64| CountChange { what: what.into(), a: Some(of(a)), b: Some(of(b)) };
    let mut lines = vec![
        line("Read", |ledger| ledger.read),
        line("Evaluated (mature)", |ledger| ledger.evaluated),
        line("Scored, not mature yet", |ledger| ledger.immature),
        line("Used for training", |ledger| ledger.training),
    ];
    let of = |ledger: &Ledger, reason: &str| {
        ledger.exclusions.iter().find(|one| one.reason == reason).map_or(0, |one| one.leads)
    };
    for reason in keys(&a.exclusions, &b.exclusions, |one| &one.reason) {
        let (first, second) = (of(a, reason), of(b, reason));
        lines.push(CountChange { what: format!("Left out: {reason}"), a: Some(first), b: Some(second) });
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

/// What is compared of every model.
fn measures(evaluation: &Evaluation, model: &ModelEvaluation) -> Vec<(&'static str, String, Estimate)> {
    let mut all = vec![("auc", "AUC".to_owned(), model.ranking.auc.clone())];
    if let (Some(capacity), Some(_)) = (&model.capacity, &evaluation.setting.capacity) {
        let label = "wins captured".to_owned();
        all.push(("capture_at_capacity", label, capacity.capture_interval.clone()));
    }
    if let Some(top) = model.top.iter().find(|top| (top.share - 0.1).abs() < 1e-9) {
        all.push(("lift_10", "lift, top 10 %".into(), top.lift_interval.clone()));
    }
    all.push(("slope", "calibration slope".into(), model.calibration.slope.clone()));
    all
}

fn metrics(a: &Evaluation, b: &Evaluation) -> Vec<MetricChange> {
    let conversion = ("conversion", "conversion".to_owned());
    let mut all = vec![metric(None, conversion, &a.readiness.rate, &b.readiness.rate)];
    for one in &a.models {
        let Some(two) = b.models.iter().find(|two| two.name == one.name) else { continue };
        let theirs = measures(b, two);
        for (id, label, before) in measures(a, one) {
            if let Some((_, _, after)) = theirs.iter().find(|(other, _, _)| *other == id) {
                all.push(metric(Some(&one.name), (id, label), &before, after));
            }
        }
    }
    all
}

fn metric(model: Option<&String>, (id, label): (&str, String), a: &Estimate, b: &Estimate) -> MetricChange {
    let difference = difference(a, b);
    MetricChange {
        model: model.cloned(),
        metric: id.into(),
        label,
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
        metric: verdict.metric.clone(),
        difference: verdict.difference.clone(),
    }
}

fn gates(a: &Evaluation, b: &Evaluation) -> Vec<GateChange> {
    let (one, two) = (&a.evidence.gates, &b.evidence.gates);
    let mut all: Vec<(&str, &str)> = Vec::new();
    for gate in one.iter().chain(two) {
        let key = (gate.challenger.as_str(), gate.gate.as_str());
        if !all.contains(&key) {
            all.push(key);
        }
    }
    let of = |gates: &[GateEvidence], key: (&str, &str)| {
        gates.iter().find(|gate| (gate.challenger.as_str(), gate.gate.as_str()) == key).map(|gate| gate.outcome)
    };
    let line = |key: (&str, &str)| GateChange {
        challenger: key.0.into(),
        gate: key.1.into(),
        a: of(one, key),
        b: of(two, key),
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
        let change = metric(None, ("auc", "AUC".into()), a, b);
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
