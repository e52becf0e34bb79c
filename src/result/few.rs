//! Rates of a few leads, which are not published: who knows the leads could tell what became of each.

use super::evaluation::{Bracket, Evaluation, Part, SwapCell};
use super::review::{Review, Yield};
use super::{Estimate, Number};

/// A cell of fewer leads than this keeps its count, and not its rate.
const FEW: f64 = 10.0;

fn withhold<'a>(leads: f64, rates: impl IntoIterator<Item = &'a mut Estimate>) {
    // Of no lead there is no rate to withhold.
    if leads > 0.0 && leads < FEW {
        rates.into_iter().for_each(|rate| *rate = Estimate::undefined("withheld: fewer than 10 leads"));
    }
}

fn of_bracket(bracket: &mut Bracket) {
    withhold(bracket.leads as f64, [&mut bracket.rate, &mut bracket.lift]);
}

fn of_part(part: &mut Part) {
    withhold(part.leads as f64, [&mut part.rate]);
}

fn of_cell(cell: &mut SwapCell) {
    withhold(cell.leads, [&mut cell.rate]);
}

fn of_yield(part: &mut Yield) {
    let few = part.leads > 0 && (part.leads as f64) < FEW;
    withhold(part.leads as f64, [&mut part.rate, &mut part.leads_per_win]);
    withhold(part.now_leads as f64, [&mut part.now_rate]);
    if few {
        part.value_per_lead = Number::undefined("withheld: fewer than 10 leads");
    }
}

impl Evaluation {
    /// Withholds the rates of cells under ten leads.
    pub fn withhold_rates_of_few(&mut self) {
        for model in &mut self.models {
            model.brackets.rows.iter_mut().for_each(of_bracket);
            let parts = model.segments.iter_mut().flat_map(|segment| &mut segment.parts);
            parts.chain(&mut model.periods).chain(&mut model.groups).for_each(of_part);
            let bins = model.calibration.reliability.iter_mut();
            bins.for_each(|bin| withhold(bin.leads as f64, [&mut bin.observed]));
        }
        for comparison in &mut self.comparisons {
            let swap = &mut comparison.swap;
            [&mut swap.both, &mut swap.champion_only, &mut swap.challenger_only, &mut swap.neither]
                .into_iter()
                .for_each(of_cell);
        }
    }
}

impl Review {
    /// Withholds the rates of cells under ten leads.
    pub fn withhold_rates_of_few(&mut self) {
        let brackets = self.models.iter_mut().flat_map(|model| &mut model.periods).flat_map(|one| &mut one.brackets);
        brackets.for_each(of_bracket);
        let parts = self.benchmarks.by_segment.iter_mut().flat_map(|segment| &mut segment.parts);
        self.benchmarks.by_bracket.iter_mut().chain(parts).for_each(of_yield);
        let classes = self.benchmarks.touch.iter_mut().flat_map(|touch| &mut touch.classes);
        classes.for_each(|class| withhold(class.leads as f64, [&mut class.rate]));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Interval;

    fn sure(value: f64) -> Estimate {
        Estimate::new(value, Interval::new(value, value))
    }

    #[test]
    fn ten_leads_have_a_rate_and_nine_keep_their_count_alone() {
        let part = |leads| Part {
            label: "a".into(),
            leads,
            wins: 1,
            rate: sure(0.1),
            auc: sure(0.5),
            lift: Number::undefined(""),
            immature: 0,
        };
        for (leads, is_shown) in [(9, false), (10, true)] {
            let mut part = part(leads);
            of_part(&mut part);
            assert_eq!(part.rate.point.value().is_some(), is_shown, "{leads}");
            assert_eq!((part.leads, part.wins), (leads, 1));
        }
        let mut none = sure(0.0);
        withhold(0.0, [&mut none]);
        assert_eq!(none, sure(0.0));
    }
}
