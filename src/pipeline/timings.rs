use std::time::Instant as Clock;

/// Seconds a step.
#[derive(Default)]
pub(crate) struct Timings(Vec<(&'static str, f64)>);

impl Timings {
    pub fn time<T>(&mut self, step: &'static str, work: impl FnOnce() -> T) -> T {
        let start = Clock::now();
        let done = work();
        self.0.push((step, start.elapsed().as_secs_f64()));
        done
    }

    /// Hears of each part that it is done, the first of them begun now.
    pub fn parts(&mut self) -> impl FnMut(&'static str) {
        let mut start = Clock::now();
        move |part| {
            self.0.push((part, start.elapsed().as_secs_f64()));
            start = Clock::now();
        }
    }

    pub fn in_words(&self) -> String {
        let total: f64 = self.0.iter().map(|(_, seconds)| seconds).sum();
        let lines: String = self.0.iter().map(|(step, seconds)| format!("{step:<28} {seconds:>9.3} s\n")).collect();
        let memory = peak_memory().map_or(String::new(), |mib| format!("{:<28} {mib:>9.0} MiB\n", "peak memory"));
        format!("{lines}{:<28} {total:>9.3} s\n{memory}", "in all")
    }
}

/// The process's largest resident size so far, where the system tells it.
fn peak_memory() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse::<f64>().ok().map(|kib| kib / 1024.0)
}
