//! How much a columnar file may claim to hold, by its size: room is made for what it claims before it is seen.

/// Rows that any file may have.
const ROWS: u64 = 1 << 20;
/// Rows by byte of the file. A log sorted by lead, with runs and deltas, comes to about ten.
const ROWS_BY_BYTE: u64 = 256;
/// Bytes that any page or buffer may have.
const BYTES: u64 = 16 << 20;
/// The most that gzip makes of a byte.
const BYTES_BY_BYTE: u64 = 1_100;
/// Columns of one value shrink to nothing in zstd; then their rows bound what they are.
const BYTES_BY_ROW: u64 = 64;

/// The most rows that a file of so many bytes may have.
pub(crate) fn most_rows(size: u64) -> u64 {
    // Places of rows are kept as 32 bits.
    size.saturating_mul(ROWS_BY_BYTE).saturating_add(ROWS).min(u32::MAX.into())
}

/// The most bytes that so many stored ones may be, where they hold a column of so many rows.
pub(crate) fn most_bytes(stored: u64, rows: u64) -> u64 {
    BYTES + stored.saturating_mul(BYTES_BY_BYTE).saturating_add(rows.saturating_mul(BYTES_BY_ROW))
}

/// # Errors
/// When the file is too small for so many rows.
pub(crate) fn check_rows(rows: u64, size: u64) -> Result<(), String> {
    match most_rows(size) {
        most if rows > most => Err(format!("it claims {rows} rows in {size} bytes, expected at most {most}")),
        _ => Ok(()),
    }
}

/// # Errors
/// When what is stored is too small for what it claims to be.
pub(crate) fn check_bytes(claimed: u64, stored: u64, rows: u64) -> Result<(), String> {
    match most_bytes(stored, rows) {
        most if claimed > most => {
            Err(format!("{stored} of its bytes claim to be {claimed} decompressed, expected at most {most}"))
        }
        _ => Ok(()),
    }
}
