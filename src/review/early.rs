//! How a period will end whose horizons are not all over: curves of the time to convert by bracket, from the other
//! periods, carried on from where each open lead stands.
//!
//! Hazards of winning and of losing are counted on a grid of days (actuarial: who is censored within a step was at risk
//! for half of it). A lead that is open at age a converts by the horizon H with probability (F(H) - F(a)) / S(a). The
//! pace at which the period itself converts, its wins over those the curves foretell, is drawn from a gamma whose spread
//! is that of the other periods (empirical Bayes): so a period that runs ahead is expected to go on a little ahead.
//! What is drawn beside it are the hazards, the outcomes of the open leads, and the times to come: how far wins in past
//! stretches of the calendar lay from what the leads at risk foretold, whichever period they came from.

use crate::result::Estimate;
use crate::result::review::{Alarm, AlarmKind, EarlyRead, Pipeline};
use crate::stats::random::{Seed, Stream};
use crate::stats::survival::End;
use crate::stats::{Interval, dist, quantile};
use crate::table::MISSING;

use super::leads::{Compared, FollowUp, Place};

/// Draws of the prediction.
const DRAWS: u64 = 1_000;
/// A bracket with fewer wins than this elsewhere takes the curve of all leads.
const FEWEST_WINS: f64 = 20.0;
/// Steps of the grid at most; days up to a half-year's horizon.
const STEPS: usize = 180;
/// A doubt is raised below this p, over all its tests.
const DOUBT: f64 = 0.01;
const LEVEL: f64 = super::LEVEL;

/// Leads whose follow-up is known, up to a horizon.
#[derive(Clone, Copy)]
struct Followed<'a> {
    leads: &'a Compared,
    times: &'a FollowUp,
    horizon: f64,
}

impl<'a> Followed<'a> {
    /// Nothing without times or with no horizon.
    fn of(leads: &'a Compared) -> Option<Self> {
        Some(Self { leads, times: leads.follow_up.as_ref()?, horizon: leads.horizon? })
    }

    /// Leads from which curves are learned: those of the periods and the later ones.
    fn learned(self) -> impl Iterator<Item = usize> + 'a {
        (0..self.leads.leads()).filter(move |&row| self.leads.place[row] != Place::Reference)
    }
}

/// Who is at risk and who leaves, step by step.
#[derive(Clone, Debug, Default)]
struct Grid {
    width: f64,
    at_risk: Vec<f64>,
    won: Vec<f64>,
    lost: Vec<f64>,
}

impl Grid {
    fn new(horizon: f64) -> Self {
        let steps = (horizon.ceil() as usize).clamp(1, STEPS);
        let none = vec![0.0; steps];
        Self { width: horizon / steps as f64, at_risk: none.clone(), won: none.clone(), lost: none }
    }

    fn steps(&self) -> usize {
        self.at_risk.len()
    }

    /// The step of an age, and how much of it is over.
    fn step(&self, age: f64) -> (usize, f64) {
        let place = (age / self.width).max(0.0);
        let step = (place.floor() as usize).min(self.steps());
        (step, (place - step as f64).clamp(0.0, 1.0))
    }

