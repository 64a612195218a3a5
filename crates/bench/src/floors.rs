//! What the machine does without the product's work.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::Instant,
};

use anyhow::Context;
use axum::{Router, body::Bytes, http::header};
use sqlx::{AssertSqlSafe, Executor};
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinSet,
};

use crate::{
    db::Db,
    load::{Plan, request},
    machine::memory,
};

/// A server in a process of its own that answers 200 to whatever is asked of it.
pub struct HttpFloor {
    pub address: String,
    child: Child,
}

impl Drop for HttpFloor {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl HttpFloor {
    pub fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("floor")
            .stdout(Stdio::piped())
            .spawn()?;
        let mut address = String::new();
        BufReader::new(child.stdout.take().context("a pipe")?).read_line(&mut address)?;
        Ok(Self {
            address: address.trim().to_owned(),
            child,
        })
    }

    /// Its memory in MB, and the median of 500 GETs one after the other, in ms.
    pub async fn at_rest(&self) -> anyhow::Result<(f64, f64)> {
        let get = request("GET", "/", &self.address, &[], "");
        let m = Plan::new(&self.address, vec![get; 500]).all(1).await.all_well()?;
        Ok((memory(self.child.id(), "VmRSS")?, m.ms(0.5)))
    }
}

/// The other end of [`HttpFloor`].
pub async fn serve() -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let answer = |_: Bytes| async { ([(header::CONTENT_TYPE, "text/xml")], "<Response/>") };
    Ok(axum::serve(listener, Router::new().fallback(answer)).await?)
}

/// Milliseconds, in the median of 200, to read a page's 50 conversations by their index and nothing else.
pub async fn page_of_rows_ms(db: &Db) -> anyhow::Result<f64> {
    let sql = "SELECT preview FROM conversation WHERE business_id = (SELECT business_id FROM conversation LIMIT 1) \
               ORDER BY last_at DESC, id DESC LIMIT 50";
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        db.texts(sql).await?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(times))
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Bare durable writes: `rows` rows of 300 bytes per request.
pub struct Inserts<'a> {
    db: &'a Db,
    rows: usize,
}

/// Requests at once, as in the scenarios.
const AT_ONCE: usize = 64;

impl<'a> Inserts<'a> {
    pub async fn new(db: &'a Db, rows: usize) -> anyhow::Result<Self> {
        db.run("DROP TABLE IF EXISTS bench_floor").await?;
        db.run("CREATE TABLE bench_floor (id text PRIMARY KEY, n bigint NOT NULL, body text NOT NULL)")
            .await?;
        db.run("CREATE INDEX bench_floor_n ON bench_floor (n, id)").await?;
        Ok(Self { db, rows })
    }

    fn statement(rows: usize) -> String {
        let body = "x".repeat(220);
        let values: Vec<String> = (0..rows)
            .map(|n| format!("('{}', {n}, '{body}')", uuid::Uuid::now_v7()))
            .collect();
        format!("INSERT INTO bench_floor VALUES {}", values.join(", "))
    }

    /// Requests a second when each has a commit of its own.
    pub async fn one_per_commit(&self, requests: usize) -> anyhow::Result<f64> {
        match self.db {
            Db::Sqlite(_) => self.one_writer(requests, 1).await,
            Db::Postgres(pool) => {
                let start = Instant::now();
                let mut tasks = JoinSet::new();
                for _ in 0..AT_ONCE {
                    let (pool, rows, each) = (pool.clone(), self.rows, requests / AT_ONCE);
                    tasks.spawn(async move {
                        let mut conn = pool.acquire().await?;
                        for _ in 0..each {
                            conn.execute(AssertSqlSafe(Self::statement(rows))).await?;
                        }
                        Ok::<_, sqlx::Error>(each)
                    });
                }
                let mut done = 0;
                for each in tasks.join_all().await {
                    done += each?;
                }
                Ok(done as f64 / start.elapsed().as_secs_f64())
            }
        }
    }

    /// Milliseconds, in the median of 200, when one comes after the other, each with a commit of its own.
    pub async fn alone_ms(&self) -> anyhow::Result<f64> {
        let mut times = Vec::new();
        for _ in 0..200 {
            let start = Instant::now();
            self.db.run(&Self::statement(self.rows)).await?;
            times.push(start.elapsed().as_secs_f64() * 1000.0);
        }
        Ok(median(times))
    }

    /// Requests a second when all that wait share a commit.
    pub async fn shared_commits(&self, requests: usize) -> anyhow::Result<f64> {
        self.one_writer(requests, AT_ONCE).await
    }

    /// 64 tasks that each wait for their rows to be durable, and one connection that writes for all.
    async fn one_writer(&self, requests: usize, per_commit: usize) -> anyhow::Result<f64> {
        let (send, mut wanted) = mpsc::channel::<oneshot::Sender<()>>(AT_ONCE);
        let start = Instant::now();
        for _ in 0..AT_ONCE {
            let (send, each) = (send.clone(), requests / AT_ONCE);
            tokio::spawn(async move {
                for _ in 0..each {
                    let (tell, told) = oneshot::channel();
                    if send.send(tell).await.is_err() || told.await.is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let (mut group, mut done) = (Vec::new(), 0);
        while wanted.recv_many(&mut group, per_commit).await > 0 {
            let inserts: Vec<String> = group.iter().map(|_| Self::statement(self.rows)).collect();
            self.db.run(&format!("BEGIN; {}; COMMIT", inserts.join("; "))).await?;
            done += group.len();
            group.drain(..).for_each(|tell| tell.send(()).unwrap_or_default());
        }
        Ok(done as f64 / start.elapsed().as_secs_f64())
    }
}

/// Milliseconds to make 4 kB durable in this directory, the median of 200: in a file that grows, or over and over in one place, as
/// databases write their logs.
pub fn fsync_ms(directory: &std::path::Path, grows: bool) -> anyhow::Result<f64> {
    use std::io::{Seek, Write};
    let path = directory.join("fsync");
    let mut file = std::fs::File::create(&path)?;
    let mut times = Vec::new();
    for _ in 0..200 {
        let start = Instant::now();
        if !grows {
            file.rewind()?;
        }
        file.write_all(&[7; 4096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1000.0);
    }
    std::fs::remove_file(path)?;
    Ok(median(times))
}
