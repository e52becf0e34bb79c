//! Distribution functions, from statrs where it keeps its digits and guarded where it does not.
//!
//! They are total: what is no number, a probability outside 0 to 1 and a law that does not exist (no degrees of freedom,
//! say) give NaN.

use statrs::distribution::{ChiSquared, ContinuousCDF, StudentsT};
use statrs::function::{beta as beta_fn, erf, gamma};

/// The standard normal density.
pub fn normal_pdf(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// P(Z <= z).
pub fn normal_cdf(z: f64) -> f64 {
    // Below this the square vanishes, and nothing is left to integrate from.
    if z.is_nan() || z.abs() < 1e-100 {
        return 0.5 + z;
    }
    // Through the incomplete gamma function: the library's erfc keeps ten digits only.
    let tail = if z.abs() < 40.0 { 0.5 * gamma::gamma_ur(0.5, 0.5 * z * z) } else { 0.0 };
    if z < 0.0 { tail } else { 1.0 - tail }
}

/// P(Z > z), with its digits kept far in the tail.
pub fn normal_sf(z: f64) -> f64 {
    normal_cdf(-z)
}

/// The two-sided p-value of a standard normal `z`.
pub fn normal_p(z: f64) -> f64 {
    (2.0 * normal_sf(z.abs())).min(1.0)
}

/// The standard normal quantile of `p` in (0, 1); infinite at the ends.
pub fn normal_quantile(p: f64) -> f64 {
    if p.is_nan() {
        return p;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    if p >= 1.0 {
        return f64::INFINITY;
    }
    if p > 0.5 {
        return -normal_quantile(1.0 - p);
    }
    let start = -std::f64::consts::SQRT_2 * erf::erfc_inv(2.0 * p);
    // Two Newton steps: the inverse alone keeps about nine digits.
    (0..2).fold(start, |z, _| z - (normal_cdf(z) - p) / normal_pdf(z))
}

/// The two-sided normal critical value at a confidence level: 1.96 at 0.95.
pub fn normal_critical(level: f64) -> f64 {
    -normal_quantile((1.0 - level) / 2.0)
}

/// P(X > x) of chi-square with `df` degrees of freedom.
pub fn chi2_sf(x: f64, df: f64) -> f64 {
    match ChiSquared::new(df) {
        Ok(_) if x.is_nan() || df == f64::INFINITY => f64::NAN,
        Ok(_) if x < f64::MIN_POSITIVE => 1.0,
        Ok(_) if x == f64::INFINITY => 0.0,
        Ok(law) => law.sf(x),
        Err(_) => f64::NAN,
    }
}

/// The two-sided p-value of Student's t.
pub fn t_p(t: f64, df: f64) -> f64 {
    let square = t * t;
    if t.is_nan() || df.is_nan() || df <= 0.0 {
        return f64::NAN;
    }
    if df == f64::INFINITY {
        return normal_p(t);
    }
    if square == f64::INFINITY {
        return 0.0;
    }
    if df > 1e4 {
        return normal_p(hill_normal(square, df));
    }
    // Near zero the complement keeps the digits of t.
    if square < 1.0 {
        return if square == 0.0 { 1.0 } else { 1.0 - beta_fn::beta_reg(0.5, df / 2.0, square / (df + square)) };
    }
    beta_fn::beta_reg(df / 2.0, 0.5, df / (df + square))
}

/// The normal deviate with the tail of t, to machine precision from some hundred degrees of freedom.
/// Hill (1970), algorithm 395; the incomplete beta function loses digits there.
fn hill_normal(square: f64, df: f64) -> f64 {
    let a = df - 0.5;
    let b = 48.0 * a * a;
    let y = a * (square / df).ln_1p();
    let deep = (((-0.4 * y - 3.3) * y - 24.0) * y - 85.5) / (0.8 * y * y + 100.0 + b);
    ((deep + y + 3.0) / b + 1.0) * y.sqrt()
}

/// Student's t quantile of `p`, by Newton on the distribution function from Hill's (1970) expansion:
/// the library's own inverse loses five digits at large `df`.
pub fn t_quantile(p: f64, df: f64) -> f64 {
    let z = normal_quantile(p);
    let Ok(density) = StudentsT::new(0.0, 1.0, df) else { return f64::NAN };
    if z == 0.0 || !z.is_finite() || df == f64::INFINITY {
        return z;
    }
    let start = if df > 5.0 {
        z + (z.powi(3) + z) / (4.0 * df) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * df * df)
    } else {
        // df / (df + T²) has the law Beta(df / 2, 1 / 2).
        let tail = 2.0 * p.min(1.0 - p);
        let odds =
            if tail > 0.5 { -beta_log_odds(1.0 - tail, 0.5, df / 2.0) } else { beta_log_odds(tail, df / 2.0, 0.5) };
        z.signum() * df.sqrt() * (-0.5 * odds).exp()
    };
    (0..8).fold(start, |t, _| {
        let tail = 0.5 * t_p(t, df);
        let below = if t < 0.0 { tail } else { 1.0 - tail };
        let pdf = statrs::distribution::Continuous::pdf(&density, t);
        if pdf > 0.0 { t - (below - p) / pdf } else { t }
    })
}

/// The two-sided t critical value at a confidence level.
pub fn t_critical(level: f64, df: f64) -> f64 {
    -t_quantile((1.0 - level) / 2.0, df)
}

/// P(X <= x) of Beta(a, b).
pub fn beta_cdf(x: f64, a: f64, b: f64) -> f64 {
    beta_tails(x, 1.0 - x, a, b).0
}

/// The Beta(a, b) quantile of `p`.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    if p > 0.5 { 1.0 - expit(beta_log_odds(1.0 - p, b, a)) } else { expit(beta_log_odds(p, a, b)) }
}

