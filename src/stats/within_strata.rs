//! Areas under the ROC curve that compare a lead with leads of its own stratum alone, as where each stratum's scores are of
//! another fit.

use super::Undefined;
use super::discrimination::{AucComparison, AucVariance, PairedScores, placements};

/// For every lead, how many leads of the other class in its stratum its score puts on its right side; ties count half.
/// Strata are numbered from 0. Leads of a stratum with one class only have none.
///
/// # Panics
/// When the slices differ in length.
pub fn placements_within(score: &[f64], converted: &[bool], stratum: &[u32]) -> Vec<f64> {
    assert!(score.len() == converted.len() && score.len() == stratum.len(), "a score and a stratum for every lead");
    let mut placed = vec![0.0; score.len()];
    for rows in members(stratum) {
        let scores: Vec<f64> = rows.iter().map(|&row| score[row]).collect();
        let won: Vec<bool> = rows.iter().map(|&row| converted[row]).collect();
        let own = placements(&scores, &won).unwrap_or_else(|_| vec![0.0; rows.len()]);
        rows.iter().zip(own).for_each(|(&row, own)| placed[row] = own);
    }
    placed
}

/// The rows of each stratum.
fn members(stratum: &[u32]) -> Vec<Vec<usize>> {
    let mut members = vec![Vec::new(); stratum.iter().max().map_or(0, |&last| last as usize + 1)];
    stratum.iter().enumerate().for_each(|(row, &stratum)| members[stratum as usize].push(row));
    members
}

/// Compares two scores by [`placements_within`], over all pairs of a converted lead and another one of the same stratum: each
/// stratum counts by its pairs. DeLong, DeLong & Clarke-Pearson (1988) in each stratum; of clustered leads, whose clusters may
/// reach over strata, Obuchowski (1997) with the means of each stratum. A class of one lead in its stratum deviates from the
/// area over all strata. Weights are not read.
///
/// # Panics
/// When the slices differ in length.
pub fn delong_within(placed: PairedScores, stratum: &[u32]) -> Result<AucComparison, Undefined> {
    let PairedScores { a, b, converted, .. } = placed;
    assert!(a.len() == b.len() && a.len() == converted.len() && a.len() == stratum.len(), "a stratum for every lead");
    if a.is_empty() {
        return Err(Undefined::Empty);
    }
    let strata: Vec<[Vec<usize>; 2]> = members(stratum)
        .into_iter()
        .map(|rows| [true, false].map(|class| rows.iter().copied().filter(|&row| converted[row] == class).collect()))
        .collect();
    let strata: Vec<_> = strata.into_iter().filter(|[won, other]| !won.is_empty() && !other.is_empty()).collect();
    let pairs: f64 = strata.iter().map(|[won, other]| won.len() as f64 * other.len() as f64).sum();
    if pairs == 0.0 {
        return Err(Undefined::OneClass);
    }
    let found = |score: &[f64]| strata.iter().flat_map(|[won, _]| won).map(|&row| score[row]).sum::<f64>() / pairs;
    let (auc_a, auc_b) = (found(a), found(b));
    let parts = [true, false].map(|class| {
        let place = usize::from(!class);
        move |strata: &[[Vec<usize>; 2]]| {
            strata.iter().map(|both| (both[place].clone(), both[1 - place].len() as f64)).collect::<Vec<_>>()
        }
    });
    let spread = Spread {
        classes: parts.map(|parts| parts(&strata)),
        cluster: placed.cluster,
        pairs,
        strata: strata.len() as f64,
    };
    let enough = spread.shows();
    let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let variance = enough.map(|()| AucVariance {
        a: spread.covariance((a, auc_a), (a, auc_a)),
        b: spread.covariance((b, auc_b), (b, auc_b)),
        covariance: spread.covariance((a, auc_a), (b, auc_b)),
        // A difference of placements is exact, so that equal orders have no variance at all.
        difference: spread.covariance((&difference, auc_b - auc_a), (&difference, auc_b - auc_a)),
    });
    Ok(AucComparison { auc_a, auc_b, difference: auc_b - auc_a, variance })
}

/// Leads by class and stratum.
struct Spread<'a> {
    /// Of the converted and of the others, for each stratum: the rows, and how many of the other class there are.
    classes: [Vec<(Vec<usize>, f64)>; 2],
    cluster: Option<&'a [u32]>,
    pairs: f64,
    strata: f64,
}

