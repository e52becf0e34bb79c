//! Which sheet holds what.

use std::collections::BTreeSet;

use super::super::chart::Panel;
use super::super::document::{Block, Cell, Column, Definition, Document, Section, Table};
use super::super::text;
use crate::result::Level;

/// Longer names of sheets are refused by Excel.
const NAME: usize = 31;

/// The sheets of a document. Tables with the same columns share a sheet, with columns that say where each stands in the
/// document: so the brackets of all models are one table to filter.
pub(super) struct Plan<'a> {
    pub(super) tables: Vec<Planned<'a>>,
    pub(super) words: Vec<Line>,
    pub(super) definitions: &'a [Definition],
    pub(super) pictures: Vec<Group<'a>>,
    /// Names of the sheets that are no table's.
    pub(super) summary: String,
    pub(super) words_name: String,
    pub(super) definitions_name: String,
    pub(super) charts_name: String,
    pub(super) data_name: String,
    title: String,
}

/// One sheet with a table.
pub(super) struct Planned<'a> {
    pub(super) name: String,
    pub(super) title: String,
    /// What is true of the whole table.
    pub(super) caption: Option<String>,
    /// Columns that say which of the tables a row is from.
    pub(super) origins: Vec<String>,
    pub(super) columns: &'a [Column],
    pub(super) rows: Vec<Row<'a>>,
}

pub(super) struct Row<'a> {
    pub(super) origin: Vec<String>,
    pub(super) cells: &'a [Cell],
    pub(super) is_total: bool,
}

/// A sentence of the document and where it stands.
pub(super) struct Line {
    pub(super) section: String,
    pub(super) part: String,
    pub(super) kind: &'static str,
    pub(super) text: String,
}

/// The charts of a section.
pub(super) struct Group<'a> {
    pub(super) title: String,
    pub(super) panels: Vec<&'a Panel>,
    /// Why there is no picture, chart by chart.
    pub(super) missing: Vec<String>,
}

/// A table and the titles of the sections around it.
struct Found<'a> {
    trail: Vec<String>,
    table: &'a Table,
}

impl<'a> Plan<'a> {
    pub(super) fn new(document: &'a Document) -> Self {
        let mut found = Vec::new();
        let mut plan = Self {
            tables: Vec::new(),
            words: Vec::new(),
            definitions: &[],
            pictures: Vec::new(),
            summary: String::new(),
            words_name: String::new(),
            definitions_name: String::new(),
            charts_name: String::new(),
            data_name: String::new(),
            title: text::clipped(&document.title, 90),
        };
        for section in &document.sections {
            let mut group = Group { title: section.title.plain(), panels: Vec::new(), missing: Vec::new() };
            plan.walk(section, &[], &mut found, &mut group);
            if !group.panels.is_empty() || !group.missing.is_empty() {
                plan.pictures.push(group);
            }
        }
        plan.tables = together(found);
        plan.name();
        plan
    }

    /// The document's title as a page's footer takes it: there an ampersand is the start of a command.
    pub(super) fn footer(&self) -> String {
        self.title.replace('&', "&&")
    }

    fn walk(&mut self, section: &'a Section, above: &[String], found: &mut Vec<Found<'a>>, group: &mut Group<'a>) {
        let trail: Vec<String> = above.iter().cloned().chain([section.title.plain()]).collect();
        for block in &section.blocks {
            match block {
                Block::Table(table) => found.push(Found { trail: trail.clone(), table }),
                Block::Paragraph(words) => self.say(&trail, "text", words.plain()),
                Block::List(items) => items.iter().for_each(|item| self.say(&trail, "point", item.plain())),
                Block::Notice(level, words) => self.say(&trail, weight(*level), words.plain()),
                Block::Figure(chart) if chart.panels.is_empty() => group.missing.push(chart.alt.clone()),
                Block::Figure(chart) => group.panels.extend(&chart.panels),
                Block::Definitions(all) => self.definitions = all,
            }
        }
        section.sections.iter().for_each(|one| self.walk(one, &trail, found, group));
    }

    fn say(&mut self, trail: &[String], kind: &'static str, text: String) {
        let part = |place: usize| trail.get(place).cloned().unwrap_or_default();
        self.words.push(Line { section: part(0), part: trail[1..].join(", "), kind, text });
    }

    /// Gives every sheet a name of its own that Excel takes.
    fn name(&mut self) {
        let mut taken = BTreeSet::from(["history".to_owned()]);
        self.summary = unique("Summary", &mut taken);
        self.words_name = unique("In words", &mut taken);
        self.definitions_name = unique("Definitions", &mut taken);
        self.charts_name = unique("Charts", &mut taken);
        self.data_name = unique("Chart data", &mut taken);
        let told = |table: &Planned| {
            let columns = table.columns.iter().map(|column| column.title.clone()).collect();
            (table.title.clone(), columns)
        };
        let all: Vec<(String, Vec<String>)> = self.tables.iter().map(told).collect();
        for (table, (title, columns)) in self.tables.iter_mut().zip(&all) {
            let others: Vec<&Vec<String>> = all
                .iter()
                .filter(|(other, theirs)| other == title && theirs != columns)
                .map(|(_, theirs)| theirs)
                .collect();
            table.name = match columns.iter().find(|column| others.iter().all(|theirs| !theirs.contains(column))) {
                Some(own) if !others.is_empty() => {
                    table.title = format!("{title}: {}", text::clipped(own, 60));
                    let own = legal(own, 14);
                    format!("{} - {own}", legal(title, NAME - 3 - own.chars().count()))
                }
                _ => legal(title, NAME),
            };
            table.name = unique(&table.name, &mut taken);
        }
    }
}

