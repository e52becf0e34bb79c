use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::data::{Fate, FateValue, Finding, FindingLevel, RawRow, RawTable};
use leadoff::experiment::Experiment;
use leadoff::models::Wanted;
use leadoff::store::{Target, Writer};
use leadoff::table::inert;

use leadoff::workflows::check::{Asked, Checked, check};
use leadoff::workflows::next::EXPERIMENT_FILE;

use super::progress::Progress;
use super::{Failure, Outcome, print, shown, tell};

/// Reads an experiment and its data and says what is there: raw counts before any replay, what was found wrong, and
/// whether there are wins enough to compare models.
#[derive(Args)]
#[command(after_help = "Example: leadoff check experiments/demo.yaml --by source --findings findings.csv")]
pub struct Check {
    /// The experiment file.
    #[arg(default_value = EXPERIMENT_FILE)]
    experiment: PathBuf,
    /// Columns by which leads and wins are counted; by default the experiment's segments.
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    by: Vec<String>,
    /// Writes every finding with its rows to a CSV file. It names leads: it is for this machine only.
    #[arg(long, value_name = "FILE")]
    findings: Option<PathBuf>,
}

impl Check {
    pub fn run(self) -> Outcome {
        let experiment = Experiment::load(&self.experiment)?;
        let by = if self.by.is_empty() { None } else { Some(self.by.as_slice()) };
        let findings =
            self.findings.map(|path| Target::file(&path, Writer::Findings, &experiment.files())).transpose()?;
        let checked = check(&experiment, by, &Progress::new())?;
        print(&(text(&checked) + &to_do(&self.experiment)))?;
        if let Some(place) = &findings {
            let mut csv = Vec::new();
            checked.findings.write_csv(&mut csv).map_err(Failure::fault)?;
            place.write(csv)?;
            print(&format!("\nEvery finding with its rows: {}\n", shown(place.path())))?;
        }
        let mut problems = checked.problems;
        match problems.pop() {
            None => Ok(ExitCode::SUCCESS),
            Some(last) => {
                problems.iter().for_each(|problem| tell(&format!("error: {}\n", inert(&problem.to_string()))));
                Err(last.into())
            }
        }
    }
}

/// What the experiment file itself says is still to be decided.
fn to_do(path: &std::path::Path) -> String {
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let marked = text.lines().enumerate().filter_map(|(place, line)| {
        let (_, said) = line.split_once("# TODO")?;
        Some(format!("  line {}: {}\n", place + 1, inert(said.trim_start_matches(':').trim())))
    });
    let marked: String = marked.collect();
    if marked.is_empty() { marked } else { format!("\nTo be decided in {}\n{marked}", shown(path)) }
}

fn text(checked: &Checked) -> String {
    let mut out = format!("{}\n\n", inert(checked.title.trim()));
    out.push_str(&raw(&checked.raw, checked));
    out.push_str(&fates(&checked.findings.fates));
    out.push_str(&asked(&checked.imported));
    out.push_str("\nWhat was found\n");
    let mut findings: Vec<&Finding> = checked.findings.list.iter().collect();
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.weight()));
    if findings.is_empty() {
        out.push_str("  nothing\n");
    }
    // What forbids a conclusion is all said.
    let forbids = findings.iter().take_while(|finding| finding.level == FindingLevel::Forbids).count();
    let (first, rest) = findings.split_at(findings.len().min(forbids.max(FIRST)));
    for finding in first {
        out.push_str(&said(finding));
    }
    if !rest.is_empty() {
        let doubts = rest.iter().filter(|finding| finding.level == FindingLevel::Doubt).count();
        let (notes, all) = (rest.len() - doubts, findings.len());
        let count = |n: usize, what: &str| match n {
            0 => None,
            1 => Some(format!("1 {what}")),
            n => Some(format!("{n} {what}s")),
        };
        let more: Vec<String> = [count(doubts, "doubt"), count(notes, "note")].into_iter().flatten().collect();
        out.push_str(&format!("  and {} more; `--findings FILE` writes all {all} with their rows\n", more.join(", ")));
    }
    out.push_str(&format!("\n{}\n", checked.readiness));
    out
}

