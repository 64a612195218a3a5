//! Where the built site lies: what `Leptos.toml` says, or beside the executable. And how its files are given out.

use std::path::Path;

use leptos::config::{LeptosOptions, get_configuration};
use tower_http::services::ServeDir;

/// Options for Leptos from `path` (default `Leptos.toml` in the current directory), or as cargo-leptos lays things out.
///
/// # Errors
/// When the file is there but can't be read.
pub fn options(path: &str) -> anyhow::Result<LeptosOptions> {
    let path = if path.is_empty() { "Leptos.toml" } else { path };
    let mut options = if Path::new(path).exists() {
        get_configuration(Some(path))?.leptos_options
    } else {
        LeptosOptions::builder().output_name("showup").build()
    };
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_path_buf()));
    if let Some(directory) = beside {
        // A plain `cargo build` makes no list of hashed names; Leptos would panic at the first page.
        options.hash_files = options.hash_files && directory.join(options.hash_file.as_ref()).exists();
        let site = directory.join("../site");
        if !Path::new(options.site_root.as_ref())
            .join(options.site_pkg_dir.as_ref())
            .exists()
            && site.exists()
        {
            options.site_root = site.to_string_lossy().into();
        }
    }
    Ok(options)
}

/// The site's files. What the release build has compressed beside a file (`.br`, `.gz`) is given to whoever takes it: nothing is compressed
/// anew for every browser, and better than there would be time for then.
pub fn files(options: &LeptosOptions) -> ServeDir {
    ServeDir::new(options.site_root.as_ref())
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
}
