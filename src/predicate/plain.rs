//! Conditions as a list of plain tests, for those who know no SQL.

use super::node::{Comparison, Literal, Node};
use super::{Expression, Predicate};

/// One question about one column.
#[derive(Clone, Debug, PartialEq)]
pub struct Test<'a> {
    pub column: &'a str,
    pub asks: Asks<'a>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Asks<'a> {
    Known(bool),
    Flag(bool),
    /// A sign of comparison, and with what.
    Number(&'static str, f64),
    /// One of these texts, or none of them.
    Texts {
        any: Vec<&'a str>,
        negated: bool,
        folded: bool,
    },
    /// Text with so much before and after it, whatever the case.
    Like(String),
}

impl Predicate {
    /// The tests that all hold where the condition does; nothing where it is more than that.
    pub fn tests(&self) -> Option<Vec<Test<'_>>> {
        let mut tests = Vec::new();
        gather(&self.0, &self.0.root, &mut tests)?;
        Some(tests)
    }
}

fn gather<'a>(of: &'a Expression, node: &'a Node, tests: &mut Vec<Test<'a>>) -> Option<()> {
    let mut push = |column: usize, asks| {
        tests.push(Test { column: of.columns[column].name.as_str(), asks });
        Some(())
    };
    match node {
        Node::And(parts) => parts.iter().try_for_each(|part| gather(of, part, tests)),
        Node::IsNull(part) => push(column(part)?, Asks::Known(false)),
        Node::Not(part) => match &**part {
            Node::IsNull(part) => push(column(part)?, Asks::Known(true)),
            other => {
                let (column, any, folded) = texts(other)?;
                push(column, Asks::Texts { any, negated: true, folded })
            }
        },
        Node::Compare(left, comparison, right) => match (column(left), right.literal()?) {
            (Some(place), Literal::Number(value)) => push(place, Asks::Number(sign(*comparison), *value)),
            (Some(place), Literal::Flag(flag)) => match comparison {
                Comparison::Equal => push(place, Asks::Flag(*flag)),
                Comparison::NotEqual => push(place, Asks::Flag(!flag)),
                _ => None,
            },
            (Some(place), Literal::Text(text)) if *comparison == Comparison::NotEqual => {
                push(place, Asks::Texts { any: vec![text], negated: true, folded: false })
            }
            _ => {
                let (column, any, folded) = texts(node)?;
                push(column, Asks::Texts { any, negated: false, folded })
            }
        },
        Node::In { .. } => {
            let (column, any, folded) = texts(node)?;
            push(column, Asks::Texts { any, negated: false, folded })
        }
        Node::Like(part, pattern) => {
            let (text, folded) = pattern.written();
            push(column(part).filter(|_| folded)?, Asks::Like(text))
        }
        _ => None,
    }
}

fn column(node: &Node) -> Option<usize> {
    if let Node::Column(place) = node { Some(*place) } else { None }
}

/// The column, or its small letters.
fn folded(node: &Node) -> Option<(usize, bool)> {
    match node {
        Node::Column(place) => Some((*place, false)),
        Node::Call(function, arguments) if function.name == "lower" => Some((column(arguments.first()?)?, true)),
        _ => None,
    }
}

fn texts(node: &Node) -> Option<(usize, Vec<&str>, bool)> {
    let text = |node: &'_ Node| -> bool { matches!(node.literal(), Some(Literal::Text(_))) };
    match node {
        Node::Compare(left, Comparison::Equal, right) => {
            let Literal::Text(text) = right.literal()? else { return None };
            let (column, folded) = folded(left)?;
            Some((column, vec![text.as_str()], folded))
        }
        Node::In { value, list, .. } if list.iter().all(text) => {
            let (column, folded) = folded(value)?;
            let texts = list.iter().filter_map(|item| match item.literal() {
                Some(Literal::Text(text)) => Some(text.as_str()),
                _ => None,
            });
            Some((column, texts.collect(), folded))
        }
        _ => None,
    }
}

fn sign(comparison: Comparison) -> &'static str {
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

    fn said(text: &str) -> String {
        let predicate = Predicate::parse(text).unwrap_or_else(|error| panic!("{error}"));
        let said = predicate.tests().map(|tests| {
            tests.iter().map(|test| format!("{}: {:?}", test.column, test.asks)).collect::<Vec<_>>().join(" & ")
        });
        said.unwrap_or_else(|| "–".into())
    }

    #[test]
    fn plain_conditions_are_lists_of_tests() {
        let all = [
            "a = 'x' AND b IN ('y', 'z') AND lower(c) = 'u'",
            "a <> 'x' AND NOT (b IN ('y'))",
            "n >= 5 AND m BETWEEN 1 AND 2 AND k IS NULL AND j IS NOT NULL",
            "f = TRUE AND g <> TRUE AND t ILIKE '%VP!%%' ESCAPE '!'",
            "a = 'x' OR b = 'y'",
            "t LIKE '%vp%'",
            "a + 1 > 2",
        ];
        insta::assert_snapshot!(all.map(said).join("\n"), @r#"
    a: Texts { any: ["x"], negated: false, folded: false } & b: Texts { any: ["y", "z"], negated: false, folded: false } & c: Texts { any: ["u"], negated: false, folded: true }
    a: Texts { any: ["x"], negated: true, folded: false } & b: Texts { any: ["y"], negated: true, folded: false }
    n: Number(">=", 5.0) & m: Number(">=", 1.0) & m: Number("<=", 2.0) & k: Known(false) & j: Known(true)
    f: Flag(true) & g: Flag(false) & t: Like("%vp!%%")
    –
    –
    –
    "#);
    }
}
