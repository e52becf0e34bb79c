//! Arms compared when leads come in clusters (representatives, accounts): rows of a cluster are not independent.

use super::dist::t_p;
use super::{Undefined, finite};

/// An outcome of every row, its arm and its cluster, numbered from 0. A weight is a frequency.
#[derive(Clone, Copy, Debug)]
pub struct ClusteredArms<'a> {
    pub outcome: &'a [f64],
    pub treated: &'a [bool],
    pub cluster: &'a [usize],
    pub weight: Option<&'a [f64]>,
}

/// The difference of the arms' means with standard errors that allow for clusters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClusteredDifference {
    pub difference: Result<f64, Undefined>,
    pub clusters: usize,
    /// The plain sandwich, Liang & Zeger (1986): too small for few clusters.
    pub se_cr0: Result<f64, Undefined>,
    /// As if every row were its own cluster: what ignoring the clusters would say.
    pub se_hc1: Result<f64, Undefined>,
    /// The sandwich times G/(G-1) (n-1)/(n-2), with G-1 degrees of freedom.
    pub cr1: Sandwich,
    /// Bell & McCaffrey (2002), with Satterthwaite degrees of freedom.
    pub cr2: Sandwich,
}

/// A standard error with its t-test.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sandwich {
    pub se: Result<f64, Undefined>,
    pub df: Result<f64, Undefined>,
    pub t: Result<f64, Undefined>,
    /// Two-sided.
    pub p: Result<f64, Undefined>,
}

impl Sandwich {
    fn new(difference: Result<f64, Undefined>, se: Result<f64, Undefined>, df: Result<f64, Undefined>) -> Self {
        let t = se.and_then(|se| if se > 0.0 { finite(difference? / se) } else { Err(Undefined::ZeroVariance) });
        Self { se, df, t, p: t.and_then(|t| Ok(t_p(t, df?))) }
    }
}

/// Least squares of the outcome on the arm. Standard errors that allow for clusters are undefined while a side has only
/// one: nothing shows how its clusters differ. Tests are undefined for a standard error of zero.
///
/// # Panics
/// When the slices differ in length.
pub fn clustered_difference(arms: &ClusteredArms) -> ClusteredDifference {
    let design = Design::of(arms);
    let difference = design.difference();
    ClusteredDifference {
        difference,
        clusters: design.cells.len(),
        se_cr0: design.se_cr0(),
        se_hc1: design.se_hc1(),
        cr1: Sandwich::new(difference, design.se_cr1(), design.spare_clusters()),
        cr2: Sandwich::new(difference, design.se_cr2(), design.satterthwaite()),
    }
}

/// One cluster: rows and residual sums by arm. All that the sandwich of two means reads.
#[derive(Clone, Copy, Default)]
struct Cell {
    n: [f64; 2],
    residual: [f64; 2],
}

struct Design {
    n: [f64; 2],
    mean: [f64; 2],
    squares: [f64; 2],
    cells: Vec<Cell>,
}

impl Design {
    fn of(arms: &ClusteredArms) -> Self {
        let rows = rows(arms.outcome, arms.cluster, arms.weight);
        assert_eq!(arms.treated.len(), arms.outcome.len(), "an arm for every row");
        let pivot = rows.first().map_or(0.0, |row| row.value);
        let mut design = Self { n: [0.0; 2], mean: [0.0; 2], squares: [0.0; 2], cells: Vec::new() };
        let side = |row: &Row| usize::from(arms.treated[row.index]);
        for row in &rows {
            design.n[side(row)] += row.weight;
            design.mean[side(row)] += row.weight * (row.value - pivot);
        }
        (0..2).for_each(|arm| design.mean[arm] /= design.n[arm]);
        let mut cells = vec![Cell::default(); rows.iter().map(|row| row.cluster + 1).max().unwrap_or(0)];
        for row in &rows {
            let residual = row.value - pivot - design.mean[side(row)];
            cells[row.cluster].n[side(row)] += row.weight;
            cells[row.cluster].residual[side(row)] += row.weight * residual;
            design.squares[side(row)] += row.weight * residual * residual;
        }
        design.cells = cells.into_iter().filter(|cell| cell.n[0] + cell.n[1] > 0.0).collect();
        design
    }

    fn difference(&self) -> Result<f64, Undefined> {
        match self.n {
            [0.0, 0.0] => Err(Undefined::Empty),
            [0.0, _] | [_, 0.0] => Err(Undefined::OneClass),
            _ => finite(self.mean[1] - self.mean[0]),
        }
    }

