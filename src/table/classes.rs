//! What a column is by its name and its values, where that alone keeps it out of a model or off a page: who a lead is,
//! where to reach it, whose it is, and values that are kept up to date without a date.

use serde::{Deserialize, Serialize};

use super::{Column, MISSING, Text};

/// A class of columns that say nothing of how leads convert, or nothing that was known when they were scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Identifier,
    PersonName,
    Email,
    Phone,
    /// A postal or web address.
    Address,
    FreeText,
    /// The company, or the account.
    Account,
    /// Whose lead it is.
    Owner,
    /// A running count of what leads do, as it stands today.
    Counter,
    /// A score, a grade, a "last …": kept up to date, and nobody knows since when.
    LiveValue,
}

impl Class {
    /// Whether it says who a lead is, or how to reach it, rather than what it is like.
    pub fn is_identity(self) -> bool {
        !matches!(self, Self::Owner | Self::Counter | Self::LiveValue)
    }

    /// Whether its values name somebody, so that they are not published.
    pub fn names_somebody(self) -> bool {
        self.is_identity() || self == Self::Owner
    }
}

/// Texts of which more than this share stand for one lead only name it.
const NEARLY_ALL_DISTINCT: f64 = 0.95;
/// Fewer leads than this may differ by chance.
const FEWEST: usize = 20;
/// Texts longer than this, on average, are sentences.
const SENTENCE: usize = 40;

