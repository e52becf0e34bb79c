//! History as sales worked it. Leads that nobody worked could hardly convert, so a score that sales followed looks good
//! on that history: what each model would have captured had every lead been worked.
//!
//! Propensity by logistic regression on the champion's score (its mid-rank and tenths of it) and the segments; the
//! outcome among worked leads by logistic regression on all models' mid-ranks. Capture is a ratio of sums of
//! `φ = m + W (Y − m)/e` (Robins, Rotnitzky & Zhao 1994), or of `W Y/e` (Horvitz & Thompson 1952; Hájek 1971).

use std::collections::HashSet;

use crate::metrics::CAPTURE;
use crate::result::{Estimate, Number, Overlap, Worked, WorkedDifference, WorkedModel, WorkedPart};
use crate::stats::linear::Matrix;
use crate::stats::regression::{Rows, logistic};
use crate::stats::{Interval, Undefined, dist};
use crate::table::MISSING;

use super::LEVEL;
use super::bracket;
use super::capacity;
use super::cohort::Cohort;
use super::edges::{Covariance, Sum, sums};
use super::paired::{self, Paired};
use super::schedule::{self, Schedule, inclusion};
use super::spread::Spread;

/// So many leads of which none was worked rule out, at 95 %, that one in twenty or more of their like is worked: the
/// fewest m with 0.95^m ≤ 0.05 (the rule of three: Hanley & Lippman-Hand 1983).
const GAP: usize = 59;
/// Fewer of all leads than this can be missed: they move the denominator by less than the interval is wide.
const GAP_SHARE: f64 = 0.01;
/// The fewest worked leads from which those of a tenth of the scores are judged.
const FEWEST_WORKED: usize = 5;
/// The fewest leads of a segment that has a column of its own in the propensity.
const LEVEL_LEADS: f64 = 30.0;
/// Parts of equal volume of the champion's score.
const PARTS: usize = 10;
/// Parts of the leads of which each is judged by what the others say.
const FOLDS: usize = 5;
/// The least chance to be worked: a lead that was worked against smaller odds would outweigh a hundred others.
const TRIMMED: f64 = 0.01;
/// Streams of the corrected winners' draws, apart from those of resamples.
const DRAWN: u64 = 4 << 32;
/// Shrinks the regressions a little, so that they exist in small samples.
const RIDGE: f64 = 1.0;

/// The leads of the periods that count, row by row.
struct Contacts {
    rows: Vec<usize>,
    worked: Vec<bool>,
    converted: Vec<bool>,
    /// The mid-rank of every model's score, 0 to 1.
    ranks: Vec<Vec<f64>>,
    /// The tenth of the champion's score; ties are not split.
    part: Vec<usize>,
    /// The part of the leads that each is in; an account's leads are in one.
    fold: Vec<usize>,
}

/// Who was worked and what the models would have captured had all been, without the rest of an evaluation; nothing where
/// it is not known who was worked.
pub fn contacts(cohort: &Cohort) -> Option<Worked> {
    let schedule = schedule::schedule(cohort);
    worked(cohort, &schedule, &paired::bootstrap(cohort, &schedule)).map(|(worked, _)| worked)
}

/// Winners that every model would hand over had sales worked every lead.
pub(super) struct Corrected {
    wins: Vec<f64>,
    covariance: Covariance,
    /// Deviations of the wins, drawn from the normal law that they have: a draw each, of a model each.
    drawn: Vec<Vec<f64>>,
    /// Wins of all leads.
    pub all: f64,
}

impl Corrected {
    fn of(cohort: &Cohort, wins: Vec<f64>, covariance: Covariance, all: f64) -> Self {
        let root = covariance.root();
        let design = cohort.design();
        let draw = |number: usize| {
            let mut stream = design.seed.replicate(DRAWN + number as u64);
            let normal: Vec<f64> = (0..wins.len()).map(|_| stream.normal()).collect();
            root.times_vector(&normal)
        };
        Self { drawn: (0..design.replicates).map(draw).collect(), wins, covariance, all }
    }

    /// Of the second model less the first.
    pub fn difference(&self, (a, b): (usize, usize)) -> Spread {
        let observed = self.wins[b] - self.wins[a];
        Spread {
            observed,
            se: self.covariance.of_difference(a, b),
            resampled: self.drawn.iter().map(|drawn| observed + drawn[b] - drawn[a]).collect(),
        }
    }
}

