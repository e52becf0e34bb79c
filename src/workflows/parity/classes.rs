//! Why a replayed score is not the platform's: what would make them equal, and nothing else.

use std::collections::BTreeMap;

use crate::data::{History, Known};
use crate::models::spec::{Bounds, Criterion, Per};
use crate::models::{Contribution, GroupScore, PointsModel, Scores, Strength};
use crate::pipeline::Looks;
use crate::predicate::find_name;
use crate::time::Instant;

/// Scores are rounded to 1e-9, and platforms print fewer digits.
const EQUAL: f64 = 1e-6;
/// Fewer leads that differ by one rule show no edit: each may have a cause of its own.
const FEWEST: usize = 3;
/// Of the scores that an edit touches, at least so many are as it says.
const NEARLY_ALL: f64 = 0.9;
/// Points that a criterion may have had: so many candidates are tried.
const CANDIDATES: usize = 3;

/// A kind of reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// A limit holds on one side only.
    Cap,
    /// What fades is rounded otherwise.
    Rounding,
    /// One criterion gives other points, for a time or always.
    Edited,
    /// One event is counted on one side only.
    Event,
    /// A criterion reads a column whose past is not known.
    Stale,
    /// A criterion that does not fit the data.
    LeftOut,
    Other,
}

/// A reason, and what it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Differs {
    pub class: Class,
    /// The criterion, the group, or nothing for the total.
    pub subject: String,
    pub how: How,
}

/// What would make the scores equal.
#[derive(Clone, Debug, PartialEq)]
pub enum How {
    Plain,
    /// The platform goes beyond the model's limit.
    Unlimited,
    /// The platform's own limit.
    Limit(f64),
    /// The platform stays at a score that the model passes.
    StaysAt(f64),
    /// Whole points in all.
    Whole,
    /// The points that the platform gives instead, before or from a day on, or always.
    Points {
        platform: f64,
        model: f64,
        before: bool,
        day: Option<String>,
    },
    /// The platform counts one event more than the log (or fewer).
    More(bool),
    /// The platform takes the lead for quiet, and the log does not (or the other way round).
    Quiet(bool),
}

/// Scores on both sides, a row a look.
pub(super) struct Compared<'a> {
    points: &'a PointsModel,
    parts: &'a [Contribution],
    groups: &'a [GroupScore],
    replayed: &'a [f64],
    platform: &'a [f64],
    looks: &'a Looks,
    history: &'a History,
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= EQUAL
}

impl<'a> Compared<'a> {
    pub fn new(
        points: &'a PointsModel,
        scores: &'a Scores,
        platform: &'a [f64],
        looks: &'a Looks,
        history: &'a History,
    ) -> Self {
        Self {
            points,
            parts: &scores.contributions,
            groups: &scores.groups,
            replayed: &scores.value,
            platform,
            looks,
            history,
        }
    }

    /// The rows that are not equal, each with why.
    pub fn reasons(&self) -> Vec<(usize, Differs)> {
        let differing = (0..self.platform.len()).filter(|&row| !close(self.platform[row], self.replayed[row]));
        let mut left: Vec<usize> = differing.collect();
        let mut found: BTreeMap<usize, Differs> = BTreeMap::new();
        let settle = |left: &mut Vec<usize>, of: Vec<(usize, Differs)>, found: &mut BTreeMap<usize, Differs>| {
            found.extend(of);
            left.retain(|row| !found.contains_key(row));
        };
        let rounded = self.rounded(&left);
        settle(&mut left, rounded, &mut found);
        let edited = self.edited(&left);
        settle(&mut left, edited, &mut found);
        for step in [Self::limited, Self::stays, Self::toggled, Self::nearly] {
            let of = step(self, &left);
            settle(&mut left, of, &mut found);
        }
        self.carried(&left, &mut found);
        let other = |row: usize| (row, Differs { class: Class::Other, subject: String::new(), how: How::Plain });
        let rest: Vec<(usize, Differs)> = left.into_iter().filter(|row| !found.contains_key(row)).map(other).collect();
        found.extend(rest);
        found.into_iter().collect()
    }

