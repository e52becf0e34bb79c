use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use super::DataError;
use super::cells::Batch;
use super::reader::{Met, TableReader, Wanted};

/// Batches that wait to be taken.
const AHEAD: usize = 16;
/// Batches that are taken together.
const TOGETHER: usize = 8;

/// Columns that are being decoded by another thread, some batches ahead of who takes them. It stops when this is dropped.
pub(crate) struct Decoding {
    bytes: Arc<AtomicU64>,
    /// Groups that need not be decoded, once that is known.
    passed_over: Arc<OnceLock<RowGroups>>,
    /// Looked at, and not taken.
    first: Option<Batch>,
    batches: Option<Receiver<Batch>>,
    thread: Option<JoinHandle<Result<Vec<Met>, DataError>>>,
}

/// Some of the row groups of files: by file, whether each of its groups is among them.
pub(crate) type RowGroups = Vec<Vec<bool>>;

/// Every file, in order.
fn decode(
    readers: &[Box<dyn TableReader>],
    names: &[String],
    passed_over: &OnceLock<RowGroups>,
    bytes: &Arc<AtomicU64>,
    send: &mut dyn FnMut(Batch) -> bool,
) -> Result<Vec<Met>, DataError> {
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut all = Vec::with_capacity(readers.len());
    for (file, reader) in readers.iter().enumerate() {
        let groups = || passed_over.get()?.get(file);
        let is_passed_over = |group: usize| groups().and_then(|groups| groups.get(group)) == Some(&true);
        let wanted = Wanted { names: &names, file: file as u32, is_passed_over: &is_passed_over, bytes };
        all.push(reader.read(&wanted, send)?);
    }
    Ok(all)
}

impl Decoding {
    /// Begins to decode the columns named.
    pub fn begin(readers: Arc<[Box<dyn TableReader>]>, names: Vec<String>, passed_over: Option<RowGroups>) -> Self {
        let (sender, receiver) = sync_channel::<Batch>(AHEAD);
        let bytes = Arc::new(AtomicU64::new(0));
        let passed_over = Arc::new(passed_over.map(OnceLock::from).unwrap_or_default());
        let (counter, told) = (bytes.clone(), passed_over.clone());
        let decode = move || decode(&readers, &names, &told, &counter, &mut |batch| sender.send(batch).is_ok());
        Self { bytes, passed_over, first: None, batches: Some(receiver), thread: Some(std::thread::spawn(decode)) }
    }

    /// Row groups that need not be decoded from now on, only counted.
    pub fn pass_over(&self, groups: RowGroups) {
        // Of what is said twice, the first holds.
        let _ = self.passed_over.set(groups);
    }

    /// Bytes read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// The next batch, which is not taken.
    pub fn peek(&mut self) -> Option<&Batch> {
        if self.first.is_none() {
            self.first = self.batches.as_ref()?.recv().ok();
        }
        self.first.as_ref()
    }

    /// The next batches, those that are there; none at the end.
    pub fn next(&mut self) -> Vec<Batch> {
        if let Some(first) = self.first.take() {
            return vec![first];
        }
        let Some(batches) = &self.batches else { return Vec::new() };
        batches.recv().into_iter().chain(batches.try_iter().take(TOGETHER)).collect()
    }

    /// What the readers met; those still at work find nobody to send to, and stop.
    pub fn end(mut self) -> Result<Vec<Met>, DataError> {
        self.stop().map_or(Ok(Vec::new()), |met| met.unwrap_or_else(|panic| resume_unwind(panic)))
    }

    /// Waits for the thread, if it was not waited for.
    fn stop(&mut self) -> Option<std::thread::Result<Result<Vec<Met>, DataError>>> {
        self.batches = None;
        self.thread.take().map(JoinHandle::join)
    }
}

impl Drop for Decoding {
    fn drop(&mut self) {
        // Its files may be gone when this is.
        let _ = self.stop();
    }
}
