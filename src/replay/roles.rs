use rayon::prelude::*;

use crate::data::{Events, History};
use crate::result::{Exclusion, Ledger, WinsBefore};
use crate::table::did_you_mean;
use crate::time::{DAY, Horizon, Instant, Moment, NEVER, known};

use super::fates::{APART, Fate};
use super::walk::{Candidates, Walk, walk};
use super::{AsOf, ReplayError, ReplaySpec, Window};

/// What a lead is used for, or the first reason for which it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Training,
    /// In the evaluation window, its horizon over.
    Evaluated,
    /// In the evaluation window, its horizon still open.
    Immature,
    Outside,
    NoAsOf,
    AfterUntil,
    Decided,
    TrainingOpen,
    /// In a period that begins before there is enough to fit models on, and no later fit learns from it.
    BeforeFits,
    /// A deal that is still open, and nobody knows when others ended.
    Open,
}

impl Role {
    /// Whether the lead takes part in this run.
    pub fn is_used(self) -> bool {
        matches!(self, Self::Training | Self::Evaluated | Self::Immature)
    }

    /// As the ledger says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Training => "training",
            Self::Evaluated => "evaluated",
            Self::Immature => "immature",
            Self::Outside => "outside the windows",
            Self::NoAsOf => "no moment to score at",
            Self::AfterUntil => "scored only after the outcomes were exported",
            Self::Decided => "decided before it was scored",
            Self::TrainingOpen => "training lead whose horizon was still open when evaluation began",
            Self::BeforeFits => "in a period that begins with too few wins to fit models on",
            Self::Open => "deal still open",
        }
    }
}

const EXCLUSIONS: [Role; 7] =
    [Role::Outside, Role::NoAsOf, Role::AfterUntil, Role::Decided, Role::TrainingOpen, Role::BeforeFits, Role::Open];

/// When each lead is scored; [`NEVER`] where it has no such moment.
pub(super) fn as_of(history: &History, spec: &AsOf) -> Result<Vec<Instant>, ReplayError> {
    match (spec, &history.created) {
        (AsOf::Created, Some(created)) => Ok(created.clone()),
        (AsOf::AfterCreated(span), Some(created)) => {
            Ok(created.iter().map(|&at| known(at).map_or(NEVER, |at| at + span.micros())).collect())
        }
        (AsOf::Event(kind), created) => {
            let events = history.events.as_ref().ok_or(ReplayError::AsOfNeedsEvents)?;
            if events.folded.is_some() {
                return Err(ReplayError::NeedsEvents { what: "replay.as_of: scoring at an event" });
            }
            first_event(events, kind, created.as_deref(), history.ids.len())
        }
        // Without any time a lead is scored as it stands in its file.
        (AsOf::Created, None) if history.events.is_none() => Ok(vec![NEVER; history.ids.len()]),
        (AsOf::Created, None) => Err(ReplayError::EventsNeedTimes),
        (AsOf::AfterCreated(_), None) => Err(ReplayError::AsOfNeedsTimes),
    }
}

fn first_event(
    events: &Events,
    kind: &str,
    created: Option<&[Instant]>,
    leads: usize,
) -> Result<Vec<Instant>, ReplayError> {
    let unknown = || ReplayError::UnknownKind {
        kind: kind.into(),
        near: did_you_mean(events.kinds.iter().map(String::as_str), kind),
    };
    let code = events.kinds.iter().position(|name| name == kind).ok_or_else(unknown)? as u32;
    let mut first = vec![NEVER; leads];
    for chunk in &events.chunks {
        for (i, &lead) in chunk.lead.iter().enumerate().filter(|(i, _)| chunk.kind[*i] == code) {
            let lead = lead as usize;
            let at = chunk.at[i];
            let born = created.is_none_or(|created| created[lead] != NEVER && at >= created[lead]);
            if born && (first[lead] == NEVER || at < first[lead]) {
                first[lead] = at;
            }
        }
    }
    Ok(first)
}

/// Whether each lead is in a window.
#[derive(Default)]
pub(super) struct Membership {
    /// Empty without such a window.
    train: Vec<bool>,
    evaluate: Vec<bool>,
    /// When evaluation begins: training horizons must have closed by then.
    evaluation_begins: Option<Instant>,
}

