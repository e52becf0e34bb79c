use crate::result::Barred;

use super::{Fitted, Strength};

/// One model's scores of all leads, in row order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Rounded to 1e-9; NaN where a lead is not scored.
    pub value: Vec<f64>,
    /// What each criterion (or part of a blend) gave, in the order of the file.
    pub contributions: Vec<Contribution>,
    /// Each group of criteria as a model of its own.
    pub groups: Vec<GroupScore>,
    /// The fit of a regression; the latest, where there are several.
    pub fitted: Option<Fitted>,
    /// Where it was fitted anew for each period.
    pub refitted: Option<Refitted>,
    /// Why the model cannot be promoted on this evidence.
    pub not_promotable: Option<Barred>,
}

/// A regression's fits, oldest first, and by which of them each row is scored.
#[derive(Clone, Debug, PartialEq)]
pub struct Refitted {
    pub fits: Vec<Fitted>,
    pub fit: Vec<u32>,
    /// What each row's score would have been by the fit of the period before; by its own in the first.
    pub before: Vec<f64>,
}

impl Scores {
    /// The fit that scores a row.
    pub fn fitted_of(&self, row: usize) -> Option<&Fitted> {
        let own = self.refitted.as_ref().map(|refitted| &refitted.fits[refitted.fit[row] as usize]);
        own.or(self.fitted.as_ref())
    }

    /// Of each row, the scores by its fit; what is told of the model itself is told of the latest.
    ///
    /// # Panics
    /// When there are no fits.
    pub(super) fn forward(fits: Vec<Self>, fit: &[u32]) -> Self {
        let latest = fits.last().expect("at least one fit").clone();
        let strength = |part: usize| -> Vec<f64> {
            (0..fit.len()).map(|row| fits[fit[row] as usize].contributions[part].strength[row]).collect()
        };
        let is_learned = |part: &Contribution, place: usize| {
            fits.iter().any(|one| one.contributions[place].strength != part.strength)
        };
        let contributions =
            latest.contributions.iter().enumerate().map(|(place, part)| match is_learned(part, place) {
                true => Contribution { strength: strength(place).into(), ..part.without_strength() },
                false => part.clone(),
            });
        let all: Option<Vec<Fitted>> = fits.iter().map(|one| one.fitted.clone()).collect();
        Self {
            value: fit.iter().enumerate().map(|(row, &fit)| fits[fit as usize].value[row]).collect(),
            contributions: contributions.collect(),
            refitted: all.map(|all| Refitted {
                fits: all,
                fit: fit.to_vec(),
                before: fit
                    .iter()
                    .enumerate()
                    .map(|(row, &fit)| fits[fit.saturating_sub(1) as usize].value[row])
                    .collect(),
            }),
            ..latest
        }
    }
}

/// What one criterion gave every lead.
#[derive(Clone, Debug, PartialEq)]
pub struct Contribution {
    pub name: String,
    pub group: Option<String>,
    /// Points for a strength of 1.
    pub points: f64,
    /// The most that it gives, either way.
    pub cap: Option<f64>,
    pub strength: Strength,
}

/// The sum of a group of criteria, within its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupScore {
    pub name: String,
    pub value: Vec<f64>,
}

/// Far beyond any score, and sums of it keep their sign and order.
const MOST_POINTS: f64 = 1e12;

impl Contribution {
    /// The same criterion on no lead.
    #[must_use]
    pub fn without_strength(&self) -> Self {
        Self {
            name: self.name.clone(),
            group: self.group.clone(),
            points: self.points,
            cap: self.cap,
            strength: Strength::default(),
        }
    }

    /// The same criterion on some of the leads.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self { strength: self.strength.take(rows), ..self.without_strength() }
    }

    /// Points before the cap.
    pub fn raw(&self, row: usize) -> f64 {
        self.raw_of(self.strength[row])
    }

    pub fn fires(&self, row: usize) -> bool {
        self.strength[row] != 0.0
    }

    /// Points after the cap.
    pub fn capped(&self, row: usize) -> f64 {
        self.capped_of(self.strength[row])
    }

    fn raw_of(&self, strength: f64) -> f64 {
        (self.points * strength).clamp(-MOST_POINTS, MOST_POINTS)
    }

    fn capped_of(&self, strength: f64) -> f64 {
        let cap = self.cap.unwrap_or(MOST_POINTS);
        self.raw_of(strength).clamp(-cap, cap)
    }

    /// Adds the points after the cap of the rows from `from` on, as many as there are sums.
    pub(super) fn add_to(&self, from: usize, sums: &mut [f64]) {
        let rows = from..from + sums.len();
        match &self.strength {
            Strength::Flags(flags) => {
                let (once, never) = (self.capped_of(1.0), self.capped_of(0.0));
                sums.iter_mut().zip(&flags[rows]).for_each(|(sum, &fires)| *sum += if fires { once } else { never });
            }
            Strength::Numbers(numbers) => {
                sums.iter_mut().zip(&numbers[rows]).for_each(|(sum, &strength)| *sum += self.capped_of(strength));
            }
        }
    }
}

/// To 1e-9, and never -0.
pub(super) fn round(value: f64) -> f64 {
    let scaled = value * 1e9;
    // Beyond 2^53 there are no such digits to round.
    if scaled.abs() < 9e15 { whole(scaled) / 1e9 + 0.0 } else { value }
}

/// The nearest whole number, halves away from 0: `f64::round` without a call, so that several are rounded at once.
pub(super) fn whole(value: f64) -> f64 {
    /// From here on numbers are whole, and a number added to it loses its decimals, halves to even ones.
    const WHOLE: f64 = (1u64 << 52) as f64;
    let size = value.abs();
    let even = (size + WHOLE) - WHOLE;
    let nearest = if size - even >= 0.5 { even + 1.0 } else { even };
    if size < WHOLE { nearest.copysign(value) } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_is_what_the_standard_library_rounds_to() {
        let near = |value: f64| [value, value.next_up(), value.next_down()];
        let halves = (0..60).flat_map(|power| [0.0, 0.5, 1.5, 2.5].map(|half| 2f64.powi(power) + half));
        let odd = [0.0, 0.49999999999999994, 1e300, f64::MAX, f64::MIN_POSITIVE, f64::INFINITY, f64::NAN];
        for value in halves.chain(odd).flat_map(near).flat_map(|value| [value, -value]) {
            assert_eq!(whole(value).to_bits(), value.round().to_bits(), "{value:e}");
        }
    }
}
