use std::borrow::Cow;

use crate::result::{Barred, CardLine, Effort, ModelKind, Scale, Suspicion};
use crate::stats::quantile;
use crate::stats::random::{Seed, Stream};
use crate::stats::survival::End;
use crate::table::MISSING;
use crate::time::{DAY, Instant, Span};

use super::accounts::Accounts;
use super::options::{Asked, Contact, Mark};

/// Wins worth more than this share of them count no more than the last of these.
const LARGE: f64 = 0.95;

/// Scored leads with what became of them: aligned columns in one canonical order (ascending by id).
#[derive(Clone, Debug)]
pub struct Cohort {
    leads: Leads,
    models: Vec<Scored>,
    design: Design,
    training: Vec<usize>,
    mature: Vec<usize>,
    immature: Vec<usize>,
    /// The 95th percentile of what the wins of mature leads are worth; infinite without values.
    cap: f64,
    accounts: Accounts,
}

/// The columns of a cohort, a value a lead.
#[derive(Clone, Debug, Default)]
pub struct Leads {
    pub part: Vec<PartOfRun>,
    /// Converted within the horizon; means nothing for an immature lead.
    pub converted: Vec<bool>,
    /// Value of the wins within the horizon, NaN where missing; nothing when wins carry none.
    pub value: Option<Vec<f64>>,
    /// Nothing without times.
    pub endings: Option<Endings>,
    /// Days from creation to the first win within the horizon, NaN without one; nothing without times.
    pub created_to_win_days: Option<Vec<f64>>,
    pub as_of: Vec<Instant>,
    /// The account of each lead, numbered from 0; nothing where leads are taken one by one.
    pub account: Option<Vec<u32>>,
    /// Where models are fitted anew for each period.
    pub walk: Option<Walked>,
    /// Columns to split by.
    pub segments: Vec<Grouping>,
    /// Calendar periods of creation; nothing without creation times.
    pub periods: Option<Grouping>,
}

/// By which fit each lead is scored, and which learn from it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walked {
    /// Numbered from 0, oldest first.
    pub fit: Vec<u32>,
    /// Half-open.
    pub trains: Vec<(u32, u32)>,
}

/// The end of each lead's follow-up.
#[derive(Clone, Debug, Default)]
pub struct Endings {
    /// From `as_of`.
    pub days: Vec<f64>,
    pub how: Vec<End>,
}

/// What a lead is in the run for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartOfRun {
    Training,
    Mature,
    Immature,
}

/// A named way to split the leads: a code a lead, [`MISSING`] where it has none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Grouping {
    pub name: String,
    pub codes: Vec<u32>,
    pub levels: Vec<String>,
}

/// One model's scores.
#[derive(Clone, Debug)]
pub struct Scored {
    pub name: String,
    pub kind: ModelKind,
    pub scale: Scale,
    /// NaN: not scored, ranked last.
    pub score: Vec<f64>,
    /// Each group of criteria as a score of its own.
    pub groups: Vec<(String, Vec<f64>)>,
    pub card: Vec<CardLine>,
    pub not_promotable: Option<Barred>,
    /// The model's own brackets, where it has some.
    pub brackets: Option<BracketRule>,
    pub effort: Effort,
}

impl Scored {
    /// Whether it may take the champion's place.
    pub fn is_candidate(&self) -> bool {
        self.not_promotable.is_none() && !self.kind.is_floor()
    }

    /// Whether it reads what the outcome seems to have written: its figures say nothing of leads to come.
    pub fn is_suspended(&self) -> bool {
        self.not_promotable.as_ref().is_some_and(Barred::knows_the_outcome)
    }

    /// Whether its figures are worse than the model: nothing is shown to be better than it.
    pub fn is_hidden(&self) -> bool {
        self.not_promotable.as_ref().is_some_and(|barred| barred.suspicions().iter().any(Suspicion::hides))
    }
}

/// How scores are cut into brackets.
#[derive(Clone, Debug, PartialEq)]
pub enum BracketRule {
    /// Ascending inclusive lower bounds, with names for the brackets (one more than edges) or none.
    Edges { edges: Vec<f64>, names: Vec<String> },
    /// So many brackets of equal volume.
    Quantiles(usize),
}

