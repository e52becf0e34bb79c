//! Names that a sale writes.

use crate::table::words_of;

/// Words of columns that a sale writes, or that follow it.
const TELLING: [&str; 29] = [
    "stage",
    "stages",
    "status",
    "converted",
    "customer",
    "customers",
    "opportunity",
    "opportunities",
    "close",
    "closed",
    "closedate",
    "probability",
    "deal",
    "deals",
    "won",
    "lost",
    "disqualified",
    "outcome",
    "pipeline",
    "forecast",
    "score",
    "grade",
    "rating",
    "quality",
    "duration",
    "last",
    "latest",
    "demoted",
    "churned",
];
/// Endings of names written as one word: `lifecyclestage`, `leadstatus`.
const ENDINGS: [&str; 2] = ["stage", "status"];
/// Words of kinds of events that sales makes.
const TOUCHES: [&str; 10] =
    ["call", "called", "meeting", "deal", "opportunity", "stage", "sales", "converted", "won", "lost"];

/// The word of a column's name that a sale writes.
pub fn telling_word(name: &str) -> Option<String> {
    let words = words_of(name);
    let names_a_person = words.last().is_some_and(|last| last == "name");
    let tells =
        |word: &&String| TELLING.contains(&word.as_str()) || ENDINGS.iter().any(|ending| word.ends_with(ending));
    words.iter().find(tells).filter(|_| !names_a_person).cloned()
}

/// The word of a kind of events that sales makes.
pub fn touching_word(kind: &str) -> Option<String> {
    words_of(kind).into_iter().find(|word| TOUCHES.contains(&word.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_by_its_words() {
        let word = |name: &str| telling_word(name).unwrap_or_default();
        for (name, tells) in [
            ("Lifecycle Stage", "stage"),
            ("lifecyclestage", "lifecyclestage"),
            ("leadStatus", "status"),
            ("IsConverted", "converted"),
            ("StageName__c", ""),
            ("Stage__c", "stage"),
            ("Deal_Probability", "deal"),
            ("lost reason", "lost"),
            ("Became a Customer Date", "customer"),
            // None of these is written by a sale.
            ("Last Name", ""),
            ("Lead Source", ""),
            ("Job Title", ""),
            ("Number of Employees", ""),
            ("poutcome", ""),
            ("ideal_size", ""),
            ("Page Views Per Visit", ""),
        ] {
            assert_eq!(word(name), tells, "{name}");
        }
    }
}
