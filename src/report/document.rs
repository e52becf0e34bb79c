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
    /// Where the files of its charts stand, from where it stands itself.
    pub charts: &'static str,
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
    /// What may change the answer.
    pub doubts: Vec<Text>,
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
    /// The section in which what was just said can be looked up; a mark to follow where marks can be followed.
    Evidence(String),
    /// Words that lead to a section, by its id.
    Link(String, String),
    /// A name that leads to a page of its own, by the stem of its file.
    Page(String, String),
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
    /// What its sums of money are in: "EUR".
    pub currency: Option<String>,
}

/// What stands in a table: text for readers, a number for those who compute, a key for those who sort.
#[derive(Clone, Debug, PartialEq)]
pub struct Cell {
    pub text: Text,
    /// "11.0 to 13.8", or why there is none.
    pub interval: Option<String>,
    pub number: Option<f64>,
    /// The interval's ends, or those of a range that stands alone; either may be infinite.
    pub ends: Option<(f64, f64)>,
    pub kind: Kind,
    pub key: Key,
}

/// What a cell holds, for formats that know more than text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    /// A number, a range or both, in this unit.
    Number(Unit),
    /// A day, written as 2026-01-31.
    Date,
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
        match self {
            Self::Plain(words)
            | Self::Name(words)
            | Self::Strong(words)
            | Self::Link(words, _)
            | Self::Page(words, _) => words,
            Self::Evidence(_) => "",
        }
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
        let quoted = |piece: &str| match piece.contains(": ") {
            // YAML is to be copied whole.
            true => Span::Name(text::clipped(piece, 300)),
            false => name(piece),
        };
        Self(spans.map(|(i, piece)| if i % 2 == 1 { quoted(piece) } else { Span::from(*piece) }).collect())
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

    /// The sentence with the section where it comes from.
    pub fn from_section(self, id: impl Into<String>) -> Self {
        if self.is_empty() { self } else { self.then(Self(vec![Span::Evidence(id.into())])) }
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

impl Document {
    /// Forgets marks to sections that there are not.
    pub fn with_evidence_that_exists(mut self) -> Self {
        let mut ids = Vec::new();
        all_ids(&self.sections, &mut ids);
        let answer = &mut self.answer;
        let lists = [&mut answer.banners, &mut answer.doubts, &mut answer.reasons, &mut answer.next];
        let texts = lists.into_iter().flatten().chain([&mut answer.headline, &mut answer.readiness]);
        for text in texts {
            text.0.retain(|span| !matches!(span, Span::Evidence(id) if !ids.contains(id)));
        }
        self
    }
}

fn all_ids(sections: &[Section], ids: &mut Vec<String>) {
    for section in sections {
        ids.push(section.id.clone());
        all_ids(&section.sections, ids);
    }
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
        Self { title: title.into(), is_number: false, brief: false, term: None, currency: None }
    }

    pub fn number(title: impl Into<String>) -> Self {
        Self { is_number: true, ..Self::label(title) }
    }

    /// Sums of money: the currency stands in the title.
    pub fn money(title: &str, currency: Option<&str>) -> Self {
        let currency = currency.map(|currency| text::clipped(currency, 12));
        let title = currency.as_ref().map_or_else(|| title.to_owned(), |currency| format!("{title}, {currency}"));
        Self { currency, ..Self::number(title) }
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
        Self { text, interval: None, number: None, ends: None, kind: Kind::Text, key }
    }

    /// A day as 2026-01-31.
    pub fn date(day: &str) -> Self {
        Self { kind: Kind::Date, ..Self::label(day) }
    }

    /// From one value to another, where there is none between them.
    pub fn range(low: f64, high: f64, unit: Unit) -> Self {
        let written = text::aligned(&[low, high], unit);
        let text = format!("{} to {}", written[0], written[1]);
        Self { ends: Some((low, high)), kind: Kind::Number(unit), key: Key::Number(high - low), ..Self::text(text) }
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
        let (number, key) = (Some(n as f64), Key::Number(n as f64));
        Self { number, kind: Kind::Number(Unit::Count), key, ..Self::text(text::count(n)) }
    }

    pub fn value(value: f64, unit: Unit) -> Self {
        Self::number(&Number::from(value), unit)
    }

    /// A value that some rows do not have.
    pub fn optional(value: Option<f64>, unit: Unit) -> Self {
        value.map_or_else(|| Self { text: "–".into(), ..Self::empty() }, |value| Self::value(value, unit))
    }

    pub fn number(number: &Number, unit: Unit) -> Self {
        let text = text::number(number, unit);
        Self { number: number.value(), kind: Kind::Number(unit), key: Key::of(number), ..Self::text(text) }
    }

    pub fn estimate(estimate: &Estimate, unit: Unit) -> Self {
        let (point, interval) = text::parts(estimate, unit);
        let ends = estimate.low.value().zip(estimate.high.value());
        Self { text: point.into(), interval, ends, ..Self::number(&estimate.point, unit) }
    }

    /// Whether it is text where others have a range.
    pub(super) fn is_alone(&self) -> bool {
        self.kind == Kind::Text && self.number.is_none() && self.interval.is_none() && self.ends.is_none()
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
        assert_eq!(Text::whole("`a` cannot be promoted.").plain(), "a cannot be promoted.");
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
