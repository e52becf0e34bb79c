//! What speaks against a column or a kind of events, in words, and the YAML that mends it.

use crate::result::{Group, Having, Screened, Sign, Standing, Step, Subject, Suspicion};
use crate::table::{Class, yaml_name};

/// "`Lifecycle Stage`", "events of kind `Call`".
pub fn subject(subject: &Subject) -> String {
    match subject {
        Subject::Column(name) => format!("`{name}`"),
        Subject::Events(kind) => format!("events of kind `{kind}`"),
        Subject::AnyEvent => "events of any kind".into(),
    }
}

/// The evidence, as what holds of the subject: "is filled for 98 of 98 winners and 0 of 902 others".
pub fn sign(of: &Subject, sign: &Sign) -> String {
    let is_event = !matches!(of, Subject::Column(_));
    match sign {
        Sign::HadOnlyBy { group, own, others } => counts(is_event, *group, *own, *others),
        Sign::HadByNoneOf { group, own, others } => counts(is_event, *group, *own, *others),
        Sign::NearlyAllConverted { level, leads, wins, like } => format!(
            "is `{level}` for {leads} leads of which {wins} converted; of the next best value's {} leads {} did",
            like.of, like.have
        ),
        Sign::EverySale { step, winners, others } => every_sale(step, *winners, *others),
        Sign::AfterScoring { winners, others } => format!(
            "holds a time that comes after the lead is scored for {} of {} leads ({} of {} winners): it is not read before it comes (time rule)",
            winners.have + others.have,
            winners.of + others.of,
            winners.have,
            winners.of
        ),
        Sign::ChangedAtWin { winners, after, before } => {
            let share = |count: &u64| 100.0 * *count as f64 / (*winners).max(1) as f64;
            format!(
                "changes when a lead is won: for {:.0} % of the winners in the month after the win, for {:.0} % in the month before",
                share(after),
                share(before)
            )
        }
        Sign::OnlyWorked { worked, not_worked } => format!(
            "are had by {} of {} leads that sales worked and by {} of {} others: sales makes them itself",
            worked.have, worked.of, not_worked.have, not_worked.of
        ),
        Sign::EventsElsewhere { winners, others } => format!(
            "are had by {} of {} winners when they are scored and by {} of {} others: those of winners stand under another id",
            winners.have, winners.of, others.have, others.of
        ),
        Sign::SalesTouch => "are declared as sales' own touches (`data.events.sales`)".into(),
        Sign::Ranks { auc } => {
            let verb = if is_event { "tell" } else { "tells" };
            format!("alone {verb} winners from the others almost without fail (AUC {auc:.2})")
        }
        Sign::TellingName { word, auc: Some(auc) } => {
            format!(
                "{} a name that a sale writes (`{word}`), and {} leads (AUC {auc:.2})",
                verb(is_event, "bears", "bear"),
                verb(is_event, "ranks", "rank")
            )
        }
        Sign::TellingName { word, auc: None } => {
            format!("{} a name that a sale writes (`{word}`)", verb(is_event, "bears", "bear"))
        }
        Sign::Class { class } => format!("{}: no feature by default", self::class(*class)),
        Sign::DeclaredLater { from: Some(column) } => format!("is known only from `{column}` on"),
        Sign::DeclaredLater { from: None } => "is declared as known only when the data were exported".into(),
    }
}

fn verb(is_event: bool, one: &'static str, several: &'static str) -> &'static str {
    if is_event { several } else { one }
}

fn counts(is_event: bool, group: Group, own: Having, others: Having) -> String {
    let whose = match group {
        Group::Winners => "winners",
        Group::OpenDeals => "leads with an open deal",
    };
    let has = if is_event { "are had by" } else { "is filled for" };
    let have = if own.have == 0 { "none".into() } else { own.have.to_string() };
    format!("{has} {have} of {} {whose} and {} of {} others", own.of, others.have, others.of)
}

fn every_sale(step: &Step, winners: Having, others: Having) -> String {
    let what = match step {
        Step::Filled => "is filled for".into(),
        Step::Set => "is true for".into(),
        Step::Level(level) => format!("is `{level}` for"),
        Step::Event => "are had by".to_owned(),
    };
    format!(
        "{what} {} of {} winners and {} of {} others: a step that every sale passes",
        winners.have, winners.of, others.have, others.of
    )
}