    fn criterion(&self, place: usize) -> &'a Criterion {
        &self.points.spec().criteria[place].criterion
    }

    /// The totals of some rows under another model, or other contributions.
    fn totals(&self, model: &PointsModel, rows: &[usize], change: impl FnOnce(&mut Vec<Contribution>)) -> Vec<f64> {
        let mut parts: Vec<Contribution> = self.parts.iter().map(|part| part.take(rows)).collect();
        change(&mut parts);
        model.totals(&parts, rows.len())
    }

    /// Those of the rows whose totals, told for each, are the platform's.
    fn equal(&self, rows: &[usize], totals: &[f64]) -> Vec<usize> {
        rows.iter()
            .zip(totals)
            .filter(|(row, total)| close(self.platform[**row], **total))
            .map(|(row, _)| *row)
            .collect()
    }

    /// Equal as soon as the total is rounded to whole points, where all of the platform's are whole.
    fn rounded(&self, left: &[usize]) -> Vec<(usize, Differs)> {
        let all_whole = self.platform.iter().all(|score| close(*score, score.round()));
        if !all_whole || self.points.spec().round.is_some() {
            return Vec::new();
        }
        let whole = self.points.limited(|points| points.round = Some(1.0));
        let equal = self.equal(left, &self.totals(&whole, left, |_| ()));
        let differs = Differs { class: Class::Rounding, subject: String::new(), how: How::Whole };
        equal.into_iter().map(|row| (row, differs.clone())).collect()
    }

    /// Rows that one criterion explains by giving other points from a day on, until a day, or always. The most telling
    /// criterion comes first, until none is.
    fn edited(&self, left: &[usize]) -> Vec<(usize, Differs)> {
        let (mut left, mut found) = (left.to_vec(), Vec::new());
        while let Some((rows, differs)) =
            (0..self.parts.len()).filter_map(|place| self.edit(place, &left)).max_by_key(|(rows, _)| rows.len())
        {
            left.retain(|row| rows.binary_search(row).is_err());
            found.extend(rows.into_iter().map(|row| (row, differs.clone())));
        }
        found
    }

    fn edit(&self, place: usize, left: &[usize]) -> Option<(Vec<usize>, Differs)> {
        let part = &self.parts[place];
        let fires: Vec<usize> = left.iter().copied().filter(|&row| part.fires(row)).collect();
        if self.leads(&fires) < FEWEST {
            return None;
        }
        let by = |row: &usize| (self.platform[*row] - self.replayed[*row]) / part.strength[*row];
        let all: Vec<usize> = (0..self.platform.len()).filter(|&row| part.fires(row)).collect();
        let mut best: Option<(Vec<usize>, Differs)> = None;
        for change in candidates(fires.iter().map(by)) {
            let platform = part.points + change;
            let totals = self.totals(self.points, &all, |parts| parts[place].points = platform);
            // Where a limit holds, other points change nothing: such scores say nothing of an edit.
            let touched: Vec<(usize, f64)> =
                all.iter().copied().zip(totals).filter(|(row, total)| !close(*total, self.replayed[*row])).collect();
            let Some(split) = self.split(&touched) else { continue };
            let mut rows: Vec<usize> = split.rows.into_iter().filter(|row| left.binary_search(row).is_ok()).collect();
            rows.sort_unstable();
            if self.leads(&rows) >= FEWEST && best.as_ref().is_none_or(|(known, _)| known.len() < rows.len()) {
                let day = split.at.map(|at| self.history.zone.date(at).to_string());
                let how = How::Points { platform, model: part.points, before: split.before, day };
                best = Some((rows, Differs { class: Class::Edited, subject: part.name.clone(), how }));
            }
        }
        best
    }

    /// The instant that parts scores as the edit has them from scores as the model has them, and the former.
    fn split(&self, touched: &[(usize, f64)]) -> Option<Split> {
        let mut touched: Vec<(Instant, usize, bool, bool)> = touched
            .iter()
            .map(|&(row, total)| {
                let platform = self.platform[row];
                (self.looks.at[row], row, close(platform, total), close(platform, self.replayed[row]))
            })
            .collect();
        touched.sort_by_key(|one| (one.0, one.1));
        let edits = touched.iter().filter(|one| one.2).count();
        let kept = touched.iter().filter(|one| one.3).count();
        // How many fit, when the edit holds from the place on, and when it holds before it.
        let (mut after, mut before) = (edits, kept);
        let mut best = (after, 0, false);
        if before > best.0 {
            best = (before, 0, true);
        }
        for (place, one) in touched.iter().enumerate() {
            after = after + usize::from(one.3) - usize::from(one.2);
            before = before + usize::from(one.2) - usize::from(one.3);
            let is_edge = touched.get(place + 1).is_none_or(|next| next.0 > one.0);
            for (fit, is_before) in [(after, false), (before, true)] {
                if is_edge && fit > best.0 {
                    best = (fit, place + 1, is_before);
                }
            }
        }
        let (fit, place, before) = best;
        let side = if before { &touched[..place] } else { &touched[place..] };
        let rows: Vec<usize> = side.iter().filter(|one| one.2).map(|one| one.1).collect();
        let holds = (rows.len() as f64) >= NEARLY_ALL * side.len() as f64;
        let fits = fit as f64 >= NEARLY_ALL * touched.len() as f64;
        let always = side.len() == touched.len();
        let edge = if before { touched.get(place).or(touched.last()) } else { touched.get(place) };
        (!rows.is_empty() && holds && fits).then(|| Split {
            rows,
            before,
            at: edge.filter(|_| !always).map(|one| one.0),
        })
    }

    /// Equal without one of the model's own limits, or with another one: the most telling first, until none is.
    fn limited(&self, left: &[usize]) -> Vec<(usize, Differs)> {
        let (mut left, mut found) = (left.to_vec(), Vec::new());
        while let Some((rows, differs)) = self.limits(&left).into_iter().max_by_key(|(rows, _)| rows.len()) {
            if rows.is_empty() {
                break;
            }
            left.retain(|row| rows.binary_search(row).is_err());
            found.extend(rows.into_iter().map(|row| (row, differs.clone())));
        }
        found
    }

    /// What each limit that is taken away, or another, would explain of the rows.
    fn limits(&self, left: &[usize]) -> Vec<(Vec<usize>, Differs)> {
        let spec = self.points.spec();
        let differs = |subject: &str, how| Differs { class: Class::Cap, subject: subject.into(), how };
        let mut found = Vec::new();
        if spec.bounds.is_some() {
            let model = self.points.limited(|points| points.bounds = None);
            found.push((self.equal(left, &self.totals(&model, left, |_| ())), differs("", How::Unlimited)));
        }
        for (group, _) in spec.groups.iter() {
            let model = self.points.limited(|points| points.groups.set(group, Bounds::OPEN));
            found.push((self.equal(left, &self.totals(&model, left, |_| ())), differs(group, How::Unlimited)));
        }
        for (place, part) in self.parts.iter().enumerate() {
            if part.cap.is_some() {
                let totals = self.totals(self.points, left, |parts| parts[place].cap = None);
                found.push((self.equal(left, &totals), differs(&part.name, How::Unlimited)));
            }
            // What the platform can have given for it, where the rest is the same.
            let given = |row: &usize| part.capped(*row) + self.platform[*row] - self.replayed[*row];
            let fires = left.iter().filter(|row| part.fires(**row));
            for cap in candidates(fires.map(|row| given(row).abs())) {
                let rows = self.with(left, self.points, |parts| parts[place].cap = Some(cap));
                found.push((rows, differs(&part.name, How::Limit(cap))));
            }
        }
        for group in self.groups {
            let given = left.iter().map(|&row| group.value[row] + self.platform[row] - self.replayed[row]);
            for most in candidates(given) {
                let bounds = spec.groups.get(&group.name).map_or(f64::NEG_INFINITY, |bounds| bounds.low());
                let Some(bounds) = Bounds::new(bounds.min(most), most) else { continue };
                let model = self.points.limited(|points| points.groups.set(&group.name, bounds));
                found.push((self.with(left, &model, |_| ()), differs(&group.name, How::Limit(most))));
            }
        }
        found
    }

    /// Those of the rows that are equal under another limit; none where few leads speak for it, or scores that are equal
    /// today speak against it.
    fn with(&self, left: &[usize], model: &PointsModel, change: impl Fn(&mut Vec<Contribution>)) -> Vec<usize> {
        let rows = self.equal(left, &self.totals(model, left, &change));
        if self.leads(&rows) < FEWEST {
            return Vec::new();
        }
        let all = 0..self.platform.len();
        let kept: Vec<usize> = all.filter(|&row| close(self.platform[row], self.replayed[row])).collect();
        let broken = kept.len() - self.equal(&kept, &self.totals(model, &kept, &change)).len();
        if broken as f64 <= (1.0 - NEARLY_ALL) * rows.len() as f64 { rows } else { Vec::new() }
    }

    /// The platform stays at its highest or lowest score, and the model passes it.
    fn stays(&self, left: &[usize]) -> Vec<(usize, Differs)> {
        let most = self.platform.iter().copied().fold(f64::MIN, f64::max);
        let least = self.platform.iter().copied().fold(f64::MAX, f64::min);
        let at = |edge: f64, passes: fn(f64, f64) -> bool| {
            let rows = left.iter().copied();
            let rows: Vec<usize> =
                rows.filter(|&row| close(self.platform[row], edge) && passes(self.replayed[row], edge)).collect();
            let differs = Differs { class: Class::Cap, subject: String::new(), how: How::StaysAt(edge) };
            let enough = self.leads(&rows) >= FEWEST;
            rows.into_iter().filter(move |_| enough).map(move |row| (row, differs.clone())).collect::<Vec<_>>()
        };
        let mut found = at(most, |replayed, edge| replayed > edge);
        found.extend(at(least, |replayed, edge| replayed < edge));
        found
    }

    /// Equal when one criterion counts one event more or fewer, or holds where it did not.
    fn toggled(&self, left: &[usize]) -> Vec<(usize, Differs)> {
        let mut found: BTreeMap<usize, Differs> = BTreeMap::new();
        for (place, part) in self.parts.iter().enumerate() {
            let criterion = self.criterion(place);
            let class = match (criterion.event.is_some() || criterion.inactive_for.is_some(), self.is_stale(criterion))
            {
                _ if self.points.left_out().iter().any(|(name, _)| *name == part.name) => Class::LeftOut,
                (true, _) => Class::Event,
                (false, true) => Class::Stale,
                (false, false) => continue,
            };
            let counts = criterion.per == Some(Per::Event) && class == Class::Event;
            for more in [true, false] {
                let other = |row: &usize| match (counts, more, part.strength[*row]) {
                    (true, true, strength) => strength + 1.0,
                    (true, false, strength) => (strength - 1.0).max(0.0),
                    (false, true, 0.0) => 1.0,
                    (false, false, strength) if strength != 0.0 => 0.0,
                    (false, _, strength) => strength,
                };
                let strength: Vec<f64> = left.iter().map(other).collect();
                let totals = self.totals(self.points, left, |parts| parts[place].strength = Strength::from(strength));
                for row in self.equal(left, &totals) {
                    let how = if criterion.inactive_for.is_some() { How::Quiet(more) } else { How::More(more) };
                    let differs = Differs { class, subject: part.name.clone(), how };
                    found.entry(row).or_insert(differs);
                }
            }
        }
        found.into_iter().collect()
    }

    /// Whether it reads a column that is known only as exported.
    fn is_stale(&self, criterion: &Criterion) -> bool {
        let attributes = &self.history.attributes;
        let names = attributes.iter().map(|attribute| attribute.name.as_str());
        let is_stale = |name: &str| {
            find_name(names.clone(), name).is_some_and(|place| attributes[place].known == Known::AsExported)
        };
        let conditions = criterion.when.iter().chain(&criterion.lead_when).flat_map(|when| when.columns());
        conditions.chain(criterion.per_unit.as_deref()).any(is_stale)
    }

    /// Less than a point apart for each criterion that fades.
    fn nearly(&self, left: &[usize]) -> Vec<(usize, Differs)> {
        let fades = |place: &usize| {
            let criterion = self.criterion(*place);
            criterion.half_life.is_some() || criterion.expires.is_some() || criterion.loses.is_some()
        };
        let fading: Vec<usize> = (0..self.parts.len()).filter(fades).collect();
        let differs = |row: usize| {
            let fire: Vec<usize> = fading.iter().copied().filter(|&place| self.parts[place].fires(row)).collect();
            let apart = (self.platform[row] - self.replayed[row]).abs();
            let subject = fire.first().map(|&place| self.parts[place].name.clone())?;
            (apart < fire.len() as f64).then_some((row, Differs { class: Class::Rounding, subject, how: How::Plain }))
        };
        left.iter().copied().filter_map(differs).collect()
    }

    /// What one event makes at one look it leaves at the next, less of it where it fades.
    fn carried(&self, left: &[usize], found: &mut BTreeMap<usize, Differs>) {
        let by = |row: usize| self.platform[row] - self.replayed[row];
        for &row in left {
            let Some(before) = row.checked_sub(1).filter(|&before| self.looks.lead[before] == self.looks.lead[row])
            else {
                continue;
            };
            let lasts = by(before).signum() == by(row).signum() && by(row).abs() <= by(before).abs() + EQUAL;
            let reason = found.get(&before).filter(|one| lasts && matches!(one.class, Class::Event | Class::Stale));
            if let Some(reason) = reason.cloned() {
                found.insert(row, reason);
            }
        }
    }

    /// How many leads the rows are of.
    fn leads(&self, rows: &[usize]) -> usize {
        let mut leads: Vec<usize> = rows.iter().map(|&row| self.looks.lead[row]).collect();
        leads.sort_unstable();
        leads.dedup();
        leads.len()
    }
}

struct Split {
    rows: Vec<usize>,
    before: bool,
    /// Nothing where all scores are as the edit has them.
    at: Option<Instant>,
}

/// The changes of points that most rows speak of, as they are and to whole points.
fn candidates(changes: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    for change in changes.filter(|change| change.abs() < 1e9) {
        let exact = (change * 1e6).round() as i64;
        let whole = (change.round() * 1e6) as i64;
        *counts.entry(exact).or_default() += 1;
        if whole != exact {
            *counts.entry(whole).or_default() += 1;
        }
    }
    let mut often: Vec<(i64, usize)> = counts.into_iter().filter(|(change, _)| *change != 0).collect();
    often.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    often.into_iter().take(CANDIDATES).map(|(change, _)| change as f64 / 1e6).collect()
}
