//! Whose leads they are.

use crate::data::Findings;
use crate::experiment::Experiment;
use crate::models::KnownColumn;
use crate::replay::Accounts;
use crate::table::{Class, Column, Table, accounts, class_of};

use super::PipelineError;
use super::history::why_not;

/// So many columns that may name an account are tried.
const TRIED: usize = 3;

/// The accounts that are declared; without a word, those by the columns that may name one.
pub(super) fn of(experiment: &Experiment, attributes: &Table) -> Accounts {
    let leads = &experiment.file.data.leads;
    if leads.tells_accounts() {
        let declared = leads.account().and_then(|name| attributes.get(name)).map(accounts);
        return Accounts { declared, likely: Vec::new() };
    }
    let named = attributes.names().filter_map(|name| Some((name, attributes.get(name)?)));
    let likely = named.filter(|(name, column)| may_name_one(name, column)).take(TRIED);
    Accounts { declared: None, likely: likely.map(|(name, column)| (name.to_owned(), accounts(column))).collect() }
}

fn may_name_one(name: &str, column: &Column) -> bool {
    matches!(column, Column::Text(_) | Column::Number(_))
        && matches!(class_of(name, column), Some(Class::Account | Class::Email))
}

/// The column of `leads.account` is there.
pub(super) fn exists(
    experiment: &Experiment,
    columns: &[KnownColumn],
    findings: &Findings,
) -> Result<(), PipelineError> {
    match experiment.file.data.leads.account() {
        Some(name) if columns.iter().all(|column| column.name != name) => Err(PipelineError::NoColumn {
            place: experiment.source().at("data.leads.account"),
            column: name.to_owned(),
            why: why_not(name, columns, findings),
        }),
        _ => Ok(()),
    }
}
