use std::convert::Infallible;
use std::fmt::Write;

use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind, FontStyle,
};

use super::{ink, words};

/// Units of the drawing in a pixel: plotters counts in whole units, a curve needs finer ones.
pub(super) const UNITS: f64 = 10.0;

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

/// What plotters draws, as SVG elements whose colour is a class and whose text stays text.
pub(super) struct Svg<'a> {
    elements: &'a mut String,
    size: (u32, u32),
}

impl<'a> Svg<'a> {
    /// `size` in pixels.
    pub(super) fn new(elements: &'a mut String, size: (u32, u32)) -> Self {
        Self { elements, size }
    }

    fn element(&mut self, colour: BackendColor, element: std::fmt::Arguments) -> Drawn {
        if colour.alpha > 0.0 {
            writeln!(self.elements, "{element}").expect("a string takes all text");
        }
        Ok(())
    }

    fn path(&mut self, points: impl IntoIterator<Item = BackendCoord>, style: &impl BackendStyle) -> Drawn {
        let colour = style.color();
        let dash = match ink::dashes(colour.rgb.1) {
            "" => String::new(),
            dash => format!(r#" stroke-dasharray="{dash}""#),
        };
        let ruled = if ink::is_ruled(colour.rgb.0) { r#" shape-rendering="crispEdges""# } else { "" };
        let (data, width, paint) = (outline(points), Length(style.stroke_width() as i32), Paint(colour));
        self.element(
            colour,
            format_args!(r#"<path {paint} d="{data}" fill="none" stroke="currentColor" stroke-width="{width}" stroke-linejoin="round"{dash}{ruled}/>"#),
        )
    }
}

impl DrawingBackend for Svg<'_> {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        (self.size.0 * UNITS as u32, self.size.1 * UNITS as u32)
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, (x, y): BackendCoord, colour: BackendColor) -> Drawn {
        let (x, y, side, paint) = (Length(x), Length(y), Length(1), Paint(colour));
        self.element(
            colour,
            format_args!(r#"<rect {paint} x="{x}" y="{y}" width="{side}" height="{side}" fill="currentColor"/>"#),
        )
    }

    fn draw_line<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S) -> Drawn {
        self.path([from, to], style)
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, path: I, style: &S) -> Drawn {
        self.path(path, style)
    }

    fn draw_rect<S: BackendStyle>(&mut self, from: BackendCoord, to: BackendCoord, style: &S, fill: bool) -> Drawn {
        let corners = [from, (to.0, from.1), to, (from.0, to.1)];
        if fill { self.fill_polygon(corners, style) } else { self.path(corners.into_iter().chain([from]), style) }
    }

    fn draw_circle<S: BackendStyle>(&mut self, (x, y): BackendCoord, radius: u32, style: &S, fill: bool) -> Drawn {
        let colour = style.color();
        let (x, y, radius, width, paint) =
            (Length(x), Length(y), Length(radius as i32), Length(style.stroke_width() as i32), Paint(colour));
        if fill {
            self.element(
                colour,
                format_args!(r#"<circle {paint} cx="{x}" cy="{y}" r="{radius}" fill="currentColor"/>"#),
            )
        } else {
            self.element(colour, format_args!(r#"<circle {paint} cx="{x}" cy="{y}" r="{radius}" fill="none" stroke="currentColor" stroke-width="{width}"/>"#))
        }
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(&mut self, corners: I, style: &S) -> Drawn {
        let (colour, data) = (style.color(), outline(corners));
        let paint = Paint(colour);
        self.element(colour, format_args!(r#"<path {paint} d="{data}Z" fill="currentColor"/>"#))
    }

    fn draw_text<T: BackendTextStyle>(&mut self, text: &str, style: &T, (x, y): BackendCoord) -> Drawn {
        let (colour, size) = (style.color(), style.size());
        let anchor = match style.anchor().h_pos {
            HPos::Left => "",
            HPos::Center => r#" text-anchor="middle""#,
            HPos::Right => r#" text-anchor="end""#,
        };
        // Not `dominant-baseline`: renderers differ.
        let drop = match style.anchor().v_pos {
            VPos::Top => 0.8,
            VPos::Center => 0.35,
            VPos::Bottom => -0.2,
        };
        let weight = if matches!(style.style(), FontStyle::Bold) { r#" font-weight="600""# } else { "" };
        let rim =
            if colour.rgb.2 == 1 { r#" paint-order="stroke" stroke-width="3.5" stroke-linejoin="round""# } else { "" };
        let (x, y, size, text) =
            (Length(x), Length(y + (drop * size).round() as i32), Length(size.round() as i32), words::escape(text));
        let paint = Paint(colour);
        self.element(colour, format_args!(r#"<text {paint} x="{x}" y="{y}" font-size="{size}" fill="currentColor"{anchor}{weight}{rim}>{text}</text>"#))
    }

    fn estimate_text_size<T: BackendTextStyle>(
        &self,
        text: &str,
        style: &T,
    ) -> Result<(u32, u32), DrawingErrorKind<Infallible>> {
        let bold = matches!(style.style(), FontStyle::Bold);
        Ok((words::width(text, style.size(), bold).ceil() as u32, style.size().ceil() as u32))
    }
}

/// Units as pixels with at most one decimal.
struct Length(i32);

impl std::fmt::Display for Length {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let (sign, whole, tenth) =
            (if self.0 < 0 { "-" } else { "" }, self.0.unsigned_abs() / 10, self.0.unsigned_abs() % 10);
        if tenth == 0 { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{tenth}") }
    }
}

/// The attributes that colour an element.
struct Paint(BackendColor);

impl std::fmt::Display for Paint {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        let rim = if self.0.rgb.2 == 1 { " ink-rim" } else { "" };
        write!(f, r#"class="{}{rim}""#, ink::class(self.0.rgb.0))?;
        if self.0.alpha < 1.0 { write!(f, r#" opacity="{}""#, (self.0.alpha * 100.0).round() / 100.0) } else { Ok(()) }
    }
}

/// The points as path data. Steps take a letter and a number each, points that repeat take nothing.
fn outline(points: impl IntoIterator<Item = BackendCoord>) -> String {
    let mut data = String::new();
    let mut last = None;
    for (x, y) in points {
        let (to_x, to_y) = (Length(x), Length(y));
        match last {
            None => write!(data, "M{to_x} {to_y}"),
            Some(point) if point == (x, y) => Ok(()),
            Some((_, last_y)) if last_y == y => write!(data, "H{to_x}"),
            Some((last_x, _)) if last_x == x => write!(data, "V{to_y}"),
            Some(_) => write!(data, "L{to_x} {to_y}"),
        }
        .expect("a string takes all text");
        last = Some((x, y));
    }
    data
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenth_of_a_pixel_is_kept_and_a_whole_one_is_short() {
        assert_eq!([123, 120, -5, -120, 0].map(|units| Length(units).to_string()), ["12.3", "12", "-0.5", "-12", "0"]);
    }

    #[test]
    fn steps_are_written_as_steps() {
        assert_eq!(outline([(0, 0), (100, 0), (100, 0), (100, 55), (120, 60)]), "M0 0H10V5.5L12 6");
    }
}
