//! Seconds that merely decoding columns of Parquet files takes with the library that reads them here, the best of three:
//! `cargo bench --bench decode -- COLUMN,COLUMN,… FILE [FILE …]`. What `leadoff run --timings` says of reading and
//! replaying the same events is to be held against it.

use std::fs::File;
use std::time::Instant;

use polars::prelude::{ParallelStrategy, ParquetReader, PolarsResult, SerReader};

fn decode(path: &str, columns: &[String]) -> PolarsResult<usize> {
    let reader = ParquetReader::new(File::open(path)?).read_parallel(ParallelStrategy::Auto);
    Ok(reader.with_columns(Some(columns.to_vec())).finish()?.height())
}

fn main() -> PolarsResult<()> {
    // Cargo itself hands over `--bench`.
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let Some(columns) = arguments.next() else {
        println!("usage: cargo bench --bench decode -- COLUMN,COLUMN,… FILE [FILE …]");
        return Ok(());
    };
    let columns: Vec<String> = columns.split(',').map(String::from).collect();
    for path in arguments {
        let mut best = (f64::INFINITY, 0);
        for _ in 0..3 {
            let start = Instant::now();
            let rows = decode(&path, &columns)?;
            best = (start.elapsed().as_secs_f64().min(best.0), rows);
        }
        println!("{path}: {:.3} s, {} rows", best.0, best.1);
    }
    Ok(())
}
