/// Why a number does not exist. An answer in its own right: it travels into results and stands in the report's cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Undefined {
    #[error("no leads")]
    Empty,
    #[error("one class only")]
    OneClass,
    #[error("no events")]
    NoEvents,
    #[error("one value only")]
    Constant,
    #[error("too few rows")]
    TooFewRows,
    #[error("too few clusters")]
    TooFewClusters,
    #[error("zero variance")]
    ZeroVariance,
    #[error("a zero count")]
    ZeroCount,
    #[error("the control is zero")]
    ZeroControl,
    #[error("the classes are separated")]
    Separated,
    #[error("the columns are linearly dependent")]
    Collinear,
    #[error("the fit did not converge")]
    NotConverged,
    #[error("not reached")]
    NotReached,
    #[error("beyond the follow-up")]
    BeyondFollowUp,
    #[error("the denominator is not clearly away from zero")]
    Unbounded,
    #[error("not a probability")]
    NotProbability,
    #[error("outside the range where it is defined")]
    OutOfRange,
    #[error("the score falls as conversion rises")]
    Reversed,
    #[error("no training leads to fit it on")]
    NoTraining,
    #[error("the outcomes have no times")]
    NoTimes,
    #[error("nobody is left at risk")]
    Exhausted,
    #[error("one group only")]
    OneGroup,
}

/// The value, where it is a finite number; out of range otherwise.
pub(super) fn finite(value: f64) -> Result<f64, Undefined> {
    if value.is_finite() { Ok(value) } else { Err(Undefined::OutOfRange) }
}
