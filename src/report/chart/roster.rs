use crate::result::{Evaluation, ModelEvaluation, TopShare};

use super::ink::{Ink, MODELS, Pen};
use super::sheet::{LABEL, NOTE, Point, Sheet};
use super::words;
use crate::report::text::slug;

/// A model as all charts show it: one name, one colour.
pub(super) struct Entry<'a> {
    pub(super) model: &'a ModelEvaluation,
    pub(super) name: String,
    /// Of its own among the models, for file names.
    pub(super) slug: String,
    pub(super) champion: bool,
    pub(super) pen: Pen,
}

impl Entry<'_> {
    /// The leads with the highest scores, as many as this share.
    pub(super) fn top(&self, share: f64) -> Option<&TopShare> {
        self.model.top.iter().find(|top| (top.share - share).abs() < 1e-9)
    }
}

pub(super) fn roster(evaluation: &Evaluation) -> Vec<Entry<'_>> {
    let champion = evaluation.setting.champion.as_deref();
    let champion = champion.and_then(|name| evaluation.models.iter().position(|model| model.name == name));
    let mut entries: Vec<Entry> = Vec::new();
    for (position, model) in evaluation.models.iter().enumerate() {
        let is_champion = champion == Some(position);
        let others = position - usize::from(champion.is_some_and(|champion| champion < position));
        let pen = if is_champion { Ink::Champion.solid() } else { challenger(others) };
        let (name, slug) = (words::clean(&model.name), slug(&model.name));
        entries.push(Entry { model, name, slug, champion: is_champion, pen });
    }
    entries
}

fn challenger(position: usize) -> Pen {
    let colours = usize::from(MODELS);
    Pen { ink: Ink::Model((position % colours) as u8), dash: (position / colours % 4) as u8 }
}

const LINE: f64 = 18.0;
const HEAD: f64 = 22.0;

/// The names of all models with their lines, from the top left corner; a figure behind each where there is one.
pub(super) fn legend(sheet: &Sheet, (x, y): Point, width: f64, heading: &str, entries: &[(&Entry, String)]) {
    sheet.text((x, y + 6.0), heading, NOTE);
    let figures = entries.iter().map(|(_, figure)| LABEL.width(figure)).fold(0.0, f64::max);
    for (row, (entry, figure)) in entries.iter().enumerate() {
        let style = LABEL.bold(entry.champion);
        let middle = y + HEAD + row as f64 * LINE + 8.0;
        sheet.line(&[(x, middle), (x + 24.0, middle)], entry.pen, thickness(entry));
        let tag = if entry.champion { " (champion)" } else { "" };
        let room = width - 30.0 - figures - 8.0 - style.width(tag);
        sheet.text((x + 30.0, middle), &format!("{}{tag}", style.fit(&entry.name, room)), style);
        sheet.text((x + width, middle), figure, style.right());
    }
}

pub(super) fn legend_height(models: usize) -> f64 {
    HEAD + models as f64 * LINE
}

/// The champion's lines are heavier than the others.
pub(super) fn thickness(entry: &Entry) -> f64 {
    if entry.champion { 2.8 } else { 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::fixture;

    #[test]
    fn names_that_look_alike_have_files_of_their_own() {
        let mut evaluation = fixture::evaluation();
        for (model, name) in evaluation.models.iter_mut().zip(["A b", "a-b", "a  B!", "<>", "\n"]) {
            model.name = name.into();
        }
        let mut slugs: Vec<String> = roster(&evaluation).into_iter().map(|entry| entry.slug).collect();
        assert_eq!(slugs[1], "a-b");
        slugs.sort();
        slugs.dedup();
        assert_eq!(slugs.len(), evaluation.models.len());
    }

    #[test]
    fn the_champion_has_its_own_colour_wherever_it_stands() {
        let mut evaluation = fixture::evaluation();
        evaluation.setting.champion = Some(evaluation.models[2].name.clone());
        let inks: Vec<Ink> = roster(&evaluation).iter().map(|entry| entry.pen.ink).collect();
        assert_eq!(inks, [Ink::Model(0), Ink::Model(1), Ink::Champion, Ink::Model(2), Ink::Model(3)]);
    }

    #[test]
    fn the_seventh_challenger_is_dashed() {
        assert_eq!(challenger(6), Pen { ink: Ink::Model(0), dash: 1 });
    }
}
