//! From SQL's syntax tree, which knows all of SQL, to the small set of nodes that this crate computes.

use std::collections::{BTreeSet, HashMap};
use std::panic::resume_unwind;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::DateTime;
use sqlparser::ast::{
    self, BinaryOperator, CaseWhen, CeilFloorKind, DataType, Expr, FunctionArg, FunctionArgExpr, FunctionArguments,
    Ident, Spanned, UnaryOperator, ValueWithSpan,
};
use sqlparser::dialect::Dialect;
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Location, Span, Token, TokenWithSpan, Tokenizer};

use super::function::Function;
use super::like::Pattern;
use super::node::{Comparison, Literal, Node, Operation};
use super::{Expression, Mention, Place, PredicateError};
use crate::table::{composed, did_you_mean, tidy};

/// Operators in one expression: a chain of them is as deep as it is long, and depth is stack.
const MOST_OPERATORS: usize = 500;

/// Bytes of a text that cannot be deep.
const SHALLOW: usize = 40;
const STACK: usize = 64 << 20;

/// SQL without any vendor's extras, whose keywords would shadow columns.
#[derive(Debug)]
struct Plain;

impl Dialect for Plain {
    fn is_identifier_start(&self, c: char) -> bool {
        c.is_alphabetic() || c == '_'
    }

    fn is_identifier_part(&self, c: char) -> bool {
        c.is_alphanumeric() || c == '_'
    }
}

pub(super) fn parse(text: &str) -> Result<Expression, PredicateError> {
    let parsed = parse_as_written(text);
    parsed.map_err(|error| several_words(text).unwrap_or(error))
}

fn parse_as_written(text: &str) -> Result<Expression, PredicateError> {
    let mut reader = Reader { text, shared: text.into(), columns: Vec::new(), known: HashMap::new() };
    let syntax = reader.syntax_with_room()?;
    let root = reader.node(&syntax)?;
    Ok(Expression { text: text.into(), columns: reader.columns, root, resolved: false })
}

/// The error of a condition that is one once names of several words are quoted.
fn several_words(text: &str) -> Option<PredicateError> {
    let tokens = Tokenizer::new(&Plain, text).tokenize_with_location().ok().filter(|_| text.len() <= LONGEST_SLIP)?;
    let is_name = |token: &TokenWithSpan| matches!(&token.token, Token::Word(word) if word.quote_style.is_none() && !is_own(word.keyword));
    let is_blank = |token: &TokenWithSpan| matches!(token.token, Token::Whitespace(_));
    let (mut corrected, mut first, mut place) = (String::new(), None, 0);
    while let Some(token) = tokens.get(place) {
        let mut end = place + 1;
        while is_name(token) && end + 1 < tokens.len() && is_blank(&tokens[end]) && is_name(&tokens[end + 1]) {
            end += 2;
        }
        let written: String = tokens[place..end].iter().map(|token| token.token.to_string()).collect();
        if end > place + 1 {
            corrected += &format!("`{written}`");
            first.get_or_insert((written, token.span.start));
        } else {
            corrected += &written;
        }
        place = end;
    }
    let (name, start) = first?;
    parse_as_written(&corrected).ok()?;
    let at = Place::new(text, start.line, start.column);
    Some(PredicateError::Syntax { at, what: format!("if `{name}` is a column, write it in backticks: {corrected}") })
}

/// A longer condition is not looked through for such names.
const LONGEST_SLIP: usize = 2_000;

/// Words that conditions are made of.
fn is_own(word: Keyword) -> bool {
    use Keyword as K;
    matches!(
        word,
        K::AND | K::OR | K::NOT | K::IS | K::IN | K::LIKE | K::ILIKE | K::BETWEEN | K::NULL | K::TRUE | K::FALSE
    ) || matches!(word, K::CASE | K::WHEN | K::THEN | K::ELSE | K::END | K::ESCAPE)
}

