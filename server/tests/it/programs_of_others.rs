//! Languages that other systems are written in, with the libraries that `script/setup test` installs.

use std::path::Path;

use tokio::process::Command;

pub fn node() -> Command {
    Command::new("node")
}

/// With the official `standardwebhooks`.
pub fn python() -> Command {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../end2end/.venv/bin/python");
    assert!(
        python.exists(),
        "{} is not there; script/setup test makes it",
        python.display()
    );
    Command::new(python)
}