impl Spread<'_> {
    fn rows(&self, class: usize) -> impl Iterator<Item = usize> + '_ {
        self.classes[class].iter().flat_map(|(rows, _)| rows.iter().copied())
    }

    fn shows(&self) -> Result<(), Undefined> {
        let several = |class: usize| match self.cluster {
            None => self.rows(class).nth(1).is_some(),
            Some(cluster) => {
                let first = self.rows(class).next().map(|row| cluster[row]);
                self.rows(class).any(|row| Some(cluster[row]) != first)
            }
        };
        match (several(0) && several(1), self.cluster.is_some()) {
            (true, _) => Ok(()),
            (false, true) => Err(Undefined::TooFewClusters),
            (false, false) => Err(Undefined::TooFewRows),
        }
    }

    /// Of two areas, each with the placements that it is the mean of.
    fn covariance(&self, one: (&[f64], f64), other: (&[f64], f64)) -> f64 {
        match self.cluster {
            None => [0, 1].map(|class| self.of_leads(class, one, other)).iter().sum(),
            Some(cluster) => self.of_clusters(cluster, one, other),
        }
    }

    /// By how much a lead moves an area: its deviation from the mean of its class and stratum.
    fn moves(&self, class: usize, (placed, area): (&[f64], f64)) -> Vec<Vec<f64>> {
        let of = |(rows, opposite): &(Vec<usize>, f64)| {
            let alone = rows.len() == 1;
            let mean = rows.iter().map(|&row| placed[row]).sum::<f64>() / rows.len() as f64;
            let middle = if alone { area * opposite } else { mean };
            rows.iter().map(|&row| (placed[row] - middle) / self.pairs).collect()
        };
        self.classes[class].iter().map(of).collect()
    }

    fn of_leads(&self, class: usize, one: (&[f64], f64), other: (&[f64], f64)) -> f64 {
        let (one, other) = (self.moves(class, one), self.moves(class, other));
        let stratum = |(one, other): (&Vec<f64>, &Vec<f64>)| {
            let n = one.len() as f64;
            let products = one.iter().zip(other).map(|(one, other)| one * other).sum::<f64>();
            if n > 1.0 { n / (n - 1.0) * products } else { products }
        };
        one.iter().zip(&other).map(stratum).sum()
    }

    fn of_clusters(&self, cluster: &[u32], one: (&[f64], f64), other: (&[f64], f64)) -> f64 {
        let clusters = cluster.iter().max().map_or(0, |&last| last as usize + 1);
        let sums = |class: usize, of: (&[f64], f64)| {
            let mut sums = vec![0.0; clusters];
            let moves = self.moves(class, of);
            let moved = self.rows(class).zip(moves.iter().flatten());
            moved.for_each(|(row, moved)| sums[cluster[row] as usize] += moved);
            sums
        };
        let mut seen = [vec![false; clusters], vec![false; clusters]];
        for class in [0, 1] {
            self.rows(class).for_each(|row| seen[class][cluster[row] as usize] = true);
        }
        let count = |holds: &dyn Fn(usize) -> bool| (0..clusters).filter(|&one| holds(one)).count() as f64;
        let correction = |clusters: f64| clusters / (clusters - self.strata).max(1.0);
        let product = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
        let ([won, rest], [won_too, rest_too]) = ([sums(0, one), sums(1, one)], [sums(0, other), sums(1, other)]);
        correction(count(&|one| seen[0][one])) * product(&won, &won_too)
            + correction(count(&|one| seen[1][one])) * product(&rest, &rest_too)
            + correction(count(&|one| seen[0][one] || seen[1][one]))
                * (product(&won, &rest_too) + product(&rest, &won_too))
    }
}

#[cfg(test)]
mod tests {
    use super::super::discrimination::{delong_paired, delong_placed};
    use super::super::random::Seed;
    use super::*;

    struct Made {
        a: Vec<f64>,
        b: Vec<f64>,
        converted: Vec<bool>,
    }

    fn made(leads: usize, seed: u64) -> Made {
        let mut stream = Seed(seed).replicate(0);
        let truth: Vec<f64> = (0..leads).map(|_| stream.uniform()).collect();
        let mut noisy = |noise: f64| truth.iter().map(|x| ((x + noise * stream.uniform()) * 20.0).floor()).collect();
        let (a, b) = (noisy(1.0), noisy(2.0));
        let converted = truth.iter().map(|x| stream.chance(0.1 + 0.4 * x)).collect();
        Made { a, b, converted }
    }

    fn of<'a>(made: &'a Made, cluster: Option<&'a [u32]>) -> PairedScores<'a> {
        PairedScores { a: &made.a, b: &made.b, converted: &made.converted, weight: None, cluster }
    }

