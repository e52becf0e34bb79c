use std::fmt;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};

use crate::table::spreadsheet_cell;

use crate::time::Instant;

use super::fates::FateValue;

/// How many rows a finding names.
pub(crate) const PLACES: usize = 20;

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingLevel {
    /// A choice that was made in reading, to be known.
    Note,
    /// Something that may bend the results.
    Doubt,
    /// Something that forbids a conclusion.
    Forbids,
}

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    DelimiterFound,
    RowsWrappedInQuotes,
    TrailingDelimiters,
    EmptyRows,
    HeaderAgain,
    Footers,
    HalfQuoted,
    QuotesAfterBackslashes,
    EmptyFile,
    UnnamedColumn,
    /// The columns' names stand below other rows.
    HeaderFound,
    RowsOutsideTable,
    HiddenCells,
    ErrorCells,
    MixedDates,
    LongNumbers,
    ColumnNotRead,
    DatesWithoutTime,
    UnreadableTime,
    UnreadableValue,
    NearlyNumeric,
    NumbersAsWritten,
    NumbersUnclear,
    TidiedText,
    LookAlikes,
    ConstantColumn,
    NearlyEmptyColumn,
    /// A column or a kind of events that a sale seems to write.
    KnowsTheOutcome,
    MayKnowTheOutcome,
    /// No feature by default, or declared as known.
    KeptOut,
    /// Values of columns that name somebody, which are not published.
    Concealed,
    /// A key of the experiment file that stands elsewhere now.
    MovedKey,
    MissingId,
    MissingTime,
    MissingKind,
    IdenticalLeads,
    OutcomeWithoutLead,
    EventWithoutLead,
    ChangeWithoutLead,
    /// Keys that other files lead to leads.
    Walked,
    LookedUpTwice,
    ChangeOfUnknownColumn,
    ConvertedBeforeCreation,
    LostBeforeCreation,
    EqualDeals,
    WonWithoutTime,
    FlagValues,
    StageValues,
    StageNeverOccurs,
    LostIsExpected,
    LostWithoutTime,
    SpeaksOfFates,
    WinsWithoutLead,
    RowWithoutLead,
    LostAfterWin,
    LostBeforeWin,
    IdenticalDeals,
    IdenticalChanges,
    ChangesAtOneInstant,
    NullWords,
    UntilAfterGap,
    ClosedOnly,
    ManyWins,
    VolumeCollapses,
    ValueNeverOccurs,
    NeverFires,
    BetweenBands,
    KindNeverOccurs,
    FewWinsForFit,
    ReadsTooMuch,
    TrainingStillOpen,
    LeftOut,
    IdenticalEvents,
    RepeatedEvents,
    AfterUntil,
    FarFuture,
    OutcomesStartLate,
    UntilFromOutcomes,
    OutcomesEndEarly,
    NoWins,
    OnlyOfWinners,
    /// Rules of a platform that no points model can say, or that do not fit the data.
    RulesNotExpressed,
    /// Texts that a model made elsewhere has no number for.
    UnknownToModel,
}

impl What {
    /// What it changes: 3 which leads won, 2 what models read or which leads are judged, 1 how much there is to judge
    /// on, 0 the rows that it names.
    pub fn consequence(self) -> u8 {
        match self {
            Self::NoWins
            | Self::OutcomeWithoutLead
            | Self::SpeaksOfFates
            | Self::LostIsExpected
            | Self::UntilAfterGap
            | Self::ClosedOnly
            | Self::ManyWins
            | Self::StageNeverOccurs
            | Self::WonWithoutTime => 3,
            Self::EventWithoutLead
            | Self::ChangeWithoutLead
            | Self::KnowsTheOutcome
            | Self::MayKnowTheOutcome
            | Self::ValueNeverOccurs
            | Self::KindNeverOccurs
            | Self::NeverFires
            | Self::BetweenBands
            | Self::NullWords
            | Self::TrainingStillOpen
            | Self::FewWinsForFit
            | Self::VolumeCollapses
            | Self::OutcomesEndEarly
            | Self::OutcomesStartLate
            | Self::RulesNotExpressed
            | Self::UnknownToModel
            | Self::FarFuture
            | Self::ErrorCells
            | Self::MixedDates
            | Self::LongNumbers => 2,
            Self::ConvertedBeforeCreation | Self::LostBeforeCreation | Self::EqualDeals | Self::MissingTime => 1,
            _ => 0,
        }
    }
}

/// One kind of trouble, or a choice made in reading.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// Which input: leads, events, outcomes, history.
    pub input: String,
    pub what: What,
    /// In words, with the column's name; names no lead.
    pub text: String,
    pub count: u64,
    pub level: FindingLevel,
    /// What to do about it.
    pub advice: String,
    /// The first of the rows.
    pub rows: Vec<Place>,
}

/// What the numbers of a file's rows count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowUnit {
    /// Lines as an editor shows them; the header is line 1.
    #[default]
    Line,
    /// Rows of a sheet as a spreadsheet shows them, or of a columnar file from 1.
    Row,
}

