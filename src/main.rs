mod cli;

fn main() -> std::process::ExitCode {
    keep_memory();
    cli::main()
}

/// Memory that was taken from the system is used again, by all threads, and not given back before the end: what large
/// logs need one after the other would else be mapped and cleared page by page each time. Only a matter of speed.
fn keep_memory() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: `mallopt` takes any values; it must not run beside other threads that allocate, and there are none yet.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        libc::mallopt(libc::M_MMAP_MAX, 0);
        libc::mallopt(libc::M_TRIM_THRESHOLD, -1);
    }
}
