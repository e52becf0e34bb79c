//! The odds of what one would do on Monday are kept: of the runs that say "9 to 1", nine of ten are right.
//!
//! The long study: `cargo test --release --test it monday -- --ignored --nocapture`.

use leadoff::evaluation::{Asked, Contact, evaluate};
use leadoff::stats::random::Seed;
use rayon::prelude::*;

use super::decide::{WORTH, cohort, outcomes, score, worths};

/// The odds of one history, and whether the model that they speak of is better.
fn odds(run: u64, leads: usize) -> Option<(f64, bool)> {
    let mut stream = Seed(47).replicate(run);
    // Worlds of one, three and eight challengers that differ from the champion by little or much.
    let challengers = [1, 3, 8][run as usize % 3];
    let spread = [0.02, 0.08, 0.2][run as usize / 3 % 3];
    let sight: Vec<f64> = (0..=challengers)
        .map(|_| (0.5 + spread * std::f64::consts::FRAC_1_SQRT_2 * stream.normal()).clamp(0.0, 0.95))
        .collect();
    let z = worths(&mut stream, leads);
    let scores: Vec<Vec<f64>> = sight.iter().map(|sight| score(&mut stream, &z, *sight)).collect();
    let names: Vec<String> = (0..=challengers).map(|place| format!("m{place}")).collect();
    let models: Vec<(&str, Vec<f64>)> = names.iter().map(String::as_str).zip(scores).collect();
    let converted = outcomes(&mut stream, &z, WORTH.0, WORTH.1);
    let contact = Some(Contact { worked: vec![true; leads] });
    let cohort = cohort(&models, converted, 200).asking(Asked { contact, ..Asked::default() }).unwrap();
    let prospect = evaluate(&cohort).evidence.prospect?;
    let place = names.iter().position(|name| *name == prospect.challenger).unwrap();
    // Of two scores that see a lead's worth through noise the one that sees better hands over more winners.
    Some((prospect.chance, sight[place] > sight[0]))
}

/// Of the histories whose odds lie in a range: their mean, the share that are right, and how many there are.
fn kept(all: &[(f64, bool)], from: f64, to: f64) -> (f64, f64, f64) {
    let own: Vec<&(f64, bool)> = all.iter().filter(|(chance, _)| (from..to).contains(chance)).collect();
    let n = own.len() as f64;
    let right = own.iter().filter(|(_, right)| *right).count() as f64;
    (own.iter().map(|(chance, _)| chance).sum::<f64>() / n, right / n, n)
}

#[test]
fn odds_are_right_as_often_as_they_say() {
    let all: Vec<(f64, bool)> = (0..90).into_par_iter().filter_map(|run| odds(run, 2_000)).collect();
    let (said, right, n) = kept(&all, 0.5, 1.1);
    assert!(n > 60.0, "{n}");
    assert!((said - right).abs() <= 3.0 * (said * (1.0 - said) / n).sqrt(), "{said} {right} of {n}");
}

#[test]
#[ignore = "the table of docs/decide.md"]
fn the_table_of_odds() {
    let runs = std::env::var("LEADOFF_RUNS").map_or(3_600, |runs| runs.parse().unwrap());
    let all: Vec<(f64, bool)> = (0..runs).into_par_iter().filter_map(|run| odds(run, 3_000)).collect();
    for (from, to) in [(0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 0.85), (0.85, 0.95), (0.95, 1.1)] {
        let (said, right, n) = kept(&all, from, to);
        println!("said {said:.3}, right {right:.3} ± {:.3}, of {n}", (said * (1.0 - said) / n).sqrt());
    }
}
