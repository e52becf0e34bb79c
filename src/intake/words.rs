//! Words by which columns, tables and kinds are told apart where their values do not: stems, in the languages of common exports.

use crate::data::{Fate, spoken};
use crate::table::words_of;

/// What a name speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    Created,
    Changed,
    Closed,
    Won,
    Lost,
    Stage,
    Amount,
    Kind,
    Subject,
    Value,
    Old,
    Field,
    Score,
    Source,
    Person,
    Lead,
    Deal,
    Activity,
    Planned,
    Deleted,
    /// What a lead said to further messages: as of today.
    Consent,
    /// What leads do: a number of it grows.
    Done,
    Key,
}

impl Meaning {
    /// Stems: a word that begins with one, or with `-` before it ends with one, has the meaning.
    fn stems(self) -> &'static [&'static str] {
        match self {
            Self::Created => &[
                "creat",
                "erstell",
                "angelegt",
                "anlage",
                "créé",
                "cree",
                "créat",
                "crée",
                "créa",
                "cread",
                "criad",
                "aangemaakt",
                "inserted",
                "registered",
                "submitted",
                "received",
                "eingang",
                "occurred",
                "sent",
                "happened",
            ],
            Self::Changed => &[
                "modif",
                "updat",
                "chang",
                "geändert",
                "änderung",
                "aktualisier",
                "mis",
                "last",
                "latest",
                "letzte",
                "dernier",
                "dernière",
                "ultim",
                "últim",
                "sync",
                "refresh",
            ],
            Self::Closed => &[
                "clos",
                "abschluss",
                "abgeschlossen",
                "geschlossen",
                "clôture",
                "fermeture",
                "cierre",
                "fechamento",
                "chiusura",
                "sluit",
                "-schlussdatum",
            ],
            Self::Won => &[
                "won",
                "win",
                "gewonn",
                "gagn",
                "ganad",
                "vint",
                "customer",
                "kunde",
                "client",
                "cliente",
                "klant",
                "convert",
                "konvert",
                "purchas",
                "kauf",
                "achat",
                "order",
                "paid",
                "signed",
                "conversion",
                "sold",
                "vend",
                "vente",
                "venta",
                "verkauf",
            ],
            Self::Lost => &[
                "lost",
                "loss",
                "verlor",
                "perdu",
                "perdid",
                "pers",
                "disqualif",
                "unqualif",
                "reject",
                "abgelehnt",
                "recycl",
                "dead",
            ],
            Self::Stage => &[
                "stage",
                "-stage",
                "status",
                "phase",
                "-phase",
                "étape",
                "etap",
                "fase",
                "-fase",
                "fáze",
                "fas",
                "aşama",
                "stato",
                "estado",
                "フェーズ",
                "-status",
                "outcome",
                "result",
            ],
            Self::Amount => &[
                "amount", "value", "betrag", "wert", "-wert", "umsatz", "montant", "importe", "valor", "revenue",
                "arr", "mrr", "acv", "tcv", "price", "preis", "volumen", "bedrag",
            ],
            Self::Kind => &[
                "type",
                "typ",
                "kind",
                "event",
                "activity",
                "aktivität",
                "aktion",
                "action",
                "art",
                "tipo",
                "channel",
                "ereignis",
            ],
            Self::Subject => {
                &["subject", "betreff", "name", "objet", "asunto", "title", "form", "page", "asset", "value", "detail"]
            }
            Self::Value => {
                &["new", "neu", "neuer", "nouvel", "nouveau", "nuev", "to", "value", "wert", "valeur", "valor"]
            }
            Self::Old => {
                &["old", "alt", "alter", "prior", "previous", "ancien", "anterior", "from", "before", "vorher"]
            }
            Self::Field => {
                &["field", "feld", "-feld", "property", "eigenschaft", "attribute", "champ", "campo", "propri"]
            }
            Self::Score => &[
                "score",
                "-score",
                "scoring",
                "-scoring",
                "punkt",
                "-punkte",
                "bewertung",
                "puntuac",
                "puntaje",
                "pontua",
            ],
            Self::Source => &[
                "source", "-source", "quelle", "-quelle", "herkunft", "campaign", "kampagne", "campagne", "campaña",
                "medium", "referr", "utm", "channel", "kanal", "landing", "origin", "origen", "fuente", "origem",
            ],
            Self::Person => &[
                "email",
                "mail",
                "e",
                "first",
                "last",
                "vorname",
                "nachname",
                "prénom",
                "nom",
                "nombre",
                "apellido",
                "job",
                "title",
                "phone",
                "telefon",
                "unsubscribed",
                "position",
            ],
            Self::Lead => &["lead", "contact", "kontakt", "prospect", "person", "interessent", "contacto", "prospecto"],
            Self::Deal => &[
                "deal",
                "opportunit",
                "opp",
                "geschäft",
                "abschlü",
                "abschluss",
                "transaction",
                "negocio",
                "affaire",
                "order",
                "sale",
                "outcome",
                "conversion",
                "opportunität",
                "verkauf",
                "trato",
            ],
            Self::Activity => &[
                "task",
                "event",
                "activit",
                "aktivität",
                "engagement",
                "email",
                "form",
                "page",
                "visit",
                "click",
                "submission",
                "log",
                "aufgabe",
                "touch",
                "session",
            ],
            Self::Planned => &[
                "due",
                "expected",
                "planned",
                "renewal",
                "contract",
                "next",
                "fällig",
                "geplant",
                "nächst",
                "subscription",
            ],
            Self::Deleted => &["deleted", "-deleted", "gelöscht", "supprimé", "eliminad", "archived", "test"],
            Self::Consent => &["unsub", "opted", "optout", "abgemeldet", "bounce", "désabonn", "baja", "subscribed"],
            Self::Done => &[
                "visit",
                "event",
                "view",
                "pageview",
                "click",
                "open",
                "session",
                "activit",
                "email",
                "submission",
                "download",
                "touch",
                "seitenaufruf",
                "besuch",
                "klick",
                "sitzung",
                "aktivität",
                "öffnung",
                "visite",
                "vue",
                "clic",
                "sesion",
                "sesión",
                "visita",
                "apertura",
                "ouverture",
                "totalvisit",
                "meeting",
                "call",
            ],
            Self::Key => &[
                "id",
                "-id",
                "ids",
                "key",
                "ref",
                "number",
                "nummer",
                "lead",
                "contact",
                "kontakt",
                "recipient",
                "email",
                "mail",
                "who",
                "person",
                "prospect",
                "uuid",
                "guid",
                "empfänger",
                "objekt",
                "object",
            ],
        }
    }

    /// Whether a name has a word of this meaning.
    pub fn is_in(self, name: &str) -> bool {
        let words = words_of(name);
        words.iter().any(|word| self.stems().iter().any(|stem| has(word, stem)))
    }
}

