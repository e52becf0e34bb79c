use super::curve::exhausts;
use super::timeline::{Instant, Timeline};
use super::{ChiSquare, End, Followed};
use crate::stats::Undefined;
use crate::stats::linear::Matrix;

/// Gray's (1988) k-sample test that the cumulative incidences of an end are equal; the groups are numbered from 0.
/// Unlike the log-rank test it compares what share comes to that end, losses and all, not the rate among those still
/// open. Within `strata`, when given, the sums are added. Undefined without such ends, with one group, or when the
/// groups are never at risk together.
///
/// # Panics
/// When the slices differ in length.
pub fn gray_test(
    followed: &Followed,
    group: &[usize],
    strata: Option<&[usize]>,
    end: End,
) -> Result<ChiSquare, Undefined> {
    assert_eq!(followed.len(), group.len(), "a group for every lead");
    let timelines = strata.map_or_else(|| vec![Timeline::of(followed)], |strata| Timeline::by(followed, strata));
    let groups = group.iter().max().map_or(0, |last| last + 1);
    let (mut score, mut covariance) = (vec![0.0; groups], Matrix::zeros(groups, groups));
    for timeline in &timelines {
        let mut walk = Walk::new(timeline, group, groups, end);
        timeline.forwards().for_each(|instant| walk.step(&instant, group));
        walk.finish(&mut score, &mut covariance);
    }
    compare(&score, &covariance, &present(&timelines, group, groups, end)?)
}

/// The groups that have leads.
fn present(timelines: &[Timeline], group: &[usize], groups: usize, end: End) -> Result<Vec<usize>, Undefined> {
    let mut seen = vec![false; groups];
    let mut any = false;
    for exit in timelines.iter().flat_map(Timeline::exits) {
        seen[group[exit.row()]] = true;
        any |= exit.end == end;
    }
    let present: Vec<usize> = (0..groups).filter(|&g| seen[g]).collect();
    match present.len() {
        _ if !any => Err(Undefined::NoEvents),
        0 | 1 => Err(Undefined::OneGroup),
        _ => Ok(present),
    }
}

fn compare(score: &[f64], covariance: &Matrix, groups: &[usize]) -> Result<ChiSquare, Undefined> {
    let free = &groups[1..];
    let matrix = Matrix::from_fn(free.len(), free.len(), |i, j| covariance[(free[i], free[j])]);
    let score: Vec<f64> = free.iter().map(|&g| score[g]).collect();
    let solved = matrix.solve_spd(&score).map_err(|_| Undefined::ZeroVariance)?;
    Ok(ChiSquare::new(score.iter().zip(solved).map(|(u, s)| u * s).sum(), free.len() as f64))
}

/// One group on its way through time, by its own curves just before the present.
#[derive(Clone)]
struct Group {
    size: f64,
    at_risk: f64,
    /// The share with neither end.
    open: f64,
    incidence: f64,
    /// Ends now: the one in question, and the other.
    own: f64,
    other: f64,
    /// Σ a dΛ for each group's score (the paper's c), Λ the pooled hazard of the incidence.
    drift: Vec<f64>,
    /// Σ w x x', Σ w t x and Σ w t², from which Σ w (x + t c)(x + t c)' follows once the final drift c is known.
    squares: Matrix,
    slope: Vec<f64>,
    scale: f64,
}

impl Group {
    fn new(groups: usize) -> Self {
        let drift = vec![0.0; groups];
        Self {
            size: 0.0,
            at_risk: 0.0,
            open: 1.0,
            incidence: 0.0,
            own: 0.0,
            other: 0.0,
            slope: drift.clone(),
            drift,
            squares: Matrix::zeros(groups, groups),
            scale: 0.0,
        }
    }

    fn is_present(&self) -> bool {
        // Sums of fractional weights leave dust behind.
        self.at_risk > 1e-12 * self.size && self.open > 0.0
    }

    /// Leads of this group at risk per share still open.
    fn mass(&self) -> f64 {
        if self.is_present() { self.at_risk / self.open } else { 0.0 }
    }

    /// The share neither converted nor lost just after the present.
    fn open_after(&self) -> f64 {
        let ends = self.own + self.other;
        if exhausts(ends, self.at_risk) { 0.0 } else { self.open * (1.0 - ends / self.at_risk) }
    }

    fn add(&mut self, jump: &[f64], along_drift: f64, weight: f64) {
        let x: Vec<f64> = jump.iter().zip(&self.drift).map(|(a, c)| a - along_drift * c).collect();
        for i in 0..x.len() {
            self.slope[i] += weight * along_drift * x[i];
            for j in 0..x.len() {
                self.squares[(i, j)] += weight * x[i] * x[j];
            }
        }
        self.scale += weight * along_drift * along_drift;
    }

    fn covariance(&self, i: usize, j: usize) -> f64 {
        let c = &self.drift;
        self.squares[(i, j)] + c[i] * self.slope[j] + c[j] * self.slope[i] + c[i] * c[j] * self.scale
    }
}

struct Walk {
    groups: Vec<Group>,
    score: Vec<f64>,
    /// The incidence of all groups together, under the hypothesis that it is one.
    pooled: f64,
    end: End,
}

