use super::{End, Followed, Moment};

/// What each lead moves of the incidence of conversion at a time, and of the area under it up to there: the derivatives in
/// the leads' weights (infinitesimal jackknife; as `survfit` of R has it with a cluster). Sums by cluster give a
/// variance that holds where leads of a cluster are alike. For leads that all enter at 0.
pub struct IncidenceInfluence {
    pub at: Vec<f64>,
    pub area: Vec<f64>,
}

impl IncidenceInfluence {
    /// Of the incidence at `t`.
    pub fn of(followed: &Followed, t: f64) -> Self {
        let moments: Vec<Moment> = Moment::all(followed).into_iter().filter(|moment| moment.time <= t).collect();
        let steps = Step::all(&moments, t);
        let ((last, area), zero) =
            (steps.last().map_or((0.0, 0.0), |step| (step.incidence, step.area)), Step::default());
        let mut own = Self { at: Vec::new(), area: Vec::new() };
        for (&time, &end) in followed.time.iter().zip(followed.end) {
            let place = moments.partition_point(|moment| moment.time <= time);
            let (until, here) = match place.checked_sub(1) {
                Some(place) => (&steps[place], moments[place].time == time),
                None => (&zero, false),
            };
            // At risk until then: less of a share to each event.
            let mut at = -until.own + last * until.any - until.any_incidence;
            let mut under = -until.own_ahead + until.any_ahead;
            if here && end != End::Censored {
                at -= (last - until.incidence) * until.loss;
                under -= until.ahead(area, t) * until.loss;
            }
            if here && end == End::Converted {
                at += until.gain;
                under += until.gain * (t - time);
            }
            own.at.push(at);
            own.area.push(under);
        }
        own
    }
}

/// Sums over the moments up to one, with F the incidence, S the open share before it, h₁ and h the hazards of conversion and
/// of any end, Y the leads at risk.
#[derive(Clone, Copy, Default)]
struct Step {
    time: f64,
    incidence: f64,
    /// The area under the incidence, of which the part up to this moment; in the last step up to `t`.
    area: f64,
    /// S / Y and 1 / (Y (1 − h)).
    gain: f64,
    loss: f64,
    /// Σ S h₁ / Y and the same times the time ahead.
    own: f64,
    own_ahead: f64,
    /// Σ h / (Y (1 − h)), the same times F, and times the area ahead above F.
    any: f64,
    any_incidence: f64,
    any_ahead: f64,
}

impl Step {
    fn all(moments: &[Moment], t: f64) -> Vec<Self> {
        let (mut open, mut steps) = (1.0, Vec::<Self>::with_capacity(moments.len()));
        for moment in moments {
            let before = steps.last().copied().unwrap_or_default();
            let (own, any) = (moment.converted / moment.at_risk, (moment.converted + moment.lost) / moment.at_risk);
            let mut step = Self { time: moment.time, ..before };
            step.area += before.incidence * (moment.time.max(0.0) - before.time.max(0.0));
            step.incidence += open * own;
            step.gain = open / moment.at_risk;
            // With everybody gone nothing lies ahead.
            step.loss = if any < 1.0 { 1.0 / (moment.at_risk * (1.0 - any)) } else { 0.0 };
            step.own += step.gain * own;
            step.own_ahead += step.gain * own * (t - moment.time);
            step.any += any * step.loss;
            step.any_incidence += any * step.loss * step.incidence;
            open *= 1.0 - any;
            steps.push(step);
        }
        let whole = steps.last().map_or(0.0, |last| last.area + last.incidence * (t - last.time.max(0.0)));
        let mut ahead = 0.0;
        let mut hazard = 0.0;
        for step in &mut steps {
            ahead += (step.any - hazard) * step.ahead(whole, t);
            (step.any_ahead, hazard) = (ahead, step.any);
        }
        if let Some(last) = steps.last_mut() {
            last.area = whole;
        }
        steps
    }

    /// ∫ (F(u) − F) du from this moment to `t`.
    fn ahead(&self, whole: f64, t: f64) -> f64 {
        let until_here = if self.time.max(0.0) >= t { whole } else { self.area.min(whole) };
        whole - until_here - self.incidence * (t - self.time.max(0.0))
    }
}

