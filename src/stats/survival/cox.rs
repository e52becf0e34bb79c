use super::timeline::{Instant, Passage, Timeline};
use super::{ChiSquare, Concordance, End, Followed, harrell};
use crate::stats::dist::normal_critical;
use crate::stats::linear::Matrix;
use crate::stats::{Interval, Undefined};

/// How conversions at the same time share their risk set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ties {
    /// As if they came one after the other, averaged (Efron 1977).
    #[default]
    Efron,
    /// Each with the whole risk set (Breslow 1974); biased towards 0 when ties are many.
    Breslow,
}

/// What a Cox regression may be told besides its columns.
#[derive(Clone, Copy, Debug, Default)]
pub struct CoxOptions<'a> {
    pub ties: Ties,
    /// Leads with one number share a cluster: the robust variance lets them depend on each other.
    pub cluster: Option<&'a [usize]>,
    /// Leads with one number share a baseline hazard of their own.
    pub strata: Option<&'a [usize]>,
}

/// The proportional hazards regression of conversion (Cox 1972), cause-specific when there are losses.
#[derive(Clone, Debug, PartialEq)]
pub struct Cox {
    /// Conversions, by weight.
    pub events: f64,
    /// The log partial likelihood of equal hazards.
    pub log_likelihood_null: f64,
    /// The score test of equal hazards. Undefined for collinear columns.
    pub score: Result<ChiSquare, Undefined>,
    /// Undefined for collinear columns, and when a column orders the conversions perfectly: then the likelihood grows
    /// without end.
    pub fit: Result<CoxFit, Undefined>,
}

/// Where the partial likelihood has its maximum.
#[derive(Clone, Debug, PartialEq)]
pub struct CoxFit {
    /// Log hazard ratios a unit of each column.
    pub coefficients: Vec<f64>,
    /// The inverse of the information.
    pub covariance: Matrix,
    /// By clusters, or by leads when none are given (Lin & Wei 1989).
    pub robust: Matrix,
    pub log_likelihood: f64,
    /// Of the linear predictor.
    pub concordance: Concordance,
    pub proportionality: Proportionality,
    log_likelihood_null: f64,
}

impl CoxFit {
    pub fn standard_errors(&self) -> Vec<f64> {
        roots(&self.covariance)
    }

    pub fn robust_standard_errors(&self) -> Vec<f64> {
        roots(&self.robust)
    }

    /// The interval of a coefficient from its standard error.
    pub fn interval(&self, column: usize, level: f64) -> Interval {
        Interval::around(self.coefficients[column], normal_critical(level) * self.covariance[(column, column)].sqrt())
    }

    /// The likelihood ratio test of equal hazards.
    pub fn likelihood_ratio(&self) -> ChiSquare {
        let chi2 = 2.0 * (self.log_likelihood - self.log_likelihood_null);
        ChiSquare::new(chi2.max(0.0), self.coefficients.len() as f64)
    }

    /// Wald's test of equal hazards.
    pub fn wald(&self) -> Result<ChiSquare, Undefined> {
        let solved = self.covariance.solve_spd(&self.coefficients)?;
        Ok(ChiSquare::new(dot(&self.coefficients, &solved), self.coefficients.len() as f64))
    }
}

/// Whether hazard ratios keep still over time: the score test of each column's product with time (Grambsch & Therneau
/// 1994, in the exact form of Therneau's `cox.zph` since 2020). Undefined when all conversions happen at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Proportionality {
    pub columns: Vec<Result<ChiSquare, Undefined>>,
    pub global: Result<ChiSquare, Undefined>,
}

