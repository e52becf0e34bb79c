//! The score at which a model hands leads over to sales, and what each such score brings.

use rayon::prelude::*;

use crate::result::{ChosenThreshold, Estimate, Number, QuarterThreshold, Threshold, ThresholdAim, Thresholds};
use crate::stats::proportion::wilson;
use crate::stats::random::Stream;
use crate::stats::{Interval, Undefined, clustered, dist, quantile};
use crate::time::DAY;

use super::LEVEL;
use super::cohort::{Cohort, Scored};
use super::options::ThresholdRule;

/// Distinct scores beyond these are merged into cells of equal volume, each under its lowest score.
const CELLS: usize = 1_000;
/// Rows of a table.
const ROWS: usize = 20;
/// Resamples of a chosen threshold.
const REPLICATES: u64 = 500;
/// The stream of the first resample, apart from those of the paired bootstrap.
const STREAM: u64 = 1 << 32;

/// Leads and wins by distinct score, highest first.
#[derive(Clone)]
struct Ladder {
    score: Vec<f64>,
    wins: Vec<f64>,
    others: Vec<f64>,
    /// Weeks over which they came; nothing without times.
    weeks: Option<f64>,
}

/// What a threshold is to meet.
#[derive(Clone, Copy)]
enum Rule {
    /// At most so many leads a week.
    PerWeek(f64),
    /// At least this share of them converts.
    Precision(f64),
    /// The largest worth: wins times value less leads times cost.
    Worth { cost: f64, value: f64 },
}

/// Leads and wins at or over a score.
#[derive(Clone, Copy, Default)]
struct Over {
    leads: f64,
    wins: f64,
}

pub(super) fn thresholds(cohort: &Cohort, place: usize) -> Thresholds {
    let model = &cohort.models()[place];
    let ladder = Ladder::of(cohort, model, cohort.mature());
    let asked = cohort.asked().thresholds;
    Thresholds {
        model: model.name.clone(),
        rows: ladder.shown().into_iter().map(|at| ladder.row(cohort, model, at, asked)).collect(),
        chosen: rules(cohort, asked)
            .into_iter()
            .map(|(aim, rule)| chosen(cohort, model, place, &ladder, aim, rule))
            .collect(),
    }
}

fn rules(cohort: &Cohort, asked: ThresholdRule) -> Vec<(ThresholdAim, Rule)> {
    let capacity = cohort.design().capacity.as_ref().filter(|_| cohort.design().timed);
    let by_capacity = capacity.map(|rule| {
        let per_week = rule.leads * 7.0 / rule.per.days();
        (ThresholdAim::PerWeek { leads: per_week }, Rule::PerWeek(per_week))
    });
    let by_precision = asked.precision.map(|share| (ThresholdAim::Precision { share }, Rule::Precision(share)));
    let by_worth = asked
        .cost_per_lead
        .zip(asked.value_per_win)
        .map(|(cost, value)| (ThresholdAim::Worth { cost, value }, Rule::Worth { cost, value }));
    [by_capacity, by_precision, by_worth].into_iter().flatten().collect()
}

fn chosen(
    cohort: &Cohort,
    model: &Scored,
    place: usize,
    ladder: &Ladder,
    aim: ThresholdAim,
    rule: Rule,
) -> ChosenThreshold {
    let found = ladder.find(rule);
    let over = found.map_or(Over::default(), |at| ladder.over(at));
    let point = found.map(|at| ladder.score[at]);
    let quarters = cohort.leads().periods.iter().flat_map(|periods| periods.in_order(cohort.mature()));
    let quarter = |(quarter, rows): (String, Vec<usize>)| {
        let own = Ladder::of(cohort, model, &rows);
        QuarterThreshold { quarter, score: own.find(rule).map(|at| own.score[at]).map_or_else(refusal, Number::from) }
    };
    ChosenThreshold {
        aim,
        score: match point {
            Some(point) => Estimate::with(point, ladder.interval(cohort, (place, model), rule)),
            None => Estimate::undefined(NEVER_MET),
        },
        leads: over.leads as u64,
        wins: over.wins as u64,
        precision: found.map_or_else(nothing, |at| ladder.precision(cohort, model, at)),
        recall: found.map_or_else(nothing, |at| ladder.recall(cohort, model, at)),
        quarters: quarters.map(quarter).collect(),
    }
}