    fn rows(&self) -> f64 {
        self.n[0] + self.n[1]
    }

    /// The share of an arm's rows that a cluster holds.
    fn share(&self, cell: &Cell, arm: usize) -> f64 {
        cell.n[arm] / self.n[arm]
    }

    /// A cluster's part of the estimate's error.
    fn influence(&self, cell: &Cell, scale: impl Fn(f64) -> f64) -> f64 {
        let part = |arm: usize| cell.residual[arm] / self.n[arm] * scale(self.share(cell, arm));
        part(1) - part(0)
    }

    fn sandwich(&self, scale: impl Fn(f64) -> f64) -> Result<f64, Undefined> {
        self.spare_clusters()?;
        finite(self.cells.iter().map(|cell| self.influence(cell, &scale).powi(2)).sum::<f64>().sqrt())
    }

    /// All clusters less one, where each side has two at least.
    fn spare_clusters(&self) -> Result<f64, Undefined> {
        self.difference()?;
        let clusters = |arm: usize| self.cells.iter().filter(|cell| cell.n[arm] > 0.0).count();
        if clusters(0).min(clusters(1)) < 2 {
            return Err(Undefined::TooFewClusters);
        }
        Ok(self.cells.len() as f64 - 1.0)
    }

    fn se_cr0(&self) -> Result<f64, Undefined> {
        self.sandwich(|_| 1.0)
    }

    fn se_cr1(&self) -> Result<f64, Undefined> {
        let (spare, n) = (self.spare_clusters()?, self.rows());
        if n <= 2.0 {
            return Err(Undefined::TooFewRows);
        }
        Ok(self.se_cr0()? * ((spare + 1.0) / spare * (n - 1.0) / (n - 2.0)).sqrt())
    }

    fn se_hc1(&self) -> Result<f64, Undefined> {
        self.difference()?;
        if self.rows() <= 2.0 {
            return Err(Undefined::TooFewRows);
        }
        let meat: f64 = (0..2).map(|arm| self.squares[arm] / self.n[arm].powi(2)).sum();
        finite((meat * self.rows() / (self.rows() - 2.0)).sqrt())
    }

    /// (I - H) of a cluster has the eigenvalue 1 - share along each arm's ones and 1 elsewhere, so its inverse root
    /// only scales the residual sums.
    fn se_cr2(&self) -> Result<f64, Undefined> {
        self.sandwich(|share| 1.0 / (1.0 - share).sqrt())
    }

    /// (tr P)² / Σ P_gh² of the Bell-McCaffrey variance for independent rows of equal variance.
    /// P_gg = Σ share / N and P_gh = -Σ u_g u_h / N over the arms, with u = share / √(1 - share).
    fn satterthwaite(&self) -> Result<f64, Undefined> {
        self.spare_clusters()?;
        let reach = |cell: &Cell, arm: usize| self.share(cell, arm) / (1.0 - self.share(cell, arm)).sqrt();
        let diagonal: Vec<f64> =
            self.cells.iter().map(|cell| (0..2).map(|arm| self.share(cell, arm) / self.n[arm]).sum()).collect();
        let trace: f64 = diagonal.iter().sum();
        let reaches: Vec<[f64; 2]> = self.cells.iter().map(|cell| [reach(cell, 0), reach(cell, 1)]).collect();
        let squares: f64 = diagonal.iter().map(|p| p * p).sum::<f64>() + self.off_diagonal(&reaches);
        finite(trace * trace / squares)
    }

    /// Σ_{g≠h} P_gh² without visiting every pair.
    fn off_diagonal(&self, reaches: &[[f64; 2]]) -> f64 {
        let pair = |i: usize, j: usize| {
            let products = || reaches.iter().map(|u| u[i] * u[j]);
            let apart = products().sum::<f64>().powi(2) - products().map(|uv| uv * uv).sum::<f64>();
            apart.max(0.0) / (self.n[i] * self.n[j])
        };
        pair(0, 0) + pair(1, 1) + 2.0 * pair(0, 1)
    }
}

/// Above this many clusters there are too many assignments to visit each.
const MOST_PERMUTED: usize = 20;

