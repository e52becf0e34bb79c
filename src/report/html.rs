//! One page that needs no network: its own policy forbids it any, and lets no script run but its own.

use sha2::{Digest, Sha256};

use crate::result::Level;
use crate::table::inert_lines;

use super::chart::{self, Chart};
use super::document::{Answer, Block, Cell, Column, Document, Key, Section, Span, Table, Text, Tone};
use super::glossary;

const CSS: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

pub(super) fn render(document: &Document) -> String {
    let policy =
        format!("default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'sha256-{}'", hash(SCRIPT));
    let title = escape(&document.title);
    let sections: String = document.sections.iter().map(top).collect();
    format!(
        r##"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{CSS}{charts}
</style>
</head>
<body>
<a class="skip" href="#answer">To the answer</a>
<div class="page">
<nav aria-label="Contents">
<ol>
<li><a href="#answer">The answer</a></li>
{contents}</ol>
</nav>
<main>
<header>
<h1><bdi>{title}</bdi></h1>
<p class="setting">{setting}</p>
</header>
{answer}{sections}<footer><p>{footer}</p></footer>
</main>
</div>
<script>{SCRIPT}</script>
</body>
</html>
"##,
        charts = chart::style(),
        contents = contents(&document.sections),
        setting = text(&document.setting),
        answer = answer(&document.answer),
        footer = text(&document.footer),
    )
}

fn contents(sections: &[Section]) -> String {
    let line = |section: &Section| {
        format!("<li><a href=\"#{}\">{}</a></li>\n", escape(&section.id), escape(&section.title.plain()))
    };
    sections.iter().map(line).collect()
}

fn answer(answer: &Answer) -> String {
    let tone = match answer.tone {
        Tone::Change => "change",
        Tone::Keep => "keep",
        Tone::Undecided => "undecided",
    };
    let of = |level: Level, texts: &[Text]| texts.iter().map(|text| notice(level, text)).collect::<String>();
    let warnings = of(Level::Banner, &answer.banners) + &of(Level::Warning, &answer.doubts);
    let list = |title: &str, items: &[Text]| {
        if items.is_empty() { String::new() } else { format!("<h2>{title}</h2>\n{}", bullets(items)) }
    };
    format!(
        "<div class=\"answer {tone}\" id=\"answer\">\n<p class=\"headline\">{}</p>\n{warnings}<p class=\"readiness\">{}</p>\n{}{}</div>\n",
        text(&answer.headline),
        text(&answer.readiness),
        list("Why", &answer.reasons),
        list("What to do next", &answer.next),
    )
}

/// A section of the first level; one about a model can be folded away.
fn top(section: &Section) -> String {
    let id = escape(&section.id);
    let body: String = section.blocks.iter().map(block).collect::<String>()
        + &section.sections.iter().map(|one| inner(one, 3)).collect::<String>();
    let title = text(&section.title);
    if section.id.starts_with("model-") {
        format!(
            "<section class=\"model\" id=\"{id}\">\n<details open>\n<summary><h2>{title}</h2></summary>\n{body}</details>\n</section>\n"
        )
    } else {
        let class = if section.sections.is_empty() { "part" } else { "part deep" };
        format!("<section class=\"{class}\" id=\"{id}\">\n<h2>{title}</h2>\n{body}</section>\n")
    }
}

fn inner(section: &Section, level: usize) -> String {
    let blocks: String = section.blocks.iter().map(block).collect();
    let below: String = section.sections.iter().map(|one| inner(one, (level + 1).min(6))).collect();
    format!(
        "<section id=\"{}\">\n<h{level}>{}</h{level}>\n{blocks}{below}</section>\n",
        escape(&section.id),
        text(&section.title)
    )
}

fn block(block: &Block) -> String {
    match block {
        Block::Paragraph(words) => format!("<p>{}</p>\n", text(words)),
        Block::List(items) => bullets(items),
        Block::Notice(level, words) => notice(*level, words),
        Block::Table(one) => table(one),
        Block::Figure(chart) => figure(chart),
        Block::Definitions(all) => {
            let line =
                |one: &super::Definition| format!("<dt>{}</dt><dd>{}</dd>\n", escape(one.term), escape(one.meaning));
            format!("<dl>\n{}</dl>\n", all.iter().map(line).collect::<String>())
        }
    }
}

