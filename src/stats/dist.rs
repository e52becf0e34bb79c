//! Distribution functions, from statrs where it keeps its digits and guarded where it does not.

use statrs::distribution::{Beta, Binomial, ChiSquared, ContinuousCDF, DiscreteCDF, FisherSnedecor, StudentsT};
use statrs::function::{beta as beta_fn, erf, gamma};

/// The standard normal density.
pub fn normal_pdf(z: f64) -> f64 {
    (-0.5 * z * z).exp() / (2.0 * std::f64::consts::PI).sqrt()
}

/// P(Z <= z).
pub fn normal_cdf(z: f64) -> f64 {
    if z.is_nan() || z == 0.0 {
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
    if x <= 0.0 {
        return 1.0;
    }
    ChiSquared::new(df).expect("df > 0").sf(x)
}

/// The chi-square quantile of `p`.
pub fn chi2_quantile(p: f64, df: f64) -> f64 {
    ChiSquared::new(df).expect("df > 0").inverse_cdf(p)
}

/// P(X > x) of F.
pub fn f_sf(x: f64, df1: f64, df2: f64) -> f64 {
    FisherSnedecor::new(df1, df2).expect("df > 0").sf(x)
}

/// P(T <= t) of Student's t; `df` need not be whole.
pub fn t_cdf(t: f64, df: f64) -> f64 {
    StudentsT::new(0.0, 1.0, df).expect("df > 0").cdf(t)
}

/// The two-sided p-value of Student's t.
pub fn t_p(t: f64, df: f64) -> f64 {
    let square = t * t;
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
    if p == 0.5 {
        return 0.0;
    }
    let z = normal_quantile(p);
    let start = if df > 5.0 {
        z + (z.powi(3) + z) / (4.0 * df) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * df * df)
    } else {
        StudentsT::new(0.0, 1.0, df).expect("df > 0").inverse_cdf(p)
    };
    let density = StudentsT::new(0.0, 1.0, df).expect("df > 0");
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
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    beta_fn::beta_reg(a, b, x)
}

/// The Beta(a, b) quantile of `p`.
pub fn beta_quantile(p: f64, a: f64, b: f64) -> f64 {
    Beta::new(a, b).expect("shapes > 0").inverse_cdf(p)
}

/// P(X <= k) of Binomial(n, p).
pub fn binomial_cdf(k: u64, n: u64, p: f64) -> f64 {
    Binomial::new(p, n).expect("p in [0, 1]").cdf(k)
}

pub use statrs::function::gamma::ln_gamma;

/// ln(n!).
pub fn ln_factorial(n: u64) -> f64 {
    statrs::function::factorial::ln_factorial(n)
}

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
