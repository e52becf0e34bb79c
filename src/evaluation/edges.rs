//! How what is handed over varies with the luck of which leads came.
//!
//! At the edge of the leads handed over, one more good lead pushes the last one out: a lead handed over with probability p
//! moves the wins by p (y − r), r the conversion at the edge (the influence function of a sum over the k best). The paired
//! resamples move the edge over the leads as they are, some won and some not, where the next history brings others: that
//! makes a resampled figure vary more than the figure does, the more the fewer leads are handed over at once. So what the
//! resamples say of shape and dependence is kept, and their spread is set to that of the influence function.

use rayon::prelude::*;

use crate::metrics::{Edge, SHARES};
use crate::stats::clustered;
use crate::stats::linear::Matrix;
use crate::stats::order::falling;

use super::cohort::{Cohort, Scored};

/// The fewest leads on each side of the edge from which its conversion is taken.
const SIDE: f64 = 10.0;
/// Where few leads tell, the influence function knows too little: the resampled spread is never cut below this part.
const LEAST: f64 = 0.75;

/// Covariances of the models' figures.
#[derive(Clone, Debug)]
pub(super) struct Edges {
    wins: Covariance,
    capture: Covariance,
    value: Covariance,
    /// Of the shares of wins in the top [`SHARES`].
    top: [Covariance; SHARES.len()],
}

#[derive(Clone, Debug)]
pub(super) struct Covariance(Vec<Vec<f64>>);

impl Covariance {
    /// Of sums over so many units drawn with replacement, one row of influences a model: of leads, or with the leads'
    /// accounts of those.
    pub fn of(influences: &[Vec<f64>], account: Option<&[u32]>, units: f64) -> Self {
        let Some(account) = account else { return Self::of_units(influences, units, 1.0) };
        let by_account = |one: &Vec<f64>| {
            if one.is_empty() { Vec::new() } else { clustered::sums(account, |lead| one[lead]) }
        };
        let sums: Vec<Vec<f64>> = influences.par_iter().map(by_account).collect();
        Self::of_units(&sums, units, units / (units - 1.0))
    }

    fn of_units(influences: &[Vec<f64>], units: f64, correction: f64) -> Self {
        let sums: Vec<f64> = influences.iter().map(|one| one.iter().sum()).collect();
        let entry = |a: usize, b: usize| {
            let product: f64 = influences[a].iter().zip(&influences[b]).map(|(a, b)| a * b).sum();
            correction * (product - sums[a] * sums[b] / units)
        };
        // An entry and its mirror image are the same sum.
        let lower = |a: usize| (0..=a).map(|b| entry(a, b)).collect();
        let lower: Vec<Vec<f64>> = (0..influences.len()).into_par_iter().map(lower).collect();
        let row = |a: usize| (0..lower.len()).map(|b| lower[a.max(b)][a.min(b)]).collect();
        Self((0..lower.len()).map(row).collect())
    }

    /// What makes of independent normal numbers some that vary so.
    pub fn root(&self) -> Matrix {
        let n = self.0.len();
        let (values, vectors) = Matrix::from_fn(n, n, |a, b| self.0[a][b]).eigen_symmetric();
        Matrix::from_fn(n, n, |a, b| vectors.row(a)[b] * values[b].max(0.0).sqrt())
    }

    /// The standard error of one model's figure.
    pub fn error(&self, model: usize) -> f64 {
        self.0[model][model].max(0.0).sqrt()
    }

    /// The standard error of the difference of two.
    pub fn of_difference(&self, a: usize, b: usize) -> f64 {
        (self.0[a][a] + self.0[b][b] - 2.0 * self.0[a][b]).max(0.0).sqrt()
    }
}

impl Edges {
    /// Of the leads of some periods, so many of each handed over.
    pub fn of(cohort: &Cohort, periods: &[(Vec<usize>, f64)]) -> Self {
        let at = Influences::of(cohort, periods);
        let rows = cohort.mature();
        let (converted, leads) = (indicator(cohort, rows), rows.len() as f64);
        let (account, units) = (cohort.account_of(rows), cohort.units());
        let sorted: Vec<Sorted> = cohort.models().par_iter().map(|model| Sorted::of(model, rows)).collect();
        let top = |share: f64| {
            let one = |sorted: &Sorted| captured(&sorted.cut(share * leads), &converted);
            Covariance::of(&sorted.par_iter().map(one).collect::<Vec<_>>(), account.as_deref(), units)
        };
        Self {
            wins: Covariance::of(&at.wins, at.account.as_deref(), units),
            capture: Covariance::of(&at.capture, at.account.as_deref(), units),
            value: Covariance::of(&at.value, at.account.as_deref(), units),
            top: SHARES.map(top),
        }
    }

