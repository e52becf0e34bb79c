//! Relations that hold for every set of leads.

use proptest::prelude::*;

use super::*;
use crate::stats::{Sample, Undefined};

/// Leads as columns, with ties in time and score.
#[derive(Clone, Debug)]
struct Leads {
    time: Vec<f64>,
    end: Vec<End>,
    score: Vec<f64>,
    group: Vec<usize>,
    weight: Vec<f64>,
}

impl Leads {
    fn followed(&self) -> Followed<'_> {
        Followed::new(&self.time, &self.end)
    }

    fn weighted(&self) -> Followed<'_> {
        self.followed().weighted(&self.weight)
    }

    /// Every lead as often as its weight says.
    fn repeated(&self) -> Self {
        fn repeat<T: Copy>(values: &[T], weight: &[f64]) -> Vec<T> {
            values.iter().zip(weight).flat_map(|(value, w)| std::iter::repeat_n(*value, *w as usize)).collect()
        }
        Self {
            time: repeat(&self.time, &self.weight),
            end: repeat(&self.end, &self.weight),
            score: repeat(&self.score, &self.weight),
            group: repeat(&self.group, &self.weight),
            weight: repeat(&self.weight, &self.weight),
        }
    }

    /// The same leads with the losses taken as censorings.
    fn without_losses(&self) -> Self {
        let end = |end: &End| if *end == End::Lost { End::Censored } else { *end };
        Self { end: self.end.iter().map(end).collect(), ..self.clone() }
    }

    /// The same leads, each followed to its conversion.
    fn all_converted(&self) -> Self {
        Self { end: vec![End::Converted; self.end.len()], ..self.clone() }
    }
}

