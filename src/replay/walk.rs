//! Walk-forward: each calendar period is judged by models fitted on what was known when it began.

use std::str::FromStr;

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::data::History;
use crate::time::{Calendar, Horizon, Instant, NEVER, Span, Zone};

use super::ReplayError;
use super::fates::{APART, Fate};

/// Fits on fewer wins tell hardly anything: periods that begin with fewer are not evaluated.
pub const ENOUGH_WINS: usize = 20;

/// Evaluate period after period, each with models fitted only on what was mature when it began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WalkSpec {
    /// The calendar periods, by creation, that are evaluated one after the other.
    #[serde(default)]
    pub every: Every,
    /// How long before a period's start the leads were created that models learn from: `12 months`, `365d`, or `all`.
    #[serde(default)]
    pub train: LookBack,
    /// Leads created before are left out: the log of events breaks there.
    #[serde(skip)]
    pub after: Option<Instant>,
}

impl WalkSpec {
    /// "anew each quarter on everything mature when it began".
    pub fn in_words(&self) -> String {
        format!("anew each {} on {} when it began", self.every.in_words(), self.train.in_words())
    }
}

/// How often models are fitted anew.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Every {
    Month,
    #[default]
    Quarter,
    Year,
}

impl Every {
    pub fn calendar(self) -> Calendar {
        match self {
            Self::Month => Calendar::Month,
            Self::Quarter => Calendar::Quarter,
            Self::Year => Calendar::Year,
        }
    }

    pub fn in_words(self) -> &'static str {
        match self {
            Self::Month => "month",
            Self::Quarter => "quarter",
            Self::Year => "year",
        }
    }
}

/// How far back a fit looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LookBack {
    #[default]
    All,
    Months(u16),
    Within(Span),
}

impl LookBack {
    /// The creation from which on a fit that is made at an instant learns.
    pub fn from(self, begins: Instant, zone: &Zone) -> Instant {
        match self {
            Self::All => Instant::MIN,
            Self::Months(months) => zone.months_before(begins, months),
            Self::Within(span) => begins.saturating_sub(span.micros()),
        }
    }

    pub fn in_words(self) -> String {
        match self {
            Self::All => "everything mature".into(),
            Self::Months(1) => "what was mature of the last month".into(),
            Self::Months(months) => format!("what was mature of the last {months} months"),
            Self::Within(span) => format!("what was mature of the last {}", span.in_words()),
        }
    }
}

impl FromStr for LookBack {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no length of training: expected `12 months`, `2 years`, `365d` or `all`");
        let trimmed = text.trim();
        if trimmed == "all" {
            return Ok(Self::All);
        }
        let split = trimmed.find(|c: char| c.is_ascii_alphabetic()).ok_or_else(wrong)?;
        let months = match &trimmed[split..] {
            "month" | "months" => 1,
            "quarter" | "quarters" => 3,
            "year" | "years" => 12,
            _ => {
                let span = trimmed.parse::<Span>().map_err(|_| wrong())?;
                return if span.micros() > 0 { Ok(Self::Within(span)) } else { Err(wrong()) };
            }
        };
        let count: u16 = trimmed[..split].trim().parse().map_err(|_| wrong())?;
        count.checked_mul(months).filter(|months| (1..=2_400).contains(months)).map(Self::Months).ok_or_else(wrong)
    }
}

impl std::fmt::Display for LookBack {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::All => write!(f, "all"),
            Self::Months(months) => write!(f, "{months} months"),
            Self::Within(span) => write!(f, "{span}"),
        }
    }
}

impl Serialize for LookBack {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for LookBack {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl JsonSchema for LookBack {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LookBack".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "type": "string",
            "pattern": r"^\s*(all|[0-9.]+\s*(months?|quarters?|years?|w|d|h|weeks?|days?|hours?))\s*$",
            "description": "A length of training: 12 months, 2 years, 365d, or all."
        })
    }
}

/// The periods that are evaluated, oldest first, and which leads each fit learns from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Walk {
    pub fits: Vec<FitPeriod>,
    /// By row: the fit that scores the lead. That of its period; before the first and in a gap the nearest earlier one.
    pub fit: Vec<u32>,
    /// By row: the fits that learn from it, half-open.
    pub trains: Vec<(u32, u32)>,
}

/// A period with its fit.
#[derive(Clone, Debug, PartialEq)]
pub struct FitPeriod {
    /// "2026Q3".
    pub name: String,
    /// When it begins: what the fit learns from was mature by then.
    pub begins: Instant,
    /// When the next period begins.
    pub ends: Instant,
    /// How many leads the fit learns from, and how many of them won.
    pub leads: usize,
    pub wins: usize,
}

impl Walk {
    /// The rows that a fit learns from.
    pub fn training(&self, fit: usize) -> Vec<usize> {
        let learns = |&(from, to): &(u32, u32)| (from..to).contains(&(fit as u32));
        (0..self.trains.len()).filter(|&row| learns(&self.trains[row])).collect()
    }

    /// From the start to the end of the periods that follow one another.
    pub fn stretches(&self) -> Vec<(Instant, Instant)> {
        self.fits.chunk_by(|a, b| a.ends == b.begins).map(|fits| (fits[0].begins, fits[fits.len() - 1].ends)).collect()
    }

    /// The rows named.
    #[must_use]
    pub fn take(&self, rows: &[usize]) -> Self {
        Self {
            fits: self.fits.clone(),
            fit: rows.iter().map(|&row| self.fit[row]).collect(),
            trains: rows.iter().map(|&row| self.trains[row]).collect(),
        }
    }
}

