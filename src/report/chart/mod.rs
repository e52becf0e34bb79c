//! Charts of an evaluation: SVG whose colours are classes and whose text is text.

mod brackets;
mod distribution;
mod figures;
#[cfg(test)]
pub(crate) mod fixture;
mod gain;
mod ink;
mod lift;
mod png;
mod reliability;
mod roster;
mod scale;
mod sheet;
mod summary;
mod svg;
mod time;
mod words;

use crate::result::Evaluation;

use ink::Ink;
use roster::{Entry, roster};
use sheet::{LABEL, NOTE, Sheet};

pub use png::png;

/// A drawn chart: SVG text whose colours are CSS classes so that one picture serves light, dark and print.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chart {
    /// Of its own among the charts of an evaluation; fits a file name.
    pub id: String,
    pub title: String,
    /// What the chart shows, with its main numbers, in a sentence or two.
    pub alt: String,
    /// An `<svg>` element for a page that holds `style()`.
    pub svg: String,
    /// The model it is about, nothing where it is about all.
    pub model: Option<String>,
}

/// The one picture of all models.
pub fn summary(evaluation: &Evaluation) -> Chart {
    summary::draw(evaluation, &roster(evaluation))
}

/// The summary, the comparisons of all models, then the charts of each.
pub fn all(evaluation: &Evaluation) -> Vec<Chart> {
    let entries = roster(evaluation);
    let mut charts =
        vec![summary::draw(evaluation, &entries), gain::draw(evaluation, &entries), lift::draw(&entries)];
    for entry in &entries {
        charts.push(brackets::draw(evaluation, entry));
        charts.push(reliability::draw(entry));
        charts.push(time::draw(evaluation, entry));
        charts.push(distribution::draw(entry));
    }
    charts
}

/// The rules that colour the charts of a page: light, and dark on screens that ask for it.
pub fn style() -> &'static str {
    &ink::STYLE
}

/// The chart as an SVG file: with its title, its colours and paper.
pub fn standalone(chart: &Chart) -> String {
    file(chart, &ink::STYLE)
}

const WIDTH: u32 = 700;
const TITLE: f64 = 17.0;

fn file(chart: &Chart, style: &str) -> String {
    let (head, body) = chart.svg.split_once('>').expect("a chart is an SVG element");
    let height: f64 = height(head);
    let lines = words::wrap(&chart.title, TITLE, true, f64::from(WIDTH) - 32.0, 2);
    let (margin, banner) = (16.0, 26.0 + 22.0 * lines.len() as f64);
    let (outer_width, outer_height) = (f64::from(WIDTH) + 2.0 * margin, height + banner + margin);
    let mut title = String::new();
    let sheet = Sheet::new(&mut title, (WIDTH, height as u32));
    for (line, text) in lines.iter().enumerate() {
        sheet.text((0.0, 22.0 * line as f64 - banner + 28.0), text, LABEL.bold(true).sized(TITLE));
    }
    drop(sheet);
    let view = format!(r#"viewBox="{} {} {outer_width} {outer_height}""#, -margin, -banner);
    let head = head.replace(&format!(r#"viewBox="0 0 {WIDTH} {height}""#), &view);
    format!(
        r#"{head} width="{outer_width}" height="{outer_height}"><style>
{style}</style>
<rect class="paper" x="{}" y="{}" width="100%" height="100%" fill="currentColor"/>
{title}{body}
"#,
        -margin, -banner
    )
}

fn height(head: &str) -> f64 {
    let view = head.split("viewBox=\"0 0 ").nth(1).and_then(|view| view.split('"').next());
    let height = view.and_then(|view| view.split(' ').nth(1)).and_then(|height| height.parse().ok());
    height.expect("a chart says its height")
}

/// What a chart is before it is drawn.
struct Frontispiece<'a> {
    id: String,
    title: String,
    alt: String,
    entry: Option<&'a Entry<'a>>,
    height: f64,
}

impl Frontispiece<'_> {
    fn draw(self, paint: impl FnOnce(&Sheet)) -> Chart {
        let height = self.height.ceil() as u32;
        let mut elements = String::new();
        paint(&Sheet::new(&mut elements, (WIDTH, height)));
        let (id, title, alt) = (&self.id, words::escape(&self.title), words::escape(&self.alt));
        let svg = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="{id}-title {id}-desc" viewBox="0 0 {WIDTH} {height}"><title id="{id}-title">{title}</title><desc id="{id}-desc">{alt}</desc>
{elements}</svg>"#
        );
        let model = self.entry.map(|entry| entry.model.name.clone());
        Chart { id: self.id, title: self.title, alt: self.alt, svg, model }
    }

    /// A chart that says why there is none.
    fn refuse(mut self, reason: &str) -> Chart {
        let lines = words::wrap(reason, LABEL.size, false, f64::from(WIDTH) - 80.0, 4);
        self.alt = words::clean(reason);
        self.height = 60.0 + 20.0 * lines.len() as f64;
        let height = self.height;
        self.draw(|sheet| {
            sheet.bar((0.0, 0.0), (f64::from(WIDTH), height), Ink::Band, 1.0);
            for (line, text) in lines.iter().enumerate() {
                sheet.text((f64::from(WIDTH) / 2.0, 40.0 + 20.0 * line as f64), text, LABEL.ink(Ink::Muted).centred());
            }
        })
    }
}

/// Explains marks in a line under a chart.
fn note(sheet: &Sheet, (x, y): sheet::Point, text: &str) {
    let room = f64::from(WIDTH) - x;
    for (line, text) in words::wrap(text, NOTE.size, false, room, 3).iter().enumerate() {
        sheet.text((x, y + 16.0 * line as f64), text, NOTE);
    }
}
