//! One criterion with all that decides on its verdict.

use crate::result::{Belief, Number};
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::{Undefined, dist};

use super::alike::LeftOut;
use super::criterion::{Course, Facts, course};
use super::fit::Fit;
use super::weigh::Weighed;
use super::{Evidence, FALSE_DISCOVERIES, IT_ALONE, LEVEL};

/// At its cap on more of its firings than this, a criterion is saturated.
const SATURATED: f64 = 0.5;

/// One criterion on its way to a verdict.
pub(super) struct Case<'a> {
    pub evidence: &'a Evidence,
    pub place: usize,
    pub left_out: Option<&'a LeftOut>,
    pub facts: Facts,
    pub course: Course,
    pub tested: Option<Tested>,
    /// Whether it alone tells what a point is worth: nothing weighs it.
    pub is_sole: bool,
    pub p_adjusted: f64,
    pub p_turns: f64,
}

/// The coefficient against the points as they are.
#[derive(Clone, Copy)]
pub(super) struct Tested {
    /// What the data imply, on the model's scale.
    pub implied: f64,
    pub interval: crate::stats::Interval,
    pub p: f64,
    /// Two-sided, of no worth at all.
    pub p_nothing: f64,
    /// The standard error of the coefficient, in points.
    pub error: f64,
}

/// Every criterion, with its p-values adjusted for all of them.
pub(super) fn cases<'a>(evidence: &'a Evidence, weighed: &'a Weighed) -> Vec<Case<'a>> {
    let fit = weighed.fit.as_ref().ok();
    let mut cases: Vec<Case> = (0..evidence.criteria.len())
        .map(|place| {
            let one = &evidence.criteria[place];
            let at = fit.and_then(|fit| Some((fit, fit.place(place)?)));
            Case {
                evidence,
                place,
                left_out: weighed.left_out[place].as_ref(),
                facts: Facts::of(evidence, one),
                course: course(evidence, one, at),
                is_sole: at.is_some_and(|(fit, at)| fit.sole == Some(at)),
                tested: at.filter(|(fit, at)| fit.sole != Some(*at)).and_then(|(fit, at)| tested(fit, at, one.points)),
                p_adjusted: f64::NAN,
                p_turns: f64::NAN,
            }
        })
        .collect();
    let of = |case: &Case| case.tested.map_or(f64::NAN, |tested| tested.p);
    let adjusted = benjamini_hochberg(&cases.iter().map(of).collect::<Vec<f64>>());
    let turns = |case: &Case| *case.course.p.as_ref().unwrap_or(&f64::NAN);
    let turning = benjamini_hochberg(&cases.iter().map(turns).collect::<Vec<f64>>());
    for (case, (p, turns)) in cases.iter_mut().zip(adjusted.into_iter().zip(turning)) {
        (case.p_adjusted, case.p_turns) = (p, turns);
    }
    cases
}

fn tested(fit: &Fit, place: usize, points: f64) -> Option<Tested> {
    let scale = fit.usable_scale().ok()?;
    let (implied, interval) = fit.implied(place).ok()?;
    let (excess, error) = fit.excess(place, points);
    let own = fit.standard_error(place);
    let p = |value: f64, error: f64| if error > 0.0 { dist::normal_p(value / error) } else { 1.0 };
    Some(Tested {
        implied,
        interval,
        p: p(excess, error),
        p_nothing: p(fit.coefficient[place], own),
        error: own / scale,
    })
}

impl Case<'_> {
    pub fn points(&self) -> f64 {
        self.evidence.criteria[self.place].points
    }

    pub fn named(&self) -> bool {
        self.p_adjusted <= FALSE_DISCOVERIES
    }

    /// All that is true of it, what weighs most first.
    pub fn beliefs(&self) -> Vec<Belief> {
        match self.left_out {
            Some(LeftOut::Dead | LeftOut::Constant) => return vec![Belief::Dead],
            Some(LeftOut::Redundant(_)) => return vec![Belief::Redundant],
            None => {}
        }
        let mut beliefs = Vec::new();
        if self.p_turns <= FALSE_DISCOVERIES && self.course.turns {
            beliefs.push(Belief::Unstable);
        }
        if let Some(tested) = self.tested {
            let (points, implied) = (self.points(), tested.implied);
            if self.named() && points * implied < 0.0 && tested.p_nothing <= FALSE_DISCOVERIES {
                beliefs.push(Belief::WrongSign);
            } else if self.named() {
                let over = (implied - points) * points < 0.0;
                beliefs.push(if over { Belief::OverWeighted } else { Belief::UnderWeighted });
            }
        }
        if self.facts.capped.finite().is_some_and(|share| share > SATURATED) {
            beliefs.push(Belief::Saturated);
        }
        if self.p_turns <= FALSE_DISCOVERIES && !beliefs.contains(&Belief::Unstable) {
            beliefs.push(Belief::Unstable);
        }
        if beliefs.is_empty() {
            beliefs.push(match self.tested {
                None => Belief::Unknown,
                Some(_) if self.leads_needed().is_some() => Belief::TooLittleData,
                Some(_) => Belief::Fine,
            });
        }
        beliefs
    }

    /// Leads with which a worth of the configured points would be told from nothing with 80 % power; nothing where
    /// there are enough, or where its worth is told from nothing already.
    pub fn leads_needed(&self) -> Option<f64> {
        let tested = self.tested.filter(|tested| tested.p_nothing > 1.0 - LEVEL)?;
        let visible = dist::normal_critical(LEVEL) + dist::normal_quantile(0.8);
        let short = visible * tested.error / self.points().abs();
        (short > 1.0 && short.is_finite()).then(|| self.evidence.leads() as f64 * short * short)
    }

    pub fn twin(&self) -> Option<usize> {
        if let Some(LeftOut::Redundant(twin)) = self.left_out { Some(*twin) } else { None }
    }

    pub fn cost(&self) -> Number {
        let points = self.points();
        match (self.left_out, self.tested) {
            (Some(LeftOut::Dead | LeftOut::Constant), _) => 0.0.into(),
            // What it adds stands there already.
            (Some(LeftOut::Redundant(_)), _) => (points.abs() * self.facts.spread).into(),
            (None, Some(tested)) => ((points - tested.implied).abs() * self.facts.spread).into(),
            (None, None) if self.is_sole => Number::undefined(IT_ALONE),
            (None, None) => Undefined::Unbounded.into(),
        }
    }
}
