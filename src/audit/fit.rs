//! Coefficients of all criteria at once, with resamples.

use crate::stats::linear::Matrix;
use crate::stats::random::Seed;
use crate::stats::regression::{Rows, firth, logistic};
use crate::stats::{Interval, Undefined, dist, quantile};

use super::cells::Cells;
use super::scale::Pairs;
use super::{Evidence, LEVEL};

/// Resamples of the coefficients.
const REPLICATES: u64 = 999;
/// Leads are resampled in so many blocks at most.
const BLOCKS: usize = 1_000;
/// Parts of the leads that choose a ridge penalty.
const FOLDS: usize = 5;
const PENALTIES: [f64; 7] = [0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0];

/// A fit of the criteria that are weighed.
pub(super) struct Fit {
    /// The criteria's places.
    pub used: Vec<usize>,
    pub coefficient: Vec<f64>,
    /// Coefficients of resampled leads.
    pub replicates: Vec<Vec<f64>>,
    /// Log-odds that one point stands for.
    pub scale: f64,
    pub scales: Vec<f64>,
    /// The place of the criterion that alone tells the scale, among those that are weighed.
    pub sole: Option<usize>,
    /// Of the intercept and the coefficients.
    pub covariance: Matrix,
    /// Fitted probability of every lead.
    pub probability: Vec<f64>,
    /// firth or ridge.
    pub method: &'static str,
}

impl Fit {
    /// Firth's regression; ridge by cross-validation where there are fewer than ten wins a criterion.
    pub fn of(evidence: &Evidence, cells: &Cells, used: Vec<usize>) -> Result<Self, Undefined> {
        let solved = Solved::of(evidence, cells, &used)?;
        let design = cells.design(&used);
        let logit = |cell: usize| solved.logit(design.row(cell));
        let probability: Vec<f64> = (0..cells.count()).map(|cell| dist::expit(logit(cell))).collect();
        let replicates = replicates(evidence, cells, &design, &solved, &probability);
        let coefficient = solved.coefficients[1..].to_vec();
        let variance = |j: usize| solved.covariance[(j + 1, j + 1)].max(f64::MIN_POSITIVE);
        let pairs = Pairs {
            points: used.iter().map(|&place| evidence.criteria[place].points).collect(),
            variance: (0..used.len()).map(variance).collect(),
        };
        let weight = pairs.as_configured(&coefficient);
        Ok(Self {
            scale: pairs.common(&coefficient, &weight),
            scales: replicates.iter().map(|one| pairs.common(one, &weight)).collect(),
            sole: pairs.sole(&weight),
            used,
            coefficient,
            replicates,
            covariance: solved.covariance,
            probability: cells.spread(&probability),
            method: solved.method,
        })
    }

    /// The criterion's place among those that are weighed.
    pub fn place(&self, criterion: usize) -> Option<usize> {
        self.used.iter().position(|used| *used == criterion)
    }

    /// Undefined where the scale's interval reaches 0.
    pub fn usable_scale(&self) -> Result<f64, Undefined> {
        let interval = percentiles(&self.scales);
        if self.scale > 0.0 && interval.low > 0.0 { Ok(self.scale) } else { Err(Undefined::Unbounded) }
    }

    /// The points that the data imply for the criterion at a place.
    pub fn implied(&self, place: usize) -> Result<(f64, Interval), Undefined> {
        let scale = self.usable_scale()?;
        let ratios: Vec<f64> =
            self.replicates.iter().zip(&self.scales).map(|(one, scale)| one[place] / scale).collect();
        Ok((self.coefficient[place] / scale, percentiles(&ratios)))
    }

    /// Coefficient less what `points` stand for, and its standard error.
    pub fn excess(&self, place: usize, points: f64) -> (f64, f64) {
        let replicates = self.replicates.iter().zip(&self.scales).map(|(one, scale)| one[place] - scale * points);
        (self.coefficient[place] - self.scale * points, deviation(&replicates.collect::<Vec<f64>>()))
    }

    pub fn standard_error(&self, place: usize) -> f64 {
        deviation(&self.replicates.iter().map(|one| one[place]).collect::<Vec<f64>>())
    }
}

/// Coefficients, the intercept first, with their covariance.
struct Solved {
    coefficients: Vec<f64>,
    covariance: Matrix,
    method: &'static str,
}

