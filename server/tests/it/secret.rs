//! The secret that an installation makes up for itself.

use std::{fs, os::unix::fs::PermissionsExt};

use secrecy::ExposeSecret;
use server::secret::kept;

#[test]
fn is_made_once_for_its_owner_alone_and_never_in_place_of_a_lost_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("new/secret.key");
    kept(&file, true).expect_err("a lost secret is not replaced");
    let secret = kept(&file, false).expect("made");
    assert_eq!(secret.expose_secret().len(), 64);
    assert_eq!(fs::metadata(&file).expect("a file").permissions().mode() & 0o777, 0o600);
    assert_eq!(kept(&file, true).expect("read").expose_secret(), secret.expose_secret());
    assert_eq!(fs::read_dir(file.parent().expect("a directory")).expect("files").count(), 1);
}
