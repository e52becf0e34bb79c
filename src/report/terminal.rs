//! A hundred columns of plain text: what there is room for, and the decision on the last line.

use crate::result::Level;
use crate::table::inert;

use super::document::{Block, Cell, Column, Document, Section, Span, Table, Text};
use super::text::clean;

const WIDTH: usize = 100;
const GAP: &str = "  ";

pub(super) fn render(document: &Document) -> String {
    let answer = &document.answer;
    let mut blocks = vec![
        [wrapped(&clean(&document.title), ""), wrapped(&plain(&document.setting), "")].concat(),
        wrapped(&plain(&answer.readiness), ""),
    ];
    let mut told = Vec::new();
    for one in document.sections.iter().filter(|section| section.brief) {
        section(one, &mut blocks, &mut told);
    }
    let sentences: Vec<String> = answer
        .reasons
        .iter()
        .map(plain)
        .chain(answer.next.iter().map(|next| format!("Next: {}", plain(next))))
        .collect();
    blocks.push(sentences.iter().map(|words| wrapped(words, "  ")).collect());
    blocks.push(clipped(&plain(&answer.line), WIDTH) + "\n");
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n")
}

/// A warning stands wherever a page's reader may look; who reads from the top is told once.
fn section<'a>(section: &'a Section, blocks: &mut Vec<String>, told: &mut Vec<&'a Block>) {
    let mut is_new = |one: &&'a Block| {
        let is_told = told.contains(one);
        if matches!(one, Block::Notice(..)) && !is_told {
            told.push(one);
        }
        !is_told
    };
    let new = section.blocks.iter().filter(|one| is_new(one));
    let texts: Vec<String> = new.map(block).filter(|block| !block.is_empty()).collect();
    if !texts.is_empty() {
        let title = plain(&section.title);
        blocks.push(format!("{title}\n{}", texts.concat()));
    }
    for one in section.sections.iter().filter(|section| section.brief) {
        self::section(one, blocks, told);
    }
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(words) => wrapped(&plain(words), "  "),
        Block::List(items) => items.iter().map(|item| wrapped(&format!("- {}", plain(item)), "  ")).collect(),
        Block::Notice(level, words) => {
            let word = match level {
                Level::Banner => "FORBIDS A CONCLUSION",
                Level::Warning => "warning",
                Level::Note => "note",
            };
            wrapped(&format!("{word}: {}", plain(words)), "  ")
        }
        Block::Table(one) => table(one),
        Block::Figure(_) | Block::Definitions(_) => String::new(),
    }
}

fn plain(text: &Text) -> String {
    let span = |span: &Span| match span {
        Span::Name(name) | Span::Page(name, _) => format!("`{}`", inert(name)),
        other => inert(other.words()).into_owned(),
    };
    text.0.iter().map(span).collect()
}

/// Lines of at most a hundred columns, each after the first indented.
fn wrapped(words: &str, indent: &str) -> String {
    let mut out = String::new();
    let mut line = String::new();
    for word in words.split_whitespace() {
        if !line.is_empty() && width(&line) + 1 + width(word) > WIDTH {
            out += line.trim_end();
            out.push('\n');
            line = indent.to_owned();
        }
        let at_start = line.trim().is_empty();
        if !at_start {
            line.push(' ');
        }
        line += &clipped(word, WIDTH - indent.len());
    }
    if !line.trim().is_empty() {
        out += &line;
        out.push('\n');
    }
    out
}

/// The columns that are shown where there is little room; all of them when none says so and they fit.
fn table(table: &Table) -> String {
    let shown: Vec<usize> = (0..table.columns.len()).filter(|i| table.columns[*i].brief).collect();
    if shown.is_empty() {
        return rows(table, &(0..table.columns.len()).collect::<Vec<_>>());
    }
    rows(table, &shown)
}

