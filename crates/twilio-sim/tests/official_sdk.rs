//! Twilio's own Node SDK works against the simulator: its requests are understood, its answers read, its signatures valid.

use std::path::PathBuf;
use std::process::Output;

use tokio::process::Command;
use twilio_sim::SimConfig;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/official_sdk")
}

async fn run(command: &mut Command) -> Output {
    command
        .current_dir(folder())
        .output()
        .await
        .expect("node and npm are installed")
}

fn said(output: &Output) -> String {
    format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

#[tokio::test]
async fn the_official_sdk_works_against_the_simulator() {
    if !folder().join("node_modules/twilio/package.json").exists() {
        let installed = run(Command::new("npm").args(["ci", "--no-audit", "--no-fund"])).await;
        assert!(installed.status.success(), "{}", said(&installed));
    }
    let sim = twilio_sim::start(SimConfig::default()).await.expect("the simulator starts");
    let checked = run(Command::new("node")
        .arg("check.mjs")
        .env("SIM_URL", sim.url())
        .env("SIM_ACCOUNT_SID", sim.account_sid())
        .env("SIM_AUTH_TOKEN", sim.auth_token()))
    .await;
    assert!(checked.status.success(), "{}", said(&checked));
}