/// The exact two-sided p-value of the difference under reassignment of whole clusters, for a few of them: the share of
/// assignments with as many treated clusters whose difference is at least as large. Fisher (1935). Undefined with
/// an arm missing, with a cluster in both arms and above twenty clusters.
///
/// # Panics
/// When the slices differ in length.
pub fn permutation_p(arms: &ClusteredArms) -> Result<f64, Undefined> {
    let clusters = Totals::of(arms)?;
    let treated = clusters.iter().filter(|cluster| cluster.treated).count() as u32;
    let observed = (0..clusters.len()).filter(|&g| clusters[g].treated).fold(0u32, |set, g| set | 1 << g);
    // Equal differences in another order of summation are equal.
    let slack = 1e-12 * clusters.iter().map(|cluster| (cluster.sum / cluster.n).abs()).fold(0.0, f64::max);
    let at_least = difference_under(&clusters, observed).abs() - slack;
    let assignments = || (0..1u32 << clusters.len()).filter(|set| set.count_ones() == treated);
    let extreme = assignments().filter(|&set| difference_under(&clusters, set).abs() >= at_least).count();
    Ok(extreme as f64 / assignments().count() as f64)
}

/// Rows and sum of one cluster of one arm.
struct Totals {
    n: f64,
    sum: f64,
    treated: bool,
}

impl Totals {
    fn of(arms: &ClusteredArms) -> Result<Vec<Self>, Undefined> {
        let design = Design::of(arms);
        design.difference()?;
        if design.cells.len() > MOST_PERMUTED || design.cells.iter().any(|cell| cell.n[0] * cell.n[1] > 0.0) {
            return Err(Undefined::OutOfRange);
        }
        let total = |cell: &Cell| {
            let arm = usize::from(cell.n[1] > 0.0);
            Self { n: cell.n[arm], sum: cell.residual[arm] + cell.n[arm] * design.mean[arm], treated: arm == 1 }
        };
        Ok(design.cells.iter().map(total).collect())
    }
}

/// The difference of means if the clusters of this set were treated.
fn difference_under(clusters: &[Totals], treated: u32) -> f64 {
    let mean = |side: bool| {
        let inside = || (0..clusters.len()).filter(|g| (treated >> g & 1 == 1) == side).map(|g| &clusters[g]);
        inside().map(|cluster| cluster.sum).sum::<f64>() / inside().map(|cluster| cluster.n).sum::<f64>()
    };
    mean(true) - mean(false)
}

/// A row that counts.
struct Row {
    index: usize,
    value: f64,
    cluster: usize,
    weight: f64,
}

fn rows(outcome: &[f64], cluster: &[usize], weight: Option<&[f64]>) -> Vec<Row> {
    assert_eq!(outcome.len(), cluster.len(), "a cluster for every row");
    (0..outcome.len())
        .map(|index| Row {
            index,
            value: outcome[index],
            cluster: cluster[index],
            weight: weight.map_or(1.0, |w| w[index]),
        })
        .filter(|row| row.weight > 0.0)
        .collect()
}

/// How alike the rows of a cluster are, and what that costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intracluster {
    /// Intracluster correlation by one-way analysis of variance; may be negative.
    pub correlation: Result<f64, Undefined>,
    /// The cluster size that enters it: a mean that allows for unequal sizes.
    pub effective_size: Result<f64, Undefined>,
    /// How much the variance of a mean over clusters of the mean size grows: 1 + (m - 1) ρ. Kish (1965).
    pub design_effect: Result<f64, Undefined>,
    /// The same for unequal sizes: 1 + ((cv² + 1) m - 1) ρ.
    pub design_effect_unequal: Result<f64, Undefined>,
}

/// One-way analysis of variance by cluster. Undefined for one cluster, where no cluster has two rows, and where no
/// outcome differs.
///
/// # Panics
/// When the slices differ in length.
pub fn intracluster(outcome: &[f64], cluster: &[usize], weight: Option<&[f64]>) -> Intracluster {
    let anova = Anova::of(&rows(outcome, cluster, weight));
    let (correlation, effective_size) = (anova.correlation(), anova.effective_size());
    let effect = |size: f64| correlation.map(|rho| 1.0 + (size - 1.0) * rho);
    Intracluster {
        correlation,
        effective_size,
        design_effect: effect(anova.mean_size()),
        design_effect_unequal: effect(anova.uneven_size()),
    }
}

struct Anova {
    sizes: Vec<f64>,
    between: f64,
    within: f64,
}

