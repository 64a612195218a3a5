//! The built site: where it is kept, what its files are called, and how they are given out. A release carries it inside the executable
//! (feature `embed`); a build for development reads it from `target/site`, so that a change of a page needs no new server.

mod inside;

use std::{
    convert::Infallible,
    fs,
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
};

use anyhow::Context;
use axum::{Router, routing::MethodRouter};
use leptos::config::LeptosOptions;
use tower_http::services::{ServeDir, fs::Backend};

use inside::Inside;
pub use inside::Lookup;

/// What the build wrote into `target/site`, as it was then.
#[cfg(feature = "embed")]
#[derive(rust_embed::RustEmbed)]
#[folder = "../target/site"]
struct Built;

#[derive(Clone)]
pub struct Site {
    options: LeptosOptions,
    names: app::site::Site,
    version: String,
    /// Without: it lies where the options say.
    inside: Option<Inside>,
}

impl Site {
    /// The site of this executable. `settings`: the file that says where it lies, if it is not inside.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn find(settings: &str) -> anyhow::Result<Self> {
        #[cfg(feature = "embed")]
        let found = {
            let _not_needed = settings;
            Self::inside(Built::get)
        };
        #[cfg(not(feature = "embed"))]
        let found = Self::lying(located(settings)?);
        found
    }

    /// A site that is part of the executable, with the list of its hashed names, `hash.txt`, in it.
    ///
    /// # Errors
    /// When a list in it can't be read.
    pub fn inside(lookup: Lookup) -> anyhow::Result<Self> {
        let inside = Inside(lookup);
        let hashes = inside.text(inside::HASHES);
        let names = app::site::Site::new(&hashes.clone().unwrap_or_default(), |name| {
            inside.text(&format!("pkg/{name}"))
        });
        Ok(Self {
            version: version(hashes.as_deref().unwrap_or_default()),
            options: LeptosOptions::builder()
                .output_name("showup")
                .hash_files(hashes.is_some())
                .build(),
            names: names.context("The list of the site's parts can't be read")?,
            inside: Some(inside),
        })
    }

    /// A site in a directory; the list of its hashed names lies beside the executable, or where the options say.
    ///
    /// # Errors
    /// When a list in it can't be read.
    pub fn lying(options: LeptosOptions) -> anyhow::Result<Self> {
        let hashes = if options.hash_files {
            let beside = std::env::current_exe()?;
            let file = beside.with_file_name(options.hash_file.as_ref());
            fs::read_to_string(&file).with_context(|| format!("{} can't be read", file.display()))?
        } else {
            String::new()
        };
        let pkg = Path::new(options.site_root.as_ref()).join(options.site_pkg_dir.as_ref());
        let names = app::site::Site::new(&hashes, |name| fs::read_to_string(pkg.join(name)).ok());
        Ok(Self {
            version: version(&hashes),
            options,
            names: names.context("The list of the site's parts can't be read")?,
            inside: None,
        })
    }

    pub fn options(&self) -> &LeptosOptions {
        &self.options
    }

    /// Another one for every other site.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// For the head of every page.
    pub fn names(&self) -> &app::site::Site {
        &self.names
    }

    /// Gives out the site's files where no route of `router` is asked for, and leaves to `not_found` what is none of them.
    pub fn beneath<S>(&self, router: Router<S>, not_found: MethodRouter<(), Infallible>) -> Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        match self.inside {
            Some(inside) => router.fallback_service(as_compressed(ServeDir::with_backend("", inside)).fallback(not_found)),
            None => router.fallback_service(as_compressed(ServeDir::new(self.options.site_root.as_ref())).fallback(not_found)),
        }
    }
}

fn version(hashes: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (env!("CARGO_PKG_VERSION"), hashes).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// What the release build has compressed beside a file (`.br`, `.gz`) is given to whoever takes it: nothing is compressed anew for every
/// browser, and better than there would be time for then.
fn as_compressed<F, B: Backend>(files: ServeDir<F, B>) -> ServeDir<F, B> {
    files
        .append_index_html_on_directories(false)
        .precompressed_br()
        .precompressed_gzip()
}

/// Options for Leptos from `path` (default `Leptos.toml` in the current directory), or as cargo-leptos lays things out.
#[cfg(not(feature = "embed"))]
fn located(path: &str) -> anyhow::Result<LeptosOptions> {
    let path = if path.is_empty() { "Leptos.toml" } else { path };
    let mut options = if Path::new(path).exists() {
        leptos::config::get_configuration(Some(path))?.leptos_options
    } else {
        LeptosOptions::builder().output_name("showup").build()
    };
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.to_path_buf()));
    if let Some(directory) = beside {
        // A plain `cargo build` makes no list of hashed names.
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