fn bullets(items: &[Text]) -> String {
    let items: String = items.iter().map(|item| format!("<li>{}</li>\n", text(item))).collect();
    format!("<ul>\n{items}</ul>\n")
}

fn notice(level: Level, words: &Text) -> String {
    let (class, word) = match level {
        Level::Banner => ("banner", "Forbids a conclusion: "),
        Level::Warning => ("warning", "Mind: "),
        Level::Note => ("note", "Note: "),
    };
    format!("<p class=\"notice {class}\"><b>{word}</b>{}</p>\n", text(words))
}

fn figure(chart: &Chart) -> String {
    let (id, title) = (escape(&chart.id), escape(&chart.title));
    let drawn = scrolling(&title, &chart.svg);
    format!("<figure id=\"chart-{id}\">\n<figcaption>{title}</figcaption>\n{drawn}</figure>\n")
}

/// What may be wider than the page scrolls by itself, with the keyboard too. `label` is escaped.
fn scrolling(label: &str, content: &str) -> String {
    format!("<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"{label}\">\n{content}\n</div>\n")
}

fn table(table: &Table) -> String {
    let long = if table.rows.len() > 12 { " class=\"long\"" } else { "" };
    let caption = if table.caption.is_empty() {
        String::new()
    } else {
        format!("<caption><span>{}</span></caption>\n", text(&table.caption))
    };
    let header: String = table.columns.iter().map(head).collect();
    let rows: String = table.rows.iter().map(|cells| row(cells, &table.columns)).collect();
    let total = table
        .total
        .as_ref()
        .map(|cells| format!("<tfoot>\n{}</tfoot>\n", row(cells, &table.columns)))
        .unwrap_or_default();
    let label = if table.caption.is_empty() { "Table".to_owned() } else { escape(&table.caption.plain()) };
    let head = format!("<thead>\n<tr>{header}</tr>\n</thead>");
    scrolling(&label, &format!("<table{long}>\n{caption}{head}\n<tbody>\n{rows}</tbody>\n{total}</table>"))
}

fn head(column: &Column) -> String {
    let title = escape(&column.title);
    let title = match column.term.and_then(glossary::meaning) {
        Some(meaning) => format!("<abbr title=\"{}\">{title}</abbr>", escape(meaning)),
        None => title,
    };
    format!("<th scope=\"col\"{}>{title}</th>", if column.is_number { " class=\"n\"" } else { "" })
}

fn row(cells: &[Cell], columns: &[Column]) -> String {
    let cells = cells.iter().zip(columns).enumerate().map(|(i, (one, column))| cell(one, column, i == 0));
    format!("<tr>{}</tr>\n", cells.collect::<String>())
}

fn cell(cell: &Cell, column: &Column, is_first: bool) -> String {
    let key = match &cell.key {
        Key::Number(value) => format!(" data-number=\"{value}\"").replace("inf", "Infinity"),
        Key::Text(_) => " data-text".to_owned(),
        Key::Nothing => String::new(),
    };
    let class = match (column.is_number, cell.number.is_none() && cell.text.plain().starts_with("– (")) {
        (true, true) => " class=\"n w\"",
        (true, false) => " class=\"n\"",
        (false, _) if !is_first && cell.text.plain().chars().count() < 24 => " class=\"s\"",
        _ => "",
    };
    let interval = cell
        .interval
        .as_ref()
        .map(|interval| format!("<span class=\"ci\">({})</span>", escape(interval)))
        .unwrap_or_default();
    let (open, close) = if is_first { ("th scope=\"row\"", "th") } else { ("td", "td") };
    format!("<{open}{class}{key}>{}{interval}</{close}>", text(&cell.text))
}

fn text(text: &Text) -> String {
    let span = |span: &Span| match span {
        Span::Plain(words) => escape(words),
        Span::Name(words) => format!("<code><bdi>{}</bdi></code>", escape(words)),
        Span::Strong(words) => format!("<strong>{}</strong>", escape(words)),
        Span::Evidence(id) => {
            format!("<a class=\"to\" href=\"#{}\" title=\"Where this comes from\">\u{2193}</a>", escape(id))
        }
        Span::Page(words, stem) => {
            format!("<a href=\"{}.html\"><code><bdi>{}</bdi></code></a>", escape(stem), escape(words))
        }
        Span::Link(words, to) => format!("<a href=\"#{}\">{}</a>", escape(to), escape(words)),
    };
    text.0.iter().map(span).collect()
}

