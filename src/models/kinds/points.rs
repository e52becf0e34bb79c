use std::sync::Arc;

use rayon::prelude::*;

use crate::models::context::Context;
use crate::models::criterion::Compiled;
use crate::models::resolve::{Placed, Points, Spec};
use crate::models::scorer::{Reader, Recipe, ScoreInputs, Scorer};
use crate::models::scores::{self, Contribution, GroupScore, Scores, round};
use crate::models::spec::{Bounds, Entries};
use crate::models::{CardLine, Explanation, ModelError, explain, words};
use crate::replay::{FeatureId, Features, Plan};
use crate::result::{ModelKind, Scale};

/// Fewer leads are summed by one thread.
const APART: usize = 4_096;

/// Criteria that give points, ready to score.
#[derive(Clone, Debug, PartialEq)]
pub struct PointsModel {
    points: Points,
    criteria: Vec<Compiled>,
    /// Groups in the order of `groups:`, then of their first criterion.
    groups: Vec<(String, Bounds)>,
    /// Each criterion's place in `groups`.
    member: Vec<Option<usize>>,
    /// Criteria of a platform that do not fit the data, and why.
    left_out: Vec<(String, ModelError)>,
}

impl Recipe for Points {
    fn kind(&self) -> ModelKind {
        ModelKind::Points
    }

    fn scale(&self) -> Scale {
        Scale::Points
    }

    fn compile(&self, _: &str, _: &[Spec], context: &Context, plan: &mut Plan) -> Result<Arc<dyn Scorer>, ModelError> {
        let mut points = self.clone();
        if self.is_foreign {
            points.criteria.iter_mut().for_each(|placed| placed.criterion = context.in_own_names(&placed.criterion));
        }
        let mut left_out = Vec::new();
        let mut compile = |placed: &Placed| match Compiled::new(&placed.criterion, &placed.path, context, plan) {
            Err(error) if self.is_foreign => {
                left_out.push((placed.criterion.name.clone(), error));
                Ok(Compiled::nothing("left out: it does not fit the data".into()))
            }
            compiled => compiled,
        };
        let criteria = points.criteria.iter().map(&mut compile).collect::<Result<Vec<_>, _>>()?;
        let groups = groups(self);
        let place = |group: &String| groups.iter().position(|(name, _)| name == group);
        let member = self.criteria.iter().map(|placed| placed.criterion.group.as_ref().and_then(place)).collect();
        Ok(Arc::new(PointsModel { points, criteria, groups, member, left_out }))
    }

    fn event_columns(&self) -> Vec<String> {
        self.criteria.iter().flat_map(|placed| placed.criterion.event_columns()).collect()
    }

    fn readers(&self, kind: &str) -> Vec<Reader> {
        let criteria = self.criteria.iter().map(|placed| &placed.criterion);
        criteria.filter(|one| one.reads_kind(kind)).map(|one| Reader::Criterion(one.name.clone())).collect()
    }
}

impl PointsModel {
    /// The model as the experiment file has it, variants carried out.
    pub fn spec(&self) -> &Points {
        &self.points
    }

    /// Criteria of a platform that do not fit the data and give no points, and why.
    pub fn left_out(&self) -> &[(String, ModelError)] {
        &self.left_out
    }

    /// The same criteria under other bounds or another rounding.
    #[must_use]
    pub fn limited(&self, change: impl FnOnce(&mut Points)) -> Self {
        let mut points = self.points.clone();
        change(&mut points);
        let groups = self
            .groups
            .iter()
            .map(|(name, bounds)| (name.clone(), points.groups.get(name).copied().unwrap_or(*bounds)));
        Self { groups: groups.collect(), points, ..self.clone() }
    }