struct Reader<'t> {
    text: &'t str,
    /// The text, for the places of errors.
    shared: Arc<str>,
    columns: Vec<Mention>,
    /// Their places, by name.
    known: HashMap<String, usize>,
}

type Read = Result<Node, PredicateError>;

impl Reader<'_> {
    fn at(&self, location: Location) -> Place {
        Place::new(self.shared.clone(), location.line, location.column)
    }

    fn syntax_error<T>(&self, location: Location, what: impl Into<String>) -> Result<T, PredicateError> {
        Err(PredicateError::Syntax { at: self.at(location), what: what.into() })
    }

    fn refuse<T>(&self, span: Span, what: impl Into<String>) -> Result<T, PredicateError> {
        Err(PredicateError::Refused { at: self.at(span.start), what: what.into() })
    }

    /// The parser takes much of the stack with each level, and a thread may have little.
    fn syntax_with_room(&self) -> Result<Expr, PredicateError> {
        if self.text.len() <= SHALLOW {
            return self.syntax();
        }
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, || self.syntax());
            thread.ok().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)))
        })
        .unwrap_or_else(|| self.syntax())
    }

    fn syntax(&self) -> Result<Expr, PredicateError> {
        let tokens = Tokenizer::new(&Plain, self.text).tokenize_with_location();
        let tokens = tokens.or_else(|error| self.syntax_error(error.location, misread(&error.message)))?;
        let Some(first) = tokens.iter().find(|token| !matches!(token.token, Token::Whitespace(_))) else {
            return self
                .syntax_error(Location::new(1, 1), "there is nothing, expected a condition such as `employees > 50`");
        };
        if first.token == Token::EOF || self.text.trim().is_empty() {
            return self
                .syntax_error(Location::new(1, 1), "there is nothing, expected a condition such as `employees > 50`");
        }
        if let Some(token) = tokens.iter().filter(|token| is_operator(&token.token)).nth(MOST_OPERATORS) {
            let what = format!("more than {MOST_OPERATORS} operators; `IN (…)` takes a list of any length");
            return self.refuse(token.span, what);
        }
        if let Some(token) = tokens.iter().find(|token| !is_known(&token.token)) {
            return self.refuse(token.span, foreign(&token.token));
        }
        if let Some(token) = too_deep(&tokens) {
            return self.refuse(token.span, TOO_DEEP);
        }
        let end = tokens.last().map_or(Location::new(1, 1), |token| token.span.end);
        let mut parser = Parser::new(&Plain).with_tokens_with_locations(tokens);
        let syntax = parser.parse_expr().or_else(|error| self.parser_error(&error, end))?;
        match parser.next_token() {
            TokenWithSpan { token: Token::EOF, .. } => Ok(syntax),
            TokenWithSpan { span, .. } if is_case(&syntax) => {
                self.syntax_error(span.start, "CASE WHEN … THEN … ELSE … END is not complete")
            }
            TokenWithSpan { token: Token::Comma, span } => self.syntax_error(
                span.start,
                "unexpected `,` after a complete condition; in numbers no mark stands between thousands, and conditions are joined by AND or OR",
            ),
            TokenWithSpan { token, span } => self.syntax_error(
                span.start,
                format!("unexpected `{token}` after a complete condition; conditions are joined by AND or OR"),
            ),
        }
    }

    /// The parser writes its place at the end of its message.
    fn parser_error<T>(&self, error: &ParserError, end: Location) -> Result<T, PredicateError> {
        let message = match error {
            ParserError::TokenizerError(message) | ParserError::ParserError(message) => message,
            ParserError::RecursionLimitExceeded => {
                return self.syntax_error(Location::new(1, 1), TOO_DEEP);
            }
        };
        let (what, location) = split_place(message).unwrap_or((message.as_str(), end));
        let Some((wanted, found)) = what.strip_prefix("Expected: ").and_then(|rest| rest.split_once(", found: "))
        else {
            // The rest are the parser's own terms.
            return self.syntax_error(location, format!("this is no condition as it is understood here; {OPERATORS}"));
        };
        let (found, hint) = match found {
            "EOF" => ("the end".to_string(), String::new()),
            word if is_keyword(word) => {
                (format!("`{word}`"), format!("; a column of that name is written in double quotes: \"{word}\""))
            }
            other => (format!("`{other}`"), String::new()),
        };
        self.syntax_error(location, format!("expected {}, found {found}{hint}", expected(wanted)))
    }

    fn column(&mut self, ident: &Ident) -> Node {
        if let Some(&known) = self.known.get(&ident.value) {
            return Node::Column(known);
        }
        let place = self.at(ident.span.start);
        self.known.insert(ident.value.clone(), self.columns.len());
        self.columns.push(Mention { name: ident.value.clone(), place });
        Node::Column(self.columns.len() - 1)
    }

    fn node(&mut self, expr: &Expr) -> Read {
        match expr {
            Expr::Identifier(ident) => Ok(self.column(ident)),
            Expr::CompoundIdentifier(parts) => {
                let name: Vec<&str> = parts.iter().map(|part| part.value.as_str()).collect();
                let name = name.join(".");
                self.refuse(
                    expr.span(),
                    format!("a column is one name; if it is called `{name}`, write it in backticks: `{name}`"),
                )
            }
            Expr::Nested(inner) => self.node(inner),
            Expr::Value(value) => self.value(value),
            Expr::TypedString(typed) => self.time(&typed.data_type, &typed.value),
            Expr::IsNull(part) => Ok(Node::IsNull(self.boxed(part)?)),
            Expr::IsNotNull(part) => Ok(not(Node::IsNull(self.boxed(part)?))),
            Expr::IsTrue(part) => Ok(Node::Is(self.boxed(part)?, true)),
            Expr::IsNotTrue(part) => Ok(not(Node::Is(self.boxed(part)?, true))),
            Expr::IsFalse(part) => Ok(Node::Is(self.boxed(part)?, false)),
            Expr::IsNotFalse(part) => Ok(not(Node::Is(self.boxed(part)?, false))),
            Expr::InList { expr, list, negated } => self.in_list(expr, list).map(|node| negate(node, *negated)),
            Expr::Between { expr, negated, low, high } => {
                self.between(expr, low, high).map(|node| negate(node, *negated))
            }
            Expr::BinaryOp { left, op, right } => self.binary(expr, left, op, right),
            Expr::UnaryOp { op, expr: part } => self.unary(expr, *op, part),
            Expr::Like { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), false).map(|node| negate(node, *negated))
            }
            Expr::ILike { negated, any: false, expr, pattern, escape_char } => {
                self.like(expr, pattern, escape_char.as_deref(), true).map(|node| negate(node, *negated))
            }
            Expr::Case { operand, conditions, else_result, .. } => {
                self.case(operand.as_deref(), conditions, else_result.as_deref())
            }
            Expr::Ceil { expr: part, field: CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) } => {
                self.call(expr, "ceil", &[part])
            }
            Expr::Floor { expr: part, field: CeilFloorKind::DateTimeField(ast::DateTimeField::NoDateTime) } => {
                self.call(expr, "floor", &[part])
            }
            Expr::Trim { trim_where: None, trim_what: None, expr: part, trim_characters: None } => {
                self.call(expr, "trim", &[part])
            }
            Expr::Function(function) => self.function(expr, function),
            other => self.refuse(other.span(), refusal(other)),
        }
    }

    fn boxed(&mut self, expr: &Expr) -> Result<Box<Node>, PredicateError> {
        self.node(expr).map(Box::new)
    }

    fn value(&self, value: &ValueWithSpan) -> Read {
        let literal = match &value.value {
            ast::Value::Number(digits, _) => match f64::from_str(digits) {
                Ok(number) if number.is_finite() => Literal::Number(number),
                _ => return self.refuse(value.span, format!("`{digits}` is no finite number")),
            },
            // As the values are that it is held against.
            ast::Value::SingleQuotedString(text) => Literal::Text(tidy(text).into_owned()),
            ast::Value::Boolean(flag) => Literal::Flag(*flag),
            ast::Value::Null => Literal::Null,
            other => {
                return self
                    .refuse(value.span, format!("`{other}` is no plain number or text; text is written 'like this'"));
            }
        };
        Ok(Node::Literal(literal))
    }

    fn time(&self, data_type: &DataType, value: &ValueWithSpan) -> Read {
        if !matches!(data_type, DataType::Date | DataType::Timestamp(None, _) | DataType::Datetime(None)) {
            return self.refuse(value.span, format!("`{data_type}` literals are not understood, DATE '2026-01-31' is"));
        }
        let text = value.value.clone().into_string().unwrap_or_else(|| value.value.to_string());
        match time(&text) {
            Some(literal) => Ok(Node::Literal(literal)),
            None => self.refuse(value.span, format!("`{text}` is no time, expected one such as 2026-01-31")),
        }
    }

    fn in_list(&mut self, value: &Expr, list: &[Expr]) -> Read {
        let value = self.boxed(value)?;
        let list = list.iter().map(|item| self.node(item)).collect::<Result<Vec<Node>, _>>()?;
        let texts = list.iter().filter_map(|item| match item.literal() {
            Some(Literal::Text(text)) => Some(text.clone()),
            _ => None,
        });
        let texts: BTreeSet<String> = texts.collect();
        Ok(Node::In { value, list, texts })
    }

    fn between(&mut self, value: &Expr, low: &Expr, high: &Expr) -> Read {
        let (value, low, high) = (self.boxed(value)?, self.boxed(low)?, self.boxed(high)?);
        if !value.is_leaf() {
            return Ok(Node::Between(value, low, high));
        }
        let above = Node::Compare(value.clone(), Comparison::GreaterOrEqual, low);
        let below = Node::Compare(value, Comparison::LessOrEqual, high);
        Ok(Node::And(vec![above, below]))
    }

    fn binary(&mut self, whole: &Expr, left: &Expr, op: &BinaryOperator, right: &Expr) -> Read {
        if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
            return self.chain(left, op, right);
        }
        let (left, right) = (self.boxed(left)?, self.boxed(right)?);
        if let Some(comparison) = comparison(op) {
            return Ok(Node::Compare(left, comparison, right));
        }
        if let Some(operation) = operation(op) {
            return Ok(Node::Arithmetic(left, operation, right));
        }
        self.refuse(whole.span(), format!("the operator `{op}` is not understood here"))
    }

    /// `a AND b AND c` as one list.
    fn chain(&mut self, left: &Expr, op: &BinaryOperator, right: &Expr) -> Read {
        let (mut left, mut parts) = (left, vec![right]);
        while let Expr::BinaryOp { left: before, op: same, right } = left
            && same == op
        {
            parts.push(right);
            left = before;
        }
        parts.push(left);
        let parts = parts.into_iter().rev().map(|part| self.node(part)).collect::<Result<Vec<Node>, _>>()?;
        Ok(if *op == BinaryOperator::And { Node::And(parts) } else { Node::Or(parts) })
    }

    fn unary(&mut self, whole: &Expr, op: UnaryOperator, part: &Expr) -> Read {
        match op {
            UnaryOperator::Not => self.node(part).map(not),
            UnaryOperator::Plus => self.node(part),
            UnaryOperator::Minus => self.boxed(part).map(Node::Negate),
            other => self.refuse(whole.span(), format!("the operator `{other}` is not understood here")),
        }
    }

    fn like(&mut self, value: &Expr, pattern: &Expr, escape: Option<&Expr>, folded: bool) -> Read {
        let value = self.boxed(value)?;
        let Some(text) = single_quoted(pattern) else {
            return self.refuse(pattern.span(), "LIKE takes a pattern in single quotes, such as '%vp%'");
        };
        let escape = escape.map(|escape| self.escape(escape)).transpose()?;
        match Pattern::new(&composed(text), escape, folded) {
            Ok(pattern) => Ok(Node::Like(value, pattern)),
            Err(what) => self.refuse(pattern.span(), what),
        }
    }

    fn escape(&self, escape: &Expr) -> Result<char, PredicateError> {
        let mut chars = single_quoted(escape).unwrap_or_default().chars();
        match (chars.next(), chars.next()) {
            (Some(only), None) => Ok(only),
            _ => self.refuse(escape.span(), "ESCAPE takes one character, such as '!'"),
        }
    }

    /// `CASE x WHEN 1` is `CASE WHEN x = 1`.
    fn case(&mut self, operand: Option<&Expr>, conditions: &[CaseWhen], otherwise: Option<&Expr>) -> Read {
        let operand = operand.map(|operand| self.boxed(operand)).transpose()?;
        let mut branches = Vec::with_capacity(conditions.len());
        for CaseWhen { condition, result } in conditions {
            let condition = self.node(condition)?;
            let when = match &operand {
                Some(operand) if operand.is_leaf() => {
                    Node::Compare(operand.clone(), Comparison::Equal, condition.boxed())
                }
                _ => condition,
            };
            branches.push((when, self.node(result)?));
        }
        let otherwise = otherwise.map_or(Ok(Node::Literal(Literal::Null)), |otherwise| self.node(otherwise))?;
        let otherwise = otherwise.boxed();
        Ok(match operand.filter(|operand| !operand.is_leaf()) {
            Some(value) => Node::Match { value, branches, otherwise },
            None => Node::Case { branches, otherwise },
        })
    }

    fn function(&mut self, whole: &Expr, function: &ast::Function) -> Read {
        let name = function.name.to_string();
        if function.over.is_some() {
            return self.refuse(whole.span(), format!("`{name}(…) OVER` looks at other rows; {ONE_ROW}"));
        }
        let FunctionArguments::List(list) = &function.args else {
            let what =
                format!("`{name}` is no column or plain function here; a column of that name is written \"{name}\"");
            return self.refuse(whole.span(), what);
        };
        let plain = list.clauses.is_empty()
            && list.duplicate_treatment.is_none()
            && function.filter.is_none()
            && function.within_group.is_empty()
            && function.null_treatment.is_none()
            && function.parameters == FunctionArguments::None;
        let arguments: Option<Vec<&Expr>> = list.args.iter().map(plain_argument).collect();
        match arguments {
            Some(arguments) if plain => self.call(whole, &name, &arguments),
            _ => self.refuse(whole.span(), format!("`{function}` looks at other rows or has extras; {ONE_ROW}")),
        }
    }

    fn call(&mut self, whole: &Expr, name: &str, arguments: &[&Expr]) -> Read {
        let Some(function) = Function::find(name) else {
            return self.refuse(whole.span(), unknown_function(name));
        };
        let (fewest, most) = function.arity;
        if !(fewest..=most).contains(&arguments.len()) {
            let expected = match (fewest, most) {
                (1, 1) => "one argument".to_string(),
                (a, b) if a == b => format!("{a} arguments"),
                (a, b) => format!("{a} to {b} arguments"),
            };
            return self.refuse(whole.span(), format!("`{name}` takes {expected}, found {}", arguments.len()));
        }
        let arguments = arguments.iter().map(|argument| self.node(argument)).collect::<Result<Vec<Node>, _>>()?;
        Ok(Node::Call(function, arguments))
    }
}

