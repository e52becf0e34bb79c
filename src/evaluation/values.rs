//! Every metric of the table, of one model.

use std::collections::BTreeMap;

use crate::metrics::{AUC, Across, Compute, METRICS, Measured, Metric, MetricId, Reads, SLOPE, VALUE, WINS, Weighed};
use crate::result::{Capacity, Estimate, Number};
use crate::stats::{Tally, Undefined};

use super::LEVEL;
use super::calibrate::{self, Maps};
use super::capacity;
use super::cohort::Cohort;
use super::paired::Paired;
use super::schedule::Schedule;
use super::spread::interval_of_one;

/// What the metrics of one model read.
pub(super) struct Readable<'a> {
    pub cohort: &'a Cohort,
    pub maps: &'a Maps,
    /// Of the scores as they rank.
    pub ranked: &'a Tally,
    /// The same for each fit, where there are several.
    pub by_fit: Vec<Tally>,
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
            (Some(compute), Reads::Order) if !self.by_fit.is_empty() && metric.across != Across::Together => {
                self.within(metric, compute)
            }
            (Some(compute), Reads::Order) => self.by_account(metric, measured(compute, self.ranked)),
            (Some(compute), Reads::Probability) => match self.chances {
                Ok(tally) => self.by_account(metric, measured(compute, tally)),
                Err(reason) => Estimate::undefined(reason.to_string()),
            },
            _ => self.handed_over(metric),
        }
    }

    /// Over leads of several fits, which are compared with those of their own.
    fn within(&self, metric: &Metric, compute: Compute) -> Estimate {
        let weight = |tally: &Tally| match metric.across {
            Across::Within(Weighed::Pairs) => tally.positives() * tally.negatives(),
            Across::Within(Weighed::Wins) => tally.positives(),
            Across::Within(Weighed::Leads) | Across::Together => tally.total(),
        };
        // A period without wins, or with nothing else, compares nobody.
        let known: Vec<(f64, f64)> =
            self.by_fit.iter().filter_map(|tally| Some((weight(tally), compute.point(tally).ok()?))).collect();
        let all: f64 = known.iter().map(|(weight, _)| weight).sum();
        let mean = known.iter().map(|(weight, value)| weight * value).sum::<f64>() / all;
        let point = if all > 0.0 { Ok(mean) } else { Err(Undefined::OneClass) };
        if metric.id == AUC.id {
            return Estimate::with(point, self.paired.area(self.model).and_then(|area| area.interval()));
        }
        let none = || Number::undefined("no interval");
        Estimate { point: point.into(), low: none(), high: none() }
    }

    /// The interval of a metric that takes leads for independent, had of their accounts.
    fn by_account(&self, metric: &Metric, own: Estimate) -> Estimate {
        if self.cohort.leads().account.is_none() || own.interval().is_none() {
            return own;
        }
        let interval = if metric.id == AUC.id {
            self.paired.area(self.model).and_then(|area| area.interval())
        } else if let Some(resample) = metric.resample {
            interval_of_one(self.paired, self.schedule, self.model, resample)
        } else {
            let widening = calibrate::widening(self.cohort, &self.cohort.models()[self.model], self.maps);
            let factor = widening.map(|[slope, shift]| if metric.id == SLOPE.id { slope } else { shift });
            factor.and_then(|factor| own.widened(factor).ok_or(Undefined::Unbounded))
        };
        Estimate::with(own.point, interval)
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
