//! One column of the leads.

use crate::data::Known;
use crate::result::{Having, Sign, Step, Subject};
use crate::stats::proportion::binomial_fewer;
use crate::table::{Class, Column, class_of};

use super::levels::Levels;
use super::presence::{Ask, count, every_sale, had_by_none, had_only, p_more};
use super::strength::Strength;
use super::telling::telling_word;
use super::{ByFate, Candidate, Leads, Look, NEAR_PERFECT};

/// The confidence of an association that is clear.
const CLEAR: f64 = 0.999;
/// How it ranks at least.
const ASSOCIATED: f64 = 0.55;
/// Signs that are looked for in one column: each has this part of its chance.
const LOOKS: f64 = 8.0;
/// A column that is declared as known later is worth naming from here on.
const WORTH_NAMING: f64 = 0.55;

pub(super) fn look(candidate: &Candidate, leads: &Leads, folds: &[u8], all_exported: bool) -> Look {
    let Candidate { name, column, known, declared, later, changed } = *candidate;
    let filled = ByFate::of(leads, |place| !column.is_missing(leads.rows[place]));
    let mut look = Look { declared, ..Look::new(Subject::Column(name.into())) };
    let word = telling_word(name);
    let ask = if word.is_some() { Ask::LessOften } else { Ask::HardlyEver };
    let (time, hidden) = later.map_or((None, false), |later| after_scoring(column, leads, later));
    match time {
        Some(evidence) if evidence.0 < 1.0 => look.evidence.push(evidence),
        Some((_, sign)) if hidden => look.notes.push(sign),
        _ => {}
    }
    // What a time that is hidden leaves behind is the rule's own trace.
    let is_time_rule = look.evidence.first().is_some_and(|(p, _)| *p < super::CHANCE);
    if !is_time_rule {
        look.evidence.extend(had_only(&filled));
        look.evidence.extend(had_by_none(&filled));
        look.evidence.extend(every_sale(&filled, Step::Filled, ask));
        if let Some(levels) = Levels::of(column, leads) {
            look.evidence.extend(levels.nearly_all_converted(column));
            if word.is_some() {
                look.evidence.extend(levels.every_sale(column, &filled, ask));
            } else if let Column::Flag(flags) = column {
                let set = ByFate::of(leads, |place| flags[leads.rows[place]] == Some(true));
                look.evidence.extend(every_sale(&set, Step::Set, ask));
            }
        }
    }
    look.evidence.iter_mut().for_each(|(p, _)| *p = (*p * LOOKS).min(1.0));
    if let Some((p, sign)) = changed.and_then(super::Changed::evidence) {
        // Its value at scoring is read, and what was written later is not.
        match known {
            Known::ByHistory | Known::At(_) => look.notes.push(sign),
            _ => look.evidence.push((p, sign)),
        }
    }
    let strength = Strength::of(column, leads, folds);
    (look.auc, look.filled) = (strength.estimate(), filled);
    // What a history tells is of the day on which a lead is scored.
    let is_dated = *known == Known::ByHistory;
    let is_live = |class: &Class| matches!(class, Class::LiveValue | Class::Counter);
    let class = class_of(name, column).filter(|class| !is_dated || !is_live(class));
    // A name tells nothing new of what is said to be known later.
    let is_exported = *known == Known::AsExported;
    doubts(&mut look, word.clone().filter(|_| !is_exported && !is_dated), &strength);
    let of_name = word.clone().filter(|_| all_exported).map(|word| Sign::TellingName { word, auc: None });
    look.notes.extend(of_name);
    look.notes.extend(class.filter(|_| !is_exported || all_exported).map(|class| Sign::Class { class }));
    look.by_default = match class {
        Some(class) if class.is_identity() => false,
        class => declared || (class.is_none() && word.is_none()),
    };
    let ranks = strength.auc().is_some_and(|auc| auc >= WORTH_NAMING);
    match known {
        Known::At(from) if ranks => look.notes.push(Sign::DeclaredLater { from: Some(from.clone()) }),
        Known::AsExported if ranks && !all_exported => look.notes.push(Sign::DeclaredLater { from: None }),
        _ => {}
    }
    look
}

/// Strength alone, and a telling name with a clear association; without one it is a note.
pub(super) fn doubts(look: &mut Look, word: Option<String>, strength: &Strength) {
    let auc = strength.auc();
    let clear = strength.interval(CLEAR).is_some_and(|interval| interval.low > ASSOCIATED);
    if let Some(auc) = auc.filter(|auc| *auc >= NEAR_PERFECT) {
        look.doubts.push(Sign::Ranks { auc });
    }
    match word {
        Some(word) if clear => look.doubts.push(Sign::TellingName { word, auc }),
        Some(word) => look.notes.push(Sign::TellingName { word, auc: None }),
        None => {}
    }
}

/// How many of a column's times come after their leads are scored: evidence where most do, of all or of the winners;
/// and whether any does.
fn after_scoring(column: &Column, leads: &Leads, later: &[bool]) -> (Option<(f64, Sign)>, bool) {
    let (mut winners, mut others) = (Having::default(), Having::default());
    for (&row, fate) in leads.rows.iter().zip(leads.fates) {
        let own = if *fate == super::Fate::Won { &mut winners } else { &mut others };
        own.of += u64::from(later[row] || !column.is_missing(row));
        own.have += u64::from(later[row]);
    }
    let all = super::sum(winners, others);
    if all.have == 0 {
        return (None, false);
    }
    let sign = Sign::AfterScoring { winners, others };
    let before = count(Having { have: all.of - all.have, of: all.of });
    let most = 2 * all.have > all.of;
    let of_winners = winners.of > 0 && 2 * winners.have > winners.of;
    let p_most = if most { binomial_fewer(before, 0.5).unwrap_or(1.0) } else { 1.0 };
    let p_winners = if of_winners { p_more(winners, others) } else { 1.0 };
    (Some((p_most.min(p_winners), sign)), true)
}