const ONE_ROW: &str = "a condition sees one row at a time";

const AGGREGATES: [&str; 11] =
    ["count", "sum", "avg", "min", "max", "median", "stddev", "variance", "array_agg", "string_agg", "any_value"];

fn unknown_function(name: &str) -> String {
    if AGGREGATES.iter().any(|aggregate| aggregate.eq_ignore_ascii_case(name)) {
        return format!("`{name}` looks at all rows; {ONE_ROW}: count events with an `event:` criterion");
    }
    let meant = did_you_mean(Function::names(), name);
    let known: Vec<&str> = Function::names().collect();
    format!("unknown function `{name}`{meant} (known: {})", known.join(", "))
}

fn refusal(expr: &Expr) -> String {
    let what = match expr {
        Expr::Subquery(_) | Expr::InSubquery { .. } | Expr::Exists { .. } => "a subquery looks at other rows",
        Expr::Cast { .. } | Expr::Convert { .. } => {
            return "casts are not understood; declare the column's type under `types:`".into();
        }
        Expr::Interval(_) | Expr::Extract { .. } | Expr::AtTimeZone { .. } => {
            return "computing with times is not understood, comparing with DATE '2026-01-31' is".into();
        }
        Expr::SimilarTo { .. } | Expr::RLike { .. } => "regular expressions are not understood, LIKE and ILIKE are",
        Expr::IsDistinctFrom(..) | Expr::IsNotDistinctFrom(..) => {
            "IS DISTINCT FROM is not understood, = and IS NULL are"
        }
        Expr::Like { .. } | Expr::ILike { .. } | Expr::AnyOp { .. } | Expr::AllOp { .. } => {
            "ANY and ALL are not understood, OR and IN (…) are"
        }
        _ => return format!("`{expr}` is more SQL than is understood here; {ONE_ROW}"),
    };
    format!("{what}; {ONE_ROW}")
}

