use crate::stats::discrimination;
use crate::stats::proportion::{self, Count};

use super::{
    Across, Compute, Definition, Direction, Edge, Figures, Measured, Metric, MetricId, Reads, Resample, SHARES, Shown,
    Unit,
};

pub const LIFT_10: Metric = Metric {
    // In one division: the digits of older results.
    resample: Some(Resample::at(Edge::Top(2, 1.0 / SHARES[2]), |figures| figures.lift_10)),
    shown: &[Shown::COMPARED, Shown::league(2, 4, "Lift, top 10 %", "Lift"), Shown::changes(3, "lift, top 10 %")],
    ..lift::<2>("lift_10", "lift in the top 10 %")
};
pub(super) const LIFT_1: Metric = lift::<0>("lift_1", "lift in the top 1 %");
pub(super) const LIFT_5: Metric = lift::<1>("lift_5", "lift in the top 5 %");
pub(super) const LIFT_20: Metric = lift::<3>("lift_20", "lift in the top 20 %");
pub(super) const LIFT_30: Metric = lift::<4>("lift_30", "lift in the top 30 %");

pub(super) const CAPTURE_1: Metric = capture::<0>("capture_1", "share of wins in the top 1 %");
pub(super) const CAPTURE_5: Metric = capture::<1>("capture_5", "share of wins in the top 5 %");
pub(super) const CAPTURE_10: Metric = capture::<2>("capture_10", "share of wins in the top 10 %");
pub(super) const CAPTURE_20: Metric = capture::<3>("capture_20", "share of wins in the top 20 %");
pub(super) const CAPTURE_30: Metric = capture::<4>("capture_30", "share of wins in the top 30 %");

/// The capture in each of the top [`SHARES`].
pub fn captures() -> [(MetricId, f64); SHARES.len()] {
    let ids = [CAPTURE_1.id, CAPTURE_5.id, CAPTURE_10.id, CAPTURE_20.id, CAPTURE_30.id];
    std::array::from_fn(|at| (ids[at], SHARES[at]))
}

const fn lift<const AT: usize>(id: &'static str, label: &'static str) -> Metric {
    Metric {
        id: MetricId::new(id),
        label,
        unit: Unit::Ratio,
        direction: Direction::Maximize,
        range: (0.0, 1.0 / SHARES[AT]),
        reads: Reads::Order,
        across: Across::Together,
        definition: Definition {
            formula: "rate among the leads with the highest scores over the overall rate; a tied block at the edge counts its expectation",
            reference: "",
            undefined: "nobody converted",
            term: None,
        },
        compute: Some(Compute::Estimate(lift_of::<AT>)),
        resample: Some(Resample::at(Edge::Top(AT, 1.0 / SHARES[AT]), |figures| figures.top[AT] / SHARES[AT])),
        shown: Shown::COMPARED_ONLY,
    }
}

fn lift_of<const AT: usize>(tally: &crate::stats::Tally, level: f64) -> Measured {
    let top = discrimination::top_share(tally, SHARES[AT] * tally.total());
    let (part, whole) = (Count::new(top.expected, top.leads), Count::new(top.positives, top.total));
    Measured { point: top.lift(), interval: Some(proportion::lift_interval(part, whole, level)) }
}

const fn capture<const AT: usize>(id: &'static str, label: &'static str) -> Metric {
    Metric {
        id: MetricId::new(id),
        label,
        unit: Unit::Share,
        direction: Direction::Maximize,
        range: (0.0, 1.0),
        reads: Reads::Order,
        across: Across::Together,
        definition: Definition {
            formula: "share of all wins among the leads with the highest scores; a tied block at the edge counts its expectation",
            reference: "",
            undefined: "nobody converted",
            term: None,
        },
        compute: Some(Compute::Point(|tally| discrimination::top_share(tally, SHARES[AT] * tally.total()).capture())),
        resample: Some(Resample::at(Edge::Top(AT, 1.0), captured::<AT>)),
        shown: Shown::COMPARED_ONLY,
    }
}

fn captured<const AT: usize>(figures: &Figures) -> f64 {
    figures.top[AT]
}