fn rows(table: &Table, shown: &[usize]) -> String {
    let body: Vec<Vec<String>> = table
        .rows
        .iter()
        .chain(&table.total)
        .map(|row| shown.iter().filter_map(|i| row.get(*i)).map(cell).collect())
        .collect();
    let columns: Vec<&Column> = shown.iter().map(|i| &table.columns[*i]).collect();
    let mut widths: Vec<usize> = (0..columns.len())
        .map(|i| body.iter().filter_map(|row| row.get(i)).map(|text| width(text)).max().unwrap_or(0))
        .collect();
    let heads: Vec<Vec<String>> =
        columns.iter().zip(&widths).map(|(column, width)| folded(&clean(&column.title), (*width).max(10))).collect();
    for (width_, head) in widths.iter_mut().zip(&heads) {
        *width_ = head.iter().map(|line| width(line)).max().unwrap_or(0).max(*width_);
    }
    let room = WIDTH.saturating_sub(widths.iter().skip(1).sum::<usize>() + GAP.len() * widths.len().saturating_sub(1));
    if let Some(first) = widths.first_mut() {
        *first = (*first).min(room.max(8));
    }
    let deep = heads.iter().map(Vec::len).max().unwrap_or(0);
    let head_rows = (0..deep).map(|line| {
        heads
            .iter()
            .map(|head| line.checked_sub(deep - head.len()).map_or_else(String::new, |i| head[i].clone()))
            .collect()
    });
    let rule = widths.iter().map(|width| "─".repeat(*width)).collect::<Vec<_>>().join(GAP);
    // A name that is cut may be anyone's: it goes on below.
    let lines_of = |row: &Vec<String>| -> Vec<String> {
        let first = widths.first().zip(row.first()).map_or_else(Vec::new, |(most, cell)| broken(cell, *most));
        let of_part = |(place, part): (usize, String)| {
            let rest = row.iter().skip(1).map(|cell| if place == 0 { cell.clone() } else { String::new() });
            line(&std::iter::once(part).chain(rest).collect::<Vec<String>>(), &widths, &columns)
        };
        first.into_iter().enumerate().map(of_part).collect()
    };
    let mut lines: Vec<String> = head_rows.map(|row: Vec<String>| line(&row, &widths, &columns)).collect();
    lines.push(rule.clone());
    let above_total = body.len() - usize::from(table.total.is_some());
    lines.extend(body[..above_total].iter().flat_map(lines_of));
    if let Some(total) = body.get(above_total) {
        lines.push(rule);
        lines.extend(lines_of(total));
    }
    lines.iter().map(|line| clipped(line, WIDTH) + "\n").collect()
}

fn line(cells: &[String], widths: &[usize], columns: &[&Column]) -> String {
    let padded = cells.iter().zip(widths).zip(columns).map(|((cell, most), column)| {
        let cell = clipped(cell, *most);
        let space = " ".repeat(most - width(&cell).min(*most));
        if column.is_number { space + &cell } else { cell + &space }
    });
    padded.collect::<Vec<_>>().join(GAP).trim_end().to_owned()
}

fn cell(cell: &Cell) -> String {
    let text: String = cell.text.0.iter().map(|span| inert(span.words())).collect();
    match &cell.interval {
        Some(interval) => format!("{text} ({})", inert(interval)),
        None => text,
    }
}

/// A title in lines of about so many columns.
fn folded(title: &str, most: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in title.split_whitespace() {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && width(&lines[last]) + 1 + width(word) > most {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last] += word;
        }
    }
    lines
}

/// A text in lines of at most so many columns, its words cut where they are longer.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for words in folded(text, most) {
        let mut line = String::new();
        for c in words.chars() {
            if width(&line) + columns(c) > most.max(2) {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
        lines.push(line);
    }
    lines
}

fn clipped(text: &str, most: usize) -> String {
    if width(text) <= most {
        return text.to_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        used += columns(c);
        if used + 1 > most {
            break;
        }
        out.push(c);
    }
    out + "…"
}

fn width(text: &str) -> usize {
    text.chars().map(columns).sum()
}