    fn within(made: &Made, stratum: &[u32], cluster: Option<&[u32]>) -> AucComparison {
        let (a, b) = (
            placements_within(&made.a, &made.converted, stratum),
            placements_within(&made.b, &made.converted, stratum),
        );
        delong_within(PairedScores { a: &a, b: &b, ..of(made, cluster) }, stratum).unwrap()
    }

    fn near(ours: AucComparison, theirs: AucComparison) {
        let (own, other) = (ours.variance.unwrap(), theirs.variance.unwrap());
        let pairs = [
            (ours.auc_a, theirs.auc_a),
            (ours.auc_b, theirs.auc_b),
            (own.a, other.a),
            (own.b, other.b),
            (own.covariance, other.covariance),
            (own.difference, other.difference),
        ];
        pairs.iter().for_each(|(own, other)| assert!((own - other).abs() < 1e-12, "{own} {other}"));
    }

    #[test]
    fn one_stratum_is_no_stratum() {
        let made = made(300, 1);
        near(within(&made, &[0; 300], None), delong_paired(of(&made, None)).unwrap());
        let cluster: Vec<u32> = (0..300).map(|row| row / 4).collect();
        near(within(&made, &[0; 300], Some(&cluster)), delong_paired(of(&made, Some(&cluster))).unwrap());
    }

    /// Each stratum apart, by its share of the pairs.
    #[test]
    fn strata_count_by_their_pairs() {
        let made = made(300, 2);
        let stratum: Vec<u32> = (0..300).map(|row| u32::from(row >= 100) + u32::from(row >= 180)).collect();
        let (mut auc, mut variance, mut pairs) = (0.0, 0.0, 0.0);
        for wanted in 0..3 {
            let rows: Vec<usize> = (0..300).filter(|&row| stratum[row] == wanted).collect();
            let take = |scores: &[f64]| rows.iter().map(|&row| scores[row]).collect::<Vec<f64>>();
            let won: Vec<bool> = rows.iter().map(|&row| made.converted[row]).collect();
            let (a, b) = (take(&made.a), take(&made.b));
            let own =
                delong_paired(PairedScores { a: &a, b: &b, converted: &won, weight: None, cluster: None }).unwrap();
            let wins = won.iter().filter(|won| **won).count();
            let size = (wins * (won.len() - wins)) as f64;
            auc += size * own.difference;
            variance += size * size * own.variance.unwrap().difference;
            pairs += size;
        }
        let ours = within(&made, &stratum, None);
        assert!((ours.difference - auc / pairs).abs() < 1e-12);
        assert!((ours.variance.unwrap().difference - variance / pairs / pairs).abs() < 1e-15);
        // Clusters of one lead each are leads, but for the loss of a mean in each stratum.
        let alone: Vec<u32> = (0..300).collect();
        let by_cluster = within(&made, &stratum, Some(&alone)).variance.unwrap().difference;
        assert!((by_cluster / ours.variance.unwrap().difference - 1.0).abs() < 0.02);
    }

    /// A score that is moved as a whole in one stratum orders leads within strata as before.
    #[test]
    fn what_moves_a_stratum_moves_nothing() {
        let mut made = made(200, 3);
        let stratum: Vec<u32> = (0..200).map(|row| row % 2).collect();
        let before = within(&made, &stratum, None);
        made.b.iter_mut().zip(&stratum).for_each(|(score, &stratum)| *score += 100.0 * f64::from(stratum));
        near(within(&made, &stratum, None), before);
    }

    #[test]
    fn a_win_alone_in_its_stratum_has_a_spread() {
        let placed = [1.0, 0.0, 2.0, 1.5, 0.5, 1.0, 0.0];
        let converted = [true, false, true, true, false, false, false];
        let stratum = [0, 0, 1, 1, 1, 1, 1];
        let own = delong_within(
            PairedScores { a: &placed, b: &placed, converted: &converted, weight: None, cluster: None },
            &stratum,
        )
        .unwrap();
        assert!((own.auc_a - (1.0 + 2.0 + 1.5) / 7.0).abs() < 1e-12);
        assert!(own.variance.unwrap().a > 0.0 && own.variance.unwrap().difference == 0.0);
        let none =
            PairedScores { a: &placed[..2], b: &placed[..2], converted: &[true, true], weight: None, cluster: None };
        assert_eq!(delong_within(none, &[0, 1]).err(), Some(Undefined::OneClass));
        assert_eq!(delong_placed(none).err(), Some(Undefined::OneClass));
    }
}