pub use statrs::function::gamma::ln_gamma;

/// 1 / (1 + exp(-x)), without overflow.
pub fn expit(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

/// ln(p / (1 - p)).
pub fn logit(p: f64) -> f64 {
    p.ln() - (-p).ln_1p()
}

/// ln(1 + exp(x)), without overflow.
pub fn softplus(x: f64) -> f64 {
    if x > 0.0 { x + (-x).exp().ln_1p() } else { x.exp().ln_1p() }
}

/// The x with P(X > x) = `p` of Beta(a, b), for small `p`.
pub fn beta_upper_quantile(p: f64, a: f64, b: f64) -> f64 {
    expit(-beta_log_odds(p, b, a))
}

/// ln(x / (1 - x)) of the Beta(a, b) quantile x of `p <= 1/2`, which keeps the digits of x and of 1 - x.
///
/// Newton on ln P(X <= x): concave and increasing in the log-odds, so that it converges from anywhere.
fn beta_log_odds(p: f64, a: f64, b: f64) -> f64 {
    if p.is_nan() || !is_shape(a) || !is_shape(b) {
        return f64::NAN;
    }
    if p <= 0.0 {
        return f64::NEG_INFINITY;
    }
    let mut odds = (a / b).ln() + normal_quantile(p).max(-3.0) * (1.0 / a + 1.0 / b).sqrt().min(2.0);
    for _ in 0..200 {
        let (x, y) = (expit(odds), expit(-odds));
        let (below, slope) = (beta_tails(x, y, a, b).0, binomial_density(a, b, x, y) * a * b / (a + b));
        let step = (below.ln() - p.ln()) * below / slope;
        odds -= step.clamp(-20.0, 20.0);
        if step.is_nan() || step.abs() <= 1e-15 * odds.abs().max(1.0) {
            break;
        }
    }
    odds
}

/// (P(X <= x), P(X > x)) of Beta(a, b) with `y = 1 - x`, by the continued fraction of DLMF 8.17.22;
/// both tails keep their relative digits, for shapes up to 1e9 too.
pub fn beta_tails(x: f64, y: f64, a: f64, b: f64) -> (f64, f64) {
    if x.is_nan() || y.is_nan() || !is_shape(a) || !is_shape(b) {
        return (f64::NAN, f64::NAN);
    }
    if x <= 0.0 {
        return (0.0, 1.0);
    }
    if y <= 0.0 {
        return (1.0, 0.0);
    }
    if x * (a + b + 2.0) > a + 1.0 {
        let (upper, lower) = beta_lower_tail(y, x, b, a);
        return (lower, upper);
    }
    beta_lower_tail(x, y, a, b)
}

fn is_shape(value: f64) -> bool {
    value > 0.0 && value.is_finite()
}

fn beta_lower_tail(x: f64, y: f64, a: f64, b: f64) -> (f64, f64) {
    let lower = binomial_density(a, b, x, y) * b / (a + b) * beta_fraction(x, a, b);
    (lower, 1.0 - lower)
}

/// The continued fraction of the incomplete beta function, by Lentz's method.
fn beta_fraction(x: f64, a: f64, b: f64) -> f64 {
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut h = d;
    // About √max(a, b) steps are needed; the bound serves shapes beyond any count of leads.
    for m in 1..10_000_000 {
        let m = f64::from(m);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / away_from_zero(1.0 + even * d);
        c = away_from_zero(1.0 + even / c);
        h *= d * c;
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / away_from_zero(1.0 + odd * d);
        c = away_from_zero(1.0 + odd / c);
        h *= d * c;
        if (d * c - 1.0).abs() < 3e-16 {
            break;
        }
    }
    h
}

/// Probability of `successes` and `failures` at probabilities p and q = 1 - p, without cancellation of factorials;
/// counts need not be whole. Loader (2000), "Fast and accurate computation of binomial probabilities".
pub fn binomial_density(successes: f64, failures: f64, p: f64, q: f64) -> f64 {
    let n = successes + failures;
    if successes == 0.0 || failures == 0.0 {
        let (count, chance, other) = if successes == 0.0 { (failures, q, p) } else { (successes, p, q) };
        return if chance > 0.5 { (count * (-other).ln_1p()).exp() } else { chance.powf(count) };
    }
    if p <= 0.0 || q <= 0.0 {
        return 0.0;
    }
    let correction = stirling_error(n) - stirling_error(successes) - stirling_error(failures);
    let distance = deviance(successes, n * p) + deviance(failures, n * q);
    (correction - distance).exp() * (n / (2.0 * std::f64::consts::PI * successes * failures)).sqrt()
}

/// x ln(x / m) + m - x, without cancellation where x is near m.
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() >= 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let (mut sum, mut term) = ((x - m) * v, 2.0 * x * v);
    for j in 1..1000 {
        term *= v * v;
        let next = sum + term / f64::from(2 * j + 1);
        if next == sum {
            break;
        }
        sum = next;
    }
    sum
}