    fn add(&mut self, entry: f64, days: f64, end: End) {
        let horizon = self.width * self.steps() as f64;
        if entry >= days || entry >= horizon {
            return;
        }
        let (from, (mut to, _)) = (self.step(entry).0, self.step(days.min(horizon)));
        let ends_within = days <= horizon && end != End::Censored;
        // What ends exactly at the horizon ends within its last step.
        to = if ends_within { to.min(self.steps() - 1) } else { to };
        for step in from..to.min(self.steps()) {
            self.at_risk[step] += if step == from && entry > 0.0 { 0.5 } else { 1.0 };
        }
        if to < self.steps() {
            match (ends_within, end) {
                (true, End::Converted) => {
                    self.at_risk[to] += 1.0;
                    self.won[to] += 1.0;
                }
                (true, _) => {
                    self.at_risk[to] += 1.0;
                    self.lost[to] += 1.0;
                }
                (false, _) => self.at_risk[to] += 0.5,
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        for step in 0..self.steps() {
            self.at_risk[step] += other.at_risk[step];
            self.won[step] += other.won[step];
            self.lost[step] += other.lost[step];
        }
    }

    fn wins(&self) -> f64 {
        self.won.iter().sum()
    }

    fn curve(&self) -> Curve {
        self.with(|count, _| count)
    }

    /// Counts of leavers drawn anew: a gamma with their mean, as of a Poisson count.
    fn drawn(&self, stream: &mut Stream) -> Curve {
        self.with(|count, _| if count > 0.0 { stream.gamma(count) } else { 0.0 })
    }

    fn with(&self, mut count: impl FnMut(f64, usize) -> f64) -> Curve {
        let (mut open, mut incidence) = (1.0, 0.0);
        let mut curve = Curve { width: self.width, open: vec![1.0], incidence: vec![0.0] };
        for step in 0..self.steps() {
            let n = self.at_risk[step].max(1e-9);
            let (mut won, mut lost) = (count(self.won[step], step) / n, count(self.lost[step], step) / n);
            let both = won + lost;
            if both > 1.0 {
                (won, lost) = (won / both, lost / both);
            }
            incidence += open * won;
            open *= 1.0 - won - lost;
            curve.open.push(open);
            curve.incidence.push(incidence);
        }
        curve
    }
}

/// Incidence and the share still open at every step's end.
struct Curve {
    width: f64,
    open: Vec<f64>,
    incidence: Vec<f64>,
}

impl Curve {
    fn at(values: &[f64], width: f64, age: f64) -> f64 {
        let place = (age / width).max(0.0);
        let step = (place.floor() as usize).min(values.len() - 1);
        let next = (step + 1).min(values.len() - 1);
        values[step] + (values[next] - values[step]) * (place - step as f64).clamp(0.0, 1.0)
    }

    /// The share that has converted by an age.
    fn by(&self, age: f64) -> f64 {
        Self::at(&self.incidence, self.width, age)
    }

    /// The probability that a lead that is open at an age still converts within the horizon.
    fn still(&self, age: f64) -> f64 {
        let open = Self::at(&self.open, self.width, age);
        let left = self.incidence[self.incidence.len() - 1] - self.by(age);
        if open > 1e-12 { (left / open).clamp(0.0, 1.0) } else { 0.0 }
    }
}

/// The curves of every bracket from some leads.
struct Curves {
    grids: Vec<Grid>,
    all: Grid,
}

impl Curves {
    fn of(followed: Followed, keep: impl Fn(usize) -> bool) -> Self {
        let Followed { leads, times, horizon } = followed;
        let mut grids = vec![Grid::new(horizon); leads.brackets.len()];
        for row in followed.learned().filter(|&row| keep(row)) {
            grids[leads.bracket[row]].add(times.entry[row], times.days[row], times.end[row]);
        }
        let mut all = Grid::new(horizon);
        grids.iter().for_each(|grid| all.merge(grid));
        Self { grids, all }
    }

    fn fitted(&self) -> Vec<Curve> {
        self.grids.iter().map(|grid| self.chosen(grid).curve()).collect()
    }

    fn drawn(&self, stream: &mut Stream) -> Vec<Curve> {
        self.grids.iter().map(|grid| self.chosen(grid).drawn(stream)).collect()
    }

    fn chosen<'a>(&'a self, grid: &'a Grid) -> &'a Grid {
        if grid.wins() < FEWEST_WINS { &self.all } else { grid }
    }
}

/// Leads of one bracket and age that are open, counted.
struct Open {
    bracket: usize,
    age: f64,
    leads: f64,
}

/// Open leads by bracket and age on the grid.
fn open(Followed { leads, times, horizon }: Followed, rows: impl Iterator<Item = usize>) -> Vec<Open> {
    let grid = Grid::new(horizon);
    let mut cells = vec![vec![(0.0, 0.0); grid.steps()]; leads.brackets.len()];
    for row in rows.filter(|&row| times.end[row] == End::Censored && times.days[row] < horizon) {
        let (step, _) = grid.step(times.days[row]);
        let cell = &mut cells[leads.bracket[row]][step.min(grid.steps() - 1)];
        *cell = (cell.0 + 1.0, cell.1 + times.days[row]);
    }
    let mut all = Vec::new();
    for (bracket, steps) in cells.into_iter().enumerate() {
        let filled = steps.into_iter().filter(|(leads, _)| *leads > 0.0);
        all.extend(filled.map(|(leads, ages)| Open { bracket, age: ages / leads, leads }));
    }
    all
}

/// Wins so far, and those that curves foretell for the same follow-up.
#[derive(Clone, Copy, Debug, Default)]
struct Pace {
    wins: f64,
    foretold: f64,
}

impl Pace {
    fn of(
        Followed { leads, times, horizon }: Followed,
        curves: &[Curve],
        rows: impl IntoIterator<Item = usize>,
    ) -> Self {
        let mut pace = Self::default();
        for row in rows {
            let curve = &curves[leads.bracket[row]];
            let until = times.exposure[row].min(horizon);
            let begins = times.entry[row].min(until);
            pace.wins += f64::from(leads.converted[row]);
            pace.foretold += (curve.by(until) - curve.by(begins)).max(0.0);
        }
        pace
    }
}

/// The variance of paces between periods beyond that of counts, by moments.
fn between(paces: &[Pace]) -> f64 {
    let (mut excess, mut weight) = (0.0, 0.0);
    for pace in paces {
        excess += (pace.wins - pace.foretold).powi(2) - pace.foretold;
        weight += pace.foretold * pace.foretold;
    }
    if weight > 0.0 { (excess / weight).max(0.0) } else { 0.0 }
}

/// How each period will end whose horizons are not all over, the oldest first. Empty without times or with no horizon.
pub fn early_reads(compared: &Compared, alarms: &[Alarm], seed: Seed) -> Vec<EarlyRead> {
    let Some(followed) = Followed::of(compared) else { return Vec::new() };
    let unripe = |period: &usize| {
        let rows = compared.rows(*period);
        !rows.is_empty() && rows.iter().any(|&row| !compared.mature[row])
    };
    let times = Times::of(followed);
    let periods = (0..compared.periods()).filter(unripe);
    periods.map(|period| read(followed, alarms, times, period, seed)).collect()
}

/// How much the times to come may differ from those past: the variance of the pace between stretches of the calendar of
/// a third of the horizon, beyond that of counts.
#[derive(Clone, Copy, Debug)]
struct Times {
    variance: f64,
}

/// Stretches of the calendar that are looked at, back from the export.
const STRETCHES: usize = 12;
/// A stretch of which fewer wins are foretold says nothing.
const FEWEST_FORETOLD: f64 = 5.0;

impl Times {
    fn of(followed: Followed) -> Self {
        let Followed { leads, times, horizon } = followed;
        let curves = Curves::of(followed, |_| true).fitted();
        let width = horizon / 3.0;
        let mut paces = [Pace::default(); STRETCHES];
        for row in followed.learned() {
            let curve = &curves[leads.bracket[row]];
            for (back, pace) in paces.iter_mut().enumerate() {
                let until = (times.exposure[row] - back as f64 * width).min(horizon);
                let from = (times.exposure[row] - (back + 1) as f64 * width).max(times.entry[row]).max(0.0);
                if until <= from {
                    continue;
                }
                let won = times.end[row] == End::Converted && from < times.days[row] && times.days[row] <= until;
                pace.wins += f64::from(won);
                pace.foretold += (curve.by(until) - curve.by(from)).max(0.0);
            }
        }
        let telling: Vec<Pace> = paces.into_iter().filter(|pace| pace.foretold >= FEWEST_FORETOLD).collect();
        Self { variance: between(&telling) }
    }

    /// A factor around 1.
    fn draw(self, stream: &mut Stream) -> f64 {
        let shape = 1.0 / self.variance.max(1e-6);
        stream.gamma(shape) / shape
    }
}

fn read(followed: Followed, alarms: &[Alarm], times: Times, period: usize, seed: Seed) -> EarlyRead {
    let told = untold(followed.leads, period);
    let others = Curves::of(followed, |row| followed.leads.period(row) != Some(period));
    if others.all.wins() < FEWEST_WINS {
        return told;
    }
    let reading = Reading::new(followed, period, others);
    let (point, leads) = (reading.point(), told.leads as f64);
    let interval = prediction(reading.draws(times, seed));
    EarlyRead {
        wins: Estimate::new(point, interval),
        rate: Estimate::new(point / leads, interval.map(|wins| wins / leads)),
        pace: pace_estimate(reading.own),
        doubt: doubt(followed, alarms, period, reading.own, reading.variance),
        ..told
    }
}

/// What is known of a period, and nothing foretold.
fn untold(compared: &Compared, period: usize) -> EarlyRead {
    let rows = compared.rows(period);
    let mature = rows.iter().filter(|&&row| compared.mature[row]).count();
    let none = || Estimate::undefined("no other period has wins to learn a curve from");
    EarlyRead {
        label: compared.labels[period].clone(),
        leads: rows.len() as u64,
        share_mature: mature as f64 / rows.len() as f64,
        wins_so_far: compared.count(rows.iter().copied()).successes as u64,
        wins: none(),
        rate: none(),
        pace: none(),
        doubt: None,
    }
}

/// One period and the curves of the others.
struct Reading<'a> {
    followed: Followed<'a>,
    period: usize,
    rows: Vec<usize>,
    won: f64,
    open: Vec<Open>,
    others: Curves,
    fitted: Vec<Curve>,
    own: Pace,
    /// Of paces between the other periods.
    variance: f64,
}

impl<'a> Reading<'a> {
    fn new(followed: Followed<'a>, period: usize, others: Curves) -> Self {
        let (rows, fitted) = (followed.leads.rows(period), others.fitted());
        Self {
            won: followed.leads.count(rows.iter().copied()).successes,
            open: open(followed, rows.iter().copied()),
            own: Pace::of(followed, &fitted, rows.iter().copied()),
            variance: between(&paces_of_others(followed, period)),
            followed,
            period,
            rows,
            others,
            fitted,
        }
    }

