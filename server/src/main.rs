//! The binary `showup`.

/// Texts come in as many small pieces; this allocator hands them out faster than the system's (`docs/performance.md`).
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    server::cli::main()
}