fn plain_argument(argument: &FunctionArg) -> Option<&Expr> {
    match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    }
}

fn single_quoted(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Value(ValueWithSpan { value: ast::Value::SingleQuotedString(text), .. }) => Some(text),
        _ => None,
    }
}

fn comparison(op: &BinaryOperator) -> Option<Comparison> {
    Some(match op {
        BinaryOperator::Eq => Comparison::Equal,
        BinaryOperator::NotEq => Comparison::NotEqual,
        BinaryOperator::Lt => Comparison::Less,
        BinaryOperator::LtEq => Comparison::LessOrEqual,
        BinaryOperator::Gt => Comparison::Greater,
        BinaryOperator::GtEq => Comparison::GreaterOrEqual,
        _ => return None,
    })
}

fn operation(op: &BinaryOperator) -> Option<Operation> {
    Some(match op {
        BinaryOperator::Plus => Operation::Add,
        BinaryOperator::Minus => Operation::Subtract,
        BinaryOperator::Multiply => Operation::Multiply,
        BinaryOperator::Divide => Operation::Divide,
        BinaryOperator::Modulo => Operation::Remainder,
        _ => return None,
    })
}

/// A date or time as a literal: an instant when it names its offset, else a clock reading.
pub(super) fn time(text: &str) -> Option<Literal> {
    let text = text.trim();
    let instant = Timestamp::from_str(text).map(|stamp| Literal::Instant(stamp.as_microsecond()));
    instant.or_else(|_| DateTime::from_str(text).map(Literal::Clock)).ok()
}

