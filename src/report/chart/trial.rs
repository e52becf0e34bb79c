//! Charts of a field test.

use crate::result::Curve;
use crate::result::trial::{Contrast, Sequential, Trial};

use super::super::text;
use super::ink::{Ink, MODELS};
use super::scale::{Scale, Unit};
use super::sheet::{Frame, LABEL, NOTE, Point, Sheet};
use super::{Axis, Chart, Frontispiece, Mark, Panel, Place, Series, Shape, figures, note, words};

const FRAME: Frame = Frame { x: 64.0, y: 30.0, width: 470.0, height: 290.0 };
const HEIGHT: f64 = 400.0;

/// The charts of a trial: conversion by arm, the effect of every arm over the horizon, the boundary with its looks.
pub fn trial(trial: &Trial) -> Vec<Chart> {
    let mut charts = Vec::new();
    if trial.arms.iter().any(|arm| arm.curve.is_some()) {
        charts.push(arms(trial));
    }
    for (place, contrast) in trial.contrasts.iter().enumerate().filter(|(_, contrast)| !contrast.by_horizon.is_empty())
    {
        charts.push(effect(trial, place, contrast));
    }
    for (place, own) in trial.sequential.iter().enumerate().filter(|(_, own)| own.refused.is_none()) {
        charts.push(boundary(place, own));
    }
    charts
}

fn ink(arm: usize) -> Ink {
    if arm == 0 { Ink::Champion } else { Ink::Model(((arm - 1) % usize::from(MODELS)) as u8) }
}

/// The corners of a step curve.
fn stairs(curve: &Curve, height: impl Fn(&crate::result::CurvePoint) -> f64) -> Vec<Point> {
    let (mut corners, mut level) = (vec![(0.0, 0.0)], 0.0);
    for point in curve.points.iter().filter(|point| point.days.is_finite() && height(point).is_finite()) {
        corners.push((point.days, level));
        level = height(point);
        corners.push((point.days, level));
    }
    corners.push((curve.to_days.max(corners.last().map_or(0.0, |last| last.0)), level));
    corners
}

fn arms(trial: &Trial) -> Chart {
    let curves: Vec<(usize, &Curve)> =
        trial.arms.iter().enumerate().filter_map(|(place, arm)| Some((place, arm.curve.as_ref()?))).collect();
    let say = |(_, curve): &(usize, &Curve)| {
        format!(
            "{}: {} by day {}",
            words::short(&curve.label),
            text::estimate(&curve.incidence, text::Unit::Share),
            figures::short(curve.to_days)
        )
    };
    let front = Frontispiece {
        id: "arms".into(),
        title: "Converted since assignment, by arm".into(),
        alt: format!("{}.", words::first(&curves.iter().map(say).collect::<Vec<_>>(), "; ")),
        entry: None,
        height: HEIGHT,
    };
    let days = curves.iter().map(|(_, curve)| curve.to_days).filter(|days| days.is_finite()).fold(1.0, f64::max);
    let highest =
        curves.iter().flat_map(|(_, curve)| curve.points.iter().map(|point| point.high)).fold(0.001, f64::max);
    let panel = Panel {
        title: front.title.clone(),
        shape: Shape::Scatter,
        across: Axis::new("days since the assignment", text::Unit::Days),
        up: Axis::new("converted by then", text::Unit::Share),
        series: curves
            .iter()
            .map(|(place, curve)| {
                Series::line(&curve.label, ink(*place).solid(), stairs(curve, |point| point.incidence))
            })
            .collect(),
    };
    let chart = front.draw(|sheet| {
        let mut plot = sheet.plot(
            FRAME,
            Scale::days(days, "days since the assignment"),
            Scale::share(highest, 5, "converted by then"),
        );
        for (place, curve) in &curves {
            let (high, low) = (stairs(curve, |point| point.high), stairs(curve, |point| point.low));
            let band: Vec<Point> = high.into_iter().chain(low.into_iter().rev()).map(|point| plot.at(point)).collect();
            sheet.area(&band, ink(*place), 0.14);
        }
        for (line, (place, curve)) in curves.iter().enumerate() {
            plot.line(stairs(curve, |point| point.incidence), ink(*place).solid(), 2.2);
            let y = FRAME.y + 10.0 + 20.0 * line as f64;
            sheet.line(&[(FRAME.right() + 12.0, y), (FRAME.right() + 30.0, y)], ink(*place).solid(), 2.2);
            sheet.text((FRAME.right() + 36.0, y), &LABEL.fit(&curve.label, 124.0), LABEL);
        }
        note(sheet, (0.0, FRAME.bottom() + 58.0), "Losses compete. Shaded: the band of each arm's curve.");
    });
    chart.of(vec![panel])
}