/// Who was worked, and what that does to the figures; the winners had all been worked, where some were not and their like
/// was.
pub(super) fn worked(cohort: &Cohort, schedule: &Schedule, paired: &Paired) -> Option<(Worked, Option<Corrected>)> {
    let contact = cohort.asked().contact.as_ref()?;
    let reference = cohort.design().champion.unwrap_or(0);
    let contacts = Contacts::of(cohort, schedule, &contact.worked, reference);
    let refused = contacts.gap(cohort, reference);
    let propensity = match &refused {
        Some(reason) => Err(reason.clone()),
        None => contacts.propensity(cohort).map_err(|reason| format!("the propensity cannot be fitted: {reason}")),
    };
    let outcomes = propensity.as_ref().map_err(String::clone).and_then(|propensity| {
        let inverse = Estimated::of(cohort, schedule, contacts.inverse(&propensity.chances), None)?;
        let robust =
            Estimated::of(cohort, schedule, contacts.robust(&propensity.chances), Some((&contacts, propensity)))?;
        Ok([inverse, robust])
    });
    let shares: Vec<Vec<f64>> =
        cohort.models().iter().map(|model| inclusion(model, schedule).into_iter().flatten().collect()).collect();
    let models = (0..cohort.models().len())
        .map(|model| one(cohort, (schedule, paired), &contacts, (model, &shares[model]), &outcomes));
    let models: Vec<WorkedModel> = models.collect();
    let champion = cohort.design().champion;
    let differences = champion.map_or_else(Vec::new, |champion| {
        let challengers = (0..shares.len()).filter(|&model| model != champion);
        challengers
            .map(|challenger| WorkedDifference {
                challenger: cohort.models()[challenger].name.clone(),
                naive: (paired.observed[challenger].capture - paired.observed[champion].capture).into(),
                doubly_robust: match &outcomes {
                    Err(reason) => Estimate::undefined(reason.clone()),
                    Ok([_, robust]) => robust.difference(champion, challenger),
                },
            })
            .collect()
    });
    let worked = Worked {
        leads: contacts.rows.len() as u64,
        worked: contacts.worked.iter().filter(|worked| **worked).count() as u64,
        by_score: contacts.by_score(cohort, reference),
        models,
        differences,
        overlap: contacts.overlap(propensity.as_ref()),
        hand_over: schedule.hand_over.clone(),
    };
    let corrected = outcomes.ok().filter(|_| worked.worked < worked.leads);
    let corrected = corrected.map(|[_, robust]| Corrected::of(cohort, robust.wins, robust.moved, robust.all));
    Some((worked, corrected))
}

/// What the leads handed over by each model would win, from what each lead would win if worked (`φ`).
struct Estimated {
    wins: Vec<f64>,
    all: f64,
    /// Of the wins, and of their share of all wins: what came to the edge is part of their spread.
    moved: Covariance,
    captured: Covariance,
}

impl Estimated {
    /// With a propensity that was fitted, what the fit takes away of the spread is taken away (Robins, Rotnitzky & Zhao
    /// 1994: the influence is what the score of the propensity does not explain).
    fn of(
        cohort: &Cohort,
        schedule: &Schedule,
        phi: Vec<f64>,
        fit: Option<(&Contacts, &Propensity)>,
    ) -> Result<Self, String> {
        let all: f64 = phi.iter().sum();
        if all <= 0.0 || all.is_nan() {
            return Err(Undefined::NoEvents.to_string());
        }
        let rows: Vec<usize> = schedule.periods.iter().flat_map(|(rows, _)| rows.iter().copied()).collect();
        let account = cohort.account_of(&rows);
        let sums = sums(cohort, &schedule.periods, &phi);
        let covariance = |read: fn(&Sum) -> &Vec<f64>| {
            let influences: Vec<Vec<f64>> = sums.iter().map(|sum| read(sum).clone()).collect();
            let left = match fit {
                Some((contacts, propensity)) => propensity.unexplained(contacts, influences),
                None => influences,
            };
            Covariance::of(&left, account.as_deref(), account.as_ref().map_or(phi.len() as f64, |_| cohort.units()))
        };
        Ok(Self {
            wins: sums.iter().map(|sum| sum.sum).collect(),
            all,
            moved: covariance(|sum| &sum.moved),
            captured: covariance(|sum| &sum.captured),
        })
    }

    fn capture(&self, model: usize) -> Estimate {
        let share = self.wins[model] / self.all;
        Estimate::new(share, Interval::around(share, dist::normal_critical(LEVEL) * self.captured.error(model)))
    }

