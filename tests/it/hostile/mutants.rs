//! Small Parquet and Arrow files, damaged at random from a seed. `LEADOFF_MUTANTS=5000` makes as many.

use std::collections::BTreeMap;
use std::io::Cursor;

use leadoff::stats::random::Seed;
use polars::prelude::*;
use polars_arrow::array::{DictionaryArray, PrimitiveArray, Utf8Array};
use polars_arrow::datatypes::{ArrowDataType, ArrowSchema, Field as ArrowField, IntegerType};
use polars_arrow::io::ipc::write::{Compression as ArrowCompression, FileWriter, WriteOptions};
use polars_arrow::record_batch::RecordBatchT;

use super::check;
use crate::product::folder;

const ROWS: usize = 60;
/// 2026-01-01.
const START: i64 = 1_767_225_600_000_000;
const DAY: i64 = 86_400_000_000;

/// Every type that is read, with values missing in most.
fn frame() -> DataFrame {
    let rows = 0..ROWS as i64;
    let times = |name: &str, at: &dyn Fn(i64) -> Option<i64>, zone: Option<TimeZone>| {
        let values: Vec<Option<i64>> = rows.clone().map(at).collect();
        Series::new(name.into(), values).cast(&DataType::Datetime(TimeUnit::Microseconds, zone)).unwrap()
    };
    let some = |row: i64| row % 7 != 0;
    let ids: Vec<String> = rows.clone().map(|row| format!("lead-number-{row:04}")).collect();
    let words: Vec<Option<&str>> = rows
        .clone()
        .map(|row| some(row).then_some(["web", "a much longer source of leads", "fair"][row as usize % 3]))
        .collect();
    let whole: Vec<Option<i64>> = rows.clone().map(|row| some(row).then_some(row * 1_000_003)).collect();
    let number: Vec<Option<f64>> = rows.clone().map(|row| some(row).then_some(row as f64 / 3.0)).collect();
    let flag: Vec<Option<bool>> = rows.clone().map(|row| some(row).then_some(row % 2 == 0)).collect();
    let score: Vec<f64> = rows.clone().map(|row| (row % 10) as f64).collect();
    let cast = |name: &str, kind: DataType| Series::new(name.into(), &whole).cast(&kind).unwrap();
    let columns: Vec<Column> = vec![
        Series::new("lead_id".into(), ids).into(),
        times("created_at", &|row| Some(START + row * DAY / 2), None).into(),
        times("won_at", &|row| (row % 3 == 0).then_some(START + 50 * DAY), Some(TimeZone::UTC)).into(),
        Series::new("score".into(), score).into(),
        Series::new("words".into(), words).into(),
        Series::new("whole".into(), &whole).into(),
        Series::new("number".into(), number).into(),
        Series::new("flag".into(), flag).into(),
        Series::new("small".into(), rows.clone().map(|row| row as i32 % 5).collect::<Vec<i32>>()).into(),
        Series::new("day".into(), rows.clone().map(|row| 20_000 + row as i32).collect::<Vec<i32>>())
            .cast(&DataType::Date)
            .unwrap()
            .into(),
        cast("money", DataType::Decimal(18, 2)).into(),
        Series::new_null("nothing".into(), ROWS).into(),
    ];
    DataFrame::new(ROWS, columns).unwrap()
}

fn parquet(compression: ParquetCompression) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let writer = ParquetWriter::new(&mut bytes).with_compression(compression);
    writer.with_row_group_size(Some(25)).with_data_page_size(Some(256)).finish(&mut frame()).unwrap();
    bytes.into_inner()
}

fn arrow(compression: Option<IpcCompression>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    IpcWriter::new(&mut bytes).with_compression(compression).finish(&mut frame()).unwrap();
    bytes.into_inner()
}

