//! Every metric of the table, of one model.

use std::collections::BTreeMap;

use crate::metrics::{Compute, METRICS, Measured, Metric, MetricId, Reads, VALUE, WINS};
use crate::result::{Capacity, Estimate, Number};
use crate::stats::{Tally, Undefined};

use super::LEVEL;
use super::capacity;
use super::paired::Paired;
use super::schedule::Schedule;

/// What the metrics of one model read.
pub(super) struct Readable<'a> {
    /// Of the scores as they rank.
    pub ranked: &'a Tally,
    /// Of the probabilities; why there are none.
    pub chances: Result<&'a Tally, Undefined>,
    pub capacity: Option<&'a Capacity>,
    pub schedule: &'a Schedule,
    pub paired: &'a Paired,
    /// Its place among the models.
    pub model: usize,
}

impl Readable<'_> {
    pub fn values(&self) -> BTreeMap<MetricId, Estimate> {
        METRICS.iter().map(|metric| (metric.id, self.value(metric))).collect()
    }

    fn value(&self, metric: &Metric) -> Estimate {
        match (metric.compute, metric.reads) {
            (Some(compute), Reads::Order) => measured(compute, self.ranked),
            (Some(compute), Reads::Probability) => match self.chances {
                Ok(tally) => measured(compute, tally),
                Err(reason) => Estimate::undefined(reason.to_string()),
            },
            _ => self.handed_over(metric),
        }
    }

    /// At capacity the points are those of the periods' own account.
    fn handed_over(&self, metric: &Metric) -> Estimate {
        let found = capacity::handed_over(self.schedule, self.paired, self.model, metric);
        let own = self.capacity.and_then(|capacity| match metric.id {
            id if id == WINS.id => Some(capacity.wins.expected.clone()),
            id if id == VALUE.id => capacity.value.map(Number::from),
            _ => None,
        });
        match own {
            Some(point) => Estimate { point, ..found },
            None => found,
        }
    }
}

fn measured(compute: Compute, tally: &Tally) -> Estimate {
    let Measured { point, interval } = compute.measure(tally, LEVEL);
    match interval {
        Some(interval) => Estimate::with(point, interval),
        None => {
            let none = || Number::undefined("no interval");
            Estimate { point: point.into(), low: none(), high: none() }
        }
    }
}
