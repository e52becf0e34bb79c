//! Leads that convert more, or less, than others with the same score.

use crate::result::Misjudged;
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::proportion::{Count, wilson};
use crate::stats::{dist, quantile};

use crate::result::Estimate;

use super::{Candidate, FALSE_DISCOVERIES, LEVEL};

/// Leads with the same score, or with scores in the same of so many parts.
const PARTS: usize = 20;
/// Fewer leads are no segment.
const FEWEST: usize = 50;
/// Wins more or less than expected from which on it is worth telling: a fifth.
const WORTH_TELLING: f64 = 0.2;

/// Parts of the leads that the score judges wrong: more wins, or fewer, than leads with the same score have, by Mantel and
/// Haenszel's test (1959) over parts of equal score, corrected for the number of parts looked at. Of each column the
/// clearest either way; the clearest first.
///
/// # Panics
/// When scores, outcomes and candidates are not of the same leads.
pub fn misjudged(scores: &[f64], converted: &[bool], candidates: &[Candidate]) -> Vec<Misjudged> {
    let strata = Strata::of(scores, converted);
    let found: Vec<Option<Seen>> = candidates.iter().map(|one| strata.seen(&one.holds, converted)).collect();
    let p: Vec<f64> = found.iter().map(|one| one.as_ref().map_or(f64::NAN, |one| dist::normal_p(one.z()))).collect();
    let adjusted = benjamini_hochberg(&p);
    let mut clear: Vec<(usize, &Seen)> = found
        .iter()
        .enumerate()
        .filter_map(|(i, seen)| Some((i, seen.as_ref()?)))
        .filter(|(i, seen)| adjusted[*i] <= FALSE_DISCOVERIES && (seen.ratio() - 1.0).abs() >= WORTH_TELLING)
        .collect();
    clear.sort_by(|a, b| b.1.z().abs().total_cmp(&a.1.z().abs()).then(a.0.cmp(&b.0)));
    let mut told: Vec<(&str, bool)> = Vec::new();
    clear.retain(|(i, seen)| {
        let what = (candidates[*i].reads.as_str(), seen.z() > 0.0);
        let new = !told.contains(&what);
        told.push(what);
        new
    });
    clear.into_iter().map(|(i, seen)| seen.told(&candidates[i], converted.len(), adjusted[i])).collect()
}

/// Leads by score.
struct Strata {
    of: Vec<usize>,
    /// Leads and wins.
    counts: Vec<(f64, f64)>,
}

impl Strata {
    fn of(scores: &[f64], converted: &[bool]) -> Self {
        assert_eq!(scores.len(), converted.len(), "an outcome for every score");
        let mut sorted: Vec<f64> = scores.iter().copied().filter(|score| !score.is_nan()).collect();
        sorted.sort_unstable_by(f64::total_cmp);
        let mut cuts = sorted.clone();
        cuts.dedup();
        if cuts.len() > PARTS {
            cuts = (1..PARTS).map(|part| quantile::sorted(&sorted, part as f64 / PARTS as f64)).collect();
            cuts.dedup();
        }
        let of: Vec<usize> = scores.iter().map(|score| cuts.partition_point(|cut| cut < score)).collect();
        let mut counts = vec![(0.0, 0.0); cuts.len() + 1];
        for (part, won) in of.iter().zip(converted) {
            counts[*part] = (counts[*part].0 + 1.0, counts[*part].1 + f64::from(*won));
        }
        Self { of, counts }
    }

    /// Nothing for too few leads.
    fn seen(&self, holds: &[bool], converted: &[bool]) -> Option<Seen> {
        assert_eq!(holds.len(), self.of.len(), "a value for every lead");
        let mut within = vec![0.0; self.counts.len()];
        let mut wins = 0.0;
        for row in (0..holds.len()).filter(|&row| holds[row]) {
            within[self.of[row]] += 1.0;
            wins += f64::from(converted[row]);
        }
        let leads: f64 = within.iter().sum();
        if (leads as usize) < FEWEST {
            return None;
        }
        let (mut expected, mut variance) = (0.0, 0.0);
        for (part, (all, won)) in within.iter().zip(&self.counts).filter(|(_, (all, _))| *all > 1.0) {
            let rate = won / all;
            expected += part * rate;
            variance += part * (all - part) / (all - 1.0) * rate * (1.0 - rate);
        }
        (variance > 0.0 && expected > 0.0).then_some(Seen { leads, wins, expected, variance })
    }
}

/// Wins of a part of the leads, and those of as many others with their scores.
struct Seen {
    leads: f64,
    wins: f64,
    expected: f64,
    variance: f64,
}

impl Seen {
    fn z(&self) -> f64 {
        (self.wins - self.expected) / self.variance.sqrt()
    }

    fn ratio(&self) -> f64 {
        self.wins / self.expected
    }

    fn told(&self, candidate: &Candidate, all: usize, p_adjusted: f64) -> Misjudged {
        let count = Count::new(self.wins, self.leads);
        Misjudged {
            name: candidate.criterion.name.clone(),
            reads: candidate.reads.clone(),
            undervalued: self.wins > self.expected,
            share: (self.leads / all as f64).into(),
            rate: Estimate::with(count.rate(), wilson(count.successes, count.n, LEVEL)),
            expected: (self.expected / self.leads).into(),
            p_adjusted: p_adjusted.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::spec::Criterion;
    use crate::result::MissedKind;
    use crate::stats::random::Seed;

    fn candidate(name: &str, holds: Vec<bool>) -> Candidate {
        let criterion = Criterion { name: name.into(), ..Criterion::default() };
        Candidate { kind: MissedKind::Column, reads: name.into(), criterion, holds }
    }

    #[test]
    fn who_converts_more_than_others_with_the_score_is_undervalued() {
        let chance = |row: usize, of: f64| Seed(3).replicate(row as u64).chance(of);
        let scores: Vec<f64> = (0..6_000).map(|row| f64::from(row as u32 % 4)).collect();
        let partner: Vec<bool> = (0..6_000).map(|row| row % 10 == 0).collect();
        // High scores, and as many wins as these promise: nothing to tell.
        let large: Vec<bool> = scores.iter().map(|score| *score > 2.0).collect();
        let converted: Vec<bool> = (0..6_000)
            .map(|row| chance(row, 0.05 + 0.05 * scores[row] + if partner[row] { 0.15 } else { 0.0 }))
            .collect();
        let found = misjudged(&scores, &converted, &[candidate("partner", partner), candidate("large", large)]);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].name == "partner" && found[0].undervalued);
        assert!(found[0].expected.finite().unwrap() < found[0].rate.low.finite().unwrap());
    }

    #[test]
    fn few_leads_are_no_segment() {
        let scores = vec![1.0; 400];
        let converted: Vec<bool> = (0..400).map(|row| row < 40).collect();
        assert_eq!(misjudged(&scores, &converted, &[candidate("few", converted.clone())]), []);
    }
}
