//! One picture for a slide: the answer, three figures, one chart, in 16:9.

use super::ink::{self, Ink};
use super::sheet::{LABEL, NOTE, Sheet};
use super::{Chart, WIDTH, height, png, words};
use crate::report::ReportError;
use crate::report::document::{Block, Document, Section, Tone};

const SIZE: (u32, u32) = (1280, 720);
const LEFT: f64 = 56.0;
const ROOM: f64 = 1280.0 - 2.0 * LEFT;
const HEADLINE: f64 = 30.0;
const LINE: f64 = 38.0;
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
    let top = heading(&sheet, document);
    for (place, figure) in figures.iter().take(3).enumerate() {
        let pitch = (BOTTOM - top) / 3.0;
        self::figure(&sheet, top + pitch * (place as f64 + 0.5), figure);
    }
    let footer = words::fit(&document.setting.plain(), 12.0, false, ROOM);
    sheet.text((LEFT, 682.0), &footer, NOTE);
    sheet.text((LEFT, 700.0), &words::fit(&document.footer.plain(), 12.0, false, ROOM), NOTE);
    drop(sheet);
    let chart = first(&document.sections).map(|chart| placed(chart, top)).unwrap_or_default();
    let title = words::escape(&document.title);
    let (width, height) = SIZE;
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" aria-labelledby="slide-title" viewBox="0 0 {width} {height}" width="{width}" height="{height}"><title id="slide-title">{title}</title><style>
{}</style>
<rect class="ink-paper" width="100%" height="100%" fill="currentColor"/>
{elements}{chart}</svg>
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

/// Title, answer and what forbids a conclusion; returns where the rest may begin.
fn heading(sheet: &Sheet, document: &Document) -> f64 {
    sheet.text((LEFT, 44.0), &words::fit(&document.title, 17.0, false, ROOM), LABEL.sized(17.0).ink(Ink::Muted));
    let ink = match document.answer.tone {
        Tone::Change => Ink::Model(2),
        Tone::Keep => Ink::Model(0),
        Tone::Undecided => Ink::Model(5),
    };
    let lines = words::wrap(&document.answer.headline.plain(), HEADLINE, true, ROOM - 22.0, 4);
    let mut y = 92.0;
    sheet.bar((LEFT, y - 20.0), (LEFT + 6.0, y + LINE * (lines.len() - 1) as f64 + 20.0), ink, 1.0);
    for line in &lines {
        sheet.text((LEFT + 22.0, y), line, LABEL.bold(true).sized(HEADLINE));
        y += LINE;
    }
    for banner in document.answer.banners.iter().take(1) {
        for line in words::wrap(&banner.plain(), 15.0, false, ROOM - 22.0, 2) {
            sheet.text((LEFT + 22.0, y), &line, LABEL.sized(15.0).ink(Ink::Warning));
            y += 21.0;
        }
    }
    y + 12.0
}

fn figure(sheet: &Sheet, middle: f64, figure: &Figure) {
    let room = CHART - LEFT - 24.0;
    sheet.text((LEFT, middle - 38.0), &words::fit(&figure.label, 16.0, false, room), LABEL.sized(16.0).ink(Ink::Muted));
    sheet.text((LEFT, middle - 4.0), &words::fit(&figure.value, 40.0, true, room), LABEL.bold(true).sized(40.0));
    for (line, text) in words::wrap(&figure.beside, 15.0, false, room, 2).iter().enumerate() {
        sheet.text((LEFT, middle + 30.0 + 19.0 * line as f64), text, LABEL.sized(15.0).ink(Ink::Muted));
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
fn placed(chart: &Chart, top: f64) -> String {
    let Some((head, _)) = chart.svg.split_once('>') else { return String::new() };
    let (own_width, own_height) = (f64::from(WIDTH), height(head));
    let (room_across, room_down) = (LEFT + ROOM - CHART, BOTTOM - top - 30.0);
    let scale = (room_across / own_width).min(room_down / own_height);
    let (width, height) = (own_width * scale, own_height * scale);
    let mut title = String::new();
    let sheet = Sheet::new(&mut title, SIZE);
    sheet.text((CHART, top + 8.0), &words::fit(&chart.title, 16.0, true, room_across), LABEL.bold(true).sized(16.0));
    drop(sheet);
    let place = format!(r#"<svg x="{CHART}" y="{}" width="{width:.2}" height="{height:.2}" "#, top + 28.0);
    format!("{title}{}", chart.svg.replacen("<svg ", &place, 1))
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
        assert_eq!(values, ["+7", "41.3 %", "+23,500 EUR"]);
        let svg = slide(&document(&evaluation), &figures);
        assert_eq!(svg.matches("<svg ").count(), 2);
        assert!(svg.contains("Use reweighted instead of current") && svg.contains(">41.3 %<"));
        let image = slide_png(&svg).unwrap();
        assert_eq!(&image[16..24], [0, 0, 10, 0, 0, 0, 5, 160]);
    }
}
