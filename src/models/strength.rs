use std::ops::Index;
use std::sync::Arc;

/// How strongly a criterion fires for each lead: 0 where it does not, 1 where it fires once in full; a band's strength is
/// its points.
#[derive(Clone, Debug)]
pub enum Strength {
    /// A plain yes or no: a byte a lead, and one for all criteria that ask the same.
    Flags(Arc<[bool]>),
    Numbers(Vec<f64>),
}

impl Strength {
    pub fn len(&self) -> usize {
        match self {
            Self::Flags(flags) => flags.len(),
            Self::Numbers(numbers) => numbers.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn iter(&self) -> impl Iterator<Item = f64> {
        (0..self.len()).map(|row| self[row])
    }

    /// Whether the criterion fires for each lead.
    pub fn fires(&self) -> Vec<bool> {
        match self {
            Self::Flags(flags) => flags.to_vec(),
            Self::Numbers(numbers) => numbers.iter().map(|strength| *strength != 0.0).collect(),
        }
    }

    /// The same where a condition holds, else 0.
    #[must_use]
    pub(super) fn only(mut self, holds: &[bool]) -> Self {
        match &mut self {
            Self::Flags(flags) => Arc::make_mut(flags).iter_mut().zip(holds).for_each(|(flag, holds)| *flag &= holds),
            Self::Numbers(numbers) => {
                numbers.iter_mut().zip(holds).filter(|(_, holds)| !**holds).for_each(|(number, _)| *number = 0.0);
            }
        }
        self
    }

    /// Of the leads named.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        match self {
            Self::Flags(flags) => Self::Flags(rows.iter().map(|&row| flags[row]).collect()),
            Self::Numbers(numbers) => Self::Numbers(rows.iter().map(|&row| numbers[row]).collect()),
        }
    }
}

impl Index<usize> for Strength {
    type Output = f64;

    fn index(&self, row: usize) -> &f64 {
        match self {
            Self::Flags(flags) if flags[row] => &1.0,
            Self::Flags(_) => &0.0,
            Self::Numbers(numbers) => &numbers[row],
        }
    }
}

impl Default for Strength {
    fn default() -> Self {
        Self::Numbers(Vec::new())
    }
}

impl PartialEq for Strength {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl From<Vec<f64>> for Strength {
    fn from(numbers: Vec<f64>) -> Self {
        Self::Numbers(numbers)
    }
}
