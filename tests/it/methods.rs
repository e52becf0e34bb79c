//! The page of methods says of every statistic what it is.

use std::collections::BTreeMap;
use std::path::Path;

use leadoff::metrics::{METRICS, methods, methods_page};
use leadoff::oracle;

/// How many metrics and methods answer to each name.
fn claims() -> BTreeMap<&'static str, usize> {
    let metrics = METRICS.iter().map(|metric| metric.id.as_str());
    let methods = methods().flat_map(|method| std::iter::once(method.id).chain(method.cases.iter().copied()));
    metrics.chain(methods).fold(BTreeMap::new(), |mut claims, name| {
        *claims.entry(name).or_insert(0) += 1;
        claims
    })
}

#[test]
fn every_statistic_with_reference_cases_is_described_once() {
    let claims = claims();
    let wrong: Vec<_> = oracle::stats().filter(|stat| claims.get(stat) != Some(&1)).collect();
    assert!(wrong.is_empty(), "described not at all or twice: {wrong:?}");
}

#[test]
fn no_two_descriptions_share_a_name() {
    let twice: Vec<_> = claims().into_iter().filter(|(_, times)| *times > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn reference_cases_named_in_a_description_exist() {
    let known: Vec<_> = oracle::stats().collect();
    let unknown: Vec<_> = methods().flat_map(|method| method.cases).filter(|name| !known.contains(name)).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

#[test]
fn the_page_of_methods_is_fresh() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/methods.md");
    if std::env::var_os("LEADOFF_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, methods_page()).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == methods_page(),
        "docs/methods.md is stale: refresh it with LEADOFF_BLESS=1 cargo test --test it methods"
    );
}