impl Proportionality {
    /// From Σ g u, Σ V, Σ g V and Σ g² V over the conversions, g the time, u the score and V the information.
    fn of(score: &[f64], information: &Matrix, once: &Matrix, twice: &Matrix) -> Self {
        let p = score.len();
        let left = information.inverse_spd().map(|inverse| {
            let explained = once.times(&inverse).times(once);
            Matrix::from_fn(p, p, |i, j| twice[(i, j)] - explained[(i, j)])
        });
        let column = |j: usize| {
            let variance = left.as_ref().map_err(|reason| *reason)?[(j, j)];
            // What rounding leaves of nothing is nothing.
            let some = variance > 1e-12 * twice[(j, j)] && variance > 0.0;
            if some { Ok(ChiSquare::new(score[j] * score[j] / variance, 1.0)) } else { Err(Undefined::ZeroVariance) }
        };
        let columns: Vec<_> = (0..p).map(column).collect();
        let all = columns.iter().find_map(|test| test.err()).map_or(Ok(()), Err);
        let global = all.and_then(|()| {
            let solved = left.as_ref().map_err(|reason| *reason)?.solve_spd(score)?;
            Ok(ChiSquare::new(dot(score, &solved), p as f64))
        });
        Self { columns, global }
    }
}

fn roots(matrix: &Matrix) -> Vec<f64> {
    matrix.diagonal().iter().map(|variance| variance.max(0.0).sqrt()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| x * y).sum()
}

/// Fits the regression on columns as long as the leads. Leads with a value missing (not finite) are left out.
/// Undefined without conversions or without columns.
///
/// # Panics
/// When the slices differ in length.
pub fn cox(followed: &Followed, columns: &[&[f64]], options: CoxOptions) -> Result<Cox, Undefined> {
    let sorted = Sorted::of(followed, columns, options);
    let (followed, options) = (sorted.followed(), sorted.options(options.ties));
    let columns: Vec<&[f64]> = sorted.columns.iter().map(Vec::as_slice).collect();
    let risk = Risk::of(&followed, &columns, options)?;
    let null = risk.likelihood(&vec![0.0; columns.len()]);
    let score = null.decrement().map(|chi2| ChiSquare::new(chi2, columns.len() as f64));
    let fit = score.and_then(|_| risk.maximise(&null));
    let fit = fit.and_then(|top| risk.report(&top, &null, &followed, options.cluster));
    Ok(Cox { events: risk.events, log_likelihood_null: null.value, score, fit })
}

/// The complete leads in the order of their times, so that each walk through time reads memory in order.
struct Sorted {
    time: Vec<f64>,
    end: Vec<End>,
    entry: Option<Vec<f64>>,
    weight: Vec<f64>,
    columns: Vec<Vec<f64>>,
    cluster: Option<Vec<usize>>,
    strata: Option<Vec<usize>>,
}

impl Sorted {
    fn of(followed: &Followed, columns: &[&[f64]], options: CoxOptions) -> Self {
        assert!(columns.iter().all(|column| column.len() == followed.len()), "a value for every lead");
        let complete = |row: &usize| followed.counts(*row) && columns.iter().all(|column| column[*row].is_finite());
        let mut rows: Vec<usize> = (0..followed.len()).filter(complete).collect();
        rows.sort_unstable_by(|&a, &b| followed.time[a].total_cmp(&followed.time[b]).then(a.cmp(&b)));
        let numbers = |column: &[f64]| rows.iter().map(|&row| column[row]).collect::<Vec<f64>>();
        let labels = |column: &[usize]| rows.iter().map(|&row| column[row]).collect::<Vec<usize>>();
        Self {
            time: numbers(followed.time),
            end: rows.iter().map(|&row| followed.end[row]).collect(),
            entry: followed.entry.map(numbers),
            weight: rows.iter().map(|&row| followed.weight_of(row)).collect(),
            columns: columns.iter().map(|column| numbers(column)).collect(),
            cluster: options.cluster.map(labels),
            strata: options.strata.map(labels),
        }
    }

    fn followed(&self) -> Followed<'_> {
        let all = Followed::new(&self.time, &self.end).weighted(&self.weight);
        Followed { entry: self.entry.as_deref(), ..all }
    }

    fn options(&self, ties: Ties) -> CoxOptions<'_> {
        CoxOptions { ties, cluster: self.cluster.as_deref(), strata: self.strata.as_deref() }
    }
}