    /// The totals of other contributions of these criteria: other points, caps or strengths, the same groups and bounds.
    ///
    /// # Panics
    /// When there is not a contribution for each criterion, of `rows` leads.
    pub fn totals(&self, contributions: &[Contribution], rows: usize) -> Vec<f64> {
        assert_eq!(contributions.len(), self.criteria.len(), "a contribution for each criterion");
        let mut totals = vec![0.0; rows];
        let room = || vec![0.0; APART * self.groups.len()];
        totals.par_chunks_mut(APART).enumerate().for_each_init(room, |groups, (chunk, totals)| {
            self.add_members(contributions, None, chunk * APART, totals);
            for (group, sums) in groups.chunks_exact_mut(APART).enumerate() {
                sums.fill(0.0);
                self.add_members(contributions, Some(group), chunk * APART, &mut sums[..totals.len()]);
            }
            for (row, total) in totals.iter_mut().enumerate() {
                let of_row = groups.iter().skip(row).step_by(APART);
                *total = self.whole(*total + self.clamped(of_row).sum::<f64>());
            }
        });
        totals
    }

    /// A group's sum, clamped: the group as a model of its own.
    fn group_score(&self, contributions: &[Contribution], group: usize, rows: usize) -> Vec<f64> {
        let bounds = &self.groups[group].1;
        let mut sums = vec![0.0; rows];
        sums.par_chunks_mut(APART).enumerate().for_each(|(chunk, sums)| {
            self.add_members(contributions, Some(group), chunk * APART, sums);
            sums.iter_mut().for_each(|sum| *sum = round(bounds.clamp(*sum)));
        });
        sums
    }

    /// Adds what the criteria of a group (nothing: those of none) give the rows from `from` on.
    fn add_members(&self, contributions: &[Contribution], group: Option<usize>, from: usize, sums: &mut [f64]) {
        let members = contributions.iter().zip(&self.member).filter(|(_, member)| **member == group);
        members.for_each(|(contribution, _)| contribution.add_to(from, sums));
    }

    /// Every group's sum within its bounds.
    fn clamped<'a>(&'a self, sums: impl Iterator<Item = &'a f64>) -> impl Iterator<Item = f64> {
        self.groups.iter().zip(sums).map(|((_, bounds), sum)| bounds.clamp(*sum))
    }

    /// The total as sales sees it: rounded, within bounds.
    fn whole(&self, sum: f64) -> f64 {
        // First to 1e-9: a half that lost its last digit still rounds up.
        let sum = round(sum);
        let stepped = self.points.round.map_or(sum, |step| scores::whole(sum / step) * step);
        round(self.points.bounds.unwrap_or(Bounds::OPEN).clamp(stepped))
    }

    /// The tier's name and what sales does in it; nothing below the lowest.
    pub fn tier(&self, score: f64) -> Option<(&str, Option<&str>)> {
        let reached = self.points.tiers.iter().filter(|(_, tier)| score >= tier.from);
        let best = reached.reduce(|a, b| if b.1.from > a.1.from { b } else { a });
        best.map(|(name, tier)| (name, tier.does.as_deref()))
    }

    /// "A1", of the sums of the two graded groups; "–" for a group below its lowest mark.
    pub fn grade(&self, scores: &Scores, row: usize) -> Option<String> {
        if self.points.grades.is_empty() {
            return None;
        }
        let marks = self.points.grades.iter().map(|(group, marks)| {
            let sum = scores.groups.iter().find(|known| known.name == group).map_or(0.0, |known| known.value[row]);
            mark(marks, sum).unwrap_or("–")
        });
        Some(marks.collect())
    }
}

impl Scorer for PointsModel {
    fn reads(&self) -> Vec<&str> {
        self.criteria.iter().flat_map(|criterion| criterion.reads.iter().map(String::as_str)).collect()
    }

    fn kinds(&self) -> Vec<&(String, String)> {
        self.criteria.iter().flat_map(|criterion| &criterion.kinds).collect()
    }

    fn asks(&self) -> Vec<FeatureId> {
        self.criteria.iter().filter_map(Compiled::events).collect()
    }

