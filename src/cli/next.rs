use std::process::ExitCode;

use leadoff::table::inert;
use leadoff::workflows::next;

use super::{Outcome, print};

/// Says what is here and what one would type next: what is shown where no command was typed.
pub fn run() -> Outcome {
    let (said, steps) = next::next();
    let wide = steps.iter().map(|step| step.command.chars().count()).max().unwrap_or(0);
    let said: String = said.iter().map(|line| inert(line).into_owned() + "\n").collect();
    let step = |step: &next::Step| format!("  {:wide$}   {}\n", inert(&step.command), step.does);
    let steps: String = steps.iter().map(step).collect();
    print(&format!("{said}\n{steps}\nAll commands: leadoff --help\n"))?;
    Ok(ExitCode::SUCCESS)
}
