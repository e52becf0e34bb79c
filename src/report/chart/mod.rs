//! Charts of an evaluation: SVG whose colours are classes and whose text is text.

mod audit;
mod brackets;
mod brief;
mod distribution;
mod figures;
#[cfg(test)]
pub(crate) mod fixture;
mod gain;
mod ink;
mod lift;
mod panel;
mod png;
mod reliability;
mod review;
mod roster;
mod scale;
mod sheet;
mod slide;
mod summary;
mod svg;
mod time;
mod trial;
mod words;

use rayon::prelude::*;

use crate::report::ReportError;
use crate::result::Evaluation;

use ink::Ink;
use roster::{Entry, roster};
use sheet::{LABEL, NOTE, Sheet};

pub use audit::criteria;
pub use brief::{Brief, Proposal, brief};
pub use panel::{Axis, Mark, Panel, Place, Series, Shape};
pub use png::png;
pub use review::{review, tiers, tiers_from_the_top, trend};
pub use slide::{Figure, slide, slide_png};
pub use trial::{PowerPoint, power, trial};
#[cfg(test)]
pub(crate) use words::width as text_width;

/// A drawn chart: SVG text whose colours are CSS classes so that one picture serves light, dark and print.
#[derive(Clone, Debug, PartialEq)]
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
    /// What it draws, as numbers; empty where there is nothing to draw.
    pub panels: Vec<Panel>,
}

impl Chart {
    fn of(self, panels: Vec<Panel>) -> Self {
        Self { panels, ..self }
    }
}

/// The one picture of all models.
pub fn summary(evaluation: &Evaluation) -> Chart {
    summary::draw(evaluation, &roster(evaluation))
}

