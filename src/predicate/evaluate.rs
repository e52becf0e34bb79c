use rayon::prelude::*;

use super::Expression;
use super::function::Value;
use super::names::{Columns, find_name};
use super::node::{Comparison, Literal, Node};
use crate::table::{Cell, Column, MISSING, Text};
use crate::time::Zone;

/// Fewer rows are computed by one thread.
const APART: usize = 4_096;
/// So few texts are all looked at, whether they occur or not.
const FEW_LEVELS: usize = 256;

/// Where a computation takes the values of its columns.
#[derive(Clone, Copy)]
enum Row<'a> {
    Table {
        columns: &'a [Option<&'a Column>],
        row: usize,
    },
    /// The only column's value.
    Level(Option<&'a str>),
}

impl<'a> Row<'a> {
    fn value(self, column: usize) -> Value<'a> {
        match self {
            Self::Level(level) => level.map_or(Value::Null, |level| Value::Text(level.into())),
            Self::Table { columns, row } => columns[column].map_or(Value::Null, |column| match column.cell(row) {
                Cell::Missing => Value::Null,
                Cell::Number(number) => Value::Number(number),
                Cell::Text(text) => Value::Text(text.into()),
                Cell::Flag(flag) => Value::Flag(flag),
                Cell::Instant(at) => Value::Instant(at),
            }),
        }
    }
}

pub(super) fn numbers<C: Columns + ?Sized>(expression: &Expression, table: &C) -> Vec<f64> {
    let scope = Scope::new(expression, table);
    scope.each(&expression.root, |value| value.number().filter(|number| number.is_finite()).unwrap_or(f64::NAN))
}

pub(super) fn truths<C: Columns + ?Sized>(expression: &Expression, table: &C) -> Vec<Option<bool>> {
    Scope::new(expression, table).truths(&expression.root)
}

/// An expression's columns in a table.
struct Scope<'a> {
    rows: usize,
    columns: Vec<Option<&'a Column>>,
}

impl<'a> Scope<'a> {
    fn new<C: Columns + ?Sized>(expression: &Expression, table: &'a C) -> Self {
        let named = table.named();
        let find = |name: &str| find_name(named.iter().map(|(known, _)| *known), name).map(|place| named[place].1);
        Self { rows: table.rows(), columns: expression.columns().map(find).collect() }
    }

    /// AND, OR and NOT are taken column by column, so that each part that reads one text column is computed once a level.
    fn truths(&self, node: &Node) -> Vec<Option<bool>> {
        if let Some(truths) = self.numbers_compared(node) {
            return truths;
        }
        match node {
            _ if self.only_text(node).is_some() => self.each(node, |value| value.truth()),
            Node::Not(part) => self.truths(part).into_iter().map(|truth| truth.map(|truth| !truth)).collect(),
            Node::And(parts) => self.joined(parts, and),
            Node::Or(parts) => self.joined(parts, or),
            other => self.each(other, |value| value.truth()),
        }
    }

    fn joined(&self, parts: &[Node], join: fn(Option<bool>, Option<bool>) -> Option<bool>) -> Vec<Option<bool>> {
        let columns = parts.iter().map(|part| self.truths(part));
        let zip = |a: Vec<_>, b: Vec<_>| a.into_iter().zip(b).map(|(a, b)| join(a, b)).collect();
        columns.reduce(zip).unwrap_or_default()
    }

    /// A column of numbers held against a number.
    fn numbers_compared(&self, node: &Node) -> Option<Vec<Option<bool>>> {
        let Node::Compare(left, comparison, right) = node else { return None };
        let (Node::Column(column), Some(Literal::Number(bound))) = (&**left, right.literal()) else { return None };
        let Some(Column::Number(numbers)) = self.columns[*column] else { return None };
        let holds = |number: &f64| number.partial_cmp(bound).map(|order| comparison.holds(order));
        Some(numbers.iter().map(holds).collect())
    }