    /// The shape of the gamma that paces come from; nothing where they do not differ, and the pace is 1.
    fn shape(&self) -> Option<f64> {
        (self.variance > 1e-9).then(|| 1.0 / self.variance)
    }

    fn point(&self) -> f64 {
        let pace = self.shape().map_or(1.0, |shape| (shape + self.own.wins) / (shape + self.own.foretold));
        self.won + pace * foretold(&self.open, &self.fitted).0
    }

    /// Wins in the end, drawn.
    fn draws(&self, times: Times, seed: Seed) -> Vec<f64> {
        let leads = self.rows.len() as f64;
        let draw = |draw: u64| {
            let mut stream = seed.replicate(draw ^ ((self.period as u64 + 1) << 32));
            let curves = self.others.drawn(&mut stream);
            let pace = self.drawn_pace(&curves, &mut stream) * times.draw(&mut stream);
            let (mean, spread) = foretold(&self.open, &curves);
            (self.won + outcomes(mean * pace, spread * pace, &mut stream)).min(leads)
        };
        (0..DRAWS).map(draw).collect()
    }

    fn drawn_pace(&self, curves: &[Curve], stream: &mut Stream) -> f64 {
        let own = Pace::of_cells(&self.own, &self.fitted, curves, self.followed, &self.rows);
        self.shape().map_or(1.0, |shape| stream.gamma(shape + own.wins) / (shape + own.foretold))
    }
}

/// Wins that curves foretell of open leads, and their variance.
fn foretold(open: &[Open], curves: &[Curve]) -> (f64, f64) {
    open.iter().fold((0.0, 0.0), |(mean, spread), cell| {
        let p = curves[cell.bracket].still(cell.age);
        (mean + cell.leads * p, spread + cell.leads * p * (1.0 - p))
    })
}

/// The interval that holds what was drawn.
fn prediction(mut draws: Vec<f64>) -> Interval {
    draws.sort_unstable_by(f64::total_cmp);
    let end = |share: f64| quantile::sorted(&draws, share);
    Interval::new(end((1.0 - LEVEL) / 2.0), end((1.0 + LEVEL) / 2.0))
}

impl Pace {
    /// What drawn curves foretell for the follow-up so far, scaled from what the fitted ones do: the same leads, so the
    /// sums of both curves at a few ages tell their ratio.
    fn of_cells(
        own: &Self,
        fitted: &[Curve],
        drawn: &[Curve],
        Followed { leads, times, horizon }: Followed,
        rows: &[usize],
    ) -> Self {
        const AGES: usize = 200;
        let step = (rows.len() / AGES).max(1);
        let (mut was, mut is) = (0.0, 0.0);
        for &row in rows.iter().step_by(step) {
            let (bracket, until) = (leads.bracket[row], times.exposure[row].min(horizon));
            was += fitted[bracket].by(until);
            is += drawn[bracket].by(until);
        }
        let ratio = if was > 0.0 { is / was } else { 1.0 };
        Self { wins: own.wins, foretold: own.foretold * ratio }
    }
}

/// A count of wins around its mean: binomial sums are close to normal, few wins to a Poisson count.
fn outcomes(mean: f64, variance: f64, stream: &mut Stream) -> f64 {
    if mean < 30.0 {
        return stream.poisson(mean) as f64;
    }
    (mean + variance.max(0.0).sqrt() * stream.normal()).round().max(0.0)
}

/// Wins over what was foretold, with the interval of a Poisson count.
fn pace_estimate(pace: Pace) -> Estimate {
    if pace.foretold <= 0.0 {
        return Estimate::undefined("nothing was foretold by now");
    }
    let half = dist::normal_critical(LEVEL) / 2.0;
    let root = (pace.wins + 0.375).sqrt();
    let low = (root - half).max(0.0).powi(2) - 0.375;
    let high = (root + half).powi(2) - 0.375;
    Estimate::new(pace.wins / pace.foretold, Interval::new(low.max(0.0) / pace.foretold, high / pace.foretold))
}

/// The paces of the other periods, each by the curves of all but itself and the period that is read.
fn paces_of_others(followed: Followed, period: usize) -> Vec<Pace> {
    let leads = followed.leads;
    let one = |other: usize| {
        let curves = Curves::of(followed, |row| ![Some(other), Some(period)].contains(&leads.period(row)));
        (curves.all.wins() >= FEWEST_WINS).then(|| Pace::of(followed, &curves.fitted(), leads.rows(other)))
    };
    (0..leads.periods())
        .filter(|&other| other != period)
        .filter_map(one)
        .filter(|pace| pace.foretold >= FEWEST_FORETOLD)
        .collect()
}

/// Why the curves of other periods may not hold for this one.
fn doubt(followed: Followed, alarms: &[Alarm], period: usize, own: Pace, between: f64) -> Option<String> {
    let compared = followed.leads;
    let rang = |alarm: &&Alarm| alarm.period == compared.labels[period];
    let moved = alarms.iter().filter(rang).find(|alarm| !matches!(alarm.kind, AlarmKind::Input | AlarmKind::Volume));
    if let Some(alarm) = moved {
        return Some(format!("in this period an alarm rang: {}", super::in_words(alarm)));
    }
    let fitted = Curves::of(followed, |row| compared.period(row) != Some(period)).fitted();
    let rows = compared.rows(period);
    let elsewhere: Vec<usize> = followed.learned().filter(|&row| compared.period(row) != Some(period)).collect();
    let mut parts: Vec<(String, Pace, Pace)> = Vec::new();
    let mut watch = |name: String, holds: &dyn Fn(usize) -> bool| {
        let pace = |rows: &[usize]| Pace::of(followed, &fitted, rows.iter().copied().filter(|&row| holds(row)));
        parts.push((name, pace(&rows), pace(&elsewhere)));
    };
    for (place, name) in compared.brackets.iter().enumerate() {
        watch(format!("leads scored `{name}`"), &|row| compared.bracket[row] == place);
    }
    for segment in &compared.segments {
        for (code, level) in segment.levels.iter().enumerate() {
            watch(format!("leads with {} `{level}`", segment.name), &|row| {
                segment.codes[row] != MISSING && segment.codes[row] as usize == code
            });
        }
    }
    for criterion in &compared.criteria {
        watch(format!("leads with `{}`", criterion.name), &|row| criterion.fires[row]);
    }
    let level = DOUBT / (parts.len() + 1) as f64;
    let overall = (own.wins - own.foretold) / (own.foretold + between * own.foretold * own.foretold).sqrt().max(1e-9);
    if dist::normal_p(overall) < level {
        return Some(format!(
            "its leads convert at {:.2} times the pace of the other periods, which their differences do not explain",
            own.wins / own.foretold
        ));
    }
    let found = parts.into_iter().filter_map(|(name, now, then)| Some((name, apart(now, then, own)?)));
    let worst = found.filter(|(_, p)| *p < level).min_by(|a, b| a.1.total_cmp(&b.1));
    worst.map(|(name, _)| format!("{name} convert at another pace than in the other periods, against the rest"))
}

/// Whether a part of the leads keeps its pace, the pace of the whole period apart: the deviance of two Poisson counts
/// that share a rate.
fn apart(now: Pace, then: Pace, own: Pace) -> Option<f64> {
    let scale = if own.foretold > 0.0 && own.wins > 0.0 { own.wins / own.foretold } else { 1.0 };
    let (a, b) = (now.foretold * scale, then.foretold);
    if a < 10.0 || b < 10.0 {
        return None;
    }
    let rate = (now.wins + then.wins) / (a + b);
    let term = |seen: f64, expected: f64| {
        let log = if seen > 0.0 { seen * (seen / expected).ln() } else { 0.0 };
        log - (seen - expected)
    };
    let deviance = 2.0 * (term(now.wins, a * rate) + term(then.wins, b * rate));
    (rate > 0.0).then(|| dist::chi2_sf(deviance.max(0.0), 1.0))
}

/// Wins expected of open leads within their horizon.
pub(super) struct Forecast<'a> {
    followed: Followed<'a>,
    curves: Curves,
    fitted: Vec<Curve>,
    times: Times,
    seed: Seed,
}