fn effect(trial: &Trial, place: usize, contrast: &Contrast) -> Chart {
    let arm = words::short(&contrast.arm);
    let front = Frontispiece {
        id: format!("effect-{}", place + 1),
        title: format!("{arm}: difference in conversion by day"),
        alt: format!(
            "Difference in conversion between {arm} and {} by day since the assignment, at the horizon {}.",
            words::short(&trial.setting.control),
            text::estimate(&contrast.primary.difference, text::Unit::Points)
        ),
        entry: None,
        height: HEIGHT,
    };
    let points: Vec<_> = contrast
        .by_horizon
        .iter()
        .filter(|point| [point.days, point.difference, point.low, point.high].iter().all(|value| value.is_finite()))
        .collect();
    let days = points.iter().map(|point| point.days).fold(1.0, f64::max);
    let low = points.iter().map(|point| point.low).fold(0.0, f64::min);
    let high = points.iter().map(|point| point.high).fold(0.0, f64::max);
    let line = |name: &str, ink: Ink, height: fn(&crate::result::trial::EffectPoint) -> f64| {
        Series::line(name, ink.solid(), points.iter().map(|point| (point.days, height(point))))
    };
    let panel = Panel {
        title: front.title.clone(),
        shape: Shape::Scatter,
        across: Axis::new("days since the assignment", text::Unit::Days),
        up: Axis::new("difference, percentage points", text::Unit::Points),
        series: vec![
            line("difference", self::ink(place + 1), |point| point.difference),
            line("low end of the interval", Ink::Axis, |point| point.low),
            line("high end of the interval", Ink::Axis, |point| point.high),
        ],
    };
    let chart = front.draw(|sheet| {
        let across = Scale::days(days, "days since the assignment");
        let mut plot = sheet.plot(FRAME, across, Scale::rounded(low, high, 5, Unit::Percent, "percentage points"));
        let upper = points.iter().map(|point| plot.at((point.days, point.high)));
        let lower = points.iter().rev().map(|point| plot.at((point.days, point.low)));
        let band: Vec<Point> = upper.chain(lower).collect();
        sheet.area(&band, ink(place + 1), 0.16);
        plot.reference((0.0, 0.0), (days, 0.0));
        plot.line(points.iter().map(|point| (point.days, point.difference)), ink(place + 1).solid(), 2.2);
        sheet.text((FRAME.right() + 12.0, FRAME.y + 10.0), "above 0: more", NOTE);
        sheet.text((FRAME.right() + 12.0, FRAME.y + 28.0), "in this arm", NOTE);
        note(
            sheet,
            (0.0, FRAME.bottom() + 58.0),
            "Shaded: interval at each day; read it at the horizon, on the right.",
        );
    });
    chart.of(vec![panel])
}