pub(super) fn membership(history: &History, spec: &ReplaySpec) -> Result<Membership, ReplayError> {
    let none = || vec![false; history.ids.len()];
    let train = spec.train.as_ref().map_or_else(|| Ok(none()), |window| inside(history, window, "train"))?;
    let evaluate = match &spec.evaluate {
        Some(window) => inside(history, window, "evaluate")?,
        None => train.iter().map(|train| !train).collect(),
    };
    let mut shared = (0..train.len()).filter(|&lead| train[lead] && evaluate[lead]);
    if let Some(first) = shared.next() {
        return Err(ReplayError::WindowsOverlap { leads: 1 + shared.count(), example: history.ids.get(first).into() });
    }
    let stated = spec.evaluate.as_ref().and_then(|window| window.from.as_ref()).map(|from| from.start(&history.zone));
    let earliest = || {
        let created = history.created.as_ref()?;
        created.iter().zip(&evaluate).filter(|(at, inside)| **inside && **at != NEVER).map(|(at, _)| *at).min()
    };
    let evaluation_begins = stated.or_else(earliest);
    Ok(Membership { train, evaluate, evaluation_begins })
}

fn inside(history: &History, window: &Window, name: &'static str) -> Result<Vec<bool>, ReplayError> {
    if let Some(rows) = &window.rows {
        if window.from.is_some() || window.to.is_some() {
            return Err(ReplayError::WindowOverdetermined { window: name });
        }
        return Ok(history.position.iter().map(|&row| rows.contains(row)).collect());
    }
    let bound = |moment: &Option<Moment>, open| moment.as_ref().map_or(open, |moment| moment.start(&history.zone));
    let (from, to) = (bound(&window.from, NEVER), bound(&window.to, Instant::MAX));
    if from >= to {
        let text = |at| history.zone.text(at);
        return Err(ReplayError::WindowEmpty { window: name, from: text(from), to: text(to) });
    }
    match &history.created {
        Some(created) => Ok(created.iter().map(|&at| at != NEVER && from <= at && at < to).collect()),
        None if window.from.is_none() && window.to.is_none() => Ok(vec![true; history.ids.len()]),
        None => Err(ReplayError::WindowNeedsTimes { window: name }),
    }
}

/// The role of every lead; where models are fitted period by period, with the fits that learn from it.
pub(super) fn roles(
    history: &History,
    spec: &ReplaySpec,
    learns: bool,
    windows: &Membership,
    as_of: &[Instant],
    fates: &[Fate],
) -> Result<(Vec<Role>, Option<Walk>), ReplayError> {
    let plain = plain_roles(history, spec, windows, as_of, fates);
    let Some(of_walk) = spec.walk.as_ref().filter(|_| learns) else { return Ok((plain, None)) };
    // Who may be scored, whatever the window of evaluation.
    let everyone = Membership { evaluate: vec![true; history.ids.len()], ..Membership::default() };
    let usable = plain_roles(history, spec, &everyone, as_of, fates);
    let usable: Vec<bool> = usable.into_iter().map(Role::is_used).collect();
    let candidates =
        Candidates { history, horizon: spec.horizon, as_of, fates, usable: &usable, evaluate: &windows.evaluate };
    let (walk, evaluated) = walk(of_walk, &candidates)?;
    let role = |(lead, plain): (usize, Role)| {
        let (from, to) = walk.trains[lead];
        match plain {
            _ if evaluated[lead] => plain,
            _ if from < to => Role::Training,
            plain if plain.is_used() => Role::BeforeFits,
            plain => plain,
        }
    };
    let roles = plain.into_iter().enumerate().map(role).collect();
    Ok((roles, Some(walk)))
}

fn plain_roles(
    history: &History,
    spec: &ReplaySpec,
    windows: &Membership,
    as_of: &[Instant],
    fates: &[Fate],
) -> Vec<Role> {
    // Without a clock there is no before and after: every lead counts as mature.
    let clock = history.outcomes.timed && (history.created.is_some() || matches!(spec.as_of, AsOf::Event(_)));
    let closes = |at: Instant| match spec.horizon {
        Horizon::Within(span) => at + span.micros(),
        Horizon::Ever => history.until,
    };
    let role = |lead: usize| {
        let train = windows.train.get(lead) == Some(&true);
        let (evaluate, at) = (windows.evaluate[lead], as_of[lead]);
        if !train && !evaluate {
            return Role::Outside;
        }
        let timeless = history.created.is_none() && spec.as_of == AsOf::Created;
        if at == NEVER && !timeless {
            return Role::NoAsOf;
        }
        if clock && at > history.until {
            return Role::AfterUntil;
        }
        if clock && fates[lead].is_decided(at) {
            return Role::Decided;
        }
        let is_open = history.outcomes.open.get(lead) == Some(&true);
        if is_open && !history.outcomes.timed && !fates[lead].flagged {
            return Role::Open;
        }
        match (train, clock) {
            (true, true) if windows.evaluation_begins.is_some_and(|begins| closes(at) > begins) => Role::TrainingOpen,
            (true, true) if closes(at) > history.until => Role::TrainingOpen,
            (true, _) => Role::Training,
            (false, true) if closes(at) > history.until => Role::Immature,
            (false, _) => Role::Evaluated,
        }
    };
    (0..history.ids.len()).into_par_iter().with_min_len(APART).map(role).collect()
}