impl<'a> Forecast<'a> {
    /// Nothing without times, without a horizon, or with too few wins to learn a curve from.
    pub fn new(compared: &'a Compared, seed: Seed) -> Option<Self> {
        let followed = Followed::of(compared)?;
        let curves = Curves::of(followed, |_| true);
        let fitted = curves.fitted();
        (curves.all.wins() >= FEWEST_WINS).then(|| Self { followed, curves, fitted, times: Times::of(followed), seed })
    }

    /// Of some leads: those that are open, and the wins expected of them. `stream` keeps parts apart.
    pub fn of(&self, rows: &[usize], stream: u64) -> Pipeline {
        let open = open(self.followed, rows.iter().copied());
        // How leads of this part fare against others of their bracket, drawn towards 1.
        let seen = Pace::of(self.followed, &self.fitted, rows.iter().copied());
        let own = |pace: &Pace| (pace.wins + PRIOR) / (pace.foretold + PRIOR);
        let point = foretold(&open, &self.fitted).0 * own(&seen);
        let draws: Vec<f64> = (0..DRAWS)
            .map(|draw| {
                let mut chance = self.seed.replicate(draw ^ (stream + 1).wrapping_mul(0x1_0000_0001));
                let curves = self.curves.drawn(&mut chance);
                let pace = chance.gamma(seen.wins + PRIOR) / (seen.foretold + PRIOR) * self.times.draw(&mut chance);
                let (mean, spread) = foretold(&open, &curves);
                outcomes(mean * pace, spread * pace, &mut chance)
            })
            .collect();
        let leads = open.iter().map(|cell| cell.leads).sum::<f64>();
        let interval = prediction(draws).map(|wins| wins.min(leads));
        let undecided = rows.iter().filter(|&&row| self.followed.times.end[row] == End::Censored).count() as u64;
        Pipeline { open: leads as u64, undecided: Some(undecided), expected: Estimate::new(point.min(leads), interval) }
    }
}

/// Wins by which the pace of a part is drawn towards 1.
const PRIOR: f64 = 10.0;

/// Nothing is expected where there is no curve.
pub(super) fn no_forecast() -> Pipeline {
    Pipeline {
        open: 0,
        undecided: None,
        expected: Estimate { ..Estimate::undefined("no curve of the time to convert") },
    }
}
