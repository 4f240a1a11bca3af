//! The table: each figure of nginx and of the gateway, their ratio, the mark beside it.

use std::fmt;

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Metric {
    /// CPU time of a small request with a whole answer, in microseconds.
    Request,
    /// Whole answers a second, everything on the same machine.
    Rate,
    /// CPU time of a request with a body of 100 KB, in microseconds.
    Body,
    /// CPU time of an event on streams that flow slowly, in microseconds.
    Chunk,
    /// CPU time of an event on streams that come as fast as they are taken, in microseconds.
    Burst,
    /// CPU time of a stream with one content chunk, in microseconds.
    Start,
    /// Time to first token beyond the direct one, in microseconds.
    FirstToken,
    /// Latency beyond the direct one, in microseconds.
    Median,
    /// The same for the slowest one in ten.
    Slow,
    /// The same for the slowest one in a hundred.
    Slowest,
    /// Resident memory after the first requests, in megabytes.
    Idle,
    /// The same, each page that is shared with other processes divided among them.
    IdleShare,
    /// Resident memory with many open streams, in megabytes.
    Open,
    /// What each of these streams adds, in kilobytes.
    Stream,
}

/// What a figure should not exceed.
#[derive(Clone, Copy, Debug)]
enum Mark {
    /// The ratio to nginx.
    Ratio(f64),
    /// The gateway's own figure.
    Own(f64),
    /// No mark: for information.
    None,
}

/// All figures so far.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    metric: Metric,
    nginx: Vec<f64>,
    gateway: Vec<f64>,
}

impl Metric {
    /// Name, unit, mark.
    fn describe(self) -> (&'static str, &'static str, Mark) {
        match self {
            Self::Request => ("CPU a request", "µs", Mark::Ratio(2.0)),
            Self::Rate => ("requests a second", "/s", Mark::None),
            Self::Body => ("CPU a request, body of 100 KB", "µs", Mark::Ratio(2.0)),
            Self::Chunk => ("CPU a streamed chunk, paced", "µs", Mark::Ratio(1.5)),
            Self::Burst => ("CPU a streamed chunk, in bursts", "µs", Mark::Ratio(1.8)),
            Self::Start => ("CPU the start of a stream", "µs", Mark::Ratio(2.5)),
            Self::FirstToken => ("time to first token, added p50", "µs", Mark::Ratio(2.5)),
            Self::Median => ("latency, added p50", "µs", Mark::Ratio(1.5)),
            Self::Slow => ("latency, added p90", "µs", Mark::None),
            Self::Slowest => ("latency, added p99", "µs", Mark::Ratio(2.0)),
            Self::Idle => ("memory idle", "MB", Mark::Own(20.0)),
            Self::IdleShare => ("memory idle, its share (PSS)", "MB", Mark::None),
            Self::Open => ("memory with 1,000 open streams", "MB", Mark::None),
            Self::Stream => ("memory for each open stream", "KB", Mark::Own(24.0)),
        }
    }
}

impl Table {
    /// Adds what one round has measured.
    pub fn add(&mut self, metric: Metric, nginx: f64, gateway: f64) {
        let index = self.rows.iter().position(|row| row.metric == metric);
        let index = index.unwrap_or_else(|| {
            self.rows.push(Row { metric, nginx: Vec::new(), gateway: Vec::new() });
            self.rows.len() - 1
        });
        self.rows[index].nginx.push(nginx);
        self.rows[index].gateway.push(gateway);
    }

    /// Adds a line below the table.
    pub fn note(&mut self, text: String) {
        self.notes.push(text);
    }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        writeln!(
            out,
            "{:<33} {:>12} {:>12}  {:>5}  {:<13} {:<12}",
            "", "nginx", "gateway", "ratio", "min–max", "mark"
        )?;
        for row in &self.rows {
            row.write(out)?;
        }
        for note in &self.notes {
            writeln!(out, "{note}")?;
        }
        Ok(())
    }
}

impl Row {
    fn write(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let (name, unit, mark) = self.metric.describe();
        let ratios = self.ratios();
        let (ratio, own) = (median(&ratios), median(&self.gateway));
        let (least, most) =
            (ratios.iter().copied().fold(f64::NAN, f64::min), ratios.iter().copied().fold(f64::NAN, f64::max));
        let (mark, judged) = match mark {
            Mark::Ratio(limit) => (format!("{limit:.1} x"), Some(ratio <= limit)),
            Mark::Own(limit) => (format!("{limit:.0} {unit}"), Some(own <= limit)),
            Mark::None => (String::new(), None),
        };
        let verdict = match judged {
            Some(true) => "ok",
            Some(false) => "over",
            None => "",
        };
        let nginx = figure(median(&self.nginx), unit);
        let own = figure(own, unit);
        let range = format!("{least:.2}–{most:.2}");
        let line = format!("{name:<33} {nginx:>12} {own:>12}  {ratio:>5.2}  {range:<13} {mark:>6}  {verdict}");
        writeln!(out, "{}", line.trim_end())
    }

    /// Gateway to nginx, round by round. A latency below the direct one means that something else
    /// slowed the machine: that round tells nothing.
    fn ratios(&self) -> Vec<f64> {
        let pairs = self.nginx.iter().zip(&self.gateway);
        pairs
            .filter(|(nginx, gateway)| **nginx > 0.0 && **gateway > 0.0)
            .map(|(nginx, gateway)| gateway / nginx)
            .collect()
    }
}

/// The middle value; of an even number of them, the mean of the two in the middle.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => f64::NAN,
        length if length % 2 == 1 => sorted[length / 2],
        length => f64::midpoint(sorted[length / 2 - 1], sorted[length / 2]),
    }
}

fn figure(value: f64, unit: &str) -> String {
    let digits = if value < 1000.0 { 1 } else { 0 };
    format!("{value:.digits$} {unit}")
}
