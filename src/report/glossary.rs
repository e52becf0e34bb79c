use std::sync::LazyLock;

use crate::metrics::{METRICS, Reads, Term};

use super::document::Definition;

const fn term(term: &'static str, meaning: &'static str) -> Definition {
    Definition { term, meaning }
}

/// How each number is defined, in the order in which a reader meets them: a metric's word is in the table of metrics.
pub static GLOSSARY: LazyLock<Vec<Definition>> = LazyLock::new(|| {
    let metrics = |reads: Reads| {
        let terms = METRICS.iter().filter(move |metric| metric.reads == reads).filter_map(|one| one.definition.term);
        terms.map(|Term { term, meaning }| Definition { term, meaning })
    };
    let leads = LEADS.iter().copied().chain(metrics(Reads::Order));
    let chances = BRACKETS.iter().copied().chain(metrics(Reads::Probability));
    leads.chain(chances).chain(COMPARISON.iter().copied()).collect()
});

const LEADS: &[Definition] = &[
    term(
        "95 % interval",
        "The range in parentheses after a number. Ranges made this way contain the true value 19 times out of 20; a difference whose range includes 0 may be no difference at all.",
    ),
    term("as_of", "The moment a lead is scored. A model sees only what was known about the lead at that moment."),
    term("Horizon", "How long after as_of a lead may take to convert. A win after the horizon does not count as one."),
    term(
        "Mature",
        "A lead is mature when its horizon has passed by the day the outcomes were exported. Leads that are not mature count in no rate: they are not losses.",
    ),
    term("Win", "A mature lead that converted after it was scored and within the horizon."),
    term("Conversion rate", "Wins divided by mature leads. Its interval is Wilson's."),
    term(
        "Wilson interval",
        "An interval for a rate that stays reliable for few wins and for rates near 0 or 100 %. Its ends never leave 0 to 100 %.",
    ),
    term("Bracket", "A range of scores. A bracket never separates leads with the same score."),
    term("Share", "The part of all leads in a bracket or segment."),
    term(
        "Lift",
        "The conversion rate of a part divided by the rate of all leads. 2 means that the part converts twice as often as leads at large; 1 is no better than chance.",
    ),
    term(
        "Capture",
        "Of all wins, the share found among the leads with the highest scores: in the top 10 %, or among those handed over at capacity.",
    ),
    term("Value", "The sum of the won deals' amounts within the horizon."),
    term(
        "Worst to best order of ties",
        "Leads with the same score have no order, so a cut through them is partly luck. The expected number averages over all orders; the range gives the unluckiest and the luckiest one. It is not a 95 % interval.",
    ),
    term(
        "Capacity",
        "The leads sales can take on in a period. Period by period, all leads scored in it are ranked and the best are handed over; nothing is carried over to the next period. Periods that are cut short or hold a lead that is not mature are left out.",
    ),
];

const BRACKETS: &[Definition] = &[
    term("Trend", "The Cochran-Armitage test of whether conversion rises (or falls) steadily from bracket to bracket."),
    term(
        "Inversion",
        "A bracket that converts less than the bracket below it. The words name it a fact only when the interval of the difference lies on one side of 0.",
    ),
    term(
        "Calibration",
        "Whether leads that are given a 20 % chance convert 20 % of the time. Points become chances by Platt's map (a logistic curve) fitted on the training leads.",
    ),
];

const COMPARISON: &[Definition] = &[
    term(
        "Incidence",
        "The share of leads that have converted by a given day. A lead that was lost can no longer convert; a lead still open counts for as long as it was watched.",
    ),
    term(
        "Kaplan-Meier",
        "How incidence is computed where no losses are recorded; where they are, losses compete with wins (Aalen-Johansen).",
    ),
    term(
        "Restricted mean time",
        "The mean number of days without a win within the horizon, a lead without a win counting the whole horizon. Lower is sooner.",
    ),
    term(
        "Median of wins",
        "Half of the winners within the horizon took at most this many days. It says nothing about leads that did not convert.",
    ),
    term(
        "Log-rank test",
        "Tests whether the speed of conversion is the same in all brackets, over the whole time watched (cause-specific: losses end a lead's time).",
    ),
    term(
        "Difference",
        "Challenger minus champion, on the same leads. Differences of shares are in percentage points (pp).",
    ),
    term(
        "Simultaneous interval",
        "A wider interval that holds for all challengers at once: with several challengers one will look good by luck.",
    ),
    term(
        "p",
        "How often a difference at least this large would appear by luck if there were none. Adjusted (Holm): the same, made stricter for the number of challengers.",
    ),
    term(
        "Swap set",
        "The leads that change hands when the challenger replaces the champion at the same number of leads: some swap in, as many swap out. Tied leads count by their chance of being picked, so the numbers can be fractions.",
    ),
    term(
        "Tied set",
        "Models that may be used and that the data cannot tell apart in the winners they find. Within it there is no order.",
    ),
    term(
        "Promote, keep, not enough evidence",
        "Promote: the interval of the difference in winners, which holds for all challengers at once, lies above zero (or every gate of the experiment is passed). Keep: no challenger can gain enough to be worth a change, as far as history can show it. Not enough evidence: the data can say neither.",
    ),
    term(
        "Smallest difference the data could show",
        "With this many wins, a true difference of this size would be found in 4 out of 5 evaluations (80 % power). Smaller ones will often be missed.",
    ),
    term(
        "Ledger",
        "What became of every lead in the file: each stands in exactly one line, and the lines add up to the leads read.",
    ),
];

/// What a term means.
pub(super) fn meaning(term: &str) -> Option<&'static str> {
    GLOSSARY.iter().find(|definition| definition.term == term).map(|definition| definition.meaning)
}