/// The data of a regression: risk sets and standardised columns.
struct Risk {
    timelines: Vec<Timeline>,
    /// Row by row.
    z: Matrix,
    scale: Vec<f64>,
    ties: Ties,
    events: f64,
}

/// The log partial likelihood at one place, with its first derivative and its negative second one.
struct Likelihood {
    beta: Vec<f64>,
    value: f64,
    gradient: Vec<f64>,
    information: Matrix,
    /// The information's diagonal before the means were taken out: what rounding is to be measured by.
    raw: Vec<f64>,
}

impl Likelihood {
    /// Newton's step to the maximum.
    fn step(&self) -> Result<Vec<f64>, Undefined> {
        let lower = self.information.cholesky()?;
        let kept = |i: usize| lower[(i, i)].powi(2) > 1e-12 * self.raw[i];
        if !(0..lower.rows).all(kept) {
            return Err(Undefined::Collinear);
        }
        Ok(lower.solve_cholesky(&self.gradient))
    }

    /// Twice what Newton's step promises to gain; at no effect it is the score statistic.
    fn decrement(&self) -> Result<f64, Undefined> {
        Ok(dot(&self.gradient, &self.step()?))
    }
}

impl Risk {
    fn of(followed: &Followed, columns: &[&[f64]], options: CoxOptions) -> Result<Self, Undefined> {
        if columns.is_empty() {
            return Err(Undefined::Empty);
        }
        let timelines =
            options.strata.map_or_else(|| vec![Timeline::of(followed)], |strata| Timeline::by(followed, strata));
        let exits = || timelines.iter().flat_map(Timeline::exits);
        let events = exits().filter(|exit| exit.end == End::Converted).map(|exit| exit.weight).sum();
        if events == 0.0 {
            return Err(if exits().next().is_none() { Undefined::Empty } else { Undefined::NoEvents });
        }
        let centres: Vec<Centre> = columns.iter().map(|column| Centre::of(column, exits())).collect();
        let z = Matrix::from_fn(followed.len(), columns.len(), |i, j| centres[j].standardise(columns[j][i]));
        let scale = centres.iter().map(|centre| centre.scale).collect();
        Ok(Self { timelines, z, scale, ties: options.ties, events })
    }

    /// Newton's method with halved steps, from no effect at all.
    fn maximise(&self, null: &Likelihood) -> Result<Likelihood, Undefined> {
        let mut here = self.likelihood(&null.beta);
        let mut last = f64::INFINITY;
        for round in 0..ROUNDS {
            let decrement = here.decrement().map_err(|_| Undefined::Separated)?;
            // At a maximum the gain left falls quadratically; on the way to infinity by a constant factor.
            let is_slow = round > 8 && decrement > 0.02 * last;
            if is_slow && decrement < 1e-5 {
                return Err(Undefined::Separated);
            }
            let next = self.climb(&here)?;
            if decrement < 1e-10 {
                return if collapsed(&next, null) { Err(Undefined::Separated) } else { Ok(next) };
            }
            (here, last) = (next, decrement);
        }
        Err(Undefined::NotConverged)
    }

    fn climb(&self, here: &Likelihood) -> Result<Likelihood, Undefined> {
        let step = here.step().map_err(|_| Undefined::Separated)?;
        let mut part = 1.0;
        for _ in 0..30 {
            let beta: Vec<f64> = here.beta.iter().zip(&step).map(|(b, s)| b + part * s).collect();
            let next = self.likelihood(&beta);
            if next.value >= here.value - 1e-10 * (1.0 + here.value.abs()) {
                return Ok(next);
            }
            part /= 2.0;
        }
        Err(Undefined::NotConverged)
    }

    fn likelihood(&self, beta: &[f64]) -> Likelihood {
        let mut sum = Likelihood::zero(beta);
        self.each_conversion(beta, |_, set, deaths, shares| sum.add(set, deaths, shares));
        mirror(&mut sum.information);
        sum
    }