/// The columns a character takes: none when it joins the one before, two in the scripts of East Asia and for emoji.
fn columns(c: char) -> usize {
    match c as u32 {
        0x0300..=0x036f | 0x200b..=0x200f | 0xfe00..=0xfe0f => 0,
        0x1100..=0x115f | 0x2e80..=0xa4cf | 0xac00..=0xd7a3 | 0xf900..=0xfaff | 0xfe30..=0xfe6f => 2,
        0xff00..=0xff60 | 0xffe0..=0xffe6 | 0x1f300..=0x1faff | 0x20000..=0x3fffd => 2,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Format, document, fixture};
    use super::*;

    #[test]
    fn nothing_is_wider_than_a_hundred_columns() {
        for evaluation in fixture::all() {
            let words = Format::Terminal.render(&document(&evaluation));
            for line in words.lines() {
                assert!(width(line) <= WIDTH, "{line}");
            }
            assert!(!words.contains("NaN") && !words.chars().any(|c| c.is_control() && c != '\n'));
        }
    }

    #[test]
    fn a_name_that_is_too_long_goes_on_below() {
        assert_eq!(broken("Became a customer, late", 10), ["Became a", "customer,", "late"]);
        assert_eq!(broken("Became_a_Customer", 8), ["Became_a", "_Custome", "r"]);
        assert_eq!(broken("短い名前です", 5), ["短い", "名前", "です"]);
        assert_eq!(broken("", 5), [""]);
    }

    #[test]
    fn the_last_line_is_the_decision_with_its_interval() {
        let last = |evaluation| Format::Terminal.render(&document(&evaluation)).lines().last().unwrap().to_owned();
        let lines = [fixture::promoted(), fixture::undecided(), fixture::kept(), fixture::without_champion()].map(last);
        insta::assert_snapshot!(lines.join("\n"), @r"
        Use `reweighted` instead of `current`: +10 winners a quarter (95 %: +4 to +16)
        Not enough evidence to replace `current`: `reweighted` +3 winners a quarter (95 %: −5 to +13)
        Keep `current`: `reweighted` −8 winners a quarter (95 %: −14 to −2)
        Undecided: 2 models are tied. Best guess: `reweighted`, AUC 0.694 (95 %: 0.663 to 0.723)
        ");
    }

    #[test]
    fn a_reader_at_a_terminal_sees_the_whole_in_one_screen() {
        insta::assert_snapshot!(Format::Terminal.render(&document(&fixture::promoted())), @r"
        Champion and challengers, first half of 2026
        Leads of 2026-01-01 to 2026-06-15, scored 7 days after creation; a win counts within 90 days;
        outcomes as known on 2026-09-30 (Europe/Berlin); fitted on leads of 2025-01-01 to 2026-01-01.

        It rests on 212 winners among 2,400 finished leads. Every quarter without it misses about that many
        winners.

        The models side by side
                                                                               Wins
                                                        Wins captured at 20  handed
        Model                                    AUC           leads a week    over  Standing
        ────────────────────  ──────────────────────  ─────────────────────  ──────  ─────────────
        reweighted            0.694 (0.663 to 0.723)  41.3 % (35.0 to 47.8)      88  tied for best
        regression            0.721 (0.690 to 0.750)  45.3 % (39.0 to 51.8)      96  tied for best
        current (champion)    0.643 (0.612 to 0.672)  35.1 % (28.8 to 41.6)      74  behind
        no_email_points       0.632 (0.601 to 0.661)  31.1 % (24.8 to 37.6)      66  behind
        crm (not promotable)  0.595 (0.564 to 0.624)  30.4 % (24.1 to 36.9)      64  –
        `reweighted` and `regression` are tied in the winners they find at 20 leads a week: the order among
          them means nothing.
        warning: `crm` cannot be promoted on this evidence: its score is known only as exported and may hold
          the outcome.

        The ledger: what became of every lead
        212 mature wins among 2,400 leads: 8.83 % (7.76 to 10.04). The smallest difference between
          `reweighted` and `current` that they would show in four evaluations out of five is 7.4 winners a
          quarter.
        What became of them                     Leads
        ──────────────────────────────────────  ─────
        Evaluated (mature)                      2,400
        Scored, not mature yet                    412
        Used for training                       4,100
        Left out: duplicate                        31
        Left out: decided before it was scored     88
        Left out: training horizon still open     183
        ──────────────────────────────────────  ─────
        Read                                    7,214
        18 of 230 wins (7.83 %) came before the lead was scored: no model can have predicted them, and they
          count nowhere.

        What to keep in mind
        warning: Model `crm` rests on `crm_score`, which is known only as exported: it may hold what
          happened after the sale. Export its history, or leave it out.
        note: 112 of 2,812 dates had no time of day; a date that starts something is read as its midnight.

        `crm` cannot be promoted: its score is known only as exported and may hold the outcome.
        In money it is 23,500 EUR a quarter (95 %: 4,900 to 42,700); the largest deals are capped.
        The data cannot tell `reweighted` and `regression` apart in the winners they find at 20 leads a
          week.
        Next: Agree with sales on the score at which `reweighted` hands a lead over.
        Next: A replay cannot show how sales would have called other leads: confirm the gain in the field
          (`leadoff ab plan`), or run this again on the next quarter.

        Use `reweighted` instead of `current`: +10 winners a quarter (95 %: +4 to +16)
        ");
    }
}
