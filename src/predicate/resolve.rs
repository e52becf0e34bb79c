//! Names, types and times of an expression made those of a table, or the error that evaluation would hide as null.

use super::function::{Function, Takes};
use super::names::{Kind, find_name, sql_name};
use super::node::{Literal, Node, Operation};
use super::{Expression, Mention, PredicateError, parse};
use crate::table::{suggest, yaml_name};
use crate::time::Zone;

/// A node of the table, and what it gives; nothing for null.
type Typed = (Node, Option<Kind>);

pub(super) fn resolve(
    expression: &Expression,
    columns: &[(String, Kind)],
    zone: &Zone,
) -> Result<(Expression, Option<Kind>), PredicateError> {
    let find = |mention| find(mention, &expression.text, columns);
    let found = expression.columns.iter().map(find).collect::<Result<Vec<_>, _>>()?;
    let scope = Scope { expression, zone, columns, kinds: found.iter().map(|(_, kind)| *kind).collect() };
    let (root, kind) = scope.node(&expression.root)?;
    let named = expression.columns.iter().zip(&found);
    let columns =
        named.map(|(mention, (name, _))| Mention { name: name.clone(), place: mention.place.clone() }).collect();
    Ok((Expression { text: expression.text.clone(), columns, root, resolved: true }, kind))
}

fn find(mention: &Mention, text: &str, columns: &[(String, Kind)]) -> Result<(String, Kind), PredicateError> {
    let names = columns.iter().map(|(name, _)| name.as_str());
    if let Some(place) = find_name(names.clone(), &mention.name) {
        return Ok(columns[place].clone());
    }
    let name = mention.name.clone();
    let folded = name.to_lowercase();
    let alike: Vec<&str> = names.clone().filter(|known| known.to_lowercase() == folded).collect();
    // `Country/Region` without quotes is a division.
    let has_signs = |known: &&str| known.contains(&name) && sql_name(known) != **known && text.contains(known);
    let hint = if let Some(known) = names.clone().filter(has_signs).max_by_key(|known| known.len()) {
        format!("; if `{known}` is meant, write it in backticks: {}", text.replace(known, &sql_name(known)))
    } else if alike.len() > 1 {
        format!(": it could be any of `{}`, write one of them exactly", alike.join("`, `"))
    } else if let Some(known) = suggest(names.clone(), &name).or_else(|| only_with_word(names.clone(), &folded)) {
        let advice = if sql_name(known) == known { "" } else { " Write it in backticks" };
        format!(", did you mean `{known}`?{advice}")
    } else {
        let known: Vec<&str> = names.take(12).collect();
        let columns = if known.is_empty() { String::new() } else { format!("; there are `{}`", known.join("`, `")) };
        format!("; if it is text, write it in single quotes: '{name}'{columns}")
    };
    Err(PredicateError::UnknownColumn { at: mention.place.clone(), name, hint })
}

/// The only name that has a word among its own.
fn only_with_word<'a>(names: impl Iterator<Item = &'a str>, word: &str) -> Option<&'a str> {
    let has_word = |name: &&str| name.to_lowercase().split(|c: char| !c.is_alphanumeric()).any(|own| own == word);
    let mut with = names.filter(has_word);
    with.next().filter(|_| with.next().is_none())
}

/// The branches of a CASE, what it gives otherwise, and of which kind.
type Outcomes = (Vec<(Node, Node)>, Box<Node>, Option<Kind>);

struct Scope<'a> {
    expression: &'a Expression,
    zone: &'a Zone,
    columns: &'a [(String, Kind)],
    kinds: Vec<Kind>,
}