    /// Visits the times at which leads convert, latest first, stratum by stratum.
    fn each_conversion(&self, beta: &[f64], mut visit: impl FnMut(f64, &RiskSet, &Deaths, &Shares)) {
        let hazard = self.hazards(beta);
        for timeline in &self.timelines {
            self.each_conversion_of(timeline, &hazard, &mut visit);
        }
    }

    fn each_conversion_of(
        &self,
        timeline: &Timeline,
        hazard: &[f64],
        mut visit: impl FnMut(f64, &RiskSet, &Deaths, &Shares),
    ) {
        let mut set = RiskSet::new(self.z.cols);
        for instant in timeline.backwards() {
            set.step(&instant, &self.z, hazard);
            if let Some(deaths) = Deaths::at(&instant, self, hazard) {
                visit(instant.time, &set, &deaths, &self.shares(&set, &deaths));
            }
        }
    }

    /// The score test of columns times time, next to the columns alone.
    fn proportionality(&self, top: &Likelihood) -> Proportionality {
        let p = top.beta.len();
        let (middle, span) = self.conversion_times();
        let mut score = vec![0.0; p];
        let (mut once, mut twice) = (Matrix::zeros(p, p), Matrix::zeros(p, p));
        self.each_conversion(&top.beta, |time, set, deaths, shares| {
            let g = (time - middle) / span;
            let mut here = Likelihood::zero(&top.beta);
            here.add(set, deaths, shares);
            for i in 0..p {
                score[i] += g * here.gradient[i];
                for j in 0..=i {
                    once[(i, j)] += g * here.information[(i, j)];
                    twice[(i, j)] += g * g * here.information[(i, j)];
                }
            }
        });
        mirror(&mut once);
        mirror(&mut twice);
        Proportionality::of(&score, &top.information, &once, &twice)
    }

    /// The middle of the times of conversion and their span: any origin and unit of time give the same test.
    fn conversion_times(&self) -> (f64, f64) {
        let converted = self.timelines.iter().flat_map(Timeline::exits).filter(|exit| exit.end == End::Converted);
        let (low, high) = converted
            .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), exit| (low.min(exit.time), high.max(exit.time)));
        ((low + high) / 2.0, if high > low { high - low } else { 1.0 })
    }

    fn hazards(&self, beta: &[f64]) -> Vec<f64> {
        (0..self.z.rows).map(|row| dot(self.z.row(row), beta).exp()).collect()
    }

    fn shares(&self, set: &RiskSet, deaths: &Deaths) -> Shares {
        match self.ties {
            Ties::Efron => Shares::efron(set.total, deaths),
            Ties::Breslow => Shares::breslow(set.total, deaths),
        }
    }

    fn report(
        &self,
        top: &Likelihood,
        null: &Likelihood,
        followed: &Followed,
        cluster: Option<&[usize]>,
    ) -> Result<CoxFit, Undefined> {
        let inverse = top.information.inverse_spd()?;
        let meat = self.meat(&top.beta, followed, cluster);
        let robust = inverse.times(&meat).times(&inverse);
        let predictor: Vec<f64> = (0..self.z.rows).map(|row| dot(self.z.row(row), &top.beta)).collect();
        Ok(CoxFit {
            coefficients: top.beta.iter().zip(&self.scale).map(|(b, s)| b / s).collect(),
            covariance: self.unscaled(&inverse),
            robust: self.unscaled(&robust),
            log_likelihood: top.value,
            concordance: harrell(followed, &predictor),
            proportionality: self.proportionality(top),
            log_likelihood_null: null.value,
        })
    }

    fn unscaled(&self, matrix: &Matrix) -> Matrix {
        Matrix::from_fn(matrix.rows, matrix.cols, |i, j| matrix[(i, j)] / (self.scale[i] * self.scale[j]))
    }

    /// The sum of outer products of the clusters' score residuals; a lead of weight w without a cluster is w clusters.
    fn meat(&self, beta: &[f64], followed: &Followed, cluster: Option<&[usize]>) -> Matrix {
        let p = beta.len();
        let residuals = self.residuals(beta, followed);
        let Some(cluster) = cluster else { return residuals.gram(|row| followed.weight_of(row)) };
        let mut sums = Matrix::zeros(cluster.iter().max().map_or(0, |last| last + 1), p);
        for (row, &cluster) in cluster.iter().enumerate() {
            for j in 0..p {
                sums[(cluster, j)] += followed.weight_of(row) * residuals[(row, j)];
            }
        }
        sums.gram(|_| 1.0)
    }

    /// Each lead's score residual: what its covariates contribute to the gradient, its exposure included
    /// (Therneau & Grambsch 2000, 7.1; with Efron's share for those who convert at one time).
    fn residuals(&self, beta: &[f64], followed: &Followed) -> Matrix {
        let hazard = self.hazards(beta);
        let mut residuals = Matrix::zeros(self.z.rows, beta.len());
        for timeline in &self.timelines {
            let baseline = Baseline::of(timeline, self, &hazard);
            for exit in timeline.exits() {
                let row = exit.row();
                let entry = followed.entry.map_or(f64::NEG_INFINITY, |entry| entry[row]);
                let exposure = baseline.exposure(entry, exit.time, self.z.row(row), hazard[row]);
                for (j, part) in exposure.into_iter().enumerate() {
                    residuals[(row, j)] -= part;
                }
                if exit.end == End::Converted {
                    let own = baseline.own(exit.time, self.z.row(row), hazard[row]);
                    for (j, part) in own.into_iter().enumerate() {
                        residuals[(row, j)] += part;
                    }
                }
            }
        }
        residuals
    }
}

