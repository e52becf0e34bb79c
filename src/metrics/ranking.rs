use crate::stats::discrimination::{self, CostPrior};

use super::{
    Across, Compute, Definition, Direction, Measured, Metric, MetricId, Reads, Resample, Shown, Term, Unit, Weighed,
};

pub const AUC: Metric = Metric {
    id: MetricId::new("auc"),
    label: "AUC",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    across: Across::Within(Weighed::Pairs),
    definition: Definition {
        formula: "P(a converted lead scores higher than another one), ties count half",
        reference: "Bamber (1975); interval: DeLong et al. (1988), Sun & Xu (2014), Wald, logit above 0.95 and below 0.05",
        undefined: "one class only",
        term: Some(Term {
            term: "AUC",
            meaning: "The chance that a lead that converts has a higher score than a lead that does not, ties counting half. 0.5 is a coin flip, 1 a perfect order. Its interval is DeLong's.",
        }),
    },
    compute: Some(Compute::Estimate(|tally, level| Measured {
        point: discrimination::auc(tally),
        interval: Some(discrimination::auc_interval(tally, level)),
    })),
    resample: Some(Resample::free(|figures| figures.auc)),
    shown: &[Shown::COMPARED, Shown::league(1, 1, "AUC", "AUC"), Shown::changes(1, "AUC")],
};

pub const GINI: Metric = Metric {
    id: MetricId::new("gini"),
    label: "Gini",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (-1.0, 1.0),
    reads: Reads::Order,
    across: Across::Within(Weighed::Pairs),
    definition: Definition {
        formula: "2 AUC - 1",
        reference: "Somers (1962)",
        undefined: "one class only",
        term: Some(Term {
            term: "Gini",
            meaning: "The AUC on another scale: twice the AUC minus 1. 0 is a coin flip, 1 a perfect order.",
        }),
    },
    compute: Some(Compute::Point(discrimination::gini)),
    resample: None,
    shown: &[],
};

pub const AVERAGE_PRECISION: Metric = Metric {
    id: MetricId::new("average_precision"),
    label: "average precision",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    across: Across::Within(Weighed::Wins),
    definition: Definition {
        formula: "Σ (Rₖ - Rₖ₋₁) Pₖ over the distinct scores, descending; a random order has the overall rate",
        reference: "Davis & Goadrich (2006)",
        undefined: "one class only",
        term: Some(Term {
            term: "Average precision",
            meaning: "The conversion rate among the best leads, averaged over where the wins stand in the order. A random order reaches the overall conversion rate, which stands beside it.",
        }),
    },
    compute: Some(Compute::Point(discrimination::average_precision)),
    resample: Some(Resample::free(|figures| figures.average_precision)),
    shown: Shown::COMPARED_ONLY,
};

pub const KS: Metric = Metric {
    id: MetricId::new("ks"),
    label: "KS",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    across: Across::Within(Weighed::Leads),
    definition: Definition {
        formula: "max |share of the converted - share of the others| at or above a score, over the distinct scores",
        reference: "Smirnov (1939)",
        undefined: "one class only",
        term: Some(Term {
            term: "KS",
            meaning: "The largest gap between the share of winners and the share of other leads at or above a score, and the score where it occurs.",
        }),
    },
    compute: Some(Compute::Point(|tally| Ok(discrimination::ks(tally)?.ks))),
    resample: None,
    shown: &[],
};

pub(super) const H_MEASURE: Metric = Metric {
    id: MetricId::new("h_measure"),
    label: "H-measure",
    unit: Unit::Plain,
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    across: Across::Together,
    definition: Definition {
        formula: "1 - expected minimum loss over that of the better constant, costs drawn from Beta(1 + π₁, 1 + π₀)",
        reference: "Hand (2009); Hand & Anagnostopoulos (2014)",
        undefined: "one class only",
        term: None,
    },
    compute: Some(Compute::Point(|tally| discrimination::h_measure(tally, CostPrior::shares(tally)?))),
    resample: None,
    shown: &[],
};
