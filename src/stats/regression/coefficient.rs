use crate::stats::{Interval, dist};

/// An estimated coefficient with its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coefficient {
    pub point: f64,
    pub standard_error: f64,
}

impl Coefficient {
    /// The Wald interval, `point ± z · standard error`.
    pub fn interval(&self, level: f64) -> Interval {
        Interval::around(self.point, dist::normal_critical(level) * self.standard_error)
    }

    /// The two-sided Wald p-value of the coefficient being zero.
    pub fn p_value(&self) -> f64 {
        dist::normal_p(self.point / self.standard_error)
    }
}
