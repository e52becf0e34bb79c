use crate::result::{Estimate, Level, Number};

use super::chart::Chart;
use super::text::{self, Unit};

/// What a report says, before anyone decides how it looks.
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    pub title: String,
    /// What was asked, in a sentence.
    pub setting: Text,
    pub answer: Answer,
    pub sections: Vec<Section>,
    pub footer: Text,
}

/// The first thing a reader sees; in a terminal, the last.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    pub tone: Tone,
    /// What to do and what it brings, with its interval.
    pub headline: Text,
    /// The same in at most a hundred columns.
    pub line: Text,
    /// How much the data can say.
    pub readiness: Text,
    /// What forbids a conclusion.
    pub banners: Vec<Text>,
    pub reasons: Vec<Text>,
    pub next: Vec<Text>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    Change,
    Keep,
    Undecided,
}

/// A heading and what stands under it.
#[derive(Clone, Debug, PartialEq)]
pub struct Section {
    /// Its anchor: unique in the document.
    pub id: String,
    pub title: Text,
    /// Also shown where there is little room.
    pub brief: bool,
    pub blocks: Vec<Block>,
    pub sections: Vec<Section>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    Paragraph(Text),
    List(Vec<Text>),
    Notice(Level, Text),
    Table(Table),
    Figure(Chart),
    Definitions(&'static [Definition]),
}

/// How one number is defined, in a plain sentence or two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    pub term: &'static str,
    pub meaning: &'static str,
}

/// Words in which names from the data are marked as names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text(pub Vec<Span>);

#[derive(Clone, Debug, PartialEq)]
pub enum Span {
    Plain(String),
    /// A model's name, or a command.
    Name(String),
    Strong(String),
    /// Words that lead to a section, by its id.
    Link(String, String),
}

#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub caption: Text,
    pub columns: Vec<Column>,
    pub rows: Vec<Vec<Cell>>,
    /// Stays at the foot however the rows are sorted.
    pub total: Option<Vec<Cell>>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub title: String,
    pub is_number: bool,
    /// Also shown where there is little room.
    pub brief: bool,
    /// Its entry in the glossary.
    pub term: Option<&'static str>,
}

/// What stands in a table: text for readers, a number for those who compute, a key for those who sort.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub text: Text,
    /// "11.0 to 13.8", or why there is none.
    pub interval: Option<String>,
    pub number: Option<f64>,
    pub key: Key,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Key {
    Number(f64),
    Text(String),
    /// Sorts last, whichever way.
    Nothing,
}

/// Words and names in a row: `say!["Use ", name("a"), "."]`.
macro_rules! say {
    ($($span:expr),* $(,)?) => { $crate::report::document::Text(vec![$($crate::report::document::Span::from($span)),*]) };
}
pub(super) use say;

/// A name from the data as a span.
pub(super) fn name(name: &str) -> Span {
    Span::Name(text::clipped(name, 60))
}

impl From<&str> for Span {
    fn from(words: &str) -> Self {
        Self::Plain(words.to_owned())
    }
}

impl From<String> for Span {
    fn from(words: String) -> Self {
        Self::Plain(words)
    }
}

impl From<&str> for Text {
    fn from(words: &str) -> Self {
        say![words]
    }
}

impl From<String> for Text {
    fn from(words: String) -> Self {
        say![words]
    }
}

impl Span {
    pub fn words(&self) -> &str {
        let (Self::Plain(words) | Self::Name(words) | Self::Strong(words) | Self::Link(words, _)) = self;
        words
    }
}

impl Text {
    /// A sentence from the evaluation: clean, and what stands in backticks is a name.
    pub fn sentence(words: &str) -> Self {
        let words = text::clean(words);
        let pieces: Vec<&str> = words.split('`').collect();
        if pieces.len().is_multiple_of(2) {
            return words.into();
        }
        let spans = pieces.iter().enumerate().filter(|(_, piece)| !piece.is_empty());
        Self(spans.map(|(i, piece)| if i % 2 == 1 { name(piece) } else { Span::from(*piece) }).collect())
    }

    /// A sentence from the evaluation as one: a capital at its start, a full stop at its end.
    pub fn whole(words: &str) -> Self {
        let mut text = Self::sentence(words);
        if let Some(Span::Plain(first)) = text.0.first_mut() {
            *first = text::capitalised(first);
        }
        let ends = text.plain().ends_with(['.', '!', '?', '…']);
        if ends || text.is_empty() { text } else { text.then(".".into()) }
    }

    pub fn then(mut self, more: Text) -> Self {
        self.0.extend(more.0);
        self
    }

