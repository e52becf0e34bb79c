//! The messages of an Arrow IPC file, looked through before they are decoded: room is made for whatever they claim.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use polars_arrow_format::ipc::planus::{self, ReadAsRoot};
use polars_arrow_format::ipc::{Block, FieldRef, FooterRef, MessageHeaderRef, MessageRef, RecordBatchRef};

use super::claims::{check_bytes, check_rows};

/// How deep columns may lie in each other.
const DEPTH: usize = 64;
/// The end of the file: the footer's length, and a mark.
const TAIL: u64 = 10;
const MARK: &[u8] = b"ARROW1";

type Checked<T = ()> = Result<T, String>;

/// The rows of the file.
///
/// # Errors
/// When its messages claim what lies outside of the file, or more than it can hold.
pub(crate) fn check(file: &mut File, size: u64) -> Checked<u64> {
    if size < TAIL + MARK.len() as u64 {
        return Err("it has no footer".into());
    }
    let mut messages = Messages { file, size };
    let tail = messages.read(size - TAIL, TAIL)?;
    let (length, mark) = tail.split_at(4);
    if mark != MARK {
        return Err("it does not end as an Arrow IPC file does".into());
    }
    let length = length.try_into().map_or(-1, i32::from_le_bytes);
    let length = u64::try_from(length).ok().filter(|length| *length <= size - TAIL);
    let length = length.ok_or("its footer claims more bytes than the file has")?;
    let footer = messages.read(size - TAIL - length, length)?;
    let footer = FooterRef::read_as_root(&footer).map_err(unreadable)?;
    let schema = footer.schema().map_err(unreadable)?.ok_or("it has no schema")?;
    // Columns may share what they are made of: then they are more than their bytes.
    let mut left = length;
    for field in schema.fields().map_err(unreadable)?.into_iter().flatten() {
        check_depth(field.map_err(unreadable)?, DEPTH, &mut left)?;
    }
    for block in footer.dictionaries().map_err(unreadable)?.into_iter().flatten() {
        messages.check_block(&block.into())?;
    }
    let blocks = footer.record_batches().map_err(unreadable)?.into_iter().flatten();
    let rows = blocks.map(|block| messages.check_block(&block.into()));
    let rows = rows.collect::<Checked<Vec<u64>>>()?.into_iter().fold(0, u64::saturating_add);
    check_rows(rows, size)?;
    Ok(rows)
}

fn unreadable(_: planus::Error) -> String {
    "what it says of its columns and rows cannot be read".into()
}

fn check_depth(field: FieldRef, depth: usize, left: &mut u64) -> Checked {
    let deep = || "its columns lie too deep in each other".to_string();
    *left = left.checked_sub(1).ok_or_else(deep)?;
    for child in field.children().map_err(unreadable)?.into_iter().flatten() {
        check_depth(child.map_err(unreadable)?, depth.checked_sub(1).ok_or_else(deep)?, left)?;
    }
    Ok(())
}

struct Messages<'a> {
    file: &'a mut File,
    size: u64,
}

impl Messages<'_> {
    /// Bytes within the file.
    fn read(&mut self, start: u64, length: u64) -> Checked<Vec<u8>> {
        if start.checked_add(length).is_none_or(|end| end > self.size) {
            return Err("a part of it lies beyond its end".into());
        }
        let mut bytes = Vec::new();
        let read = self.file.seek(SeekFrom::Start(start)).and_then(|_| self.file.take(length).read_to_end(&mut bytes));
        match read {
            Ok(read) if read as u64 == length => Ok(bytes),
            Ok(_) => Err("it ends before its parts do".into()),
            Err(error) => Err(error.to_string()),
        }
    }

    /// The rows of a block.
    fn check_block(&mut self, block: &Block) -> Checked<u64> {
        let negative = |_| "a part of it has a negative size".to_string();
        let start = u64::try_from(block.offset).map_err(negative)?;
        let head = u64::try_from(block.meta_data_length).map_err(negative)?;
        let mut message = self.read(start, head)?;
        let continued = message.starts_with(&[0xff; 4]);
        let length = message.get(if continued { 4..8 } else { 0..4 }).ok_or("a message of it is cut short")?;
        let length = length.try_into().map_or(-1, i32::from_le_bytes);
        message.drain(..if continued { 8 } else { 4 });
        if usize::try_from(length).map_or(true, |length| length > message.len()) {
            return Err("a message of it claims another length than its footer says".into());
        }
        let message = MessageRef::read_as_root(&message).map_err(unreadable)?;
        let batch = match message.header().map_err(unreadable)? {
            Some(MessageHeaderRef::RecordBatch(batch)) => Some(batch),
            Some(MessageHeaderRef::DictionaryBatch(batch)) => batch.data().map_err(unreadable)?,
            _ => None,
        };
        let batch = batch.ok_or("a message of it holds no rows")?;
        self.check_batch(batch, start.saturating_add(head))
    }

    fn check_batch(&mut self, batch: RecordBatchRef, body: u64) -> Checked<u64> {
        let negative = |_| "a part of it has a negative size".to_string();
        let rows = u64::try_from(batch.length().map_err(unreadable)?).map_err(negative)?;
        check_rows(rows, self.size)?;
        let mut most = rows;
        for node in batch.nodes().map_err(unreadable)?.into_iter().flatten() {
            let length = u64::try_from(node.length()).map_err(negative)?;
            check_rows(length, self.size)?;
            if u64::try_from(node.null_count()).map_err(negative)? > length {
                return Err("a column of it claims more missing values than values".into());
            }
            most = most.max(length);
        }
        let compressed = batch.compression().map_err(unreadable)?.is_some();
        for buffer in batch.buffers().map_err(unreadable)?.into_iter().flatten() {
            let start = u64::try_from(buffer.offset()).map_err(negative)?.saturating_add(body);
            let length = u64::try_from(buffer.length()).map_err(negative)?;
            if start.checked_add(length).is_none_or(|end| end > self.size) {
                return Err("a column of it goes on beyond its end".into());
            }
            if compressed && length > 0 {
                self.check_compressed(start, length, most)?;
            }
        }
        Ok(rows)
    }

    /// A compressed buffer begins with how many bytes it is decompressed; -1 says that it is not compressed.
    fn check_compressed(&mut self, start: u64, length: u64, rows: u64) -> Checked {
        let short = || "a column of it is cut short".to_string();
        let stored = length.checked_sub(8).ok_or_else(short)?;
        let claimed = self.read(start, 8)?.try_into().map(i64::from_le_bytes).map_err(|_| short())?;
        match claimed {
            -1 => Ok(()),
            claimed => check_bytes(u64::try_from(claimed).unwrap_or(u64::MAX), stored, rows),
        }
    }
}
