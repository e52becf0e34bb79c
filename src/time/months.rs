//! Names of months, whole and short, in English, German, French, Spanish, Italian and Portuguese.

/// By month, without accents.
const NAMES: [&str; 12] = [
    "january jan januar janner janvier janv enero ene gennaio gen janeiro",
    "february feb februar fevrier fevr fev febrero febbraio fevereiro",
    "march mar marz mrz mars marzo marco",
    "april apr avril avr abril abr aprile",
    "may mai mayo maggio mag maio",
    "june jun juni juin junio giugno giu junho",
    "july jul juli juillet juil julio luglio lug julho",
    "august aug aout agosto ago",
    "september sep sept septembre septiembre setiembre settembre set setembro",
    "october oct oktober okt octobre octubre ottobre ott outubro out",
    "november nov novembre noviembre novembro",
    "december dec dezember dez decembre diciembre dic dicembre dezembro",
];

const SHORT: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// The month of a name, from 1.
pub(super) fn month(name: &str) -> Option<i16> {
    let plain = |c: char| match c {
        'ä' | 'à' | 'á' | 'â' => 'a',
        'é' | 'è' | 'ê' => 'e',
        'û' | 'ù' | 'ú' => 'u',
        'ç' => 'c',
        c => c,
    };
    if !(3..=12).contains(&name.chars().count()) {
        return None;
    }
    let name: String = name.to_lowercase().chars().map(plain).collect();
    let place = NAMES.iter().position(|names| names.split(' ').any(|known| known == name))?;
    Some(place as i16 + 1)
}

/// What a month is called in formats.
pub(super) fn short(month: i16) -> &'static str {
    SHORT[(month - 1) as usize % 12]
}
