//! Secrets: the one that an installation without `SHOWUP_SECRET_KEY` makes up for itself, in a file that only its owner can read, and
//! those that somebody types.

use std::{
    fs,
    io::{self, IsTerminal, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use anyhow::Context;
use secrecy::SecretString;

/// Reads the secret in `file`; makes one up if there is none, unless the database `has_keys` that are wrapped with another.
///
/// # Errors
/// When the secret is lost, or the file can't be read or made.
pub fn kept(file: &Path, has_keys: bool) -> anyhow::Result<SecretString> {
    if !file.exists() {
        if has_keys {
            anyhow::bail!(
                "The database is encrypted, SHOWUP_SECRET_KEY is not set and {} is missing. Bring back the one that was used",
                file.display()
            );
        }
        make(file).with_context(|| format!("No secret could be kept in {}; set SHOWUP_SECRET_KEY", file.display()))?;
    }
    let text = fs::read_to_string(file).with_context(|| format!("{} can't be read", file.display()))?;
    Ok(text.trim().to_owned().into())
}

/// A secret from standard input: the first line of a pipe, or what is typed at a terminal, which does not show it. On the command line it
/// would stand in the shell's history and in everybody's list of processes.
///
/// # Errors
/// When standard input can't be read.
pub fn typed(prompt: &str) -> anyhow::Result<SecretString> {
    let line = if io::stdin().is_terminal() {
        rpassword::prompt_password(prompt)
    } else {
        let mut line = String::new();
        io::stdin().read_line(&mut line).map(|_| line)
    };
    Ok(line
        .context("Nothing could be read from standard input")?
        .trim()
        .to_owned()
        .into())
}

/// 64 characters that nobody can guess.
pub fn made_up() -> String {
    [(); 2].map(|()| uuid::Uuid::new_v4().simple().to_string()).concat()
}

/// Written aside and then linked, so that of two processes that start at once both end up with the same whole file.
fn make(file: &Path) -> std::io::Result<()> {
    if let Some(directory) = file.parent() {
        fs::create_dir_all(directory)?;
    }
    let aside = file.with_extension(format!("{}.tmp", std::process::id()));
    let secret = made_up();
    let mut new = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
    writeln!(new, "{secret}")?;
    new.sync_all()?;
    let linked = fs::hard_link(&aside, file);
    fs::remove_file(&aside)?;
    match linked {
        Ok(()) => {
            tracing::warn!(
                file = %file.display(),
                "made up a secret for encryption; keep a copy of this file away from the database, or set SHOWUP_SECRET_KEY"
            );
            Ok(())
        }
        Err(cause) if cause.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(cause) => Err(cause),
    }
}