    /// The standard error of a difference in winners.
    pub fn of_difference(&self, a: usize, b: usize) -> f64 {
        self.wins.of_difference(a, b)
    }

    /// What resampled deviations of a difference of two models are to be multiplied with.
    pub fn narrowing(&self, edge: Edge, a: usize, b: usize, resampled: f64) -> f64 {
        let (covariance, factor) = self.find(edge);
        narrowing(factor * covariance.of_difference(a, b), resampled)
    }

    /// The same of one model's figure.
    pub fn narrowing_of_one(&self, edge: Edge, model: usize, resampled: f64) -> f64 {
        let (covariance, factor) = self.find(edge);
        narrowing(factor * covariance.error(model), resampled)
    }

    fn find(&self, edge: Edge) -> (&Covariance, f64) {
        match edge {
            Edge::Wins => (&self.wins, 1.0),
            Edge::Capture => (&self.capture, 1.0),
            Edge::Value => (&self.value, 1.0),
            Edge::Top(share, factor) => (&self.top[share], factor),
        }
    }
}

fn narrowing(error: f64, resampled: f64) -> f64 {
    if error.is_finite() && resampled > 0.0 { (error / resampled).clamp(LEAST, 1.0) } else { 1.0 }
}

/// What each lead moves, a row a model, over the leads of the periods one after the other.
struct Influences {
    wins: Vec<Vec<f64>>,
    capture: Vec<Vec<f64>>,
    /// Empty rows where wins carry no value.
    value: Vec<Vec<f64>>,
    account: Option<Vec<u32>>,
}

impl Influences {
    fn of(cohort: &Cohort, periods: &[(Vec<usize>, f64)]) -> Self {
        let rows: Vec<usize> = periods.iter().flat_map(|(rows, _)| rows.iter().copied()).collect();
        let converted = indicator(cohort, &rows);
        let value = values(cohort, &rows);
        let one = |model: &Scored| {
            let handed = HandedOver::of(model, periods);
            (handed.influence(&converted), captured(&handed, &converted), handed.influence(&value))
        };
        let all: Vec<_> = cohort.models().par_iter().map(one).collect();
        let account = cohort.account_of(&rows);
        let mut own = Self { wins: Vec::new(), capture: Vec::new(), value: Vec::new(), account };
        for (wins, capture, value) in all {
            own.wins.push(wins);
            own.capture.push(capture);
            own.value.push(value);
        }
        own
    }
}

fn indicator(cohort: &Cohort, rows: &[usize]) -> Vec<f64> {
    rows.iter().map(|&row| f64::from(cohort.leads().converted[row])).collect()
}

/// What each lead's wins are worth; empty where wins carry no value.
fn values(cohort: &Cohort, rows: &[usize]) -> Vec<f64> {
    if !cohort.is_valued() {
        return Vec::new();
    }
    rows.iter().map(|&row| cohort.capped_value_of(row).unwrap_or(0.0)).collect()
}

/// The share of wins is a ratio: its influence is (that of the wins handed over − share · y)/wins.
fn captured(handed: &HandedOver, converted: &[f64]) -> Vec<f64> {
    let wins: f64 = converted.iter().sum();
    let captured = handed.shares.iter().zip(converted).map(|(p, y)| p * y).sum::<f64>() / wins;
    let moved = handed.influence(converted);
    moved.iter().zip(converted).map(|(moved, y)| (moved - captured * y) / wins).collect()
}

/// What the leads handed over by a model have of some value.
pub(super) struct Sum {
    pub sum: f64,
    /// What each lead moves of it, and of the share that it is of all.
    pub moved: Vec<f64>,
    pub captured: Vec<f64>,
}

/// Of a value of the leads, in the order of the periods; one a model.
pub(super) fn sums(cohort: &Cohort, periods: &[(Vec<usize>, f64)], value: &[f64]) -> Vec<Sum> {
    let one = |model: &Scored| {
        let handed = HandedOver::of(model, periods);
        Sum {
            sum: handed.shares.iter().zip(value).map(|(p, v)| p * v).sum(),
            moved: handed.influence(value),
            captured: captured(&handed, value),
        }
    };
    cohort.models().par_iter().map(one).collect()
}

/// Scores with their places, the highest first.
struct Sorted {
    scores: Vec<f64>,
    order: Vec<u32>,
}

/// Each lead's share handed over, and which leads are at the edge.
#[derive(Default)]
struct HandedOver {
    shares: Vec<f64>,
    at_edge: Vec<usize>,
}

impl HandedOver {
    fn of(model: &Scored, periods: &[(Vec<usize>, f64)]) -> Self {
        let mut handed = Self::default();
        periods.iter().for_each(|(rows, k)| handed.append(Sorted::of(model, rows).cut(*k)));
        handed
    }

