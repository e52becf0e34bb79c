//! Conditions in the SQL of an engine: only what every engine reads alike.

use super::like::Pattern;
use super::node::{Literal, Node, Operation};
use super::render::sign;
use super::{Place, Predicate, PredicateError};
use crate::table::Dialect;

/// How an engine writes what conditions are made of.
pub trait EngineWords {
    fn dialect(&self) -> Dialect;
    /// A float, to the bit.
    fn number(&self, value: f64) -> String;
    /// A whole number of 64 bits.
    fn whole(&self, value: i64) -> String;
    /// Null where the number is not finite.
    fn finite(&self, number: &str) -> String;
    /// What orders texts by their bytes, behind them.
    fn by_bytes(&self) -> &'static str;
}

impl Predicate {
    /// The condition, resolved, in the words of an engine; its columns as `column` writes them: numbers as finite floats,
    /// times as whole microseconds, missing values as nulls.
    ///
    /// # Errors
    /// When it holds what engines read in different ways.
    pub fn for_engine(
        &self,
        words: &dyn EngineWords,
        column: &dyn Fn(&str) -> Result<String, String>,
    ) -> Result<String, PredicateError> {
        Writing { condition: self, words, column }.node(&self.0.root)
    }
}

struct Writing<'a> {
    condition: &'a Predicate,
    words: &'a dyn EngineWords,
    column: &'a dyn Fn(&str) -> Result<String, String>,
}