/// What is asked of an evaluation.
#[derive(Clone, Debug)]
pub struct Design {
    pub champion: Option<usize>,
    pub brackets: BracketRule,
    /// `None`: ever.
    pub horizon_days: Option<f64>,
    /// Whether outcomes have times.
    pub timed: bool,
    /// Whether losses are recorded, so that they compete.
    pub losses: bool,
    pub capacity: Option<CapacityRule>,
    pub seed: Seed,
    pub replicates: usize,
    /// Beyond the comparison itself.
    pub asked: Asked,
}

/// Sales can work so many leads in every period.
#[derive(Clone, Debug, PartialEq)]
pub struct CapacityRule {
    pub leads: f64,
    pub per: Span,
    /// Where the first period begins: at `evaluate.from`, or with the first period that a walk evaluates.
    pub begins: Instant,
    /// Stretches of moments of scoring that the evaluation covers in full, half-open.
    pub covered: Vec<(Instant, Instant)>,
}

/// Why columns do not make a cohort.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CohortError {
    #[error("model `{model}` scored {scored} leads of {leads}")]
    Misaligned { model: String, scored: usize, leads: usize },
    #[error("column `{column}` has {found} values for {leads} leads")]
    Ragged { column: String, found: usize, leads: usize },
    #[error("outcomes have times, and the leads have no endings")]
    NoEndings,
    #[error(
        "no mature lead to evaluate: every horizon is still open at `until`; take a shorter horizon or an earlier window"
    )]
    NoneMature,
    #[error("no lead to evaluate in the evaluation window")]
    Empty,
    #[error("no model to evaluate")]
    NoModel,
}

impl Cohort {
    /// The last fallible step of the mathematics.
    pub fn new(leads: Leads, models: Vec<Scored>, design: Design) -> Result<Self, CohortError> {
        let n = leads.part.len();
        if let Some((column, found)) = columns(&leads, &design.asked).into_iter().find(|(_, found)| *found != n) {
            return Err(CohortError::Ragged { column, found, leads: n });
        }
        if design.timed && leads.endings.is_none() {
            return Err(CohortError::NoEndings);
        }
        if models.is_empty() {
            return Err(CohortError::NoModel);
        }
        for model in &models {
            let groups = model.groups.iter().map(|(_, score)| score.len());
            if let Some(scored) = std::iter::once(model.score.len()).chain(groups).find(|scored| *scored != n) {
                return Err(CohortError::Misaligned { model: model.name.clone(), scored, leads: n });
            }
        }
        let rows = |part: PartOfRun| (0..n).filter(|&row| leads.part[row] == part).collect::<Vec<usize>>();
        let (training, mature, immature) =
            (rows(PartOfRun::Training), rows(PartOfRun::Mature), rows(PartOfRun::Immature));
        match (mature.is_empty(), immature.is_empty()) {
            (true, true) => Err(CohortError::Empty),
            (true, false) => Err(CohortError::NoneMature),
            _ => {
                let (cap, accounts) = (f64::INFINITY, Accounts::default());
                let cohort = Self { leads, models, design, training, mature, immature, cap, accounts };
                let values = cohort.mature.iter().filter_map(|&row| cohort.value_of(row)).collect::<Vec<f64>>();
                let cap = quantile::of(&values, LARGE).unwrap_or(f64::INFINITY);
                let cohort = Self { cap, ..cohort };
                Ok(match cohort.leads.account.clone() {
                    Some(account) => cohort.with_account(account),
                    None => cohort,
                })
            }
        }
    }

    /// The same cohort with more asked of it.
    ///
    /// # Errors
    /// When its columns do not fit the leads.
    pub fn asking(self, asked: Asked) -> Result<Self, CohortError> {
        Self::new(self.leads, self.models, Design { asked, ..self.design })
    }

