//! How the leads of the reviewed period differ: inputs, events, criteria, and what that does to conversion.

use crate::result::review::{CriterionDrift, Drift, EventDrift, InputDrift, RateSplit};
use crate::result::{Estimate, Number};
use crate::stats::ab::{Units, difference_of_means};
use crate::stats::drift::{Values as Sorted, ks_two_sample};
use crate::stats::multiplicity::benjamini_hochberg;
use crate::stats::{Interval, Sample, Undefined, discrimination, dist};

use super::bins::{self, Frozen};
use super::leads::{Compared, Given, Input, Values, Volume};
use super::{LEVEL, likelihood};

pub fn drift(compared: &Compared) -> Drift {
    let score = Input { name: "score".into(), values: Values::Number(compared.score.clone()) };
    let mut inputs: Vec<InputDrift> = std::iter::once((&score, true))
        .chain(compared.inputs.iter().map(|input| (input, false)))
        .map(|(input, is_score)| one(compared, input, is_score))
        .collect();
    adjust(&mut inputs, |input| &input.p, |input, p| input.p_adjusted = p);
    // The score first, then what moved most.
    let moved = |input: &InputDrift| input.psi.last().and_then(Number::finite).unwrap_or(-1.0);
    inputs.sort_by(|a, b| b.is_score.cmp(&a.is_score).then(moved(b).total_cmp(&moved(a))));
    let mut events: Vec<EventDrift> = compared.volumes.iter().map(|volume| event(compared, volume)).collect();
    adjust(&mut events, |event| &event.p, |event, p| event.p_adjusted = p);
    let last = compared.periods() - 1;
    Drift {
        inputs,
        events,
        criteria: match last.checked_sub(1) {
            Some(before) => criteria(compared, before, last),
            None => Vec::new(),
        },
        split: last.checked_sub(1).and_then(|before| split(compared, before, last)),
    }
}

/// Benjamini-Hochberg over those that have a p.
fn adjust<T>(all: &mut [T], p: impl Fn(&T) -> &Number, mut set: impl FnMut(&mut T, Number)) {
    let defined: Vec<f64> = all.iter().filter_map(|one| p(one).finite()).collect();
    let mut adjusted = benjamini_hochberg(&defined).into_iter();
    for one in all {
        if p(one).finite().is_some()
            && let Some(value) = adjusted.next()
        {
            set(one, value.into());
        }
    }
}

fn one(compared: &Compared, input: &Input, is_score: bool) -> InputDrift {
    let reference = compared.reference();
    let frozen = Frozen::of(&input.values, &reference);
    let was = frozen.count(&input.values, &reference);
    let periods: Vec<Vec<usize>> = (0..compared.periods()).map(|period| compared.rows(period)).collect();
    let counts: Vec<Vec<f64>> = periods.iter().map(|rows| frozen.count(&input.values, rows)).collect();
    let now = &counts[counts.len() - 1];
    let levels: &[String] = match &input.values {
        Values::Level(_, levels) => levels,
        Values::Number(_) => &[],
    };
    let auc: Vec<Estimate> = (0..compared.periods()).map(|period| worth(compared, input, period)).collect();
    InputDrift {
        name: input.name.clone(),
        is_score,
        psi: counts.iter().map(|counts| bins::psi(&was, counts).into()).collect(),
        p: likelihood::same_distribution(&was, now).into(),
        p_adjusted: Number::undefined("not tested"),
        ks: ks(&input.values, &reference, &periods[periods.len() - 1]).into(),
        missing_before: bins::missing(&was).into(),
        missing_now: bins::missing(now).into(),
        new_levels: bins::only_in(levels, &was, now),
        vanished_levels: bins::only_in(levels, now, &was),
        turned: turned(&auc),
        auc,
        edges: frozen.edges,
    }
}

fn ks(values: &Values, reference: &[usize], rows: &[usize]) -> Result<f64, Undefined> {
    let Values::Number(all) = values else { return Err(Undefined::OutOfRange) };
    let known = |rows: &[usize]| rows.iter().map(|&row| all[row]).filter(|value| !value.is_nan()).collect::<Vec<f64>>();
    let (was, is) = (known(reference), known(rows));
    if was.is_empty() || is.is_empty() {
        return Err(Undefined::Empty);
    }
    ks_two_sample(Sorted::new(&was), Sorted::new(&is)).map(|found| found.d)
}

/// AUC of the input alone on the mature leads of a period.
fn worth(compared: &Compared, input: &Input, period: usize) -> Estimate {
    let Values::Number(all) = &input.values else { return Estimate::undefined("levels have no order") };
    let rows: Vec<usize> = compared.mature(period).into_iter().filter(|&row| !all[row].is_nan()).collect();
    let values: Vec<f64> = rows.iter().map(|&row| all[row]).collect();
    let converted: Vec<bool> = rows.iter().map(|&row| compared.converted[row]).collect();
    let tally = Sample::new(&values, &converted).tally();
    let interval = match compared.account {
        None => discrimination::auc_interval(&tally, LEVEL),
        Some(_) => compared
            .area(&values, &rows)
            .and_then(|area| discrimination::auc_interval_of(area.auc_a, area.variance?.a, LEVEL)),
    };
    Estimate::with(discrimination::auc(&tally), interval)
}

