use super::{Across, Definition, Direction, Metric, MetricId, Reads, Resample, Shown, Unit};

pub const CAPTURE: Metric = Metric {
    id: MetricId::new("capture"),
    label: "share of wins captured",
    unit: Unit::Share,
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::HandedOver,
    across: Across::Together,
    definition: Definition {
        formula: "share of all wins among the leads handed over: the best of each period at capacity, else the top 10 %; a tied block at the edge counts its expectation",
        reference: "",
        undefined: "nobody converted",
        term: None,
    },
    compute: None,
    resample: Some(Resample::CAPTURE),
    shown: &[Shown::COMPARED, Shown::league(3, 2, "Wins captured", "Capture"), Shown::changes(2, "wins captured")],
};

pub const VALUE: Metric = Metric {
    id: MetricId::new("value"),
    label: "value handed over",
    unit: Unit::Money,
    direction: Direction::Maximize,
    range: (f64::NEG_INFINITY, f64::INFINITY),
    reads: Reads::HandedOver,
    across: Across::Together,
    definition: Definition {
        formula: "sum of what the wins among the leads handed over are worth; a tied block at the edge counts its expectation",
        reference: "",
        undefined: "wins carry no value",
        term: None,
    },
    compute: None,
    resample: Some(Resample::VALUE),
    shown: &[Shown::COMPARED, Shown::league(5, 5, "Their value", "Value")],
};

pub const WINS: Metric = Metric {
    id: MetricId::new("wins"),
    label: "wins handed over",
    unit: Unit::Count,
    direction: Direction::Maximize,
    range: (0.0, f64::INFINITY),
    reads: Reads::HandedOver,
    across: Across::Together,
    definition: Definition {
        formula: "wins among the leads handed over; a tied block at the edge counts its expectation",
        reference: "",
        undefined: "no leads",
        term: None,
    },
    compute: None,
    resample: Some(Resample::WINS),
    shown: &[Shown::league(4, 3, "Wins handed over", "Capacity")],
};
