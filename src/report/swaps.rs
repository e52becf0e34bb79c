//! Leads that change hands, one by one: a page that stays in the house.

use super::document::{Answer, Block, Cell, Column, Document, Section, Table, Text, Tone, name, say};
use super::text::{self, Unit};

/// A lead that one model hands over and the other does not.
#[derive(Clone, Debug, PartialEq)]
pub struct Example {
    pub lead: String,
    pub won: bool,
    /// The champion's score and what gave it, and the challenger's.
    pub champion: (f64, String),
    pub challenger: (f64, String),
}

/// Examples of one challenger: who comes in, and who goes out.
#[derive(Clone, Debug, PartialEq)]
pub struct Swaps {
    pub challenger: String,
    pub came: Vec<Example>,
    pub went: Vec<Example>,
}

/// The page; its banner says that it is not to be shared.
pub fn swaps(title: &str, champion: &str, swaps: &[Swaps]) -> Document {
    let of = |(place, one): (usize, &Swaps)| {
        let table = |caption: &str, examples: &[Example]| {
            let columns = ["Lead", champion, "What gave it", &one.challenger, "What gave it", "Bought"];
            let columns = columns.iter().map(|title| Column::label(text::clipped(title, 40))).collect();
            Block::Table(Table::new(caption, columns, examples.iter().map(row).collect()))
        };
        let came = format!("Would be handed over instead ({} shown)", one.came.len());
        let went = format!("Would be handed over no more ({} shown)", one.went.len());
        let blocks = vec![table(&came, &one.came), table(&went, &one.went)];
        Section::new(format!("swaps-{place}"), say![name(&one.challenger)], blocks)
    };
    let banner = "This page names leads. It is for the people who know them, on this machine: do not share it.";
    Document {
        title: format!("{}: leads that would change hands", text::clipped(title, 60)),
        setting: say!["Examples, drawn by the lead's id; ", name(champion), " is the champion."],
        answer: Answer {
            tone: Tone::Undecided,
            headline: "Do these swaps make sense to those who know the leads?".into(),
            line: Text::default(),
            readiness: Text::default(),
            banners: vec![banner.into()],
            doubts: Vec::new(),
            reasons: Vec::new(),
            next: Vec::new(),
        },
        sections: swaps.iter().enumerate().map(of).collect(),
        footer: banner.into(),
        charts: "charts",
    }
}

fn row(example: &Example) -> Vec<Cell> {
    let score = |(score, _): &(f64, String)| Cell::text(text::quantity(*score, Unit::Plain));
    let reasons = |(_, reasons): &(f64, String)| Cell::text(text::clean(reasons));
    let (champion, challenger) = (&example.champion, &example.challenger);
    vec![
        Cell::label(&example.lead),
        score(champion),
        reasons(champion),
        score(challenger),
        reasons(challenger),
        Cell::text(if example.won { "yes" } else { "no" }),
    ]
}
