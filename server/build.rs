//! With the feature `embed`: says in a sentence that the site has to be built first, and looks at it again whenever it changes.

use std::path::Path;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if !cfg!(feature = "embed") {
        return;
    }
    println!("cargo::rerun-if-changed=../target/site");
    if !Path::new("../target/site/hash.txt").exists() {
        println!(
            "cargo::error=The site that goes into the executable is not in target/site, or its list of names, hash.txt, is not. Build it first: script/release does it all."
        );
    }
}
