//! The answer as one paragraph, for a chat or a mail.

use super::document::{Document, Text};

/// Sentences that a message has beside the answer.
const REASONS: usize = 2;

/// What forbids a conclusion, the answer, what it rests on, the first reasons and what to do next, without any mark-up.
pub fn message(document: &Document) -> String {
    let answer = &document.answer;
    let reasons = answer.reasons.iter().take(REASONS);
    let said = answer.banners.iter().chain([&answer.headline, &answer.readiness]).chain(reasons);
    let next = answer.next.first().map(|next| format!("Next: {}", next.plain()));
    let sentences = said.filter(|text| !text.is_empty()).map(Text::plain).chain(next).map(|text| ended(&text));
    format!("{}: {}", document.title.trim(), sentences.collect::<Vec<String>>().join(" "))
}

/// A sentence with its full stop, on one line.
fn ended(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<&str>>().join(" ");
    if text.ends_with(['.', '!', '?']) { text } else { text + "." }
}

#[cfg(test)]
mod tests {
    use super::super::document::{Answer, Tone};
    use super::*;

    #[test]
    fn an_answer_is_one_paragraph() {
        let document = Document {
            title: "Review of 2026Q2".into(),
            setting: Text::default(),
            answer: Answer {
                tone: Tone::Keep,
                headline: "Keep `current`".into(),
                line: "".into(),
                readiness: "It rests on 90 winners.".into(),
                banners: vec!["The log broke in May".into()],
                doubts: vec!["never shown".into()],
                reasons: vec!["First".into(), "Second".into(), "Third".into()],
                next: vec!["Ask sales\nabout May".into(), "more".into()],
            },
            sections: Vec::new(),
            footer: Text::default(),
            charts: "",
        };
        assert_eq!(
            message(&document),
            "Review of 2026Q2: The log broke in May. Keep `current`. It rests on 90 winners. First. Second. Next: Ask sales about May."
        );
    }
}
