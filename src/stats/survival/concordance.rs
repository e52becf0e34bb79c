use super::timeline::{Instant, Passage, Timeline};
use super::{Censoring, End, Followed};
use crate::stats::Undefined;

/// Comparable pairs of leads, by whether the one that converted first had the higher score.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Concordance {
    pub concordant: f64,
    pub discordant: f64,
    /// Pairs of equal scores.
    pub tied: f64,
}

impl Concordance {
    /// The share of concordant pairs, equal scores counting one half: 1/2 is chance, 1 perfect order.
    /// Undefined without comparable pairs.
    pub fn index(&self) -> Result<f64, Undefined> {
        let pairs = self.concordant + self.discordant + self.tied;
        if !pairs.is_finite() {
            return Err(Undefined::Exhausted);
        }
        if pairs > 0.0 { Ok((self.concordant + 0.5 * self.tied) / pairs) } else { Err(Undefined::NoEvents) }
    }

    fn add(&mut self, other: Self, times: f64) {
        self.concordant += times * other.concordant;
        self.discordant += times * other.discordant;
        self.tied += times * other.tied;
    }
}

/// Harrell's pairs (Harrell et al. 1982): a lead that converts is compared with those still followed, those censored
/// at the same time, and those lost at any time, who never convert (Wolbers et al. 2009). Two conversions at the same
/// time are not compared. Leads without a score (NaN) are left out.
///
/// # Panics
/// When the slices differ in length.
pub fn harrell(followed: &Followed, score: &[f64]) -> Concordance {
    count(followed, score, f64::INFINITY, |_| 1.0)
}

/// Uno's C (Uno et al. 2011): Harrell's index over conversions before `tau`, each pair weighted by the inverse chance
/// that censoring let it be seen, so that it does not depend on how long leads were followed.
/// Undefined without comparable pairs.
///
/// # Panics
/// When the slices differ in length.
pub fn uno(followed: &Followed, score: &[f64], tau: f64) -> Result<f64, Undefined> {
    let (_, before) = Censoring::before_each(followed);
    count(followed, score, tau, |row| 1.0 / before[row]).index()
}

/// Pairs of conversions before `tau`, in one walk back in time over a tree of the scores met so far. `inverse` is one
/// over the chance that a row was not censored before its time.
fn count(followed: &Followed, score: &[f64], tau: f64, inverse: impl Fn(usize) -> f64) -> Concordance {
    assert_eq!(followed.len(), score.len(), "a score for every lead");
    let scored: Vec<f64> = (0..score.len())
        .map(|row| if score[row].is_nan() { 0.0 } else { followed.weight.map_or(1.0, |weight| weight[row]) })
        .collect();
    let timeline = Timeline::of(&Followed { weight: Some(&scored), ..*followed });
    let mut walk = Walk::new(&timeline, score, inverse);
    let mut pairs = Concordance::default();
    for instant in timeline.backwards() {
        walk.join(&instant);
        if instant.time < tau {
            walk.compare(&instant, &mut pairs);
        }
        walk.join_converted(&instant);
    }
    pairs
}

struct Walk<F> {
    rank: Vec<u32>,
    /// Leads followed beyond the time the walk has come to.
    later: Ranks,
    /// Leads lost before it, by the inverse chance of seeing that.
    lost: Ranks,
    inverse: F,
}

impl<F: Fn(usize) -> f64> Walk<F> {
    fn new(timeline: &Timeline, score: &[f64], inverse: F) -> Self {
        let (rank, ranks) = ranked(score);
        let mut walk = Self { rank, later: Ranks::new(ranks), lost: Ranks::new(ranks), inverse };
        for exit in timeline.exits().iter().filter(|exit| exit.end == End::Lost) {
            walk.lost.add(walk.rank[exit.row()], exit.weight * (walk.inverse)(exit.row()));
        }
        walk
    }

