//! A site inside the executable, as `ServeDir` reads files: straight from where the executable lies in memory, without a copy of its own.

use std::{
    borrow::Cow,
    future::{Ready, ready},
    io::{self, Cursor, SeekFrom},
    path::{Component, PathBuf},
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use rust_embed::EmbeddedFile;
use tokio::io::{AsyncRead, AsyncSeek, ReadBuf};
use tower_http::services::fs::{Backend, File, Metadata};

/// The list of hashed names; for us, and not given out.
pub const HASHES: &str = "hash.txt";

/// Finds a file by its path, like `pkg/showup.css`.
pub type Lookup = fn(&str) -> Option<EmbeddedFile>;

#[derive(Clone, Copy)]
pub struct Inside(pub Lookup);

impl Inside {
    pub fn text(self, path: &str) -> Option<String> {
        let file = (self.0)(path)?;
        Some(String::from_utf8_lossy(&file.data).into_owned())
    }

    /// A directory is no file, and so not found either.
    fn find(self, path: PathBuf) -> io::Result<Found> {
        let names = path.components().filter_map(|part| match part {
            Component::Normal(name) => name.to_str(),
            _ => None,
        });
        let path = names.collect::<Vec<_>>().join("/");
        let file = Some(path).filter(|path| path != HASHES).and_then(|path| (self.0)(&path));
        let file = file.ok_or(io::ErrorKind::NotFound)?;
        let modified = file.metadata.last_modified().map(Duration::from_secs);
        Ok(Found {
            about: About {
                bytes: file.data.len() as u64,
                modified: modified.map(|since| SystemTime::UNIX_EPOCH + since),
            },
            content: Cursor::new(file.data),
        })
    }
}

impl Backend for Inside {
    type File = Found;
    type Metadata = About;
    type OpenFuture = Ready<io::Result<Found>>;
    type MetadataFuture = Ready<io::Result<About>>;

    fn open(&self, path: PathBuf) -> Self::OpenFuture {
        ready(self.find(path))
    }

    fn metadata(&self, path: PathBuf) -> Self::MetadataFuture {
        ready(self.find(path).map(|found| found.about))
    }
}

pub struct Found {
    content: Cursor<Cow<'static, [u8]>>,
    about: About,
}

impl AsyncRead for Found {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.content).poll_read(cx, buf)
    }
}

impl AsyncSeek for Found {
    fn start_seek(mut self: Pin<&mut Self>, position: SeekFrom) -> io::Result<()> {
        Pin::new(&mut self.content).start_seek(position)
    }

    fn poll_complete(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<u64>> {
        Pin::new(&mut self.content).poll_complete(cx)
    }
}

impl File for Found {
    type Metadata = About;
    type MetadataFuture<'a> = Ready<io::Result<About>>;

    fn metadata(&self) -> Self::MetadataFuture<'_> {
        ready(Ok(self.about))
    }
}

/// From these `ServeDir` makes a file's tag.
#[derive(Clone, Copy)]
pub struct About {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Metadata for About {
    fn is_dir(&self) -> bool {
        false
    }

    fn modified(&self) -> io::Result<SystemTime> {
        self.modified.ok_or_else(|| io::ErrorKind::Unsupported.into())
    }

    fn len(&self) -> u64 {
        self.bytes
    }
}