impl Solved {
    fn of(evidence: &Evidence, cells: &Cells, used: &[usize]) -> Result<Self, Undefined> {
        if used.is_empty() {
            return Err(Undefined::Constant);
        }
        let wins = evidence.wins();
        if wins == 0 || wins == evidence.leads() {
            return Err(Undefined::OneClass);
        }
        let x = cells.design(used);
        let rows = Rows::new(&x, &cells.rate).weighted(&cells.leads);
        if used.len() as f64 > wins as f64 / 10.0 {
            let fit = logistic(&rows, &ridge(evidence, cells, &x)?)?;
            return Ok(Self { coefficients: fit.coefficients, covariance: fit.covariance, method: "ridge" });
        }
        let fit = firth(&rows)?;
        Ok(Self { coefficients: fit.coefficients, covariance: fit.covariance, method: "firth" })
    }

    fn logit(&self, row: &[f64]) -> f64 {
        self.coefficients[0] + self.coefficients[1..].iter().zip(row).map(|(b, x)| b * x).sum::<f64>()
    }
}

/// The penalty with the smallest log loss over five folds, for columns of spread 1.
fn ridge(evidence: &Evidence, cells: &Cells, x: &Matrix) -> Result<Vec<f64>, Undefined> {
    let folds: Vec<Fold> = (0..FOLDS).map(|fold| Fold::of(evidence, cells, fold)).collect();
    let variance: Vec<f64> = (0..x.cols).map(|j| spread(cells, x, j).max(1e-12)).collect();
    let penalty = |lambda: f64| variance.iter().map(|variance| lambda * variance).collect::<Vec<f64>>();
    let loss = |lambda: f64| folds.iter().map(|fold| fold.loss(x, &penalty(lambda))).sum::<Option<f64>>();
    let tried = PENALTIES.iter().filter_map(|&lambda| loss(lambda).map(|loss| (loss, lambda)));
    let best = tried.reduce(|best, one| if one.0 < best.0 { one } else { best });
    best.map(|(_, lambda)| penalty(lambda)).ok_or(Undefined::NotConverged)
}

fn spread(cells: &Cells, x: &Matrix, j: usize) -> f64 {
    let total: f64 = cells.leads.iter().sum();
    let mean =
        |value: &dyn Fn(usize) -> f64| (0..x.rows).map(|cell| cells.leads[cell] * value(cell)).sum::<f64>() / total;
    let middle = mean(&|cell| x[(cell, j)]);
    mean(&|cell| (x[(cell, j)] - middle).powi(2))
}

/// A part of the leads, and the rest, by cell: (leads, share of wins).
struct Fold {
    rest: (Vec<f64>, Vec<f64>),
    part: (Vec<f64>, Vec<f64>),
}

impl Fold {
    fn of(evidence: &Evidence, cells: &Cells, fold: usize) -> Self {
        let mut counts = [(); 2].map(|()| (vec![0.0; cells.count()], vec![0.0; cells.count()]));
        for (row, &cell) in cells.of.iter().enumerate() {
            let (leads, wins) = &mut counts[usize::from(dealt(row, FOLDS) == fold)];
            leads[cell as usize] += 1.0;
            wins[cell as usize] += f64::from(evidence.converted[row]);
        }
        let [rest, part] = counts.map(|(leads, wins)| {
            let rate = wins.iter().zip(&leads).map(|(wins, leads)| if *leads > 0.0 { wins / leads } else { 0.0 });
            let rate = rate.collect();
            (leads, rate)
        });
        Self { rest, part }
    }

    /// The log loss on the part of a fit on the rest.
    fn loss(&self, x: &Matrix, penalty: &[f64]) -> Option<f64> {
        let fit = logistic(&Rows::new(x, &self.rest.1).weighted(&self.rest.0), penalty).ok()?;
        let (leads, rate) = &self.part;
        let loss = |cell: usize| {
            let logit = fit.logit(x.row(cell));
            leads[cell] * (rate[cell] * dist::softplus(-logit) + (1.0 - rate[cell]) * dist::softplus(logit))
        };
        Some((0..x.rows).map(loss).sum())
    }
}