/// The last two periods say the opposite of each other, neither by chance.
fn turned(auc: &[Estimate]) -> bool {
    let [.., before, now] = auc else { return false };
    let side = |estimate: &Estimate| match estimate.interval() {
        Some(interval) if interval.low > 0.5 => 1,
        Some(interval) if interval.high < 0.5 => -1,
        _ => 0,
    };
    side(before) * side(now) < 0
}

fn event(compared: &Compared, volume: &Volume) -> EventDrift {
    let of =
        |period: usize| compared.rows(period).iter().map(|&row| f64::from(volume.events[row])).collect::<Vec<f64>>();
    let mean = |values: &[f64]| -> Number {
        if values.is_empty() {
            Undefined::Empty.into()
        } else {
            (values.iter().sum::<f64>() / values.len() as f64).into()
        }
    };
    let periods: Vec<Vec<f64>> = (0..compared.periods()).map(of).collect();
    let means: Vec<Number> = periods.iter().map(|values| mean(values)).collect();
    let last = periods.len() - 1;
    let (ratio, p) = match last.checked_sub(1) {
        None => (Number::undefined("no period before"), Number::undefined("no period before")),
        Some(before) => {
            let ratio = match (means[before].finite(), means[last].finite()) {
                (Some(was), Some(is)) if was > 0.0 => (is / was).into(),
                _ => Undefined::ZeroControl.into(),
            };
            let test = difference_of_means(&Units::new(&periods[before]), &Units::new(&periods[last]), LEVEL).test;
            (ratio, test.map(|test| test.p).into())
        }
    };
    EventDrift { kind: volume.kind.clone(), mean: means, ratio, p, p_adjusted: Number::undefined("not tested") }
}

/// What every criterion added to the change of the mean score, the largest first.
fn criteria(compared: &Compared, before: usize, now: usize) -> Vec<CriterionDrift> {
    let (was, is) = (compared.rows(before), compared.rows(now));
    let one = |given: &Given| {
        let of = |rows: &[usize]| rows.iter().map(|&row| given.given[row]).collect::<Vec<f64>>();
        let fires = |rows: &[usize]| {
            let count = rows.iter().filter(|&&row| given.fires[row]).count() as f64;
            super::rate(crate::stats::proportion::Count::new(count, rows.len() as f64))
        };
        let found = difference_of_means(&Units::new(&of(&was)), &Units::new(&of(&is)), LEVEL);
        let moved = match (found.difference, found.test) {
            (Ok(difference), Ok(test)) => Estimate::new(difference, test.interval),
            (Ok(difference), Err(_)) => Estimate::new(difference, Interval::new(difference, difference)),
            (Err(reason), _) => Estimate::undefined(reason.to_string()),
        };
        CriterionDrift {
            name: given.name.clone(),
            points: given.points,
            fires_before: fires(&was),
            fires_now: fires(&is),
            moved,
        }
    };
    let mut found: Vec<CriterionDrift> = compared.criteria.iter().map(one).collect();
    let size = |one: &CriterionDrift| one.moved.point.finite().unwrap_or(0.0).abs();
    found.sort_by(|a, b| size(b).total_cmp(&size(a)));
    found
}

/// Shares and rates of the brackets in one period.
struct Mixed {
    n: f64,
    share: Vec<f64>,
    rate: Vec<f64>,
}

impl Mixed {
    fn of(compared: &Compared, period: usize) -> Option<Self> {
        let rows = compared.mature(period);
        let brackets = compared.brackets.len();
        let (mut leads, mut wins) = (vec![0.0; brackets], vec![0.0; brackets]);
        for row in &rows {
            leads[compared.bracket[*row]] += 1.0;
            wins[compared.bracket[*row]] += f64::from(compared.converted[*row]);
        }
        let n = rows.len() as f64;
        let share = leads.iter().map(|leads| leads / n).collect();
        let rate = leads.iter().zip(&wins).map(|(leads, wins)| if *leads > 0.0 { wins / leads } else { f64::NAN });
        (n > 0.0).then(|| Self { n, share, rate: rate.collect() })
    }
}

