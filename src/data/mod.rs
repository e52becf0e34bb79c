//! Files become a history: leads, events and outcomes in plain columns, and what was found wrong with them.

mod arrow;
mod attributes;
mod builder;
mod cells;
mod changes;
mod checks;
mod claims;
mod columnar;
mod columns;
mod decoding;
mod delimited;
mod dictionary;
mod ends;
mod error;
mod events;
mod fates;
mod fence;
mod file_kinds;
mod files;
mod finding;
pub mod folded;
mod footer;
mod gather;
mod groups;
mod history;
mod joins;
mod json_columns;
mod json_lines;
mod key;
mod leads;
mod links;
mod messages;
mod numbers;
mod only;
mod outcomes;
mod parquet;
mod raw;
mod read;
mod reader;
mod repeats;
mod settle;
mod sieve;
mod sink;
mod sketch;
mod source;
mod spec;
mod times;
mod values;
mod weeks;
mod workbook;
mod write;

pub(crate) use checks::never_occurs;
pub use columns::{Asked, Files, Wanted, columns};
pub use error::{AmbiguousTime, ConflictingLeads, DataError};
pub use fates::{Fate, FateValue, Role, RowFate, RowFates, Telling, spoken};
pub use files::{InputFile, files, files_of, hash, hashed, hex, inputs};
pub use finding::{Finding, FindingLevel, Findings, Place, RefusedColumn, RowUnit, What};
pub use history::{Attribute, Change, EventChunk, Events, Folded, History, Known, Outcomes, Weeks, Win};
pub use key::{Credit, LeadKey, Match, Via};
pub use raw::{RawColumn, RawRow, RawTable, raw_table};
pub use read::read;
pub use sink::{EventBatch, EventSink, SeenEvent};
pub use sketch::{Sketch, Sketched, sketches};
pub use source::Progress;
pub use spec::{
    AggregatesSpec, AssignmentsSpec, DataSpec, Decimal, Decimals, Delimiter, Encoding, EventsSpec, FieldOutcomesSpec,
    Formats, HistorySpec, KnownSpec, LeadsSpec, LookupSpec, Names, OneOrMore, OutcomesSpec, Paths, PerColumn,
    StageSpec, Type, Way, WorkedSpec,
};
pub use weeks::{Arrivals, KindWeeks};
pub use write::{write, write_as, write_csv};

#[cfg(test)]
mod published;
#[cfg(test)]
mod tests;