/// The class of a column, by its name and its values; nothing for one that may describe a lead.
pub fn class_of(name: &str, column: &Column) -> Option<Class> {
    let words = words_of(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let by_name = |column: &Column| match column {
        Column::Instant(_) | Column::Flag(_) => None,
        _ => named(&words, matches!(column, Column::Text(_))),
    };
    // "Opted out of e-mail" is no address.
    let has_none = |text: &Text| !text.levels.iter().any(|level| level.contains('@'));
    let by_name = by_name(column).filter(|class| match column {
        Column::Text(text) => *class != Class::Email || !has_none(text),
        _ => true,
    });
    by_name.or_else(|| match column {
        Column::Text(text) => by_values(text),
        _ => None,
    })
}

/// The texts of a column that names somebody, numbered in their order; nothing where it names nobody.
pub fn concealed(name: &str, column: &Column) -> Option<Text> {
    let Column::Text(text) = column else { return None };
    class_of(name, column).filter(|class| class.names_somebody())?;
    let mut order: Vec<usize> = (0..text.levels.len()).collect();
    order.sort_by(|&a, &b| text.levels[a].cmp(&text.levels[b]));
    let mut levels = vec![String::new(); order.len()];
    // In the order of their names, whatever the order of the rows: what sorts levels sorts these alike.
    let width = order.len().to_string().len();
    order.iter().enumerate().for_each(|(rank, &level)| levels[level] = format!("(withheld {:0width$})", rank + 1));
    Some(Text { codes: text.codes.clone(), levels, ..Text::default() })
}

/// The words of a column's name, in small letters: `leadStatus__c`, `Lead Status` and `lead_status` are `lead status`.
pub fn words_of(name: &str) -> Vec<String> {
    let name = name.strip_suffix("__c").unwrap_or(name);
    let letters: Vec<char> = name.chars().collect();
    let mut words = vec![String::new()];
    for (place, &letter) in letters.iter().enumerate() {
        let before = place.checked_sub(1).map(|before| letters[before]);
        let after = letters.get(place + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if !letter.is_alphanumeric() || begins {
            words.push(String::new());
        }
        if letter.is_alphanumeric()
            && let Some(last) = words.last_mut()
        {
            last.extend(letter.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

const PERSON: [&str; 8] = ["first", "last", "middle", "full", "given", "family", "person", "contact"];
const COMPANY: [&str; 15] = [
    "company",
    "account",
    "organisation",
    "organization",
    "employer",
    "firma",
    "firmenname",
    "unternehmen",
    "unternehmensname",
    "entreprise",
    "société",
    "empresa",
    "bedrijf",
    "azienda",
    "compañía",
];
const OF_COMPANY: [&str; 9] =
    ["name", "id", "domain", "associated", "primary", "parent", "the", "converted", "billing"];
const OWNER: [&str; 17] = [
    "owner",
    "assignee",
    "assigned",
    "rep",
    "salesperson",
    "sdr",
    "bdr",
    "zuständiger",
    "zuständig",
    "besitzer",
    "inhaber",
    "eigentümer",
    "betreuer",
    "bearbeiter",
    "propriétaire",
    "propietario",
    "eigenaar",
];
const ID: [&str; 4] = ["id", "ids", "uuid", "guid"];
const ADDRESS: [&str; 12] = [
    "address", "street", "zip", "zipcode", "postcode", "postal", "url", "website", "web", "linkedin", "homepage", "ip",
];
const PHONE: [&str; 12] = [
    "phone",
    "mobile",
    "fax",
    "telephone",
    "cellphone",
    "telefon",
    "telefonnummer",
    "handy",
    "handynummer",
    "mobiltelefon",
    "téléphone",
    "teléfono",
];
const FREE: [&str; 14] = [
    "description",
    "comment",
    "comments",
    "note",
    "notes",
    "message",
    "remarks",
    "beschreibung",
    "bemerkung",
    "bemerkungen",
    "notiz",
    "kommentar",
    "commentaire",
    "descripción",
];
/// Words that are a person's name by themselves.
const NAMES: [&str; 12] = [
    "firstname",
    "lastname",
    "surname",
    "fullname",
    "vorname",
    "nachname",
    "familienname",
    "prénom",
    "prenom",
    "apellido",
    "apellidos",
    "cognome",
];
/// What a live counter counts.
const DONE: [&str; 29] = [
    "seitenaufrufe",
    "besuche",
    "sitzungen",
    "klicks",
    "aktivitäten",
    "visites",
    "visitas",
    "pageviews",
    "views",
    "visits",
    "sessions",
    "clicks",
    "clicked",
    "opens",
    "opened",
    "delivered",
    "bounced",
    "sent",
    "submissions",
    "forms",
    "downloads",
    "events",
    "activities",
    "calls",
    "meetings",
    "conversations",
    "emails",
    "contacted",
    "touches",
];
const COUNTS: [&str; 9] = ["number", "num", "count", "times", "no", "nr", "anzahl", "nombre", "número"];
const LAST: [&str; 8] = ["last", "latest", "letzte", "letzter", "letztes", "dernier", "dernière", "última"];
const LIVE: [&str; 6] = ["score", "scoring", "grade", "rating", "quality", "duration"];

fn named(words: &[&str], is_text: bool) -> Option<Class> {
    let has = |any: &[&str]| words.iter().any(|word| any.contains(word));
    let last = *words.last()?;
    let is_email = matches!(words, [.., "email" | "mail"] | [.., "email" | "mail", "address"]);
    let is_name = matches!(words, ["name" | "first" | "last" | "nom" | "nome" | "naam" | "nombre"])
        || NAMES.contains(&last)
        || (last == "name" && has(&PERSON));
    let counts = has(&DONE) && (has(&COUNTS) || matches!(words, [.., "emails" | "email", _]));
    let is_account = has(&COMPANY) && words.iter().all(|word| COMPANY.contains(word) || OF_COMPANY.contains(word));
    if has(&OWNER) {
        Some(Class::Owner)
    } else if is_name && is_text {
        Some(Class::PersonName)
    } else if is_email && is_text {
        Some(Class::Email)
    } else if has(&PHONE) {
        Some(Class::Phone)
    } else if is_account || last == "domain" {
        Some(Class::Account)
    } else if ID.contains(&last) || words == ["lead", "number"] || words == ["record", "number"] {
        Some(Class::Identifier)
    } else if is_text && has(&ADDRESS) {
        Some(Class::Address)
    } else if is_text && has(&FREE) {
        Some(Class::FreeText)
    } else if counts {
        Some(Class::Counter)
    } else if has(&LIVE) || (LAST.contains(&words[0]) && words.len() > 1) {
        Some(Class::LiveValue)
    } else {
        None
    }
}

fn by_values(text: &Text) -> Option<Class> {
    let mut met = vec![false; text.levels.len()];
    let (mut filled, mut distinct) = (0usize, 0usize);
    for &code in text.codes.iter().filter(|code| **code != MISSING) {
        filled += 1;
        distinct += usize::from(!std::mem::replace(&mut met[code as usize], true));
    }
    if filled < FEWEST || (distinct as f64) < NEARLY_ALL_DISTINCT * filled as f64 {
        return None;
    }
    let levels = || text.levels.iter().zip(&met).filter(|(_, met)| **met).map(|(level, _)| level.as_str());
    let most = |is: &dyn Fn(&str) -> bool| 2 * levels().filter(|level| is(level)).count() > distinct;
    let letters: usize = levels().map(str::len).sum();
    Some(if most(&|level| level.contains('@') && !level.contains(' ')) {
        Class::Email
    } else if letters > SENTENCE * distinct && most(&|level| level.contains(' ')) {
        Class::FreeText
    } else {
        Class::Identifier
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(values: &[&str]) -> Column {
        Column::Text(values.iter().map(|value| Some(*value)).collect())
    }

    #[test]
    fn names_are_cut_into_words_however_they_are_written() {
        for name in ["Lead Status", "leadStatus", "lead_status", "LEAD-STATUS", "Lead_Status__c", "LeadStatus"] {
            assert_eq!(words_of(name), ["lead", "status"], "{name}");
        }
        assert_eq!(words_of("CRMScore2"), ["crm", "score2"]);
        assert_eq!(words_of(""), [] as [&str; 0]);
    }

    #[test]
    fn a_class_is_told_by_the_name() {
        let few = text(&["a", "b", "a"]);
        let numbers = Column::Number(vec![1.0, 2.0]);
        for (name, column, class) in [
            ("First Name", &few, Some(Class::PersonName)),
            ("Email", &text(&["a@b.example", "c@d.example"]), Some(Class::Email)),
            ("Opted Out Of Email", &few, None),
            ("Company Name", &few, Some(Class::Account)),
            ("ConvertedAccountId", &few, Some(Class::Account)),
            ("Contact owner", &few, Some(Class::Owner)),
            ("OwnerId", &few, Some(Class::Owner)),
            ("Record ID", &numbers, Some(Class::Identifier)),
            ("Number of Pageviews", &numbers, Some(Class::Counter)),
            ("Marketing emails opened", &numbers, Some(Class::Counter)),
            ("times_contacted", &numbers, Some(Class::Counter)),
            ("HubSpot Score", &numbers, Some(Class::LiveValue)),
            ("Last Activity", &few, Some(Class::LiveValue)),
            ("Vorname", &few, Some(Class::PersonName)),
            ("Zuständiger Mitarbeiter", &few, Some(Class::Owner)),
            ("Unternehmensname", &few, Some(Class::Account)),
            ("Anzahl der Seitenaufrufe", &numbers, Some(Class::Counter)),
            ("Letzte Aktivität", &few, Some(Class::LiveValue)),
            ("Anzahl der Mitarbeiter", &numbers, None),
            ("Phone", &few, Some(Class::Phone)),
            ("Website URL", &few, Some(Class::Address)),
            // These describe a lead.
            ("Number of Employees", &numbers, None),
            ("nr.employed", &numbers, None),
            ("Company Size", &few, None),
            ("account_type", &few, None),
            ("TotalVisits", &numbers, None),
            ("Total Time Spent on Website", &numbers, None),
            ("Job Title", &few, None),
            ("industry", &few, None),
        ] {
            assert_eq!(class_of(name, column), class, "{name}");
        }
    }

    #[test]
    fn what_names_somebody_is_numbered_in_its_order() {
        let names: Vec<String> = (0..11).rev().map(|i| format!("Rep {i:02}")).collect();
        let owners = text(&names.iter().map(String::as_str).collect::<Vec<_>>());
        let numbered = concealed("Contact owner", &owners).unwrap();
        assert_eq!((numbered.levels[10].as_str(), numbered.levels[0].as_str()), ("(withheld 01)", "(withheld 11)"));
        let Column::Text(own) = &owners else { panic!() };
        let order = |text: &Text| {
            let mut codes: Vec<usize> = (0..text.levels.len()).collect();
            codes.sort_by_key(|&code| &text.levels[code]);
            codes
        };
        assert_eq!((order(&numbered), &numbered.codes), (order(own), &own.codes));
        for (name, is_concealed) in
            [("Phone", true), ("Company Name", true), ("HubSpot Score", false), ("industry", false)]
        {
            assert_eq!(concealed(name, &text(&["a", "b", "a"])).is_some(), is_concealed, "{name}");
        }
    }

    #[test]
    fn texts_that_nobody_shares_name_their_lead() {
        let each = |of: &dyn Fn(usize) -> String, leads: usize| {
            let values: Vec<String> = (0..leads).map(of).collect();
            text(&values.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert_eq!(class_of("x", &each(&|i| format!("k{i}"), 20)), Some(Class::Identifier));
        assert_eq!(class_of("x", &each(&|i| format!("k{i}"), 19)), None);
        assert_eq!(class_of("x", &each(&|i| format!("k{}", i / 2), 40)), None);
        assert_eq!(class_of("x", &each(&|i| format!("a{i}@b.example"), 20)), Some(Class::Email));
        let said = |i: usize| format!("number {i} would like to hear more of what this can do");
        assert_eq!(class_of("x", &each(&said, 20)), Some(Class::FreeText));
    }
}