const NEVER_MET: &str = "no score meets it";

fn refusal() -> Number {
    Number::undefined(NEVER_MET)
}

fn nothing() -> Estimate {
    Estimate::undefined(Undefined::Empty.to_string())
}

fn rate(part: f64, whole: f64) -> Estimate {
    let point = if whole > 0.0 { Ok(part / whole) } else { Err(Undefined::Empty) };
    Estimate::with(point, wilson(part, whole, LEVEL))
}

impl Ladder {
    /// Unscored leads have no score to be handed over at.
    fn of(cohort: &Cohort, model: &Scored, rows: &[usize]) -> Self {
        let leads = cohort.leads();
        let mut scored: Vec<(f64, bool)> =
            model.scored(rows).into_iter().map(|row| (model.score[row], leads.converted[row])).collect();
        scored.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)));
        let least = scored.len().div_ceil(CELLS);
        let mut ladder = Self { score: Vec::new(), wins: Vec::new(), others: Vec::new(), weeks: None };
        let distinct = {
            let blocks = scored.chunk_by(|a, b| a.0 == b.0);
            blocks.count()
        };
        let merge = distinct > CELLS;
        for block in scored.chunk_by(|a, b| a.0 == b.0) {
            let wins = block.iter().filter(|(_, won)| *won).count() as f64;
            let others = block.len() as f64 - wins;
            let last = ladder.score.len().wrapping_sub(1);
            if merge && last < ladder.score.len() && ladder.wins[last] + ladder.others[last] < least as f64 {
                ladder.score[last] = block[0].0;
                ladder.wins[last] += wins;
                ladder.others[last] += others;
            } else {
                ladder.score.push(block[0].0);
                ladder.wins.push(wins);
                ladder.others.push(others);
            }
        }
        if cohort.design().timed {
            let times = || rows.iter().map(|&row| leads.as_of[row]);
            let span = times().max().zip(times().min()).map(|(last, first)| last.saturating_sub(first));
            ladder.weeks = span.filter(|span| *span >= 7 * DAY).map(|span| span as f64 / (7 * DAY) as f64);
        }
        ladder
    }

    /// Which cells a table shows: all where they are few, else those at even steps of volume.
    fn shown(&self) -> Vec<usize> {
        let cells = self.score.len();
        if cells <= ROWS {
            return (0..cells).collect();
        }
        let total: f64 = (0..cells).map(|at| self.wins[at] + self.others[at]).sum();
        let shares = [0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0];
        let (mut shown, mut leads, mut next) = (Vec::new(), 0.0, 0);
        for at in 0..cells {
            leads += self.wins[at] + self.others[at];
            if next < shares.len() && leads >= shares[next] * total - 1e-9 {
                shown.push(at);
                next = shares.partition_point(|share| share * total <= leads + 1e-9);
            }
        }
        shown
    }

    /// The conversion of the leads at or over a score.
    fn precision(&self, cohort: &Cohort, model: &Scored, at: usize) -> Estimate {
        if cohort.leads().account.is_none() {
            let Over { leads, wins } = self.over(at);
            return rate(wins, leads);
        }
        let over = cohort.mature().iter().copied().filter(|&row| model.score[row] >= self.score[at]);
        cohort.rate(&over.collect::<Vec<usize>>())
    }

    /// The share of the wins of scored leads that is at or over a score.
    fn recall(&self, cohort: &Cohort, model: &Scored, at: usize) -> Estimate {
        if cohort.leads().account.is_none() {
            return rate(self.over(at).wins, self.wins.iter().sum());
        }
        let won = model.scored(cohort.mature()).into_iter().filter(|&row| cohort.leads().converted[row]);
        cohort.share_of(&won.collect::<Vec<usize>>(), |row| f64::from(model.score[row] >= self.score[at]))
    }

    fn over(&self, at: usize) -> Over {
        let sum = |side: &[f64]| side[..=at].iter().sum::<f64>();
        let wins = sum(&self.wins);
        Over { wins, leads: wins + sum(&self.others) }
    }

    fn row(&self, cohort: &Cohort, model: &Scored, at: usize, asked: ThresholdRule) -> Threshold {
        let Over { leads, wins } = self.over(at);
        let all = self.wins.iter().chain(&self.others).sum::<f64>();
        let costs = asked.cost_per_lead.zip(asked.value_per_win);
        Threshold {
            score: self.score[at],
            leads: leads as u64,
            wins: wins as u64,
            precision: self.precision(cohort, model, at),
            recall: self.recall(cohort, model, at),
            per_week: self.weeks.map(|weeks| leads / weeks).ok_or(Undefined::NoTimes).into(),
            value_per_lead: costs.map(|(cost, value)| {
                // A lead is worth value − cost, −cost or (not handed over) nothing.
                let mean = (wins * value - leads * cost) / all;
                let square = (wins * (value - cost).powi(2) + (leads - wins) * cost * cost) / all;
                let worth = |row: usize| match (model.score[row] >= self.score[at], cohort.leads().converted[row]) {
                    (true, true) => value - cost,
                    (true, false) => -cost,
                    (false, _) => 0.0,
                };
                let rows = model.scored(cohort.mature());
                let influence = || rows.iter().map(|&row| (worth(row) - mean) / all).collect::<Vec<f64>>();
                let clustered =
                    cohort.leads().account.as_ref().and_then(|_| cohort.clustered_error(&rows, &influence()));
                let se = clustered.unwrap_or_else(|| Ok(((square - mean * mean).max(0.0) / all).sqrt()));
                Estimate::with(mean, se.map(|se| Interval::around(mean, dist::normal_critical(LEVEL) * se)))
            }),
            net_benefit: costs.map(|(cost, value)| {
                if cost >= value {
                    return Undefined::OutOfRange.into();
                }
                let odds = cost / (value - cost);
                (100.0 * (wins - (leads - wins) * odds) / all).into()
            }),
        }
    }

    /// The cell whose score meets a rule: of several the one with the most leads, or the most worth.
    fn find(&self, rule: Rule) -> Option<usize> {
        let (mut found, mut best) = (None, f64::NEG_INFINITY);
        let (mut leads, mut wins) = (0.0, 0.0);
        for at in 0..self.score.len() {
            let here = self.wins[at] + self.others[at];
            leads += here;
            wins += self.wins[at];
            if here == 0.0 {
                continue;
            }
            match rule {
                Rule::PerWeek(most) => {
                    if leads / self.weeks? <= most {
                        found = Some(at);
                    }
                }
                Rule::Precision(least) => {
                    if wins >= least * leads {
                        found = Some(at);
                    }
                }
                Rule::Worth { cost, value } => {
                    let worth = wins * value - leads * cost;
                    if worth > best && worth > 0.0 {
                        (found, best) = (Some(at), worth);
                    }
                }
            }
        }
        found
    }

    /// The percentile interval over resampled leads; undefined where more than one resample in twenty has no such score.
    fn interval(&self, cohort: &Cohort, (place, model): (usize, &Scored), rule: Rule) -> Result<Interval, Undefined> {
        if cohort.accounts().refused.is_some() {
            return Err(Undefined::TooFewClusters);
        }
        let design = cohort.design();
        let accounts = self.by_account(cohort, model);
        let first = STREAM + place as u64 * REPLICATES;
        let replicates = REPLICATES.min(design.replicates as u64);
        let drawn: Vec<Option<f64>> = (0..replicates)
            .into_par_iter()
            .map(|replicate| {
                let stream = design.seed.replicate(first + replicate);
                let own = match &accounts {
                    None => self.resampled(stream),
                    Some(accounts) => self.resampled_by_account(accounts, stream),
                };
                own.find(rule).map(|at| own.score[at])
            })
            .collect();
        let mut scores: Vec<f64> = drawn.into_iter().flatten().collect();
        if (scores.len() as f64) < 0.95 * replicates as f64 {
            return Err(Undefined::NotReached);
        }
        scores.sort_unstable_by(f64::total_cmp);
        Ok(Interval::new(
            quantile::sorted(&scores, (1.0 - LEVEL) / 2.0),
            quantile::sorted(&scores, (1.0 + LEVEL) / 2.0),
        ))
    }

    /// The cells of each account's leads, and whether they converted.
    fn by_account(&self, cohort: &Cohort, model: &Scored) -> Option<Vec<Vec<(u32, bool)>>> {
        let rows = model.scored(cohort.mature());
        let account = cohort.account_of(&rows)?;
        let mut members = vec![Vec::new(); clustered::sizes(&account).len()];
        for (&row, &account) in rows.iter().zip(&account) {
            // The first cell whose lowest score is not above the lead's.
            let cell = self.score.partition_point(|score| *score > model.score[row]);
            members[account as usize].push((cell as u32, cohort.leads().converted[row]));
        }
        members.retain(|members| !members.is_empty());
        Some(members)
    }

    /// As many accounts with replacement.
    fn resampled_by_account(&self, accounts: &[Vec<(u32, bool)>], mut stream: Stream) -> Self {
        let none = vec![0.0; self.score.len()];
        let mut own = Self { wins: none.clone(), others: none, ..self.clone() };
        for _ in 0..accounts.len() {
            for &(cell, won) in &accounts[stream.below(accounts.len() as u64) as usize] {
                let side = if won { &mut own.wins } else { &mut own.others };
                side[cell as usize] += 1.0;
            }
        }
        own
    }

    /// As many leads with replacement: an exact multinomial by binomials, cell after cell.
    fn resampled(&self, mut stream: Stream) -> Self {
        let total: f64 = self.wins.iter().chain(&self.others).sum();
        let (mut left, mut behind) = (total as u64, total);
        let mut draw = |count: f64| {
            if count == 0.0 || left == 0 {
                return 0.0;
            }
            let drawn = stream.binomial(left, f64::min(count / behind, 1.0));
            left -= drawn;
            behind -= count;
            drawn as f64
        };
        let mut own = self.clone();
        for at in 0..own.score.len() {
            own.wins[at] = draw(self.wins[at]);
            own.others[at] = draw(self.others[at]);
        }
        own
    }
}

