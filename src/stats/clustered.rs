//! Statistics of rows that come in clusters (leads of one account): rows of a cluster tell less than as many independent
//! ones. Clusters are numbered from 0; a number without rows is none.

use super::dist::t_critical;
use super::{Undefined, finite};

/// The fewest clusters from which a spread is taken.
pub const MIN_CLUSTERS: usize = 6;
/// One cluster with more of the rows than this leaves no spread to take.
pub const MAX_SHARE: f64 = 0.2;

/// How many rows each cluster has.
pub fn sizes(cluster: &[u32]) -> Vec<f64> {
    sums(cluster, |_| 1.0)
}

/// The sum of a value of each row, by cluster.
pub fn sums(cluster: &[u32], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let count = cluster.iter().max().map_or(0, |&last| last as usize + 1);
    let mut sums = vec![0.0; count];
    cluster.iter().enumerate().for_each(|(row, &own)| sums[own as usize] += value(row));
    sums
}

/// How many of the clusters have a row.
fn filled(sizes: &[f64]) -> f64 {
    sizes.iter().filter(|size| **size > 0.0).count() as f64
}

/// The variance of a sum of influences of single rows, of clusters drawn with replacement: G/(G−1) Σ (s − s̄)² over the
/// clusters' sums s (Cameron & Miller 2015). Undefined below two clusters.
pub fn variance_of_sum(influence: &[f64], cluster: &[u32]) -> Result<f64, Undefined> {
    let clusters = filled(&sizes(cluster));
    if clusters < 2.0 {
        return Err(Undefined::TooFewClusters);
    }
    let (sum, squares) = sums(cluster, |row| influence[row]).iter().fold((0.0, 0.0), |(a, b), s| (a + s, b + s * s));
    finite(((squares - sum * sum / clusters) * clusters / (clusters - 1.0)).max(0.0))
}

/// How many times the variance of as many independent rows a sum of influences has.
pub fn design_effect(influence: &[f64], cluster: &[u32]) -> Result<f64, Undefined> {
    let own: Vec<u32> = (0..influence.len() as u32).collect();
    let (clustered, single) = (variance_of_sum(influence, cluster)?, variance_of_sum(influence, &own)?);
    if single > 0.0 { finite(clustered / single) } else { Err(Undefined::ZeroVariance) }
}

/// How many independent rows tell as much of a mean of values from 0 to 1 as these do: p (1 − p) over its clustered
/// variance, less by the t quantiles of the clusters' degrees of freedom and never more than there are rows. Korn &
/// Graubard (1998). Where all rows agree on 0 or 1, `pooled` tells how alike rows of a cluster are elsewhere (their
/// intra-cluster correlation).
///
/// # Panics
/// When the slices differ in length.
pub fn effective_size(value: &[f64], cluster: &[u32], pooled: f64, level: f64) -> Result<f64, Undefined> {
    assert_eq!(value.len(), cluster.len(), "a cluster for every row");
    let n = value.len() as f64;
    let sizes = sizes(cluster);
    let clusters = filled(&sizes);
    if clusters < 2.0 {
        return if n == 0.0 { Err(Undefined::Empty) } else { Err(Undefined::TooFewClusters) };
    }
    let mean = value.iter().sum::<f64>() / n;
    if mean == 0.0 || value.iter().all(|value| *value == 1.0) {
        let weighted_size = sizes.iter().map(|size| size * size).sum::<f64>() / n;
        return Ok(n / (1.0 + (weighted_size - 1.0) * pooled.clamp(0.0, 1.0)));
    }
    let squares: f64 = sums(cluster, |row| value[row] - mean).iter().map(|sum| sum * sum).sum();
    if squares == 0.0 {
        return Ok(n);
    }
    let size = mean * (1.0 - mean) * n * n / squares;
    let critical = |df: f64| t_critical(level, df);
    finite((size * (critical(n - 1.0) / critical(clusters - 1.0)).powi(2)).min(n))
}

/// The correlation of two rows of a cluster, from the mean squares between and within clusters (Fisher 1925; Donner &
/// Koval 1980). Undefined where no cluster has two rows, where there is one only, and where rows do not vary.
pub fn intra_correlation(value: &[f64], cluster: &[u32]) -> Result<f64, Undefined> {
    let (n, sizes) = (value.len() as f64, sizes(cluster));
    let clusters = filled(&sizes);
    if clusters < 2.0 {
        return Err(Undefined::TooFewClusters);
    }
    if clusters == n {
        return Err(Undefined::TooFewRows);
    }
    let sums = sums(cluster, |row| value[row]);
    let mean = sums.iter().sum::<f64>() / n;
    let filled = || sizes.iter().zip(&sums).filter(|(size, _)| **size > 0.0);
    let between: f64 = filled().map(|(size, sum)| size * (sum / size - mean).powi(2)).sum();
    let all: f64 = value.iter().map(|value| (value - mean).powi(2)).sum();
    let typical = (n - sizes.iter().map(|size| size * size).sum::<f64>() / n) / (clusters - 1.0);
    let (between, within) = (between / (clusters - 1.0), (all - between).max(0.0) / (n - clusters));
    let total = between + (typical - 1.0) * within;
    if total > 0.0 { finite((between - within) / total) } else { Err(Undefined::ZeroVariance) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_by_themselves_are_worth_what_they_are() {
        let success = [1.0, 0.0, 0.0, 1.0, 0.0];
        let own = [0, 1, 2, 3, 4];
        assert!((effective_size(&success, &own, 0.5, 0.95).unwrap() - 5.0).abs() < 1e-12);
        assert!((design_effect(&[1.0, -2.0, 0.5, 3.0, -2.5], &own).unwrap() - 1.0).abs() < 1e-12);
        assert_eq!(effective_size(&[0.0; 5], &own, 0.5, 0.95), Ok(5.0));
    }

    #[test]
    fn rows_that_are_all_alike_are_worth_their_clusters() {
        let value: Vec<f64> = (0..400).map(|row| f64::from(row / 4 % 3 == 0)).collect();
        let cluster: Vec<u32> = (0..400).map(|row| row / 4).collect();
        assert!((intra_correlation(&value, &cluster).unwrap() - 1.0).abs() < 1e-12);
        let size = effective_size(&value, &cluster, 0.0, 0.95).unwrap();
        // A hundred, less by the quantiles of 99 and of 399 degrees of freedom.
        assert!((size - 100.0 * (1.965_927 / 1.984_217f64).powi(2)).abs() < 1e-3, "{size}");
        // All agree: what others say of clusters stands in.
        assert_eq!(effective_size(&[1.0; 400], &cluster, 1.0, 0.95), Ok(100.0));
    }

    #[test]
    fn one_cluster_has_no_spread() {
        assert_eq!(effective_size(&[1.0, 0.0], &[7, 7], 0.0, 0.95), Err(Undefined::TooFewClusters));
        assert_eq!(variance_of_sum(&[1.0, 2.0], &[0, 0]), Err(Undefined::TooFewClusters));
        assert_eq!(intra_correlation(&[1.0, 2.0], &[0, 1]), Err(Undefined::TooFewRows));
    }
}