/// A maximum is found in some five rounds, or there is none.
const ROUNDS: usize = 60;

/// Whether some direction has lost practically all the information it had: the hazard ratio runs off to infinity.
fn collapsed(here: &Likelihood, null: &Likelihood) -> bool {
    let Ok(lower) = null.information.cholesky() else { return true };
    // L⁻¹ I L⁻ᵀ by columns of the inverse factor.
    let inverse = lower_inverse(&lower);
    let relative = inverse.times(&here.information).times(&inverse.transpose());
    let (values, _) = relative.eigen_symmetric();
    values.into_iter().any(|value| value.is_nan() || value <= 1e-9)
}

fn lower_inverse(lower: &Matrix) -> Matrix {
    let n = lower.rows;
    let mut inverse = Matrix::zeros(n, n);
    for j in 0..n {
        for i in j..n {
            let known: f64 = (j..i).map(|k| lower[(i, k)] * inverse[(k, j)]).sum();
            inverse[(i, j)] = (f64::from(i == j) - known) / lower[(i, i)];
        }
    }
    inverse
}

/// Fills the upper triangle from the lower one.
fn mirror(matrix: &mut Matrix) {
    for i in 0..matrix.rows {
        for j in 0..i {
            matrix[(j, i)] = matrix[(i, j)];
        }
    }
}

/// Where a column has its middle and how far it spreads.
struct Centre {
    mean: f64,
    scale: f64,
}

impl Centre {
    fn of<'a>(column: &[f64], exits: impl Iterator<Item = &'a Passage> + Clone) -> Self {
        let total: f64 = exits.clone().map(|exit| exit.weight).sum();
        let first = exits.clone().next().map_or(0.0, |exit| column[exit.row()]);
        let shift = exits.clone().map(|exit| exit.weight * (column[exit.row()] - first)).sum::<f64>() / total;
        let mean = first + shift;
        let variance = exits.map(|exit| exit.weight * (column[exit.row()] - mean).powi(2)).sum::<f64>() / total;
        Self { mean, scale: if variance > 0.0 { variance.sqrt() } else { 1.0 } }
    }

    fn standardise(&self, value: f64) -> f64 {
        (value - self.mean) / self.scale
    }
}

/// Sums over those at risk: of their hazards, and of these times the columns and their products.
struct RiskSet {
    total: f64,
    first: Vec<f64>,
    /// The lower triangle.
    second: Matrix,
}

impl RiskSet {
    fn new(p: usize) -> Self {
        Self { total: 0.0, first: vec![0.0; p], second: Matrix::zeros(p, p) }
    }