#[cfg(test)]
mod tests {
    use super::super::deciding::tests::{made, scored};
    use super::*;

    fn ladder() -> Ladder {
        Ladder {
            score: vec![3.0, 2.0, 1.0],
            wins: vec![8.0, 4.0, 1.0],
            others: vec![2.0, 16.0, 69.0],
            weeks: Some(10.0),
        }
    }

    #[test]
    fn the_lowest_score_that_meets_a_rule_is_taken() {
        let at = |rule| ladder().find(rule).map(|at| ladder().score[at]);
        assert_eq!(at(Rule::PerWeek(3.0)), Some(2.0));
        assert_eq!(at(Rule::PerWeek(0.5)), None);
        assert_eq!(at(Rule::Precision(0.4)), Some(2.0));
        assert_eq!(at(Rule::Precision(0.9)), None);
        assert_eq!(at(Rule::Worth { cost: 1.0, value: 4.0 }), Some(3.0));
        assert_eq!(at(Rule::Worth { cost: 1.0, value: 6.0 }), Some(2.0));
    }

    #[test]
    fn a_threshold_says_what_it_costs_and_brings() {
        let asked = ThresholdRule { precision: None, cost_per_lead: Some(1.0), value_per_win: Some(5.0) };
        let score = (0..100).map(|row| if row < 30 { 2.0 } else { 1.0 }).collect();
        let cohort = made(vec![scored("own", score)], None, None);
        let model = &cohort.models()[0];
        let row = Ladder::of(&cohort, model, cohort.mature()).row(&cohort, model, 0, asked);
        assert_eq!((row.leads, row.wins, row.per_week), (30, 3, Number::Value(30.0 / 9.0)));
        assert_eq!((row.precision.point, row.recall.point), (Number::Value(0.1), Number::Value(0.3)));
        assert_eq!(row.value_per_lead.unwrap().point, Number::Value(-0.15));
        // 3 wins less 27 others at odds of 1 to 4, among 100 leads.
        assert_eq!(row.net_benefit, Some(Number::Value(-3.75)));
    }

    #[test]
    fn a_resample_has_as_many_leads() {
        let own = ladder().resampled(crate::stats::random::Seed(1).replicate(0));
        assert_eq!(own.wins.iter().chain(&own.others).sum::<f64>(), 100.0);
    }
}
