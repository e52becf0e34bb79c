use std::borrow::Cow;

use crate::stats::Undefined;
use crate::stats::proportion::Count;
use crate::stats::survival::{Curve, End, Followed, cumulative_incidence};
use crate::time::{Instant, NEVER, days};

/// Units of a test as aligned columns: what each was assigned and what became of it by the look.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Units {
    /// A place among the test's arms.
    pub arm: Vec<usize>,
    /// Days from the first assignment; nothing where assignments have no times.
    pub entry: Option<Vec<f64>>,
    /// Days followed since assignment, and how that ended; nothing where outcomes have no times.
    pub followed: Option<(Vec<f64>, Vec<End>)>,
    /// Whether the horizon had passed at the look.
    pub mature: Vec<bool>,
    /// Converted within the horizon.
    pub won: Vec<bool>,
    /// What was sold within the horizon: 0 where nothing was.
    pub value: Option<Vec<f64>>,
    /// Known before the assignment; NaN is missing.
    pub covariate: Option<Vec<f64>>,
    pub cluster: Option<Vec<usize>>,
    pub stratum: Option<Vec<usize>>,
    pub accepted: Option<Vec<bool>>,
    pub worked: Option<Vec<bool>>,
    /// Whether the arm's own model scored the unit, where that is known.
    pub delivered: Option<Vec<bool>>,
    /// Whether the models treat the unit differently, where that is known: only such units can show anything.
    pub discordant: Option<Vec<bool>>,
    pub segments: Vec<Segment>,
    pub ratios: Vec<RatioColumn>,
    pub guardrails: Vec<GuardrailColumn>,
    /// How often a row counts; a missing one counts every row once.
    pub weight: Option<Vec<f64>>,
}

/// A column by which the effect is shown in parts.
#[derive(Clone, Debug, PartialEq)]
pub struct Segment {
    pub column: String,
    pub levels: Vec<String>,
    /// A place among the levels; nothing where it is missing.
    pub level: Vec<Option<usize>>,
}

/// Numerator and denominator of every unit: meetings and touches, say.
#[derive(Clone, Debug, PartialEq)]
pub struct RatioColumn {
    pub name: String,
    pub numerator: Vec<f64>,
    pub denominator: Vec<f64>,
}

/// A number of every unit whose mean must not become worse by more than `margin`; NaN is missing.
#[derive(Clone, Debug, PartialEq)]
pub struct GuardrailColumn {
    pub name: String,
    pub value: Vec<f64>,
    pub margin: f64,
    pub lower_is_better: bool,
}

/// One unit's instants, as the files hold them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    pub arm: usize,
    pub assigned: Instant,
    /// When each deal was won and what it was worth, in any order.
    pub wins: Vec<(Instant, f64)>,
    pub lost: Option<Instant>,
}

impl Units {
    /// Units with times, seen at `as_of`: what is dated later has not happened. Records must be assigned at or before it.
    /// A loss counts only if no conversion follows by then. A horizon of nothing means ever.
    pub fn timed(records: &[Record], horizon: Option<f64>, as_of: Instant) -> Self {
        let first = records.iter().map(|record| record.assigned).min().unwrap_or(0);
        let followed: Vec<(f64, End)> = records.iter().map(|record| record.followed(as_of)).collect();
        let within = |time: f64| horizon.is_none_or(|horizon| time <= horizon);
        Self {
            arm: records.iter().map(|record| record.arm).collect(),
            entry: Some(records.iter().map(|record| days(record.assigned - first)).collect()),
            mature: (records.iter())
                .map(|record| horizon.is_none_or(|horizon| days(as_of - record.assigned) >= horizon))
                .collect(),
            won: followed.iter().map(|(time, end)| *end == End::Converted && within(*time)).collect(),
            value: Some(records.iter().map(|record| record.sold(horizon, as_of)).collect()),
            followed: Some(followed.into_iter().unzip()),
            ..Self::default()
        }
    }

    /// Units of which only is known whether they converted.
    pub fn flagged(arm: Vec<usize>, won: Vec<bool>) -> Self {
        Self { mature: vec![true; arm.len()], arm, won, ..Self::default() }
    }

    pub fn len(&self) -> usize {
        self.arm.len()
    }

    pub fn is_empty(&self) -> bool {
        self.arm.is_empty()
    }

    pub fn is_timed(&self) -> bool {
        self.followed.is_some()
    }

