//! One picture for a slide: the answer, three figures, one chart, in 16:9.

use super::ink::{self, Ink};
use super::sheet::{Frame, LABEL, NOTE, Point, Sheet};
use super::{Chart, WIDTH, height, png, words};
use crate::report::ReportError;
use crate::report::document::{Block, Document, Section, Tone};

pub(super) const SIZE: (u32, u32) = (1280, 720);
pub(super) const LEFT: f64 = 56.0;
pub(super) const ROOM: f64 = 1280.0 - 2.0 * LEFT;
const HEADLINE: f64 = 30.0;
/// Where the chart begins, and where chart and figures end.
const CHART: f64 = 470.0;
const BOTTOM: f64 = 650.0;

/// A number that a slide shows large.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Figure {
    /// What it is: "Winners a quarter".
    pub label: String,
    /// "+25".
    pub value: String,
    /// Its interval, and what it is to be read against.
    pub beside: String,
}

/// The slide of a document as an SVG file, with the first of its charts that has anything to show.
pub fn slide(document: &Document, figures: &[Figure]) -> String {
    let mut elements = String::new();
    let sheet = Sheet::new(&mut elements, SIZE);
    let top = heading(&sheet, document, HEADLINE);
    for (place, figure) in figures.iter().take(3).enumerate() {
        let pitch = (BOTTOM - top) / 3.0;
        let at = (LEFT, top + pitch * (place as f64 + 0.5) - 38.0);
        self::figure(&sheet, at, CHART - LEFT - 24.0, figure);
    }
    footer(&sheet, document);
    drop(sheet);
    let room = Frame { x: CHART, y: top, width: LEFT + ROOM - CHART, height: BOTTOM - top };
    let chart = first(&document.sections).map(|chart| placed(chart, room)).unwrap_or_default();
    page(&document.title, &(elements + &chart))
}

/// What is drawn, as a file of its own: with colours and paper.
pub(super) fn page(title: &str, elements: &str) -> String {
    let title = words::escape(title);
    let (width, height) = SIZE;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="slide-title" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><title id="slide-title">{title}</title><style>
{}</style>
<rect class="ink-paper" width="100%" height="100%" fill="currentColor"/>
{elements}</svg>
"#,
        *ink::LIGHT
    )
}

/// The slide as an image, at twice its size.
///
/// # Errors
/// When it cannot be drawn.
pub fn slide_png(svg: &str) -> Result<Vec<u8>, ReportError> {
    png::image(svg, "slide")
}

/// Title, answer in letters of this size, and what forbids a conclusion; returns where the rest may begin.
pub(super) fn heading(sheet: &Sheet, document: &Document, size: f64) -> f64 {
    sheet.text((LEFT, 44.0), &words::fit(&document.title, 17.0, false, ROOM), LABEL.sized(17.0).ink(Ink::Muted));
    let ink = match document.answer.tone {
        Tone::Change => Ink::Model(2),
        Tone::Keep => Ink::Model(0),
        Tone::Undecided => Ink::Model(5),
    };
    let lines = words::wrap(&document.answer.headline.plain(), size, true, ROOM - 22.0, 4);
    let (pitch, half) = (size + 8.0, size / 1.5);
    let mut y = 92.0;
    sheet.bar((LEFT, y - half), (LEFT + 6.0, y + pitch * (lines.len() - 1) as f64 + half), ink, 1.0);
    for line in &lines {
        sheet.text((LEFT + 22.0, y), line, LABEL.bold(true).sized(size));
        y += pitch;
    }
    for banner in document.answer.banners.iter().take(1) {
        for line in words::wrap(&banner.plain(), 15.0, false, ROOM - 22.0, 2) {
            sheet.text((LEFT + 22.0, y), &line, LABEL.sized(15.0).ink(Ink::Warning));
            y += 21.0;
        }
    }
    y + 12.0
}

/// What was asked, and what the slide was made by.
pub(super) fn footer(sheet: &Sheet, document: &Document) {
    sheet.text((LEFT, 682.0), &words::fit(&document.setting.plain(), 12.0, false, ROOM), NOTE);
    sheet.text((LEFT, 700.0), &words::fit(&document.footer.plain(), 12.0, false, ROOM), NOTE);
}

/// Sizes of a figure's number: the first at which it is whole.
const NUMBER: [f64; 3] = [40.0, 32.0, 25.0];