    fn step(&mut self, instant: &Instant, z: &Matrix, hazard: &[f64]) {
        for exit in instant.exits {
            self.add(z.row(exit.row()), exit.weight * hazard[exit.row()]);
        }
        for entry in instant.entries {
            self.add(z.row(entry.row()), -entry.weight * hazard[entry.row()]);
        }
    }

    fn add(&mut self, z: &[f64], weight: f64) {
        self.total += weight;
        for i in 0..z.len() {
            let scaled = weight * z[i];
            self.first[i] += scaled;
            for (j, other) in z[..=i].iter().enumerate() {
                self.second[(i, j)] += scaled * other;
            }
        }
    }
}

/// Those who convert at one time.
struct Deaths {
    count: f64,
    /// Their columns, summed.
    columns: Vec<f64>,
    set: RiskSet,
}

impl Deaths {
    fn at(instant: &Instant, risk: &Risk, hazard: &[f64]) -> Option<Self> {
        let p = risk.z.cols;
        let mut deaths = Self { count: 0.0, columns: vec![0.0; p], set: RiskSet::new(p) };
        for exit in instant.exits.iter().filter(|exit| exit.end == End::Converted) {
            let z = risk.z.row(exit.row());
            deaths.count += exit.weight;
            deaths.columns.iter_mut().zip(z).for_each(|(sum, z)| *sum += exit.weight * z);
            deaths.set.add(z, exit.weight * hazard[exit.row()]);
        }
        (deaths.count > 0.0).then_some(deaths)
    }
}

/// Sums over the conversions at one time, taken one after the other: the k-th faces the risk set less a share f of
/// those who convert then.
#[derive(Default)]
struct Shares {
    /// How many steps, and what each counts.
    steps: f64,
    each: f64,
    /// Σ log D, D the hazard faced.
    log: f64,
    /// Σ f^k / D for k = 0, 1.
    one: [f64; 2],
    /// Σ f^k / D² for k = 0, 1, 2.
    two: [f64; 3],
}

impl Shares {
    fn breslow(total: f64, deaths: &Deaths) -> Self {
        let mut shares = Self { steps: 1.0, each: deaths.count, ..Self::default() };
        shares.add(0.0, total);
        shares
    }

    /// One step a conversion; fractional weights are rounded to steps of equal size.
    fn efron(total: f64, deaths: &Deaths) -> Self {
        let steps = deaths.count.round().max(1.0);
        let mut shares = Self { steps, each: deaths.count / steps, ..Self::default() };
        for k in 0..steps as u64 {
            let share = k as f64 / steps;
            shares.add(share, total - share * deaths.set.total);
        }
        shares
    }

    fn add(&mut self, share: f64, faced: f64) {
        let inverse = 1.0 / faced;
        self.log += faced.ln();
        self.one[0] += inverse;
        self.one[1] += share * inverse;
        self.two[0] += inverse * inverse;
        self.two[1] += share * inverse * inverse;
        self.two[2] += share * share * inverse * inverse;
    }

    /// Σ 1/D and Σ mean/D, of the hazard's steps: how exposure grows at this time for all at risk.
    fn exposure(&self, set: &RiskSet, deaths: &Deaths) -> (f64, Vec<f64>) {
        let [b0, b1, _] = self.two;
        (self.each * self.one[0], self.combine(set, deaths, self.each * b0, self.each * b1))
    }

    /// The same with each step's share of those who convert taken out: what they are spared.
    fn spared(&self, set: &RiskSet, deaths: &Deaths) -> (f64, Vec<f64>) {
        let [_, b1, b2] = self.two;
        (self.each * self.one[1], self.combine(set, deaths, self.each * b1, self.each * b2))
    }

    /// The mean of the columns over the risk sets faced.
    fn mean(&self, set: &RiskSet, deaths: &Deaths) -> Vec<f64> {
        self.combine(set, deaths, self.one[0] / self.steps, self.one[1] / self.steps)
    }