fn boundary(place: usize, own: &Sequential) -> Chart {
    let stages = &own.stages;
    let say = stages.iter().map(|stage| {
        format!(
            "{}: z {}, bound {}",
            stage.as_of,
            text::number(&stage.z, text::Unit::Difference),
            text::number(&stage.critical, text::Unit::Plain)
        )
    });
    let front = Frontispiece {
        id: format!("boundary-{}", place + 1),
        title: format!("{}: the looks, and the bounds that say it differs", words::short(&own.arm)),
        alt: format!("{}.", words::first(&say.collect::<Vec<_>>(), "; ")),
        entry: None,
        height: HEIGHT,
    };
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let reach = stages.iter().flat_map(|stage| [finite(stage.z.value()).map(f64::abs), finite(stage.critical.value())]);
    let most = reach.flatten().fold(3.0, f64::max).min(8.0);
    let last = stages.iter().map(|stage| stage.fraction).filter(|share| share.is_finite()).fold(1.0, f64::max);
    let bound = |name: &str, side: f64| {
        let bounds = stages.iter().filter_map(|stage| Some((stage.fraction, side * finite(stage.critical.value())?)));
        Series::line(name, Ink::Warning.solid(), bounds)
    };
    let looks = stages.iter().map(|stage| Mark::new(Place::At(stage.fraction), stage.z.finite()));
    let panel = Panel {
        title: front.title.clone(),
        shape: Shape::Scatter,
        across: Axis::new("share of the planned information", text::Unit::Share),
        up: Axis::new("log-rank z", text::Unit::Plain),
        series: vec![
            Series::new("looks", ink(1).solid(), looks.collect()),
            bound("upper bound", 1.0),
            bound("lower bound", -1.0),
        ],
    };
    let chart = front.draw(|sheet| {
        let across = Scale::upward(last, 5, Unit::Percent, "share of the planned information");
        let mut plot = sheet.plot(FRAME, across, Scale::rounded(-most, most, 6, Unit::Plain, "log-rank z"));
        plot.reference((0.0, 0.0), (last, 0.0));
        for side in [1.0, -1.0] {
            let bounds = stages
                .iter()
                .filter_map(|stage| Some((stage.fraction, side * finite(stage.critical.value())?.min(most))));
            plot.line(bounds, Ink::Warning.solid(), 1.8);
        }
        for stage in stages {
            if let Some(z) = finite(stage.z.value()) {
                sheet.dot(plot.at((stage.fraction, z.clamp(-most, most))), ink(place + 1).solid(), 4.5);
            }
            if let Some(bound) = finite(stage.critical.value()) {
                for side in [1.0, -1.0] {
                    sheet.dot(plot.at((stage.fraction, side * bound.min(most))), Ink::Warning.solid(), 2.5);
                }
            }
        }
        sheet.text((FRAME.right() + 12.0, FRAME.y + 10.0), "red: bounds", NOTE);
        sheet.text((FRAME.right() + 12.0, FRAME.y + 28.0), "dots: looks", NOTE);
    });
    chart.of(vec![panel])
}

/// Power at one week, to say *more* and (where looks are planned) to say *different*.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PowerPoint {
    pub weeks: f64,
    pub more: f64,
    pub different: Option<f64>,
}

/// Power against calendar weeks, for a plan.
pub fn power(points: &[PowerPoint], wanted: f64, weeks: Option<f64>) -> Chart {
    let alt = match weeks {
        Some(weeks) => format!(
            "Power against weeks: {} is reached after {} weeks.",
            figures::percent(wanted),
            figures::short(weeks)
        ),
        None => format!("Power against weeks: {} is not reached in the weeks shown.", figures::percent(wanted)),
    };
    let front = Frontispiece {
        id: "power".into(),
        title: "What the test can see, by week".into(),
        alt,
        entry: None,
        height: HEIGHT,
    };
    let last = points.iter().map(|point| point.weeks).fold(1.0, f64::max);
    let different: Vec<Point> = points.iter().filter_map(|point| Some((point.weeks, point.different?))).collect();
    let label = |sheet: &Sheet, line: usize, ink: Ink, text: &str| {
        let y = FRAME.y + 10.0 + 20.0 * line as f64;
        sheet.line(&[(FRAME.right() + 12.0, y), (FRAME.right() + 30.0, y)], ink.solid(), 2.2);
        sheet.text((FRAME.right() + 36.0, y), text, LABEL);
    };
    front.draw(|sheet| {
        let across = Scale::upward(last, 8, Unit::Plain, "weeks since the first assignment");
        let mut plot = sheet.plot(FRAME, across, Scale::share(1.0, 5, "power"));
        plot.reference((0.0, wanted), (last, wanted));
        plot.line(different.iter().copied(), Ink::Model(1).solid(), 2.2);
        plot.line(points.iter().map(|point| (point.weeks, point.more)), Ink::Champion.solid(), 2.2);
        if let Some(weeks) = weeks {
            sheet.dot(plot.at((weeks, wanted)), Ink::Champion.solid(), 4.5);
        }
        label(sheet, 0, Ink::Champion, "more by the");
        sheet.text((FRAME.right() + 36.0, FRAME.y + 26.0), "horizon", LABEL);
        if !different.is_empty() {
            label(sheet, 2, Ink::Model(1), "different");
        }
        note(
            sheet,
            (0.0, FRAME.bottom() + 58.0),
            "If leads come in until then, those without an outcome yet not counted. Dotted: the power asked for.",
        );
    })
}
