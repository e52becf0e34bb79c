//! Expressions as text again: under other names, or for an engine.

use super::function::Function;
use super::names::sql_name;
use super::node::{Comparison, Literal, Node, Operation};
use super::{Expression, Predicate};
use crate::time::{Instant, SECOND, Zone};

/// For whom an expression is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// This program.
    Own,
    DuckDb,
}

/// Text in single quotes.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

impl Predicate {
    /// The condition, its columns written as `column` says.
    pub fn written(&self, reader: Reader, column: &dyn Fn(&str) -> String) -> String {
        Writing { expression: &self.0, reader, column }.node(&self.0.root)
    }

    /// The same condition on columns that are called otherwise.
    #[must_use]
    pub fn renamed(&self, name: impl Fn(&str) -> Option<String>) -> Self {
        let other = |known: &str| name(known).filter(|name| name != known);
        if self.columns().all(|known| other(known).is_none()) {
            return self.clone();
        }
        let text = self.written(Reader::Own, &|known| sql_name(&other(known).unwrap_or_else(|| known.into())));
        Self::parse(&text).unwrap_or_else(|_| self.clone())
    }
}

struct Writing<'a> {
    expression: &'a Expression,
    reader: Reader,
    column: &'a dyn Fn(&str) -> String,
}

impl Writing<'_> {
    fn node(&self, node: &Node) -> String {
        match node {
            Node::Column(place) => (self.column)(&self.expression.columns[*place].name),
            Node::Literal(literal) => self.literal(literal),
            Node::And(parts) => self.joined(parts, " AND "),
            Node::Or(parts) => self.joined(parts, " OR "),
            Node::Not(part) => format!("NOT ({})", self.node(part)),
            Node::Compare(left, comparison, right) => {
                format!("{} {} {}", self.inner(left), sign(*comparison), self.inner(right))
            }
            Node::In { value, list, .. } => {
                let list: Vec<String> = list.iter().map(|item| self.node(item)).collect();
                format!("{} IN ({})", self.inner(value), list.join(", "))
            }
            Node::Like(part, pattern) => {
                let (text, folded) = pattern.written();
                let like = if folded { "ILIKE" } else { "LIKE" };
                let escape = if text.contains('!') { " ESCAPE '!'" } else { "" };
                format!("{} {like} {}{escape}", self.inner(part), quoted(&text))
            }
            Node::IsNull(part) => format!("{} IS NULL", self.inner(part)),
            Node::Is(part, wanted) => match (self.reader, wanted) {
                (Reader::Own, true) => format!("({}) IS TRUE", self.node(part)),
                (Reader::Own, false) => format!("({}) IS FALSE", self.node(part)),
                (Reader::DuckDb, true) => format!("COALESCE({}, FALSE)", self.node(part)),
                (Reader::DuckDb, false) => format!("COALESCE(NOT ({}), FALSE)", self.node(part)),
            },
            Node::Negate(part) => format!("-({})", self.node(part)),
            Node::Arithmetic(left, operation, right) => self.arithmetic(left, *operation, right),
            Node::Call(function, arguments) => self.call(function, arguments),
            Node::Between(value, low, high) => {
                format!("{} BETWEEN {} AND {}", self.inner(value), self.inner(low), self.inner(high))
            }
            Node::Case { branches, otherwise } => format!("CASE{}", self.branches(branches, otherwise)),
            Node::Match { value, branches, otherwise } => {
                format!("CASE {}{}", self.node(value), self.branches(branches, otherwise))
            }
        }
    }

    /// In brackets, but for what needs none.
    fn inner(&self, node: &Node) -> String {
        let text = self.node(node);
        if node.is_leaf() || matches!(node, Node::Call(..)) { text } else { format!("({text})") }
    }

    fn joined(&self, parts: &[Node], between: &str) -> String {
        let part = |part: &Node| match part {
            Node::And(_) | Node::Or(_) | Node::Between(..) | Node::Case { .. } | Node::Match { .. } => {
                format!("({})", self.node(part))
            }
            other => self.node(other),
        };
        parts.iter().map(part).collect::<Vec<_>>().join(between)
    }

    fn arithmetic(&self, left: &Node, operation: Operation, right: &Node) -> String {
        let (left, right) = (self.inner(left), self.inner(right));
        match (operation, self.reader) {
            (Operation::Add, _) => format!("{left} + {right}"),
            (Operation::Subtract, _) => format!("{left} - {right}"),
            (Operation::Multiply, _) => format!("{left} * {right}"),
            (Operation::Divide, Reader::Own) => format!("{left} / {right}"),
            (Operation::Remainder, Reader::Own) => format!("{left} % {right}"),
            // Engines divide whole numbers wholly, and differ on zero.
            (Operation::Divide, Reader::DuckDb) => format!("CAST({left} AS DOUBLE) / NULLIF({right}, 0)"),
            (Operation::Remainder, Reader::DuckDb) => format!("CAST({left} AS DOUBLE) % NULLIF({right}, 0)"),
        }
    }

    fn call(&self, function: &Function, arguments: &[Node]) -> String {
        let arguments: Vec<String> = arguments.iter().map(|argument| self.node(argument)).collect();
        format!("{}({})", function.name, arguments.join(", "))
    }

    fn branches(&self, branches: &[(Node, Node)], otherwise: &Node) -> String {
        let branch = |(when, then): &(Node, Node)| format!(" WHEN {} THEN {}", self.node(when), self.node(then));
        let branches: String = branches.iter().map(branch).collect();
        format!("{branches} ELSE {} END", self.node(otherwise))
    }

    fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Null => "NULL".into(),
            Literal::Number(number) => number.to_string(),
            Literal::Text(text) => quoted(text),
            Literal::Flag(flag) => if *flag { "TRUE" } else { "FALSE" }.into(),
            Literal::Clock(clock) => format!("TIMESTAMP '{clock}'"),
            Literal::Instant(at) => instant(*at, self.reader),
        }
    }
}

