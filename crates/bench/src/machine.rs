//! The machine that all of it runs on: its clock and its processes.

use anyhow::Context;
use chrono::{DateTime, Utc};

#[expect(clippy::disallowed_methods, reason = "a benchmark measures real time")]
pub fn now() -> DateTime<Utc> {
    Utc::now()
}

/// A process as `/proc` has it.
pub struct Process {
    pub parent: u32,
    /// Seconds of processor time since its start.
    pub used: f64,
    /// The same of its children that have ended.
    pub ended: f64,
}

impl Process {
    pub fn of(id: u32) -> anyhow::Result<Self> {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
        // From field 3 of all on, for the name before it may hold spaces; times are in hundredths.
        let (_, fields) = stat.rsplit_once(") ").context("/proc has it")?;
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |at: usize| fields.get(at - 3).and_then(|f| f.parse::<u32>().ok()).unwrap_or_default();
        let seconds = |at: usize| f64::from(number(at) + number(at + 1)) / 100.0;
        Ok(Self {
            parent: number(4),
            used: seconds(14),
            ended: seconds(16),
        })
    }
}

/// A figure of a process's memory in MB, as `/proc` calls it.
pub fn memory(process: u32, what: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|l| l.strip_prefix(what)?.strip_prefix(':'));
    let kb: f64 = line
        .and_then(|l| l.split_whitespace().next())
        .context("/proc has it")?
        .parse()?;
    Ok(kb / 1024.0)
}