impl fmt::Display for RowUnit {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Self::Line => "line",
            Self::Row => "row",
        })
    }
}

/// A value in its file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub file: String,
    #[serde(default)]
    pub unit: RowUnit,
    pub row: u64,
    pub column: String,
    pub value: String,
}

/// Without the value, which may name somebody.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "{}, {} {}", self.file, self.unit, self.row)
    }
}

/// What was found in the inputs, in the order of reading.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Findings {
    pub list: Vec<Finding>,
    /// Columns that no model may read, with the reason.
    pub refused: Vec<RefusedColumn>,
    /// What each value of the outcomes' flag or stage is taken for.
    #[serde(default)]
    pub fates: Vec<FateValue>,
    /// A column of the leads that lists ids which rows have: it tells who was merged, and not who was won.
    #[serde(default)]
    pub lists_ids: Option<String>,
    /// Another day on which the outcomes may have been exported, and how many of them come after it.
    #[serde(default)]
    pub until_or: Option<(Instant, u64)>,
}

/// A column that no model may read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefusedColumn {
    pub column: String,
    pub reason: String,
}

impl Findings {
    /// Why no model may read the column, if it stands in the data but not among the leads' attributes.
    pub fn refusal(&self, column: &str) -> Option<&str> {
        self.refused.iter().find(|refused| refused.column == column).map(|refused| refused.reason.as_str())
    }

    pub fn of(&self, what: What) -> impl Iterator<Item = &Finding> {
        self.list.iter().filter(move |finding| finding.what == what)
    }

    /// The rows of all findings as CSV: for the machine they were found on, as they name leads.
    pub fn write_csv(&self, output: impl Write) -> io::Result<()> {
        let mut csv = csv::Writer::from_writer(output);
        csv.write_record([
            "input", "what", "level", "count", "named", "text", "advice", "file", "row", "column", "value",
        ])?;
        for finding in &self.list {
            let (what, level) = (code(&finding.what), code(&finding.level));
            let nowhere = [Place::default()];
            let places = if finding.rows.is_empty() { &nowhere[..] } else { &finding.rows[..] };
            let named = match finding.rows.len() as u64 {
                0 => String::new(),
                named if named >= finding.count => "all".into(),
                named => format!("{named} of {}", finding.count),
            };
            for place in places {
                let row = if place.row == 0 { String::new() } else { place.row.to_string() };
                let count = finding.count.to_string();
                let cells = [
                    &finding.input,
                    &what,
                    &level,
                    &count,
                    &named,
                    &finding.text,
                    &finding.advice,
                    &place.file,
                    &row,
                    &place.column,
                    &place.value,
                ];
                csv.write_record(cells.map(|cell| spreadsheet_cell(cell).into_owned()))?;
            }
        }
        csv.flush()
    }
}

impl Finding {
    pub(crate) fn new(input: &str, what: What, level: FindingLevel, count: u64, text: String) -> Self {
        Self { input: input.into(), what, text, count, level, advice: String::new(), rows: Vec::new() }
    }

    /// What was found, and how often.
    pub fn in_words(&self) -> String {
        match self.count {
            0 => self.text.clone(),
            count if self.text.starts_with("rows ") => format!("{count} {}", self.text),
            _ => self.text.clone(),
        }
    }

    /// Whether it may change what is concluded, beyond the rows it names.
    pub fn is_weighty(&self) -> bool {
        self.level == FindingLevel::Forbids || (self.level == FindingLevel::Doubt && self.what.consequence() > 1)
    }

    /// The more it matters, the greater: by its level, by what it changes, by how many rows.
    pub fn weight(&self) -> (FindingLevel, u8, u64) {
        (self.level, self.what.consequence(), self.count)
    }

    pub(crate) fn advice(mut self, advice: impl Into<String>) -> Self {
        self.advice = advice.into();
        self
    }

    pub(crate) fn rows(mut self, rows: Vec<Place>) -> Self {
        self.rows = rows;
        self
    }
}

fn code(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|json| json.as_str().map(String::from)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_of_the_findings_is_a_formula() {
        let place = |value: &str| Place {
            file: "a.csv".into(),
            row: 7,
            column: "name".into(),
            value: value.into(),
            ..Place::default()
        };
        let rows =
            vec![place("=cmd|' /C calc'!A0"), place("+1"), place("-1"), place("@x"), place("\tx"), place("x, y")];
        let finding = Finding::new("leads", What::UnreadableTime, FindingLevel::Doubt, 6, "six".into()).rows(rows);
        let mut bytes = Vec::new();
        Findings { list: vec![finding], ..Findings::default() }.write_csv(&mut bytes).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(text.contains("leads,unreadable_time,doubt,6,all,six,,a.csv,7,name,'=cmd|"), "{text}");
        for neutral in ["'+1", "'-1", "'@x", r"\tx", "\"x, y\""] {
            assert!(text.contains(neutral), "{neutral}: {text}");
        }
    }
}
