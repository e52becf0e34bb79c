use super::Strength;
use super::logistic::Fitted;

/// One model's scores of all leads, in row order.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores {
    /// Rounded to 1e-9; NaN where a lead is not scored.
    pub value: Vec<f64>,
    /// What each criterion (or part of a blend) gave, in the order of the file.
    pub contributions: Vec<Contribution>,
    /// Each group of criteria as a model of its own.
    pub groups: Vec<GroupScore>,
    /// The fit of a regression.
    pub fitted: Option<Fitted>,
    /// Why the model cannot be promoted on this evidence.
    pub not_promotable: Option<String>,
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
        (self.points * self.strength[row]).clamp(-MOST_POINTS, MOST_POINTS)
    }

    pub fn fires(&self, row: usize) -> bool {
        self.strength[row] != 0.0
    }

    /// Points after the cap.
    pub fn capped(&self, row: usize) -> f64 {
        let cap = self.cap.unwrap_or(MOST_POINTS);
        self.raw(row).clamp(-cap, cap)
    }
}

/// To 1e-9, and never -0.
pub(super) fn round(value: f64) -> f64 {
    let scaled = value * 1e9;
    // Beyond 2^53 there are no such digits to round.
    if scaled.abs() < 9e15 { scaled.round() / 1e9 + 0.0 } else { value }
}
