//! Whether what is written here is still there tomorrow: a directory inside a container is thrown away with it at the next upgrade, and the
//! customers with it.

use std::path::{Path, PathBuf};

use anyhow::Context;

/// A directory in the container's own layer, or in memory, is refused.
///
/// # Errors
/// Says what to do about it.
pub fn check(directory: &Path) -> anyhow::Result<()> {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").context("/proc/self/mountinfo can't be read")?;
    let place = existing(&std::path::absolute(directory)?);
    if is_kept(&mounts, &place) {
        return Ok(());
    }
    anyhow::bail!(
        "What is kept in {} would be lost with this container. Mount a volume there, or set SHOWUP_DATA_MAY_VANISH=1 if it may be lost",
        directory.display()
    )
}

/// The nearest part of `directory` that is there already, without symbolic links.
pub fn existing(directory: &Path) -> PathBuf {
    let there = directory.ancestors().find_map(|part| part.canonicalize().ok());
    there.unwrap_or_else(|| "/".into())
}

/// Whether `place` lies on a mount of its own and on a disk, by what `/proc/self/mountinfo` says.
pub fn is_kept(mounts: &str, place: &Path) -> bool {
    let beneath = mounts.lines().filter_map(mount).filter(|(point, _)| place.starts_with(point));
    // The deepest; of several at the same point the last, which hides the others.
    let deepest = beneath.max_by_key(|(point, _)| point.components().count());
    deepest.is_some_and(|(point, kind)| point != Path::new("/") && !["tmpfs", "ramfs"].contains(&kind))
}

/// Mount point and file system of a line like `36 35 98:0 /from /at rw,noatime master:1 - ext4 /dev/sda rw` (proc(5)).
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (mounted, about) = line.split_once(" - ")?;
    let point = mounted.split(' ').nth(4)?;
    Some((unescaped(point).into(), about.split(' ').next()?))
}

/// Blanks and the like are written as a backslash and three octal digits.
fn unescaped(point: &str) -> String {
    [("\\040", " "), ("\\011", "\t"), ("\\012", "\n"), ("\\134", "\\")]
        .iter()
        .fold(point.to_owned(), |text, (written, meant)| text.replace(written, meant))
}
