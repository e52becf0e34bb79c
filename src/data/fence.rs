//! Around everything that decodes columnar files: the library that does it trusts them, and panics where they lie.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

use super::DataError;
use super::columnar::broken;
use super::files::InFile;

thread_local! {
    static FENCED: Cell<bool> = const { Cell::new(false) };
}

/// A panic of the decoder is an error of the file that was decoded.
pub(crate) fn fenced<T>(file: &InFile, decode: impl FnOnce() -> Result<T, DataError>) -> Result<T, DataError> {
    keep_quiet();
    let before = FENCED.replace(true);
    let decoded = catch_unwind(AssertUnwindSafe(decode));
    FENCED.set(before);
    decoded.unwrap_or_else(|_| Err(broken(file, &"what it says of itself does not fit together")))
}

/// Panics within the fence print nothing; all others print what they did before.
fn keep_quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = take_hook();
        set_hook(Box::new(move |panic| {
            if !(FENCED.get() || is_of_the_decoder()) {
                before(panic);
            }
        }));
    });
}

/// The library's own threads hand their panics to the one that waits for them, within the fence.
fn is_of_the_decoder() -> bool {
    std::thread::current().name().is_some_and(|name| name.starts_with("polars"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file() -> InFile {
        InFile { path: "x".into(), shown: "leads.parquet".into() }
    }

    #[test]
    fn a_panic_of_the_decoder_is_an_error_of_its_file() {
        let error = fenced(&file(), || -> Result<(), DataError> { panic!("index out of bounds") }).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("leads.parquet: ") && text.contains("export it again"), "{text}");
        assert!(!FENCED.get());
    }

    #[test]
    fn what_is_decoded_well_passes_the_fence() {
        assert_eq!(fenced(&file(), || Ok(7)).unwrap(), 7);
    }
}