impl Scope<'_> {
    fn node(&self, node: &Node) -> Result<Typed, PredicateError> {
        let flag = |node: Node| Ok((node, Some(Kind::Flag)));
        match node {
            Node::Column(column) => Ok((node.clone(), Some(self.kinds[*column]))),
            Node::Literal(literal) => Ok(self.literal(literal)),
            Node::And(parts) => flag(Node::And(self.conditions(parts)?)),
            Node::Or(parts) => flag(Node::Or(self.conditions(parts)?)),
            Node::Not(part) => flag(Node::Not(self.expect(part, Kind::Flag, "NOT")?.boxed())),
            Node::Is(part, truth) => {
                flag(Node::Is(self.expect(part, Kind::Flag, "IS TRUE or IS FALSE")?.boxed(), *truth))
            }
            Node::Like(part, _) | Node::IsNull(part) if is_text(part) => self.refuse_constant(part),
            Node::IsNull(part) => flag(Node::IsNull(self.node(part)?.0.boxed())),
            Node::Like(part, pattern) => {
                flag(Node::Like(self.expect(part, Kind::Text, "LIKE")?.boxed(), pattern.clone()))
            }
            Node::Compare(left, comparison, right) => {
                self.refuse_null(left, right)?;
                if left.literal().is_some() && right.literal().is_some() && (is_text(left) || is_text(right)) {
                    return self.refuse_constant(if is_text(left) { left } else { right });
                }
                let (left, right) = self.comparable(left, right)?;
                flag(Node::Compare(left.boxed(), *comparison, right.boxed()))
            }
            Node::In { value, list, texts } => {
                if is_text(value) && list.iter().all(|item| item.literal().is_some()) {
                    return self.refuse_constant(value);
                }
                let typed = self.node(value)?;
                let items = list.iter().map(|item| self.beside(value, &typed, item));
                let list = items.map(|pair| pair.map(|(_, item)| item)).collect::<Result<Vec<_>, _>>()?;
                flag(Node::In { value: typed.0.boxed(), list, texts: texts.clone() })
            }
            Node::Between(value, low, high) => {
                let typed = self.node(value)?;
                let (low, high) = (self.beside(value, &typed, low)?.1, self.beside(value, &typed, high)?.1);
                flag(Node::Between(typed.0.boxed(), low.boxed(), high.boxed()))
            }
            Node::Negate(part) => Ok((Node::Negate(self.number(part, "a minus sign")?.boxed()), Some(Kind::Number))),
            Node::Arithmetic(left, operation, right) => {
                let (left, right) = (self.number(left, sign(*operation))?, self.number(right, sign(*operation))?);
                Ok((Node::Arithmetic(left.boxed(), *operation, right.boxed()), Some(Kind::Number)))
            }
            Node::Call(function, arguments) => self.call(function, arguments),
            Node::Case { branches, otherwise } => {
                let when = branches.iter().map(|(when, _)| self.expect(when, Kind::Flag, "WHEN"));
                let when = when.collect::<Result<Vec<Node>, _>>()?;
                let (branches, otherwise, kind) = self.outcomes(when, branches, otherwise)?;
                Ok((Node::Case { branches, otherwise }, kind))
            }
            Node::Match { value, branches, otherwise } => {
                let typed = self.node(value)?;
                let when = branches.iter().map(|(when, _)| self.beside(value, &typed, when).map(|(_, when)| when));
                let when = when.collect::<Result<Vec<Node>, _>>()?;
                let (branches, otherwise, kind) = self.outcomes(when, branches, otherwise)?;
                Ok((Node::Match { value: typed.0.boxed(), branches, otherwise }, kind))
            }
        }
    }

    fn literal(&self, literal: &Literal) -> Typed {
        let (literal, kind) = match literal {
            Literal::Null => (Literal::Null, None),
            Literal::Number(_) => (literal.clone(), Some(Kind::Number)),
            Literal::Text(_) => (literal.clone(), Some(Kind::Text)),
            Literal::Flag(_) => (literal.clone(), Some(Kind::Flag)),
            Literal::Clock(clock) => (Literal::Instant(self.zone.instant(*clock)), Some(Kind::Instant)),
            Literal::Instant(_) => (literal.clone(), Some(Kind::Instant)),
        };
        (Node::Literal(literal), kind)
    }

    fn conditions(&self, parts: &[Node]) -> Result<Vec<Node>, PredicateError> {
        parts.iter().map(|part| self.expect(part, Kind::Flag, "AND and OR")).collect()
    }

    fn number(&self, node: &Node, what: &str) -> Result<Node, PredicateError> {
        self.expect(node, Kind::Number, what)
    }

    fn expect(&self, node: &Node, wanted: Kind, what: &str) -> Result<Node, PredicateError> {
        match self.node(node)? {
            (node, None) => Ok(node),
            (node, Some(kind)) if kind == wanted => Ok(node),
            (_, Some(kind)) => {
                let subject = self.subject(node, kind);
                let advice = self.declare(node, wanted);
                self.wrong(node, format!("{what} needs {}, but {subject}{advice}", wanted.one()))
            }
        }
    }

    /// Both sides, where they can be compared; a text beside times is read as one.
    fn comparable(&self, left: &Node, right: &Node) -> Result<(Node, Node), PredicateError> {
        let typed = self.node(left)?;
        let (read, right) = self.beside(left, &typed, right)?;
        Ok((read.unwrap_or(typed.0), right))
    }

    /// The right side, where it can be compared with the left one; that too, where it is read as a time.
    fn beside(&self, left: &Node, typed: &Typed, right: &Node) -> Result<(Option<Node>, Node), PredicateError> {
        let (node, kind) = self.node(right)?;
        match (typed.1, kind) {
            (Some(a), Some(b)) if a == b => Ok((None, node)),
            (Some(Kind::Instant), Some(Kind::Text)) => Ok((None, self.time(left, right)?)),
            (Some(Kind::Text), Some(Kind::Instant)) => Ok((Some(self.time(right, left)?), node)),
            (Some(a), Some(b)) => self.incomparable((left, a), (right, b)),
            _ => Ok((None, node)),
        }
    }

    /// `x = NULL` is never true, and never meant.
    fn refuse_null(&self, left: &Node, right: &Node) -> Result<(), PredicateError> {
        match (left, right) {
            (column @ Node::Column(_), Node::Literal(Literal::Null))
            | (Node::Literal(Literal::Null), column @ Node::Column(_)) => {
                self.wrong(column, "a comparison with NULL is never true: write IS NULL or IS NOT NULL".into())
            }
            _ => Ok(()),
        }
    }

    /// A text where a column is meant: what is asked of it is the same for every row.
    fn refuse_constant<T>(&self, node: &Node) -> Result<T, PredicateError> {
        let Some(Literal::Text(text)) = node.literal() else {
            return self.wrong(node, "compares two constants: it is the same for every row".into());
        };
        let advice = self.unquoted(text).unwrap_or_else(|| "; a column's name stands without single quotes".into());
        self.wrong(node, format!("'{text}' is text in single quotes, the same for every row{advice}"))
    }

    /// What to write where a text is the name of a column.
    fn unquoted(&self, text: &str) -> Option<String> {
        let place = find_name(self.columns.iter().map(|(name, _)| name.as_str()), text)?;
        let name = sql_name(&self.columns[place].0);
        Some(format!("; the column is written {}", self.instead(&format!("'{text}'"), &name)))
    }

    /// The expression without quotes around the numbers that columns of numbers are held against.
    fn numbers_unquoted(&self) -> String {
        let mut texts = Vec::new();
        self.expression.root.texts(true, &mut texts);
        let is_number =
            |(column, text): &(usize, &str)| self.kinds[*column] == Kind::Number && text.trim().parse::<f64>().is_ok();
        let quoted = texts.into_iter().filter(is_number);
        quoted.fold(self.expression.text.clone(), |all, (_, text)| all.replace(&format!("'{text}'"), text.trim()))
    }

    /// The expression with a part replaced.
    fn instead(&self, wrong: &str, right: &str) -> String {
        self.expression.text.replace(wrong, right)
    }

    fn time(&self, times: &Node, text: &Node) -> Result<Node, PredicateError> {
        let Some(Literal::Text(written)) = text.literal() else {
            return self.incomparable((times, Kind::Instant), (text, Kind::Text));
        };
        match parse::time(written) {
            Some(literal) => Ok(self.literal(&literal).0),
            None => {
                let subject = self.subject(times, Kind::Instant);
                self.wrong(times, format!("{subject} and '{written}' is no time, expected one such as '2026-01-31'"))
            }
        }
    }

    fn incomparable<T>(&self, left: (&Node, Kind), right: (&Node, Kind)) -> Result<T, PredicateError> {
        // The side with a column is the one to speak of.
        let (column, other) = if matches!(left.0, Node::Column(_)) { (left, right) } else { (right, left) };
        let subject = self.subject(column.0, column.1);
        let advice = match (column.0, column.1, other.0.literal()) {
            (Node::Literal(Literal::Text(text)), ..) if self.unquoted(text).is_some() => {
                self.unquoted(text).unwrap_or_default()
            }
            (Node::Column(_), Kind::Number, Some(Literal::Text(text))) if text.trim().parse::<f64>().is_ok() => {
                format!(": write {}", self.numbers_unquoted())
            }
            (Node::Column(place), Kind::Text, Some(Literal::Number(_))) => {
                let name = yaml_name(&self.expression.columns[*place].name);
                format!(
                    ": if it should hold numbers, declare what stands for a missing one by `nulls`, or `types: {{ {name}: number }}`, and `check` names the values that are none; if its values are codes, compare them by `=` or `IN`, in single quotes (by `<` and `>` texts go by their letters: '5' > '100')"
                )
            }
            _ => self.declare(column.0, other.1),
        };
        self.wrong(column.0, format!("{subject} and is compared with {}{advice}", other.1.one()))
    }

    fn call(&self, function: &'static Function, arguments: &[Node]) -> Result<Typed, PredicateError> {
        if let Takes::Each(wanted, given) = function.takes {
            let arguments = arguments.iter().map(|argument| self.expect(argument, wanted, function.name));
            return Ok((Node::Call(function, arguments.collect::<Result<_, _>>()?), Some(given)));
        }
        let (arguments, kind) = self.alike(arguments.iter(), function.name)?;
        Ok((Node::Call(function, arguments), kind))
    }

    /// The branches of a CASE, of which the conditions are resolved, and what it gives.
    fn outcomes(
        &self,
        when: Vec<Node>,
        branches: &[(Node, Node)],
        otherwise: &Node,
    ) -> Result<Outcomes, PredicateError> {
        let (mut then, kind) = self.alike(branches.iter().map(|(_, then)| then).chain([otherwise]), "CASE")?;
        let otherwise = then.pop().unwrap_or(Node::Literal(Literal::Null)).boxed();
        Ok((when.into_iter().zip(then).collect(), otherwise, kind))
    }

    /// Nodes that must all be of one kind, and that kind.
    fn alike<'n>(
        &self,
        nodes: impl Iterator<Item = &'n Node>,
        what: &str,
    ) -> Result<(Vec<Node>, Option<Kind>), PredicateError> {
        let (mut alike, mut kind) = (Vec::new(), None::<Kind>);
        for node in nodes {
            let (resolved, found) = self.node(node)?;
            if let (Some(first), Some(second)) = (kind, found)
                && first != second
            {
                return self.wrong(node, format!("{what} gives {} here and {} there", first.one(), second.one()));
            }
            kind = kind.or(found);
            alike.push(resolved);
        }
        Ok((alike, kind))
    }

    fn subject(&self, node: &Node, kind: Kind) -> String {
        match node {
            Node::Column(column) => format!("`{}` holds {kind}", self.expression.columns[*column].name),
            Node::Literal(Literal::Text(text)) => format!("'{text}' is text"),
            Node::Literal(Literal::Number(number)) => format!("{number} is a number"),
            _ => format!("this is {}", kind.one()),
        }
    }

    fn declare(&self, node: &Node, wanted: Kind) -> String {
        match node {
            Node::Column(_) => format!(": if that is wrong, declare its type under `types:` as {}", wanted.name()),
            _ => String::new(),
        }
    }

    fn wrong<T>(&self, node: &Node, what: String) -> Result<T, PredicateError> {
        Err(PredicateError::Type { at: self.expression.place(node), what })
    }
}

fn is_text(node: &Node) -> bool {
    matches!(node.literal(), Some(Literal::Text(_)))
}

fn sign(operation: Operation) -> &'static str {
    match operation {
        Operation::Add => "+",
        Operation::Subtract => "-",
        Operation::Multiply => "*",
        Operation::Divide => "/",
        Operation::Remainder => "%",
    }
}