fn class(class: Class) -> &'static str {
    match class {
        Class::Identifier => "is an identifier",
        Class::PersonName => "is a person's name",
        Class::Email => "is an e-mail address",
        Class::Phone => "is a telephone number",
        Class::Address => "is an address",
        Class::FreeText => "is free text",
        Class::Account => "is the company or account",
        Class::Owner => "says whose lead it is",
        Class::Counter => "is a running count, as it stands on the day of the export",
        Class::LiveValue => "is kept up to date, as it stands on the day of the export",
    }
}

/// What to write into the experiment file.
pub fn mend(suspicion: &Suspicion) -> String {
    match (&suspicion.subject, &suspicion.sign) {
        (Subject::Column(name), Sign::AfterScoring { .. }) => {
            let name = yaml_name(name);
            format!(
                "leave it out (`leads: {{ ignore: [{name}] }}`), or if such times lie ahead by nature, say so (`except: {{ {name}: planned }}`)"
            )
        }
        // No lead that was not won has it: it is the outcome in other words.
        (Subject::Column(name), Sign::HadOnlyBy { others, .. } | Sign::EverySale { others, .. })
            if others.have == 0 =>
        {
            format!("leave it out: `leads: {{ ignore: [{}] }}`", yaml_name(name))
        }
        (Subject::Column(name), _) => {
            let name = yaml_name(name);
            format!(
                "leave it out (`leads: {{ ignore: [{name}] }}`), or if it was known when leads came, say so (`except: {{ {name}: at_creation }}`)"
            )
        }
        (_, Sign::EventsElsewhere { .. }) => {
            "join the events by the id that they have once a lead is converted, too".into()
        }
        (Subject::Events(_), Sign::SalesTouch) => "take them out of the model".into(),
        (Subject::Events(kind), _) => {
            format!(
                "take them out of the model, and if sales makes them, say so (`events: {{ sales: [{}] }}`)",
                yaml_name(kind)
            )
        }
        (Subject::AnyEvent, _) => "take them out of the model".into(),
    }
}

/// "`Status` is filled for …".
pub fn evidence(suspicion: &Suspicion) -> String {
    format!("{} {}", subject(&suspicion.subject), sign(&suspicion.subject, &suspicion.sign))
}

/// What was found of a column or a kind of events, all of it.
pub fn found(one: &Screened) -> String {
    format!("{} {}", subject(&one.subject), signs(one))
}

/// All signs against one, without its name.
pub fn signs(one: &Screened) -> String {
    let signs: Vec<String> = one.signs.iter().map(|found| sign(&one.subject, found)).collect();
    let whose = if one.standing == Standing::Declared { "; declared by you as known when leads come" } else { "" };
    signs.join("; ") + whose
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn evidence_is_said_with_its_counts_and_its_cure() {
        let having = |have, of| Having { have, of };
        let column = Subject::Column("Lifecycle Stage".into());
        let like = having(1, 500);
        let sign = Sign::NearlyAllConverted { level: "Customer".into(), leads: 98, wins: 98, like };
        let suspicion = Suspicion { subject: column, sign };
        insta::assert_snapshot!(evidence(&suspicion), @"`Lifecycle Stage` is `Customer` for 98 leads of which 98 converted; of the next best value's 500 leads 1 did");
        insta::assert_snapshot!(mend(&suspicion), @"leave it out (`leads: { ignore: [Lifecycle Stage] }`), or if it was known when leads came, say so (`except: { Lifecycle Stage: at_creation }`)");
        let (winners, others) = (having(100, 100), having(300, 900));
        let kind = Subject::Events("Call: made".into());
        let suspicion = Suspicion { subject: kind, sign: Sign::EverySale { step: Step::Event, winners, others } };
        insta::assert_snapshot!(evidence(&suspicion), @"events of kind `Call: made` are had by 100 of 100 winners and 300 of 900 others: a step that every sale passes");
        insta::assert_snapshot!(mend(&suspicion), @r#"take them out of the model, and if sales makes them, say so (`events: { sales: ["Call: made"] }`)"#);
    }
}