    fn score(&self, inputs: &ScoreInputs) -> Result<Scores, ModelError> {
        let features = inputs.features;
        let contributions: Vec<Contribution> = self
            .points
            .criteria
            .par_iter()
            .zip(&self.criteria)
            .map(|(Placed { criterion, .. }, compiled)| Contribution {
                name: criterion.name.clone(),
                group: criterion.group.clone(),
                points: criterion.points.unwrap_or(1.0),
                cap: criterion.cap,
                strength: compiled.strength(features),
            })
            .collect();
        let value = self.totals(&contributions, features.rows());
        let group = |(place, (name, _)): (usize, &(String, Bounds))| GroupScore {
            name: name.clone(),
            value: self.group_score(&contributions, place, features.rows()),
        };
        let groups = self.groups.iter().enumerate().map(group).collect();
        Ok(Scores { value, groups, contributions, ..Scores::default() })
    }

    fn card(&self, _: Option<&Scores>) -> Vec<CardLine> {
        let line = |(placed, compiled): (&Placed, &Compiled)| CardLine {
            name: placed.criterion.name.clone(),
            what: words::criterion(&placed.criterion, &compiled.what),
            weight: placed.criterion.points,
            standard_error: None,
        };
        self.points.criteria.iter().zip(&self.criteria).map(line).collect()
    }

    fn explain(&self, features: &Features, scores: &Scores, row: usize, explanation: &mut Explanation) {
        let parts = self.points.criteria.iter().zip(&self.criteria).zip(&scores.contributions);
        let line = |((placed, compiled), contribution): ((&Placed, &Compiled), &Contribution)| explain::Line {
            name: placed.criterion.name.clone(),
            what: words::criterion(&placed.criterion, &compiled.what),
            seen: compiled.seen(features, row),
            group: placed.criterion.group.clone(),
            before: round(contribution.raw(row)),
            after: round(contribution.capped(row)),
            events: compiled.events(),
        };
        explanation.lines = parts.map(line).collect();
        let of_group = |group: Option<usize>| {
            let mut sum = [0.0];
            self.add_members(&scores.contributions, group, row, &mut sum);
            sum[0]
        };
        let sums: Vec<f64> = (0..self.groups.len()).map(|group| of_group(Some(group))).collect();
        explanation.sum = round(of_group(None) + self.clamped(sums.iter()).sum::<f64>());
        let group = |((name, bounds), sum): (&(String, Bounds), &f64)| explain::GroupLine {
            name: name.clone(),
            before: round(*sum),
            after: round(bounds.clamp(*sum)),
        };
        explanation.groups = self.groups.iter().zip(&sums).map(group).collect();
        let tier = self.tier(scores.value[row]);
        explanation.tier = tier.map(|(name, _)| name.into());
        explanation.does = tier.and_then(|(_, does)| does).map(String::from);
        explanation.grade = self.grade(scores, row);
        explanation.over_threshold = self.points.threshold.map(|threshold| scores.value[row] >= threshold);
    }

    fn as_points(&self) -> Option<&PointsModel> {
        Some(self)
    }
}

fn groups(points: &Points) -> Vec<(String, Bounds)> {
    let mut groups: Vec<(String, Bounds)> =
        points.groups.iter().map(|(name, bounds)| (name.to_string(), *bounds)).collect();
    for group in points.criteria.iter().filter_map(|placed| placed.criterion.group.as_ref()) {
        if !groups.iter().any(|(name, _)| name == group) {
            groups.push((group.clone(), Bounds::OPEN));
        }
    }
    groups
}

fn mark(marks: &Entries<Option<f64>>, sum: f64) -> Option<&str> {
    let start = |from: &Option<f64>| from.unwrap_or(f64::NEG_INFINITY);
    let reached = marks.iter().filter(|(_, from)| sum >= start(from));
    reached.reduce(|a, b| if start(b.1) > start(a.1) { b } else { a }).map(|(name, _)| name)
}