impl Writing<'_> {
    fn node(&self, node: &Node) -> Result<String, PredicateError> {
        Ok(match node {
            Node::Column(place) => {
                (self.column)(&self.condition.0.columns[*place].name).map_err(|what| self.refusal(node, what))?
            }
            Node::Literal(literal) => self.literal(node, literal)?,
            Node::And(parts) => self.all(parts)?.join(" AND "),
            Node::Or(parts) => self.all(parts)?.join(" OR "),
            Node::Not(part) => format!("NOT {}", self.inner(part)?),
            Node::Compare(left, comparison, right) => {
                format!("{} {} {}", self.ordered(left)?, sign(*comparison), self.ordered(right)?)
            }
            Node::In { value, list, .. } => format!("{} IN ({})", self.inner(value)?, self.each(list)?.join(", ")),
            Node::Like(part, pattern) => self.like(node, part, pattern)?,
            Node::IsNull(part) => format!("{} IS NULL", self.inner(part)?),
            Node::Is(part, true) => format!("COALESCE({}, FALSE)", self.node(part)?),
            Node::Is(part, false) => format!("COALESCE(NOT {}, FALSE)", self.inner(part)?),
            Node::Negate(part) => format!("-{}", self.inner(part)?),
            Node::Arithmetic(left, operation, right) => {
                let sign = match operation {
                    Operation::Add => "+",
                    Operation::Subtract => "-",
                    Operation::Multiply => "*",
                    Operation::Divide | Operation::Remainder => {
                        return Err(self.refusal(node, "a division (`/`, `%`): engines divide whole numbers and zero in different ways; multiply instead".into()));
                    }
                };
                self.words.finite(&format!("{} {sign} {}", self.inner(left)?, self.inner(right)?))
            }
            Node::Call(function, arguments) => match function.name {
                "coalesce" | "nullif" => {
                    format!("{}({})", function.name.to_uppercase(), self.each(arguments)?.join(", "))
                }
                other => {
                    let what = format!(
                        "`{other}(…)`: engines read it in different ways; compare the column itself (`=`, `<`, `IN`, `BETWEEN`, `LIKE`)"
                    );
                    return Err(self.refusal(node, what));
                }
            },
            Node::Between(value, low, high) => {
                format!("{} BETWEEN {} AND {}", self.ordered(value)?, self.ordered(low)?, self.ordered(high)?)
            }
            Node::Case { branches, otherwise } => format!("CASE{}", self.branches(branches, otherwise)?),
            Node::Match { value, branches, otherwise } => {
                format!("CASE {}{}", self.inner(value)?, self.branches(branches, otherwise)?)
            }
        })
    }

    fn each(&self, parts: &[Node]) -> Result<Vec<String>, PredicateError> {
        parts.iter().map(|part| self.node(part)).collect()
    }

    fn all(&self, parts: &[Node]) -> Result<Vec<String>, PredicateError> {
        parts.iter().map(|part| self.inner(part)).collect()
    }

    /// In brackets, but for what needs none.
    fn inner(&self, node: &Node) -> Result<String, PredicateError> {
        let text = self.node(node)?;
        Ok(if node.is_leaf() || matches!(node, Node::Call(..)) { text } else { format!("({text})") })
    }

    /// A side of a comparison, texts by their bytes.
    fn ordered(&self, node: &Node) -> Result<String, PredicateError> {
        let text = self.inner(node)?;
        let is_text = matches!(node.literal(), Some(Literal::Text(_)));
        Ok(if is_text { format!("{text}{}", self.words.by_bytes()) } else { text })
    }

    fn like(&self, node: &Node, part: &Node, pattern: &Pattern) -> Result<String, PredicateError> {
        let (text, folded) = pattern.written();
        if folded {
            let what = "ILIKE: engines fold letters in different ways; write LIKE, or list the values by `IN`";
            return Err(self.refusal(node, what.into()));
        }
        let text = match self.words.dialect() {
            // Its LIKE has no ESCAPE: signs that stand for themselves have a backslash.
            Dialect::BigQuery if text.contains(['!', '\\']) => {
                let what =
                    "a pattern that asks for `%`, `_`, `!` or a backslash itself, which BigQuery writes otherwise";
                return Err(self.refusal(node, what.into()));
            }
            _ => text,
        };
        let escape = if self.words.dialect() == Dialect::BigQuery { "" } else { " ESCAPE '!'" };
        Ok(format!("{} LIKE {}{escape}", self.inner(part)?, self.text(node, &text)?))
    }

    fn branches(&self, branches: &[(Node, Node)], otherwise: &Node) -> Result<String, PredicateError> {
        let mut text = String::new();
        for (when, then) in branches {
            text += &format!(" WHEN {} THEN {}", self.node(when)?, self.node(then)?);
        }
        Ok(format!("{text} ELSE {} END", self.node(otherwise)?))
    }

    fn literal(&self, node: &Node, literal: &Literal) -> Result<String, PredicateError> {
        Ok(match literal {
            Literal::Null => "NULL".into(),
            Literal::Number(number) => self.words.number(*number),
            Literal::Text(text) => self.text(node, text)?,
            Literal::Flag(flag) => if *flag { "TRUE" } else { "FALSE" }.into(),
            Literal::Clock(_) => return Err(self.refusal(node, "a time in a zone that is not known".into())),
            Literal::Instant(at) => self.words.whole(*at),
        })
    }

    fn text(&self, node: &Node, text: &str) -> Result<String, PredicateError> {
        self.words.dialect().text("text", text).map_err(|error| self.refusal(node, error.to_string()))
    }

    fn refusal(&self, node: &Node, what: String) -> PredicateError {
        PredicateError::Refused { at: self.place(node), what }
    }

    fn place(&self, node: &Node) -> Place {
        self.condition.0.place(node)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::predicate::Kind;
    use crate::time::Zone;

    struct Plain(Dialect);

    impl EngineWords for Plain {
        fn dialect(&self) -> Dialect {
            self.0
        }

        fn number(&self, value: f64) -> String {
            format!("{value}e0")
        }

        fn whole(&self, value: i64) -> String {
            value.to_string()
        }

        fn finite(&self, number: &str) -> String {
            format!("finite({number})")
        }

        fn by_bytes(&self) -> &'static str {
            " COLLATE \"C\""
        }
    }

    fn written(text: &str, dialect: Dialect) -> Result<String, String> {
        let columns = [("page", Kind::Text), ("n", Kind::Number), ("flag", Kind::Flag), ("at", Kind::Instant)];
        let columns = columns.map(|(name, kind)| (name.to_string(), kind));
        let condition = Predicate::parse(text).unwrap().resolve(&columns, &Zone::utc()).unwrap();
        condition.for_engine(&Plain(dialect), &|name| Ok(format!("e_{name}"))).map_err(|error| error.to_string())
    }

    #[test]
    fn what_every_engine_reads_alike_is_written_for_it() {
        let postgres = |text: &str| written(text, Dialect::Postgres).unwrap();
        assert_eq!(postgres("page IN ('a', 'o''x') AND NOT n > 2"), "(e_page IN ('a', 'o''x')) AND (NOT (e_n > 2e0))");
        assert_eq!(
            postgres("page < 'b' OR at >= '1970-01-01T00:00:01Z'"),
            "(e_page < 'b' COLLATE \"C\") OR (e_at >= 1000000)"
        );
        assert_eq!(postgres("(flag) IS NOT TRUE"), "NOT (COALESCE(e_flag, FALSE))");
        assert_eq!(postgres("n * 2 - 1 BETWEEN 0 AND 3"), "(finite((finite(e_n * 2e0)) - 1e0)) BETWEEN 0e0 AND 3e0");
        assert_eq!(postgres("page LIKE '5!%_' ESCAPE '!'"), "e_page LIKE '5!%_' ESCAPE '!'");
        assert_eq!(written("page LIKE '/p%'", Dialect::BigQuery).unwrap(), "e_page LIKE '/p%'");
    }

    #[test]
    fn what_engines_read_in_different_ways_is_refused_with_its_place() {
        for text in [
            "n > 1 AND lower(page) = 'x'",
            "n / 2 > 1",
            "n % 2 > 1",
            "page ILIKE 'a%'",
            "page = 'a\\b'",
            "greatest(n, 1) > 0",
        ] {
            let error = written(text, Dialect::Postgres).unwrap_err();
            assert!(error.contains("column "), "{error}");
        }
        assert!(written("page LIKE '5!%' ESCAPE '!'", Dialect::BigQuery).is_err());
    }
}
