//! What every other statistic of the library is: formula, source, convention, and when it is undefined.

mod comparison;
mod curves;
mod drift;
mod field;
mod planning;
mod probability;
mod ranking;
mod rates;

use std::fmt::Write;

use super::{Definition, METRICS, Metric, Reads};

/// A statistic that is no metric of one score: an interval, a test, a curve, a plan.
pub struct Method {
    pub id: &'static str,
    pub label: &'static str,
    pub formula: &'static str,
    pub reference: &'static str,
    /// Ties, corrections, degrees of freedom: what would otherwise be a free choice.
    pub convention: &'static str,
    /// When it does not exist.
    pub undefined: &'static str,
    /// By what other names reference cases ask for it.
    pub cases: &'static [&'static str],
}

/// Methods that answer one kind of question.
pub struct Chapter {
    pub title: &'static str,
    pub methods: &'static [Method],
}

/// Every method, by the question it answers.
pub const CHAPTERS: &[Chapter] = &[
    Chapter { title: RATES, methods: rates::METHODS },
    Chapter { title: RANKING, methods: ranking::METHODS },
    Chapter { title: CALIBRATION, methods: probability::METHODS },
    Chapter { title: "Time to convert", methods: curves::METHODS },
    Chapter { title: "Comparison of models", methods: comparison::METHODS },
    Chapter { title: "Drift, criteria and segments", methods: drift::METHODS },
    Chapter { title: "A/B tests, fixed and sequential", methods: field::METHODS },
    Chapter { title: "Multiplicity, power and clusters", methods: planning::METHODS },
];

const RATES: &str = "Rates and brackets";
const RANKING: &str = "Ranking";
const CALIBRATION: &str = "Calibration";

const PREFACE: &str = "\
# Methods

What each number is, where it is from, and when there is none. This page is made from the tables in
`src/metrics`; `LEADOFF_BLESS=1 cargo test --test it methods` makes it anew. How often the intervals cover and
the tests reject on made data stands in [coverage.md](coverage.md).

What holds everywhere:

- A higher score is a better lead. Differences are challenger less champion, treatment less control.
- Intervals are two-sided at 95 % unless a level is given; p-values are two-sided.
- A weight is a repetition: a row of weight 3 is three equal rows, in every formula.
- A number is finite, infinite, or undefined with a reason. Nothing is clipped to look finite, and no row is dropped.
- Quantiles are of type 7. At equal times conversions and losses precede censorings; a lead is at risk on (entry, end].
- `n` leads, `x` converted, `p` a rate or a predicted probability, `y` the outcome (1 converted, 0 not), `z` the normal
  quantile of the level (1.96), `s` a score.
";

/// Every method of every chapter.
pub fn methods() -> impl Iterator<Item = &'static Method> {
    CHAPTERS.iter().flat_map(|chapter| chapter.methods)
}

/// The page of all metrics and methods, in Markdown.
pub fn methods_page() -> String {
    let chapters = CHAPTERS.iter().map(chapter_text).collect::<Vec<_>>();
    format!("{PREFACE}\n{}", chapters.join("\n"))
}

fn chapter_text(chapter: &Chapter) -> String {
    let metrics = METRICS.iter().filter(|metric| home(metric) == chapter.title).map(metric_text);
    let entries: Vec<String> = metrics.chain(chapter.methods.iter().map(method_text)).collect();
    format!("## {}\n\n{}", chapter.title, entries.join("\n"))
}

/// The chapter of a metric.
fn home(metric: &Metric) -> &'static str {
    match metric.reads {
        Reads::Order | Reads::HandedOver => RANKING,
        Reads::Probability => CALIBRATION,
    }
}

fn metric_text(metric: &Metric) -> String {
    let Metric { id, label, definition: Definition { formula, reference, undefined, .. }, .. } = metric;
    entry(label, id.as_str(), &[("", formula), ("Source", reference), ("Undefined", undefined)])
}

fn method_text(method: &Method) -> String {
    let Method { id, label, formula, reference, convention, undefined, .. } = method;
    entry(label, id, &[("", formula), ("Source", reference), ("Convention", convention), ("Undefined", undefined)])
}

/// A heading and what is said under it; what is empty is left out.
fn entry(label: &str, id: &str, lines: &[(&str, &str)]) -> String {
    let mut text = format!("### {label} (`{id}`)\n\n");
    for (name, said) in lines.iter().filter(|(_, said)| !said.is_empty()) {
        let _ = match *name {
            "" => writeln!(text, "{said}\n"),
            name => writeln!(text, "- {name}: {said}"),
        };
    }
    text
}
