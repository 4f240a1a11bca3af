//! A process under measurement: started, sampled for CPU time and memory, stopped.

use std::collections::HashMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// One tick of the times in `/proc/<pid>/stat`, in nanoseconds: Linux reports them in 1/100 s.
const TICK_NS: u64 = 10_000_000;
/// How long a process may take to end by itself.
const END: Duration = Duration::from_secs(3);

/// A child with all of its descendants, ended when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

/// CPU time spent so far.
#[derive(Debug)]
pub struct Cpu {
    /// Nanoseconds by thread: exact, but a thread that ends takes its share with it.
    threads: HashMap<u32, u64>,
    /// Nanoseconds of the processes: coarse, and complete.
    coarse: u64,
}

/// Memory in use, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub struct Memory {
    /// Resident pages.
    pub rss: u64,
    /// The same, each shared page divided among those that share it.
    pub pss: u64,
}

impl Process {
    /// Starts a command in a folder; what it prints goes to `output.log` there.
    ///
    /// # Errors
    /// The command cannot be started.
    pub fn start(command: &mut Command, folder: &Path) -> Result<Self> {
        let log = folder.join("output.log");
        let output = File::create(&log)?;
        let child = command
            .current_dir(folder)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .spawn()
            .with_context(|| format!("cannot start {}", command.get_program().display()))?;
        Ok(Self { child, log })
    }

    /// Process id of the child itself.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Checks that it still runs.
    ///
    /// # Errors
    /// It has ended: the message has what it printed.
    pub fn check(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("it ended with {status}: {}", self.output()),
        }
    }

    /// What it has printed.
    pub fn output(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// CPU time of all threads of all its processes until now.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn cpu(&self) -> Result<Cpu> {
        let mut cpu = Cpu { threads: HashMap::new(), coarse: 0 };
        for id in tree(self.id())? {
            let stat = Stat::of(id).context("process gone")?;
            cpu.coarse += stat.ticks * TICK_NS;
            for entry in fs::read_dir(format!("/proc/{id}/task"))?.flatten() {
                let Some(thread) = number(entry.file_name().to_str()) else {
                    continue;
                };
                // Missing for a thread that has just ended, or where the kernel has no schedstat.
                let text = fs::read_to_string(entry.path().join("schedstat")).unwrap_or_default();
                if let Some(spent) = text.split(' ').next().and_then(|s| s.parse().ok()) {
                    cpu.threads.insert(thread, spent);
                }
            }
        }
        Ok(cpu)
    }

    /// Memory of all its processes now.
    ///
    /// # Errors
    /// `/proc` cannot be read.
    pub fn memory(&self) -> Result<Memory> {
        let mut memory = Memory::default();
        for id in tree(self.id())? {
            let text = fs::read_to_string(format!("/proc/{id}/smaps_rollup"))?;
            for line in text.lines() {
                let mut words = line.split_ascii_whitespace();
                let (name, size) = (words.next(), number(words.next()));
                let bytes = u64::from(size.unwrap_or(0)) * 1024;
                match name {
                    Some("Rss:") => memory.rss += bytes,
                    Some("Pss:") => memory.pss += bytes,
                    _ => {}
                }
            }
        }
        Ok(memory)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // All of them: a shell does not pass on what it is told.
        for id in tree(self.id()).unwrap_or_default() {
            if let Ok(id) = i32::try_from(id) {
                let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
            }
        }
        let start = Instant::now();
        while start.elapsed() < END {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Cpu {
    /// CPU time spent since an earlier sample.
    pub fn since(&self, earlier: &Self) -> Duration {
        let threads = self.threads.iter();
        let fine = threads.map(|(id, spent)| spent - earlier.threads.get(id).unwrap_or(&0).min(spent)).sum::<u64>();
        let coarse = self.coarse.saturating_sub(earlier.coarse);
        // The coarse sum is off by a tick at either end; beyond that, threads have ended.
        if coarse > fine + 4 * TICK_NS {
            return Duration::from_nanos(coarse);
        }
        Duration::from_nanos(fine)
    }
}

/// CPU time of a process and its descendants until now, in whole ticks.
///
/// # Errors
/// `/proc` cannot be read.
pub fn tree_time(root: u32) -> Result<Duration> {
    let ticks = tree(root)?.into_iter().filter_map(Stat::of);
    let ticks: u64 = ticks.map(|stat| stat.ticks).sum();
    Ok(Duration::from_nanos(ticks * TICK_NS))
}

/// CPU time of everything on this machine until now, the hypervisor's share for others included.
///
/// # Errors
/// `/proc` cannot be read.
pub fn machine_time() -> Result<Duration> {
    let text = fs::read_to_string("/proc/stat")?;
    let line = text.lines().next().context("empty")?;
    // user nice system idle iowait irq softirq steal, all in ticks
    let fields = line.split_ascii_whitespace().skip(1).take(8);
    let busy = fields.enumerate().filter(|(at, _)| !matches!(at, 3 | 4));
    let ticks: u64 = busy.filter_map(|(_, ticks)| ticks.parse::<u64>().ok()).sum();
    Ok(Duration::from_nanos(ticks * TICK_NS))
}

/// A process and its descendants.
fn tree(root: u32) -> Result<Vec<u32>> {
    let mut parents = Vec::new();
    for entry in fs::read_dir("/proc")?.flatten() {
        if let Some(id) = number(entry.file_name().to_str())
            && let Some(stat) = Stat::of(id)
        {
            parents.push((id, stat.parent));
        }
    }
    let mut tree = vec![root];
    let mut next = 0;
    while let Some(parent) = tree.get(next).copied() {
        tree.extend(parents.iter().filter(|p| p.1 == parent).map(|p| p.0));
        next += 1;
    }
    Ok(tree)
}

/// What is needed of `/proc/<pid>/stat`.
struct Stat {
    parent: u32,
    ticks: u64,
}

impl Stat {
    fn of(id: u32) -> Option<Self> {
        let text = fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
        // The name in brackets may hold anything: fields are counted from its end.
        let fields: Vec<&str> = text.rsplit_once(')')?.1.split_ascii_whitespace().collect();
        let ticks = |index: usize| fields.get(index)?.parse::<u64>().ok();
        Some(Self { parent: number(fields.get(1).copied())?, ticks: ticks(11)? + ticks(12)? })
    }
}

fn number(text: Option<&str>) -> Option<u32> {
    text?.parse().ok()
}