/// For text and for attributes; a number stays with its percent sign.
fn escape(words: &str) -> String {
    let mut out = String::with_capacity(words.len() + 16);
    for c in inert_lines(words).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out.replace("p &lt; ", "p\u{a0}&lt;\u{a0}").replace(" %", "\u{a0}%").replace(" pp", "\u{a0}pp")
}

/// The SHA-256 of a script in base64, as a content security policy names it.
fn hash(script: &str) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digest = Sha256::digest(script.as_bytes());
    let mut out = String::new();
    for three in digest.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        let letters = (0..4).map(|i| LETTERS[(bits >> (18 - 6 * i)) as usize & 63] as char);
        out.extend(letters.take(three.len() + 1));
        out.extend(std::iter::repeat_n('=', 3 - three.len()));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::super::{Format, document, fixture, whole};
    use super::*;

    /// Tags that are opened and not closed, or closed and not opened.
    fn unbalanced(page: &str) -> Vec<String> {
        let body = page.split_once("<body>").unwrap().1.split_once("<script>").unwrap().0;
        let mut open: Vec<String> = Vec::new();
        for tag in body.split('<').skip(1) {
            let (inside, _) = tag.split_once('>').unwrap();
            let name: String = inside.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
            if inside.ends_with('/') {
                continue;
            }
            if inside.starts_with('/') {
                match open.pop() {
                    Some(last) if last == name => {}
                    other => return vec![format!("{other:?} closed by {name}")],
                }
            } else {
                open.push(name);
            }
        }
        open
    }

    #[test]
    fn a_page_is_whole_and_alone_whatever_the_data() {
        for evaluation in fixture::all() {
            let page = Format::Html.render(&document(&evaluation));
            assert_eq!(unbalanced(&page), Vec::<String>::new());
            assert_eq!(page.matches("<script").count(), 1);
            assert!(!page.contains("alert(1)</script"));
            assert!(!page.replace("http://www.w3.org/2000/svg", "").contains("://"));
            assert!(!page.contains("NaN") && !page.contains(" src="));
        }
    }

    #[test]
    fn the_answer_comes_before_anything_else() {
        let page = Format::Html.render(&document(&fixture::without_times()));
        let places = [
            "id=\"answer\"",
            "class=\"headline\"",
            "class=\"notice banner\"",
            "class=\"readiness\"",
            "id=\"summary\"",
            "id=\"models\"",
            "id=\"champion\"",
            "id=\"ledger\"",
            "id=\"definitions\"",
        ];
        let found: Vec<usize> =
            places.iter().map(|place| page.find(place).unwrap_or_else(|| panic!("{place}"))).collect();
        assert!(found.is_sorted(), "{found:?}");
    }

    #[test]
    fn a_number_stands_beside_its_interval_and_its_key() {
        let page = Format::Html.render(&document(&fixture::promoted()));
        assert!(page.contains("data-number=\"2400\">2,400</td>"));
        let page = Format::Html.render(&whole(&fixture::promoted()));
        assert!(page.contains("20.7\u{a0}%<span class=\"ci\">(15.3 to 27.4)</span></td>"));
    }

    #[test]
    fn the_same_evaluation_gives_the_same_bytes() {
        for format in Format::ALL {
            assert_eq!(format.render(&document(&fixture::promoted())), format.render(&document(&fixture::promoted())));
        }
    }

    /// Chromium does not repeat a head that holds a form control.
    #[test]
    fn the_head_of_a_table_can_return_on_every_printed_page() {
        assert!(!SCRIPT.contains("createElement(\"button\")"));
        let print = CSS.split_once("@media print {").unwrap().1;
        assert!(print.contains("thead { display: table-header-group; }") && !print.contains(" size:"));
        let page = Format::Html.render(&document(&fixture::promoted()));
        assert!(page.contains("<section class=\"part\" id=\"champion\">"));
        assert!(page.contains("<section class=\"part deep\" id=\"data\">"));
        assert!(page.contains("<section class=\"part\" id=\"summary\">"));
    }

    #[test]
    fn a_script_is_named_by_its_hash() {
        assert_eq!(hash("alert('Hello, world.');"), "qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng=");
    }
}