impl Walk {
    fn new(timeline: &Timeline, group: &[usize], groups: usize, end: End) -> Self {
        let mut walk = Self { groups: vec![Group::new(groups); groups], score: vec![0.0; groups], pooled: 0.0, end };
        for exit in timeline.exits() {
            let of = &mut walk.groups[group[exit.row()]];
            of.size += exit.weight;
            of.at_risk += exit.weight;
        }
        for entry in timeline.entries() {
            walk.groups[group[entry.row()]].at_risk -= entry.weight;
        }
        walk
    }

    fn step(&mut self, instant: &Instant, group: &[usize]) {
        for entry in instant.entries {
            self.groups[group[entry.row()]].at_risk += entry.weight;
        }
        for exit in instant.exits {
            let of = &mut self.groups[group[exit.row()]];
            match exit.end {
                End::Censored => {}
                end if end == self.end => of.own += exit.weight,
                _ => of.other += exit.weight,
            }
        }
        self.add_moment();
        self.advance();
        for exit in instant.exits {
            self.groups[group[exit.row()]].at_risk -= exit.weight;
        }
    }

    fn add_moment(&mut self) {
        let own: f64 = self.groups.iter().map(|group| group.own).sum();
        let mass: f64 = self.groups.iter().map(Group::mass).sum();
        let pooled = if own > 0.0 { self.pooled + own / mass } else { self.pooled };
        if own > 0.0 {
            self.add_scores(own);
            self.add_own(own, mass, pooled);
        }
        self.add_other(pooled);
        self.pooled = pooled;
    }

    /// Observed less expected, each group's leads weighted as at risk of the incidence.
    fn add_scores(&mut self, own: f64) {
        let exposure = |group: &Group| group.mass() * (1.0 - group.incidence);
        let all: f64 = self.groups.iter().map(exposure).sum();
        for (score, group) in self.score.iter_mut().zip(&self.groups) {
            *score += group.own - own * exposure(group) / all;
        }
    }

    fn add_own(&mut self, own: f64, mass: f64, pooled: f64) {
        let masses: Vec<f64> = self.groups.iter().map(Group::mass).collect();
        let hazard = own / (mass * (1.0 - self.pooled));
        for (k, group) in self.groups.iter_mut().enumerate().filter(|(_, group)| group.is_present()) {
            let column = |i: usize| masses[i] * (f64::from(i == k) - masses[k] / mass);
            let jump: Vec<f64> = (0..masses.len()).map(column).collect();
            for (drift, a) in group.drift.iter_mut().zip(&jump) {
                *drift += a * hazard;
            }
            let after = group.open_after();
            let along = if after > 0.0 { 1.0 - (1.0 - pooled) / after } else { 1.0 };
            let ties = if own > 1.0 { 1.0 - (own - 1.0) / (mass * group.open - 1.0) } else { 1.0 };
            group.add(&jump, along, ties * group.open * own / (mass * group.at_risk));
        }
    }

    fn add_other(&mut self, pooled: f64) {
        for group in &mut self.groups {
            let after = group.open_after();
            if group.other > 0.0 && after > 0.0 {
                let (d, n) = (group.other, group.at_risk);
                let ties = if d > 1.0 { 1.0 - (d - 1.0) / (n - 1.0) } else { 1.0 };
                let none = vec![0.0; group.drift.len()];
                group.add(&none, (1.0 - pooled) / after, ties * group.open * group.open * d / (n * n));
            }
        }
    }

    fn advance(&mut self) {
        for group in self.groups.iter_mut().filter(|group| group.own + group.other > 0.0) {
            group.incidence += group.open * group.own / group.at_risk;
            group.open = group.open_after();
            (group.own, group.other) = (0.0, 0.0);
        }
    }

    fn finish(&self, score: &mut [f64], covariance: &mut Matrix) {
        for i in 0..score.len() {
            score[i] += self.score[i];
            for j in 0..score.len() {
                covariance[(i, j)] += self.groups.iter().map(|group| group.covariance(i, j)).sum::<f64>();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_such_ends_or_with_one_group_there_is_no_test() {
        let end = [End::Converted, End::Censored, End::Converted];
        let followed = Followed::new(&[1.0, 2.0, 3.0], &end);
        assert_eq!(gray_test(&followed, &[0, 1, 1], None, End::Lost), Err(Undefined::NoEvents));
        assert_eq!(gray_test(&followed, &[1, 1, 1], None, End::Converted), Err(Undefined::OneGroup));
        assert_eq!(gray_test(&Followed::new(&[], &[]), &[], None, End::Converted), Err(Undefined::NoEvents));
    }

    #[test]
    fn losses_hide_from_the_log_rank_test_what_grays_test_sees() {
        // Group 1 loses half of its leads early and converts the rest at the rate of group 0.
        let (mut time, mut end, mut group) = (Vec::new(), Vec::new(), Vec::new());
        for i in 0..200 {
            let lost = i % 4 == 1;
            time.push(if lost { 0.5 } else { 1.0 + f64::from(i / 4) });
            end.push(if lost { End::Lost } else { End::Converted });
            group.push(usize::from(i % 2 == 1));
        }
        let followed = Followed::new(&time, &end);
        let cause_specific = super::super::log_rank(&followed, &group, None, Default::default()).test().unwrap();
        assert!(cause_specific.p > 0.9);
        assert!(gray_test(&followed, &group, None, End::Converted).unwrap().p < 1e-6);
    }
}
