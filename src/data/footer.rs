//! The footer of a Parquet file, walked before it is decoded: the decoder makes room for as many parts as a list claims
//! to have, reads fields by their number alone, and follows groups of columns as deep as they go.

/// How deep groups of columns may lie in each other, and structures that nobody reads.
const DEPTH: usize = 64;

/// A field as the decoder reads it.
#[derive(Clone, Copy)]
enum Field {
    Whole,
    Byte,
    Flag,
    Text,
    /// How many of the elements that follow are parts of this one.
    Children,
    Struct(Shape),
    List(Shape),
    Wholes,
    Texts,
}

/// The fields of a structure, by number.
type Shape = &'static [(i16, Field)];

use Field::{Byte, Children, Flag, List, Struct, Text, Texts, Whole, Wholes};

const EMPTY: Shape = &[];
const FILE: Shape =
    &[(1, Whole), (2, List(ELEMENT)), (3, Whole), (4, List(GROUP)), (5, List(PAIR)), (6, Text), (7, List(ORDER))];
const ELEMENT: Shape = &[
    (1, Whole),
    (2, Whole),
    (3, Whole),
    (4, Text),
    (5, Children),
    (6, Whole),
    (7, Whole),
    (8, Whole),
    (9, Whole),
    (10, Struct(LOGICAL)),
];
const LOGICAL: Shape = &[
    (1, Struct(EMPTY)),
    (2, Struct(EMPTY)),
    (3, Struct(EMPTY)),
    (4, Struct(EMPTY)),
    (5, Struct(&[(1, Whole), (2, Whole)])),
    (6, Struct(EMPTY)),
    (7, Struct(CLOCK)),
    (8, Struct(CLOCK)),
    (10, Struct(&[(1, Byte), (2, Flag)])),
    (11, Struct(EMPTY)),
    (12, Struct(EMPTY)),
    (13, Struct(EMPTY)),
    (14, Struct(EMPTY)),
    (15, Struct(EMPTY)),
];
const CLOCK: Shape = &[(1, Flag), (2, Struct(UNIT))];
const UNIT: Shape = &[(1, Struct(EMPTY)), (2, Struct(EMPTY)), (3, Struct(EMPTY))];
const GROUP: Shape =
    &[(1, List(CHUNK)), (2, Whole), (3, Whole), (4, List(SORTING)), (5, Whole), (6, Whole), (7, Whole)];
const CHUNK: Shape = &[(1, Text), (2, Whole), (3, Struct(COLUMN)), (4, Whole), (5, Whole), (6, Whole), (7, Whole)];
const COLUMN: Shape = &[
    (1, Whole),
    (2, Wholes),
    (3, Texts),
    (4, Whole),
    (5, Whole),
    (6, Whole),
    (7, Whole),
    (9, Whole),
    (10, Whole),
    (11, Whole),
    (12, Struct(STATISTICS)),
    (14, Whole),
    (15, Whole),
];
const STATISTICS: Shape = &[(1, Text), (2, Text), (3, Whole), (4, Whole), (5, Text), (6, Text), (7, Flag), (8, Flag)];
const SORTING: Shape = &[(1, Whole), (2, Flag), (3, Flag)];
const PAIR: Shape = &[(1, Text), (2, Text)];
const ORDER: Shape = &[(1, Struct(EMPTY)), (2, Struct(EMPTY))];

/// Kinds of Thrift's compact protocol.
mod kind {
    pub const STOP: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const BYTE: u8 = 3;
    pub const I16: u8 = 4;
    pub const I64: u8 = 6;
    pub const DOUBLE: u8 = 7;
    pub const BINARY: u8 = 8;
    pub const LIST: u8 = 9;
    pub const STRUCT: u8 = 12;
}

/// # Errors
/// When the footer is not one that can be decoded within its own size.
pub(crate) fn check(footer: &[u8]) -> Result<(), &'static str> {
    let mut walk = Walk { rest: footer, children: Vec::new() };
    walk.structure(FILE)?;
    check_depth(&walk.children)
}

/// Elements stand parents first, each followed by its parts.
fn check_depth(children: &[u64]) -> Result<(), &'static str> {
    let mut open: Vec<u64> = Vec::new();
    for &parts in children {
        while open.last() == Some(&0) {
            open.pop();
        }
        if let Some(left) = open.last_mut() {
            *left -= 1;
        }
        open.push(parts);
        if open.len() > DEPTH {
            return Err("its columns lie too deep in each other");
        }
    }
    Ok(())
}

struct Walk<'a> {
    rest: &'a [u8],
    /// Of each element of the schema.
    children: Vec<u64>,
}

type Walked<T = ()> = Result<T, &'static str>;

const SHORT: &str = "its footer is cut short";
const FOREIGN: &str = "its footer is not that of a Parquet file";

