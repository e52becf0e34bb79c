//! What columns and kinds of events give away of the outcome: evidence as data, for `report` has the words.

use serde::{Deserialize, Serialize};

use crate::table::Class;

use super::Estimate;

/// What is screened: a column of the leads, or a kind of events.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Column(String),
    Events(String),
    /// Events of all kinds together.
    AnyEvent,
}

impl Subject {
    /// The column, or the kind of events.
    pub fn name(&self) -> String {
        match self {
            Self::Column(name) | Self::Events(name) => name.clone(),
            Self::AnyEvent => "events".into(),
        }
    }
}

/// Leads of one fate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Winners,
    OpenDeals,
}

/// What every sale passes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// The column is filled.
    Filled,
    /// The flag is set.
    Set,
    /// The column has this value.
    Level(String),
    /// There is an event.
    Event,
}

/// Leads of a group that have something, of all in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Having {
    pub have: u64,
    pub of: u64,
}

/// One sign that something was not known when leads were scored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "code", content = "args", rename_all = "snake_case")]
pub enum Sign {
    /// Had by leads of one fate, and hardly by others.
    HadOnlyBy { group: Group, own: Having, others: Having },
    /// Had by no lead of one fate.
    HadByNoneOf { group: Group, own: Having, others: Having },
    /// Nearly all leads with a value converted; of the next best value, `like`.
    NearlyAllConverted { level: String, leads: u64, wins: u64, like: Having },
    /// A step that every sale passes.
    EverySale { step: Step, winners: Having, others: Having },
    /// Its times come after leads are scored: of all, of the winners, of others.
    AfterScoring { winners: Having, others: Having },
    /// Changed after the win, and not before it.
    ChangedAtWin { winners: u64, after: u64, before: u64 },
    /// Only leads that sales worked have one.
    OnlyWorked { worked: Having, not_worked: Having },
    /// Winners have far fewer events than others: they have gone elsewhere.
    EventsElsewhere { winners: Having, others: Having },
    /// Declared as sales' own touch.
    SalesTouch,
    /// Alone tells winners from others almost without fail.
    Ranks { auc: f64 },
    /// Its name is one that a sale writes; with how it ranks where that is clear.
    TellingName { word: String, auc: Option<f64> },
    /// Never a feature by default.
    Class { class: Class },
    /// Declared as known only later, at another column's time or when the data were exported.
    DeclaredLater { from: Option<String> },
}

/// What follows from the signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing speaks against it.
    Clean,
    /// Good to know; may be kept out of default features.
    Noted,
    /// Known when leads are scored, by the user's word.
    Declared,
    /// Answers are to be given with and without it.
    Doubted,
    /// No model that reads it can be promoted.
    Suspended,
}

/// A column or kind of events, and what was found of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screened {
    pub subject: Subject,
    pub standing: Standing,
    /// What speaks against it, the surest first.
    pub signs: Vec<Sign>,
    /// Whether a model takes it for a feature without being asked.
    pub by_default: bool,
    /// How it ranks leads by itself.
    pub auc: Estimate,
    /// For how many it is filled, or who has such an event.
    pub winners: Having,
    pub others: Having,
}

/// Something a model reads, and the sign against it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Suspicion {
    pub subject: Subject,
    pub sign: Sign,
}

/// Every column and kind of events, in their order in the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Screening {
    pub leads: u64,
    pub winners: u64,
    pub list: Vec<Screened>,
}

impl Suspicion {
    /// Whether it makes what reads it look worse than it is, not better.
    pub fn hides(&self) -> bool {
        matches!(self.sign, Sign::EventsElsewhere { .. })
    }
}

impl Screened {
    pub fn is_suspended(&self) -> bool {
        self.standing == Standing::Suspended
    }

    pub fn suspicion(&self) -> Option<Suspicion> {
        let sign = self.signs.first()?.clone();
        Some(Suspicion { subject: self.subject.clone(), sign })
    }
}

impl Screening {
    /// The same, with what is doubted taken for suspended.
    #[must_use]
    pub fn distrusting(mut self) -> Self {
        for one in self.list.iter_mut().filter(|one| one.standing == Standing::Doubted) {
            (one.standing, one.by_default) = (Standing::Suspended, false);
        }
        self
    }

    pub fn of(&self, subject: &Subject) -> Option<&Screened> {
        self.list.iter().find(|one| one.subject == *subject)
    }

    pub fn column(&self, name: &str) -> Option<&Screened> {
        self.list.iter().find(|one| matches!(&one.subject, Subject::Column(known) if known == name))
    }

    /// Those of a standing, of which some speak of what models read.
    pub fn standing(&self, standing: Standing) -> impl Iterator<Item = &Screened> {
        self.list.iter().filter(move |one| one.standing == standing)
    }

    /// Why a model that reads these cannot be promoted.
    pub fn suspicions<'a>(&'a self, reads: impl IntoIterator<Item = &'a Subject>) -> Vec<Suspicion> {
        let of = |subject: &Subject| self.of(subject).filter(|one| one.is_suspended())?.suspicion();
        let mut found: Vec<Suspicion> = Vec::new();
        for suspicion in reads.into_iter().filter_map(of) {
            // That events have gone elsewhere is said once, of all kinds.
            let elsewhere = matches!(suspicion.sign, Sign::EventsElsewhere { .. });
            let subject = if elsewhere { Subject::AnyEvent } else { suspicion.subject };
            let suspicion = Suspicion { subject, sign: suspicion.sign };
            if !found.contains(&suspicion) {
                found.push(suspicion);
            }
        }
        found
    }
}
