//! What inbound texts are measured beside: a plain Express server with Twilio's own SDK and PostgreSQL, in `peer/`.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
};

use anyhow::Context;

use crate::{
    Options,
    db::{Backend, Db},
    machine::Process,
    provider::auth_token,
};

/// Its address as Twilio knows it, and signs.
pub const URL: &str = "https://peer.example.test";

pub struct Peer {
    pub address: String,
    pub db: Db,
    child: Child,
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Peer {
    /// On an empty database of its own. `script/bench` installs its packages.
    pub async fn start(options: &Options, name: &str) -> anyhow::Result<Self> {
        let database = Db::create(Backend::Postgres, &options.dir, options.postgres.as_deref(), name).await?;
        let mut child = Command::new("node")
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peer/server.mjs"))
            .args([&database, &auth_token(), URL])
            .env("NODE_ENV", "production")
            .stdout(Stdio::piped())
            .spawn()
            .context("node can't be run")?;
        let mut port = String::new();
        BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut port)?;
        anyhow::ensure!(!port.is_empty(), "the peer ended; what it said is above");
        Ok(Self {
            address: format!("127.0.0.1:{}", port.trim()),
            db: Db::open(&database).await?,
            child,
        })
    }

    /// Seconds of processor time it has used since its start.
    pub fn processor(&self) -> anyhow::Result<f64> {
        Ok(Process::of(self.child.id())?.used)
    }
}
