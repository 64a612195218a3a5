//! The table and the JSON.

use std::path::Path;

use serde::Serialize;

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn reached(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(least) => value >= least,
            Goal::AtMost(most) => value <= most,
        }
    }

    fn label(self) -> String {
        match self {
            Goal::AtLeast(v) => format!("≥ {}", short(v)),
            Goal::AtMost(v) => format!("≤ {}", short(v)),
        }
    }
}

/// One figure.
#[derive(Serialize)]
pub struct Row {
    database: &'static str,
    scenario: &'static str,
    what: String,
    value: f64,
    unit: &'static str,
    /// What stands beside it, in the same unit: what this machine does without the product's work, or with less history.
    beside: Vec<(f64, &'static str)>,
    goal: Option<Goal>,
    reached: Option<bool>,
}

impl Row {
    pub fn new(scenario: &'static str, what: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            database: "",
            scenario,
            what: what.into(),
            value,
            unit,
            beside: Vec::new(),
            goal: None,
            reached: None,
        }
    }

    pub fn beside(mut self, value: f64, what: &'static str) -> Self {
        self.beside.push((value, what));
        self
    }

    pub fn goal(self, goal: Goal) -> Self {
        Self {
            reached: Some(goal.reached(self.value)),
            goal: Some(goal),
            ..self
        }
    }
}

#[derive(Serialize)]
pub struct Report {
    pub machine: Vec<(&'static str, String)>,
    pub rows: Vec<Row>,
    /// What could not be measured, and why.
    pub broken: Vec<String>,
}

impl Report {
    /// Takes what a scenario gave; one that broke does not keep the others from being measured.
    pub fn take(&mut self, database: &'static str, measured: anyhow::Result<Vec<Row>>) {
        match measured {
            Ok(rows) => self.add(database, rows),
            Err(cause) => {
                println!("{database:<11} BROKEN: {cause:#}");
                self.broken.push(format!("{database}: {cause:#}"));
            }
        }
    }

    pub fn add(&mut self, database: &'static str, rows: Vec<Row>) {
        for row in rows {
            let row = Row { database, ..row };
            println!(
                "{database:<11} {:<13} {:<56} {:>9} {:<9} {}{}",
                row.scenario,
                row.what,
                short(row.value),
                row.unit,
                besides(&row),
                mark(&row)
            );
            self.rows.push(row);
        }
    }

    pub fn markdown(&self) -> String {
        let mut text = String::from("# Benchmark\n\n");
        for (what, value) in &self.machine {
            text.push_str(&format!("- {what}: {value}\n"));
        }
        text.push_str("\n| database | scenario | measured | value | beside it | goal |\n|---|---|---|---:|---|---|\n");
        for row in &self.rows {
            let (value, mark) = (short(row.value), mark(row));
            text.push_str(&format!(
                "| {} | {} | {} | {value} {} | {} | {} |\n",
                row.database,
                row.scenario,
                row.what,
                row.unit,
                besides(row),
                mark.trim()
            ));
        }
        for what in &self.broken {
            text.push_str(&format!("\nNot measured: {what}\n"));
        }
        text
    }

    /// Writes `<name>.json` and `<name>.md`.
    pub fn write(&self, directory: &Path, name: &str) -> anyhow::Result<()> {
        std::fs::create_dir_all(directory)?;
        std::fs::write(directory.join(format!("{name}.json")), serde_json::to_string_pretty(self)?)?;
        std::fs::write(directory.join(format!("{name}.md")), self.markdown())?;
        Ok(())
    }
}

fn besides(row: &Row) -> String {
    let all: Vec<String> = row.beside.iter().map(|(v, what)| format!("{what} {}", short(*v))).collect();
    all.join("; ")
}

fn mark(row: &Row) -> String {
    match (row.goal, row.reached) {
        (Some(goal), Some(true)) => format!("  {} reached", goal.label()),
        (Some(goal), _) => format!("  {} NOT reached", goal.label()),
        _ => String::new(),
    }
}

fn short(value: f64) -> String {
    match value.abs() {
        v if v >= 100.0 => format!("{value:.0}"),
        v if v >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}