fn leads() -> impl Strategy<Value = Leads> {
    let end = prop_oneof![Just(End::Censored), Just(End::Converted), Just(End::Converted), Just(End::Lost)];
    let lead = (1..15u8, end, -4..5i8, 0..3usize, 1..4u8);
    prop::collection::vec(lead, 1..40).prop_map(|rows| Leads {
        time: rows.iter().map(|row| f64::from(row.0)).collect(),
        end: rows.iter().map(|row| row.1).collect(),
        score: rows.iter().map(|row| f64::from(row.2)).collect(),
        group: rows.iter().map(|row| row.3).collect(),
        weight: rows.iter().map(|row| f64::from(row.4)).collect(),
    })
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

fn agree(a: Result<f64, Undefined>, b: Result<f64, Undefined>) -> bool {
    match (a, b) {
        (Ok(a), Ok(b)) => near(a, b),
        (a, b) => a == b,
    }
}

fn same(a: &Curve, b: &Curve) -> bool {
    a.moments().iter().map(|m| m.time).eq(b.moments().iter().map(|m| m.time))
        && a.points().zip(b.points()).all(|(a, b)| near(a.value, b.value) && agree(a.se, b.se))
}

/// The infinitesimal jackknife's standard error: the root of the summed squared slopes in each lead's weight.
fn jackknife(leads: &Leads, statistic: impl Fn(&Followed) -> f64) -> f64 {
    let h = 1e-4;
    let slope = |row: usize| {
        let at = |shift: f64| {
            let mut weight = vec![1.0; leads.time.len()];
            weight[row] += shift;
            statistic(&leads.followed().weighted(&weight))
        };
        (at(h) - at(-h)) / (2.0 * h)
    };
    (0..leads.time.len()).map(|row| slope(row).powi(2)).sum::<f64>().sqrt()
}

proptest! {
    #[test]
    fn a_weight_is_a_repetition(leads in leads()) {
        let (weighted, repeated) = (leads.weighted(), leads.repeated());
        let all = repeated.followed();
        prop_assert!(same(&kaplan_meier(&weighted).unwrap(), &kaplan_meier(&all).unwrap()));
        prop_assert!(same(&cumulative_incidence(&weighted).unwrap(), &cumulative_incidence(&all).unwrap()));
        for weighting in [Weighting::Equal, Weighting::Gehan, Weighting::Harrington { rho: 1.0 }] {
            let a = log_rank(&weighted, &leads.group, None, weighting).test().map(|test| test.chi2);
            let b = log_rank(&all, &repeated.group, None, weighting).test().map(|test| test.chi2);
            prop_assert!(agree(a, b), "{a:?} {b:?}");
        }
        let gray = |f: &Followed, group: &[usize]| gray_test(f, group, None, End::Converted).map(|test| test.chi2);
        prop_assert!(agree(gray(&weighted, &leads.group), gray(&all, &repeated.group)));
        prop_assert_eq!(harrell(&weighted, &leads.score), harrell(&all, &repeated.score));
        prop_assert!(agree(uno(&weighted, &leads.score, 9.0), uno(&all, &repeated.score, 9.0)));
        prop_assert!(agree(dynamic_auc(&weighted, &leads.score, &[7.0])[0], dynamic_auc(&all, &repeated.score, &[7.0])[0]));
        let risk = |scores: &[f64]| scores.iter().map(|s| (s + 4.0) / 8.0).collect::<Vec<f64>>();
        prop_assert!(agree(ipcw_brier(&weighted, &risk(&leads.score), 7.0), ipcw_brier(&all, &risk(&repeated.score), 7.0)));
    }

    #[test]
    fn a_weight_is_a_repetition_in_a_regression(leads in leads()) {
        let repeated = leads.repeated();
        let a = cox(&leads.weighted(), &[&leads.score], CoxOptions::default());
        let b = cox(&repeated.followed(), &[&repeated.score], CoxOptions::default());
        match (a, b) {
            (Ok(Cox { fit: Ok(a), .. }), Ok(Cox { fit: Ok(b), .. })) => {
                prop_assert!(near(a.coefficients[0], b.coefficients[0]));
                prop_assert!(near(a.robust[(0, 0)], b.robust[(0, 0)]));
                prop_assert!(near(a.log_likelihood, b.log_likelihood));
            }
            (a, b) => prop_assert_eq!(a.map(|cox| cox.fit.err()), b.map(|cox| cox.fit.err())),
        }
    }

    #[test]
    fn without_losses_the_incidence_is_one_minus_kaplan_meier(leads in leads()) {
        let leads = leads.without_losses();
        let (km, cif) = (kaplan_meier(&leads.followed()).unwrap(), cumulative_incidence(&leads.followed()).unwrap());
        for (s, f) in km.points().zip(cif.points()) {
            prop_assert!(near(s.value, 1.0 - f.value));
            if let (Ok(s), Ok(f)) = (s.log_log(0.95), f.log_log(0.95)) {
                prop_assert!(near(s.low, 1.0 - f.high) && near(s.high, 1.0 - f.low));
            }
        }
        let (a, b) = (km.restricted_mean_extended(8.5), cif.restricted_mean_extended(8.5));
        prop_assert!(near(a.point, b.point) && near(a.se, b.se), "{a:?} {b:?}");
        prop_assert!(agree(km.quantile(0.5), cif.quantile(0.5)));
    }

    #[test]
    fn all_ends_and_the_open_share_add_up_to_one(leads in leads()) {
        let followed = leads.followed();
        let curve = |end| cumulative_incidence_of(&followed, end).unwrap();
        let (won, lost, open) = (curve(End::Converted), curve(End::Lost), event_free(&followed).unwrap());
        for ((won, lost), open) in won.points().zip(lost.points()).zip(open.points()) {
            prop_assert!(near(won.value + lost.value + open.value, 1.0));
        }
    }

    #[test]
    fn without_censoring_kaplan_meier_is_the_share_above(leads in leads()) {
        let leads = leads.all_converted();
        let n = leads.time.len() as f64;
        let km = kaplan_meier(&leads.followed()).unwrap();
        for (moment, point) in km.moments().iter().zip(km.points()) {
            let share = leads.time.iter().filter(|time| **time > moment.time).count() as f64 / n;
            prop_assert!(near(point.value, share));
            prop_assert!(share == 0.0 || near(point.se.unwrap().powi(2), share * (1.0 - share) / n));
        }
    }

    #[test]
    fn standard_errors_are_those_of_the_infinitesimal_jackknife(leads in leads()) {
        let (u, tau) = (7.0, 9.5);
        // Greenwood's variance ends where the curve does.
        if leads.time.iter().any(|time| *time > tau) {
            let at = |f: &Followed| cumulative_incidence(f).unwrap().at(u).unwrap();
            let area = |f: &Followed| cumulative_incidence(f).unwrap().restricted_mean(tau).unwrap();
            let mean = |f: &Followed| kaplan_meier(f).unwrap().restricted_mean(tau).unwrap();
            let close = |a: f64, b: f64| (a - b).abs() < 1e-6 * (1.0 + b);
            prop_assert!(close(at(&leads.followed()).se.unwrap(), jackknife(&leads, |f| at(f).value)));
            prop_assert!(close(area(&leads.followed()).se, jackknife(&leads, |f| area(f).point)));
            prop_assert!(close(mean(&leads.followed()).se, jackknife(&leads, |f| mean(f).point)));
        }
    }

    #[test]
    fn robust_standard_errors_of_a_regression_are_those_of_the_infinitesimal_jackknife(leads in leads()) {
        let slope = |f: &Followed| cox(f, &[&leads.score], CoxOptions::default()).and_then(|cox| cox.fit);
        if let Ok(fit) = slope(&leads.followed()) {
            let expected = jackknife(&leads, |f| slope(f).map_or(f64::NAN, |fit| fit.coefficients[0]));
            let se = fit.robust_standard_errors()[0];
            prop_assert!(expected.is_nan() || (se - expected).abs() < 1e-5 * (1.0 + se), "{se} {expected}");
        }
    }

    #[test]
    fn the_names_of_groups_do_not_matter(leads in leads()) {
        let renamed: Vec<usize> = leads.group.iter().map(|group| (group + 1) % 3).collect();
        let chi2 = |group: &[usize]| log_rank(&leads.followed(), group, None, Weighting::Equal).test().map(|t| t.chi2);
        prop_assert!(agree(chi2(&leads.group), chi2(&renamed)));
        let gray = |group: &[usize]| gray_test(&leads.followed(), group, None, End::Converted).map(|t| t.chi2);
        prop_assert!(agree(gray(&leads.group), gray(&renamed)));
    }

    #[test]
    fn the_log_rank_test_of_two_groups_is_the_score_test(leads in leads()) {
        // Without ties: with them the hypergeometric variance differs.
        let time: Vec<f64> = (0..leads.time.len()).map(|i| leads.time[i] + i as f64 / 1e3).collect();
        let followed = Followed::new(&time, &leads.end);
        let group: Vec<usize> = leads.group.iter().map(|group| group % 2).collect();
        let column: Vec<f64> = group.iter().map(|group| *group as f64).collect();
        let score = cox(&followed, &[&column], CoxOptions::default()).and_then(|cox| cox.score).map(|test| test.chi2);
        let test = log_rank(&followed, &group, None, Weighting::Equal).test().map(|test| test.chi2);
        if let (Ok(score), Ok(test)) = (score, test) {
            prop_assert!(near(score, test), "{score} {test}");
        }
    }

    #[test]
    fn concordance_is_that_of_all_pairs(leads in leads()) {
        let mut pairs = Concordance::default();
        let later = |i: usize, j: usize| {
            leads.time[j] > leads.time[i] || leads.time[j] == leads.time[i] && leads.end[j] == End::Censored
        };
        for i in (0..leads.time.len()).filter(|&i| leads.end[i] == End::Converted) {
            for j in (0..leads.time.len()).filter(|&j| j != i && (later(i, j) || leads.end[j] == End::Lost)) {
                pairs.concordant += f64::from(leads.score[i] > leads.score[j]);
                pairs.discordant += f64::from(leads.score[i] < leads.score[j]);
                pairs.tied += f64::from(leads.score[i] == leads.score[j]);
            }
        }
        prop_assert_eq!(harrell(&leads.followed(), &leads.score), pairs);
    }

    #[test]
    fn the_opposite_score_has_the_opposite_concordance(leads in leads()) {
        let opposite: Vec<f64> = leads.score.iter().map(|score| -score).collect();
        let f = leads.followed();
        prop_assert!(agree(harrell(&f, &opposite).index(), harrell(&f, &leads.score).index().map(|c| 1.0 - c)));
        prop_assert!(agree(uno(&f, &opposite, 9.0), uno(&f, &leads.score, 9.0).map(|c| 1.0 - c)));
        prop_assert!(agree(dynamic_auc(&f, &opposite, &[6.0])[0], dynamic_auc(&f, &leads.score, &[6.0])[0].map(|c| 1.0 - c)));
    }

    #[test]
    fn without_censoring_open_leads_are_evaluated_as_closed_ones(leads in leads()) {
        let leads = leads.all_converted();
        let (f, u) = (leads.followed(), 6.0);
        prop_assert!(agree(uno(&f, &leads.score, f64::INFINITY), harrell(&f, &leads.score).index()));
        let by: Vec<bool> = leads.time.iter().map(|time| *time <= u).collect();
        let tally = Sample::new(&leads.score, &by).tally();
        let mut below = 0.0;
        let mut won = 0.0;
        for i in 0..tally.len() {
            won += tally.positive[i] * (below + 0.5 * tally.negative[i]);
            below += tally.negative[i];
        }
        prop_assert!(agree(dynamic_auc(&f, &leads.score, &[u])[0], tally.classes().map(|(p, n)| won / (p * n))));
        let risk: Vec<f64> = leads.score.iter().map(|s| (s + 4.0) / 8.0).collect();
        let loss: f64 = risk.iter().zip(&by).map(|(p, y)| (p - f64::from(*y)).powi(2)).sum();
        prop_assert!(agree(ipcw_brier(&f, &risk, u), Ok(loss / risk.len() as f64)));
    }

    #[test]
    fn duplicating_every_lead_moves_no_breslow_coefficient(leads in leads()) {
        let weight = vec![2.0; leads.time.len()];
        let options = CoxOptions { ties: Ties::Breslow, ..CoxOptions::default() };
        let fit = |f: &Followed| cox(f, &[&leads.score], options).and_then(|cox| cox.fit).map(|fit| fit.coefficients[0]);
        prop_assert!(agree(fit(&leads.followed()), fit(&leads.followed().weighted(&weight))));
    }

    #[test]
    fn entering_at_the_start_is_no_delay(leads in leads()) {
        let entry = vec![0.0; leads.time.len()];
        let (now, delayed) = (leads.followed(), leads.followed().entering(&entry));
        prop_assert!(same(&cumulative_incidence(&now).unwrap(), &cumulative_incidence(&delayed).unwrap()));
        let test = |f: &Followed| log_rank(f, &leads.group, None, Weighting::TaroneWare).test().map(|test| test.chi2);
        prop_assert!(agree(test(&now), test(&delayed)));
        let gray = |f: &Followed| gray_test(f, &leads.group, None, End::Lost).map(|test| test.chi2);
        prop_assert!(agree(gray(&now), gray(&delayed)));
        prop_assert_eq!(harrell(&now, &leads.score), harrell(&delayed, &leads.score));
        let fit = |f: &Followed| cox(f, &[&leads.score], CoxOptions::default()).and_then(|cox| cox.fit);
        let variance = |f: &Followed| fit(f).map(|fit| fit.robust[(0, 0)]);
        prop_assert!(agree(variance(&now), variance(&delayed)));
    }

    #[test]
    fn a_follow_up_in_two_parts_is_one_follow_up(leads in leads()) {
        let time: Vec<f64> = leads.time.iter().map(|time| (time / 2.0).floor() + 0.5).chain(leads.time.clone()).collect();
        let n = leads.time.len();
        let entry: Vec<f64> = vec![0.0; n].into_iter().chain(time[..n].iter().copied()).collect();
        let end: Vec<End> = vec![End::Censored; n].into_iter().chain(leads.end.clone()).collect();
        let twice = |values: &[f64]| [values, values].concat();
        let (whole, parts) = (leads.followed(), Followed::new(&time, &end).entering(&entry));
        let (group, score) = ([leads.group.clone(), leads.group.clone()].concat(), twice(&leads.score));

        let at = |f: &Followed, u: f64| cumulative_incidence(f).unwrap().at(u).unwrap();
        for u in leads.time.iter().copied() {
            let (a, b) = (at(&whole, u), at(&parts, u));
            prop_assert!(near(a.value, b.value) && agree(a.se, b.se));
        }
        let chi2 = |f: &Followed, group: &[usize]| log_rank(f, group, None, Weighting::Gehan).test().map(|test| test.chi2);
        prop_assert!(agree(chi2(&whole, &leads.group), chi2(&parts, &group)));
        let gray = |f: &Followed, group: &[usize]| gray_test(f, group, None, End::Converted).map(|test| test.chi2);
        prop_assert!(agree(gray(&whole, &leads.group), gray(&parts, &group)));

        let lead: Vec<usize> = (0..n).chain(0..n).collect();
        let fit = |f: &Followed, score: &[f64], cluster: &[usize]| {
            let options = CoxOptions { cluster: Some(cluster), ..CoxOptions::default() };
            cox(f, &[score], options).and_then(|cox| cox.fit)
        };
        match (fit(&whole, &leads.score, &lead[..n]), fit(&parts, &score, &lead)) {
            (Ok(a), Ok(b)) => {
                prop_assert!(near(a.coefficients[0], b.coefficients[0]));
                prop_assert!(near(a.covariance[(0, 0)], b.covariance[(0, 0)]));
                prop_assert!(near(a.robust[(0, 0)], b.robust[(0, 0)]));
            }
            // A score that varies only among parts that see no conversion is told apart by the columns' spread.
            (a, b) => prop_assert!(a.is_err() && b.is_err()),
        }
    }
}