fn weight(level: Level) -> &'static str {
    match level {
        Level::Banner => "forbids a conclusion",
        Level::Warning => "warning",
        Level::Note => "note",
    }
}

/// Tables with the same columns as one, in the order of the first of each.
fn together(found: Vec<Found>) -> Vec<Planned> {
    let mut groups: Vec<Vec<Found>> = Vec::new();
    for one in found {
        let is_alike = |group: &&mut Vec<Found>| alike(&group[0], &one);
        match groups.iter_mut().find(is_alike) {
            Some(group) => group.push(one),
            None => groups.push(vec![one]),
        }
    }
    groups.iter().map(|group| planned(group)).collect()
}

fn alike(a: &Found, b: &Found) -> bool {
    let titles = |table: &Table| table.columns.iter().map(|column| column.title.clone()).collect::<Vec<_>>();
    let share = a.trail.iter().zip(&b.trail).any(|(a, b)| a == b);
    a.trail.len() == b.trail.len() && share && titles(a.table) == titles(b.table)
}

fn planned<'a>(group: &[Found<'a>]) -> Planned<'a> {
    let first = &group[0];
    let depth = first.trail.len();
    let varies = |place: usize| group.iter().any(|one| one.trail[place] != first.trail[place]);
    let varying: Vec<usize> = (0..depth).filter(|place| varies(*place)).collect();
    let shared = (0..depth).rev().find(|place| !varies(*place)).unwrap_or(0);
    let captions = group.iter().any(|one| one.table.caption != first.table.caption);
    let mut origins: Vec<String> =
        varying.iter().map(|place| if *place == 0 { "Section" } else { "Part" }.to_owned()).collect();
    if captions {
        origins.push("Table".into());
    }
    let mut rows = Vec::new();
    for one in group {
        let mut origin: Vec<String> = varying.iter().map(|place| one.trail[*place].clone()).collect();
        if captions {
            origin.push(one.table.caption.plain());
        }
        let row = |cells: &'a Vec<Cell>, is_total| Row { origin: origin.clone(), cells, is_total };
        rows.extend(one.table.rows.iter().map(|cells| row(cells, false)));
        rows.extend(one.table.total.iter().map(|cells| row(cells, true)));
    }
    // A total among the rows of others would be added up with them by whoever filters.
    if group.len() > 1 {
        rows.retain(|row| !row.is_total);
    }
    let caption = first.table.caption.plain();
    Planned {
        name: String::new(),
        title: first.trail[shared].clone(),
        caption: (!captions && !caption.is_empty()).then_some(caption),
        origins,
        columns: &first.table.columns,
        rows,
    }
}

/// What Excel takes as a name of a sheet: no `[ ] : * ? / \`, no apostrophe at either end, not too long.
fn legal(title: &str, most: usize) -> String {
    let title = text::clean(title);
    let short = title.split_once(": ").filter(|_| title.chars().count() > most).map_or(title.as_str(), |parts| parts.0);
    let allowed: String =
        short.chars().map(|c| if matches!(c, '[' | ']' | ':' | '*' | '?' | '/' | '\\') { ' ' } else { c }).collect();
    let name = whole_words(allowed.trim_matches('\''), most);
    let name = name.trim_matches('\'').trim();
    if name.is_empty() { "Sheet".into() } else { name.into() }
}

/// As many whole words as there is room for; a word longer than that is cut.
fn whole_words(title: &str, most: usize) -> String {
    let mut out = String::new();
    for word in title.split_whitespace() {
        let room = most - out.chars().count();
        match word.chars().count() + usize::from(!out.is_empty()) <= room {
            true if out.is_empty() => out.push_str(word),
            true => out.extend([" ", word]),
            false if out.is_empty() => return text::clipped(word, most),
            false => break,
        }
    }
    let ends = [" the", " a", " of", " is", " it", " by", " to", " at", " with", ",", ";"];
    while let Some(end) = ends.iter().find(|end| out.ends_with(**end)) {
        out.truncate(out.len() - end.len());
    }
    out
}

/// The name itself, or with a number behind it; Excel takes names that differ in case alone for the same.
fn unique(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = |n: usize| match n {
        1 => name.to_owned(),
        n => {
            let tail = format!(" {n}");
            format!("{}{tail}", text::clipped(name, NAME - tail.chars().count()))
        }
    };
    let found = (1..).map(numbered).find(|name| !taken.contains(&name.to_lowercase()));
    let found = found.unwrap_or_else(|| name.to_owned());
    taken.insert(found.to_lowercase());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_sheets_are_what_excel_takes() {
        let mut taken = BTreeSet::new();
        let titles = ["'a/b'", "A B", "History?", "", &"long ".repeat(20), &"LONG ".repeat(20), "[x]:*\\"];
        let names: Vec<String> = titles.iter().map(|title| unique(&legal(title, NAME), &mut taken)).collect();
        assert_eq!(names[..4], ["a b", "A B 2", "History", "Sheet"]);
        assert!(names.iter().all(|name| name.chars().count() <= NAME && !name.contains(['[', ']', ':', '*', '\\'])));
        assert_ne!(names[4].to_lowercase(), names[5].to_lowercase());
    }
}