    /// Says anew what bars models, by their places, from being promoted; returns what was said before.
    pub(super) fn barring(&mut self, models: Vec<(usize, Option<Barred>)>) -> Vec<(usize, Option<Barred>)> {
        let of = |(place, because): (usize, Option<Barred>)| {
            (place, std::mem::replace(&mut self.models[place].not_promotable, because))
        };
        models.into_iter().map(of).collect()
    }

    /// The same with the accounts of its leads.
    pub(super) fn with_account(mut self, account: Vec<u32>) -> Self {
        let of_mature: Vec<u32> = self.mature.iter().map(|&row| account[row]).collect();
        self.accounts = Accounts::of(&of_mature, &self.converted(&self.mature));
        self.leads.account = Some(account);
        self
    }

    /// The same with another number of resamples.
    pub(super) fn with_replicates(mut self, replicates: usize) -> Self {
        self.design.replicates = replicates;
        self
    }

    /// The same leads with the outcomes of the evaluated ones dealt anew: no score can know them. Those of an account stay
    /// together: the accounts' runs of outcomes are laid end to end in another order.
    pub(super) fn permuted(&self, stream: &mut Stream) -> Self {
        let mut dealt = self.by_account();
        let places: Vec<usize> = dealt.iter().flatten().copied().collect();
        for i in (1..dealt.len()).rev() {
            dealt.swap(i, stream.below(i as u64 + 1) as usize);
        }
        let mut own = self.clone();
        for (&to, &from) in places.iter().zip(dealt.iter().flatten()) {
            own.leads.converted[to] = self.leads.converted[from];
            if let (Some(own), Some(value)) = (&mut own.leads.value, &self.leads.value) {
                own[to] = value[from];
            }
        }
        own
    }

    /// The evaluated leads of each account; one by one where none are known.
    fn by_account(&self) -> Vec<Vec<usize>> {
        let Some(account) = &self.leads.account else { return self.mature.iter().map(|&row| vec![row]).collect() };
        let mut rows = vec![Vec::new(); account.iter().max().map_or(0, |&last| last as usize + 1)];
        self.mature.iter().for_each(|&row| rows[account[row] as usize].push(row));
        rows.retain(|rows| !rows.is_empty());
        rows
    }

    /// The evaluated leads at random in two halves, each with half of the capacity and all of the training leads; an
    /// account falls into one half. Nothing when a half has no lead to judge.
    pub(super) fn halves(&self, stream: &mut Stream) -> Option<(Self, Self)> {
        let account = |row: usize| self.leads.account.as_ref().map_or(row, |account| account[row] as usize);
        let units = (0..self.leads.part.len()).map(account).max().map_or(0, |last| last + 1);
        let first: Vec<bool> = (0..units).map(|_| stream.chance(0.5)).collect();
        let half = |which: bool| {
            let rows: Vec<usize> = (0..self.leads.part.len())
                .filter(|&row| self.leads.part[row] == PartOfRun::Training || first[account(row)] == which)
                .collect();
            let mut own = self.take(&rows)?;
            own.design.capacity.iter_mut().for_each(|rule| rule.leads /= 2.0);
            Some(own)
        };
        Some((half(true)?, half(false)?))
    }

    /// Some of the rows, in order.
    fn take(&self, rows: &[usize]) -> Option<Self> {
        let leads = &self.leads;
        let grouping = |grouping: &Grouping| Grouping { codes: of(&grouping.codes, rows), ..grouping.clone() };
        let model = |model: &Scored| Scored {
            score: of(&model.score, rows),
            groups: model.groups.iter().map(|(name, score)| (name.clone(), of(score, rows))).collect(),
            ..model.clone()
        };
        let own = Leads {
            part: of(&leads.part, rows),
            converted: of(&leads.converted, rows),
            value: leads.value.as_ref().map(|value| of(value, rows)),
            endings: leads
                .endings
                .as_ref()
                .map(|endings| Endings { days: of(&endings.days, rows), how: of(&endings.how, rows) }),
            created_to_win_days: leads.created_to_win_days.as_ref().map(|days| of(days, rows)),
            as_of: of(&leads.as_of, rows),
            account: leads.account.as_ref().map(|account| of(account, rows)),
            walk: leads.walk.as_ref().map(|walk| Walked { fit: of(&walk.fit, rows), trains: of(&walk.trains, rows) }),
            segments: leads.segments.iter().map(grouping).collect(),
            periods: leads.periods.as_ref().map(grouping),
        };
        let mut design = self.design.clone();
        design.asked.contact.iter_mut().for_each(|contact| contact.worked = of(&contact.worked, rows));
        design.asked.marks.iter_mut().for_each(|mark| mark.holds = of(&mark.holds, rows));
        Self::new(own, self.models.iter().map(model).collect(), design).ok()
    }