impl Walk<'_> {
    fn structure(&mut self, shape: Shape) -> Walked {
        let mut last = 0;
        while let Some((id, found)) = self.field(last)? {
            match shape.iter().find(|(known, _)| *known == id) {
                Some((_, field)) => self.known(*field, found)?,
                None => self.skip(found, DEPTH)?,
            }
            last = id;
        }
        Ok(())
    }

    fn known(&mut self, field: Field, found: u8) -> Walked {
        match (field, found) {
            (Whole, kind::I16..=kind::I64) => self.number().map(drop),
            (Children, kind::I16..=kind::I64) => {
                let number = self.number()?;
                // Zigzag: odd ones are negative.
                if let Some(last) = self.children.last_mut().filter(|_| number % 2 == 0) {
                    *last = number / 2;
                }
                Ok(())
            }
            (Byte, kind::BYTE) => self.pass(1),
            (Flag, kind::TRUE | kind::FALSE) => Ok(()),
            (Text, kind::BINARY) => self.text(),
            (Struct(shape), kind::STRUCT) => self.structure(shape),
            (List(shape), kind::LIST) => self.list(&[kind::STRUCT], |walk, _| {
                if std::ptr::eq(shape, ELEMENT) {
                    walk.children.push(0);
                }
                walk.structure(shape)
            }),
            (Wholes, kind::LIST) => {
                self.list(&[kind::I16, kind::I16 + 1, kind::I64], |walk, _| walk.number().map(drop))
            }
            (Texts, kind::LIST) => self.list(&[kind::BINARY], |walk, _| walk.text()),
            _ => Err(FOREIGN),
        }
    }

    /// Number and kind of the next field; nothing at the end of the structure.
    fn field(&mut self, last: i16) -> Walked<Option<(i16, u8)>> {
        let byte = self.byte()?;
        let (step, found) = (byte >> 4, byte & 0x0f);
        match (step, found) {
            (_, kind::STOP) => Ok(None),
            (0, _) => {
                let number = self.number()?;
                let id = (number >> 1) as i64 ^ -((number & 1) as i64);
                Ok(Some((id.try_into().map_err(|_| FOREIGN)?, found)))
            }
            _ => Ok(Some((last.checked_add(step.into()).ok_or(FOREIGN)?, found))),
        }
    }

    /// A list whose parts are of one of these kinds; an empty one may be of any.
    fn list(&mut self, kinds: &[u8], mut part: impl FnMut(&mut Self, u8) -> Walked) -> Walked {
        let (parts, found) = self.list_head()?;
        if parts > 0 && !kinds.is_empty() && !kinds.contains(&found) {
            return Err(FOREIGN);
        }
        (0..parts).try_for_each(|_| part(self, found))
    }

    /// How many parts a list has, and of which kind: each takes a byte at least.
    fn list_head(&mut self) -> Walked<(u64, u8)> {
        let byte = self.byte()?;
        let parts = if byte >> 4 == 15 { self.number()? } else { u64::from(byte >> 4) };
        if parts > self.rest.len() as u64 {
            Err("a list of its footer claims more parts than there are bytes")
        } else {
            Ok((parts, byte & 0x0f))
        }
    }

    /// A field that nobody reads.
    fn skip(&mut self, found: u8, depth: usize) -> Walked {
        if depth == 0 {
            return Err(FOREIGN);
        }
        match found {
            kind::TRUE | kind::FALSE => Ok(()),
            kind::BYTE => self.pass(1),
            kind::I16..=kind::I64 => self.number().map(drop),
            kind::DOUBLE => self.pass(8),
            kind::BINARY => self.text(),
            kind::LIST => self.list(&[], |walk, found| match found {
                // The decoder takes none of their bytes; and the format has no such lists.
                kind::TRUE | kind::FALSE => Err(FOREIGN),
                found => walk.skip(found, depth - 1),
            }),
            kind::STRUCT => {
                let mut last = 0;
                while let Some((id, found)) = self.field(last)? {
                    self.skip(found, depth - 1)?;
                    last = id;
                }
                Ok(())
            }
            _ => Err(FOREIGN),
        }
    }

    fn text(&mut self) -> Walked {
        let length = self.number()?;
        self.pass(length)
    }

    fn number(&mut self) -> Walked<u64> {
        let mut number = 0;
        for shift in (0..70).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(FOREIGN)
    }

    fn byte(&mut self) -> Walked<u8> {
        let (&byte, rest) = self.rest.split_first().ok_or(SHORT)?;
        self.rest = rest;
        Ok(byte)
    }

    fn pass(&mut self, bytes: u64) -> Walked {
        let bytes = usize::try_from(bytes).map_err(|_| SHORT)?;
        self.rest = self.rest.get(bytes..).ok_or(SHORT)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_claims_more_parts_than_there_are_bytes_is_refused() {
        // Field 2, a list of 2^31 - 1 structures.
        let footer = [0x29, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x07, 0x00];
        assert!(check(&footer).unwrap_err().contains("claims more parts"));
    }

    #[test]
    fn a_field_of_another_kind_is_refused() {
        // Field 1 is a whole number; here it is a list.
        assert_eq!(check(&[0x19, 0x05, 0x00]), Err(FOREIGN));
        assert_eq!(check(&[0x15, 0x02, 0x00]), Ok(()));
        assert_eq!(check(&[0x15]), Err(SHORT));
    }

    #[test]
    fn groups_may_not_lie_in_each_other_without_end() {
        let nested = [vec![1; DEPTH - 1], vec![0]].concat();
        assert_eq!(check_depth(&nested), Ok(()));
        assert!(check_depth(&[vec![1], nested].concat()).is_err());
        let flat = [vec![1_000], vec![0; 1_000]].concat();
        assert_eq!(check_depth(&flat), Ok(()));
    }
}
