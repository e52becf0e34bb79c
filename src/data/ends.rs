//! Rows of deals become wins and losses.

use rayon::prelude::*;

use crate::time::{DAY, Instant, NEVER, earlier};

use super::cells::Spot;
use super::fates::Fate;
use super::finding::{Finding, FindingLevel, Findings, What};
use super::history::{Outcomes, Win};
use super::outcomes::{Deals, Section};
use super::reader::Counted;
use super::source::Shown;
use super::spec::OutcomesSpec;

/// What became of the leads, and where it stands in the files.
pub(crate) struct Ends {
    pub outcomes: Outcomes,
    /// Of every win and loss: the lead, when, and its place.
    pub won: Vec<(u32, Instant, Spot)>,
    pub lost: Vec<(u32, Instant, Spot)>,
    /// The files of these places.
    pub shown: Shown,
}

/// Wins and losses of all deals.
pub(crate) fn ends(sections: Vec<Section>, leads: usize, findings: &mut Findings) -> Ends {
    let timed = sections.iter().any(|section| section.spec.telling().is_timed());
    let has_losses = sections.iter().any(|section| section.spec.telling().has_losses());
    let staged = sections.iter().any(|section| section.spec.stage.is_some());
    let is_one = sections.len() == 1;
    let (mut wins, mut won, mut lost) = (Vec::new(), Vec::new(), Vec::new());
    let (mut open, mut worked, mut valued) = (vec![false; leads], Vec::new(), false);
    let mut shown = Shown::default();
    for Section { spec, deals, shown: own, .. } in sections {
        // Beside other sections a row of the leads that says nothing is no deal.
        let says_open = is_one || !spec.path.is_empty() || spec.stage.is_some();
        let (mut undated, mut undated_losses) = (Counted::default(), Counted::default());
        for (row, (&lead, &spot)) in deals.lead.iter().zip(&deals.spots).enumerate() {
            let fate = deals.fates[row];
            open[lead as usize] |= says_open && fate.fate == Fate::Open;
            match fate.fate {
                Fate::Won if timed && fate.won == NEVER => undated.add(spot, ""),
                Fate::Won => {
                    let value = deals.value.as_ref().map_or(f64::NAN, |values| values[row]);
                    wins.push(Win { lead, at: fate.won, value });
                    won.push((lead, fate.won, shown.beside(spot)));
                }
                Fate::Lost if timed && fate.lost == NEVER => undated_losses.add(spot, ""),
                _ => {}
            }
            if fate.lost != NEVER {
                lost.push((lead, fate.lost, shown.beside(spot)));
            }
        }
        report_undated(spec, &own, (&undated, &undated_losses), findings);
        first_worked(&mut worked, &deals, leads);
        valued |= deals.value.is_some();
        shown.append(own);
    }
    wins.sort_by(|a, b| (a.lead, a.at).cmp(&(b.lead, b.at)).then(a.value.total_cmp(&b.value)));
    report_equal_deals(&wins, findings);
    let mut last_loss = match has_losses {
        true => last_a_lead(leads, lost.iter().map(|(lead, at, _)| (*lead, *at))),
        false => Vec::new(),
    };
    report_both(&wins, &last_loss, findings);
    // Another deal is still being worked: nothing ended.
    last_loss.iter_mut().zip(&open).filter(|(_, open)| **open).for_each(|(at, _)| *at = NEVER);
    let open = if staged { open } else { Vec::new() };
    Ends { outcomes: Outcomes { timed, wins, lost: last_loss, open, worked, valued }, won, lost, shown }
}

fn report_undated(spec: &OutcomesSpec, shown: &Shown, (won, lost): (&Counted, &Counted), findings: &mut Findings) {
    let telling = spec.telling();
    let mut say = |counted: &Counted, what: What, text: &str, advice: &str, column: Option<&str>| {
        if counted.count > 0 {
            let finding = Finding::new(shown.input, what, FindingLevel::Doubt, counted.count, text.into());
            let rows = shown.places(counted, column.unwrap_or_default());
            findings.list.push(finding.advice(advice).rows(rows));
        }
    };
    let text = "deals that are won but have no time; they count as open";
    let advice = "complete their times, or these leads look like losses";
    say(won, What::WonWithoutTime, text, advice, telling.won_at());
    let text = "deals that are lost but have no time; they count as open";
    let column = telling.closed.or(telling.lost.first().map(String::as_str));
    say(lost, What::LostWithoutTime, text, "complete their times", column);
}