/// One Newton step from the fit for every resample of the leads: β + C Σ (m - 1) u, with u a block's score. Where a
/// criterion fires so rarely that its resamples vary less than the likelihood says, they are spread to that.
fn replicates(
    evidence: &Evidence,
    cells: &Cells,
    design: &Matrix,
    solved: &Solved,
    probability: &[f64],
) -> Vec<Vec<f64>> {
    let width = solved.coefficients.len();
    let blocks = evidence.leads().min(BLOCKS);
    let mut scores = vec![vec![0.0; width]; blocks];
    for (row, &cell) in cells.of.iter().enumerate() {
        let block = if blocks < BLOCKS { row } else { dealt(row, blocks) };
        let residual = f64::from(evidence.converted[row]) - probability[cell as usize];
        let score = &mut scores[block];
        score[0] += residual;
        score[1..].iter_mut().zip(design.row(cell as usize)).for_each(|(score, x)| *score += residual * x);
    }
    let steps: Vec<Vec<f64>> = scores.iter().map(|score| solved.covariance.times_vector(score)).collect();
    let whole: Vec<f64> = (1..width).map(|j| steps.iter().map(|step| step[j]).sum()).collect();
    let draw = |replicate: u64| -> Vec<f64> {
        let mut stream = evidence.seed.replicate(replicate);
        let mut sum: Vec<f64> = whole.iter().map(|whole| -whole).collect();
        for _ in 0..blocks {
            let step = &steps[stream.below(blocks as u64) as usize];
            sum.iter_mut().zip(&step[1..]).for_each(|(sum, step)| *sum += step);
        }
        sum
    };
    let mut moved: Vec<Vec<f64>> = (0..REPLICATES).map(draw).collect();
    for j in 0..width - 1 {
        let spread = deviation(&moved.iter().map(|one| one[j]).collect::<Vec<f64>>());
        let likely = solved.covariance[(j + 1, j + 1)].max(0.0).sqrt();
        let stretch = if spread > 0.0 { (likely / spread).max(1.0) } else { 1.0 };
        moved.iter_mut().for_each(|one| one[j] = solved.coefficients[j + 1] + stretch * one[j]);
    }
    moved
}

/// The part of `parts` that a lead falls into: by chance, for leads in the order of their ids often come in turns.
pub(super) fn dealt(row: usize, parts: usize) -> usize {
    Seed(0).replicate(row as u64).below(parts as u64) as usize
}

pub(super) fn percentiles(values: &[f64]) -> Interval {
    let mut sorted: Vec<f64> = values.iter().copied().filter(|value| !value.is_nan()).collect();
    sorted.sort_unstable_by(f64::total_cmp);
    Interval::new(quantile::sorted(&sorted, (1.0 - LEVEL) / 2.0), quantile::sorted(&sorted, (1.0 + LEVEL) / 2.0))
}

pub(super) fn deviation(values: &[f64]) -> f64 {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    (values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::Contribution;

    #[test]
    fn counted_cells_give_the_answer_of_single_leads() {
        let leads = 3_000;
        let column = |modulus: usize| (0..leads).map(|row| f64::from(row * row % modulus < 3)).collect::<Vec<f64>>();
        let one = |strength| Contribution {
            name: String::new(),
            group: None,
            points: 10.0,
            cap: None,
            strength: Vec::into(strength),
        };
        let columns = [column(7), column(11)];
        let converted: Vec<bool> =
            (0..leads).map(|row| Seed(4).replicate(row as u64).chance(0.1 + 0.1 * columns[0][row])).collect();
        let evidence = Evidence {
            criteria: columns.iter().cloned().map(one).collect(),
            what: Vec::new(),
            converted: converted.clone(),
            periods: None,
            seed: Seed(1),
        };
        let cells = Cells::of(&evidence);
        assert!(cells.count() <= 4);
        let fit = Fit::of(&evidence, &cells, vec![0, 1]).unwrap();
        let x = Matrix::from_fn(leads, 2, |row, place| columns[place][row]);
        let y: Vec<f64> = converted.iter().map(|won| f64::from(*won)).collect();
        let single = firth(&Rows::new(&x, &y)).unwrap();
        for (j, coefficient) in fit.coefficient.iter().enumerate() {
            assert!((coefficient - single.coefficients[j + 1]).abs() < 1e-9);
            assert!((fit.covariance[(j + 1, j + 1)] - single.covariance[(j + 1, j + 1)]).abs() < 1e-12);
            // Resamples vary as much as the likelihood says.
            let likely = fit.covariance[(j + 1, j + 1)].sqrt();
            assert!((fit.standard_error(j) / likely - 1.0).abs() < 0.1, "{} {likely}", fit.standard_error(j));
        }
    }

    #[test]
    fn parts_are_dealt_evenly_and_always_alike() {
        let mut counts = [0; 5];
        (0..10_000).for_each(|row| counts[dealt(row, 5)] += 1);
        assert!(counts.iter().all(|count| (1_850..2_150).contains(count)), "{counts:?}");
        assert_eq!(dealt(123, 1_000), dealt(123, 1_000));
    }
}