    fn combine(&self, set: &RiskSet, deaths: &Deaths, a: f64, b: f64) -> Vec<f64> {
        set.first.iter().zip(&deaths.set.first).map(|(all, dead)| a * all - b * dead).collect()
    }
}

impl Likelihood {
    fn zero(beta: &[f64]) -> Self {
        let p = beta.len();
        let zeros = vec![0.0; p];
        Self { beta: beta.to_vec(), value: 0.0, gradient: zeros.clone(), information: Matrix::zeros(p, p), raw: zeros }
    }

    /// Adds one time's conversions; of the information only the lower triangle.
    fn add(&mut self, set: &RiskSet, deaths: &Deaths, shares: &Shares) {
        let ([a0, a1], [b0, b1, b2]) = (shares.one, shares.two);
        self.value += dot(&self.beta, &deaths.columns) - shares.each * shares.log;
        for i in 0..self.beta.len() {
            let (s, d) = (set.first[i], deaths.set.first[i]);
            self.gradient[i] += deaths.columns[i] - shares.each * (a0 * s - a1 * d);
            self.raw[i] += shares.each * a0 * set.second[(i, i)];
            for j in 0..=i {
                let (t, e) = (set.first[j], deaths.set.first[j]);
                let square = a0 * set.second[(i, j)] - a1 * deaths.set.second[(i, j)];
                let product = b0 * s * t - b1 * (s * e + d * t) + b2 * d * e;
                self.information[(i, j)] += shares.each * (square - product);
            }
        }
    }
}

/// What risk does over time to a lead's score residual, at the times of conversions.
struct Baseline {
    time: Vec<f64>,
    /// Σ 1/D and Σ mean/D, summed from the first time to each; before the first they are 0.
    exposure: Steps,
    /// At each time, what those who convert then are spared of it.
    spared: Steps,
    /// At each time, the mean that those who convert then are held against.
    mean: Steps,
}

/// Rows of a number and a vector each, in one piece of memory.
struct Steps {
    width: usize,
    values: Vec<f64>,
}

impl Steps {
    fn new(columns: usize) -> Self {
        Self { width: columns + 1, values: Vec::new() }
    }

    fn push(&mut self, (rate, mean): (f64, Vec<f64>)) {
        self.values.push(rate);
        self.values.extend(mean);
    }

    fn row(&self, i: usize) -> (f64, &[f64]) {
        let row = &self.values[i * self.width..(i + 1) * self.width];
        (row[0], &row[1..])
    }

    /// Each row becomes the sum of itself and all after it.
    fn accumulate_back(&mut self) {
        for i in (0..self.values.len().saturating_sub(self.width)).rev() {
            self.values[i] += self.values[i + self.width];
        }
    }
}

impl Baseline {
    /// Steps stand latest first, as the walk meets them.
    fn of(timeline: &Timeline, risk: &Risk, hazard: &[f64]) -> Self {
        let p = risk.z.cols;
        let mut base = Self { time: Vec::new(), exposure: Steps::new(p), spared: Steps::new(p), mean: Steps::new(p) };
        risk.each_conversion_of(timeline, hazard, |time, set, deaths, shares| {
            base.time.push(time);
            base.exposure.push(shares.exposure(set, deaths));
            base.spared.push(shares.spared(set, deaths));
            base.mean.push((0.0, shares.mean(set, deaths)));
        });
        base.exposure.push((0.0, vec![0.0; p]));
        base.exposure.accumulate_back();
        base
    }

    /// r ∫ (z - mean) dΛ over (entry, exit].
    fn exposure(&self, entry: f64, exit: f64, z: &[f64], hazard: f64) -> Vec<f64> {
        let through = |t: f64| self.exposure.row(self.time.partition_point(|time| *time > t));
        let ((before, mean_before), (after, mean_after)) = (through(entry), through(exit));
        let mean = mean_after.iter().zip(mean_before).map(|(after, before)| after - before);
        z.iter().zip(mean).map(|(z, mean)| hazard * (z * (after - before) - mean)).collect()
    }

