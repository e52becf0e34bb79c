//! Markdown as GitHub reads it. Charts are files beside it: `charts/ID.svg`.

use crate::result::Level;
use crate::table::inert;

use super::document::{Answer, Block, Cell, Document, Section, Span, Table, Text};

pub(super) fn render(document: &Document) -> String {
    let mut blocks = vec![format!("# {}", escape(&document.title)), text(&document.setting)];
    blocks.extend(answer(&document.answer));
    for one in &document.sections {
        section(one, document.charts, 2, &mut blocks);
    }
    blocks.extend(["---".to_owned(), text(&document.footer)]);
    blocks.retain(|block| !block.is_empty());
    blocks.join("\n\n") + "\n"
}

fn answer(answer: &Answer) -> Vec<String> {
    let mut blocks = vec!["## The answer".to_owned(), strong(&answer.headline)];
    blocks.extend(answer.banners.iter().map(|banner| notice(Level::Banner, banner)));
    blocks.extend(answer.doubts.iter().map(|doubt| notice(Level::Warning, doubt)));
    blocks.push(text(&answer.readiness));
    for (title, items) in [("Why", &answer.reasons), ("What to do next", &answer.next)] {
        if !items.is_empty() {
            blocks.extend([format!("**{title}**"), bullets(items)]);
        }
    }
    blocks
}

fn section(section: &Section, charts: &str, level: usize, blocks: &mut Vec<String>) {
    blocks.push(format!("{} {}", "#".repeat(level.min(6)), text(&section.title)));
    blocks.extend(section.blocks.iter().map(|one| block(one, charts)));
    for one in &section.sections {
        self::section(one, charts, level + 1, blocks);
    }
}

fn block(block: &Block, charts: &str) -> String {
    match block {
        Block::Paragraph(words) => text(words),
        Block::List(items) => bullets(items),
        Block::Notice(level, words) => notice(*level, words),
        Block::Table(one) => table(one),
        Block::Figure(chart) => format!("![{}]({charts}/{}.svg)", escape(&chart.alt), chart.id),
        Block::Definitions(all) => {
            let lines: Vec<String> =
                all.iter().map(|one| format!("- **{}**: {}", escape(one.term), escape(one.meaning))).collect();
            lines.join("\n")
        }
    }
}

fn bullets(items: &[Text]) -> String {
    items.iter().map(|item| format!("- {}", text(item))).collect::<Vec<_>>().join("\n")
}

fn notice(level: Level, words: &Text) -> String {
    let kind = match level {
        Level::Banner => "CAUTION",
        Level::Warning => "WARNING",
        Level::Note => "NOTE",
    };
    format!("> [!{kind}]\n> {}", text(words))
}

fn table(table: &Table) -> String {
    let line = |cells: Vec<String>| format!("| {} |", cells.join(" | "));
    let mut lines = vec![
        line(table.columns.iter().map(|column| escape(&column.title)).collect()),
        line(table.columns.iter().map(|column| if column.is_number { "---:" } else { "---" }.to_owned()).collect()),
    ];
    lines.extend(table.rows.iter().map(|row| line(row.iter().map(cell).collect())));
    let total = table.total.iter().map(|row| {
        line(row.iter().map(cell).map(|one| if one.is_empty() { one } else { format!("**{one}**") }).collect())
    });
    lines.extend(total);
    let caption = if table.caption.is_empty() { String::new() } else { format!("{}\n\n", text(&table.caption)) };
    caption + &lines.join("\n")
}

fn cell(cell: &Cell) -> String {
    let interval = cell.interval.as_ref().map(|interval| format!(" ({})", escape(interval))).unwrap_or_default();
    inline(&cell.text) + &interval
}

fn inline(text: &Text) -> String {
    text.0.iter().map(span).collect()
}

/// A block of its own.
fn text(text: &Text) -> String {
    let words = inline(text);
    // What would open a list, a heading or a quote at the start of a line.
    let opens = words.starts_with(['-', '+', '='])
        || words.split_once(['.', ')']).is_some_and(|(start, _)| {
            !start.is_empty() && start.chars().all(|c| c.is_ascii_digit()) && words[start.len() + 1..].starts_with(' ')
        });
    match words.char_indices().find(|(_, c)| !c.is_ascii_digit()) {
        Some((i, _)) if opens => format!("{}\\{}", &words[..i], &words[i..]),
        _ => words,
    }
}