    fn only_text(&self, node: &Node) -> Option<&'a Text> {
        match self.columns[node.only_column()?] {
            Some(Column::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Something of the node's value in every row: once a level where it reads one text column alone.
    fn each<T: Clone + Send>(&self, node: &Node, take: impl Fn(&Value) -> T + Sync) -> Vec<T> {
        let Some(text) = self.only_text(node) else {
            let columns = &self.columns;
            let of_row = |row| take(&value(node, Row::Table { columns, row }));
            return (0..self.rows).into_par_iter().with_min_len(APART).map(of_row).collect();
        };
        let missing = take(&value(node, Row::Level(None)));
        let of_level = |place: usize| take(&value(node, Row::Level(Some(&text.levels[place]))));
        if text.levels.len() < FEW_LEVELS {
            let known: Vec<T> = (0..text.levels.len()).map(of_level).collect();
            return text.codes.iter().map(|&code| known.get(code as usize).unwrap_or(&missing).clone()).collect();
        }
        // A chunk of events shares its levels with the whole log: only those that occur in it are computed.
        let mut known: Vec<Option<T>> = vec![None; text.levels.len()];
        let of_code = |code: &u32| match *code {
            MISSING => missing.clone(),
            code => known[code as usize].get_or_insert_with(|| of_level(code as usize)).clone(),
        };
        text.codes.iter().map(of_code).collect()
    }
}

fn and(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), Some(true)) => Some(true),
        _ => None,
    }
}

fn or(a: Option<bool>, b: Option<bool>) -> Option<bool> {
    match (a, b) {
        (Some(true), _) | (_, Some(true)) => Some(true),
        (Some(false), Some(false)) => Some(false),
        _ => None,
    }
}

fn value<'a>(node: &'a Node, row: Row<'a>) -> Value<'a> {
    match node {
        Node::Column(column) => row.value(*column),
        Node::Literal(literal) => of_literal(literal),
        Node::Call(function, arguments) => {
            let arguments: Vec<Value> = arguments.iter().map(|argument| value(argument, row)).collect();
            function.apply(&arguments)
        }
        Node::Negate(part) => Value::finite(value(part, row).number().map(|number| -number)),
        Node::Arithmetic(left, operation, right) => {
            let both = value(left, row).number().zip(value(right, row).number());
            Value::finite(both.and_then(|(left, right)| operation.apply(left, right)))
        }
        Node::Case { branches, otherwise } => {
            let taken = branches.iter().find(|(when, _)| truth(when, row) == Some(true));
            value(taken.map_or(otherwise, |(_, then)| then), row)
        }
        Node::Match { value: wanted, branches, otherwise } => {
            let wanted = value(wanted, row);
            let is_taken = |when: &Node| compare(&wanted, Comparison::Equal, &value(when, row)) == Some(true);
            let taken = branches.iter().find(|(when, _)| is_taken(when));
            value(taken.map_or(otherwise, |(_, then)| then), row)
        }
        condition => truth(condition, row).map_or(Value::Null, Value::Flag),
    }
}

fn truth(node: &Node, row: Row) -> Option<bool> {
    match node {
        Node::And(parts) => parts.iter().map(|part| truth(part, row)).fold(Some(true), and),
        Node::Or(parts) => parts.iter().map(|part| truth(part, row)).fold(Some(false), or),
        Node::Not(part) => truth(part, row).map(|truth| !truth),
        Node::Compare(left, comparison, right) => compare(&value(left, row), *comparison, &value(right, row)),
        Node::Between(wanted, low, high) => {
            let wanted = value(wanted, row);
            let above = compare(&wanted, Comparison::GreaterOrEqual, &value(low, row));
            and(above, compare(&wanted, Comparison::LessOrEqual, &value(high, row)))
        }
        Node::In { value: wanted, list, texts } => match &value(wanted, row) {
            Value::Null => None,
            Value::Text(text) if texts.contains(&**text) => Some(true),
            wanted => list.iter().map(|item| equals_item(wanted, item, row)).fold(Some(false), or),
        },
        Node::Like(part, pattern) => value(part, row).text().map(|text| pattern.matches(text)),
        Node::IsNull(part) => Some(value(part, row) == Value::Null),
        Node::Is(part, wanted) => Some(truth(part, row) == Some(*wanted)),
        other => value(other, row).truth(),
    }
}

/// A text that is not in the list's set equals none of its texts.
fn equals_item(wanted: &Value, item: &Node, row: Row) -> Option<bool> {
    match (wanted, item.literal()) {
        (Value::Text(_), Some(Literal::Text(_))) => Some(false),
        _ => compare(wanted, Comparison::Equal, &value(item, row)),
    }
}

fn compare(left: &Value, comparison: Comparison, right: &Value) -> Option<bool> {
    Some(comparison.holds(left.order(right)?))
}

fn of_literal(literal: &Literal) -> Value<'_> {
    match literal {
        Literal::Null => Value::Null,
        Literal::Number(number) => Value::Number(*number),
        Literal::Text(text) => Value::Text(text.as_str().into()),
        Literal::Flag(flag) => Value::Flag(*flag),
        Literal::Clock(clock) => Value::Instant(Zone::utc().instant(*clock)),
        Literal::Instant(at) => Value::Instant(*at),
    }
}