fn not(node: Node) -> Node {
    Node::Not(node.boxed())
}

fn negate(node: Node, negated: bool) -> Node {
    if negated { not(node) } else { node }
}

fn is_operator(token: &Token) -> bool {
    match token {
        Token::Word(word) => matches!(
            word.keyword,
            Keyword::AND
                | Keyword::OR
                | Keyword::NOT
                | Keyword::IS
                | Keyword::IN
                | Keyword::LIKE
                | Keyword::ILIKE
                | Keyword::BETWEEN
        ),
        Token::EOF | Token::Whitespace(_) | Token::Comma | Token::Number(..) | Token::SingleQuotedString(_) => false,
        _ => true,
    }
}

const TOO_DEEP: &str = "nested too deeply, expected fewer than 50 levels of CASE, parentheses and functions";

/// Where CASE and parentheses open for the fiftieth time: the parser takes a CASE that is too deep for it for a column.
fn too_deep(tokens: &[TokenWithSpan]) -> Option<&TokenWithSpan> {
    let mut depth = 0_i64;
    tokens.iter().find(|token| {
        depth += match &token.token {
            Token::LParen => 1,
            Token::RParen => -1,
            Token::Word(word) if word.quote_style.is_none() && word.keyword == Keyword::CASE => 1,
            Token::Word(word) if word.quote_style.is_none() && word.keyword == Keyword::END => -1,
            _ => 0,
        };
        depth >= 50
    })
}

