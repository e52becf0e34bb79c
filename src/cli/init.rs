use std::io::{BufRead, IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use leadoff::intake::{Draft, Question};
use leadoff::store::{Target, Writer};
use leadoff::table::inert;
use leadoff::workflows::intake::{self, Begun, IntakeError, Trouble};
use leadoff::workflows::next::EXPERIMENT_FILE;
use leadoff::workflows::simulated;

use super::progress::Progress;
use super::{DATA, Failure, Outcome, USAGE, print, shown, store_code, tell};

/// Makes an experiment of a CRM's exports; or a folder with a demo: simulated leads, an experiment file to change, and its
/// schema for editors.
#[derive(Args)]
#[command(
    after_help = "Example: leadoff init --from exports/ && leadoff run experiment.yaml\n         leadoff init my-scoring && cd my-scoring && leadoff run experiment.yaml"
)]
pub struct Init {
    /// The new folder; with `--from`, where the experiment is written (by default here).
    #[arg(required_unless_present = "from")]
    folder: Option<PathBuf>,
    /// Exports to be read: files, a workbook, or a folder of them. Writes `experiment.yaml`.
    #[arg(long, num_args = 1.., value_name = "FILE")]
    from: Vec<PathBuf>,
    /// The rules of the score in use: a table, or HubSpot's configuration. They become the champion.
    #[arg(long, requires = "from", value_name = "FILE")]
    rules: Option<PathBuf>,
    /// Takes the guesses without asking.
    #[arg(long, requires = "from")]
    yes: bool,
}

impl Init {
    pub fn run(self) -> Outcome {
        if !self.from.is_empty() {
            return self.of_exports();
        }
        let folder = self.folder.unwrap_or_default();
        simulated::init(&folder)?;
        print(&format!(
            "Made {0}: a demo experiment with simulated leads.\nNext: cd {0} && leadoff run experiment.yaml\nThen make one of your own exports: leadoff init --from FILE…\n",
            shown(&folder)
        ))?;
        Ok(ExitCode::SUCCESS)
    }

    fn of_exports(self) -> Outcome {
        let path = self.folder.as_ref().map_or_else(PathBuf::new, PathBuf::from).join(EXPERIMENT_FILE);
        if let Some(folder) = &self.folder {
            std::fs::create_dir_all(folder).map_err(|error| {
                Failure::new(USAGE, format!("{}: the folder cannot be made: {error}", folder.display()))
            })?;
        }
        if let (None, [_, .., last]) = (&self.folder, self.from.as_slice())
            && !last.exists()
        {
            let last = shown(last);
            let why = format!(
                "`{last}` is no file: to write the experiment there, name it first: leadoff init {last} --from …"
            );
            return Err(Failure::new(USAGE, why));
        }
        let target = Target::file(&path, Writer::Init, &self.from)?;
        let rules = self.rules.as_ref().map(|rules| rules.to_string_lossy().into_owned());
        let Begun { mut draft, skipped, mut trouble, mut forbids } =
            intake::begin(&self.from, rules, &path, &Progress::new())?;
        let mut said: Vec<String> = draft.summary();
        said.extend(skipped.iter().map(|why| format!("not used  {why}")));
        print(&(said.iter().map(|line| inert(line).into_owned() + "\n").collect::<String>() + "\n"))?;
        if !self.yes && std::io::stdin().is_terminal() {
            ask(&mut draft)?;
            if trouble.is_some() {
                match intake::attempt(&mut draft, &path, &Progress::new()) {
                    Ok(found) => (trouble, forbids) = (None, found),
                    Err(again) => trouble = Some(again),
                }
                ask(&mut draft)?;
            }
        }
        target.write(draft.yaml())?;
        let open: Vec<String> = draft.questions().map(|question| format!("  ? {}\n", inert(&question.ask))).collect();
        if !open.is_empty() {
            print(&format!("Guessed, and marked TODO in the file:\n{}\n", open.concat()))?;
        }
        let place = shown(&path);
        if !forbids.is_empty() {
            let lines: Vec<String> = forbids.iter().map(|one| format!("  ! {}\n", inert(one))).collect();
            print(&format!("To be mended, for it bends the answer or forbids one:\n{}\n", lines.concat()))?;
        }
        match trouble {
            None => print(&format!("Wrote {place}\nNext: leadoff run {place}\n"))?,
            Some(trouble) => {
                print(&format!("Wrote {place}, which does not run yet. Mend it, then: leadoff check {place}\n"))?;
                return Err(trouble.into());
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Asks what the files do not tell, one key each; an empty line takes the guess.
fn ask(draft: &mut Draft) -> Result<(), Failure> {
    let mut lines = std::io::stdin().lock().lines();
    loop {
        let first = draft.questions().next().cloned();
        let Some(question) = first else { return Ok(()) };
        let answer = loop {
            tell(&said(&question));
            std::io::stderr().flush().map_err(Failure::fault)?;
            let Some(line) = lines.next() else { return Ok(()) };
            let line = line.map_err(Failure::fault)?;
            match line.trim().chars().next() {
                None if question.guess < question.choices.len() => break question.guess,
                None => tell("  one of these is needed\n"),
                Some(key) => match question.choices.iter().position(|choice| choice.key == key.to_ascii_lowercase()) {
                    Some(answer) => break answer,
                    None => tell("  that is none of them\n"),
                },
            }
        };
        draft.answer(answer);
    }
}

fn said(question: &Question) -> String {
    let choices = question.choices.iter().enumerate().map(|(place, choice)| {
        let guess = if place == question.guess { " (or Enter)" } else { "" };
        format!("  {}  {}{guess}\n", choice.key, inert(&choice.text))
    });
    format!("{}\n{}> ", inert(&question.ask), choices.collect::<String>())
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        match trouble {
            Trouble::Config(error) => error.into(),
            Trouble::Pipeline(error) => error.into(),
        }
    }
}

impl From<IntakeError> for Failure {
    fn from(error: IntakeError) -> Self {
        let code = match &error {
            IntakeError::Data(_) => DATA,
            IntakeError::Nothing(_) | IntakeError::Folder { .. } => USAGE,
            IntakeError::Store(error) => store_code(error),
        };
        Self::new(code, error)
    }
}
