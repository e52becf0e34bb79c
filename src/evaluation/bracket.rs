use std::borrow::Cow;

use crate::result::{Bracket, Brackets, CutOn, CutRule, Estimate, Inversion, Number, Scale};
use crate::stats::proportion::{self, Count, ZTest};
use crate::stats::{Interval, Undefined, quantile};

use super::LEVEL;
use super::cohort::{BracketRule, Cohort, Scored};

/// A model's brackets: ascending inclusive lower bounds of all but the lowest.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cuts {
    pub edges: Vec<f64>,
    /// Those of each fit, oldest first, where each has its own; [`Cuts::edges`] are then the latest's.
    by_fit: Vec<Vec<f64>>,
    names: Vec<String>,
    rule: CutRule,
}

impl Cuts {
    pub fn len(&self) -> usize {
        self.edges.len() + 1
    }

    /// The bracket of a score that a fit gave, from 0 for the lowest.
    pub fn place(&self, fit: usize, score: f64) -> usize {
        self.by_fit.get(fit).unwrap_or(&self.edges).partition_point(|edge| *edge <= score)
    }

    pub fn label(&self, place: usize) -> String {
        if let Some(name) = self.names.get(place) {
            return name.clone();
        }
        let text = |i: usize| short(self.edges[i]);
        match (place, self.edges.len()) {
            (_, 0) => "all scores".into(),
            (0, _) => format!("below {}", text(0)),
            (place, n) if place == n => format!("{} and over", text(n - 1)),
            (place, _) => format!("{} to below {}", text(place - 1), text(place)),
        }
    }
}