/// Kitagawa's (1955) split: with shares w and rates r, mix = Σ (w₁ - w₀)(r₀ + r₁)/2 and rate = Σ (r₁ - r₀)(w₀ + w₁)/2.
/// Variances by the delta method: each period's leads are one multinomial draw over bracket and outcome.
fn split(compared: &Compared, before: usize, now: usize) -> Option<RateSplit> {
    let (mut was, mut is) = (Mixed::of(compared, before)?, Mixed::of(compared, now)?);
    // A bracket that one period lacks converts there as it does in the other.
    for bracket in 0..was.rate.len() {
        let (a, b) = (was.rate[bracket], is.rate[bracket]);
        was.rate[bracket] = if a.is_nan() { if b.is_nan() { 0.0 } else { b } } else { a };
        is.rate[bracket] = if b.is_nan() { was.rate[bracket] } else { b };
    }
    let brackets = 0..was.rate.len();
    let middle = |b: usize| f64::midpoint(was.rate[b], is.rate[b]);
    let (change, weight) = (|b: usize| is.share[b] - was.share[b], |b: usize| f64::midpoint(was.share[b], is.share[b]));
    let mix: f64 = brackets.clone().map(|b| change(b) * middle(b)).sum();
    let rate: f64 = brackets.clone().map(|b| (is.rate[b] - was.rate[b]) * weight(b)).sum();
    // What one lead of a bracket and outcome adds to the mix and to the rate, up to a constant.
    let spread = |period: &Mixed, sign: f64| {
        let (mut mix_sum, mut mix_square, mut rate_sum, mut rate_square) = (0.0, 0.0, 0.0, 0.0);
        for b in brackets.clone().filter(|&b| period.share[b] > 0.0) {
            for (outcome, p) in [(1.0, period.rate[b]), (0.0, 1.0 - period.rate[b])] {
                let probability = period.share[b] * p;
                let residual = (outcome - period.rate[b]) / period.share[b];
                let mixed = sign * middle(b) + change(b) / 2.0 * residual;
                let rated = sign * weight(b) * residual + (is.rate[b] - was.rate[b]) / 2.0;
                mix_sum += probability * mixed;
                mix_square += probability * mixed * mixed;
                rate_sum += probability * rated;
                rate_square += probability * rated * rated;
            }
        }
        ((mix_square - mix_sum * mix_sum) / period.n, (rate_square - rate_sum * rate_sum) / period.n)
    };
    let (first, second) = (spread(&was, -1.0), spread(&is, 1.0));
    let around = |point: f64, variance: f64| {
        let half = dist::normal_critical(LEVEL) * variance.max(0.0).sqrt();
        Estimate::new(point, Interval::around(point, half))
    };
    let counts = [before, now].map(|period| compared.effective(compared.mature(period)));
    Some(RateSplit {
        from: compared.labels[before].clone(),
        to: compared.labels[now].clone(),
        total: Estimate::with(
            crate::stats::proportion::difference(counts[0], counts[1]),
            crate::stats::proportion::difference_interval(counts[0], counts[1], LEVEL),
        ),
        mix: around(mix, first.0 + second.0),
        rate: around(rate, first.1 + second.1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::review::{LeadColumns, Place};

    /// Leads of two periods by (period, bracket, leads, wins).
    fn made(cells: &[(usize, usize, usize, usize)]) -> Compared {
        let mut made = LeadColumns {
            labels: vec!["before".into(), "now".into()],
            brackets: vec!["low".into(), "high".into()],
            ..LeadColumns::default()
        };
        for &(period, bracket, leads, wins) in cells {
            for lead in 0..leads {
                made.place.push(Place::Period(period));
                made.bracket.push(bracket);
                made.converted.push(lead < wins);
                made.mature.push(true);
                made.trained.push(false);
                made.reference.push(period == 0);
                made.score.push(bracket as f64);
            }
        }
        Compared::new(made).unwrap()
    }

    #[test]
    fn a_change_of_mix_alone_is_told_from_one_of_rates_alone() {
        let mixed = made(&[(0, 0, 500, 50), (0, 1, 500, 150), (1, 0, 800, 80), (1, 1, 200, 60)]);
        let split = drift(&mixed).split.unwrap();
        assert!((split.mix.point.finite().unwrap() + 0.06).abs() < 1e-12, "{split:?}");
        assert!(split.rate.point.finite().unwrap().abs() < 1e-12, "{split:?}");
        let rated = made(&[(0, 0, 500, 50), (0, 1, 500, 150), (1, 0, 500, 25), (1, 1, 500, 75)]);
        let split = drift(&rated).split.unwrap();
        assert!(split.mix.point.finite().unwrap().abs() < 1e-12, "{split:?}");
        assert!((split.rate.point.finite().unwrap() + 0.1).abs() < 1e-12, "{split:?}");
        assert!(split.rate.interval().unwrap().high < 0.0);
    }

    #[test]
    fn mix_and_rate_add_up_to_the_change() {
        let both = made(&[(0, 0, 300, 20), (0, 1, 700, 150), (1, 0, 500, 80), (1, 1, 250, 30)]);
        let split = drift(&both).split.unwrap();
        let point = |estimate: &Estimate| estimate.point.finite().unwrap();
        assert!((point(&split.mix) + point(&split.rate) - point(&split.total)).abs() < 1e-12);
    }

    #[test]
    fn an_input_that_says_the_opposite_has_turned() {
        let side = |low: f64, high: f64| Estimate::new(f64::midpoint(low, high), Interval::new(low, high));
        assert!(turned(&[side(0.6, 0.7), side(0.3, 0.4)]));
        assert!(!turned(&[side(0.6, 0.7), side(0.4, 0.55)]));
        assert!(!turned(&[side(0.6, 0.7)]));
    }
}