/// Texts in a dictionary, and as other writers hold them: offsets into one block; several batches.
fn arrow_with_dictionary(compression: Option<ArrowCompression>) -> Vec<u8> {
    let coded = ArrowDataType::Dictionary(IntegerType::Int32, Box::new(ArrowDataType::LargeUtf8), false);
    let fields = [
        ("lead_id", ArrowDataType::Utf8),
        ("created_at", ArrowDataType::LargeUtf8),
        ("won_at", ArrowDataType::Utf8),
        ("score", ArrowDataType::Float32),
        ("words", coded),
    ];
    let schema: ArrowSchema = fields
        .iter()
        .map(|(name, kind)| ArrowField::new((*name).into(), kind.clone(), true))
        .map(|f| (f.name.clone(), f))
        .collect();
    let schema = std::sync::Arc::new(schema);
    let mut writer = FileWriter::new(Vec::new(), schema.clone(), None, WriteOptions { compression });
    writer.start().unwrap();
    for batch in 0..2 {
        let rows = || batch * 30..batch * 30 + 30;
        let ids: Vec<Option<String>> = rows().map(|row| Some(format!("lead-{row:04}"))).collect();
        let created: Vec<Option<String>> = rows().map(|row| Some(format!("2026-01-{:02}", 1 + row % 28))).collect();
        let won: Vec<Option<&str>> = rows().map(|row| (row % 3 == 0).then_some("2026-02-20")).collect();
        let score: Vec<Option<f32>> = rows().map(|row| Some((row % 10) as f32)).collect();
        let keys: Vec<Option<i32>> = rows().map(|row| (row % 7 != 0).then_some(row % 3)).collect();
        let levels = Utf8Array::<i64>::from_slice(["web", "a much longer source of leads", "fair"]);
        let words = DictionaryArray::try_from_keys(PrimitiveArray::from(keys), levels.boxed(), false).unwrap();
        let arrays: Vec<Box<dyn polars_arrow::array::Array>> = vec![
            Utf8Array::<i32>::from(ids).boxed(),
            Utf8Array::<i64>::from(created).boxed(),
            Utf8Array::<i32>::from(won).boxed(),
            PrimitiveArray::from(score).boxed(),
            words.boxed(),
        ];
        writer.write(&RecordBatchT::new(30, schema.clone(), arrays), None).unwrap();
    }
    writer.finish().unwrap();
    writer.into_inner()
}

fn seeds() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("plain.parquet", parquet(ParquetCompression::Uncompressed)),
        ("snappy.parquet", parquet(ParquetCompression::Snappy)),
        ("gzip.parquet", parquet(ParquetCompression::Gzip(None))),
        ("zstd.parquet", parquet(ParquetCompression::Zstd(None))),
        ("lz4.parquet", parquet(ParquetCompression::Lz4Raw)),
        ("plain.arrow", arrow(None)),
        ("lz4.arrow", arrow(Some(IpcCompression::LZ4))),
        ("zstd.arrow", arrow(Some(IpcCompression::ZSTD(Default::default())))),
        ("dictionary.arrow", arrow_with_dictionary(None)),
        ("dictionary-zstd.arrow", arrow_with_dictionary(Some(ArrowCompression::ZSTD(Default::default())))),
    ]
}

const LENGTHS: [u64; 12] =
    [0, 1, 7, 0x7f, 0xff, 0xffff, 0x7fff_ffff, 0xffff_ffff, 1 << 40, 1 << 62, i64::MAX as u64, u64::MAX];

/// Damages a few places, half of them near the end, where files of both kinds say what they hold.
fn mutant(whole: &[u8], seed: u64) -> Vec<u8> {
    let mut chance = Seed(seed).replicate(0);
    let mut below = |n: usize| (chance.uniform() * n.max(1) as f64) as usize;
    let mut bytes = whole.to_vec();
    for _ in 0..1 + below(3) {
        let tail = bytes.len().min(2_500);
        let at = if below(2) == 0 { below(bytes.len()) } else { bytes.len() - tail + below(tail) };
        match below(8) {
            0 | 1 => bytes[at] ^= 1 << below(8),
            2 => bytes[at] = below(256) as u8,
            3 => bytes.truncate(at.max(1)),
            4 => drop(bytes.drain(at..(at + 1 + below(9)).min(bytes.len()))),
            5 => {
                let part = bytes[at..(at + 1 + below(40)).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
            kind => {
                let length = LENGTHS[below(LENGTHS.len())].to_le_bytes();
                let wide = if kind == 6 { 4 } else { 8 };
                let end = (at + wide).min(bytes.len());
                bytes[at..end].copy_from_slice(&length[..end - at]);
            }
        }
    }
    bytes
}

#[test]
fn columnar_files_are_read_before_they_are_damaged() {
    let folder = folder();
    for (name, bytes) in seeds() {
        check(folder.path(), name, bytes).done();
    }
}

#[test]
fn no_damage_to_a_columnar_file_is_worse_than_an_error_of_its_name() {
    let mutants: u64 = std::env::var("LEADOFF_MUTANTS").ok().and_then(|count| count.parse().ok()).unwrap_or(200);
    let first: u64 = std::env::var("LEADOFF_MUTANTS_FROM").ok().and_then(|count| count.parse().ok()).unwrap_or(0);
    let (folder, seeds) = (folder(), seeds());
    let mut ended: BTreeMap<i32, u64> = BTreeMap::new();
    let mut wrong = Vec::new();
    for number in first..first + mutants {
        let (name, whole) = &seeds[number as usize % seeds.len()];
        let said = check(folder.path(), name, mutant(whole, number));
        *ended.entry(said.code).or_default() += 1;
        let is_right = match said.code {
            0 => true,
            4 => !said.err.contains("panicked"),
            _ => false,
        };
        if !is_right {
            wrong.push(format!("{name} {number}: {} {:.300}", said.code, said.err));
        }
    }
    println!("{mutants} mutants: {ended:?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