fn has(word: &str, stem: &str) -> bool {
    match stem.strip_prefix('-') {
        Some(end) => word.ends_with(end),
        // A short stem is a word of its own.
        None if stem.chars().count() <= 3 => word == stem,
        None => word.starts_with(stem),
    }
}

/// What a value of stages is likely to mean: words that a deal's stage has, and that elsewhere mean other things.
pub(super) fn likely(value: &str) -> Option<Fate> {
    const WON: [&str; 14] = [
        "sold",
        "signed",
        "accepted",
        "purchased",
        "paid",
        "enrolled",
        "customer",
        "auftrag",
        "kunde",
        "vendid",
        "vendu",
        "signé",
        "firmado",
        "ordered",
    ];
    const LOST: [&str; 16] = [
        "declined",
        "withdrawn",
        "churned",
        "cancel",
        "absage",
        "abgebrochen",
        "abgelehnt",
        "storniert",
        "refus",
        "annul",
        "rechaz",
        "not interested",
        "no sale",
        "no decision",
        "closed lost",
        "out-sold",
    ];
    let value = value.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| value.contains(word));
    spoken(&value).or_else(|| match (has(&WON), has(&LOST)) {
        (true, false) => Some(Fate::Won),
        (false, true) => Some(Fate::Lost),
        _ => None,
    })
}

/// Words of touches that sales makes, beside those that the screening knows.
const TOUCHES: [&str; 14] = [
    "anruf",
    "telefonat",
    "besprechung",
    "termin",
    "angebot",
    "appel",
    "rendez",
    "réunion",
    "llamada",
    "reunión",
    "chamada",
    "reunião",
    "demo call",
    "voicemail",
];

/// Whether a kind of events is one that sales makes.
pub(super) fn is_touch(kind: &str) -> bool {
    let lower = kind.to_lowercase();
    crate::screening::touching_word(kind).is_some() || TOUCHES.iter().any(|word| lower.contains(word))
}

/// A name as it is compared across systems: `leadScore`, `Lead Score` and `lead_score__c` are one.
pub(super) fn folded(name: &str) -> String {
    words_of(name).concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_a_meaning_in_several_languages() {
        for (meaning, name, is_in) in [
            (Meaning::Created, "Create Date", true),
            (Meaning::Created, "CreatedDate", true),
            (Meaning::Created, "Erstellungsdatum", true),
            (Meaning::Created, "Date de création", true),
            (Meaning::Closed, "Close Date", true),
            (Meaning::Closed, "Abschlussdatum", true),
            (Meaning::Closed, "Fecha de cierre", true),
            (Meaning::Stage, "Deal-Phase", true),
            (Meaning::Stage, "lifecyclestage", true),
            (Meaning::Amount, "Betrag", true),
            (Meaning::Amount, "Art", false),
            (Meaning::Kind, "Art", true),
            (Meaning::Kind, "Start", false),
            (Meaning::Lead, "Zugeordnete Kontakt-IDs", true),
            (Meaning::Score, "HubSpot Score", true),
            (Meaning::Score, "Lead_Score__c", true),
            (Meaning::Source, "Ursprüngliche Quelle", true),
            (Meaning::Changed, "LastModifiedDate", true),
        ] {
            assert_eq!(meaning.is_in(name), is_in, "{meaning:?} in {name}");
        }
        assert_eq!(folded("Lead_Score__c"), folded("leadScore"));
        assert!(is_touch("Call") && is_touch("Anruf bei Kunde") && !is_touch("Email: opened"));
    }
}
