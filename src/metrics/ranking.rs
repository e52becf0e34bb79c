use crate::stats::discrimination::{self, CostPrior};

use super::{Direction, Metric, Reads};

pub(super) const AUC: Metric = Metric {
    id: "auc",
    label: "AUC",
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    formula: "P(a converted lead scores higher than another one), ties count half",
    reference: "Bamber (1975); interval: DeLong et al. (1988), Sun & Xu (2014), Wald, logit above 0.95 and below 0.05",
    undefined: "one class only",
    compute: discrimination::auc,
};

pub(super) const GINI: Metric = Metric {
    id: "gini",
    label: "Gini",
    direction: Direction::Maximize,
    range: (-1.0, 1.0),
    reads: Reads::Order,
    formula: "2 AUC - 1",
    reference: "Somers (1962)",
    undefined: "one class only",
    compute: discrimination::gini,
};

pub(super) const AVERAGE_PRECISION: Metric = Metric {
    id: "average_precision",
    label: "average precision",
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    formula: "Σ (Rₖ - Rₖ₋₁) Pₖ over the distinct scores, descending; a random order has the overall rate",
    reference: "Davis & Goadrich (2006)",
    undefined: "one class only",
    compute: discrimination::average_precision,
};

pub(super) const KS: Metric = Metric {
    id: "ks",
    label: "KS",
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    formula: "max |share of the converted - share of the others| at or above a score, over the distinct scores",
    reference: "Smirnov (1939)",
    undefined: "one class only",
    compute: |tally| Ok(discrimination::ks(tally)?.ks),
};

pub(super) const H_MEASURE: Metric = Metric {
    id: "h_measure",
    label: "H-measure",
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    formula: "1 - expected minimum loss over that of the better constant, costs drawn from Beta(1 + π₁, 1 + π₀)",
    reference: "Hand (2009); Hand & Anagnostopoulos (2014)",
    undefined: "one class only",
    compute: |tally| discrimination::h_measure(tally, CostPrior::shares(tally)?),
};

pub(super) const LIFT_10: Metric = Metric {
    id: "lift_10",
    label: "lift in the top 10 %",
    direction: Direction::Maximize,
    range: (0.0, 10.0),
    reads: Reads::Order,
    formula: "rate among the 0.1 n leads with the highest scores over the overall rate; a tied block at the edge counts its expectation",
    reference: "",
    undefined: "nobody converted",
    compute: |tally| discrimination::top_share(tally, 0.1 * tally.total()).lift(),
};

pub(super) const CAPTURE_10: Metric = Metric {
    id: "capture_10",
    label: "wins captured in the top 10 %",
    direction: Direction::Maximize,
    range: (0.0, 1.0),
    reads: Reads::Order,
    formula: "share of all wins among the 0.1 n leads with the highest scores; a tied block at the edge counts its expectation",
    reference: "",
    undefined: "nobody converted",
    compute: |tally| discrimination::top_share(tally, 0.1 * tally.total()).capture(),
};