/// What each lead adds to the observed less the expected conversions of each group, a row a group: the martingale residuals
/// of the log-rank test (Lin & Wei 1989). For leads that all enter at 0.
///
/// # Panics
/// When the slices differ in length.
pub fn log_rank_residuals(followed: &Followed, group: &[usize]) -> Vec<Vec<f64>> {
    assert_eq!(followed.len(), group.len(), "a group for every lead");
    let groups = group.iter().max().map_or(0, |last| last + 1);
    let moments = Moment::all(followed);
    let place = |time: f64| moments.partition_point(|moment| moment.time < time);
    let mut leaving = vec![vec![0.0; groups]; moments.len()];
    let mut at_risk = vec![0.0; groups];
    for (&time, &own) in followed.time.iter().zip(group).filter(|(time, _)| !time.is_nan()) {
        leaving[place(time)][own] += 1.0;
        at_risk[own] += 1.0;
    }
    // Up to each moment: the hazards' sum, and of each group its share at risk and the sum of hazard times share.
    let (mut hazard, mut expected) = (0.0, vec![0.0; groups]);
    let mut sums: Vec<(f64, Vec<f64>, Vec<f64>)> = Vec::with_capacity(moments.len());
    for (moment, left) in moments.iter().zip(&leaving) {
        let share: Vec<f64> = at_risk.iter().map(|own| own / moment.at_risk).collect();
        let step = moment.converted / moment.at_risk;
        hazard += step;
        expected.iter_mut().zip(&share).for_each(|(sum, share)| *sum += step * share);
        sums.push((hazard, share, expected.clone()));
        at_risk.iter_mut().zip(left).for_each(|(own, left)| *own -= left);
    }
    let residual = |g: usize| {
        let of = |row: usize| {
            if followed.time[row].is_nan() {
                return 0.0;
            }
            let (hazard, share, expected) = &sums[place(followed.time[row])];
            let own = f64::from(group[row] == g);
            let event = f64::from(followed.end[row] == End::Converted);
            event * (own - share[g]) - (own * hazard - expected[g])
        };
        (0..followed.len()).map(of).collect()
    };
    (0..groups).map(residual).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Weighting, cumulative_incidence, log_rank};
    use super::*;

    const TIME: [f64; 9] = [1.0, 2.0, 2.0, 3.0, 5.0, 5.0, 6.0, 8.0, 9.0];
    const END: [End; 9] = [
        End::Converted,
        End::Lost,
        End::Converted,
        End::Censored,
        End::Converted,
        End::Lost,
        End::Converted,
        End::Censored,
        End::Converted,
    ];

    #[test]
    fn a_lead_moves_the_incidence_as_its_weight_does() {
        for t in [2.0, 4.5, 6.0, 8.5] {
            let influence = IncidenceInfluence::of(&Followed::new(&TIME, &END), t);
            for row in 0..TIME.len() {
                let moved = |by: f64| {
                    let weight: Vec<f64> = (0..TIME.len()).map(|i| if i == row { 1.0 + by } else { 1.0 }).collect();
                    let curve = cumulative_incidence(&Followed::new(&TIME, &END).weighted(&weight)).unwrap();
                    (curve.at(t).unwrap().value, t - curve.restricted_mean(t).unwrap().point)
                };
                let (up, down) = (moved(1e-5), moved(-1e-5));
                let slope = ((up.0 - down.0) / 2e-5, (up.1 - down.1) / 2e-5);
                assert!((influence.at[row] - slope.0).abs() < 1e-8, "{t} {row}: {} {}", influence.at[row], slope.0);
                assert!((influence.area[row] - slope.1).abs() < 1e-8, "{t} {row}: {} {}", influence.area[row], slope.1);
            }
        }
    }

    #[test]
    fn residuals_add_up_to_observed_less_expected() {
        let group = [0, 1, 0, 1, 2, 1, 2, 0, 1];
        let followed = Followed::new(&TIME, &END);
        let (residuals, test) =
            (log_rank_residuals(&followed, &group), log_rank(&followed, &group, None, Weighting::Equal));
        for (g, residuals) in residuals.iter().enumerate() {
            assert!((residuals.iter().sum::<f64>() - test.difference(g)).abs() < 1e-12);
        }
    }
}