/// What decides by lead whether, and for what, a walk takes it.
pub(super) struct Candidates<'a> {
    pub history: &'a History,
    pub horizon: Horizon,
    pub as_of: &'a [Instant],
    pub fates: &'a [Fate],
    /// Whether it is scored before anything was decided, by the end of the data.
    pub usable: &'a [bool],
    /// Whether it is in the window of evaluation.
    pub evaluate: &'a [bool],
}

/// The walk over all leads of a history, and whether each lead is in a period that is evaluated.
pub(super) fn walk(spec: &WalkSpec, of: &Candidates) -> Result<(Walk, Vec<bool>), ReplayError> {
    let (Some(created), true) = (&of.history.created, of.history.outcomes.timed) else {
        return Err(ReplayError::WalkNeedsTimes);
    };
    let Horizon::Within(span) = of.horizon else { return Err(ReplayError::WalkNeedsHorizon) };
    let zone = &of.history.zone;
    let closes = |lead: usize| of.as_of[lead].saturating_add(span.micros());
    let first = spec.after.unwrap_or(Instant::MIN);
    let is_known = |lead: usize| of.usable[lead] && created[lead] != NEVER && created[lead] >= first;
    let is_judged = |lead: &usize| is_known(*lead) && of.evaluate[*lead];
    let judged: Vec<usize> = (0..created.len()).into_par_iter().with_min_len(APART).filter(is_judged).collect();
    let starts = starts(judged.iter().map(|&lead| created[lead]), zone, spec.every.calendar());
    let back: Vec<Instant> = starts.iter().map(|&start| spec.train.from(start, zone)).collect();
    // A window of training moves on: the fits that learn from a lead follow one another.
    let trains = |lead: usize| {
        if !is_known(lead) || closes(lead) > of.history.until {
            return (0, 0);
        }
        let from = starts.partition_point(|start| *start < closes(lead));
        let to = back.partition_point(|back| *back <= created[lead]);
        (from as u32, to.max(from) as u32)
    };
    let trains: Vec<(u32, u32)> = (0..created.len()).into_par_iter().with_min_len(APART).map(trains).collect();
    let won = |lead: usize| of.fates[lead].won != NEVER && of.fates[lead].won <= closes(lead);
    let mut learned = vec![(0, 0); starts.len()];
    for (lead, &(from, to)) in trains.iter().enumerate() {
        for (leads, wins) in &mut learned[from as usize..to as usize] {
            *leads += 1;
            *wins += usize::from(won(lead));
        }
    }
    let enough = |&(leads, wins): &(usize, usize)| wins >= ENOUGH_WINS && leads - wins >= ENOUGH_WINS;
    let kept: Vec<usize> = (0..starts.len()).filter(|&period| enough(&learned[period])).collect();
    if kept.is_empty() {
        let most = learned.iter().map(|(_, wins)| *wins).max().unwrap_or(0);
        return Err(ReplayError::NoWalk { every: spec.every.in_words(), most, enough: ENOUGH_WINS });
    }
    let period_of = |lead: usize| starts.partition_point(|start| *start <= created[lead]).checked_sub(1);
    let evaluated = |lead: usize| {
        let period = period_of(lead).filter(|_| is_judged(&lead));
        period.is_some_and(|period| kept.binary_search(&period).is_ok())
    };
    let fit = |lead: usize| {
        let before = |period: usize| kept.partition_point(|kept| *kept <= period).saturating_sub(1);
        period_of(lead).map_or(0, before) as u32
    };
    // From places among all periods to places among those that are evaluated.
    let place = |period: u32| kept.partition_point(|kept| (*kept as u32) < period) as u32;
    let fits = kept.iter().map(|&period| FitPeriod {
        name: zone.period_name(starts[period], spec.every.calendar()),
        begins: starts[period],
        ends: zone.period(starts[period], spec.every.calendar()).end,
        leads: learned[period].0,
        wins: learned[period].1,
    });
    let walk = Walk {
        fits: fits.collect(),
        fit: (0..created.len()).into_par_iter().with_min_len(APART).map(fit).collect(),
        trains: trains.into_par_iter().with_min_len(APART).map(|(from, to)| (place(from), place(to))).collect(),
    };
    let evaluated = (0..created.len()).into_par_iter().with_min_len(APART).map(evaluated).collect();
    Ok((walk, evaluated))
}

/// The starts of the calendar periods from that of the first instant to that of the last.
fn starts(at: impl Iterator<Item = Instant> + Clone, zone: &Zone, every: Calendar) -> Vec<Instant> {
    let (Some(first), Some(last)) = (at.clone().min(), at.max()) else { return Vec::new() };
    let next = |start: &Instant| Some(zone.period(*start, every).end).filter(|next| *next <= last && next > start);
    std::iter::successors(Some(zone.period_start(first, every)), next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_training_is_months_a_span_or_all() {
        let parsed = |text: &str| text.parse::<LookBack>().ok();
        assert_eq!(parsed("12 months"), Some(LookBack::Months(12)));
        assert_eq!(parsed(" 2 years "), Some(LookBack::Months(24)));
        assert_eq!(parsed("1 quarter"), Some(LookBack::Months(3)));
        assert_eq!(parsed("365d"), Some(LookBack::Within(Span::from_days(365.0))));
        assert_eq!(parsed("all"), Some(LookBack::All));
        for wrong in ["", "12", "0 months", "-3 months", "1.5 months", "0d", "everything", "99999 years"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn months_are_counted_on_the_calendar() {
        let zone = Zone::named("Europe/Berlin").unwrap();
        let july = zone.month_start(2026 * 12 + 6).unwrap();
        assert_eq!(LookBack::Months(12).from(july, &zone), zone.month_start(2025 * 12 + 6).unwrap());
        assert_eq!(LookBack::Within(Span::from_days(2.0)).from(july, &zone), july - 2 * crate::time::DAY);
    }
}