    fn join(&mut self, instant: &Instant) {
        for exit in instant.exits.iter().filter(|exit| exit.end != End::Converted) {
            self.later.add(self.rank[exit.row()], exit.weight);
            if exit.end == End::Lost {
                self.lost.add(self.rank[exit.row()], -exit.weight * (self.inverse)(exit.row()));
            }
        }
        for entry in instant.entries {
            self.later.add(self.rank[entry.row()], -entry.weight);
        }
    }

    fn join_converted(&mut self, instant: &Instant) {
        for exit in converted(instant) {
            self.later.add(self.rank[exit.row()], exit.weight);
        }
    }

    fn compare(&self, instant: &Instant, pairs: &mut Concordance) {
        for exit in converted(instant) {
            let (rank, inverse) = (self.rank[exit.row()], (self.inverse)(exit.row()));
            pairs.add(self.later.against(rank), exit.weight * inverse * inverse);
            pairs.add(self.lost.against(rank), exit.weight * inverse);
        }
    }
}

fn converted<'a>(instant: &Instant<'a>) -> impl Iterator<Item = &'a Passage> {
    instant.exits.iter().filter(|exit| exit.end == End::Converted)
}

/// The rank of every score among the distinct ones, and how many those are.
fn ranked(score: &[f64]) -> (Vec<u32>, usize) {
    let mut order: Vec<u32> = (0..score.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| score[a as usize].total_cmp(&score[b as usize]));
    let mut rank = vec![0; score.len()];
    let mut last = 0;
    for pair in 1..order.len() {
        let (before, now) = (order[pair - 1] as usize, order[pair] as usize);
        last += u32::from(score[before] != score[now]);
        rank[now] = last;
    }
    (rank, last as usize + 1)
}

/// Weights by rank whose partial sums are cheap (Fenwick 1994).
struct Ranks {
    tree: Vec<f64>,
    at: Vec<f64>,
    total: f64,
}

impl Ranks {
    fn new(ranks: usize) -> Self {
        Self { tree: vec![0.0; ranks + 1], at: vec![0.0; ranks], total: 0.0 }
    }

    fn add(&mut self, rank: u32, weight: f64) {
        self.total += weight;
        self.at[rank as usize] += weight;
        let mut node = rank as usize + 1;
        while node < self.tree.len() {
            self.tree[node] += weight;
            node += node & node.wrapping_neg();
        }
    }

    fn below(&self, rank: u32) -> f64 {
        let (mut node, mut sum) = (rank as usize, 0.0);
        while node > 0 {
            sum += self.tree[node];
            node &= node - 1;
        }
        sum
    }

    /// The pairs of a converted lead of this rank with all leads here.
    fn against(&self, rank: u32) -> Concordance {
        let (concordant, tied) = (self.below(rank), self.at[rank as usize]);
        Concordance { concordant, tied, discordant: self.total - concordant - tied }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: End = End::Converted;
    const O: End = End::Censored;

    #[test]
    fn equal_scores_count_one_half() {
        let pairs = harrell(&Followed::new(&[1.0, 2.0], &[C, C]), &[5.0, 5.0]);
        assert_eq!((pairs.tied, pairs.index()), (1.0, Ok(0.5)));
    }

    #[test]
    fn conversions_at_the_same_time_are_not_compared() {
        assert_eq!(harrell(&Followed::new(&[1.0, 1.0], &[C, C]), &[5.0, 6.0]).index(), Err(Undefined::NoEvents));
        assert_eq!(harrell(&Followed::new(&[1.0, 1.0], &[C, O]), &[5.0, 6.0]).index(), Ok(0.0));
    }

    #[test]
    fn a_lost_lead_should_have_scored_below_any_that_converts() {
        let pairs = harrell(&Followed::new(&[1.0, 2.0], &[End::Lost, C]), &[1.0, 2.0]);
        assert_eq!(pairs.concordant, 1.0);
    }

    #[test]
    fn a_lead_without_a_score_is_left_out() {
        let pairs = harrell(&Followed::new(&[1.0, 2.0, 3.0], &[C, C, O]), &[3.0, f64::NAN, 1.0]);
        assert_eq!(pairs, Concordance { concordant: 1.0, discordant: 0.0, tied: 0.0 });
    }
}