    pub fn asked(&self) -> &Asked {
        &self.design.asked
    }

    pub fn leads(&self) -> &Leads {
        &self.leads
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.accounts
    }

    pub fn models(&self) -> &[Scored] {
        &self.models
    }

    pub fn design(&self) -> &Design {
        &self.design
    }

    /// Rows of training leads.
    pub fn training(&self) -> &[usize] {
        &self.training
    }

    /// How many fits score the evaluated leads: one, but where models are fitted anew for each period.
    pub fn fits(&self) -> usize {
        let last = |walk: &Walked| self.mature.iter().chain(&self.immature).map(|&row| walk.fit[row]).max();
        self.leads.walk.as_ref().and_then(last).map_or(1, |last| last as usize + 1)
    }

    /// The fit that scores a row.
    pub fn fit_of(&self, row: usize) -> usize {
        self.leads.walk.as_ref().map_or(0, |walk| walk.fit[row] as usize)
    }

    /// The fits of some rows; nothing where there is one for all.
    pub(super) fn fits_of(&self, rows: &[usize]) -> Option<Vec<u32>> {
        self.leads.walk.as_ref().map(|walk| rows.iter().map(|&row| walk.fit[row]).collect())
    }

    /// Rows of the leads that a fit learns from.
    pub fn learned_by(&self, fit: usize) -> Cow<'_, [usize]> {
        match &self.leads.walk {
            None => Cow::Borrowed(&self.training),
            Some(Walked { trains, .. }) => {
                let learns = |row: &usize| (trains[*row].0..trains[*row].1).contains(&(fit as u32));
                (0..trains.len()).filter(learns).collect()
            }
        }
    }

    /// Rows of evaluated leads: those whose horizon is over.
    pub fn mature(&self) -> &[usize] {
        &self.mature
    }

    /// Rows of scored leads whose horizon is still open.
    pub fn immature(&self) -> &[usize] {
        &self.immature
    }

    /// Whether each of some rows converted.
    pub fn converted(&self, rows: &[usize]) -> Vec<bool> {
        rows.iter().map(|&row| self.leads.converted[row]).collect()
    }

    /// The same, no more than the 95th percentile of all wins: one deal does not decide which leads were found.
    pub fn capped_value_of(&self, row: usize) -> Option<f64> {
        self.value_of(row).map(|value| value.min(self.cap))
    }

    /// What a win counts at most.
    pub fn cap(&self) -> f64 {
        self.cap
    }

    /// The known value of a row's win; nothing for any other row.
    pub fn value_of(&self, row: usize) -> Option<f64> {
        let value = self.leads.value.as_ref()?[row];
        (!value.is_nan() && self.leads.converted[row]).then_some(value)
    }

    /// The known values of some rows' wins; nothing when wins carry none.
    pub fn value(&self, rows: impl IntoIterator<Item = usize>) -> Option<f64> {
        self.is_valued().then(|| rows.into_iter().filter_map(|row| self.value_of(row)).sum())
    }

    /// Whether wins carry values.
    pub fn is_valued(&self) -> bool {
        self.leads.value.is_some()
    }

    /// Days from creation to the win of a row; nothing without one, or without times.
    pub fn days_to_win(&self, row: usize) -> Option<f64> {
        self.leads.created_to_win_days.as_ref().map(|days| days[row]).filter(|days| !days.is_nan())
    }

    /// The span of `as_of` over the evaluated leads, in quarters of a year; nothing without times.
    pub fn quarters(&self) -> Option<f64> {
        let times = || self.mature.iter().map(|&row| self.leads.as_of[row]);
        let span = times().max()?.checked_sub(times().min()?)?;
        (self.design.timed && span >= 7 * DAY).then(|| span as f64 / (DAY as f64 * 365.25 / 4.0))
    }
}