/// The headline in bold, its names still as names.
fn strong(text: &Text) -> String {
    format!("**{}**", text.0.iter().map(span).collect::<String>().trim())
}

fn span(span: &Span) -> String {
    match span {
        Span::Plain(words) => escape(words),
        Span::Name(words) if is_tame(words) => format!("`{words}`"),
        Span::Name(words) => format!("“{}”", escape(words)),
        Span::Strong(words) => format!("**{}**", escape(words)),
        Span::Evidence(_) => String::new(),
        // Anchors of headings differ from reader to reader.
        Span::Link(words, _) => escape(words),
        Span::Page(words, stem) => format!("[{}]({stem}.md)", self::span(&Span::Name(words.clone()))),
    }
}

/// A name that no reader of Markdown can take for anything else inside backticks.
fn is_tame(name: &str) -> bool {
    let is_plain = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | ':' | ' ');
    // YAML is to be pasted as it stands; doubled braces are what templates look for.
    let is_yaml = name.contains(": ") && !name.contains("{{") && !name.contains("{%");
    let is_of_yaml = |c: char| is_yaml && matches!(c, '{' | '}' | '[' | ']' | ',' | '\'' | '"' | '…');
    !name.is_empty() && name.chars().all(|c| is_plain(c) || is_of_yaml(c))
}

fn escape(words: &str) -> String {
    let all: Vec<char> = inert(words).chars().collect();
    let mut out = String::with_capacity(words.len() + 16);
    for (i, &c) in all.iter().enumerate() {
        let (before, after) = (i.checked_sub(1).map(|i| all[i]), all.get(i + 1));
        match c {
            '&' => out.push_str("&amp;"),
            '<' if after == Some(&' ') => out.push('<'),
            '<' => out.push_str("&lt;"),
            '>' if after == Some(&' ') && before.is_some() => out.push('>'),
            '>' => out.push_str("&gt;"),
            '_' if before.is_some_and(char::is_alphanumeric) && after.is_some_and(|c| c.is_alphanumeric()) => {
                out.push('_')
            }
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '#' | '$' | '@' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out.replace("://", ":\\//").replace("www.", "www\\.")
}

#[cfg(test)]
mod tests {
    use super::super::document::{name, say};
    use super::super::{Format, document, fixture, models};
    use super::*;

    #[test]
    fn what_would_be_markup_is_text() {
        assert_eq!(text(&"a|b *c* [d](e) <f>".into()), "a\\|b \\*c\\* \\[d\\](e) &lt;f&gt;");
        assert_eq!(text(&"p < 0.05 in snake_case".into()), "p < 0.05 in snake_case");
        assert_eq!(text(&"1. one".into()), "1\\. one");
        assert_eq!(text(&"- one".into()), "\\- one");
        assert_eq!(text(&say![name("a b"), " and ", name("`<b>`")]), "`a b` and “\\`&lt;b&gt;\\`”");
        let yaml = "leads: { nulls: ['null'] }";
        assert_eq!(text(&say![name(yaml), " and ", name("a: {{ b }}")]), format!("`{yaml}` and “a: {{{{ b }}}}”"));
    }

    #[test]
    fn every_row_of_a_table_has_its_cells_whatever_the_data() {
        for evaluation in fixture::all() {
            let words = Format::Markdown.render(&document(&evaluation));
            let pipes = |line: &str| line.replace("\\|", "").matches('|').count();
            let mut columns = 0;
            for line in words.lines() {
                match line.starts_with('|') {
                    true if columns == 0 => columns = pipes(line),
                    true => assert_eq!(pipes(line), columns, "{line}"),
                    false => columns = 0,
                }
            }
            assert!(!words.contains("<script") && !words.contains("NaN"));
        }
    }

    #[test]
    fn charts_are_files_beside_it() {
        let words = Format::Markdown.render(&document(&fixture::promoted()));
        assert!(words.contains("](charts/summary.svg)") && words.contains("[`reweighted`](models/reweighted.md)"));
        let (stem, page) = &models(&fixture::promoted())[1];
        let words = Format::Markdown.render(page);
        assert_eq!(stem, "models/reweighted");
        assert!(words.contains("](../charts/brackets-reweighted.svg)"));
    }
}