/// Leads that were won and lost, one after the other: the win counts.
fn report_both(wins: &[Win], lost: &[Instant], findings: &mut Findings) {
    let first = wins.chunk_by(|a, b| a.lead == b.lead).map(|of_lead| &of_lead[0]).filter(|win| win.at != NEVER);
    let (mut winners, mut after, mut before) = (0, 0, 0);
    for win in first {
        winners += 1;
        match lost.get(win.lead as usize).copied().unwrap_or(NEVER) {
            NEVER => {}
            lost if lost > win.at => after += 1,
            lost if lost < win.at => before += 1,
            _ => {}
        }
    }
    let mut say = |what, count: u64, text: String| {
        if count > 0 {
            findings.list.push(Finding::new("outcomes", what, FindingLevel::Note, count, text));
        }
    };
    say(What::LostAfterWin, after, format!("{after} of {winners} won leads were lost later; the win counts"));
    say(
        What::LostBeforeWin,
        before,
        format!("{before} of {winners} won leads were lost before, and reopened; the win counts"),
    );
}

fn last_a_lead(leads: usize, times: impl Iterator<Item = (u32, Instant)>) -> Vec<Instant> {
    let mut last = vec![NEVER; leads];
    for (lead, at) in times {
        last[lead as usize] = last[lead as usize].max(at);
    }
    last
}

/// When each lead was first worked, where these deals say so.
fn first_worked(first: &mut Vec<Instant>, deals: &Deals, leads: usize) {
    let Some(worked) = &deals.worked else { return };
    first.resize(leads, NEVER);
    for (&lead, &at) in deals.lead.iter().zip(worked) {
        first[lead as usize] = earlier(first[lead as usize], at);
    }
}

fn report_equal_deals(wins: &[Win], findings: &mut Findings) {
    let same = |pair: &&[Win]| {
        let [a, b] = pair else { return false };
        a.at != NEVER && (a.lead, a.at) == (b.lead, b.at) && a.value.to_bits() == b.value.to_bits()
    };
    let count = wins.windows(2).filter(same).count() as u64;
    if count > 0 {
        let text = "deals that equal another deal of their lead in time and value; each counts".to_string();
        let finding = Finding::new("outcomes", What::EqualDeals, FindingLevel::Doubt, count, text);
        findings
            .list
            .push(finding.advice("if the export repeats rows, remove the repetitions, or values are summed twice"));
    }
}

/// The latest time of the outcomes, and how many lie in a future that only a placeholder means.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Latest {
    /// Of a win or loss of a known fate.
    pub at: Option<Instant>,
    pub far: u64,
    /// The latest before a gap that a mistyped year leaves, and how many lie beyond it.
    pub before_gap: Option<(Instant, u64)>,
}

/// 2100-01-01: CRMs write an open end as 2999 or 9999.
pub(crate) const FAR: Instant = 4_102_444_800_000_000;

/// Fewer of the instants than this lie beyond a gap that tells of a slip.
const BEYOND: f64 = 0.005;
/// Such a gap is longer than so many median ones, and than two weeks.
const MEDIANS: i64 = 20;
const TWO_WEEKS: i64 = 14 * DAY;

impl Latest {
    pub fn of(instants: impl Iterator<Item = Instant>) -> Self {
        let (mut near, mut far): (Vec<Instant>, u64) = (Vec::new(), 0);
        for at in instants.filter(|at| *at != NEVER) {
            if at >= FAR { far += 1 } else { near.push(at) }
        }
        near.par_sort_unstable();
        Self { at: near.last().copied(), far, before_gap: before_gap(&near) }
    }
}

/// Of instants in order: the last before the first gap beyond which hardly any lie.
fn before_gap(sorted: &[Instant]) -> Option<(Instant, u64)> {
    let n = sorted.len();
    let mut gaps: Vec<i64> = sorted.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let few = (1..n).rev().take_while(|&place| ((n - place) as f64) < BEYOND * n as f64);
    let place = few.filter(|&place| gaps[place - 1] > TWO_WEEKS).last()?;
    let gap = gaps[place - 1];
    let middle = gaps.len() / 2;
    let median = *gaps.select_nth_unstable(middle).1;
    (gap > MEDIANS * median).then(|| (sorted[place - 1], (n - place) as u64))
}
