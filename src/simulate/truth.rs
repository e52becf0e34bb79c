use serde::Serialize;

/// What decides whether a simulated lead converts: the probability is the logistic function of the sum of these.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Truth {
    pub seed: u64,
    pub intercept: f64,
    /// Log-odds that each fact adds.
    pub effects: Vec<Effect>,
    /// Effects that change in the course of the history.
    pub drift: Vec<String>,
    /// Which leads sales works; nothing where it works all.
    pub contact: Option<String>,
    /// How leads of an account are alike; nothing where each comes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<String>,
    /// The share of the leads that it works.
    pub worked: f64,
    /// The mean of the leads' true probabilities (of those worked, the share that converts), and the AUC of those themselves: no model can rank better.
    pub base_rate: f64,
    pub best_auc: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Effect {
    pub fact: &'static str,
    pub log_odds: f64,
}

/// Facts about leads and the log-odds they add, in one table that the simulation reads and the truth file prints.
pub(super) const EFFECTS: [Effect; 16] = [
    Effect { fact: "seniority is vp or c-level", log_odds: 0.9 },
    Effect { fact: "seniority is director", log_odds: 0.5 },
    Effect { fact: "50 to 500 employees", log_odds: 0.6 },
    Effect { fact: "more than 500 employees", log_odds: 0.2 },
    Effect { fact: "industry is software", log_odds: 0.4 },
    Effect { fact: "industry is public sector", log_odds: -0.5 },
    Effect { fact: "source is referral", log_odds: 0.7 },
    Effect { fact: "source is social", log_odds: -0.4 },
    Effect { fact: "asked for a demo, fading over 30 days", log_odds: 1.5 },
    Effect { fact: "each view of the pricing page, up to 4", log_odds: 0.3 },
    Effect { fact: "attended a webinar", log_odds: 0.5 },
    Effect { fact: "each opened e-mail, up to 10", log_odds: 0.0 },
    Effect { fact: "looked at the jobs page", log_odds: -0.9 },
    Effect { fact: "unsubscribed", log_odds: -1.2 },
    Effect { fact: "no sign for five days", log_odds: -0.5 },
    Effect { fact: "interest that no column shows, one standard deviation", log_odds: 0.5 },
];

/// The log-odds of a fact.
pub(super) fn effect(place: usize) -> f64 {
    EFFECTS[place].log_odds
}