/// An edge as a reader would write it: at most four significant digits.
fn short(edge: f64) -> String {
    let digits = (3 - edge.abs().max(1e-9).log10().floor() as i32).clamp(0, 9) as usize;
    let text = format!("{edge:.digits$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').into() } else { text }
}

/// How a model's scores are cut: by its own rule, by the experiment's edges if it is on the points scale, else where
/// the champion's brackets cut by volume.
pub(super) fn cuts(cohort: &Cohort, model: &Scored) -> Cuts {
    let rule = model.brackets.as_ref().unwrap_or(&cohort.design().brackets);
    match rule {
        BracketRule::Edges { edges, names } if model.brackets.is_some() || model.scale == Scale::Points => {
            Cuts { edges: edges.clone(), by_fit: Vec::new(), names: names.clone(), rule: CutRule::Fixed }
        }
        BracketRule::Edges { .. } => by_volume(cohort, model),
        BracketRule::Quantiles(count) => {
            let shares: Vec<f64> = (1..*count).map(|i| i as f64 / *count as f64).collect();
            at_shares(cohort, model, &shares, equal_volume(*count))
        }
    }
}

/// Leads to whose volume brackets of a fit are cut: those that it learns from, or the cohort without any.
fn reference(cohort: &Cohort, fit: usize) -> (Cow<'_, [usize]>, CutOn) {
    let training = cohort.learned_by(fit);
    if training.is_empty() {
        (Cow::Borrowed(cohort.mature()), CutOn::EvaluatedLeads)
    } else {
        (training, if cohort.fits() > 1 { CutOn::EachFit } else { CutOn::TrainingWindow })
    }
}

fn equal_volume(brackets: usize) -> impl Fn(CutOn) -> CutRule {
    move |on| CutRule::EqualVolume { brackets: brackets as u64, on }
}

fn by_volume(cohort: &Cohort, model: &Scored) -> Cuts {
    let champion = cohort.design().champion.map(|place| &cohort.models()[place]);
    let first_on_points = || cohort.models().iter().find(|other| other.scale == Scale::Points);
    let Some(pattern) = champion.filter(|champion| champion.scale == Scale::Points).or_else(first_on_points) else {
        return at_shares(cohort, model, &[0.25, 0.5, 0.75], equal_volume(4));
    };
    let edges = cuts(cohort, pattern).edges;
    let scores = pattern.ranked(&reference(cohort, cohort.fits() - 1).0);
    let below = |edge: &f64| scores.iter().filter(|score| *score < edge).count() as f64 / scores.len().max(1) as f64;
    let shares: Vec<f64> = edges.iter().map(below).collect();
    at_shares(cohort, model, &shares, |on| CutRule::Like { model: pattern.name.clone(), on })
}

/// Cuts at the type-7 quantiles of the reference leads; equal cuts are merged.
fn at_shares(cohort: &Cohort, model: &Scored, shares: &[f64], rule: impl Fn(CutOn) -> CutRule) -> Cuts {
    let inner: Vec<f64> = shares.iter().copied().filter(|share| *share > 0.0 && *share < 1.0).collect();
    let of_fit = |fit: usize| {
        let (rows, on) = reference(cohort, fit);
        let mut scores: Vec<f64> = model.scored(&rows).into_iter().map(|row| model.score[row]).collect();
        scores.sort_unstable_by(f64::total_cmp);
        let at = |share: &f64| quantile::sorted(&scores, *share);
        let edges: Vec<f64> = if scores.is_empty() { Vec::new() } else { inner.iter().map(at).collect() };
        (edges, scores.first().copied(), on)
    };
    let (mut edges, lowest, on) = of_fit(cohort.fits() - 1);
    if cohort.fits() > 1 {
        let by_fit = (0..cohort.fits()).map(|fit| of_fit(fit).0).collect();
        return Cuts { edges, by_fit, names: by_share(&inner), rule: rule(on) };
    }
    edges.dedup();
    // A cut at the lowest score leaves nothing below it.
    edges.retain(|edge| lowest.is_some_and(|lowest| lowest < *edge));
    Cuts { edges, by_fit: Vec::new(), names: Vec::new(), rule: rule(on) }
}

/// Names of brackets whose edges differ from fit to fit, from the lowest.
fn by_share(shares: &[f64]) -> Vec<String> {
    let percent = |share: f64| (100.0 * share).round();
    let (Some(&first), Some(&last)) = (shares.first(), shares.last()) else { return Vec::new() };
    let inner = shares.windows(2).map(|pair| format!("{} to {} %", percent(pair[0]), percent(pair[1])));
    let ends = (format!("lowest {} %", percent(first)), format!("highest {} %", 100.0 - percent(last)));
    std::iter::once(ends.0).chain(inner).chain([ends.1]).collect()
}

/// The bracket table of a model.
pub(super) fn brackets(cohort: &Cohort, model: &Scored, cuts: &Cuts) -> Brackets {
    let scored = model.scored(cohort.mature());
    let open = model.scored(cohort.immature());
    let mut rows: Vec<Vec<usize>> = vec![Vec::new(); cuts.len()];
    scored.iter().for_each(|&row| rows[cuts.place(cohort.fit_of(row), model.score[row])].push(row));
    let mut immature = vec![0; cuts.len()];
    open.iter().for_each(|&row| immature[cuts.place(cohort.fit_of(row), model.score[row])] += 1);
    let counts: Vec<Count> = rows.iter().map(|rows| cohort.count(rows)).collect();
    let whole = cohort.count(cohort.mature());
    let mut table: Vec<Bracket> = (0..cuts.len())
        .map(|place| Bracket {
            label: cuts.label(place),
            from: place.checked_sub(1).filter(|_| cuts.by_fit.is_empty()).map(|below| cuts.edges[below]),
            to: cuts.edges.get(place).copied().filter(|_| cuts.by_fit.is_empty()),
            immature: immature[place],
            capture: capture(&counts[place..], whole),
            ..row(cohort, &rows[place], whole)
        })
        .collect();
    let unscored: Vec<usize> = cohort.mature().iter().copied().filter(|&row| model.score[row].is_nan()).collect();
    if !unscored.is_empty() {
        let open = cohort.immature().iter().filter(|&&row| model.score[row].is_nan()).count() as u64;
        let last = Bracket { label: "not scored".into(), immature: open, ..row(cohort, &unscored, whole) };
        table.insert(0, Bracket { capture: capture(&[whole], whole), ..last });
    }
    let trend = trend(cohort, &rows);
    Brackets {
        rule: cuts.rule.clone(),
        rows: table,
        trend_z: trend.map(|trend| trend.z).into(),
        trend_p: trend.map(|trend| trend.p).into(),
        inversions: inversions(cohort, cuts, &rows),
    }
}

/// Whether conversion rises over the brackets: over accounts, the same statistic with its variance from their sums.
fn trend(cohort: &Cohort, rows: &[Vec<usize>]) -> Result<ZTest, Undefined> {
    let counts: Vec<Count> = rows.iter().map(|rows| cohort.count(rows)).collect();
    let ranks: Vec<f64> = (0..counts.len()).map(|place| place as f64).collect();
    let trend = proportion::trend(&counts, &ranks)?;
    if cohort.leads().account.is_none() {
        return Ok(ZTest { z: trend.z, p: trend.p });
    }
    let all: Vec<usize> = rows.iter().flatten().copied().collect();
    let whole = cohort.count(&all);
    let (rate, middle) =
        (whole.rate()?, ranks.iter().zip(&counts).map(|(rank, count)| rank * count.n).sum::<f64>() / whole.n);
    let of = |rank: f64, row: usize| (rank - middle) * (f64::from(cohort.leads().converted[row]) - rate);
    let influence: Vec<f64> =
        ranks.iter().zip(rows).flat_map(|(&rank, rows)| rows.iter().map(move |&row| of(rank, row))).collect();
    match cohort.clustered_error(&all, &influence) {
        None => Err(Undefined::OneGroup),
        Some(error) => Ok(ZTest::of(influence.iter().sum::<f64>() / error?)),
    }
}

/// Share of all wins in these brackets.
fn capture(brackets: &[Count], whole: Count) -> Number {
    let wins: f64 = brackets.iter().map(|count| count.successes).sum();
    if whole.successes == 0.0 { Undefined::NoEvents.into() } else { (wins / whole.successes).into() }
}

/// A bracket without its name and place.
fn row(cohort: &Cohort, rows: &[usize], whole: Count) -> Bracket {
    let part = cohort.count(rows);
    let days: Vec<f64> = rows.iter().filter_map(|&row| cohort.days_to_win(row)).collect();
    let none = if cohort.design().timed { Undefined::NoEvents } else { Undefined::NoTimes };
    Bracket {
        label: String::new(),
        from: None,
        to: None,
        leads: part.n as u64,
        share: if whole.n > 0.0 { (part.n / whole.n).into() } else { Undefined::Empty.into() },
        wins: part.successes as u64,
        rate: cohort.rate(rows),
        lift: Estimate::with(proportion::lift(part, whole), lift_interval(cohort, rows, whole)),
        capture: Undefined::Empty.into(),
        value: cohort.value(rows.iter().copied()),
        median_days: quantile::of(&days, 0.5).ok_or(none).into(),
        immature: 0,
    }
}

fn lift_interval(cohort: &Cohort, rows: &[usize], whole: Count) -> Result<Interval, Undefined> {
    if cohort.leads().account.is_none() {
        return proportion::lift_interval(cohort.count(rows), whole, LEVEL);
    }
    let mut inside = vec![0.0; cohort.leads().part.len()];
    rows.iter().for_each(|&row| inside[row] = 1.0);
    let shares: Vec<f64> = cohort.mature().iter().map(|&row| inside[row]).collect();
    cohort.clustered_lift(&shares)
}

/// Neighbours of which the higher bracket converts worse, where both are filled.
fn inversions(cohort: &Cohort, cuts: &Cuts, rows: &[Vec<usize>]) -> Vec<Inversion> {
    let filled: Vec<usize> = (0..rows.len()).filter(|&place| !rows[place].is_empty()).collect();
    let inverted = |pair: &[usize]| {
        let [lower, higher] = [&rows[pair[0]], &rows[pair[1]]];
        let difference = proportion::difference(cohort.count(lower), cohort.count(higher));
        let difference = difference.ok().filter(|difference| *difference < 0.0)?;
        let both = cohort.effective_count(lower).and_then(|lower| Ok((lower, cohort.effective_count(higher)?)));
        let interval = both.and_then(|(lower, higher)| proportion::difference_interval(lower, higher, LEVEL));
        Some(Inversion {
            lower: cuts.label(pair[0]),
            higher: cuts.label(pair[1]),
            difference: Estimate::with(difference, interval),
            p: both.and_then(|(lower, higher)| proportion::pooled_z(lower, higher)).map(|test| test.p).into(),
        })
    };
    filled.windows(2).filter_map(inverted).collect()
}