impl Anova {
    fn of(rows: &[Row]) -> Self {
        let pivot = rows.first().map_or(0.0, |row| row.value);
        let clusters = rows.iter().map(|row| row.cluster + 1).max().unwrap_or(0);
        let (mut size, mut sum) = (vec![0.0; clusters], vec![0.0; clusters]);
        for row in rows {
            size[row.cluster] += row.weight;
            sum[row.cluster] += row.weight * (row.value - pivot);
        }
        let grand = sum.iter().sum::<f64>() / size.iter().sum::<f64>();
        let mean = |cluster: usize| sum[cluster] / size[cluster];
        let within = rows.iter().map(|row| row.weight * (row.value - pivot - mean(row.cluster)).powi(2)).sum();
        let filled = || (0..clusters).filter(|&cluster| size[cluster] > 0.0);
        let between = filled().map(|cluster| size[cluster] * (mean(cluster) - grand).powi(2)).sum();
        Self { sizes: filled().map(|cluster| size[cluster]).collect(), between, within }
    }

    fn clusters(&self) -> f64 {
        self.sizes.len() as f64
    }

    fn rows(&self) -> f64 {
        self.sizes.iter().sum()
    }

    fn squares(&self) -> f64 {
        self.sizes.iter().map(|size| size * size).sum()
    }

    fn mean_size(&self) -> f64 {
        self.rows() / self.clusters()
    }

    /// (cv² + 1) m = Σ size² / Σ size.
    fn uneven_size(&self) -> f64 {
        self.squares() / self.rows()
    }

    fn effective_size(&self) -> Result<f64, Undefined> {
        if self.clusters() < 2.0 {
            return Err(Undefined::TooFewClusters);
        }
        Ok((self.rows() - self.uneven_size()) / (self.clusters() - 1.0))
    }

    fn correlation(&self) -> Result<f64, Undefined> {
        let size = self.effective_size()?;
        if self.rows() <= self.clusters() {
            return Err(Undefined::TooFewRows);
        }
        let between = self.between / (self.clusters() - 1.0);
        let within = self.within / (self.rows() - self.clusters());
        let total = finite(between + (size - 1.0) * within)?;
        if total > 0.0 { Ok((between - within) / total) } else { Err(Undefined::ZeroVariance) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const OUTCOME: [f64; 8] = [1.0, 2.0, 4.0, 3.0, 5.0, 9.0, 7.0, 6.0];
    const TREATED: [bool; 8] = [false, false, false, false, true, true, true, true];

    fn arms<'a>(outcome: &'a [f64], treated: &'a [bool], cluster: &'a [usize]) -> ClusteredArms<'a> {
        ClusteredArms { outcome, treated, cluster, weight: None }
    }

    #[test]
    fn rows_that_are_their_own_clusters_have_the_error_of_rows() {
        let answer = clustered_difference(&arms(&OUTCOME, &TREATED, &[0, 1, 2, 3, 4, 5, 6, 7]));
        let (clustered, rows) = (answer.cr1.se.unwrap(), answer.se_hc1.unwrap());
        // G / (G - 1) (n - 1) / (n - 2) is n / (n - 2) when G = n.
        assert!((clustered - rows).abs() < 1e-15);
    }

    #[test]
    fn equal_clusters_within_arms_have_as_many_degrees_as_a_t_test() {
        let answer = clustered_difference(&arms(&OUTCOME, &TREATED, &[0, 0, 1, 1, 2, 2, 3, 3]));
        assert!((answer.cr2.df.unwrap() - 2.0).abs() < 1e-12);
        // Welch's error of the cluster means 1.5, 3.5 and 7, 6.5.
        assert!((answer.cr2.se.unwrap() - ((2.0 + 0.125) / 2.0f64).sqrt()).abs() < 1e-14);
    }

    #[test]
    fn a_side_with_one_cluster_allows_no_inference() {
        let few = Err(Undefined::TooFewClusters);
        for cluster in [[0, 0, 0, 0, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 2, 3], [0, 1, 2, 2, 3, 3, 3, 3]] {
            let answer = clustered_difference(&arms(&OUTCOME, &TREATED, &cluster));
            assert_eq!((answer.difference, answer.se_cr0), (Ok(4.25), few), "{cluster:?}");
            for sandwich in [answer.cr1, answer.cr2] {
                assert_eq!([sandwich.se, sandwich.df, sandwich.t, sandwich.p], [few; 4], "{cluster:?}");
            }
        }
    }