    fn append(&mut self, next: Self) {
        let before = self.shares.len();
        self.at_edge.extend(next.at_edge.into_iter().map(|place| before + place));
        self.shares.extend(next.shares);
    }

    /// p (v − the mean of v at the edge); nothing of nothing.
    fn influence(&self, value: &[f64]) -> Vec<f64> {
        if value.is_empty() {
            return Vec::new();
        }
        let sum: f64 = self.at_edge.iter().map(|&place| value[place]).sum();
        let edge = if self.at_edge.is_empty() { 0.0 } else { sum / self.at_edge.len() as f64 };
        self.shares.iter().zip(value).map(|(p, v)| p * (v - edge)).collect()
    }
}

impl Sorted {
    fn of(model: &Scored, rows: &[usize]) -> Self {
        let scores = model.ranked(rows);
        Self { order: falling(&scores), scores }
    }

    /// The k best handed over. At the edge are the tied block there and as many leads on both sides as half of those handed
    /// over; nobody where all are handed over, for then nobody is pushed out.
    fn cut(&self, k: f64) -> HandedOver {
        let n = self.scores.len();
        if k >= n as f64 {
            return HandedOver { shares: vec![1.0; n], at_edge: Vec::new() };
        }
        let edge = self.scores[self.order[k as usize] as usize];
        let first = self.order.partition_point(|&i| self.scores[i as usize] > edge);
        let last = self.order.partition_point(|&i| self.scores[i as usize] >= edge);
        let mut shares = vec![0.0; n];
        self.order[..first].iter().for_each(|&i| shares[i as usize] = 1.0);
        self.order[first..last].iter().for_each(|&i| shares[i as usize] = (k - first as f64) / (last - first) as f64);
        let side = SIDE.max(k / 2.0).min(k).min(n as f64 - k);
        let (mut low, mut high) = (first, last);
        if ((last - first) as f64) < 2.0 * side {
            low = first.min((k - side) as usize);
            high = last.max(((k + side).ceil() as usize).min(n));
        }
        HandedOver { shares, at_edge: self.order[low..high].iter().map(|&i| i as usize).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(scores: Vec<f64>) -> Sorted {
        let model = Scored {
            name: "a".into(),
            kind: crate::result::ModelKind::Column,
            scale: crate::result::Scale::Points,
            groups: Vec::new(),
            card: Vec::new(),
            not_promotable: None,
            brackets: None,
            effort: crate::result::Effort::default(),
            score: scores,
        };
        Sorted::of(&model, &(0..model.score.len()).collect::<Vec<usize>>())
    }

    #[test]
    fn the_edge_is_the_tied_block_or_the_leads_on_both_sides() {
        let fine = sorted((0..100).map(|i| -f64::from(i)).collect());
        assert_eq!(fine.cut(30.0).at_edge, (15..45).collect::<Vec<usize>>());
        assert!(fine.cut(100.0).at_edge.is_empty());
        let tied = |i| if (20..80).contains(&i) { 5.0 } else { 100.0 - f64::from(i) * 2.0 };
        let tied = sorted((0..100).map(tied).collect());
        // Sixty leads of which a few are handed over: each in part.
        let cut = tied.cut(30.0);
        assert!((cut.shares.iter().sum::<f64>() - 30.0).abs() < 1e-9);
        assert!(cut.at_edge.len() >= 30);
    }

    #[test]
    fn one_more_good_lead_pushes_the_last_one_out() {
        let handed = HandedOver { shares: vec![1.0, 1.0, 0.0, 0.0], at_edge: vec![1, 2] };
        assert_eq!(handed.influence(&[1.0, 0.0, 1.0, 0.0]), [0.5, -0.5, 0.0, 0.0]);
    }

    #[test]
    fn models_that_hand_over_the_same_leads_do_not_differ() {
        let same = vec![vec![0.5, -0.5, 1.0], vec![0.5, -0.5, 1.0]];
        let covariance = Covariance::of_units(&same, 10.0, 1.0);
        assert_eq!(covariance.of_difference(0, 1), 0.0);
        // Σ x² − (Σ x)²/n = 1.5 − 0.1.
        assert!((covariance.error(0).powi(2) - 1.4).abs() < 1e-12);
    }

    #[test]
    fn a_spread_is_never_widened_and_never_cut_below_its_floor() {
        assert_eq!([narrowing(0.9, 1.0), narrowing(1.2, 1.0), narrowing(0.1, 1.0)], [0.9, 1.0, LEAST]);
        assert_eq!(narrowing(f64::NAN, 1.0), 1.0);
    }
}