/// ln n! less Stirling's formula.
fn stirling_error(n: f64) -> f64 {
    if n < 16.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - 0.5 * (2.0 * std::f64::consts::PI).ln();
    }
    let n2 = n * n;
    (1.0 / 12.0
        - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - (1.0 / 1188.0 - 691.0 / 360_360.0 / n2) / n2) / n2) / n2) / n2)
        / n
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_has_no_probability() {
        let nan = f64::NAN;
        let of_p = |p: f64| [normal_quantile(p), t_quantile(p, 3.0), beta_quantile(p, 1.0, 2.0)];
        let of_value = |x: f64| [normal_cdf(x), t_p(x, 3.0), chi2_sf(x, 3.0), beta_cdf(x, 1.0, 2.0)];
        let of_shape = |a: f64| {
            [t_p(1.0, a), t_quantile(0.9, a), chi2_sf(1.0, a), beta_cdf(0.5, a, 2.0), beta_quantile(0.1, 2.0, a)]
        };
        assert!(of_p(nan).iter().chain(&of_value(nan)).chain(&of_shape(nan)).all(|value| value.is_nan()));
        for odd in [f64::INFINITY, f64::NEG_INFINITY, 0.0, -1.0, 1e300, 1e-300] {
            assert!(of_value(odd).iter().all(|value| (0.0..=1.0).contains(value)), "{odd}");
            // Whatever these are, they are without a panic.
            of_p(odd);
            of_shape(odd);
        }
    }

    #[test]
    fn degrees_of_freedom_without_end_are_the_normal_law() {
        assert_eq!(t_p(1.5, f64::INFINITY), normal_p(1.5));
        assert_eq!(t_quantile(0.9, f64::INFINITY), normal_quantile(0.9));
    }

    #[test]
    fn a_law_without_freedom_has_no_probability() {
        let without = [t_p(1.0, 0.0), t_p(1.0, -1.0), chi2_sf(1.0, 0.0), t_quantile(0.9, 0.0)];
        assert!(without.iter().all(|value| value.is_nan()), "{without:?}");
    }
}