    #[test]
    fn an_outcome_that_is_no_number_leaves_no_error() {
        for odd in [f64::NAN, f64::INFINITY, 1e300] {
            let outcome = [1.0, odd, 4.0, 3.0, 5.0, 9.0, 7.0, 6.0];
            let answer = clustered_difference(&arms(&outcome, &TREATED, &[0, 0, 1, 1, 2, 2, 3, 3]));
            assert_eq!(
                (answer.cr1.se, answer.cr2.p),
                (Err(Undefined::OutOfRange), Err(Undefined::OutOfRange)),
                "{odd}"
            );
            assert_eq!(intracluster(&outcome, &[0, 0, 1, 1, 2, 2, 3, 3], None).correlation, Err(Undefined::OutOfRange));
        }
    }

    #[test]
    fn one_cluster_in_all_has_no_standard_error() {
        let answer = clustered_difference(&arms(&OUTCOME, &TREATED, &[3; 8]));
        assert_eq!((answer.clusters, answer.cr2.se), (1, Err(Undefined::TooFewClusters)));
    }

    #[test]
    fn one_arm_has_no_difference() {
        let answer = clustered_difference(&arms(&OUTCOME, &[true; 8], &[0, 1, 2, 3, 4, 5, 6, 7]));
        assert_eq!((answer.difference, answer.cr2.df), (Err(Undefined::OneClass), Err(Undefined::OneClass)));
    }

    #[test]
    fn six_clusters_permute_in_twenty_ways() {
        let outcome = [0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let treated = [false, false, false, true, true, true];
        assert_eq!(permutation_p(&arms(&outcome, &treated, &[0, 1, 2, 3, 4, 5])), Ok(0.1));
    }

    #[test]
    fn a_cluster_in_both_arms_cannot_be_reassigned() {
        assert_eq!(permutation_p(&arms(&OUTCOME, &TREATED, &[0, 1, 2, 3, 3, 4, 5, 6])), Err(Undefined::OutOfRange));
    }

    #[test]
    fn clusters_of_equal_rows_correlate_perfectly() {
        let answer = intracluster(&[1.0, 1.0, 2.0, 2.0], &[0, 0, 1, 1], None);
        assert_eq!((answer.correlation, answer.design_effect), (Ok(1.0), Ok(2.0)));
    }

    #[test]
    fn single_rows_say_nothing_about_their_clusters() {
        let answer = intracluster(&[1.0, 3.0, 2.0], &[0, 1, 2], None);
        assert_eq!((answer.effective_size, answer.correlation), (Ok(1.0), Err(Undefined::TooFewRows)));
        assert_eq!(intracluster(&[1.0; 4], &[0, 0, 1, 1], None).correlation, Err(Undefined::ZeroVariance));
        assert_eq!(intracluster(&[1.0, 2.0], &[0, 0], None).effective_size, Err(Undefined::TooFewClusters));
    }

    proptest! {
        #[test]
        fn a_weight_is_a_repetition(
            rows in prop::collection::vec((0.0..9.0f64, any::<bool>(), 0..6usize, 1..4usize), 8..30)
        ) {
            let repeat = |times: fn(usize) -> usize| -> Vec<(f64, bool, usize)> {
                rows.iter().flat_map(|&(y, t, g, w)| vec![(y, t, g); times(w)]).collect()
            };
            let answer = |rows: &[(f64, bool, usize)], weight: Option<&[f64]>| {
                let outcome: Vec<f64> = rows.iter().map(|row| row.0).collect();
                let treated: Vec<bool> = rows.iter().map(|row| row.1).collect();
                let cluster: Vec<usize> = rows.iter().map(|row| row.2).collect();
                let arms = ClusteredArms { outcome: &outcome, treated: &treated, cluster: &cluster, weight };
                (clustered_difference(&arms).cr2, intracluster(&outcome, &cluster, weight).correlation)
            };
            let weight: Vec<f64> = rows.iter().map(|row| row.3 as f64).collect();
            let (short, long) = (answer(&repeat(|_| 1), Some(&weight)), answer(&repeat(|w| w), None));
            if let (Ok(a), Ok(b)) = (short.0.p, long.0.p) {
                prop_assert!((a - b).abs() < 1e-9);
            }
            prop_assert!((short.1.unwrap_or(0.0) - long.1.unwrap_or(0.0)).abs() < 1e-12);
        }
    }
}
