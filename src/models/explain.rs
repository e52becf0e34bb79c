use crate::replay::FeatureId;

/// How one lead came to its score.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    pub model: String,
    pub lead: String,
    /// NaN when not scored.
    pub score: f64,
    pub lines: Vec<Line>,
    pub groups: Vec<GroupLine>,
    /// The sum before rounding and the total's bounds; log-odds for a regression.
    pub sum: f64,
    pub tier: Option<String>,
    /// What sales does in the tier.
    pub does: Option<String>,
    /// "A1".
    pub grade: Option<String>,
    /// Whether sales takes over, where there is a threshold.
    pub over_threshold: Option<bool>,
}

/// One criterion, coefficient or part.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    pub name: String,
    /// What it gives points for.
    pub what: String,
    /// What was seen of the lead.
    pub seen: String,
    pub group: Option<String>,
    /// Points before the criterion's cap.
    pub before: f64,
    /// Points after it.
    pub after: f64,
    /// What it asked of the lead's events, where it asked anything.
    pub events: Option<FeatureId>,
}

/// A group's sum, before and after its bounds.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupLine {
    pub name: String,
    pub before: f64,
    pub after: f64,
}
