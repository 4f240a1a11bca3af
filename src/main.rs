//! Parses the command line and runs the command.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    // A stream needs a few kilobytes here and there; huge pages would keep two megabytes for them. Where the kernel
    // will not have it, memory is larger and nothing else changes.
    #[cfg(target_os = "linux")]
    nix::sys::prctl::set_thp_disable(true).ok();
    ai_mcp_gateway::cli::run()
}
