use std::cmp::Ordering;
use std::collections::BTreeSet;

use jiff::civil::DateTime;

use super::function::Function;
use super::like::Pattern;
use crate::time::Instant;

/// A row-wise computation.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A place among the expression's columns.
    Column(usize),
    Literal(Literal),
    And(Vec<Node>),
    Or(Vec<Node>),
    Not(Box<Node>),
    Compare(Box<Node>, Comparison, Box<Node>),
    In {
        value: Box<Node>,
        list: Vec<Node>,
        /// The list's texts: lists of a thousand companies are common.
        texts: BTreeSet<String>,
    },
    Like(Box<Node>, Pattern),
    IsNull(Box<Node>),
    /// `IS TRUE`, `IS FALSE`: never null.
    Is(Box<Node>, bool),
    Negate(Box<Node>),
    Arithmetic(Box<Node>, Operation, Box<Node>),
    Call(&'static Function, Vec<Node>),
    /// Of a computed value, which is not computed twice.
    Between(Box<Node>, Box<Node>, Box<Node>),
    Case {
        branches: Vec<(Node, Node)>,
        otherwise: Box<Node>,
    },
    /// `CASE x WHEN 1`, of a computed value, which is not computed once a branch.
    Match {
        value: Box<Node>,
        branches: Vec<(Node, Node)>,
        otherwise: Box<Node>,
    },
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Literal {
    Null,
    Number(f64),
    Text(String),
    Flag(bool),
    /// A clock reading in a zone that is not known yet.
    Clock(DateTime),
    Instant(Instant),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Comparison {
    /// What holds of the second value when this holds of the first.
    pub(super) fn mirrored(self) -> Self {
        match self {
            Self::Less => Self::Greater,
            Self::LessOrEqual => Self::GreaterOrEqual,
            Self::Greater => Self::Less,
            Self::GreaterOrEqual => Self::LessOrEqual,
            same => same,
        }
    }

    /// Whether it holds for two values in this order.
    pub(super) fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::NotEqual => order.is_ne(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

impl Operation {
    /// Null, when the result is not a finite number.
    pub(super) fn apply(self, left: f64, right: f64) -> Option<f64> {
        let result = match self {
            Self::Add => left + right,
            Self::Subtract => left - right,
            Self::Multiply => left * right,
            Self::Divide => left / right,
            Self::Remainder => left % right,
        };
        result.is_finite().then_some(result)
    }
}

impl Node {
    pub(super) fn literal(&self) -> Option<&Literal> {
        if let Self::Literal(literal) = self { Some(literal) } else { None }
    }

    /// Whether a copy costs nothing, neither now nor when it is computed.
    pub(super) fn is_leaf(&self) -> bool {
        matches!(self, Self::Column(_) | Self::Literal(_))
    }

    pub(super) fn boxed(self) -> Box<Self> {
        Box::new(self)
    }

    fn parts(&self) -> Vec<&Self> {
        match self {
            Self::Column(_) | Self::Literal(_) => Vec::new(),
            Self::And(parts) | Self::Or(parts) | Self::Call(_, parts) => parts.iter().collect(),
            Self::Not(part) | Self::Like(part, _) | Self::IsNull(part) | Self::Is(part, _) | Self::Negate(part) => {
                vec![part]
            }
            Self::Compare(left, _, right) | Self::Arithmetic(left, _, right) => vec![left, right],
            Self::In { value, list, .. } => std::iter::once(&**value).chain(list).collect(),
            Self::Between(value, low, high) => vec![value, low, high],
            Self::Case { branches, otherwise } => {
                branches.iter().flat_map(|(when, then)| [when, then]).chain([&**otherwise]).collect()
            }
            Self::Match { value, branches, otherwise } => {
                let branches = branches.iter().flat_map(|(when, then)| [when, then]);
                std::iter::once(&**value).chain(branches).chain([&**otherwise]).collect()
            }
        }
    }

    pub(super) fn first_column(&self) -> Option<usize> {
        match self {
            Self::Column(column) => Some(*column),
            other => other.parts().into_iter().find_map(Self::first_column),
        }
    }

    /// The one column that it reads; nothing when it reads none or several.
    pub(super) fn only_column(&self) -> Option<usize> {
        let mut columns = BTreeSet::new();
        self.gather(&mut columns);
        if columns.len() == 1 { columns.pop_first() } else { None }
    }

    /// Columns and the texts that they are held against, by `=`, `<>` and `IN` or by any comparison.
    pub(super) fn texts<'a>(&'a self, any: bool, texts: &mut Vec<(usize, &'a str)>) {
        let is_asked = |comparison: &Comparison| any || matches!(comparison, Comparison::Equal | Comparison::NotEqual);
        match self {
            Self::Compare(left, comparison, right) if is_asked(comparison) => match (&**left, &**right) {
                (Self::Column(column), Self::Literal(Literal::Text(text)))
                | (Self::Literal(Literal::Text(text)), Self::Column(column)) => texts.push((*column, text)),
                _ => {}
            },
            Self::In { value, texts: list, .. } => {
                if let Self::Column(column) = &**value {
                    texts.extend(list.iter().map(|text| (*column, text.as_str())));
                }
            }
            _ => {}
        }
        self.parts().into_iter().for_each(|part| part.texts(any, texts));
    }

    fn gather(&self, columns: &mut BTreeSet<usize>) {
        if let Self::Column(column) = self {
            columns.insert(*column);
        }
        self.parts().into_iter().for_each(|part| part.gather(columns));
    }
}
