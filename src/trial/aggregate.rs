use super::units::Units;

/// What a warehouse counted of one arm on one day.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Aggregate {
    pub arm: usize,
    /// Days from the first assignment, where the counts are by day.
    pub day: Option<f64>,
    /// Whether the horizon of these units was over at the look.
    pub mature: bool,
    pub units: f64,
    pub conversions: f64,
    /// Mean and variance (divided by n - 1) of the value over all units.
    pub value: Option<(f64, f64)>,
}

/// Units that have the counts, means and variances of the aggregates: all statistics of means and rates come out as
/// from the leads themselves. Ranks and caps do not: they need the leads.
pub fn from_aggregates(aggregates: &[Aggregate]) -> Units {
    let (mut units, mut weight, mut entry) = (Units::default(), Vec::new(), Vec::new());
    let mut value = aggregates.iter().all(|aggregate| aggregate.value.is_some()).then(Vec::new);
    for aggregate in aggregates {
        for (won, count) in [(true, aggregate.conversions), (false, aggregate.units - aggregate.conversions)] {
            for side in [-1.0, 1.0] {
                units.arm.push(aggregate.arm);
                units.won.push(won);
                units.mature.push(aggregate.mature);
                weight.push(count / 2.0);
                entry.push(aggregate.day);
                if let (Some(values), Some((mean, variance))) = (&mut value, aggregate.value) {
                    let n = aggregate.units;
                    values.push(mean + side * (variance * (n - 1.0).max(0.0) / n.max(1.0)).sqrt());
                }
            }
        }
    }
    units.weight = Some(weight);
    units.value = value;
    units.entry = entry.into_iter().collect();
    units
}