    fn difference(&self, champion: usize, challenger: usize) -> Estimate {
        let wins = self.wins[challenger] - self.wins[champion];
        let error = dist::normal_critical(LEVEL) * self.moved.of_difference(champion, challenger);
        Estimate::new(wins / self.all, Interval::around(wins, error).map(|wins| wins / self.all))
    }
}

fn one(
    cohort: &Cohort,
    (schedule, paired): (&Schedule, &Paired),
    contacts: &Contacts,
    (model, shares): (usize, &[f64]),
    outcomes: &Result<[Estimated; 2], String>,
) -> WorkedModel {
    let handed = (0..shares.len()).filter(|&i| shares[i] > 0.0);
    let handed: Vec<(usize, f64, bool)> = handed.map(|i| (contacts.rows[i], shares[i], contacts.worked[i])).collect();
    let estimate = |which: usize| match outcomes {
        Ok(both) => both[which].capture(model),
        Err(reason) => Estimate::undefined(reason.clone()),
    };
    WorkedModel {
        model: cohort.models()[model].name.clone(),
        share_worked: cohort.shared_rate(&handed),
        naive: capacity::handed_over(schedule, paired, model, &CAPTURE),
        inverse_propensity: estimate(0),
        doubly_robust: estimate(1),
    }
}

/// Mid-ranks of some scores, 0 to 1.
fn mid_ranks(scores: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_unstable_by(|&a, &b| scores[a].total_cmp(&scores[b]));
    let (mut ranks, mut below) = (vec![0.0; scores.len()], 0.0);
    for block in order.chunk_by(|&a, &b| scores[a] == scores[b]) {
        let size = block.len() as f64;
        block.iter().for_each(|&i| ranks[i] = (below + size / 2.0) / scores.len() as f64);
        below += size;
    }
    ranks
}

impl Contacts {
    fn of(cohort: &Cohort, schedule: &Schedule, worked: &[bool], reference: usize) -> Self {
        let rows: Vec<usize> = schedule.periods.iter().flat_map(|(rows, _)| rows.iter().copied()).collect();
        let ranks: Vec<Vec<f64>> = cohort.models().iter().map(|model| mid_ranks(&model.ranked(&rows))).collect();
        let part = ranks[reference].iter().map(|rank| ((rank * PARTS as f64) as usize).min(PARTS - 1)).collect();
        Self {
            worked: rows.iter().map(|&row| worked[row]).collect(),
            converted: cohort.converted(&rows),
            fold: match cohort.account_of(&rows) {
                None => (0..rows.len()).map(|i| i % FOLDS).collect(),
                Some(account) => account.iter().map(|account| *account as usize % FOLDS).collect(),
            },
            ranks,
            part,
            rows,
        }
    }

    /// Why the leads that were never worked cannot be judged from those that were.
    fn gap(&self, cohort: &Cohort, reference: usize) -> Option<String> {
        let least = GAP.max((GAP_SHARE * self.rows.len() as f64).ceil() as usize);
        if self.rows.is_empty() {
            return Some("not identifiable: no lead to judge".into());
        }
        if !self.worked.contains(&true) {
            return Some("not identifiable: no lead was ever worked".into());
        }
        let model = &cohort.models()[reference];
        let scores = model.ranked(&self.rows);
        let reached = || (0..scores.len()).filter(|&i| self.worked[i]).map(|i| scores[i]);
        let (lowest, highest) = (reached().fold(f64::INFINITY, f64::min), reached().fold(f64::NEG_INFINITY, f64::max));
        let written = |score: f64| (score * 1e4).round() / 1e4;
        let below = scores.iter().filter(|score| **score < lowest).count();
        if below >= least {
            return Some(format!(
                "not identifiable: no lead below {} by `{}` was ever worked ({below} leads)",
                written(lowest),
                model.name
            ));
        }
        let above = scores.iter().filter(|score| **score > highest).count();
        if above >= least {
            return Some(format!(
                "not identifiable: no lead above {} by `{}` was ever worked ({above} leads)",
                written(highest),
                model.name
            ));
        }
        let in_part = |part: usize| (0..scores.len()).filter(move |&i| self.part[i] == part);
        let thin = (0..PARTS).find_map(|part| {
            let (all, reached) = (in_part(part).count(), in_part(part).filter(|&i| self.worked[i]).count());
            (all >= least && reached < FEWEST_WORKED).then_some((part, all, reached))
        });
        if let Some((part, all, reached)) = thin {
            let few = if reached == 0 { "none".to_string() } else { format!("only {reached}") };
            return Some(format!(
                "not identifiable: of the {all} leads in part {} of {PARTS} of `{}`'s scores {few} were ever worked",
                part + 1,
                model.name
            ));
        }
        cohort.leads().segments.iter().find_map(|grouping| {
            let level = (0..grouping.levels.len()).find(|&level| {
                let own = || (0..self.rows.len()).filter(|&i| grouping.codes[self.rows[i]] as usize == level);
                own().count() >= least && own().all(|i| !self.worked[i])
            })?;
            Some(format!(
                "not identifiable: no lead whose {} is {} was ever worked",
                grouping.name, grouping.levels[level]
            ))
        })
    }