/// Every column with its name and its length.
fn columns(leads: &Leads, asked: &Asked) -> Vec<(String, usize)> {
    let mut all = vec![("converted".to_owned(), leads.converted.len()), ("as_of".to_owned(), leads.as_of.len())];
    let mut add = |name: &str, length: Option<usize>| all.extend(length.map(|length| (name.to_owned(), length)));
    add("value", leads.value.as_ref().map(Vec::len));
    add("ending days", leads.endings.as_ref().map(|endings| endings.days.len()));
    add("endings", leads.endings.as_ref().map(|endings| endings.how.len()));
    add("account", leads.account.as_ref().map(Vec::len));
    add("fit", leads.walk.as_ref().map(|walk| walk.fit.len()));
    add("training of fits", leads.walk.as_ref().map(|walk| walk.trains.len()));
    add("created_to_win_days", leads.created_to_win_days.as_ref().map(Vec::len));
    add("worked", asked.contact.as_ref().map(|Contact { worked }| worked.len()));
    leads.segments.iter().chain(&leads.periods).for_each(|grouping| add(&grouping.name, Some(grouping.codes.len())));
    asked.marks.iter().for_each(|Mark { what, holds, .. }| add(what, Some(holds.len())));
    all
}

/// Some rows of a column.
fn of<T: Clone>(column: &[T], rows: &[usize]) -> Vec<T> {
    rows.iter().map(|&row| column[row].clone()).collect()
}

impl Scored {
    /// Scores of some rows as they rank: unscored leads below all others, in one tied block.
    pub fn ranked(&self, rows: &[usize]) -> Vec<f64> {
        rows.iter().map(|&row| if self.score[row].is_nan() { f64::NEG_INFINITY } else { self.score[row] }).collect()
    }

    /// Those of some rows that have a score.
    pub fn scored(&self, rows: &[usize]) -> Vec<usize> {
        rows.iter().copied().filter(|&row| !self.score[row].is_nan()).collect()
    }
}

impl Grouping {
    /// The rows of each level among `rows`, largest first (ties by name); levels with fewer than ten leads, and those
    /// beyond the first twelve, are merged into "other".
    pub fn split(&self, rows: &[usize]) -> Vec<(String, Vec<usize>)> {
        let mut parts: Vec<(String, Vec<usize>)> =
            self.levels.iter().map(|level| (level.clone(), Vec::new())).collect();
        let mut missing = Vec::new();
        for &row in rows {
            match self.codes[row] {
                MISSING => missing.push(row),
                code => parts[code as usize].1.push(row),
            }
        }
        parts.push(("(missing)".into(), missing));
        parts.retain(|(_, rows)| !rows.is_empty());
        parts.sort_by(|a, b| b.1.len().cmp(&a.1.len()).then_with(|| a.0.cmp(&b.0)));
        let large = parts.iter().take(12).filter(|(_, rows)| rows.len() >= 10).count();
        let mut other: Vec<usize> = parts.split_off(large).into_iter().flat_map(|(_, rows)| rows).collect();
        if !other.is_empty() {
            other.sort_unstable();
            parts.push(("other".into(), other));
        }
        parts
    }

    /// The rows of each level among `rows`, in the order of the levels' names.
    pub fn in_order(&self, rows: &[usize]) -> Vec<(String, Vec<usize>)> {
        let mut order: Vec<usize> = (0..self.levels.len()).collect();
        order.sort_by(|&a, &b| self.levels[a].cmp(&self.levels[b]));
        let of =
            |level: usize| rows.iter().copied().filter(|&row| self.codes[row] as usize == level).collect::<Vec<_>>();
        order
            .into_iter()
            .map(|level| (self.levels[level].clone(), of(level)))
            .filter(|(_, rows)| !rows.is_empty())
            .collect()
    }
}