/// What the parser expected, in our words.
fn expected(wanted: &str) -> String {
    match wanted {
        list if list.ends_with("after IS") => "NULL, NOT NULL, TRUE or FALSE after IS".into(),
        word if word.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_punctuation()) => format!("`{word}`"),
        other => lower_first(other),
    }
}

/// What the tokenizer could not read, in our words.
fn misread(message: &str) -> String {
    if message.contains("EOF") { "what is opened here is not closed".into() } else { lower_first(message) }
}

/// `CASE` that could not be read as one is taken for a column of that name.
fn is_case(syntax: &Expr) -> bool {
    matches!(syntax, Expr::Identifier(ident) if ident.quote_style.is_none() && ident.value.eq_ignore_ascii_case("case"))
}

const OPERATORS: &str = "there are = <> < <= > >= + - * / %, AND, OR, NOT, IN (…), BETWEEN, LIKE and IS NULL";

/// What a condition may be written with; what else is SQL is refused where it stands.
fn is_known(token: &Token) -> bool {
    match token {
        Token::EOF
        | Token::Word(_)
        | Token::Number(..)
        | Token::SingleQuotedString(_)
        | Token::Whitespace(_)
        | Token::Comma
        | Token::LParen
        | Token::RParen
        | Token::Period
        | Token::SemiColon
        | Token::Placeholder(_)
        | Token::StringConcat
        | Token::Eq
        | Token::Neq
        | Token::Lt
        | Token::LtEq
        | Token::Gt
        | Token::GtEq
        | Token::Plus
        | Token::Minus
        | Token::Mul
        | Token::Div
        | Token::Mod => true,
        // Other ways to write text have a refusal of their own.
        other => other.to_string().contains(['\'', '"']),
    }
}

fn foreign(token: &Token) -> String {
    let hint = match token {
        Token::DoubleEq => "equality is written =",
        Token::Overlap => "both together are written AND",
        Token::Pipe => "either is written OR",
        Token::ExclamationMark => "write NOT, or <> between two values",
        Token::DoubleColon => "a column's type is declared under `types:`",
        Token::Tilde | Token::TildeAsterisk => "LIKE and ILIKE compare with a pattern",
        Token::LBracket | Token::RBracket => "a column's name stands in backticks: `Job Title`",
        _ => OPERATORS,
    };
    format!("`{token}` is not understood here; {hint}")
}

fn is_keyword(word: &str) -> bool {
    word.chars().all(|c| c.is_ascii_alphabetic())
        && sqlparser::keywords::ALL_KEYWORDS.iter().any(|keyword| keyword.eq_ignore_ascii_case(word))
}

/// "… at Line: 1, Column: 13" in its two halves.
fn split_place(message: &str) -> Option<(&str, Location)> {
    let (what, place) = message.rsplit_once(" at Line: ")?;
    let (line, column) = place.split_once(", Column: ")?;
    Some((what, Location::new(line.trim().parse().ok()?, column.trim().parse().ok()?)))
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