    /// What converting at a time adds: the distance from the mean, and the exposure spared among those who tie.
    fn own(&self, time: f64, z: &[f64], hazard: f64) -> Vec<f64> {
        let at = self.time.partition_point(|other| *other > time);
        let ((rate, spared), (_, mean)) = (self.spared.row(at), self.mean.row(at));
        let spared = z.iter().zip(spared).map(|(z, spared)| hazard * (z * rate - spared));
        z.iter().zip(mean).zip(spared).map(|((z, mean), spared)| z - mean + spared).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const C: End = End::Converted;
    const O: End = End::Censored;

    fn fit(time: &[f64], end: &[End], columns: &[&[f64]]) -> Result<CoxFit, Undefined> {
        cox(&Followed::new(time, end), columns, CoxOptions::default()).and_then(|cox| cox.fit)
    }

    #[test]
    fn a_small_table_has_the_known_coefficient() {
        // The likelihood is u / (2u + 1) · 1 / (u + 1) with u the hazard ratio.
        let fit = fit(&[1.0, 2.0, 3.0], &[C, C, O], &[&[1.0, 0.0, 1.0]]).unwrap();
        let u = fit.coefficients[0].exp();
        assert!((1.0 - 2.0 * u / (2.0 * u + 1.0) - u / (u + 1.0)).abs() < 1e-12);
    }

    #[test]
    fn a_group_without_conversions_is_separated() {
        let columns: [&[f64]; 1] = [&[1.0, 1.0, 1.0, 0.0, 0.0, 0.0]];
        let all =
            cox(&Followed::new(&[1.0, 2.0, 3.0, 2.5, 4.0, 5.0], &[C, C, C, O, O, O]), &columns, CoxOptions::default());
        let all = all.unwrap();
        assert_eq!(all.fit.unwrap_err(), Undefined::Separated);
        assert!(all.score.is_ok());
    }

    #[test]
    fn a_column_that_orders_all_conversions_is_separated() {
        let (time, score): (Vec<f64>, Vec<f64>) = (0..40).map(|i| (f64::from(i), 1e9 - f64::from(i * i) / 1e3)).unzip();
        assert_eq!(fit(&time, &[C; 40], &[&score]).unwrap_err(), Undefined::Separated);
    }

    #[test]
    fn a_constant_or_repeated_column_is_collinear() {
        let (time, end) = ([1.0, 2.0, 3.0, 4.0], [C, C, C, O]);
        assert_eq!(fit(&time, &end, &[&[7.0; 4]]).unwrap_err(), Undefined::Collinear);
        let (x, y) = ([0.1, 0.5, 0.2, 0.3], [1.2, 2.0, 1.4, 1.6]);
        assert_eq!(fit(&time, &end, &[&x, &y]).unwrap_err(), Undefined::Collinear);
    }

    #[test]
    fn a_column_that_never_differs_among_those_at_risk_is_collinear() {
        let (time, end) = ([1.0, 3.0, 4.0, 5.0], [O, C, C, O]);
        assert_eq!(fit(&time, &end, &[&[7.3, 0.1, 0.1, 0.1]]).unwrap_err(), Undefined::Collinear);
    }

    #[test]
    fn without_conversions_there_is_no_regression() {
        assert_eq!(fit(&[1.0, 2.0], &[O, End::Lost], &[&[1.0, 2.0]]).unwrap_err(), Undefined::NoEvents);
        assert_eq!(fit(&[], &[], &[&[]]).unwrap_err(), Undefined::Empty);
    }

    #[test]
    fn a_far_origin_costs_no_digits() {
        let (time, end) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [C, O, C, C, C, O]);
        let near = [1.0, 3.0, 0.5, 2.0, 1.5, 1.0];
        let far = near.map(|x| x * 0.0625 + 1e9);
        let (a, b) = (fit(&time, &end, &[&near]).unwrap(), fit(&time, &end, &[&far]).unwrap());
        assert!((a.coefficients[0] / b.coefficients[0] - 0.0625).abs() < 1e-10);
    }
}