/// Every lead counted under its role.
pub(super) fn ledger(history: &History, as_of: &[Instant], fates: &[Fate], roles: &[Role]) -> Ledger {
    let count = |role: Role| roles.iter().filter(|known| **known == role).count() as u64;
    let read_errors = [("unreadable", history.unreadable), ("duplicate", history.duplicates)];
    let excluded = EXCLUSIONS.into_iter().map(|role| (role.in_words(), count(role)));
    let left_out = history.left_out.iter().map(|(words, rows)| (words.as_str(), *rows));
    let exclusions = left_out.chain(read_errors).chain(excluded).filter(|(_, leads)| *leads > 0);
    let timed = history.outcomes.timed;
    let is_winner =
        |lead: &usize| roles[*lead] != Role::Outside && (fates[*lead].won != NEVER || (!timed && fates[*lead].flagged));
    let winners: Vec<usize> = (0..roles.len()).filter(is_winner).collect();
    let won = winners.len() as u64;
    let before = |cut: &dyn Fn(usize) -> Instant| {
        let is_before =
            |lead: usize| timed && fates[lead].won != NEVER && cut(lead) != NEVER && fates[lead].won <= cut(lead);
        winners.iter().filter(|&&lead| is_before(lead)).count() as u64
    };
    let wins_before_as_of = before(&|lead| as_of[lead]);
    let at_days = |days: f64| {
        let created = history.created.as_ref()?;
        let wins = before(&|lead| known(created[lead]).map_or(NEVER, |at| at + (days * DAY as f64) as i64));
        Some(WinsBefore { days, wins, of: won })
    };
    let headline = won > 0 && wins_before_as_of as f64 > 0.1 * won as f64;
    Ledger {
        read: history.read,
        training: count(Role::Training),
        evaluated: count(Role::Evaluated),
        immature: count(Role::Immature),
        exclusions: exclusions.map(|(reason, leads)| Exclusion { reason: reason.into(), leads }).collect(),
        wins_before_as_of,
        wins_in_window: won,
        wins_before: if headline {
            [0.0, 7.0, 14.0, 30.0].into_iter().filter_map(at_days).collect()
        } else {
            Vec::new()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::fates::fates;
    use super::super::fates::tests::history;
    use super::*;
    use crate::time::Span;

    /// The role of one lead, created at 0, with such a win and loss (0 is none).
    fn role(won: Instant, lost: Instant, until: Instant, change: impl FnOnce(&mut History, &mut Membership)) -> Role {
        let mut history = history(&[(won, lost)], until);
        let mut windows = Membership { train: vec![false], evaluate: vec![true], evaluation_begins: None };
        change(&mut history, &mut windows);
        let spec = ReplaySpec { horizon: Horizon::Within(Span::from_days(2.0)), ..ReplaySpec::default() };
        plain_roles(&history, &spec, &windows, &[DAY], &fates(&history))[0]
    }

    #[test]
    fn each_boundary_of_a_role_is_where_the_design_puts_it() {
        let plain = |won, lost, until| role(won, lost, until, |_, _| ());
        assert_eq!(plain(0, 0, 3 * DAY), Role::Evaluated, "the horizon closes with the export");
        assert_eq!(plain(0, 0, 3 * DAY - 1), Role::Immature);
        assert_eq!(plain(0, 0, DAY), Role::Immature);
        assert_eq!(plain(0, 0, DAY - 1), Role::AfterUntil);
        assert_eq!(plain(DAY, 0, 3 * DAY), Role::Decided);
        assert_eq!(plain(DAY + 1, 0, 3 * DAY), Role::Evaluated);
        assert_eq!(plain(0, DAY, 3 * DAY), Role::Decided);
        let training = |begins: Instant, until: Instant| {
            role(0, 0, until, |_, windows| {
                *windows = Membership { train: vec![true], evaluate: vec![false], evaluation_begins: Some(begins) };
            })
        };
        assert_eq!(training(3 * DAY, 9 * DAY), Role::Training, "its outcome was known when evaluation began");
        assert_eq!(training(3 * DAY - 1, 9 * DAY), Role::TrainingOpen);
        assert_eq!(training(3 * DAY, 3 * DAY - 1), Role::TrainingOpen);
    }

    #[test]
    fn an_open_deal_is_left_out_only_where_nobody_knows_when_others_ended() {
        let open = |timed: bool, won: Instant| {
            role(won, 0, 9 * DAY, |history, _| {
                (history.outcomes.timed, history.outcomes.open) = (timed, vec![true]);
                history.outcomes.lost = Vec::new();
            })
        };
        assert_eq!(open(false, 0), Role::Open);
        assert_eq!(open(false, 2 * DAY), Role::Evaluated, "its first win counts");
        assert_eq!(open(true, 0), Role::Evaluated);
    }
}
