use std::cmp::Ordering;

use super::node::{Comparison, Literal, Node};

/// Numbers between two ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    pub low: f64,
    pub high: f64,
    pub with_low: bool,
    pub with_high: bool,
}

impl Range {
    pub const ALL: Self = Self { low: f64::NEG_INFINITY, high: f64::INFINITY, with_low: true, with_high: true };

    pub fn holds(&self, value: f64) -> bool {
        let above = if self.with_low { value >= self.low } else { value > self.low };
        above && if self.with_high { value <= self.high } else { value < self.high }
    }

    /// The lower first.
    pub fn order(&self, other: &Self) -> Ordering {
        let low = self.low.total_cmp(&other.low).then(other.with_low.cmp(&self.with_low));
        low.then(self.high.total_cmp(&other.high))
    }

    /// What lies above it and below a higher one.
    pub fn until(&self, higher: &Self) -> Option<Self> {
        let gap = Self { low: self.high, high: higher.low, with_low: !self.with_high, with_high: !higher.with_low };
        let is_empty = gap.low > gap.high || (gap.low == gap.high && !(gap.with_low && gap.with_high));
        (!is_empty).then_some(gap)
    }

    fn and(&self, other: &Self) -> Self {
        let closer = |a: (f64, bool), b: (f64, bool), is_low: bool| match a.0.total_cmp(&b.0) {
            Ordering::Equal => (a.0, a.1 && b.1),
            order if order.is_gt() == is_low => a,
            _ => b,
        };
        let (low, with_low) = closer((self.low, self.with_low), (other.low, other.with_low), true);
        let (high, with_high) = closer((self.high, self.with_high), (other.high, other.with_high), false);
        Self { low, high, with_low, with_high }
    }
}

/// The place of the one column that a condition holds against numbers, and the numbers for which it is true.
pub(super) fn range(node: &Node) -> Option<(usize, Range)> {
    match node {
        Node::And(parts) => {
            let ranges = parts.iter().map(range).collect::<Option<Vec<_>>>()?;
            let (column, first) = *ranges.first()?;
            let same = ranges.iter().all(|(other, _)| *other == column);
            same.then(|| (column, ranges.iter().fold(first, |all, (_, one)| all.and(one))))
        }
        Node::Compare(left, comparison, right) => match (&**left, &**right) {
            (Node::Column(column), value) => Some((*column, compared(*comparison, number(value)?)?)),
            (value, Node::Column(column)) => Some((*column, compared(comparison.mirrored(), number(value)?)?)),
            _ => None,
        },
        _ => None,
    }
}

fn number(node: &Node) -> Option<f64> {
    match node {
        Node::Literal(Literal::Number(number)) => Some(*number),
        Node::Negate(part) => number(part).map(|number| -number),
        _ => None,
    }
}

fn compared(comparison: Comparison, value: f64) -> Option<Range> {
    Some(match comparison {
        Comparison::Equal => Range { low: value, high: value, ..Range::ALL },
        Comparison::NotEqual => return None,
        Comparison::Less => Range { high: value, with_high: false, ..Range::ALL },
        Comparison::LessOrEqual => Range { high: value, ..Range::ALL },
        Comparison::Greater => Range { low: value, with_low: false, ..Range::ALL },
        Comparison::GreaterOrEqual => Range { low: value, ..Range::ALL },
    })
}
