use std::sync::Arc;

use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::fontdb::Database;
use resvg::usvg::{Options, Tree};

use crate::report::ReportError;

use super::{Chart, file, ink};

/// Pixels of the image in a pixel of the chart.
const SHARPNESS: f32 = 2.0;

/// The chart as an image: light, with its title, at twice its size.
pub fn png(chart: &Chart) -> Result<Vec<u8>, ReportError> {
    image(&file(chart, &ink::LIGHT), &chart.id)
}

/// An SVG file as an image at twice its size.
pub(super) fn image(svg: &str, name: &str) -> Result<Vec<u8>, ReportError> {
    let fault = |reason: String| ReportError::Chart { chart: name.into(), reason };
    let options = Options { fontdb: Arc::new(fonts()), ..Options::default() };
    let tree = Tree::from_str(svg, &options).map_err(|error| fault(error.to_string()))?;
    let size = tree.size();
    let (width, height) = ((size.width() * SHARPNESS).ceil() as u32, (size.height() * SHARPNESS).ceil() as u32);
    let mut image = Pixmap::new(width, height).ok_or_else(|| fault(format!("{width} by {height} pixels")))?;
    resvg::render(&tree, Transform::from_scale(SHARPNESS, SHARPNESS), &mut image.as_mut());
    image.encode_png().map_err(|error| fault(error.to_string()))
}

/// One font whatever the machine has: the same bytes everywhere.
fn fonts() -> Database {
    let mut fonts = Database::new();
    fonts.load_font_data(dejavu::sans_condensed::regular().to_vec());
    fonts.load_font_data(dejavu::sans_condensed::bold().to_vec());
    fonts.set_sans_serif_family("DejaVu Sans");
    fonts
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::chart::{fixture, summary};

    #[test]
    fn an_image_is_twice_the_size_of_its_chart() {
        let image = png(&summary(&fixture::evaluation())).unwrap();
        assert_eq!(&image[1..4], b"PNG");
        let width = u32::from_be_bytes(image[16..20].try_into().unwrap());
        assert_eq!(width, 2 * (700 + 32));
    }
}