/// A figure below a place, so wide.
pub(super) fn figure(sheet: &Sheet, (x, y): Point, room: f64, figure: &Figure) {
    sheet.text((x, y), &words::fit(&figure.label, 16.0, false, room), LABEL.sized(16.0).ink(Ink::Muted));
    let fits = |size: &f64| words::width(&figure.value, *size, true) <= room;
    let size = NUMBER.into_iter().find(fits).unwrap_or(NUMBER[2]);
    sheet.text((x, y + 34.0), &words::fit(&figure.value, size, true, room), LABEL.bold(true).sized(size));
    for (line, text) in words::wrap(&figure.beside, 15.0, false, room, 2).iter().enumerate() {
        sheet.text((x, y + 68.0 + 19.0 * line as f64), text, LABEL.sized(15.0).ink(Ink::Muted));
    }
}

/// The first chart that shows something; without one, the first there is, which says why.
fn first(sections: &[Section]) -> Option<&Chart> {
    let mut charts = Vec::new();
    walk(sections, &mut charts);
    charts.iter().copied().find(|chart| !chart.panels.is_empty()).or(charts.first().copied())
}

fn walk<'a>(sections: &'a [Section], charts: &mut Vec<&'a Chart>) {
    for section in sections {
        let of = |block: &'a Block| if let Block::Figure(chart) = block { Some(chart) } else { None };
        charts.extend(section.blocks.iter().filter_map(of));
        walk(&section.sections, charts);
    }
}

/// The chart as large as there is room, with its title above.
pub(super) fn placed(chart: &Chart, room: Frame) -> String {
    let Some((head, _)) = chart.svg.split_once('>') else { return String::new() };
    let (own_width, own_height) = (f64::from(WIDTH), height(head));
    let scale = (room.width / own_width).min((room.height - 30.0) / own_height);
    let (width, height) = (own_width * scale, own_height * scale);
    let mut title = String::new();
    let sheet = Sheet::new(&mut title, SIZE);
    subtitle(&sheet, room, &chart.title);
    drop(sheet);
    let place = format!(r#"<svg x="{}" y="{}" width="{width:.2}" height="{height:.2}" "#, room.x, room.y + 28.0);
    format!("{title}{}", chart.svg.replacen("<svg ", &place, 1))
}

/// The title of a part of the slide, at its top.
pub(super) fn subtitle(sheet: &Sheet, room: Frame, title: &str) {
    sheet.text((room.x, room.y + 8.0), &words::fit(title, 16.0, true, room.width), LABEL.bold(true).sized(16.0));
}

#[cfg(test)]
mod tests {
    use resvg::usvg::roxmltree;

    use super::*;
    use crate::report::{document, fixture, slide_figures};

    #[test]
    fn a_slide_is_a_picture_of_its_own_whatever_the_data() {
        for evaluation in fixture::all() {
            let svg = slide(&document(&evaluation), &slide_figures(&evaluation));
            let tree = roxmltree::Document::parse(&svg).unwrap();
            assert_eq!(tree.root_element().attribute("viewBox"), Some("0 0 1280 720"));
            assert!(!svg.contains("NaN") && !svg.contains("<script"));
            for text in tree.root_element().children().filter(|node| node.tag_name().name() == "text") {
                let number = |name| text.attribute(name).unwrap().parse::<f64>().unwrap();
                let words = text.text().unwrap_or_default();
                let end = number("x") + words::width(words, number("font-size"), text.has_attribute("font-weight"));
                assert!(end <= 1280.0 && number("y") < 720.0 && number("font-size") >= 12.0, "{words}: {end}");
            }
        }
    }

    #[test]
    fn a_slide_holds_the_answer_three_figures_and_one_chart() {
        let evaluation = fixture::promoted();
        let figures = slide_figures(&evaluation);
        let values: Vec<&str> = figures.iter().map(|figure| figure.value.as_str()).collect();
        assert_eq!(values, ["+10", "41.3 %", "+23,500 EUR"]);
        let svg = slide(&document(&evaluation), &figures);
        assert_eq!(svg.matches("<svg ").count(), 2);
        assert!(svg.contains("Use reweighted instead of current") && svg.contains(">41.3 %<"));
        let image = slide_png(&svg).unwrap();
        assert_eq!(&image[16..24], [0, 0, 10, 0, 0, 0, 5, 160]);
    }
}
