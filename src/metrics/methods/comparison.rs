use super::Method;

pub(super) const METHODS: &[Method] = &[
    Method {
        id: "delong_paired",
        label: "difference of two AUCs on the same leads",
        formula: "z = (AUC_b - AUC_a)/√(var_a + var_b - 2 cov); limits d ± z √var",
        reference: "DeLong, DeLong & Clarke-Pearson (1988); Sun & Xu (2014)",
        convention: "n - 1 in both classes; without variance p = 1 for equal AUCs",
        undefined: "one class, fewer than two leads in a class, no variance although the AUCs differ",
        cases: &[],
    },
    Method {
        id: "delong_unpaired",
        label: "difference of two AUCs on different leads",
        formula: "z = (AUC_b - AUC_a)/√(var_a + var_b)",
        reference: "DeLong, DeLong & Clarke-Pearson (1988)",
        convention: "normal reference",
        undefined: "as for the same leads",
        cases: &[],
    },
    Method {
        id: "bootstrap",
        label: "bootstrap intervals",
        formula: "percentile: type-7 quantiles α/2 and 1 - α/2 of the resampled values; basic: reflected at the estimate; BCa: quantiles shifted by bias and acceleration",
        reference: "Efron (1981, 1987); Efron & Tibshirani (1993)",
        convention: "leads (or their clusters) are resampled once and all models evaluated on the same resample; replicates equal to the estimate count half in BCa's bias; acceleration from leaving one lead out; a figure that counts the leads over an edge (wins, value, capture) has the spread of its influence function p(y - r), r the conversion at the edge",
        undefined: "no replicates, or one undefined; BCa when all replicates are equal or on one side",
        cases: &[],
    },
    Method {
        id: "simultaneous",
        label: "simultaneous intervals over several comparisons",
        formula: "estimateⱼ ± c seⱼ, c the quantile of max_j |replicate - estimate|/seⱼ over the bootstrap",
        reference: "Westfall & Young (1993)",
        convention: "an estimate that never varies has no interval and does not widen the others",
        undefined: "a comparison without variance",
        cases: &[],
    },
    Method {
        id: "swap_set",
        label: "swap set of two models",
        formula: "with inclusion probabilities p, q at equal k: both min(p, q), champion only max(p - q, 0), challenger only max(q - p, 0)",
        reference: "",
        convention: "a tied block at the edge shares its places evenly, so the parts add to n and equal models swap nobody",
        undefined: "no leads",
        cases: &[],
    },
];