    /// The units on which the models differ; all of them where nobody knows.
    pub fn compared(&self) -> Cow<'_, Self> {
        match &self.discordant {
            Some(differs) => Cow::Owned(self.take(&(0..self.len()).filter(|&row| differs[row]).collect::<Vec<_>>())),
            None => Cow::Borrowed(self),
        }
    }

    /// The rows named, in their order.
    fn take(&self, rows: &[usize]) -> Self {
        fn of<T: Clone>(column: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().map(|&row| column[row].clone()).collect()
        }
        fn maybe<T: Clone>(column: &Option<Vec<T>>, rows: &[usize]) -> Option<Vec<T>> {
            column.as_ref().map(|column| of(column, rows))
        }
        Self {
            arm: of(&self.arm, rows),
            entry: maybe(&self.entry, rows),
            followed: self.followed.as_ref().map(|(time, end)| (of(time, rows), of(end, rows))),
            mature: of(&self.mature, rows),
            won: of(&self.won, rows),
            value: maybe(&self.value, rows),
            covariate: maybe(&self.covariate, rows),
            cluster: maybe(&self.cluster, rows),
            stratum: maybe(&self.stratum, rows),
            accepted: maybe(&self.accepted, rows),
            worked: maybe(&self.worked, rows),
            delivered: maybe(&self.delivered, rows),
            discordant: maybe(&self.discordant, rows),
            segments: (self.segments.iter())
                .map(|segment| Segment { level: of(&segment.level, rows), ..segment.clone() })
                .collect(),
            ratios: (self.ratios.iter())
                .map(|ratio| RatioColumn {
                    name: ratio.name.clone(),
                    numerator: of(&ratio.numerator, rows),
                    denominator: of(&ratio.denominator, rows),
                })
                .collect(),
            guardrails: (self.guardrails.iter())
                .map(|guard| GuardrailColumn { value: of(&guard.value, rows), ..guard.clone() })
                .collect(),
            weight: maybe(&self.weight, rows),
        }
    }

    pub(super) fn weight(&self, row: usize) -> f64 {
        self.weight.as_ref().map_or(1.0, |weight| weight[row])
    }

    pub(super) fn rows(&self, arm: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        (0..self.len()).filter(move |&row| self.arm[row] == arm)
    }

    pub(super) fn mature_rows(&self, arm: usize) -> impl Iterator<Item = usize> + Clone + '_ {
        self.rows(arm).filter(|&row| self.mature[row])
    }

    pub(super) fn sum(&self, rows: impl Iterator<Item = usize>) -> f64 {
        rows.map(|row| self.weight(row)).sum()
    }

    /// Conversions within the horizon among these rows.
    pub(super) fn count(&self, rows: impl Iterator<Item = usize>) -> Count {
        rows.fold(Count::default(), |count, row| {
            let weight = self.weight(row);
            count + Count::new(weight * f64::from(self.won[row]), weight)
        })
    }

    pub(super) fn all_mature(&self) -> bool {
        self.mature.iter().all(|mature| *mature)
    }

    /// Whether at least half of the units have been followed for the whole horizon.
    pub(super) fn half_is_mature(&self) -> bool {
        2.0 * self.sum((0..self.len()).filter(|&row| self.mature[row])) >= self.sum(0..self.len())
    }

    /// Conversion over the days since assignment, losses competing.
    pub(super) fn curve(&self, arm: usize) -> Result<Curve, Undefined> {
        let (time, end) = self.followed.as_ref().ok_or(Undefined::NoTimes)?;
        let rows: Vec<usize> = self.rows(arm).collect();
        let time: Vec<f64> = rows.iter().map(|&row| time[row]).collect();
        let end: Vec<End> = rows.iter().map(|&row| end[row]).collect();
        let weight: Vec<f64> = rows.iter().map(|&row| self.weight(row)).collect();
        cumulative_incidence(&Followed::new(&time, &end).weighted(&weight))
    }

    /// How many clusters have units in this arm.
    pub(super) fn clusters_of(&self, arm: usize) -> usize {
        let Some(cluster) = &self.cluster else { return 0 };
        self.rows(arm).map(|row| cluster[row]).collect::<std::collections::BTreeSet<_>>().len()
    }

    /// How many clusters lie in several arms, and how many there are; nothing where units belong to none.
    pub(super) fn clusters_in_several_arms(&self) -> Option<(usize, usize)> {
        let cluster = self.cluster.as_ref()?;
        let pairs: std::collections::BTreeSet<(usize, usize)> =
            cluster.iter().copied().zip(self.arm.iter().copied()).collect();
        let all: std::collections::BTreeSet<usize> = cluster.iter().copied().collect();
        let several = all.iter().filter(|own| pairs.range((**own, 0)..=(**own, usize::MAX)).count() > 1).count();
        Some((several, all.len()))
    }

    /// Whether every cluster lies in one arm: then clusters were assigned, not units.
    pub(super) fn is_assigned_by_cluster(&self) -> bool {
        let Some(cluster) = &self.cluster else { return false };
        let mut arm_of: Vec<Option<usize>> = vec![None; cluster.iter().max().map_or(0, |last| last + 1)];
        let mut several = false;
        for (row, &cluster) in cluster.iter().enumerate() {
            several |= *arm_of[cluster].get_or_insert(self.arm[row]) != self.arm[row];
        }
        // As many clusters as units: every unit is its own.
        !several && arm_of.iter().flatten().count() < self.len()
    }
}

impl Record {
    /// A conversion that precedes the assignment is none of this test's; the caller leaves such units out.
    fn followed(&self, as_of: Instant) -> (f64, End) {
        let won = self.wins.iter().map(|win| win.0).filter(|at| *at != NEVER && *at <= as_of).min();
        let lost = self.lost.filter(|at| *at != NEVER && *at <= as_of);
        let (at, end) = match (won, lost) {
            (Some(won), _) => (won, End::Converted),
            (None, Some(lost)) => (lost, End::Lost),
            (None, None) => (as_of, End::Censored),
        };
        (days(at - self.assigned).max(0.0), end)
    }

    fn sold(&self, horizon: Option<f64>, as_of: Instant) -> f64 {
        let counts = |at: Instant| {
            at != NEVER && at <= as_of && horizon.is_none_or(|horizon| days(at - self.assigned) <= horizon)
        };
        self.wins.iter().filter(|win| counts(win.0) && !win.1.is_nan()).map(|win| win.1).sum()
    }
}
