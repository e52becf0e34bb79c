//! Chance as an argument: a seed and a numbered stream give the same draws on any machine and any number of threads.

use super::dist::ln_gamma;

/// The seed of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The stream of one replicate: xoshiro256++ seeded by SplitMix64 over (seed, replicate).
    pub fn replicate(self, replicate: u64) -> Stream {
        let mut state = self.0 ^ mix(replicate.wrapping_add(0x9e37_79b9_7f4a_7c15));
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            mix(state)
        };
        Stream([next(), next(), next(), next()])
    }

    /// A number in [0, 1) that depends on the seed and the text alone.
    pub fn hash(self, text: &str) -> f64 {
        // FNV-1a, then mixed: stable for ever, unlike the standard library's hasher.
        let fnv = text
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325u64 ^ mix(self.0), |h, b| (h ^ u64::from(b)).wrapping_mul(0x100_0000_01b3));
        unit(mix(fnv))
    }
}

/// The finaliser of SplitMix64 (Steele, Lea & Flood 2014).
fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

fn unit(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A stream of draws: xoshiro256++ (Blackman & Vigna 2021).
#[derive(Clone, Debug)]
pub struct Stream([u64; 4]);

impl Stream {
    pub fn next_u64(&mut self) -> u64 {
        let s = &mut self.0;
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let t = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= t;
        s[3] = s[3].rotate_left(45);
        result
    }

    /// Uniform in [0, 1).
    pub fn uniform(&mut self) -> f64 {
        unit(self.next_u64())
    }

    /// True with probability `p`.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Uniform in 0..n, without bias (Lemire 2019).
    ///
    /// # Panics
    /// When `n` is 0.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "something to choose from");
        let threshold = n.wrapping_neg() % n;
        loop {
            let product = u128::from(self.next_u64()) * u128::from(n);
            if product as u64 >= threshold {
                return (product >> 64) as u64;
            }
        }
    }

    /// Standard normal (polar method of Marsaglia).
    pub fn normal(&mut self) -> f64 {
        loop {
            let (u, v) = (2.0 * self.uniform() - 1.0, 2.0 * self.uniform() - 1.0);
            let s = u * u + v * v;
            if s > 0.0 && s < 1.0 {
                return u * (-2.0 * s.ln() / s).sqrt();
            }
        }
    }

    /// Exponential with mean 1.
    pub fn exponential(&mut self) -> f64 {
        -(1.0 - self.uniform()).ln()
    }

    /// Gamma with mean `shape` (Marsaglia & Tsang 2000).
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape < 1.0 {
            return self.gamma(shape + 1.0) * (1.0 - self.uniform()).powf(1.0 / shape);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.uniform()).ln() < 0.5 * x * x + d - d * v + d * v.ln() {
                return d * v;
            }
        }
    }

    /// Poisson: by inversion for small means, by Hörmann's (1993) PTRS else.
    pub fn poisson(&mut self, mean: f64) -> u64 {
        if mean <= 0.0 {
            return 0;
        }
        if mean < 30.0 {
            let limit = (-mean).exp();
            let (mut count, mut product) = (0, self.uniform());
            while product > limit {
                count += 1;
                product *= self.uniform();
            }
            return count;
        }
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = 1.0 - self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            if (v * inverse_alpha / (a / (us * us) + b)).ln() <= k * mean.ln() - mean - ln_gamma(k + 1.0) {
                return k as u64;
            }
        }
    }

    /// Binomial: by inversion for small means, by Hörmann's (1993) BTRS else. Exact in law.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        if n == 0 || p <= 0.0 {
            return 0;
        }
        if p >= 1.0 {
            return n;
        }
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        let count = n as f64;
        if count * p < 10.0 { self.binomial_by_inversion(n, p) } else { self.binomial_by_rejection(count, p) }
    }

    fn binomial_by_inversion(&mut self, n: u64, p: f64) -> u64 {
        let ratio = p / (1.0 - p);
        let scale = (n as f64 + 1.0) * ratio;
        loop {
            let mut mass = (n as f64 * (-p).ln_1p()).exp();
            let mut u = self.uniform();
            for k in 0..=n.min(110) {
                if u < mass {
                    return k;
                }
                u -= mass;
                mass *= scale / (k as f64 + 1.0) - ratio;
            }
        }
    }

    fn binomial_by_rejection(&mut self, n: f64, p: f64) -> u64 {
        let spread = (n * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spread;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = n * p + 0.5;
        let v_r = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spread;
        let odds = (p / (1.0 - p)).ln();
        let mode = ((n + 1.0) * p).floor();
        let h = ln_gamma(mode + 1.0) + ln_gamma(n - mode + 1.0);
        loop {
            let u = self.uniform() - 0.5;
            let v = 1.0 - self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if k < 0.0 || k > n {
                continue;
            }
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            let bound = h - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0) + (k - mode) * odds;
            if (v * alpha / (a / (us * us) + b)).ln() <= bound {
                return k as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mean_and_variance(mut draw: impl FnMut() -> f64) -> (f64, f64) {
        let values: Vec<f64> = (0..200_000).map(|_| draw()).collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        (mean, values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64)
    }

    #[test]
    fn draws_have_the_moments_of_their_law() {
        let mut s = Seed(7).replicate(0);
        let near = |(mean, variance): (f64, f64), m: f64, v: f64| {
            assert!((mean - m).abs() < 5.0 * (v / 2e5).sqrt(), "mean {mean} of {m}");
            assert!((variance / v - 1.0).abs() < 0.03, "variance {variance} of {v}");
        };
        near(mean_and_variance(|| s.normal()), 0.0, 1.0);
        near(mean_and_variance(|| s.gamma(0.5)), 0.5, 0.5);
        near(mean_and_variance(|| s.gamma(3.0)), 3.0, 3.0);
        near(mean_and_variance(|| s.poisson(4.0) as f64), 4.0, 4.0);
        near(mean_and_variance(|| s.poisson(80.0) as f64), 80.0, 80.0);
        near(mean_and_variance(|| s.binomial(20, 0.1) as f64), 2.0, 1.8);
        near(mean_and_variance(|| s.binomial(1000, 0.3) as f64), 300.0, 210.0);
        near(mean_and_variance(|| s.binomial(1000, 0.7) as f64), 700.0, 210.0);
        near(mean_and_variance(|| s.below(6) as f64), 2.5, 35.0 / 12.0);
    }

    #[test]
    fn a_stream_depends_on_its_seed_and_number_alone() {
        let first = |seed: u64, i: u64| Seed(seed).replicate(i).next_u64();
        assert_eq!(first(1, 2), first(1, 2));
        assert_ne!(first(1, 2), first(2, 1));
        assert_ne!(first(1, 2), first(1, 3));
    }
}