    /// The probability that each lead is worked.
    fn propensity(&self, cohort: &Cohort) -> Result<Propensity, Undefined> {
        let n = self.rows.len();
        if self.worked.iter().all(|worked| *worked) {
            return Ok(Propensity { chances: vec![1.0; n], columns: Vec::new(), trimmed: 0 });
        }
        let mut columns: Vec<Vec<f64>> = vec![self.ranks[cohort.design().champion.unwrap_or(0)].clone()];
        columns.extend((1..PARTS).map(|part| self.part.iter().map(|own| f64::from(*own == part)).collect()));
        for grouping in &cohort.leads().segments {
            let codes: Vec<u32> = self.rows.iter().map(|&row| grouping.codes[row]).collect();
            let levels = (0..grouping.levels.len() as u32).chain([MISSING]);
            let dummies = levels.map(|level| codes.iter().map(|code| f64::from(*code == level)).collect::<Vec<f64>>());
            columns.extend(dummies.filter(|dummy| dummy.iter().sum::<f64>() >= LEVEL_LEADS));
        }
        columns.retain(|column| column.iter().any(|value| *value != column[0]));
        let worked: Vec<f64> = self.worked.iter().map(|worked| f64::from(*worked)).collect();
        let all: Vec<usize> = (0..n).collect();
        let fitted = crossed(&columns, &worked, &all, &self.fold)?;
        let trimmed = fitted.iter().filter(|chance| **chance < TRIMMED).count();
        Ok(Propensity { chances: fitted.into_iter().map(|chance| chance.max(TRIMMED)).collect(), columns, trimmed })
    }

    /// W Y/e.
    fn inverse(&self, propensity: &[f64]) -> Vec<f64> {
        (0..self.rows.len())
            .map(|i| if self.worked[i] && self.converted[i] { 1.0 / propensity[i] } else { 0.0 })
            .collect()
    }

    /// m + W (Y − m)/e. Without a fit of the outcome its mean serves: the propensity alone then carries the estimate.
    fn robust(&self, propensity: &[f64]) -> Vec<f64> {
        let reached: Vec<usize> = (0..self.rows.len()).filter(|&i| self.worked[i]).collect();
        let converted: Vec<f64> = self.converted.iter().map(|won| f64::from(*won)).collect();
        let moving = self.ranks.iter().filter(|ranks| ranks.iter().any(|rank| *rank != ranks[0]));
        let columns: Vec<Vec<f64>> =
            moving.flat_map(|ranks| [ranks.clone(), ranks.iter().map(|rank| rank * rank).collect()]).collect();
        let mean = reached.iter().map(|&i| converted[i]).sum::<f64>() / reached.len().max(1) as f64;
        let expected =
            crossed(&columns, &converted, &reached, &self.fold).unwrap_or_else(|_| vec![mean; self.rows.len()]);
        (0..self.rows.len())
            .map(|i| {
                let surprise = if self.worked[i] { (converted[i] - expected[i]) / propensity[i] } else { 0.0 };
                expected[i] + surprise
            })
            .collect()
    }

    fn by_score(&self, cohort: &Cohort, reference: usize) -> Vec<WorkedPart> {
        let model = &cohort.models()[reference];
        let cuts = bracket::cuts(cohort, model);
        let scores = model.ranked(&self.rows);
        let part = |place: usize| {
            let own = || (0..scores.len()).filter(|&i| cuts.place(cohort.fit_of(self.rows[i]), scores[i]) == place);
            let rows = |worked: bool| own().filter(|&i| self.worked[i] == worked).map(|i| self.rows[i]).collect();
            let [reached, others]: [Vec<usize>; 2] = [rows(true), rows(false)];
            let worked: HashSet<usize> = reached.iter().copied().collect();
            WorkedPart {
                label: cuts.label(place),
                leads: (reached.len() + others.len()) as u64,
                worked: reached.len() as u64,
                share: cohort.share_of(&[&reached[..], &others].concat(), |row| f64::from(worked.contains(&row))),
                rate_worked: cohort.rate(&reached),
                rate_not_worked: cohort.rate(&others),
            }
        };
        (0..cuts.len()).map(part).collect()
    }

