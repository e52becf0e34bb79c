//! One picture for a slide on a review: the answer, three figures, one chart, what to do, and whether to trust it.

use super::ink::Ink;
use super::sheet::{Frame, LABEL, Sheet};
use super::slide::{self, Figure, LEFT, ROOM, SIZE};
use super::{Chart, words};
use crate::report::document::Document;
use crate::result::Level;

/// What a slide on a review shows beside the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Brief {
    /// At most three, side by side.
    pub figures: Vec<Figure>,
    pub chart: Chart,
    /// What the proposals are called.
    pub title: String,
    /// At most three.
    pub proposals: Vec<Proposal>,
    /// Why to trust it, or not, in a line.
    pub trust: (Level, String),
}

/// Something to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    pub what: String,
    /// What it is worth, and who decides.
    pub beside: String,
}

/// Sizes of the answer: the first at which it takes three lines.
const HEADLINES: [f64; 2] = [26.0, 22.0];
const FIGURES: f64 = 126.0;
/// Where the proposals begin, and where they and the chart end.
const PROPOSALS: f64 = 744.0;
const BOTTOM: f64 = 624.0;
/// Room of a proposal whose words take two lines.
const PITCH: f64 = 84.0;
const TRUST: f64 = 642.0;

/// The slide of a review as an SVG file.
pub fn brief(document: &Document, brief: &Brief) -> String {
    let mut elements = String::new();
    let sheet = Sheet::new(&mut elements, SIZE);
    let top = slide::heading(&sheet, document, headline(document));
    let width = ROOM / 3.0;
    for (place, figure) in brief.figures.iter().take(3).enumerate() {
        slide::figure(&sheet, (LEFT + width * place as f64, top + 10.0), width - 24.0, figure);
    }
    let begin = top + FIGURES;
    let frame = |x: f64, end: f64| Frame { x, y: begin, width: end - x, height: BOTTOM - begin };
    proposals(&sheet, frame(PROPOSALS, LEFT + ROOM), brief);
    trust(&sheet, brief);
    slide::footer(&sheet, document);
    drop(sheet);
    let chart = slide::placed(&brief.chart, frame(LEFT, PROPOSALS - 40.0));
    slide::page(&document.title, &(elements + &chart))
}

fn headline(document: &Document) -> f64 {
    let words = document.answer.headline.plain();
    let fits = |size: &f64| words::wrap(&words, *size, true, ROOM - 22.0, 4).len() < 4;
    HEADLINES.into_iter().find(fits).unwrap_or(HEADLINES[1])
}

fn proposals(sheet: &Sheet, room: Frame, brief: &Brief) {
    slide::subtitle(sheet, room, &brief.title);
    let (first, count) = (room.y + 44.0, brief.proposals.len().clamp(1, 3));
    let pitch = ((room.bottom() - first) / count as f64).min(PITCH);
    let lines = if pitch < PITCH { 1 } else { 2 };
    for (place, proposal) in brief.proposals.iter().take(3).enumerate() {
        let mut y = first + pitch * place as f64;
        for line in words::wrap(&proposal.what, 16.0, true, room.width, lines) {
            sheet.text((room.x, y), &line, LABEL.bold(true).sized(16.0));
            y += 20.0;
        }
        for line in words::wrap(&proposal.beside, 14.0, false, room.width, 2) {
            sheet.text((room.x, y), &line, LABEL.sized(14.0).ink(Ink::Muted));
            y += 18.0;
        }
    }
}

fn trust(sheet: &Sheet, brief: &Brief) {
    let (level, words) = &brief.trust;
    let ink = if *level == Level::Note { Ink::Muted } else { Ink::Warning };
    for (line, text) in words::wrap(words, 13.0, false, ROOM, 2).iter().enumerate() {
        sheet.text((LEFT, TRUST + 17.0 * line as f64), text, LABEL.sized(13.0).ink(ink));
    }
}