/// Findings that stand on the screen.
const FIRST: usize = 5;

/// What models of files ask for, and what it is here.
fn asked(models: &[Asked]) -> String {
    let mut out = String::new();
    for Asked { model, file, what, wanted } in models {
        let absent = wanted.iter().filter(|one| one.found.is_err()).count();
        let there = if absent == 0 {
            "all it uses are there".into()
        } else {
            format!("{absent} of those it uses are not there")
        };
        out.push_str(&format!("\nModel `{}`: {}, {what}; {there}\n", inert(model), shown(file)));
        for Wanted { input, uses, found } in wanted {
            let found = match found {
                Ok(found) => inert(found).into_owned(),
                Err(error) => format!("NOT THERE: {}", inert(&error.to_string())),
            };
            out.push_str(&format!("  {:<28} {uses:>9} uses    {found}\n", short(input)));
        }
    }
    out
}

/// How deals stand, by the values that tell it.
fn fates(values: &[FateValue]) -> String {
    let mut out = String::new();
    for (fate, word) in [(Fate::Won, "won"), (Fate::Lost, "lost"), (Fate::Open, "open")] {
        for value in values.iter().filter(|value| value.fate == fate) {
            let name = value.value.as_deref().unwrap_or("(missing)");
            out.push_str(&format!("  {:<28} {:>9} rows   {word}\n", short(name), value.rows));
        }
    }
    if out.is_empty() { out } else { format!("\nHow the rows of the outcomes stand\n{out}") }
}

fn said(finding: &Finding) -> String {
    let mark = match finding.level {
        FindingLevel::Forbids => "FORBIDS",
        FindingLevel::Doubt => "doubt  ",
        FindingLevel::Note => "note   ",
    };
    let advice = match finding.advice.is_empty() {
        true => String::new(),
        false => format!("\n                     → {}", inert(&finding.advice)),
    };
    let row = finding.rows.first().map_or(String::new(), |place| {
        let more = if finding.count > 1 { ", and more" } else { "" };
        format!(
            "\n                     {}{}{more}",
            inert(&place.to_string()),
            match (place.column.as_str(), place.value.as_str()) {
                ("", "") => String::new(),
                ("", value) => format!(": `{}`", short(value)),
                (column, value) => format!(": {} is `{}`", inert(column), short(value)),
            }
        )
    });
    let count = if finding.count == 0 { String::new() } else { finding.count.to_string() };
    format!("  {mark} {count:>9}  {}: {}{advice}{row}\n", finding.input, inert(&finding.text))
}

fn short(value: &str) -> String {
    let value = inert(value);
    if value.chars().count() > 60 { value.chars().take(57).collect::<String>() + "…" } else { value.into_owned() }
}

fn raw(table: &RawTable, checked: &Checked) -> String {
    let mut out = String::from("Raw counts, before any replay (rates with Wilson 95 % intervals)\n");
    out.push_str(&row(&table.all));
    let day = |at| checked.zone.text(at);
    if let Some((first, last)) = table.created {
        out.push_str(&format!("  leads created from {} to {}\n", day(first), day(last)));
    }
    if let Some((first, last)) = table.outcomes {
        out.push_str(&format!("  outcomes from {} to {}, known until {}\n", day(first), day(last), day(table.until)));
    }
    let mut section = |title: &str, rows: &[RawRow]| {
        if !rows.is_empty() {
            out.push_str(&format!("\n  {title}\n"));
            rows.iter().for_each(|line| out.push_str(&row(line)));
        }
    };
    section("by month of creation", &table.cohorts);
    for column in &table.by {
        section(&format!("by {}", inert(&column.column)), &column.rows);
    }
    out
}

fn row(row: &RawRow) -> String {
    let interval =
        row.interval.map_or(String::new(), |interval| format!("  [{:.4}, {:.4}]", interval.low, interval.high));
    format!(
        "  {:<28} {:>9} leads {:>8} won  {:>6.2} %{interval}\n",
        short(&row.name),
        row.leads,
        row.wins,
        100.0 * row.rate
    )
}