/// An instant as a literal: for this program with its offset, for an engine as a reading of clocks in UTC.
pub fn instant(at: Instant, reader: Reader) -> String {
    let offset = if reader == Reader::Own { "Z" } else { "" };
    let fraction = match at.rem_euclid(SECOND) {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    };
    format!("TIMESTAMP '{}{fraction}{offset}'", Zone::utc().stamp(at))
}

pub(super) fn sign(comparison: Comparison) -> &'static str {
    match comparison {
        Comparison::Equal => "=",
        Comparison::NotEqual => "<>",
        Comparison::Less => "<",
        Comparison::LessOrEqual => "<=",
        Comparison::Greater => ">",
        Comparison::GreaterOrEqual => ">=",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn again(text: &str) -> String {
        let parsed = Predicate::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let written = parsed.written(Reader::Own, &sql_name);
        let read = Predicate::parse(&written).unwrap_or_else(|error| panic!("{written}: {error}"));
        assert_eq!(read.0.root, parsed.0.root, "{text} became {written}");
        written
    }

    #[test]
    fn what_is_written_is_read_as_the_same_condition() {
        for text in [
            "seniority IN ('vp', 'c-level')",
            "`Job Title` ILIKE '%VP%' AND NOT (employees BETWEEN 50 AND 500 OR country = 'O''Brien')",
            "title LIKE '100!%!_!!%' ESCAPE '!'",
            "a IS NULL AND b IS NOT NULL AND (c = 1) IS TRUE AND (d > 2) IS NOT TRUE",
            "a + b * -c / 2 % 3 >= 7 - (1 - 2)",
            "CASE WHEN a = 1 THEN b ELSE 3 END > 2 AND CASE a WHEN 1 THEN 2 ELSE 3 END = 3",
            "coalesce(lower(a), 'x') <> 'y' OR at > TIMESTAMP '2026-01-02 03:04:05' OR day < DATE '2026-01-01'",
            "flag = TRUE OR TRUE",
            "at > '2026-03-01T00:00:00Z' AND round(a, 2) = 0.25",
        ] {
            again(text);
        }
        assert_eq!(again("(a = 1 OR b = 2) AND c < 3"), "(a = 1 OR b = 2) AND c < 3");
    }

    #[test]
    fn columns_get_other_names() {
        let parsed = Predicate::parse("jobtitle = 'VP' AND other > 1").unwrap();
        let renamed = parsed.renamed(|name| (name == "jobtitle").then(|| "Job Title".into()));
        assert_eq!(renamed.text(), "`Job Title` = 'VP' AND other > 1");
        assert_eq!(renamed.columns().collect::<Vec<_>>(), ["Job Title", "other"]);
        assert_eq!(parsed.renamed(|_| None).text(), parsed.text());
    }

    #[test]
    fn an_engine_is_told_what_it_would_do_otherwise() {
        let parsed = Predicate::parse("(a / b > 1) IS TRUE").unwrap();
        let column = |name: &str| format!("l.\"{name}\"");
        let text = parsed.written(Reader::DuckDb, &column);
        assert_eq!(text, "COALESCE((CAST(l.\"a\" AS DOUBLE) / NULLIF(l.\"b\", 0)) > 1, FALSE)");
    }
}