    /// The words alone, names as they are.
    pub fn plain(&self) -> String {
        self.0.iter().map(Span::words).collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|span| span.words().is_empty())
    }
}

/// Names as a list: `a`, `b` and `c`.
pub(super) fn names<'a>(all: impl IntoIterator<Item = &'a String>) -> Text {
    let all: Vec<&String> = all.into_iter().collect();
    let mut out = Text::default();
    for (i, one) in all.iter().enumerate() {
        if i > 0 {
            out.0.push(Span::from(if i + 1 == all.len() { " and " } else { ", " }));
        }
        out.0.push(name(one));
    }
    out
}

impl Section {
    pub fn new(id: impl Into<String>, title: impl Into<Text>, blocks: Vec<Block>) -> Self {
        Self { id: id.into(), title: title.into(), brief: false, blocks, sections: Vec::new() }
    }

    pub fn brief(self) -> Self {
        Self { brief: true, ..self }
    }

    pub fn with(self, sections: Vec<Section>) -> Self {
        Self { sections, ..self }
    }
}

impl Table {
    pub fn new(caption: impl Into<Text>, columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Self {
        Self { caption: caption.into(), columns, rows, total: None }
    }

    pub fn total(self, cells: Vec<Cell>) -> Self {
        Self { total: Some(cells), ..self }
    }
}

impl Column {
    pub fn label(title: impl Into<String>) -> Self {
        Self { title: title.into(), is_number: false, brief: false, term: None }
    }

    pub fn number(title: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::label(title) }
    }

    pub fn brief(self) -> Self {
        Self { brief: true, ..self }
    }

    pub fn term(self, term: &'static str) -> Self {
        Self { term: Some(term), ..self }
    }
}

impl Cell {
    pub fn text(text: impl Into<Text>) -> Self {
        let text = text.into();
        let key = Key::Text(text.plain());
        Self { text, interval: None, number: None, key }
    }

    /// A label from the data.
    pub fn label(label: &str) -> Self {
        Self::text(text::clipped(label, 60))
    }

    pub fn name(model: &str) -> Self {
        Self::text(say![name(model)])
    }

    pub fn empty() -> Self {
        Self { key: Key::Nothing, ..Self::text("") }
    }

    pub fn count(n: u64) -> Self {
        Self { text: text::count(n).into(), interval: None, number: Some(n as f64), key: Key::Number(n as f64) }
    }

    pub fn value(value: f64, unit: Unit) -> Self {
        Self::number(&Number::from(value), unit)
    }

    /// A value that some rows do not have.
    pub fn optional(value: Option<f64>, unit: Unit) -> Self {
        value.map_or_else(|| Self { text: "–".into(), ..Self::empty() }, |value| Self::value(value, unit))
    }

    pub fn number(number: &Number, unit: Unit) -> Self {
        let text = text::number(number, unit).into();
        Self { text, interval: None, number: number.value(), key: Key::of(number) }
    }

    pub fn estimate(estimate: &Estimate, unit: Unit) -> Self {
        let (point, interval) = text::parts(estimate, unit);
        Self { text: point.into(), interval, number: estimate.point.value(), key: Key::of(&estimate.point) }
    }

    /// Sorted by this position instead of its text.
    pub fn at(self, position: usize) -> Self {
        Self { key: Key::Number(position as f64), ..self }
    }
}

impl Key {
    fn of(number: &Number) -> Self {
        number.value().filter(|value| !value.is_nan()).map_or(Self::Nothing, Self::Number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backticks_in_a_sentence_mark_names() {
        let text = Text::sentence("model `a b` scored\nnobody");
        assert_eq!(text, say!["model ", name("a b"), " scored nobody"]);
        assert_eq!(Text::sentence("one ` alone"), say!["one ` alone"]);
    }

    #[test]
    fn a_sentence_from_the_data_starts_and_ends_as_one() {
        assert_eq!(Text::whole("the horizon is open").plain(), "The horizon is open.");
        assert_eq!(Text::whole("`a` can not be promoted.").plain(), "a can not be promoted.");
    }

    #[test]
    fn names_read_as_a_list() {
        let all = ["a".to_owned(), "b".to_owned(), "c".to_owned()];
        assert_eq!(names(&all).plain(), "a, b and c");
    }

    #[test]
    fn an_undefined_cell_sorts_last_and_says_why() {
        let cell = Cell::number(&Number::undefined("one class only"), Unit::Plain);
        assert_eq!((cell.text.plain().as_str(), cell.key), ("– (one class only)", Key::Nothing));
    }
}
