//! `showup health`: what `/health/ready` of the server here says, as an exit code, where there is no curl: in a container.

use std::{
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const PATIENCE: Duration = Duration::from_secs(5);

/// Ends well if the server at `address` can do its work.
///
/// # Errors
/// When it can't, or does not answer.
pub async fn run(address: SocketAddr) -> anyhow::Result<()> {
    let address = reach(address);
    let status = tokio::time::timeout(PATIENCE, status(address)).await;
    let status = status
        .with_context(|| format!("{address} did not answer within {} seconds", PATIENCE.as_secs()))?
        .with_context(|| format!("Nothing answers at {address}; is `showup serve` running, with this LISTEN_ADDR?"))?;
    anyhow::ensure!(status == "200", "The server at {address} is not ready: it answers {status}.");
    println!("ready");
    Ok(())
}

/// How a server that listens at `address` is reached from this machine: not at "everywhere".
pub fn reach(mut address: SocketAddr) -> SocketAddr {
    match address {
        SocketAddr::V4(v4) if v4.ip().is_unspecified() => address.set_ip(Ipv4Addr::LOCALHOST.into()),
        SocketAddr::V6(v6) if v6.ip().is_unspecified() => address.set_ip(Ipv6Addr::LOCALHOST.into()),
        _ => {}
    }
    address
}

/// The number in the first line of the answer.
async fn status(address: SocketAddr) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.take(4_096).read_to_end(&mut answer).await?;
    let answer = String::from_utf8_lossy(&answer);
    Ok(answer.split_whitespace().nth(1).unwrap_or("nothing").to_owned())
}