    fn overlap(&self, propensity: Result<&Propensity, &String>) -> Overlap {
        let (e, trimmed) = match propensity {
            Ok(propensity) => (&propensity.chances, propensity.trimmed),
            Err(reason) => {
                let none = || Number::undefined(reason.clone());
                return Overlap {
                    lowest_propensity: none(),
                    highest_propensity: none(),
                    thin: none(),
                    effective: none(),
                    trimmed: none(),
                    refused: Some(reason.clone()),
                };
            }
        };
        let weights = || (0..e.len()).filter(|&i| self.worked[i]).map(|i| 1.0 / e[i]);
        let (sum, square) = (weights().sum::<f64>(), weights().map(|weight| weight * weight).sum::<f64>());
        Overlap {
            refused: None,
            lowest_propensity: e.iter().copied().fold(f64::INFINITY, f64::min).into(),
            highest_propensity: e.iter().copied().fold(f64::NEG_INFINITY, f64::max).into(),
            thin: (e.iter().filter(|e| **e < 0.05).count() as f64 / e.len() as f64).into(),
            effective: (sum * sum / square).into(),
            trimmed: (trimmed as f64 / e.len() as f64).into(),
        }
    }
}

/// The chance of each lead to be worked, and what it was fitted on.
struct Propensity {
    chances: Vec<f64>,
    columns: Vec<Vec<f64>>,
    /// Leads whose chance was raised to the least one.
    trimmed: usize,
}

impl Propensity {
    /// What the score of the fit, (W − e) x, leaves unexplained of some influences.
    fn unexplained(&self, contacts: &Contacts, influences: Vec<Vec<f64>>) -> Vec<Vec<f64>> {
        let surprise = |i: usize| f64::from(contacts.worked[i]) - self.chances[i];
        let score = |i: usize, j: usize| surprise(i) * if j == 0 { 1.0 } else { self.columns[j - 1][i] };
        let scores = Matrix::from_fn(self.chances.len(), self.columns.len() + 1, score);
        let gram = scores.gram(|_| 1.0);
        let transposed = scores.transpose();
        let rest = |influence: Vec<f64>| {
            let Ok(weights) = gram.solve_spd(&transposed.times_vector(&influence)) else { return influence };
            let explained = scores.times_vector(&weights);
            influence.iter().zip(explained).map(|(one, explained)| one - explained).collect()
        };
        influences.into_iter().map(rest).collect()
    }
}

/// The probability of every row, fitted on some rows of the other parts of the leads: no lead's own luck is in what is
/// expected of it, nor its account's. Where a part has no fit, all together have one.
fn crossed(columns: &[Vec<f64>], outcome: &[f64], on: &[usize], folds: &[usize]) -> Result<Vec<f64>, Undefined> {
    let whole = fitted(columns, outcome, on)?;
    let mut crossed = whole.clone();
    for fold in 0..FOLDS {
        let others: Vec<usize> = on.iter().copied().filter(|&i| folds[i] != fold).collect();
        let Ok(out) = fitted(columns, outcome, &others) else { return Ok(whole) };
        (0..outcome.len()).filter(|&i| folds[i] == fold).for_each(|i| crossed[i] = out[i]);
    }
    Ok(crossed)
}

/// The fitted probability of every row, from some of them.
fn fitted(columns: &[Vec<f64>], outcome: &[f64], on: &[usize]) -> Result<Vec<f64>, Undefined> {
    let x = Matrix::from_fn(on.len(), columns.len(), |i, j| columns[j][on[i]]);
    let y: Vec<f64> = on.iter().map(|&i| outcome[i]).collect();
    if y.iter().all(|value| *value == y[0]) {
        return Err(Undefined::OneClass);
    }
    let fit = logistic(&Rows::new(&x, &y), &vec![RIDGE; columns.len()])?;
    let row = |i: usize| columns.iter().map(|column| column[i]).collect::<Vec<f64>>();
    Ok((0..outcome.len()).map(|i| dist::expit(fit.logit(&row(i)))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tied_scores_share_their_rank() {
        assert_eq!(mid_ranks(&[1.0, 5.0, 1.0, 9.0]), [0.25, 0.625, 0.25, 0.875]);
    }
}