/// The summary, the comparisons of all models, then the charts of each.
pub fn all(evaluation: &Evaluation) -> Vec<Chart> {
    let entries = roster(evaluation);
    let mut charts = vec![summary::draw(evaluation, &entries), gain::draw(evaluation, &entries), lift::draw(&entries)];
    for entry in &entries {
        charts.push(brackets::draw(evaluation, entry));
        charts.push(reliability::draw(entry));
        charts.push(time::draw(evaluation, entry));
        charts.push(distribution::draw(entry));
    }
    charts.extend(evaluation.criteria.as_ref().map(|audit| criteria(&audit.model, &audit.criteria)));
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

/// Charts as files, each with its name, and a slide: SVG, and images where they are asked for.
///
/// # Errors
/// When an image cannot be drawn.
pub fn files(charts: &[Chart], slide: String, png: bool) -> Result<Vec<(String, Vec<u8>)>, ReportError> {
    let mut files = Vec::new();
    for chart in charts {
        files.push((format!("charts/{}.svg", chart.id), standalone(chart).into_bytes()));
    }
    if png {
        let drawn = charts.par_iter().map(|chart| Ok((format!("charts/{}.png", chart.id), self::png(chart)?)));
        files.extend(drawn.collect::<Result<Vec<_>, ReportError>>()?);
        files.push(("slide.png".into(), slide_png(&slide)?));
    }
    files.push(("slide.svg".into(), slide.into_bytes()));
    Ok(files)
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
    let sheet = Sheet::new(&mut title, (WIDTH, banner as u32));
    for (line, text) in lines.iter().enumerate() {
        sheet.text((0.0, 24.0 + 22.0 * line as f64), text, LABEL.bold(true).sized(TITLE));
    }
    drop(sheet);
    let view = format!(r#"viewBox="{} {} {outer_width} {outer_height}""#, -margin, -banner);
    let head = head.replace(&format!(r#"viewBox="0 0 {WIDTH} {height}""#), &view);
    format!(
        r#"{head} width="{outer_width}" height="{outer_height}"><style>
{style}</style>
<rect class="ink-paper" x="{}" y="{}" width="100%" height="100%" fill="currentColor"/>
<g transform="translate(0 {})">
{title}</g>{body}
"#,
        -margin, -banner, -banner
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
        Chart { id: self.id, title: self.title, alt: self.alt, svg, model, panels: Vec::new() }
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

#[cfg(test)]
mod tests {
    use resvg::usvg::roxmltree::{Document, Node};

    use super::*;
    use crate::result::{CurvePoint, Estimate, GainPoint, Number, ScoreBin};
    use crate::stats::Interval;

    fn evaluations() -> [Evaluation; 3] {
        [fixture::evaluation(), fixture::crowd(), fixture::bare()]
    }

    /// Where a text begins and ends, by the widths of a wide font.
    fn extent(text: &Node) -> (f64, f64) {
        let number = |name| text.attribute(name).unwrap().parse::<f64>().unwrap();
        let words = text.text().unwrap_or_default();
        let width = words::width(words, number("font-size"), text.has_attribute("font-weight"));
        let begin = match text.attribute("text-anchor") {
            Some("middle") => number("x") - width / 2.0,
            Some("end") => number("x") - width,
            _ => number("x"),
        };
        (begin, begin + width)
    }

    #[test]
    fn there_is_a_chart_of_each_kind_for_each_model() {
        let ids: Vec<String> = all(&fixture::evaluation()).into_iter().map(|chart| chart.id).collect();
        let first = [
            "summary",
            "gain",
            "lift",
            "brackets-current",
            "reliability-current",
            "time-current",
            "distribution-current",
        ];
        assert_eq!(ids[..7], first);
        assert_eq!(ids.len(), 3 + 5 * 4);
    }

    #[test]
    fn every_chart_is_one_well_formed_element_with_an_alternative_text() {
        for chart in evaluations().iter().flat_map(all) {
            let svg = Document::parse(&chart.svg).unwrap_or_else(|error| panic!("{}: {error}", chart.id));
            let named =
                |name: &str| svg.descendants().find(|node| node.has_tag_name(("http://www.w3.org/2000/svg", name)));
            assert_eq!(svg.root_element().attribute("role"), Some("img"));
            assert_eq!(named("title").unwrap().text(), Some(chart.title.as_str()));
            assert_eq!(named("desc").unwrap().text(), Some(chart.alt.as_str()));
            Document::parse(&standalone(&chart)).unwrap_or_else(|error| panic!("{}: {error}", chart.id));
        }
    }

    #[test]
    fn all_text_is_large_enough_and_within_the_chart() {
        for chart in evaluations().iter().flat_map(all) {
            let svg = Document::parse(&chart.svg).unwrap();
            for text in svg.descendants().filter(|node| node.tag_name().name() == "text") {
                let (begin, end) = extent(&text);
                assert!(begin >= -1.0 && end <= f64::from(WIDTH) + 4.0, "{}: {text:?} {begin} {end}", chart.id);
                assert!(text.attribute("font-size").unwrap().parse::<f64>().unwrap() >= 11.0);
            }
        }
    }

    #[test]
    fn names_are_shown_and_never_run() {
        let charts = all(&fixture::crowd());
        assert!(charts.iter().all(|chart| !standalone(chart).contains("<script")));
        assert!(charts[1].svg.contains("&lt;script&gt;"));
    }

    #[test]
    fn what_can_not_be_drawn_says_why() {
        let charts = all(&fixture::bare());
        let alt = |id: &str| charts.iter().find(|chart| chart.id == id).unwrap().alt.clone();
        assert_eq!(alt("time-empty"), "No curve: outcomes have no times");
        assert_eq!(alt("brackets-empty"), "No brackets: no lead has a score");
        assert_eq!(
            alt("reliability-empty"),
            "Predictions cannot be checked: undefined: points need a training window to become probabilities"
        );
    }

    #[test]
    fn the_same_evaluation_gives_the_same_bytes() {
        assert_eq!(all(&fixture::evaluation()), all(&fixture::evaluation()));
    }

    #[test]
    fn an_evaluation_without_models_has_its_charts() {
        let mut evaluation = fixture::evaluation();
        evaluation.models.clear();
        let alts: Vec<String> = all(&evaluation).into_iter().map(|chart| chart.alt).collect();
        assert_eq!(
            alts,
            [
                "No models, so nothing to compare.",
                "No gain curve: there are no wins to capture.",
                "No lift: no model has a top share with wins."
            ]
        );
    }

    #[test]
    fn values_beyond_all_bounds_are_drawn_at_the_edge() {
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, 1e308, -1e308, 0.0, -5.0] {
            let mut evaluation = fixture::evaluation();
            let number = Number::from(value);
            let odd = || Estimate { point: number.clone(), low: number.clone(), high: number.clone() };
            evaluation.setting.horizon_days = Some(value);
            evaluation.readiness.rate = odd();
            if let Some(capacity) = &mut evaluation.setting.capacity {
                (capacity.leads, capacity.per_days) = (value, value);
            }
            for model in &mut evaluation.models {
                model.metrics.insert(crate::metrics::AUC.id, odd());
                model
                    .brackets
                    .rows
                    .iter_mut()
                    .for_each(|row| (row.rate, row.leads, row.from) = (odd(), u64::MAX, Some(value)));
                model.top.iter_mut().for_each(|top| {
                    (top.share, top.lift_interval) = (value, Estimate::new(3.0, Interval::new(-1e308, 1e308)))
                });
                model.gain.push(GainPoint { share: value, capture: value });
                model.calibration.reliability.iter_mut().for_each(|bin| (bin.predicted, bin.leads) = (value, u64::MAX));
                for curve in &mut model.time_to_convert.curves {
                    curve.to_days = value;
                    curve.points.push(CurvePoint { days: value, incidence: value, low: value, high: value });
                }
                model.distribution.push(ScoreBin { from: value, to: value, wins: u64::MAX, others: u64::MAX });
                if let Some(capacity) = &mut model.capacity {
                    (capacity.leads, capacity.handed_over) = (0, value);
                }
            }
            for chart in all(&evaluation) {
                assert!(!chart.svg.contains("NaN"), "{}: {}", chart.id, chart.svg);
                Document::parse(&chart.svg).unwrap();
            }
        }
    }

    #[test]
    fn the_summary_is_told_in_words_too() {
        let mut evaluation = fixture::evaluation();
        evaluation.models.truncate(2);
        assert_eq!(
            summary(&evaluation).alt,
            "Share of all wins captured at 120 leads a week, and AUC with its 95 % interval. current (champion): \
             35.8 % of wins, AUC 0.701 (0.680 to 0.722); no_email_points: 37.2 % of wins, AUC 0.708 (0.687 to 0.729)."
        );
    }
}
